"""A little of what `./run fuzz` sends; the same requests each time."""

from collections.abc import Iterator

import pytest

from tests.fuzz import older
from tests.fuzz.cases import described, operations
from tests.fuzz.documents import documents
from tests.fuzz.drive import Drive
from tests.fuzz.world import World

# Much work, on machines that may be busy.
pytestmark = pytest.mark.timeout(300)

SEED = 1
PARTS = 10
OLDEST = older.OLDER[-1]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def drive(world: World) -> Iterator[Drive]:
    """What must have found nothing."""
    made = Drive(world)
    yield made
    assert not made.report.findings, made.report.text()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_the_contract_says(drive: Drive, part: int) -> None:
    for operation in operations(described(documents()["contract"]))[part::PARTS]:
        drive.systematic(operation, share=12)
    # Else there was nothing but refusals to judge.
    assert len(drive.report.reached) > len(drive.report.operations) * 0.4


@pytest.mark.parametrize("name", ["own", "beyond"])
def test_every_operation_answers_as_we_say(drive: Drive, name: str) -> None:
    for operation in operations(described(documents()[name])):
        # Elsewhere there is nothing to choose but ids.
        if operation.body or operation.query:
            drive.random(operation, 1, SEED)


def test_who_is_no_client_gets_nothing(drive: Drive) -> None:
    for operation in operations(described(documents()["contract"]))[::6]:
        drive.forged(operation, SEED)


def test_what_was_created_can_be_used_until_it_is_gone(drive: Drive) -> None:
    drive.chains(described(documents()["contract"]), count=3, steps=8, start=SEED)


def test_no_caller_of_an_older_version_makes_the_gateway_fail(drive: Drive) -> None:
    older.send_all(OLDEST, drive.world, drive.report, 1, SEED)
    for operation in operations(described(documents()["contract"])):
        if operation.body:
            drive.older(operation, OLDEST, 1, SEED)
