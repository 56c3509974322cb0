"""The version of a client that names none in its requests."""

from datetime import timedelta

from gatewayd.state import clients
from tests.enode.home import Home


async def pin(a_home: Home, version: str | None) -> None:
    client_id = a_home.client.id
    await a_home.db.write(lambda c: clients.pin(c, client_id, version))
    # Tokens are looked up anew after half a minute.
    await a_home.clock.advance(timedelta(seconds=31).total_seconds())


async def test_a_client_speaks_its_own_version_unless_it_names_another(a_home: Home) -> None:
    newest = await a_home.http.get("/users/anna")
    await pin(a_home, "2024-10-01")
    pinned = await a_home.http.get("/users/anna")
    named = await a_home.http.get("/users/anna", headers={"Enode-Version": "2025-10-01"})

    assert newest.headers["Enode-Version"] == "2025-10-01"
    assert pinned.headers["Enode-Version"] == "2024-10-01"
    assert named.headers["Enode-Version"] == "2025-10-01"


async def test_who_holds_no_token_gets_the_default(a_home: Home) -> None:
    await pin(a_home, "2024-10-01")

    anonymous = await a_home.http.get("/integrations", headers={"Authorization": "Bearer no"})

    assert anonymous.headers["Enode-Version"] == "2025-10-01"
