"""What a person has chosen so far, as it is kept with the link session."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gatewayd.model.asset import AssetKind, Identity


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that answered. `options` are texts as typed; `replaces` is the linked device that
    is now reached by them."""

    driver: str
    options: Mapping[str, str] = field(repr=False)
    vendor: str
    model: str
    serial: str | None
    kinds: tuple[AssetKind, ...]
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """`known` are devices the gateway has already. `driver` is the one being connected."""

    driver: str | None = None
    known: tuple[str, ...] = ()
    new: NewDevice | None = None

    def to_json(self) -> dict[str, object]:
        """As it is stored."""
        new = self.new
        return {
            "driver": self.driver,
            "known": list(self.known),
            "new": None if new is None else _to_json(new),
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Draft":
        """What `to_json` gave; nothing chosen where nothing is stored."""
        new = stored.get("new")
        return cls(
            stored.get("driver"), tuple(stored.get("known", ())), _of_json(new) if new else None
        )


def answered(
    driver: str, options: Mapping[str, str], identity: Identity, replaces: str | None = None
) -> NewDevice:
    """A device that has said who it is."""
    return NewDevice(
        driver=driver,
        options=dict(options),
        vendor=identity.vendor,
        model=identity.model,
        serial=identity.serial,
        kinds=tuple(sorted({role.kind for role in identity.roles.values()})),
        replaces=replaces,
    )


def _to_json(new: NewDevice) -> dict[str, object]:
    return {
        "driver": new.driver,
        "options": dict(new.options),
        "vendor": new.vendor,
        "model": new.model,
        "serial": new.serial,
        "kinds": [kind.value for kind in new.kinds],
        "replaces": new.replaces,
    }


def _of_json(stored: Mapping[str, Any]) -> NewDevice:
    return replace(NewDevice(**stored), kinds=tuple(AssetKind(kind) for kind in stored["kinds"]))
