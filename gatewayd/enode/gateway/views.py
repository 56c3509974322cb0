"""Devices and decisions, from the rooms to the wire."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gatewayd.control.governor.terms import Terms
from gatewayd.devices.device import ConfiguredDevice, DeviceHealth, LinkCounts, Poll
from gatewayd.enode.gateway import wire
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action, ActionState, required
from gatewayd.model.command import Command as ModelCommand
from gatewayd.model.command_words import in_words
from gatewayd.model.decision import Decision
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.wear import Wearing, Worn

_UNKNOWN = DeviceHealth(
    is_reachable=False,
    failures=0,
    last_error=None,
    last_success_age_s=None,
    latency_s=None,
    is_locked_out=False,
    state_age_s=0.0,
    last_error_age_s=None,
    usual_latency_s=None,
    worst_latency_s=None,
    counts=LinkCounts(),
    writes=(),
)

_ENDS = {
    ActionState.PENDING: "The device has not shown it yet",
    ActionState.CONFIRMED: "The device has confirmed it",
    ActionState.FAILED: "It failed",
    ActionState.CANCELLED: "It was cancelled",
}


def device(
    configured: ConfiguredDevice,
    health: DeviceHealth | None,
    poll: Poll | None,
    driver: Driver | None,
    assets: Iterable[Asset],
    terms: Terms,
    now: datetime,
) -> wire.Device:
    """A device and its link; `assets` are those of it that may be shown."""
    found = sorted(assets, key=lambda asset: asset.slug)
    first = found[0] if found else None
    link = health or _UNKNOWN
    return wire.Device(
        id=configured.id,
        driver=configured.driver,
        name=configured.name,
        vendor=first.brand if first else configured.info.vendor,
        model=first.model if first else None,
        serial=first.serial if first else None,
        firmware=first.firmware if first else None,
        address=configured.address,
        is_reachable=link.is_reachable,
        is_asleep=link.is_asleep,
        since=_ago(now, link.state_age_s) if health else None,
        last_success_at=_ago(now, link.last_success_age_s),
        last_success_age_seconds=_rounded(link.last_success_age_s),
        last_error=link.last_error,
        last_error_at=_ago(now, link.last_error_age_s),
        consecutive_failures=link.failures,
        poll_period_seconds=configured.every_s,
        latency=_latency(link),
        counts=_counts(link.counts),
        writes=_writes(link),
        wear=_wear(driver),
        is_stranger=any(asset.is_stranger for asset in found),
        is_read_only=configured.options.read_only,
        assets=[_asset(asset, poll.watchdogs if poll else {}, terms) for asset in found],
    )


def decision(known: Decision, decision_id: str, action: Action | None) -> wire.Decision:
    """A decision, and the action that came of it."""
    return wire.Decision(
        id=decision_id,
        at=known.at,
        asset_id=known.asset_id,
        owner=known.owner,
        command=_command(known.command) if known.command else None,
        reason=known.reason,
        inputs=[
            wire.Input(name=one.name, value=one.value, age_seconds=one.age_s)
            for one in known.inputs
        ],
        candidates=list(known.candidates),
        binding=known.binding,
        outcome=outcome(action) if action else None,
    )


def outcome(action: Action) -> wire.Outcome:
    """How an action stands."""
    return wire.Outcome(
        action_id=action.id,
        state=action.state,
        failure_reason=action.failure_reason,
        failure_detail=action.failure_detail or None,
    )


def explained(known: Decision, action: Action | None, when: str) -> str:
    """A decision in plain words; `when` is its time in the words of its place."""
    what = in_words(known.command) if known.command else "no longer as told before"
    sentences = [f"{when}: {what} ({known.in_words})."]
    if known.binding:
        sentences.append(f"Bound by {known.binding}.")
    if action and known.command:
        detail = f": {action.failure_detail}" if action.failure_detail else ""
        sentences.append(f"{_ENDS[action.state]}{detail}.")
    return " ".join(sentences)


def _command(command: ModelCommand) -> wire.Command:
    return wire.Command(kind=required(command).value, words=in_words(command))


def _asset(asset: Asset, watchdogs: Mapping[str, float], terms: Terms) -> wire.AssetOfDevice:
    return wire.AssetOfDevice(
        id=asset.id,
        kind=asset.kind,
        slug=asset.slug,
        is_writable=asset.is_writable,
        watchdog_seconds=watchdogs.get(asset.role),
        control=terms.arming(asset),
        withheld_because=terms.withholds(asset),
    )


def _latency(link: DeviceHealth) -> wire.Latency:
    return wire.Latency(
        last_ms=_ms(link.latency_s),
        usual_ms=_ms(link.usual_latency_s),
        worst_ms=_ms(link.worst_latency_s),
    )


def _counts(counts: LinkCounts) -> wire.Counts:
    return wire.Counts(
        reads=counts.reads,
        timeouts=counts.timeouts,
        refused=counts.refused,
        bad_frames=counts.bad_frames,
        faults=counts.faults,
        reconnects=counts.reconnects,
    )


def _writes(link: DeviceHealth) -> list[wire.DayOfWrites]:
    return [
        wire.DayOfWrites(day=one.day, commands=one.commands, renewals=one.renewals)
        for one in link.writes
    ]


def _wear(driver: Driver | None) -> list[wire.Worn]:
    found: tuple[Worn, ...] = driver.wear.worn() if isinstance(driver, Wearing) else ()
    return [wire.Worn(place=one.place, writes=one.writes, per_day=one.per_day) for one in found]


def _ago(now: datetime, age_s: float | None) -> datetime | None:
    # From the age, because the wall clock may have been set since.
    return None if age_s is None else now - timedelta(seconds=age_s)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
