"""What was found is written so that the config takes it, and known devices are marked."""

from dataclasses import replace

from ruamel.yaml import YAML

from gatewayd.devices.discovery.found import Found, Names, besides, block
from gatewayd.devices.discovery.known import Known, known
from gatewayd.devices.discovery.scan import best_of_each
from gatewayd.devices.registry import Registry
from gatewayd.sdk.options import HttpOptions, ModbusOptions


def test_the_lines_are_yaml_whatever_the_device_says() -> None:
    told = {
        "host": "192.168.1.9",
        "unit": 3,
        "tls": True,
        "token": "no",
        "pin": "a: b",
        "path": "/x",
    }
    text = block("one", Found("acme", "A\ncme", "M #1", told, missing=("password_file",)))

    read = YAML(typ="safe", pure=True).load(f"devices:\n{text}")

    assert read == {"devices": {"one": {"driver": "acme"} | told}}
    assert "# password_file:" in text


def test_every_device_gets_an_id_of_its_own() -> None:
    names = Names({"acme"})
    found = Found("acme", "Acme", None, {})

    assert [names.new(found), names.new(found)] == ["acme_2", "acme_3"]
    assert len(Names().new(Found("x" * 50, "X", None, {}))) == 32


def test_other_drivers_are_named_once() -> None:
    assert besides("a", ["a", "b", "a", "c", "b"]) == ("b", "c")


def test_a_place_is_told_with_what_is_not_usual() -> None:
    assert Found("d", "V", None, {"host": "h", "port": 5, "unit": 0}).place == "h:5 unit 0"
    assert Found("d", "V", None, {"charge_point": "CP"}).place == "CP"


async def test_devices_are_known_by_where_they_are_and_by_serial() -> None:
    devices = {
        "inverter": ModbusOptions(host="localhost"),
        "meter": ModbusOptions(host="127.0.0.1", unit=2),
        "plug": HttpOptions(host="no.such.name.invalid", port=81),
        "line": ModbusOptions(serial="/dev/ttyUSB0"),
    }
    known_ones = await known(devices, {"SN1": "inverter"})

    assert known_ones.at("127.0.0.1", 502) == {1: "inverter", 2: "meter"}
    assert known_ones.at("127.0.0.1", 503) == {}
    assert known_ones.at("no.such.name.invalid", 81) == {None: "plug"}
    marked = known_ones.mark(
        [
            Found("d", "V", None, {"host": "192.168.1.2"}, serial="SN1"),
            Found("d", "V", None, {"serial": "/dev/ttyUSB0"}),
            Found("d", "V", None, {}, serial="SN2"),
        ]
    )
    assert [one.known_as for one in marked] == ["inverter", "line", None]
    assert Known().mark([]) == []


def found_by(driver: str, host: str, **more: str) -> Found:
    return Found(driver, "Acme", None, {"host": host}, **more)  # type: ignore[arg-type]


def test_a_box_that_several_drivers_find_is_offered_once_with_the_better_one() -> None:
    infos = Registry().usable()
    http, modbus = (
        found_by("go_e", "192.168.1.7", known_as="box"),
        found_by("go_e_modbus", "192.168.1.7"),
    )
    other = found_by("go_e", "192.168.1.8")
    here = [found_by("keba_p30", "127.0.0.1", serial="1"), found_by("keba_p30_udp", "127.0.0.1")]

    best = list(best_of_each([http, other, modbus, *here], infos))

    assert best == [other, replace(modbus, candidates=("go_e",), known_as="box"), *here]
