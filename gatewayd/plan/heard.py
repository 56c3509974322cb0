"""What an asset said last, as inputs of a decision."""

import math

from gatewayd.model.decision import Input, Value
from gatewayd.model.reading import SgReady
from gatewayd.model.site import AssetState

# Of all that is read, what commands change or depend on.
_FIELDS = (
    "power_w",
    "soc_pct",
    "power_delivery",
    "max_current_a",
    "operation_mode",
    "temperature_c",
    "mode",
    "hold_type",
    "heat_setpoint_c",
    "cool_setpoint_c",
    "sg_ready",
)


def heard(state: AssetState, now_s: float) -> tuple[Input, ...]:
    """What is known of the asset, with its age; `now_s` is monotonic."""
    sample = state.sample
    if sample is None:
        return ()
    age_s = round(now_s - sample.at_monotonic, 1) if math.isfinite(sample.at_monotonic) else None
    found = ((name, getattr(sample.reading, name, None)) for name in _FIELDS)
    return tuple(Input(name, _said(value), age_s) for name, value in found if value is not None)


def _said(value: Value) -> Value:
    return value.name if isinstance(value, SgReady) else value
