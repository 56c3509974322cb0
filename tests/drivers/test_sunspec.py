"""The SunSpec driver where it is more than reading: control, watchdog, and odd chains."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, BusyError, RefusedError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetOperationMode, StartCharging
from gatewayd.model.power import Hold, SetBatteryPower, SetProductionLimit, SetReserve
from gatewayd.model.reading import BatteryReading, InverterReading, MeterReading, OperationMode
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.sunspec import ModelAt, fetch_twice
from tests.drivers.images import FOLDER, Bench, Fixture, ImageUnit, bench
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault, ModbusServer, Request, image

REGISTRY = Registry()
HYBRID = Fixture(FOLDER / "sunspec.yaml")

# Model 124 of the hybrid's image.
STORAGE = 40280
MODEL_120_TYPE, PV_ONLY = 40124, 4
MODE, DISCHARGE, CHARGE, REVERT, RATE_SF = (STORAGE + at for at in (5, 12, 13, 15, 25))


@asynccontextmanager
async def hybrid(changes: dict[int, int] | None = None, **options: object) -> AsyncIterator[Bench]:
    """The hybrid with some registers changed."""
    async with bench(HYBRID, REGISTRY, **options) as on:
        for address, word in (changes or {}).items():
            on.server.store(1, address, word)
        await on.driver.identify()
        yield on


@asynccontextmanager
async def device(holding: dict[int, int], **options: object) -> AsyncIterator[Driver]:
    """A device with these registers only."""
    info = REGISTRY.info("sunspec")
    async with ModbusServer(image({1: {3: holding}})).on_loopback() as server:
        chosen = info.options.model_validate({"host": "127.0.0.1", "port": server.port, **options})
        async with info.open(chosen, Links()) as driver:
            yield driver


def chain(base: int, *models: list[int]) -> dict[int, int]:
    words = [0x5375, 0x6E53, *(word for model in models for word in model)]
    return {base + offset: word for offset, word in enumerate(words)}


async def battery(on: Bench) -> BatteryReading:
    reading = (await on.driver.read())["battery"]
    assert isinstance(reading, BatteryReading)
    return reading


@jumping
async def test_a_forced_mode_is_renewed_and_its_watchdog_is_ours() -> None:
    async with hybrid(revert_s=90) as on:
        assert on.driver.watchdog_s("battery") is None
        await on.driver.apply("battery", SetOperationMode(OperationMode.IMPORT_FOCUS))
        await on.driver.read()
        assert on.driver.watchdog_s("battery") == 90
        before = len(on.server.writes)
        await on.driver.renew("battery")

    assert on.server.writes[before:] == [
        (REVERT, (90,)),
        (CHARGE, (10000,)),
        (DISCHARGE, (0x10000 - 10000,)),
        (MODE, (2,)),
    ]


@jumping
async def test_what_somebody_else_forces_is_not_kept_alive() -> None:
    async with hybrid({MODE: 2, DISCHARGE: 0x10000 - 5000, REVERT: 3600}) as on:
        assert (await battery(on)).operation_mode is OperationMode.IMPORT_FOCUS
        assert on.driver.watchdog_s("battery") is None
        await on.driver.renew("battery")
        assert on.server.writes == []


@jumping
async def test_the_charging_from_the_grid_we_allowed_ends_with_the_release() -> None:
    async with hybrid() as on:
        await on.driver.apply("battery", SetOperationMode(OperationMode.IMPORT_FOCUS))
        await on.driver.apply("battery", SetOperationMode(OperationMode.SELF_RELIANCE))

    grid = [words for address, words in on.server.writes if address == STORAGE + 17]
    assert grid == [(1,), (0,)]


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({MODE: 0}, OperationMode.SELF_RELIANCE),
        ({MODE: 3}, OperationMode.SELF_RELIANCE),
        ({MODE: 2, DISCHARGE: 0}, OperationMode.UNKNOWN),
        ({MODE: 1, CHARGE: 0}, OperationMode.UNKNOWN),
        ({MODE: 2, DISCHARGE: 0xFFFF}, OperationMode.IMPORT_FOCUS),
        ({MODE: 1, CHARGE: 0xFFFF}, OperationMode.EXPORT_FOCUS),
        ({MODE: 0, DISCHARGE: 0xFFFF}, OperationMode.SELF_RELIANCE),
        ({MODE: 0xFFFF}, None),
    ],
)
@jumping
async def test_the_mode_is_what_the_registers_amount_to(
    changes: dict[int, int], mode: OperationMode | None
) -> None:
    async with hybrid(changes) as on:
        assert (await battery(on)).operation_mode is mode


@jumping
async def test_time_of_use_and_foreign_commands_are_not_there() -> None:
    async with hybrid() as on:
        with pytest.raises(UnsupportedError):
            await on.driver.apply("battery", SetOperationMode(OperationMode.TIME_OF_USE))
        with pytest.raises(UnsupportedError):
            await on.driver.apply("battery", StartCharging())
        assert on.server.writes == []


@pytest.mark.parametrize("factor", [0x8000, 11, 0x10000 - 11, 1])
@jumping
async def test_without_a_scale_factor_to_believe_there_is_no_control(factor: int) -> None:
    async with hybrid({RATE_SF: factor}) as on:
        roles = (await on.driver.identify()).roles
        assert roles["battery"].capabilities == frozenset()
        with pytest.raises(UnsupportedError):
            await on.driver.apply("battery", SetOperationMode(OperationMode.SELF_RELIANCE))
        assert on.server.writes == []


@pytest.mark.parametrize("factor", [0x8000, 11, 0x10000 - 11])
@jumping
async def test_a_scale_factor_out_of_range_makes_its_points_unknown(factor: int) -> None:
    async with hybrid({STORAGE + 22: factor}) as on:
        assert (await battery(on)).soc_pct is None


@jumping
async def test_a_broken_watchdog_write_leaves_the_mode_as_it_was() -> None:
    async with hybrid() as on:
        on.server.plan = lambda r: Fault.REFUSED if r.address == REVERT else None
        with pytest.raises(RefusedError):
            await on.driver.apply("battery", SetOperationMode(OperationMode.EXPORT_FOCUS))

    assert MODE not in [address for address, _ in on.server.writes]


@jumping
async def test_a_hybrid_without_storage_connected_is_an_inverter_only() -> None:
    nothing = {STORAGE + 8: 0xFFFF}
    async with hybrid(nothing) as on:
        on.server.store(1, MODEL_120_TYPE, PV_ONLY)
        identity = await on.driver.identify()

    assert identity.roles.keys() == {"inverter", "meter"}


@jumping
async def test_the_battery_inputs_can_be_told() -> None:
    async with hybrid(charge_input=1, discharge_input=2) as on:
        readings = await on.driver.read()

    inverter, stored = readings["inverter"], readings["battery"]
    assert isinstance(inverter, InverterReading)
    assert isinstance(stored, BatteryReading)
    assert (inverter.power_w, stored.power_w) == (595, 2405 - 1600)


@jumping
async def test_the_sign_of_a_meter_can_be_told() -> None:
    meter = Fixture(FOLDER / "sunspec-meter.yaml")
    async with bench(meter, REGISTRY, meter_sign="export") as on:
        await on.driver.identify()
        reading = (await on.driver.read())["meter"]

    assert isinstance(reading, MeterReading)
    assert reading.power_w == 1250


@jumping
async def test_a_chain_that_changes_is_walked_anew() -> None:
    meter = Fixture(FOLDER / "sunspec-meter.yaml")
    async with bench(meter, REGISTRY) as on:
        before = await on.driver.identify()
        on.server.store(1, 40070, 201)
        with pytest.raises(BadReadingError, match="chain has changed"):
            await on.driver.read()
        assert (await on.driver.read()).keys() == before.roles.keys()


@pytest.mark.parametrize(
    ("registers", "error"),
    [
        ({}, RefusedError),
        (chain(40000, [0xFFFF, 0]), RefusedError),
        (chain(40000, [64999, 2, 0, 0], [0xFFFF, 0]), RefusedError),
        (chain(40000, [103, 0]), BadReadingError),
        (chain(40000, [103, 60000]), BadReadingError),
        (chain(50000, *([[64999, 1, 0]] * 101), [0xFFFF, 0]), BadReadingError),
    ],
    ids=["no mark", "empty", "unknown only", "no length", "absurd length", "endless"],
)
@jumping
async def test_a_chain_that_makes_no_sense_is_refused(
    registers: dict[int, int], error: type[Exception]
) -> None:
    async with device(registers) as driver:
        with pytest.raises(error):
            await driver.identify()


@jumping
async def test_a_chain_without_an_end_ends_where_the_registers_do() -> None:
    meter = Fixture(FOLDER / "sunspec-meter.yaml").content["registers"]["holding"][40000]
    registers = {40000 + offset: word for offset, word in enumerate(meter[:-2])}
    async with device(registers) as driver:
        assert (await driver.identify()).roles.keys() == {AssetKind.METER}


@jumping
async def test_several_meters_get_a_role_each() -> None:
    words = Fixture(FOLDER / "sunspec-meter.yaml").content["registers"]["holding"][40000]
    model = words[70:-2]
    async with device(chain(0, model, model, [0xFFFF, 0])) as driver:
        assert (await driver.identify()).roles.keys() == {"meter", "meter_2"}
        assert (await driver.read()).keys() == {"meter", "meter_2"}


@jumping
async def test_no_read_asks_for_more_than_the_device_gives() -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(replace(request))

    async with hybrid(max_registers=40) as on:
        on.server.plan = note
        await on.driver.read()

    assert max(request.count for request in asked) <= 40


@jumping
async def test_a_chain_that_cannot_count_is_counted_by_the_definition() -> None:
    words = Fixture(FOLDER / "sunspec-kaco.yaml").content["registers"]["holding"][40000]
    at = words.index(121)
    short = [*words[: at + 1], 28, *words[at + 2 :]]
    registers = {40000 + offset: word for offset, word in enumerate(short)}
    async with device(registers) as driver:
        assert (await driver.identify()).roles["inverter"].capabilities


@jumping
async def test_a_model_that_the_device_refuses_is_left_out() -> None:
    async with hybrid() as on:
        model = range(STORAGE, STORAGE + 26)
        on.server.plan = lambda r: Fault.REFUSED if r.address in model and r.count != 2 else None
        assert (await on.driver.identify()).roles.keys() == {"inverter", "meter"}
        assert (await on.driver.read()).keys() == {"inverter", "meter"}


@jumping
async def test_a_device_is_found_on_the_unit_that_its_maker_uses() -> None:
    words = Fixture(FOLDER / "sunspec-kaco.yaml").content["registers"]["holding"][40000]
    registers = {40000 + offset: word for offset, word in enumerate(words)}
    info = REGISTRY.info("sunspec")
    async with ModbusServer(image({126: {3: registers}})).on_loopback() as server:
        place = {"host": "127.0.0.1", "port": server.port}
        async with info.open(info.options.model_validate(place), Links()) as driver:
            assert (await driver.identify()).serial == "8.6TL01312345"
            await driver.apply("inverter", SetProductionLimit(4300))
        async with info.open(info.options.model_validate({**place, "unit": 1}), Links()) as driver:
            with pytest.raises(RefusedError):
                await driver.identify()
    assert {request.unit for request in server.requests if request.values} == {126}


@jumping
async def test_a_meter_once_found_is_not_given_up() -> None:
    fixture = Fixture(FOLDER / "sunspec-gen24_float.yaml")
    async with bench(fixture, REGISTRY) as on:
        assert "meter" in (await on.driver.identify()).roles
        on.server.plan = lambda r: Fault.NO_TARGET if r.unit == 240 else None
        with pytest.raises(BusyError):
            await on.driver.identify()


KACO = Fixture(FOLDER / "sunspec-kaco.yaml")
WMAX_PCT, WMAX_ON = (entry["writes"][0][0] for entry in KACO.content["commands"])


@jumping
async def test_a_limit_that_reads_back_as_nothing_at_full_power_is_the_one_written_last() -> None:
    async with bench(KACO, REGISTRY) as on:
        on.server.store(1, WMAX_PCT, 0)
        await on.driver.identify()
        assert (await limited(on)).limit_w is None
        await on.driver.apply("inverter", SetProductionLimit(4300))
        on.server.store(1, WMAX_PCT, 0)
        assert (await limited(on)).limit_w == 4300


async def limited(on: Bench) -> InverterReading:
    reading = (await on.driver.read())["inverter"]
    assert isinstance(reading, InverterReading)
    return reading


@jumping
async def test_a_limit_without_a_time_is_written_ten_times_a_day_and_always_ended() -> None:
    async with bench(KACO, REGISTRY) as on:
        await on.driver.identify()
        for pct in range(10):
            await on.driver.apply("inverter", SetProductionLimit(86 * (50 + pct)))
        with pytest.raises(RefusedError, match="wears out"):
            await on.driver.apply("inverter", SetProductionLimit(86 * 70))
        assert on.driver.watchdog_s("inverter") is None
        await on.driver.apply("inverter", SetProductionLimit(None))
        assert (await limited(on)).limit_w == float("inf")


@jumping
async def test_a_limit_with_a_time_is_renewed_as_it_is() -> None:
    gen24 = Fixture(FOLDER / "sunspec-gen24_float.yaml")
    async with bench(gen24, REGISTRY) as on:
        await on.driver.identify()
        await on.driver.apply("inverter", SetProductionLimit(6150))
        before = on.server.writes
        await on.driver.read()
        assert on.driver.watchdog_s("inverter") == 60
        await on.driver.renew("inverter")
        assert on.server.writes == before * 2


@jumping
async def test_more_power_than_a_battery_can_is_refused() -> None:
    async with hybrid() as on:
        with pytest.raises(RefusedError):
            await on.driver.apply("battery", SetBatteryPower(5121))
        assert on.server.writes == []


@jumping
async def test_charging_from_the_grid_that_a_hold_took_away_comes_back() -> None:
    gen24 = Fixture(FOLDER / "sunspec-gen24_float.yaml")
    async with bench(gen24, REGISTRY) as on:
        await on.driver.identify()
        (hold,) = (e for e in gen24.commands if e["do"] == "hold")
        allowed = hold["writes"][0][0]
        await on.driver.apply("battery", Hold())
        await on.driver.apply("battery", Hold())
        assert on.holding(allowed) == 0
        await on.driver.apply("battery", SetOperationMode(OperationMode.SELF_RELIANCE))
        assert on.holding(allowed) == 1


@jumping
async def test_a_scale_that_lets_nothing_fit_is_refused() -> None:
    async with hybrid({STORAGE + 21: 0x10000 - 10}) as on:
        with pytest.raises(RefusedError, match="MinRsvPct"):
            await on.driver.apply("battery", SetReserve(20))
        assert on.server.writes == []


STOREDGE = Fixture(FOLDER / "sunspec-storedge.yaml")


@jumping
async def test_storedge_is_fed_by_its_command_alone() -> None:
    async with bench(STOREDGE, REGISTRY) as on:
        await on.driver.identify()
        await on.driver.apply("battery", Hold())
        before = len(on.server.writes)
        assert on.driver.watchdog_s("battery") is None
        await on.driver.read()
        assert on.driver.watchdog_s("battery") == 60
        await on.driver.renew("battery")
        assert on.server.writes[before:] == [(57357, (7,))]
        await on.driver.apply("battery", SetOperationMode(OperationMode.SELF_RELIANCE))
        await on.driver.read()
        assert on.driver.watchdog_s("battery") is None


@jumping
async def test_the_charging_from_the_grid_that_storedge_was_allowed_ends_with_it() -> None:
    async with bench(STOREDGE, REGISTRY) as on:
        await on.driver.identify()
        await on.driver.apply("battery", SetBatteryPower(1000))
        assert on.holding(57349) == 1
        await on.driver.apply("battery", Hold())
        assert on.holding(57349) == 0


@jumping
async def test_a_second_limit_is_one_write_to_ram() -> None:
    async with bench(STOREDGE, REGISTRY) as on:
        await on.driver.identify()
        await on.driver.apply("inverter", SetProductionLimit(4000))
        before = len(on.server.writes)
        await on.driver.apply("inverter", SetProductionLimit(5000))
        assert [at for at, _ in on.server.writes[before:]] == [62242]


@jumping
async def test_without_power_control_there_is_no_limit_and_no_more_asking() -> None:
    fixture = Fixture(FOLDER / "sunspec-storedge_two.yaml")
    async with bench(fixture, REGISTRY) as on:
        assert (await on.driver.identify()).roles["inverter"].capabilities == frozenset()
        before = len(on.server.requests)
        await on.driver.read()
        assert {r.address for r in on.server.requests[before:]} & {61762, 62208, 58368} == set()


@jumping
async def test_other_units_that_are_silent_cost_no_meter_and_no_device() -> None:
    gen24 = Fixture(FOLDER / "sunspec-gen24_float.yaml")
    async with bench(gen24, REGISTRY) as on:
        on.server.plan = lambda r: Fault.SILENCE if r.unit == 200 else None
        assert "meter" in (await on.driver.identify()).roles
    async with ModbusServer(image({})).on_loopback() as server:
        server.plan = lambda r: Fault.SILENCE if r.unit != 1 else None
        info = REGISTRY.info("sunspec")
        place = info.options.model_validate({"host": "127.0.0.1", "port": server.port})
        async with info.open(place, Links()) as driver:
            with pytest.raises(RefusedError, match="mark"):
                await driver.identify()


@pytest.mark.parametrize(
    ("silent", "roles"),
    [
        (range(57856, 57990), {"inverter", "battery", "meter"}),
        (range(57600, 57700), {"inverter", "meter"}),
        (range(62208, 62209), {"inverter", "battery", "meter"}),
    ],
    ids=["a second pack", "any pack", "power control"],
)
@jumping
async def test_registers_that_are_not_answered_for_cost_only_what_is_in_them(
    silent: range, roles: set[str]
) -> None:
    async with bench(STOREDGE, REGISTRY) as on:
        on.server.plan = lambda r: Fault.SILENCE if r.address in silent else None
        assert (await on.driver.identify()).roles.keys() == roles
        assert (await on.driver.read()).keys() == roles


@pytest.mark.parametrize(("state", "power_w"), [(2, 0.0), (4, None)])
@jumping
async def test_what_is_not_told_at_the_dc_side_is_no_sun_unless_it_sleeps(
    state: int, power_w: float | None
) -> None:
    inverter = 40069
    async with bench(STOREDGE, REGISTRY) as on:
        on.server.store(1, inverter + 31, 0x8000)
        on.server.store(1, inverter + 38, state)
        await on.driver.identify()
        assert (await limited(on)).power_w == power_w


@jumping
async def test_a_refusal_that_passes_leaves_no_model_out() -> None:
    class Hesitant(ImageUnit):
        refusals = [RefusedError("exception 4")]  # noqa: RUF012

        async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
            if self.refusals:
                raise self.refusals.pop()
            return await super().read_holding(address, count)

    unit = Hesitant({3: {100: 123, 101: 24} | dict.fromkeys(range(102, 126), 0)})

    assert (await fetch_twice(unit, ModelAt(123, 100, 24), 120)).at.id == 123
