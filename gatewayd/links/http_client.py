"""One HTTP request by aiohttp: to checked addresses, taking nothing along and following nobody."""

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gatewayd.errors import UpstreamError
from gatewayd.links.http_url import parsed

# Where a host name leads; raises UpstreamError when it must not be called.
Addresses = Callable[[str], Awaitable[list[str]]]
Headers = tuple[tuple[str, str], ...]


class Digest:
    """A login by HTTP digest, and what the server said about it last: RFC 7616."""

    def __init__(self, username: str, password: str) -> None:
        self.middleware = aiohttp.DigestAuthMiddleware(username, password)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `pin` is the SHA-256 of the one certificate that is accepted."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    pin: bytes | None = None
    digest: Digest | None = None


async def exchange(
    question: Question, addresses: Addresses, tls: ssl.SSLContext | None, most_bytes: int
) -> tuple[int, Headers, bytes]:
    """Status, headers and the beginning of the body. Raises UpstreamError, OSError, ValueError."""
    pin = aiohttp.Fingerprint(question.pin) if question.pin else None
    connector = aiohttp.TCPConnector(
        resolver=_Resolver(addresses),
        ssl=pin or tls or False,
        use_dns_cache=False,
        force_close=True,
    )
    try:
        return await _asked(question, connector, most_bytes)
    except aiohttp.ServerFingerprintMismatch as error:
        shown = error.got.hex(":").upper()
        raise UpstreamError(f"not the agreed certificate: its fingerprint is {shown}") from error
    except aiohttp.ClientConnectorCertificateError as error:
        told = error.certificate_error
        raise UpstreamError(f"the certificate is not valid: {told}") from error
    except aiohttp.ClientError as error:
        raise UpstreamError(f"no answer: {error or type(error).__name__}") from error


async def _asked(
    question: Question, connector: aiohttp.TCPConnector, most_bytes: int
) -> tuple[int, Headers, bytes]:
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # The caller's timeout spans all of it.
            timeout=aiohttp.ClientTimeout(),
            headers={"Accept-Encoding": "identity", "User-Agent": "gatewayd"},
            middlewares=[question.digest.middleware] if question.digest else (),
        ) as session,
        session.request(
            question.method,
            parsed(question.url),
            data=question.body or None,
            headers=question.headers,
            allow_redirects=False,
        ) as response,
    ):
        return response.status, _headers(response), await _beginning(response, most_bytes)


class _Resolver(AbstractResolver):
    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        return [_resolved(host, address, port) for address in await self._addresses(host)]

    async def close(self) -> None:
        pass


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


def _headers(response: aiohttp.ClientResponse) -> Headers:
    return tuple((name, value) for name, value in response.headers.items())


async def _beginning(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The body up to what is read of any; the rest is left to the closing of the connection."""
    read = bytearray()
    async for part in response.content.iter_any():
        read += part
        if len(read) >= most_bytes:
            break
    return bytes(read[:most_bytes])
