from datetime import date
from pathlib import Path

import pytest

from gatewayd.config import load
from gatewayd.errors import ConfigError
from gatewayd.model.asset import MeterUsage, Usages
from tests.unit.config.catalogue import GOOD, Catalogue, problems, read, write

HOME = "home: {timezone: UTC, latitude: 0, longitude: 0}\n"


def test_each_of_several_meters_may_have_a_usage(tmp_path: Path) -> None:
    some = GOOD.replace("usage: grid", "meters: {meter_2: load}\n    usage: grid")

    found = read(tmp_path, some).devices["meter"].usages

    assert found == Usages(MeterUsage.GRID, {"meter_2": MeterUsage.LOAD})


def test_a_good_file_becomes_a_config(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)

    assert config.home.timezone == "Europe/Amsterdam"
    assert config.home.user == "home"
    assert config.devices["meter"].usage is MeterUsage.GRID
    assert config.devices["meter"].installed_on == date(2024, 5, 1)
    assert config.devices["inverter"].options.model_dump() == {
        "poll_s": None,
        "read_only": False,
        "host": "192.0.2.10",
        "port": 502,
        "unit": 1,
    }
    assert config.mqtt is not None
    assert (config.mqtt.port, config.mqtt.base, config.mqtt.password) == (1883, "gatewayd", None)
    assert (config.api.port, config.mdns.enabled, config.log.level) == (8480, True, "info")


def test_what_is_left_out_or_left_empty_has_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, "version: 1\n" + HOME + "api:\ndevices:\n")

    assert config.devices == {}
    assert config.mqtt is None
    assert config.api.port == 8480


def test_tls_moves_the_default_port_of_the_broker(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD + "  tls: true\n")

    assert config.mqtt is not None
    assert config.mqtt.port == 8883


def test_paths_start_at_the_folder_of_the_config(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD + "storage: {directory: data}\n")

    assert config.storage.directory == tmp_path / "data"


def test_the_database_goes_where_systemd_gives_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/elsewhere:/var/lib/second")

    assert read(tmp_path, GOOD).storage.directory == Path("/var/lib/elsewhere")


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)

    with pytest.raises(AttributeError):
        config.mqtt = None  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        config.api.port = 1


def test_country_codes_and_clock_times_stay_text(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD.replace("name: Home", "name: NO").replace("Grid meter", "12:30"))

    assert config.home.name == "NO"
    assert config.devices["meter"].name == "12:30"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "version: 1",
            "version: 2",
            "1:10: version: 2 does not fit; it should be 1",
        ),
        (
            "  name: Home",
            "  nome: Home",
            "3:3: home.nome: is not a known key; did you mean name?",
        ),
        (
            "mqtt:",
            "mqqt:",
            "19:1: mqqt: is not a known key; did you mean mqtt?",
        ),
        (
            "  latitude: 52.37\n",
            "",
            "2:1: home.latitude: is missing; add it",
        ),
        (
            "latitude: 52.37",
            "latitude: 97",
            "5:13: home.latitude: 97 does not fit; it should be less than or equal to 90",
        ),
        (
            "latitude: 52.37",
            "latitude: .nan",
            "5:13: home.latitude: is no finite float; write a plain one",
        ),
        (
            "Europe/Amsterdam",
            "Europe/Amsterdm",
            "4:13: home.timezone: 'Europe/Amsterdm' is no IANA time zone; "
            "did you mean Europe/Amsterdam?",
        ),
        (
            "timezone: Europe/Amsterdam",
            "timezone: Europe",
            None,
        ),
        (
            "driver: sun_tcp",
            "driver: sun_tpc",
            "9:13: devices.inverter.driver: there is no driver 'sun_tpc'; did you mean sun_tcp? "
            "SUPPORTED.md names the driver of each maker",
        ),
        (
            "driver: sun_tcp",
            "driver: zzz",
            "9:13: devices.inverter.driver: there is no driver 'zzz'; "
            "SUPPORTED.md names the driver of each maker",
        ),
        (
            "driver: sun_tcp",
            "driver: Sun",
            "9:13: devices.inverter.driver: there is no driver 'Sun'; did you mean sun_tcp? "
            "SUPPORTED.md names the driver of each maker",
        ),
        (
            "driver: sun_tcp",
            "driver: broken",
            "9:13: devices.inverter.driver: this driver is broken: "
            "drivers.d/broken.yaml:3:1: power_x: is not a reading",
        ),
        (
            "    driver: sun_tcp\n",
            "",
            "8:3: devices.inverter.driver: is missing; add it",
        ),
        (
            "    unit: 1\n",
            "    unit: 300\n",
            "11:11: devices.inverter.unit: 300 does not fit; "
            "it should be less than or equal to 247",
        ),
        (
            "    unit: 1\n",
            "    unti: 1\n",
            "11:5: devices.inverter.unti: is not a known key; did you mean unit?",
        ),
        (
            "host: 192.0.2.10\n    unit: 1",
            "\thost: 192.0.2.10",
            "10:5: a tab indents",
        ),
        (
            "    unit: 1\n",
            "     unit: 1\n",
            "11:10: a second `: ` in one line, or a line indented deeper",
        ),
        (
            "    unit: 1\n",
            "   unit: 1\n",
            "11:4: a line that does not fit those above: indent it",
        ),
        (
            "host: 192.0.2.10\n    unit: 1",
            "host:192.0.2.10\n    unit: 1",
            "10:5: a key without `: ` after it",
        ),
        (
            "name: Grid meter",
            'name: "Grid meter',
            "14:11: a quotation mark that is never closed",
        ),
        (
            "    unit: 1\n",
            "    nam: x\n",
            "11:5: devices.inverter.nam: is not a known key; did you mean name?",
        ),
        (
            "    unit: 1\n",
            "    unit: '1'\n",
            "11:11: devices.inverter.unit: should be a whole number, not '1'; "
            "write the plain number, as 16",
        ),
        (
            "    unit: 1\n",
            "    unit: true\n",
            "11:11: devices.inverter.unit: should be a whole number, not true; "
            "write the plain number, as 16",
        ),
        (
            "    unit: 2\n",
            "    unit: 1\n",
            "12:3: devices.meter: is at the same address and unit as devices.inverter; "
            "remove one of the two",
        ),
        (
            "    unit: 1\n",
            "    unit: 1\n    unit: 3\n",
            "12:5: devices.inverter.unit: stands here again after line 11; keep one of the two",
        ),
        (
            "  inverter:",
            "  Inverter 1:",
            "8:3: devices.'Inverter 1': 'Inverter 1' is no id; use 1 to 32 of a to z, 0 to 9 and _",
        ),
        (
            "  inverter:",
            "  1:",
            "8:3: devices: has a key that is not text; put it in quotes",
        ),
        (
            "usage: grid",
            "meters: {meter: house}",
            "15:21: devices.meter.meters.meter: 'house' does not fit; "
            "it should be 'grid', 'load', 'generation' or 'charger'",
        ),
        (
            "usage: grid",
            "usage: house",
            "15:12: devices.meter.usage: 'house' does not fit; "
            "it should be 'grid', 'load', 'generation' or 'charger'",
        ),
        (
            "2024-05-01",
            "yesterday",
            "16:19: devices.meter.installed_on: 'yesterday' does not fit; "
            "it should be a valid date in the format YYYY-MM-DD, input is too short",
        ),
        (
            "name: Grid meter",
            "name: 5",
            "14:11: devices.meter.name: should be text, not 5; put it in quotes",
        ),
        (
            "broker.local",
            "mqtt://broker.local:1883",
            "20:9: mqtt.host: 'mqtt://broker.local:1883' is no host name or address; "
            "leave out scheme and path",
        ),
        (
            "username: gatewayd",
            "base: house/#",
            "21:9: mqtt.base: 'house/#' is no topic; use letters, digits, _ and - between slashes",
        ),
        (
            "username: gatewayd",
            "discovery: {exclud: [meter]}",
            "21:15: mqtt.discovery.exclud: is not a known key; did you mean exclude?",
        ),
        (
            "username: gatewayd",
            "discovery: {exclude: meter}",
            "21:24: mqtt.discovery.exclude: should be a list, not 'meter'; "
            "begin each line below it with a dash",
        ),
        (
            "username: gatewayd",
            "discovery: {exclude: [meter, 5]}",
            "21:32: mqtt.discovery.exclude[1]: should be text, not 5; put it in quotes",
        ),
        (
            "username: gatewayd",
            "ca_file: ca.pem",
            None,
        ),
        (
            "username: gatewayd",
            "tls: true\n  cert_file: /etc/hostname",
            "19:1: mqtt: has one of cert_file and key_file; add the other",
        ),
        (
            "username: gatewayd",
            "ca_file: /etc/hostname",
            "19:1: mqtt: has certificates but no TLS; add tls: true",
        ),
        (
            "mqtt:",
            "mdns: {name: my_home}\nmqtt:",
            "19:14: mdns.name: 'my_home' is no host label; use letters, digits and -, at most 63",
        ),
        (
            "mqtt:",
            'storage: {directory: "a\\0b"}\nmqtt:',
            "19:22: storage.directory: holds a zero byte; remove it",
        ),
        (
            "version: 1",
            "version: !map [1]",
            "1:10: version: has the tag '!map'; write the value plainly",
        ),
        (
            "timezone: Europe/Amsterdam",
            "timezone: ''",
            "4:13: home.timezone: '' is no IANA time zone; use one of",
        ),
        (
            "username: gatewayd",
            "tls: true\n  ca_file: " + "x" * 300,
            "22:12: mqtt.ca_file: there is no file '",
        ),
        (
            "username: gatewayd",
            "password_fiel: secrets/mqtt",
            "21:3: mqtt.password_fiel: is not a known key; did you mean password_file?",
        ),
        (
            "username: gatewayd",
            "ping: 5",
            "21:3: mqtt.ping: is not a known key; use one of ",
        ),
        (
            "name: Home",
            "name: [Küche]",
            "3:9: home.name: should be text, not a list; put it in quotes",
        ),
        (
            "name: Home",
            "Küche: Home",
            "3:3: home.'Küche': is not a known key; use one of ",
        ),
        (
            "username: gatewayd",
            "tls: yes",
            "21:8: mqtt.tls: should be true or false, not 'yes'; write true or false",
        ),
        (
            "version: 1",
            "version: !!binary aGk=",
            "1:10: version: has the tag 'binary'; write the value plainly",
        ),
        (
            "version: 1",
            "version: &one 1",
            "1:10: version: has an anchor or is an alias of one; write the value out",
        ),
        (
            "name: Home",
            'name: "\\uD800"',
            "3:9: home.name: holds a character that cannot be written; remove it",
        ),
        (
            "version: 1",
            "version: 1\nversion: [",
            None,
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_to_do(
    tmp_path: Path, old: str, new: str, told: str | None
) -> None:
    assert old in GOOD

    found = problems(tmp_path, GOOD.replace(old, new, 1))

    assert len(found) == 1
    assert told is None or found[0].startswith(told)


def test_every_fault_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
version: 1
home: {timezone: Nowhere, latitude: 0, longitude: 0}
home: {}
devices:
  a: {driver: sun_tcp, host: x, unit: 0, extra: 1}
  b: {driver: nothing}
  C: {driver: sun_tcp, host: y}
  d: 5
mqtt: {port: 0}
api: []
"""

    places = [problem.split(" ")[0:2] for problem in problems(tmp_path, text)]

    assert places == [
        ["2:18:", "home.timezone:"],
        ["3:1:", "home:"],
        ["5:39:", "devices.a.unit:"],
        ["5:42:", "devices.a.extra:"],
        ["6:15:", "devices.b.driver:"],
        ["7:3:", "devices.C:"],
        ["8:6:", "devices.d:"],
        ["9:1:", "mqtt.host:"],
        ["9:14:", "mqtt.port:"],
        ["10:6:", "api:"],
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\nb: 2\n", "2:2: "),
        ("\tversion: 1\n", "1:1: "),
        ("a: 1\n---\nb: 2\n", "2:1: "),
        ('a: "\\U99999999"\n', "1:7: "),
        ("a: \x07\n", "1:4: "),
        ("[" * 5000, "1:"),
        ("- a\n", "1:1: should be a mapping"),
        ("just text\n", "1:1: should be a mapping"),
        ("", "1:1: home: is missing"),
        ("# nothing\n", "1:1: home: is missing"),
    ],
)
def test_what_is_not_a_config_at_all_is_told_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    assert problems(tmp_path, text)[0].startswith(told)


def test_an_alias_is_told_once_and_followed_nowhere(tmp_path: Path) -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}]\n"
        for before, name in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", strict=True)
    )

    assert 0 < len(problems(tmp_path, bomb)) < 200
    assert problems(tmp_path, "a: &x [*x]\n")


def test_a_nested_option_of_a_driver_is_judged_where_it_stands(tmp_path: Path) -> None:
    text = GOOD.replace("driver: sun_tcp", "driver: special\n    curve: {exponnet: 2}")

    assert problems(tmp_path, text) == [
        "10:13: devices.inverter.curve.exponnet: is not a known key; did you mean exponent?"
    ]


def test_the_same_host_may_serve_several_units(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


def test_the_case_of_a_host_makes_no_other_host(tmp_path: Path) -> None:
    text = GOOD.replace("192.0.2.10", "BOX.local", 1).replace("192.0.2.10", "box.local")

    assert "same address" in problems(tmp_path, text.replace("unit: 2", "unit: 1"))[0]


def _refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, Catalogue(), {})
    return str(caught.value)


def test_a_missing_file_is_told_with_what_to_start_from(tmp_path: Path) -> None:
    assert "there is no such file; start from" in _refusal(tmp_path / "none.yaml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    assert _refusal(tmp_path) == f"{tmp_path}: is not a file; name the config file itself"


def test_a_file_below_a_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    assert "Not a directory" in _refusal(path / "x.yaml")


def test_a_path_with_a_zero_byte_is_told() -> None:
    assert "is no path" in _refusal(Path("a\0b"))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "# " + "x" * (1 << 20))

    assert "larger than 1 MiB" in _refusal(path)


def test_a_file_in_another_encoding_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"version: 1\nhome: {name: caf\xe9}\n")

    assert _refusal(path) == f"{path}:2:17: is not UTF-8; save it as UTF-8"


def test_a_file_we_may_not_open_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    class Locked(type(path)):  # type: ignore[misc]
        def read_bytes(self) -> bytes:
            raise PermissionError(13, "Permission denied")

    assert _refusal(Locked(path)) == f"{path}: Permission denied; make it readable"
