"""What a scan found, and how it is written into the config."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from gatewayd.model.asset import Identity
from gatewayd.sdk.finding import Likeness

# What YAML takes for a text without quotes, whatever else it could be.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*|[0-9]+(\.[0-9]+){3}")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_ID_MAX = 32


@dataclass(frozen=True, slots=True)
class Found:
    """A device, and the driver for it.

    `options` are those to write into the config; `missing` those that only the operator knows,
    such as a login's. `candidates` are other drivers that recognise it too, less likely ones.
    `known_as` is the configured device that it is.
    """

    driver: str
    vendor: str
    model: str | None
    options: Mapping[str, object]
    serial: str | None = None
    firmware: str | None = None
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    known_as: str | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        at = self.options.get("host") or self.options.get("serial")
        port, unit = self.options.get("port"), self.options.get("unit")
        told = str(at or self.options.get("charge_point") or "")
        return told + (f":{port}" if port else "") + (f" unit {unit}" if unit is not None else "")

    def like(self, likeness: Likeness) -> Self:
        """The same, with what a probe was told where nothing is known."""
        return replace(
            self,
            model=self.model or likeness.model,
            serial=self.serial or likeness.serial,
            firmware=self.firmware or likeness.firmware,
        )

    def identified(self, identity: Identity) -> Self:
        """The same, as the opened driver says."""
        return replace(
            self,
            vendor=identity.vendor,
            model=identity.model,
            serial=identity.serial or self.serial,
            firmware=identity.firmware or self.firmware,
        )

    def to_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "driver": self.driver,
            "vendor": self.vendor,
            "model": self.model,
            "serial": self.serial,
            "firmware": self.firmware,
            "options": dict(self.options),
            "candidates": list(self.candidates),
            "missing": list(self.missing),
            "knownAs": self.known_as,
        }


@dataclass(frozen=True, slots=True)
class Names:
    """Ids for new devices, none of them twice."""

    taken: set[str] = field(default_factory=set)

    def new(self, found: Found) -> str:
        """An id that the config may have, from the driver's name."""
        plain = re.sub(r"[^a-z0-9_]", "_", found.driver.lower())
        number, name = 1, plain[:_ID_MAX]
        while name in self.taken:
            number += 1
            name = f"{plain[: _ID_MAX - 4]}_{number}"
        self.taken.add(name)
        return name


def block(device_id: str, found: Found, indent: str = "  ") -> str:
    """The lines to paste under `devices:`, with what is still missing as comments."""
    inner = indent * 2
    about = " ".join(part for part in (found.vendor, found.model, found.serial) if part)
    lines = [f"{indent}# {_printable(about)}", f"{indent}{device_id}:"]
    lines.append(f"{inner}driver: {found.driver}")
    lines += [f"{inner}{name}: {_scalar(value)}" for name, value in found.options.items()]
    lines += [f"{inner}# {name}:  # fill in" for name in found.missing]
    return "\n".join(lines) + "\n"


def besides(best: str, drivers: Collection[str]) -> tuple[str, ...]:
    """The drivers beside the best, each once."""
    return tuple(name for name in dict.fromkeys(drivers) if name != best)


def _scalar(value: object) -> str:
    """As YAML; JSON is YAML too."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
