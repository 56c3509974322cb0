"""How far an asset is trusted to the gateway."""

from enum import StrEnum


class Arming(StrEnum):
    """What is done about an asset: nothing, deciding without writing, or all of it."""

    OBSERVE = "observe"
    SHADOW = "shadow"
    ARMED = "armed"

    @property
    def decides(self) -> bool:
        """Whether something is decided, and put on record."""
        return self is not Arming.OBSERVE

    @property
    def writes(self) -> bool:
        """Whether the device is told."""
        return self is Arming.ARMED
