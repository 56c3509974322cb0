"""HTTP as devices in the LAN speak it: JSON, one request at a time at each host.

Where a device is comes from the operator's own configuration, so any address may be called.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode
from weakref import WeakValueDictionary

from pydantic import BaseModel, Field

from gatewayd.errors import (
    AuthError,
    BadReadingError,
    BusyError,
    RefusedError,
    UnreachableError,
    UpstreamError,
)
from gatewayd.links.http import ANSWER_MAX_BYTES, Answer, HttpLink, Login
from gatewayd.links.http_policy import ANYWHERE
from gatewayd.sdk import document
from gatewayd.sdk.options import HttpOptions

T = TypeVar("T", bound=BaseModel)

_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_NO_HEADERS: Mapping[str, str] = {}
_PLAIN = {"Content-Type": "text/plain; charset=UTF-8"}
_GRANT = b"grant_type=client_credentials"
_NOT_GRANTED = frozenset({400, 401, 403})
_BUSY = frozenset({429, 503})
_UNAUTHORIZED = 401
_LONGEST_WORDS = 200


class Asker(Protocol):
    """Sends one request without a token; its answer may have any status."""

    async def __call__(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Digest:
    """A login by HTTP digest."""

    login: Login


@dataclass(frozen=True, slots=True)
class Basic:
    """A login that is sent with every request."""

    login: Login


@dataclass(frozen=True, slots=True)
class Token:
    """A login by a token, which `fetch` gets when there is none or the device refuses the old one.

    `fetch` raises AuthError when the device refuses the login too. `form` is the header's value,
    `refusals` are the statuses that say that the token has had its time. Where a token is more than
    one header, `fetch` gets them all.
    """

    fetch: Callable[[Asker], Awaitable[str | Mapping[str, str]]]
    header: str = "Authorization"
    form: str = "Bearer {}"
    refusals: frozenset[int] = frozenset({_UNAUTHORIZED})


Credentials = Digest | Basic | Token


class HttpDevices:
    """Devices by HTTP. Those at one host take turns, also at several ports of it."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._made: Callable[..., DeviceHttp] = DeviceHttp

    def device(
        self,
        options: HttpOptions,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        secrets: Sequence[str] = (),
    ) -> "DeviceHttp":
        """The device of these options; nothing is opened yet. `headers` go with every request.

        `secrets` are what paths have of a login: no error tells them.
        """
        host = options.host.lower()
        turn = self._turns.get(host) or asyncio.Lock()
        self._turns[host] = turn
        return self._made(options, turn, credentials, headers, secrets)


class DeviceHttp:
    """One device behind one address. Raises DeviceErrors only.

    AuthError when the device refuses the login, RefusedError for other answers of 4xx, BusyError
    for 429 and 503, BadReadingError for any other but 2xx and for what is longer than 64 KiB.
    """

    def __init__(
        self,
        options: HttpOptions,
        turn: asyncio.Lock,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        secrets: Sequence[str] = (),
    ) -> None:
        # An IPv6 address would be taken for a host with a port.
        plain = f"[{options.host}]" if ":" in options.host else options.host
        self._base = f"{'https' if options.tls else 'http'}://{plain}:{options.port}"
        self._timeout_s = options.timeout_s
        self._link = HttpLink(
            ANYWHERE,
            pin=options.pin,
            digest=credentials.login if isinstance(credentials, Digest) else None,
        )
        self._turn = turn
        self._credentials = credentials
        self._own_headers = headers
        forms = {form for one in secrets for form in (one, quote(one), quote(one, safe=""))}
        self._secrets = sorted(forms - {""}, key=len, reverse=True)
        self._token: str | Mapping[str, str] | None = None

    async def get(self, path: str, model: type[T]) -> T:
        """A document; BadReadingError for one that is not as `model` says."""
        return self._read(path, await self._ask("GET", path), model)

    async def find(self, path: str, model: type[T]) -> T | None:
        """A document that not every such device has, or shows to every login; None without it."""
        try:
            return await self.get(path, model)
        except AuthError:
            raise
        except RefusedError:
            return None

    async def text(self, path: str) -> str:
        """A document of another kind."""
        answer = await self._ask("GET", path)
        return answer.body.decode(errors="replace")

    async def ask(self, path: str, body: BaseModel, model: type[T]) -> T:
        """Send a document and read the one in answer to it."""
        return self._read(path, await self._ask("POST", path, _json(body)), model)

    async def talk(self, path: str, text: str) -> str:
        """Send a text and read the one in answer to it."""
        answer = await self._ask("POST", path, text.encode(), _PLAIN)
        return answer.body.decode(errors="replace")

    async def post(self, path: str, body: BaseModel) -> None:
        """Send a document. Returning means that the device took it."""
        await self._ask("POST", path, _json(body))

    async def submit(self, path: str, fields: Mapping[str, str]) -> str:
        """Send fields as the form of a web page does, and get the document in answer to it."""
        answer = await self._ask("POST", path, urlencode(fields).encode(), _FORM)
        return answer.body.decode(errors="replace")

    async def put(self, path: str, body: BaseModel) -> None:
        """Replace a document. Returning means that the device took it."""
        await self._ask("PUT", path, _json(body))

    async def exchange(self, method: str, path: str, body: BaseModel) -> Answer:
        """Send a document without a login; the answer may have any status."""
        async with self._turn:
            return await self._send(method, path, _json(body))

    def _read(self, path: str, answer: Answer, model: type[T]) -> T:
        return document.read(answer.body, model, self._place(path))

    def _place(self, path: str) -> str:
        return f"{self._base}{self._hide(path)}"

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        async with self._turn:
            answer = await self._send(method, path, body, {**headers, **await self._headers()})
            if isinstance(self._credentials, Token) and answer.status in self._credentials.refusals:
                # It has refused, so asking once more with a new token repeats nothing.
                old, self._token = self._token, None
                try:
                    login = await self._headers()
                except BusyError:
                    if answer.status == _UNAUTHORIZED:
                        raise
                    # It may be this one document that is refused, and the token as good as ever.
                    self._token = old
                else:
                    answer = await self._send(method, path, body, {**headers, **login})
        _check(self._place(path), answer, self._hide)
        return answer

    async def _headers(self) -> Mapping[str, str]:
        match self._credentials:
            case Basic(login):
                return _basic(login)
            case Token(fetch, header, form):
                token = self._token = self._token or await fetch(self._send)
                return {header: form.format(token)} if isinstance(token, str) else token
        return _NO_HEADERS

    async def _send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        url = f"{self._base}{path}"
        headers = {**(_JSON if body else {}), **self._own_headers, **headers}
        try:
            return await self._link.exchange(
                method, url, body=body, headers=headers, timeout_s=self._timeout_s
            )
        except UpstreamError as error:
            raise UnreachableError(f"{self._place(path)}: {self._hide(str(error))}") from error


def client_credentials(login: Login, path: str, office: DeviceHttp | None = None) -> Token:
    """A token by OAuth2's client credentials, from `path` of the device, or of another host.

    AuthError when the login is refused.
    """

    async def fetch(ask: Asker) -> str:
        # Not by the other methods: the request that needs the token has the host's turn already.
        ask = ask if office is None else office._send  # noqa: SLF001 (of this module)
        answer = await ask("POST", path, _GRANT, {**_FORM, **_basic(login)})
        if answer.status in _NOT_GRANTED:
            raise AuthError(f"{path}: the client is refused with status {answer.status}")
        _check(path, answer)
        return document.read(answer.body, _Granted, path).access_token

    return Token(fetch)


class _Granted(BaseModel):
    access_token: str = Field(min_length=1, max_length=16_384, pattern=r"^[\x21-\x7e]+$")


def _basic(login: Login) -> Mapping[str, str]:
    pair = b64encode(f"{login.username}:{login.password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _json(body: BaseModel) -> bytes:
    return body.model_dump_json(exclude_none=True).encode()


def _check(url: str, answer: Answer, hide: Callable[[str], str] = str) -> None:
    if answer.status in _BUSY:
        raise BusyError(f"{url}: status {answer.status}")
    if 400 <= answer.status < 500:
        words = hide(answer.body.decode(errors="replace"))[:_LONGEST_WORDS]
        kind = AuthError if answer.status == _UNAUTHORIZED else RefusedError
        raise kind(f"{url}: status {answer.status}: {words}")
    if not answer.is_success:
        raise BadReadingError(f"{url}: status {answer.status}")
    if len(answer.body) >= ANSWER_MAX_BYTES:
        raise BadReadingError(f"{url}: the answer is too long")
