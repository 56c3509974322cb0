"""The home's power is told where all parts of it are known."""

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.flow import flow
from gatewayd.model.reading import BatteryReading, ChargerReading, InverterReading, Reading
from gatewayd.model.site import AssetState, Site
from tests.fakes.home import state

_METER = state(AssetKind.METER)


def site(*states: AssetState) -> Site:
    return Site({one.asset.id: one for one in states})


def test_the_home_is_what_remains() -> None:
    now = flow(
        site(
            _METER,
            state(AssetKind.INVERTER, InverterReading(power_w=3000.0)),
            state(AssetKind.BATTERY, BatteryReading(power_w=-500.0)),
            state(AssetKind.CHARGER, ChargerReading(power_w=4000.0)),
        )
    )

    assert (now.grid_w, now.pv_w, now.battery_w, now.charger_w) == (1250, 3000, -500, 4000)
    assert now.home_w == 1250 + 3000 + 500 - 4000


def test_a_home_without_sun_battery_and_charger_is_its_meter() -> None:
    assert flow(site(_METER)).home_w == 1250.0


@pytest.mark.parametrize("kind", [AssetKind.INVERTER, AssetKind.BATTERY, AssetKind.CHARGER])
@pytest.mark.parametrize("is_reachable", [True, False])
def test_a_part_that_is_unknown_leaves_the_home_unknown(
    kind: AssetKind, *, is_reachable: bool
) -> None:
    nothing: dict[AssetKind, Reading] = {
        AssetKind.INVERTER: InverterReading(),
        AssetKind.BATTERY: BatteryReading(),
        AssetKind.CHARGER: ChargerReading(),
    }
    silent = state(kind, nothing[kind] if is_reachable else None, is_reachable=is_reachable)

    now = flow(site(_METER, silent))

    assert (now.grid_w, now.home_w) == (1250.0, None)
