"""The bodies the steps are tested with are what the contract says."""

import re
from typing import Any

import pytest

from tests.enode import contract
from tests.enode.versions.samples import (
    AGNOSTIC,
    ANSWERS,
    CONSIDERING,
    TEMPERATURE_STATUS,
)

SCHEMAS = {
    re.sub(r"(?<=[a-z])(?=[A-Z])", "_", described["operationId"]).lower(): next(
        iter(described["responses"]["200"]["content"].values())
    )["schema"]
    for _, _, described in contract.operations()
    if described["responses"].get("200", {}).get("content")
}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        *ANSWERS.items(),
        ("get_schedule_status", TEMPERATURE_STATUS),
        ("get_vehicles_vehicleid_smartchargingstatus", CONSIDERING),
        ("get_intervention", AGNOSTIC),
    ],
)
def test_a_sample_is_as_the_contract_says(operation: str, body: Any) -> None:
    assert contract.schema_faults(SCHEMAS[operation], body) == []
