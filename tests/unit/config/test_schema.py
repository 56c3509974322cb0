import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gatewayd.config import load
from gatewayd.config.schema import schema
from gatewayd.devices.registry import Registry
from tests.unit.config.catalogue import GOOD, Catalogue

ROOT = Path(__file__).parents[3]


class _Working(Catalogue):
    def names(self) -> Iterable[str]:
        return [name for name in super().names() if name != "broken"]


def _faults(text: str) -> list[str]:
    data: Any = YAML(typ="safe", pure=True).load(text.replace("2024-05-01", "'2024-05-01'"))
    found = Draft202012Validator(schema(_Working())).iter_errors(data)
    return sorted(".".join(map(str, error.path)) for error in found)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema(_Working()))


def test_a_good_config_fits_the_schema() -> None:
    assert _faults(GOOD) == []
    assert (
        _faults(GOOD.replace("driver: sun_tcp", "driver: special\n    curve: {exponent: 2}")) == []
    )


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("mqtt:", "mqqt:", ""),
        ("host: 192.0.2.10", "hots: 192.0.2.10", "devices.inverter"),
        ("unit: 1", "unit: 300", "devices.inverter.unit"),
        ("driver: sun_tcp", "driver: sun_tpc", "devices.inverter.driver"),
        ("driver: sun_tcp", "driver: special\n    curve: {exp: 2}", "devices.inverter.curve"),
        ("driver: sun_tcp", "curve: {}\n    driver: sun_tcp", "devices.inverter"),
        ("usage: grid", "usage: house", "devices.meter.usage"),
        ("  inverter:", "  Inverter:", "devices"),
        ("username: gatewayd", "password: x", "mqtt"),
        ("version: 1", "version: 2", "version"),
    ],
)
def test_an_editor_finds_a_fault_by_the_schema(old: str, new: str, where: str) -> None:
    assert where in _faults(GOOD.replace(old, new, 1))


def test_every_key_is_explained_to_the_editor() -> None:
    silent = [
        f"{name}.{key}"
        for name, model in schema(_Working())["$defs"].items()
        if name in {"Home", "Mqtt", "Discovery", "Api", "Storage", "Mdns"}
        for key, value in model["properties"].items()
        if "description" not in value
    ]

    assert silent == []


def test_the_schema_in_the_repository_is_current() -> None:
    kept = json.loads((ROOT / "config/gateway.schema.json").read_text())

    assert kept == schema(Registry.load()), "run ./run schema and commit config/gateway.schema.json"


def test_the_example_is_a_good_config(tmp_path: Path) -> None:
    example = ROOT / "config/gateway.example.yaml"

    config = load(example, Registry.load(), {})

    assert config.devices
    first = example.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert json.loads((example.parent / "gateway.schema.json").read_text())
