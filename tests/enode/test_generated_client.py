"""Clients of a stock generator, made from the published contract and from our own description."""

import importlib
import inspect
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.enode.openapi.document import document
from tests.enode import contract
from tests.enode.generated import Package, generate
from tests.enode.home import home
from tests.enode.hooks import hooks
from tests.enode.test_transport import served
from tests.enode.tours import TOURS, Tour, devices, offering
from tests.fakes.receiver import Authority

PUBLISHED = json.loads(Path(__file__).with_name("openapi-normalised.json").read_text())
OPERATIONS = {described["operationId"]: described for _, _, described in contract.operations()}
# What the generator cannot make of the published contract, by its names that are there twice, and
# the two whose answers the contract leaves out: these are called by a client of our description.
UNUSABLE = {
    "createSchedule",
    "getFlexPolicyStatus",
    "getIntervention",
    "getSchedule",
    "getSchedules",
    "getVehiclesAction",
    "listInterventions",
    "postAssetsAssetidRelink",
    "postSetHvacPermanentHold",
    "updateSchedule",
}


@dataclass(frozen=True)
class Packages:
    """The client of the contract, and that of our own description."""

    published: Package
    own: Package

    def of(self, operation_id: str) -> Package:
        return self.own if operation_id in UNUSABLE else self.published


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packages]:
    folder = tmp_path_factory.mktemp("generated")
    made = Packages(
        generate(PUBLISHED, "client_of_the_contract", folder),
        generate(document(), "client_of_ours", folder),
    )
    sys.path.insert(0, str(folder))
    yield made
    sys.path.remove(str(folder))


@pytest_asyncio.fixture
async def a_tour(packages: Packages, tmp_path: Path) -> AsyncIterator[Tour]:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(home(tmp_path, devices()))
        offering(made)
        running = await stack.enter_async_context(hooks(made, Authority(tmp_path)))
        port = await stack.enter_async_context(served(made, "httptools"))
        token = made.http.headers["Authorization"].removeprefix("Bearer ")
        clients = {}
        for package in (packages.published, packages.own):
            client = package.connect(f"http://127.0.0.1:{port}", token)
            clients[package.name] = await stack.enter_async_context(client)
        yield Tour(running, packages.of, clients)


@pytest.mark.parametrize("tag", TOURS)
async def test_a_generated_client_reads_what_every_operation_answers(
    a_tour: Tour, tag: str
) -> None:
    await TOURS[tag](a_tour)

    wanted = {id_ for id_, described in OPERATIONS.items() if tag in described["tags"][:1]}
    assert wanted <= a_tour.called


async def test_a_change_by_our_own_client_keeps_what_it_does_not_name(
    a_tour: Tour, packages: Packages
) -> None:
    by_own = replace(a_tour, package=lambda _: packages.own)
    place_id = a_tour.home.location.id
    before = await by_own.call("getLocation", location_id=place_id)

    after = await by_own.call("updateLocation", location_id=place_id, body={"name": "Hut"})

    assert after.to_dict() == before.to_dict() | {"name": "Hut"}


def test_every_operation_is_on_a_tour() -> None:
    assert {described["tags"][0] for described in OPERATIONS.values()} == set(TOURS)
    assert len(OPERATIONS) == 100


def test_our_own_description_makes_a_whole_client(packages: Packages) -> None:
    assert "WARNING" not in packages.own.told.upper()
    for module in packages.own.modules():
        importlib.import_module(module)
    unreadable = {id_ for id_ in OPERATIONS if not reads(packages.own, id_)}
    assert unreadable == set()


def test_what_the_contract_s_client_cannot_do_is_known(packages: Packages) -> None:
    unreadable = {id_ for id_ in OPERATIONS if not reads(packages.published, id_)}

    assert unreadable == UNUSABLE


def reads(package: Package, operation_id: str) -> bool:
    """Whether a client can call an operation, and reads the body of its success as a model."""
    try:
        function = package.operation(operation_id).asyncio_detailed
    except ImportError:
        return False
    (answer,) = inspect.signature(function).return_annotation.__args__
    return "200" not in OPERATIONS[operation_id]["responses"] or answer is not Any
