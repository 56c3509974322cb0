"""What the assets of an Enode-compatible API have in common.

What a server adds to the contract is passed over, and a word that nobody knows is no word.
"""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.climate import Thermostat
from gatewayd.model.reading import Reading

_KILO = 1000.0
# A cloud asks the maker's cloud, which asks the device.
_CONFIRM_S = 300.0

Word = TypeVar("Word", bound=StrEnum)


def _percent(value: float | None) -> float | None:
    return value if value is None or 0 <= value <= 100 else None


def _amount(value: float | None) -> float | None:
    return value if value is None or value >= 0 else None


Percent = Annotated[float | None, AfterValidator(_percent)]
Amount = Annotated[float | None, AfterValidator(_amount)]
Text = Annotated[str | None, Field(max_length=200)]


class Document(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        allow_inf_nan=False,
        frozen=True,
    )


class Information(Document):
    id: Text = None
    brand: Text = None
    model: Text = None
    sn: Text = None
    serial_number: Text = None
    vin: Text = None
    year: float | None = None
    category: Text = None


class Asset(Document):
    """One asset of any kind. `serial` is what its maker calls it by, where the API tells it."""

    kind: ClassVar[AssetKind]
    commands: ClassVar[Mapping[str, Capability]] = {}

    id: str = Field(min_length=1, max_length=200)
    vendor: str = Field(default="", max_length=200)
    # A car that sleeps may say neither.
    is_reachable: bool | None = None
    information: Information = Information()
    capabilities: dict[str, Any] = {}

    @property
    def serial(self) -> str | None:
        told = self.information
        return told.sn or told.serial_number or told.vin

    @property
    def seen_at(self) -> str | None:
        """When the values were true, in the server's words; None where it does not matter."""
        return None

    def reading(self) -> Reading:
        """What it says."""
        raise NotImplementedError

    def role(self) -> Role:
        """What it tells and can be told."""
        known = {name for name, value in asdict(self.reading()).items() if value is not None}
        year = self.information.year
        return Role(
            kind=self.kind,
            capabilities=frozenset(can for name, can in self.commands.items() if self.can(name)),
            reports=frozenset(known),
            confirm_timeout_s=_CONFIRM_S,
            thermostat=self.thermostat(),
            model_year=int(year) if year is not None and 1900 <= year <= 2999 else None,
        )

    def can(self, name: str) -> bool:
        """Whether a capability is there now, and not only once the user has done something."""
        told = self.capabilities.get(name)
        return isinstance(told, dict) and told.get("isCapable") is True

    def thermostat(self) -> Thermostat | None:
        """Of heaters and coolers alone."""
        return None


def kilo(value: float | None) -> float | None:
    """From kW, kWh or km."""
    return None if value is None else value * _KILO


def word(words: type[Word], told: str | None) -> Word | None:
    """One of these words, None for any other."""
    return words(told) if told in set(words) else None
