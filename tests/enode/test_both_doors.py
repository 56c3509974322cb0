"""What a schedule controls is refused to MQTT just as it is to the API."""

from typing import Any

import pytest

from gatewayd.control.direct import Direct
from gatewayd.errors import ControlledError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from tests.enode.home import USER, Home


def mqtt(home: Home) -> Direct:
    services = home.app.state.api.services
    return Direct(services.store, services.commander, services.controllers)


async def schedule(home: Home, *, is_enabled: bool) -> None:
    body: dict[str, Any] = {
        "targetId": home.asset(AssetKind.CHARGER).id,
        "targetType": "charger",
        "locationId": None,
        "isEnabled": is_enabled,
        "defaultShouldCharge": False,
        "rules": [],
    }
    assert (await home.http.post(f"/users/{USER}/schedules", json=body)).status_code == 200


@pytest.mark.parametrize("command", [StartCharging(), StopCharging()])
async def test_a_schedule_has_the_charger_for_itself(a_home: Home, command: Command) -> None:
    await schedule(a_home, is_enabled=True)
    charger = a_home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}/charging"

    refused = await a_home.http.post(path, json={"action": "START"})
    with pytest.raises(ControlledError) as error:
        await mqtt(a_home).submit(charger.id, command, "mqtt")

    assert (refused.status_code, refused.json()["detail"]) == (422, str(error.value))
    assert a_home.devices["wallbox"].writes == []


async def test_a_current_limit_is_taken_all_the_same(a_home: Home) -> None:
    await schedule(a_home, is_enabled=True)

    action = await mqtt(a_home).submit(
        a_home.asset(AssetKind.CHARGER).id, SetMaxCurrent(10.0), "mqtt"
    )

    assert action.owner == "mqtt"


async def test_a_schedule_that_is_not_enabled_leaves_the_charger_to_everybody(
    a_home: Home,
) -> None:
    await schedule(a_home, is_enabled=False)

    await mqtt(a_home).submit(a_home.asset(AssetKind.CHARGER).id, StartCharging(), "mqtt")


async def test_what_is_not_there_takes_no_command(a_home: Home) -> None:
    with pytest.raises(NotFoundError):
        await mqtt(a_home).submit("nowhere", StartCharging(), "mqtt")
