"""The views of actions alone: each command's shape, in every state."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gatewayd.enode.views.action import action as action_view
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import OperationMode
from tests.enode import contract

T0 = datetime(2026, 6, 21, 10, 0, 0, 123_456, tzinfo=UTC)
ID = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"

COMMANDS: list[tuple[AssetKind, Command, str, Any]] = [
    (AssetKind.CHARGER, StartCharging(), "ChargeAction", {"kind": "START"}),
    (AssetKind.CHARGER, StopCharging(), "ChargeAction", {"kind": "STOP"}),
    (AssetKind.VEHICLE, StartCharging(), "ChargeAction", {"targetType": "vehicle"}),
    (
        AssetKind.CHARGER,
        SetMaxCurrent(10.0),
        "MaxCurrentAction",
        {"targetState": {"maxCurrent": 10.0}},
    ),
    (
        AssetKind.BATTERY,
        SetOperationMode(OperationMode.TIME_OF_USE),
        "OperationModeAction",
        {"targetState": {"operationMode": "TIME_OF_USE"}},
    ),
]


@pytest.mark.parametrize("reason", [None, *FailureReason])
@pytest.mark.parametrize(("kind", "command", "schema", "expected"), COMMANDS)
def test_an_action_is_shown_in_the_shape_of_its_command(
    kind: AssetKind,
    command: Command,
    schema: str,
    expected: dict[str, Any],
    reason: FailureReason | None,
) -> None:
    made = Action(ID, "anna", ID, kind, command, "api", T0, T0)
    if reason:
        made = made.ended(ActionState.FAILED, T0, reason, "why")

    shown = action_view(made).model_dump(by_alias=True, mode="json")

    assert contract.schema_faults({"$ref": f"#/components/schemas/{schema}"}, shown) == []
    assert expected.items() <= shown.items()
    assert (shown["completedAt"] is None) is (reason is None)
    failure = {"type": reason.value, "detail": "why"} if reason else None
    assert shown.get("failureReason") == (None if kind is AssetKind.BATTERY else failure)
