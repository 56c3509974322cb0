import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import OperationMode
from gatewayd.model.site import Site
from gatewayd.mqtt.commands import KEYS, addressee, command
from gatewayd.mqtt.topics import Place, Target
from tests.fakes.home import state

WALLBOX = Place("charger", "charger")


@pytest.mark.parametrize(
    ("key", "payload", "expected"),
    [
        ("charging", b"ON", StartCharging()),
        ("charging", b" off\n", StopCharging()),
        ("max_current", b"10", SetMaxCurrent(10.0)),
        ("max_current", b"10.5", SetMaxCurrent(10.5)),
        ("max_current", b"0", SetMaxCurrent(0.0)),
        ("operation_mode", b"SELF_RELIANCE", SetOperationMode(OperationMode.SELF_RELIANCE)),
        ("operation_mode", b"time_of_use", SetOperationMode(OperationMode.TIME_OF_USE)),
        (None, b'{"charging": "ON"}', StartCharging()),
        (None, b'{"charging": false}', StopCharging()),
        (None, b'{"max_current": 8}', SetMaxCurrent(8.0)),
        (None, b'{"operation_mode": "IMPORT_FOCUS"}', SetOperationMode(OperationMode.IMPORT_FOCUS)),
    ],
)
def test_what_can_be_asked(key: str | None, payload: bytes, expected: Command) -> None:
    assert command(Target(WALLBOX, key), payload, state(AssetKind.CHARGER)) == expected


@pytest.mark.parametrize(
    ("key", "payload", "reason"),
    [
        ("charging", b"maybe", "ON or OFF"),
        ("charging", b"", "ON or OFF"),
        ("charging", b"\xff\xfe", "UTF-8"),
        ("max_current", b"ten", "number of ampere"),
        ("max_current", b"nan", "number of ampere"),
        ("max_current", b"inf", "number of ampere"),
        ("max_current", b"-6", "number of ampere"),
        ("operation_mode", b"UNKNOWN", "one of SELF_RELIANCE"),
        ("reboot", b"1", "no command 'reboot'"),
        (None, b"ON", "not JSON"),
        (None, b"[]", "JSON object with one of"),
        (None, b"{}", "JSON object with one of"),
        (None, b'{"charging": "ON", "max_current": 6}', "JSON object with one of"),
        (None, b"[" * 10_000, "not JSON"),
        (None, b'{"charging": null}', "ON or OFF"),
        (None, b'{"max_current": {"a": 1}}', "number of ampere"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    key: str | None, payload: bytes, reason: str
) -> None:
    with pytest.raises(InvalidError, match=reason):
        command(Target(WALLBOX, key), payload, state(AssetKind.CHARGER))


@given(st.sampled_from([*KEYS, "x", None]), st.binary(max_size=200))
def test_any_bytes_are_a_command_or_refused(key: str | None, payload: bytes) -> None:
    with contextlib.suppress(InvalidError):
        command(Target(WALLBOX, key), payload, state(AssetKind.CHARGER))


def test_a_command_goes_to_the_asset_its_topic_names() -> None:
    wallbox = state(AssetKind.CHARGER)
    site = Site({wallbox.asset.id: wallbox})

    assert addressee(Target(WALLBOX, "charging"), site) is wallbox
    with pytest.raises(NotFoundError, match="no battery charger"):
        addressee(Target(Place("battery", "charger"), "charging"), site)
