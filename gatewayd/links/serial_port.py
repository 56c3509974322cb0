"""A serial port that is only listened to. The only module that knows pyserial."""

import asyncio
from collections.abc import Callable

import serial


class SerialPort:
    """An open port that nobody else may open. Raises OSError."""

    def __init__(self, path: str, baudrate: int, bytesize: int, parity: str) -> None:
        self._port = serial.Serial(
            path, baudrate, bytesize=bytesize, parity=parity, timeout=0, exclusive=True
        )

    def listen(self, hear: Callable[[bytes], None], lose: Callable[[], None]) -> Callable[[], None]:
        """Hand over what comes, until the port is lost or what is returned here is called."""
        loop, descriptor = asyncio.get_running_loop(), self._port.fileno()

        def close() -> None:
            if self._port.is_open:
                loop.remove_reader(descriptor)
                self._port.close()

        def read() -> None:
            try:
                data = self._port.read(4096)
            # A port that was pulled is readable and holds nothing.
            except OSError:
                close()
                lose()
                return
            hear(data)

        loop.add_reader(descriptor, read)
        return close
