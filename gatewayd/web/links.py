"""One row per device: whether it answers, how fast, and what went wrong. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatewayd.devices.device import ConfiguredDevice, DeviceHealth
from gatewayd.web.words import age

Link = tuple[ConfiguredDevice, DeviceHealth]


@dataclass(frozen=True, slots=True)
class LinkView:
    """`age_s` is of the last answer, None where there was none yet."""

    name: str
    address: str
    state: str
    is_bad: bool
    age_s: float | None
    age: str
    facts: tuple[str, ...]
    error: str | None


def link_views(links: Iterable[Link]) -> tuple[LinkView, ...]:
    """All devices, by name; those that do not answer come first."""
    shown = [_view(device, health) for device, health in links]
    return tuple(sorted(shown, key=lambda view: (not view.is_bad, view.name.casefold())))


def gist(links: Iterable[Link]) -> object:
    """What of the links is worth showing at once: each read is not."""
    return [
        (device.id, health.is_reachable, health.last_error, health.failures > 0)
        for device, health in links
    ]


def _view(device: ConfiguredDevice, health: DeviceHealth) -> LinkView:
    age_s = health.last_success_age_s
    is_bad = not health.is_reachable and not health.is_asleep
    return LinkView(
        device.name or device.id,
        device.address or device.driver,
        _state(health),
        is_bad,
        age_s,
        "never" if age_s is None else age(age_s),
        tuple(_facts(device, health)),
        health.last_error if health.failures or is_bad else None,
    )


def _state(health: DeviceHealth) -> str:
    if health.is_asleep:
        return "Asleep"
    if not health.is_reachable:
        return "Not reachable"
    if health.usual_latency_s is None:
        return "Answers"
    return f"Answers in {health.usual_latency_s * 1000:.0f} ms"


def _facts(device: ConfiguredDevice, health: DeviceHealth) -> Iterator[str]:
    """What happened so far; what never did is left out."""
    counts = health.counts
    yield f"read every {device.every_s:g} s"
    yield _counted(counts.reads, "read")
    failures = {
        "timeout": counts.timeouts,
        "refusal": counts.refused,
        "bad frame": counts.bad_frames,
        "fault": counts.faults,
        "reconnection": counts.reconnects,
    }
    for word, number in failures.items():
        if number:
            yield _counted(number, word)
    if health.worst_latency_s is not None:
        yield f"{health.worst_latency_s * 1000:.0f} ms at worst"
    if health.writes:
        yield _counted(sum(day.commands for day in health.writes), "write") + " in a week"
    if device.options.read_only:
        yield "read only"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
