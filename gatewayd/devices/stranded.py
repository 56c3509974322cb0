"""Assets that are not as they were and can be told nothing: a person has to see to them."""

from gatewayd.model.asset import Asset
from gatewayd.sdk.options import DeviceOptions


def why_stranded(asset: Asset, options: DeviceOptions | None) -> str | None:
    """Why an asset that was steered cannot be given back, and what to do; None where it can.

    `options` are its device's, None for one that is not configured.
    """
    if options is None:
        why, mend = "its device is no longer configured", "configure it again"
    elif options.read_only:
        why, mend = "its device is read only", "end `read_only` for a minute"
    elif asset.is_stranger:
        why, mend = "another device answers in its place", "correct the address"
    else:
        return None
    told = f"{asset.display_name} ({asset.device_id}): what it was told last may still hold"
    return f"{told}, and {why}: {mend}, or set it by hand as it was before"
