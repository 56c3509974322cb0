"""What a role's commands mean for its device."""

import pytest

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import Command, SetMaxCurrent, StopCharging
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.sdk.maps.assets import AssetMap
from gatewayd.sdk.maps.commands import Safe


@pytest.mark.parametrize(
    ("safe", "command", "is_safe"),
    [
        (Capability.SET_EXPORT_LIMIT, SetExportLimit(None), True),
        (Capability.SET_EXPORT_LIMIT, SetExportLimit(0.0), False),
        (Capability.SET_PRODUCTION_LIMIT, SetProductionLimit(4_000.0), False),
        (Capability.SET_PRODUCTION_LIMIT, SetExportLimit(None), False),
        (Capability.SET_MAX_CURRENT, SetMaxCurrent(6.0), True),
        (Capability.SET_EXPORT_LIMIT, StopCharging(), True),
    ],
)
def test_a_limit_that_follows_the_home_spares_memory_and_what_is_safe_does_not(
    safe: Capability, command: Command, *, is_safe: bool
) -> None:
    assert AssetMap(kind=AssetKind.INVERTER, safe=Safe(do=safe)).is_safe(command) is is_safe
    assert not AssetMap(kind=AssetKind.INVERTER).is_safe(SetExportLimit(None))
