"""RTU over UDP as GoodWe's Wi-Fi kits speak it: plain requests, answers with AA 55 in front.

Bytes in, bytes out. The facts are from the library goodwe (MIT), whose users also see answers that
come in two datagrams, and bytes behind a whole answer.
"""

from gatewayd.errors import BadReadingError
from gatewayd.links.envelope import Opened

_MARK = b"\xaa\x55"
# Function and byte count, or exception, end here.
_HEAD_SIZE = 5
_READS = frozenset({1, 2, 3, 4})
_CRC_SIZE = 2


class Aa55Envelope:
    """The datagrams of one port."""

    def wrap(self, frame: bytes, _number: int) -> bytes:
        """A request is as it is."""
        return frame

    def open(self, received: bytes) -> Opened:
        """The answer, once it is whole; BadReadingError for what is none."""
        if not received.startswith(_MARK[: len(received)]):
            raise BadReadingError("no AA 55 in front")
        size = _size(received)
        if not size or len(received) < size:
            return Opened((), b"", received)
        return Opened((received[len(_MARK) : size],), b"", b"")


def _size(data: bytes) -> int:
    """How long the answer is; 0 while that is not known."""
    if len(data) < _HEAD_SIZE:
        return 0
    function = data[3]
    if function & 0x80:
        return _HEAD_SIZE + _CRC_SIZE
    if function in _READS:
        return _HEAD_SIZE + data[4] + _CRC_SIZE
    # A write's answer repeats address and value.
    return _HEAD_SIZE + 3 + _CRC_SIZE
