"""Why an asset was told what it was told: what whoever decided knew, weighed and was bound by."""

from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.command import Command

Value = float | str | bool | None

# Behind the owner of what was decided and not carried out.
SHADOW = " (shadow)"
# The owner of the end of what was decided, when nobody wants anything of an asset any more.
GIVEN_BACK = "governor"

# Whoever decides and is not named here is called by its own name.
_OWNERS = {
    "api": "an API client",
    "mqtt": "MQTT",
    "schedule": "the schedule",
    "smart_charging": "smart charging",
    "smart_override": "the smart override",
    "flex": "the flex intent",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that was known. Measured values have their unit in the name, as in readings.

    `age_s` is None where it is not known and for what does not age: wishes, prices, limits.
    """

    name: str
    value: Value
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What speaks for a decision. `reason` is in plain words, lower case, without an end.

    `candidates` are what could have been decided, in words; `binding` is the limit without which
    it would have been decided otherwise.
    """

    reason: str
    inputs: tuple[Input, ...] = ()
    candidates: tuple[str, ...] = ()
    binding: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of what an asset is told; `command` None takes back what it was told before.

    `owner` is who decided, as `Action.owner`. The rest is as in Grounds.
    """

    at: datetime
    asset_id: str
    owner: str
    command: Command | None
    reason: str
    inputs: tuple[Input, ...] = ()
    candidates: tuple[str, ...] = ()
    binding: str | None = None

    @classmethod
    def on(
        cls, grounds: Grounds, at: datetime, asset_id: str, owner: str, command: Command | None
    ) -> "Decision":
        """What was decided on these grounds."""
        return cls(
            at,
            asset_id,
            owner,
            command,
            grounds.reason,
            grounds.inputs,
            grounds.candidates,
            grounds.binding,
        )

    @property
    def grounds(self) -> Grounds:
        return Grounds(self.reason, self.inputs, self.candidates, self.binding)

    @property
    def is_shadow(self) -> bool:
        """Whether it was only put on record."""
        return self.owner.endswith(SHADOW)

    @property
    def in_words(self) -> str:
        """Who and why, in one line: `smart charging: charging later is cheaper`."""
        owner = owner_in_words(self.owner)
        return self.reason if self.reason.startswith(owner) else f"{owner}: {self.reason}"


def owner_in_words(owner: str) -> str:
    """Who decided, for people."""
    return _OWNERS.get(owner) or owner.replace("_", " ")
