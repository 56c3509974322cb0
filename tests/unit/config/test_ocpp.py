"""The section for chargers that call."""

from pathlib import Path

import pytest

from gatewayd.clock import SystemClock
from gatewayd.config import Config, load
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError

HOME = "version: 1\nhome: {name: H, timezone: Europe/Oslo, latitude: 60, longitude: 10}\n"
REGISTRY = Registry()


def read(folder: Path, text: str) -> Config:
    secret = folder / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    path = folder / "gatewayd.yaml"
    path.write_text(HOME + text)
    return load(path, REGISTRY, {})


def test_a_charger_and_where_it_calls(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "ocpp: {chargers: {CP1: {password_file: secret}, CP2: }}\n"
        "devices: {garage: {driver: ocpp, charge_point: CP3, password_file: secret, "
        "id_tags: [A, B], quirks: easee}}\n",
    )

    assert config.ocpp is not None
    assert (config.ocpp.listen, config.ocpp.port) == ("0.0.0.0", 8887)
    options = [device.options for device in config.devices.values()]
    points = config.ocpp.points(options, None, SystemClock())  # type: ignore[arg-type]
    assert [points.station(id).is_admitted for id in ("CP1", "CP2", "CP3", "CP4")] == [
        True,
        True,
        True,
        False,
    ]
    assert [points.password(id) for id in ("CP1", "CP2", "CP3")] == ["s3cret", None, "s3cret"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ocpp: {cert_file: secret}", "one of cert_file and key_file"),
        ("ocpp: {cert_file: secret, key_file: secret}", "add tls: true"),
        ("ocpp: {chargers: {a b: {}}}", "a b"),
        ("devices: {g: {driver: ocpp}}", "charge_point: is missing"),
        ("devices: {g: {driver: ocpp, charge_point: C, quirks: eazee}}", "there is no 'eazee'"),
        ("devices: {g: {driver: ocpp, charge_point: C, phases: 2}}", "phases"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(tmp_path, text + "\n")
