"""The grid operator's relay in the config."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gatewayd.config.section import Section
from gatewayd.plan.grid.relay import Contacts, RelaySettings

Contact = Annotated[int, Field(ge=1, le=16)]


class RelayState(Section):
    """What contacts stand for."""

    closed: tuple[Contact, ...] = Field(
        default=(), description="Contacts that are closed, counted from 1."
    )
    opened: tuple[Contact, ...] = Field(default=(), description="Contacts that are open.")
    limit_w: Annotated[float, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="The limit then; left out, none."
    )

    @model_validator(mode="after")
    def _is_some(self) -> Self:
        if not self.closed and not self.opened:
            raise ValueError("names no contact; say which are closed or opened")
        return self


class RelaySection(Section):
    """The grid operator's relay: contacts that a device reads."""

    device: str = Field(description="The device, whose map has `contacts`.")
    states: tuple[RelayState, ...] = Field(
        min_length=1,
        description="What the contacts stand for; the first that fits holds. With none the "
        "operator counts as not heard of.",
    )

    def settings(self) -> RelaySettings:
        """What the contacts are held against."""
        states = (
            Contacts(one.limit_w, frozenset(one.closed), frozenset(one.opened))
            for one in self.states
        )
        return RelaySettings(self.device, tuple(states))
