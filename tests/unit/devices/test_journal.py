"""What the journal tells of: only commands that Enode has a word for."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.devices import journal
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Action, ActionState, Command, SetOperationMode
from gatewayd.model.power import Hold, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.state import actions, outbox
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

PLAIN = Action("1", "ada", "attic", AssetKind.BATTERY, Hold(), "plan", NOW, NOW)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (Hold(), 0),
        (SetBatteryPower(-500), 0),
        (SetOperationMode(OperationMode.SELF_RELIANCE), 1),
    ],
)
async def test_an_end_is_told_if_the_api_can_show_the_action(
    db: Path, command: Command, told: int
) -> None:
    action = replace(PLAIN, command=command)
    ended = action.ended(ActionState.CONFIRMED, NOW)
    async with Database.open(db) as database:
        await database.write(lambda c: actions.insert(c, action))
        assert await database.write(lambda c: journal.end(c, ended))

        assert await database.read(lambda c: actions.get(c, "1")) == ended
        assert len(await database.read(lambda c: outbox.after(c, 0))) == told
