"""Webhooks on the wire. Secrets only ever come in."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, Payload, Timestamp
from gatewayd.enode.wire.sparse import ABSENT

EventName = Literal[
    "*",
    "user:vehicle:discovered",
    "user:vehicle:updated",
    "user:vehicle:deleted",
    "user:vehicle:smart-charging-status-updated",
    "user:charge-action:updated",
    "user:vendor-action:updated",
    "user:schedule:execution-updated",
    "user:charger:discovered",
    "user:charger:updated",
    "user:charger:deleted",
    "user:hvac:discovered",
    "user:hvac:updated",
    "user:hvac:deleted",
    "user:inverter:discovered",
    "user:inverter:updated",
    "user:inverter:deleted",
    "user:inverter:statistics-updated",
    "user:credentials:invalidated",
    "user:battery:discovered",
    "user:battery:updated",
    "user:battery:deleted",
    "enode:webhook:test",
    "user:meter:discovered",
    "user:meter:updated",
    "user:meter:deleted",
]
EVENT_NAMES: frozenset[str] = frozenset(get_args(EventName))

# What the connection itself needs, and what we sign: an own header of that name would break both.
_TAKEN = frozenset(
    {
        "connection",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
_TAKEN_STARTS = ("accept-encoding", "content-", "proxy-", "webhook-", "x-enode-")


def _header_name(name: str) -> str:
    if name in _TAKEN or name.startswith(_TAKEN_STARTS):
        raise PydanticCustomError("header_name", "is a header that the gateway itself sends")
    return _one_line(name)


def _one_line(text: str) -> str:
    # The contract's `$` lets a line end through.
    if "\n" in text:
        raise PydanticCustomError("line_end", "must not hold a line end")
    return text


Url = Annotated[str, Field(min_length=8, max_length=200)]
Secret = Annotated[str, Field(min_length=6, max_length=256, repr=False)]
HeaderName = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=r"^[a-z0-9-_]+$"),
    AfterValidator(_header_name),
]
HeaderValue = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=r"""^[a-zA-Z0-9_:;.,/\\"'?!(){}[\]@<>=\-+*#$&`|~^% ]+$""",
        repr=False,
    ),
    AfterValidator(_one_line),
]


class Authentication(Payload):
    """A header of the receiver's own, sent with every delivery."""

    # The contract's patterns are JavaScript's; Rust's engine reads `[` in a class differently.
    model_config = ConfigDict(regex_engine="python-re")

    header_name: HeaderName
    header_value: HeaderValue


class WebhookCreatePayload(Payload):
    """A new webhook."""

    url: Url
    secret: Secret
    events: list[EventName] = Field(default=["*"])
    api_version: str | None = None
    authentication: Authentication = ABSENT


class WebhookUpdatePayload(Payload):
    """A change of a webhook: only the keys that were sent count."""

    url: Url = ABSENT
    secret: Secret = ABSENT
    events: list[EventName] = ABSENT
    api_version: str | None = ABSENT
    authentication: Authentication | None = ABSENT


class ShownAuthentication(EnodeModel):
    """Which header is sent; its value is not told."""

    header_name: str


class WebhookResponse(EnodeModel):
    """A webhook; `last_success` is its creation until something has arrived."""

    id: str
    url: Url
    events: list[str] = Field(default=["*"])
    last_success: Timestamp
    is_active: bool
    created_at: Timestamp
    api_version: str | None
    authentication: ShownAuthentication | None


class ReceiverResponse(EnodeModel):
    """What the receiver answered; `headers` are `name: value`."""

    code: float
    body: str
    headers: list[str] | None


class WebhookTestResponse(EnodeModel):
    """How a test delivery went; `response` is None when nothing came back."""

    status: Literal["SUCCESS", "FAILURE"]
    description: str
    response: ReceiverResponse | None
