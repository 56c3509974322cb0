"""From a likeness to a device: its driver is opened where it can be, read only, and says more."""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from gatewayd.devices import trust
from gatewayd.devices.discovery.found import Found
from gatewayd.errors import ConfigError, DeviceError
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.finding import Likeness
from gatewayd.sdk.options import secret_fields

_OPEN_S = 60.0


async def opened(
    links: Links,
    driver: str,
    info: DriverInfo,
    place: Mapping[str, object],
    likeness: Likeness,
    candidates: Sequence[str] = (),
) -> Found:
    """The device as its driver says, and where that cannot look, as the probe was told."""
    told = _told(info, await trust.met(info.options, {**place, **likeness.options}))
    found = Found(
        driver,
        likeness.vendor or info.vendor,
        None,
        told,
        candidates=tuple(candidates),
        missing=_missing(info, told),
    )
    try:
        options = info.options.model_validate({**told, "read_only": True})
        async with asyncio.timeout(_OPEN_S), info.open(options, links) as opened_driver:
            found = found.identified(await opened_driver.identify())
    except (DeviceError, ConfigError, ValidationError, TimeoutError):
        pass
    return found.like(likeness)


def _told(info: DriverInfo, options: Mapping[str, object]) -> dict[str, object]:
    """What has to be written of these options: the driver assumes the rest."""
    fields = info.options.model_fields
    return {
        name: value
        for name, value in options.items()
        if name in fields and fields[name].get_default(call_default_factory=False) != value
    }


def _missing(info: DriverInfo, told: Mapping[str, object]) -> tuple[str, ...]:
    """The required options that a scan cannot know, secrets by their files."""
    secrets = secret_fields(info.options)
    return tuple(
        f"{name}_file" if name in secrets else name
        for name, field in info.options.model_fields.items()
        if field.is_required() and name not in told
    )
