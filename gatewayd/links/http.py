"""HTTP to others: one request, one answer, and nothing that the other end can lead astray.

No redirects, cookies, proxies or decompression; certificates are always verified. The addresses
of a name are looked up once, checked all, and only those are connected to, so a name that changes
its mind between check and call gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gatewayd.errors import InvalidError, UpstreamError
from gatewayd.links.http_policy import Policy

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


class HttpLink:
    """Requests under one policy. `ca_file` is trusted beside the system's authorities."""

    def __init__(
        self, policy: Policy = _DEFAULT, *, ca_file: Path | None = None, lookup: Lookup = look_up
    ) -> None:
        self._policy = policy
        self._ca_file = ca_file
        self._lookup = lookup
        self._tls: ssl.SSLContext | None = None

    def check(self, text: str) -> None:
        """Refuse a URL that could never be called. Raises InvalidError."""
        url = _url(text)
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
                return await self._exchange(method, _url(url), body, headers)
        except TimeoutError as error:
            raise UpstreamError(f"no answer within {timeout_s:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            told = error.certificate_error
            raise UpstreamError(f"the certificate is not valid: {told}") from error
        # ValueError: what its own checks of URL and headers find.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamError(f"no answer: {error or type(error).__name__}") from error
        except InvalidError as error:
            raise UpstreamError(error.detail) from error

    async def _exchange(
        self, method: str, url: URL, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(self._policy, self._lookup),
            ssl=await self._context() if url.scheme == "https" else False,
            use_dns_cache=False,
            force_close=True,
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                # The caller's timeout spans all of it.
                timeout=aiohttp.ClientTimeout(),
                headers={"Accept-Encoding": "identity", "User-Agent": "gatewayd"},
            ) as session,
            session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response,
        ):
            return Answer(response.status, _headers(response), await _beginning(response))

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading the system's authorities takes tens of milliseconds.
            self._tls = await asyncio.to_thread(_tls, self._ca_file)
        return self._tls


class _Checked(AbstractResolver):
    """Looks a name up and lets it pass only when every address of it may be called."""

    def __init__(self, policy: Policy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        addresses = list(dict.fromkeys(await self._lookup(host)))
        for address in addresses:
            self._policy.check_address(host, address)
        return [_resolved(host, address, port) for address in addresses]

    async def close(self) -> None:
        pass


def _url(text: str) -> URL:
    """The URL exactly as written. Raises InvalidError."""
    if not text.isascii() or not text.isprintable() or any(letter in text for letter in ' \\"<>'):
        raise InvalidError("the URL holds a character that must be percent-encoded")
    try:
        url = URL(text, encoded=True)
        port = url.port
    except ValueError as error:
        raise InvalidError(f"the URL is not valid: {error}") from error
    if not url.host or port == 0:
        raise InvalidError("the URL must be of the form https://host/path")
    if url.user is not None or url.password is not None or url.fragment:
        raise InvalidError("the URL must hold no user, password or fragment")
    return url


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=family,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _headers(response: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in response.headers.items())


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The body up to what is read of any; the rest is left to the closing of the connection."""
    read = bytearray()
    async for part in response.content.iter_any():
        read += part
        if len(read) >= ANSWER_MAX_BYTES:
            break
    return bytes(read[:ANSWER_MAX_BYTES])
