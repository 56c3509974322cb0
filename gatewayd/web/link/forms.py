"""Forms as browsers send them: small, once each, nothing else."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

_MOST_BYTES = 32 * 1024
_MOST_FIELDS = 100
_LONGEST_VALUE = 500
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """`do` is the button that was pressed, `key` the proof that the form is ours."""

    do: str = ""
    key: str = ""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    devices: tuple[str, ...] = ()


async def read(request: Request) -> Form | None:
    """The form of a request; None for what is none."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return None
    raw = await _content(request)
    if raw is None:
        return None
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return None
    values = {name: value[:_LONGEST_VALUE] for name, value in pairs}
    devices = tuple(dict.fromkeys(value for name, value in pairs if name == "device"))
    return Form(values.pop("do", ""), values.pop("key", ""), values, devices)


async def _content(request: Request) -> bytes | None:
    raw = b""
    try:
        async for part in request.stream():
            raw += part
            if len(raw) > _MOST_BYTES:
                return None
    except ClientDisconnect:
        return None
    return raw
