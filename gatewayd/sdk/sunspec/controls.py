"""Which controls a device's models make, by role."""

from gatewayd.sdk.sunspec import limit, roles, setpoint, storage
from gatewayd.sdk.sunspec.control import Control, Fetch, Registers
from gatewayd.sdk.sunspec.limit import Limit
from gatewayd.sdk.sunspec.roles import Models
from gatewayd.sdk.sunspec.setpoint import Setpoint
from gatewayd.sdk.sunspec.storage import Storage

CAPABILITIES = storage.CAPABILITIES | setpoint.CAPABILITIES | Limit.capabilities


def controls(
    registers: Registers, fetch: Fetch, models: Models, revert_s: int, *, keeps_limit: bool = False
) -> dict[str, Control]:
    """Those of the standard's own models. One that `keeps_limit` never ends it by itself."""
    found: dict[str, Control] = {}
    if 124 in models and roles.has_battery(models):
        found["battery"] = Storage(registers, fetch, models[124], revert_s)
    elif setpoint.can_set(models):
        found["battery"] = Setpoint(registers, fetch, models, revert_s)
    if (limited := limit.limit_model(models)) is not None:
        found["inverter"] = Limit(
            registers, fetch, models, limited, None if keeps_limit else revert_s
        )
    return found
