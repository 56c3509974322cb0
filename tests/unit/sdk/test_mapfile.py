"""Register maps from files: every fault with its place."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.errors import ConfigError
from gatewayd.sdk.registers import load_map

GOOD = """\
vendor: Acme
models: [One]
source: its manual
points:
  state: {holding: 9, enum: {1: IDLE}}
assets:
  meter:
    power_w: {holding: 1, type: s16}
"""


def write(folder: Path, text: str, name: str = "acme_one") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def faults(folder: Path, text: str) -> list[str]:
    """The faults without the folder in front."""
    with pytest.raises(ConfigError) as caught:
        load_map(write(folder, text))
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def refusal(path: Path) -> list[str]:
    """What is said of a map that is refused."""
    try:
        load_map(path)
    except ConfigError as error:
        return error.problems or ["refused without a reason"]
    return []


def test_a_good_map_loads(tmp_path: Path) -> None:
    found = load_map(write(tmp_path, GOOD))

    assert found.assets["meter"].fields.keys() == {"power_w"}


@pytest.mark.parametrize(
    ("line", "wrong", "fault"),
    [
        ("power_w:", "powr_w:", "8:5: assets.meter.powr_w: a meter has no such field; did you"),
        ("s16", "s17", "8:27: assets.meter.power_w.type: Input should be"),
        ("{holding: 1, type: s16}", "{holding: 1, tpye: s16}", "8:27: assets.meter.power_w.tpye: "),
        ("{holding: 1, type: s16}", "{holding: 70000}", "8:15: assets.meter.power_w.holding: "),
        (
            "{holding: 1, type: s16}",
            "{holding: 1, input: 1}",
            "8:5: assets.meter.power_w: give exactly",
        ),
        ("{holding: 1, type: s16}", "{summ: [1]}", "8:5: assets.meter.power_w: give a number,"),
        ("{holding: 1, type: s16}", "stat", "8:5: assets.meter.power_w: there is no point stat;"),
        ("meter:", "metre:", "7:3: assets.metre: Input should be"),
        ("source: its manual", "", "1:1: source is missing"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, line: str, wrong: str, fault: str) -> None:
    (found,) = faults(tmp_path, GOOD.replace(line, wrong))

    assert found.startswith(f"acme_one.yaml:{fault}")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("power_w", "powr_w").replace("{holding: 1, type: s16}", "stat")

    assert len(faults(tmp_path, text + "    energy: 5\n")) == 3


@pytest.mark.parametrize(
    "asset",
    [
        "battery: {status: {holding: 1, enum: {1: CHARGNG}}}",
        "battery: {status: {case: [{label: CHARGNG}]}}",
        "battery: {status: {case: [{when: {state: IDLE}, label: CHARGING}, {label: 5}]}}",
        "battery: {power_w: {label: much}}",
        "inverter: {has_fault: {holding: 1, enum: {1: bad}}}",
        "battery: {commands: {start_charging: [{holding: 1, value: 1}]}}",
        "meter: {commands: {self_reliance: [{holding: 1, value: 1}]}}",
        "charger: {commands: {set_max_current: [{holding: 1}]}}",
        "charger: {commands: {set_max_current: [{holding: 1, from: current_a, value: 1}]}}",
        "charger: {commands: {stop_charging: [{holding: 1, type: u32, value: 0, function: 6}]}}",
        "charger: {commands: {stop_charging: [{holding: 1, value: nowhere}]}}",
        "charger: {commands: {stop_charging: [{holding: 1, value: 0, mask: 1, readable: false}]}}",
        "charger: {power_w: current_a}",
        "meter: {power_w: {holding: 1, scale_factor: nowhere}}",
        "meter: {power_w: {holding: 1, when: {nowhere: 1}}}",
        "meter: {power_w: {holding: 1, scale: 0}}",
        "meter: {power_w: {holding: 1, type: string}}",
        "meter: {present: {nowhere: 1}, power_w: 0}",
    ],
)
def test_what_makes_no_sense_does_not_load(tmp_path: Path, asset: str) -> None:
    text = GOOD.replace("  meter:\n    power_w: {holding: 1, type: s16}\n", f"  {asset}\n")

    assert len(faults(tmp_path, text)) == 1


def test_broken_yaml_is_told_with_its_place(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "vendor: [Acme\nmodels: ]\n")

    assert found.startswith("acme_one.yaml:2:")


def test_a_file_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "- 1\n")

    assert "mapping" in found


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_map(tmp_path / "nowhere.yaml")


def test_yaml_1_2_keeps_no_a_text(tmp_path: Path) -> None:
    assert load_map(write(tmp_path, GOOD.replace("Acme", "NO"))).vendor == "NO"


def test_a_map_may_extend_another_and_change_it(tmp_path: Path) -> None:
    base = GOOD + "    import_wh: {holding: 5, type: u32}\n    export_wh: {holding: 7}\n"
    write(tmp_path, base, "base")
    child = """\
extends: base
models: [Two]
bus: {unit: 3}
assets:
  meter:
    power_w: {input: 2}
    export_wh:
"""

    found = load_map(write(tmp_path, child))

    meter = found.assets["meter"]
    assert (found.vendor, found.models, found.bus.unit) == ("Acme", ["Two"], 3)
    assert meter.fields.keys() == {"power_w", "import_wh"}
    assert meter.fields["power_w"].input == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("base", ["nowhere", "acme_one"])
def test_a_map_cannot_extend_what_is_not_there_or_itself(tmp_path: Path, base: str) -> None:
    (found,) = faults(tmp_path, f"extends: {base}\n")

    assert "extends" in found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'vendor: "\\U99999999"', "1:12"),
        (b"vendor: A\nmodels: " + b"[" * 3000, "2:"),
        (b"vendor: &a {b: *a}", "1:1"),
        (b"vendor: A\nmodels: [\xff]", "2:10"),
        (b"vendor: A\n\x00", "2:1"),
        (b"vendor: !!int x", "1:1"),
        (b"source: s\nextends: ../other", " extends ../other.yaml"),
        (b'extends: "\\0"', " extends "),
        (b"", "1:1"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(tmp_path: Path, text: bytes, place: str) -> None:
    path = tmp_path / "acme_one.yaml"
    path.write_bytes(text)

    with pytest.raises(ConfigError) as caught:
        load_map(path)

    assert caught.value.problems[0].startswith(f"{path}:{place}")


_PIECES = st.sampled_from([*GOOD.split(), "\n", "  ", "- ", "&a", "*a", "!!int", '"\\ud800"', "²"])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.one_of(st.binary(max_size=20), _PIECES))
def test_a_map_is_taken_or_refused_whatever_it_holds(
    tmp_path: Path, start: int, length: int, new: bytes | str
) -> None:
    good = GOOD.encode()
    between = new if isinstance(new, bytes) else new.encode()
    path = tmp_path / "acme_one.yaml"
    path.write_bytes(good[:start] + between + good[start + length :])

    assert all(problem.startswith(f"{path}:") for problem in refusal(path))
