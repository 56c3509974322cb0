"""An address proves nothing: the serial number decides whose readings and writes these are."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from gatewayd.devices.device import ConfiguredDevice
from gatewayd.errors import InvalidError, StorageError, UnreachableError
from gatewayd.model.asset import AssetKind, Identity, MeterUsage, Role, Usages
from gatewayd.model.command import ActionState, FailureReason, SetMaxCurrent
from gatewayd.state import assets
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box, charger_box, configured
from tests.fakes.gateway import gateway

GONE = UnreachableError("no answer")


def become(box: ScriptedBox, serial: str | None) -> None:
    """Another box of the same kind answers at this address."""
    box.identity = Identity(
        box.identity.vendor, box.identity.model, box.identity.roles, serial=serial
    )


async def test_another_serial_at_a_known_address_is_read_but_never_written_to(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    box = charger_box("C1")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        known = home.asset("keba")
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(10)
        become(box, "C2")
        box.faults.clear()
        await home.pass_time(10)

        assert not home.asset("keba").is_writable
        assert home.state("keba").is_reachable
        with pytest.raises(InvalidError):
            await home.commander.submit(known.id, SetMaxCurrent(10), "api")
        assert "serial C2 answers where C1 was expected" in caplog.text
        assert [a.serial for a in await home.db.read(assets.load)] == ["C1"]


async def test_the_right_serial_makes_it_writable_again(db: Path, clock: FakeClock) -> None:
    box = charger_box("C1")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
    become(box, "C2")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        assert not home.asset("keba").is_writable
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(10)
        become(box, "C1")
        box.faults.clear()
        await home.pass_time(10)

        assert home.asset("keba").is_writable


async def test_an_action_left_by_the_last_run_is_not_sent_to_another_box(
    db: Path, clock: FakeClock
) -> None:
    box = charger_box("C1", timeout_s=600)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = box.faults["apply"] = GONE
        action = await home.commander.submit(home.asset("keba").id, SetMaxCurrent(10), "api")
    become(box, "C2")
    box.faults.clear()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(10)
        found = await home.action(action.id)

    assert found.state is ActionState.CANCELLED
    assert found.failure_reason is FailureReason.FAILED_PRECONDITION
    assert box.writes == []


async def test_a_box_that_leaves_its_serial_out_for_once_is_still_known_by_it(
    db: Path, clock: FakeClock
) -> None:
    box = charger_box("C1")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
    become(box, None)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

        assert home.asset("keba").serial == "C1"
        assert home.asset("keba").is_writable


async def test_a_box_without_serial_is_taken_as_it_is(db: Path, clock: FakeClock) -> None:
    async with gateway(db, clock, {"keba": charger_box(None), "other": charger_box(None)}) as home:
        await home.pass_time(1)

        assert home.asset("keba").is_writable
        assert home.asset("other").is_writable


async def test_a_box_configured_twice_is_taken_once(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = charger_box("C1"), charger_box("C1")
    async with gateway(db, clock, {"keba": first}) as home:
        await home.pass_time(1)
    async with gateway(db, clock, {"again": second, "keba": first}) as home:
        await home.pass_time(20)

        assert home.state("keba").is_reachable
        assert not home.store.site.of_device("again")
        assert "serial C1 is already configured as keba" in caplog.text
        assert second.count("read") == 0
        assert home.poller.driver("again") is None


async def test_two_boxes_that_swapped_their_addresses_are_both_left_alone(
    db: Path, clock: FakeClock
) -> None:
    left, right = charger_box("C1"), charger_box("C2")
    async with gateway(db, clock, {"left": left, "right": right}) as home:
        await home.pass_time(1)
    become(left, "C2")
    become(right, "C1")
    async with gateway(db, clock, {"left": left, "right": right}) as home:
        await home.pass_time(10)

        assert not home.state("left").is_reachable
        assert not home.state("right").is_reachable
        assert left.count("read") == right.count("read") == 1


async def test_two_devices_behind_one_gateway_may_give_its_serial_for_different_roles(
    db: Path, clock: FakeClock
) -> None:
    async with gateway(db, clock, {"keba": charger_box("X"), "cell": battery_box("X")}) as home:
        await home.pass_time(1)

        assert home.state("keba").is_reachable
        assert home.state("cell").is_reachable


async def test_the_same_serial_of_another_vendor_is_another_box(db: Path, clock: FakeClock) -> None:
    other = charger_box("1")
    other.identity = Identity("Other", "Box", other.identity.roles, serial="1")
    async with gateway(db, clock, {"keba": charger_box("1"), "other": other}) as home:
        await home.pass_time(1)

        assert home.state("other").is_reachable


async def test_assets_of_a_device_that_left_the_configuration_leave_the_picture_and_keep_their_ids(
    db: Path, clock: FakeClock
) -> None:
    box = charger_box()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        known = home.asset("keba")
    async with gateway(db, clock, {"cell": battery_box()}) as home:
        await home.pass_time(1)
        assert known.id not in home.store.site.assets
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        assert home.asset("keba").id == known.id


def devices(**boxes: ScriptedBox) -> Mapping[str, ConfiguredDevice]:
    return {name: configured(name, box) for name, box in boxes.items()}


async def test_a_new_configuration_restarts_only_what_changed(db: Path, clock: FakeClock) -> None:
    same, changed, gone, new = (
        charger_box("C1"),
        battery_box("B1"),
        charger_box("C2"),
        charger_box("C3"),
    )
    async with gateway(db, clock, {"same": same, "changed": changed, "gone": gone}) as home:
        await home.pass_time(1)
        await home.poller.reconfigure(
            {
                **devices(same=same, new=new),
                "changed": configured("changed", changed, 2.0, read_only=True),
            }
        )
        await home.pass_time(1)

        assert same.count("open") == 1
        assert changed.count("open") == 2
        assert not home.asset("changed").is_writable
        assert gone.steps[-1] == "close"
        assert not home.store.site.of_device("gone")
        assert home.poller.driver("gone") is None
        assert home.state("new").is_reachable


async def test_a_device_that_is_configured_again_is_shown_before_it_answers(
    db: Path, clock: FakeClock
) -> None:
    box = charger_box()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        known = home.asset("keba")
        await home.poller.reconfigure({})
        assert not home.store.site.assets
        box.faults["open"] = GONE
        await home.poller.reconfigure(devices(keba=box))

        assert home.asset("keba") == known
        assert home.state("keba").sample is None


async def test_what_is_configured_of_a_device_reaches_its_asset(db: Path, clock: FakeClock) -> None:
    box = charger_box()
    box.identity = Identity("Acme", "Meter", {"charger": Role(AssetKind.METER)}, serial="M1")
    device = configured("meter", box)
    named = ConfiguredDevice(
        "meter", device.info, device.options, "home", name="Main", usages=Usages(MeterUsage.GRID)
    )
    async with gateway(db, clock, {}) as home:
        await home.poller.reconfigure({"meter": named})
        await home.pass_time(1)

        asset = home.asset("meter")
        assert (asset.name, asset.usage, asset.user_id) == ("Main", MeterUsage.GRID, "home")


async def fail_to_write(step: str) -> None:
    if step == "write":
        raise StorageError("the disk is full")


async def test_a_known_device_is_read_and_written_while_the_disk_is_full(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    box = charger_box()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
    async with gateway(db, clock, {"keba": box}, step=fail_to_write) as home:
        await home.pass_time(3)

        assert home.state("keba").is_reachable
        assert home.poller.driver("keba") is not None
        assert "the disk is full" in caplog.text


async def test_a_new_device_waits_until_its_ids_can_be_stored(db: Path, clock: FakeClock) -> None:
    box = charger_box()
    async with gateway(db, clock, {"keba": box}, step=fail_to_write) as home:
        await home.pass_time(10)
        assert not home.store.site.assets
        assert box.count("read") == 0
        health = home.poller.health("keba")
        assert health is not None
        assert "the disk is full" in (health.last_error or "")

        home.db.step = charger_box().step
        await home.pass_time(6)
        assert home.state("keba").is_reachable


async def test_a_configuration_given_before_the_polling_starts_is_the_one_polled(
    db: Path, clock: FakeClock
) -> None:
    box, other = charger_box("C1"), charger_box("C2")
    async with gateway(db, clock, {"keba": box}) as home:
        home.tasks["poller"].cancel()
        await home.db.quiet()
        await home.poller.reconfigure(devices(other=other))
        async with asyncio.TaskGroup() as group:
            again = group.create_task(home.poller.run())
            await home.pass_time(2)
            again.cancel()

        assert not home.store.site.of_device("keba")
        assert home.state("other").sample is not None
