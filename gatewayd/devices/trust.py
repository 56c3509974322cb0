"""What a device's certificate is when it is met for the first time: from then on it is that one.

Nobody in a home can vouch for a device, so that its certificate is known by its fingerprint alone.
"""

from collections.abc import Mapping
from typing import TypeVar

from gatewayd.links import lan
from gatewayd.sdk.options import DeviceOptions

_HOST, _PRINT = "host", "fingerprint"
_T = TypeVar("_T")


def hosts(options: type[DeviceOptions]) -> tuple[str, ...]:
    """The options that say where a device is, or what belongs to it: `host`, `meter_host`."""
    return tuple(name for name in options.model_fields if name.endswith(_HOST))


async def met(options: type[DeviceOptions], given: Mapping[str, _T]) -> dict[str, _T | str]:
    """What is given, with the fingerprints of the certificates that are shown where none is given.

    Only for drivers that use TLS unless told otherwise. Nothing is told to the devices.
    """
    fields = options.model_fields
    # A text where a person has typed it.
    if "tls" not in fields or str(given.get("tls", fields["tls"].default)).lower() != "true":
        return dict(given)
    port = int(str(given.get("port", fields["port"].default)))
    found: dict[str, _T | str] = dict(given)
    for name in hosts(options):
        shown_as = name.removesuffix(_HOST) + _PRINT
        if shown_as in fields and name in given and shown_as not in given:
            pin = await lan.fingerprint(str(given[name]), port)
            found |= {} if pin is None else {shown_as: pin}
    return found
