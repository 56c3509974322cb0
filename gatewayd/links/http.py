"""HTTP to others: one request, one answer, and nothing that the other end can lead astray.

No redirects, cookies, proxies or decompression; certificates are always verified or pinned. The
addresses of a name are looked up once, checked all, and only those are connected to, so a name that
changes its mind between check and call gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gatewayd.errors import InvalidError, UpstreamError
from gatewayd.links.http_policy import Policy
from gatewayd.links.http_url import parsed

if TYPE_CHECKING:
    from gatewayd.links import http_client

# Looks up a host name: its addresses.
Lookup = Callable[[str], Awaitable[Sequence[str]]]

ANSWER_MAX_BYTES = 64 * 1024
_TIMEOUT_S = 5.0
_DEFAULT = Policy()
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of a long body only the beginning, at most ANSWER_MAX_BYTES."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


async def look_up(host: str) -> Sequence[str]:
    """Every address the system knows for a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and password."""

    username: str
    password: str = field(repr=False)


class HttpLink:
    """Requests under one policy. `ca_file` is trusted beside the system's authorities.

    With `pin` one certificate is accepted, by its SHA-256, whoever signed it and for what name.
    `digest` is the login at the one server that is then called.
    """

    def __init__(
        self,
        policy: Policy = _DEFAULT,
        *,
        ca_file: Path | None = None,
        lookup: Lookup = look_up,
        pin: bytes | None = None,
        digest: Login | None = None,
    ) -> None:
        self._policy = policy
        self._ca_file = ca_file
        self._lookup = lookup
        self._pin = pin
        self._login = digest
        self._digest: http_client.Digest | None = None
        self._tls: ssl.SSLContext | None = None

    def check(self, text: str) -> None:
        """Refuse a URL that could never be called. Raises InvalidError."""
        url = parsed(text)
        self._policy.check_url(url.scheme, url.host or "")

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        """Send one request and read its answer, all within `timeout_s`.

        Raises UpstreamError when there is none, also for what the policy forbids.
        """
        try:
            self.check(url)
            async with asyncio.timeout(timeout_s):
                return await self._exchange(method, url, body, headers)
        except TimeoutError as error:
            raise UpstreamError(f"no answer within {timeout_s:g} s") from error
        # ValueError: what the library's own checks of URL and headers find.
        except (OSError, ValueError) as error:
            raise UpstreamError(f"no answer: {error or type(error).__name__}") from error
        except InvalidError as error:
            raise UpstreamError(error.detail) from error

    async def _exchange(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        # The library takes 8 MB that many homes never need, and a while to load.
        await asyncio.to_thread(import_module, "gatewayd.links.http_client")
        from gatewayd.links import http_client

        is_verified = parsed(url).scheme == "https" and not self._pin
        tls = await self._context() if is_verified else None
        if self._login and not self._digest:
            self._digest = http_client.Digest(self._login.username, self._login.password)
        question = http_client.Question(method, url, headers, body, self._pin, self._digest)
        return Answer(*await http_client.exchange(question, self._addresses, tls, ANSWER_MAX_BYTES))

    async def _addresses(self, host: str) -> list[str]:
        """Where a name leads; UpstreamError when one of the addresses may not be called."""
        addresses = list(dict.fromkeys(await self._lookup(host)))
        for address in addresses:
            self._policy.check_address(host, address)
        return addresses

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading the system's authorities takes tens of milliseconds.
            self._tls = await asyncio.to_thread(_tls, self._ca_file)
        return self._tls


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
