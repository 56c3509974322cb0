"""What a battery may be told at most, also while it is full and takes nothing now."""

import pytest

from gatewayd.devices.registry import Registry
from tests.drivers.images import FOLDER, Fixture, bench
from tests.fakes.jump_loop import jumping

REGISTRY = Registry()


@pytest.mark.parametrize(
    ("name", "table", "block", "place"),
    [
        ("foxess_h1", "holding", 31020, 5),
        ("foxess_h3", "holding", 41007, 0),
        ("foxess_h3_pro", "holding", 46607, 0),
        ("goodwe_et", "holding", 37000, 4),
        ("solis_hybrid-old", "input", 33139, 4),
        ("solplanet", "input", 1616, 7),
    ],
)
@jumping
async def test_a_battery_found_full_may_be_told_to_charge_later(
    name: str, table: str, block: int, place: int
) -> None:
    full = Fixture(FOLDER / f"{name}.yaml")
    full.content["registers"][table][block][place] = 0
    async with bench(full, REGISTRY) as on:
        battery = (await on.driver.identify()).roles["battery"]

    assert battery.max_power_w is not None
    assert battery.max_power_w > 1000
