"""Plans of chargers in the config: by when a car is to have how much."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from gatewayd.config.section import Section
from gatewayd.errors import InvalidError
from gatewayd.model.hour_minute import parse_hour_minute
from gatewayd.model.ready_by import ReadyBy

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PlanSection(Section):
    """By when the car is to be ready: once, or every week."""

    at: AwareDatetime | None = Field(
        default=None, description="Once, as 2026-12-24T06:00:00+01:00."
    )
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=(), description="Every week on these days."
    )
    time: str | None = Field(default=None, description="When on these days, as 07:30.")
    soc_pct: Annotated[float, Field(ge=1, le=100)] | None = Field(
        default=None, description="The level the car is to have."
    )
    energy_wh: Annotated[float, Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="Or what it is to be given since it was plugged in."
    )
    continuous: bool = Field(
        default=False, description="In one go, instead of in the cheapest hours."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.time is None) == bool(self.weekdays):
            raise ValueError("has one of weekdays and time; add the other")
        # Far enough from where the calendar ends that every sum stays inside.
        if self.at is not None and not 2000 <= self.at.year <= 2999:
            raise ValueError("is at no time from 2000 to 2999")
        self.ready_by()
        return self

    def ready_by(self) -> ReadyBy:
        """The plan. Raises ValueError."""
        try:
            minute = parse_hour_minute(self.time or "00:00")
        except InvalidError as error:
            raise ValueError(str(error)) from error
        return ReadyBy(
            at=self.at,
            weekdays=frozenset(_DAYS.index(day) for day in self.weekdays),
            minute=minute,
            soc_pct=self.soc_pct,
            energy_wh=self.energy_wh,
            is_continuous=self.continuous,
        )
