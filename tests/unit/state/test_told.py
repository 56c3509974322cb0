"""What was told of assets: the table and the events since."""

from gatewayd.model.asset import AssetKind
from gatewayd.state import outbox, told
from gatewayd.state.db import Database
from gatewayd.state.told import Told
from tests.unit.state.conftest import NOW


def meter(power: float, asset_id: str = "1") -> Told:
    return Told(asset_id, AssetKind.METER, "ada", {"id": asset_id, "power": power})


async def tell(db: Database, what: str, told_of: Told) -> None:
    event, body = f"user:meter:{what}", {"meter": told_of.document, "updatedFields": ["power"]}
    await db.write(lambda c: outbox.append(c, event, told_of.asset_id, told_of.user_id, body, NOW))


async def follow(db: Database, *all_told: Told) -> None:
    await db.write(lambda c: told.follow(c, {one.asset_id: one for one in all_told}))


async def test_what_was_told_is_known_from_the_table(db: Database) -> None:
    await follow(db, meter(1.0), meter(2.0, "2"))

    assert await db.read(told.recall) == {"1": meter(1.0), "2": meter(2.0, "2")}


async def test_events_since_count_too_and_in_their_order(db: Database) -> None:
    await follow(db, meter(1.0), meter(2.0, "2"))
    await tell(db, "updated", meter(3.0))
    await tell(db, "updated", meter(4.0))
    await tell(db, "deleted", meter(2.0, "2"))
    await tell(db, "discovered", meter(5.0, "3"))

    assert await db.read(told.recall) == {"1": meter(4.0), "3": meter(5.0, "3")}


async def test_events_that_the_table_has_followed_count_no_more(db: Database) -> None:
    await tell(db, "updated", meter(3.0))

    await follow(db, meter(1.0))

    assert await db.read(told.recall) == {"1": meter(1.0)}


async def test_other_events_and_unfinished_ones_tell_nothing(db: Database) -> None:
    for event in ("user:meter:discovered", "user:vendor-action:updated", "user:updated", "odd"):
        await db.write(lambda c, event=event: outbox.append(c, event, "1", "ada", {}, NOW))  # type: ignore[misc]

    assert await db.read(told.recall) == {}
