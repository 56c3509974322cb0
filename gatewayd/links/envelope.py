"""What a gateway puts around each RTU frame, as a connection sees it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Opened:
    """What bytes of a gateway held: the RTU frames in answer to us, what to send back, the rest."""

    frames: tuple[bytes, ...]
    replies: bytes
    rest: bytes


class Envelope(Protocol):
    """The frames of one connection. `open` raises DeviceErrors."""

    def wrap(self, frame: bytes, number: int) -> bytes: ...

    def open(self, received: bytes) -> Opened: ...
