"""Which drivers there are to choose from, and what each asks to be told."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from gatewayd.devices.registry import Registry
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import DeviceOptions, ModbusOptions, secret_fields
from gatewayd.state.assets import machine_name

_HOST = "host"
# What devices have instead that call us.
CHARGE_POINT = "charge_point"
# A serial line is the operator's to wire and to configure, and so is how often a device is asked.
_OPERATORS = (frozenset(ModbusOptions.model_fields) - {"host", "port", "unit"}) | frozenset(
    DeviceOptions.model_fields
)
_SECRET_WORDS = ("password", "passwd", "secret", "token", "api_key", "apikey", "pin")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a driver asks. `default` is empty where there is none."""

    name: str
    hint: str
    default: str
    is_required: bool
    is_secret: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A driver that a person may choose."""

    driver: str
    info: DriverInfo

    @property
    def brands(self) -> tuple[str, ...]:
        """Whose devices it talks to."""
        return self.info.brands or (self.info.vendor,)

    @property
    def vendors(self) -> frozenset[str]:
        """Their machine names."""
        return frozenset(machine_name(brand) for brand in self.brands)

    @property
    def fields(self) -> tuple[Field, ...]:
        """What to ask for, the address first."""
        fields = self.info.options.model_fields
        shown = [_field(name, fields[name]) for name in fields if name not in _OPERATORS]
        return tuple(sorted(shown, key=lambda field: (field.name != _HOST, not field.is_required)))

    def given(self, typed: Mapping[str, str]) -> dict[str, str]:
        """What was typed into our fields."""
        known = {field.name for field in self.fields}
        trimmed = {name: text.strip() for name, text in typed.items() if name in known}
        return {name: text for name, text in trimmed.items() if text}

    def options(self, typed: Mapping[str, str]) -> DeviceOptions:
        """The driver's options from what was typed; raises InvalidError naming the field."""
        return self._validated(self.given(typed))

    def unpaired(self, typed: Mapping[str, str]) -> DeviceOptions:
        """The same, with the secrets empty that are required and were not typed."""
        fields = self.info.options.model_fields
        blank = [name for name in secret_fields(self.info.options) if fields[name].is_required()]
        return self._validated(dict.fromkeys(blank, "") | self.given(typed))

    def _validated(self, given: Mapping[str, str]) -> DeviceOptions:
        try:
            return self.info.options.model_validate_strings(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise InvalidError(f"{where}: {first['msg']}" if where else first["msg"]) from error


class Catalogue:
    """The drivers for devices in the network, read when first asked for: there are many."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._entries: tuple[Entry, ...] | None = None

    async def entries(self) -> tuple[Entry, ...]:
        """Every driver that can be told an address, or who calls, by name."""
        if self._entries is None:
            self._entries = await asyncio.to_thread(self._read)
        return self._entries

    async def fitting(self, kinds: Iterable[AssetKind], vendor: str | None) -> tuple[Entry, ...]:
        """The drivers for a vendor's devices of these kinds, or for all when it has none."""
        wanted = frozenset(kinds)
        found = [entry for entry in await self.entries() if entry.info.kinds & wanted]
        theirs = [e for e in found if vendor and machine_name(vendor) in e.vendors]
        return tuple(theirs or found)

    async def entry(self, driver: str) -> Entry | None:
        """One driver."""
        return next((e for e in await self.entries() if e.driver == driver), None)

    def _read(self) -> tuple[Entry, ...]:
        return tuple(
            Entry(name, info)
            for name, info in self._registry.usable().items()
            if {_HOST, CHARGE_POINT} & info.options.model_fields.keys()
        )


def _field(name: str, field: FieldInfo) -> Field:
    default = field.get_default(call_default_factory=False)
    is_text = isinstance(default, str | int | float) and not isinstance(default, bool)
    return Field(
        name=name,
        hint=field.description or "",
        default=str(default) if is_text else "",
        # A Modbus device is at a host or on a line, so neither is required by itself.
        is_required=field.is_required() or name == _HOST,
        is_secret=any(word in name.lower() for word in _SECRET_WORDS),
    )
