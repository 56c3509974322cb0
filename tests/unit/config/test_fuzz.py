"""Whatever the text, the config is taken or refused with lines to read; nothing else happens."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.config import Drivers, load
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError
from tests.unit.config.catalogue import GOOD, Catalogue, write

CATALOGUE = Catalogue()
REGISTRY = Registry.load()
EXAMPLE = (Path(__file__).parents[3] / "config/gateway.example.yaml").read_text()
TOLD = re.compile(r":\d+:\d+: \S.*")
ANY_FOLDER = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["!x y", "&a b", "*a", "<<", "? ", "- ", "2020-13-45", "0o9", "!!int x", "''"]),
    st.sampled_from(["x" * 300, "/root/x", "../..", "/", "a/b/../c", "~"]),
    st.sampled_from(["1" * 5000, "0x" + "f" * 400, "1e999", "!!float x", "!!bool x", "!!null x"]),
)


def _outcome(folder: Path, text: str, drivers: Drivers = CATALOGUE) -> None:
    path = write(folder, "")
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for problem in _told(path, drivers):
        assert TOLD.fullmatch(problem.removeprefix(str(path))), problem
        problem.encode()


def _told(path: Path, drivers: Drivers) -> list[str]:
    try:
        load(path, drivers, {})
    except ConfigError as error:
        return error.problems or ["refused without a reason"]
    return []


@ANY_FOLDER
@given(st.text(max_size=200))
def test_any_text(tmp_path: Path, text: str) -> None:
    _outcome(tmp_path, text)


@ANY_FOLDER
@given(st.text(alphabet="-:?[]{}!&*#|>%@`'\"\\ \n\taA0.~<=u", max_size=60))
def test_any_text_of_yaml_s_own_characters(tmp_path: Path, text: str) -> None:
    _outcome(tmp_path, text)


@ANY_FOLDER
@given(st.data())
def test_a_good_file_with_one_part_cut_or_replaced(tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 30)))
    new = data.draw(st.one_of(st.text(max_size=10), st.sampled_from(GOOD.split())))

    _outcome(tmp_path, GOOD[:start] + new + GOOD[end:])


@ANY_FOLDER
@given(st.data())
def test_a_good_file_with_one_value_replaced(tmp_path: Path, data: st.DataObject) -> None:
    lines = (GOOD + "  ca_file: ca.pem\n  password_file: mqtt\n  tls: true\n").splitlines()
    lines += ["storage:", "  directory: data", "log:", "  level: debug"]
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = lines[number].partition(":")[0] + f": {data.draw(scalars)}"

    _outcome(tmp_path, "\n".join(lines))


@ANY_FOLDER
@given(st.data())
def test_the_example_with_one_value_replaced(tmp_path: Path, data: st.DataObject) -> None:
    lines = EXAMPLE.splitlines()
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if ":" in line]))
    lines[number] = lines[number].partition(":")[0].replace("# ", "") + f": {data.draw(scalars)}"

    _outcome(tmp_path, "\n".join(lines), REGISTRY)


@pytest.mark.parametrize("key", ["mqtt", "api", "storage", "mdns", "log", "home", "devices"])
@pytest.mark.parametrize("value", ["0", "x", "[]", "{}", "[{}]", "{a: {b: c}}", "{'': 1}", "null"])
def test_any_shape_in_place_of_a_section(tmp_path: Path, key: str, value: str) -> None:
    _outcome(tmp_path, f"version: 1\n{key}: {value}\n")
