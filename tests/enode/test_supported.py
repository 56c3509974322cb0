"""The page of supported devices."""

from pathlib import Path

from gatewayd.devices.registry import Registry
from gatewayd.enode.supported import ours, supported
from gatewayd.enode.wire.vendors import VENDORS
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import DeviceOptions

PAGE = Path(__file__).parents[2] / "SUPPORTED.md"


def driver(**told: object) -> DriverInfo:
    given: dict[str, object] = {
        "vendor": "Acme",
        "models": ("One", "Two"),
        "source": "its manual",
        "options": DeviceOptions,
        "open": None,
        "quality": {"captured": False, "commands_verified": False},
    }
    return DriverInfo(**given | told)  # type: ignore[arg-type]


def test_it_is_current() -> None:
    assert supported(ours(Registry())) == PAGE.read_text(), "run ./run schema, commit SUPPORTED.md"


def test_each_name_of_the_contract_has_a_row() -> None:
    lines = PAGE.read_text().splitlines()

    for names in VENDORS.values():
        assert not [name for name in names if not any(f"| {name} |" in line for line in lines)]


def test_a_row_tells_what_a_driver_reads_controls_and_how_that_is_known() -> None:
    told = driver(
        kinds=frozenset({AssetKind.BATTERY, AssetKind.METER}),
        controls=frozenset({Capability.HOLD, Capability.SET_POWER}),
        quality={"captured": True, "commands_verified": False},
        brands=("Sol-Ark",),
    )

    page = supported({"acme_one": told})

    assert (
        "| Acme, Sol-Ark | One, Two | `acme_one` | battery, meter | hold, set power "
        "| captured from a device; commands on images |" in page
    )


def test_a_vendor_is_known_by_any_of_its_names_and_in_the_right_role() -> None:
    page = supported(
        {
            "box": driver(brands=("Sol-Ark", "Tesla"), kinds=frozenset({AssetKind.INVERTER})),
            "car_json": driver(kinds=frozenset({AssetKind.VEHICLE})),
        }
    )

    assert "| SOLARK | `box` |" in page
    charger = page[page.index("| charger | way in |") :]
    assert "| TESLA | none yet |" in charger[: charger.index("| hvac | way in |")]
    assert "| AUDI | `car_json` (whatever" in page


def test_what_has_no_driver_is_reached_by_an_account() -> None:
    assert "| TOSHIBA | `enode` (with an account" in supported({"enode": driver()})
