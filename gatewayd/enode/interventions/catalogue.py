"""Which interventions there are. Their ids stay for ever: clients keep them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gatewayd.enode.wire.intervention import Access, Agent, Domain
from gatewayd.model.asset import AssetKind

_SINCE = datetime(2026, 9, 1, tzinfo=UTC)
_CONTROLLED = frozenset({AssetKind.BATTERY, AssetKind.CHARGER, AssetKind.HVAC, AssetKind.VEHICLE})


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing a person can do. `name` is that of its words, `kinds` whom it may help."""

    id: str
    name: str
    domain: Domain
    kinds: frozenset[AssetKind]
    access: Access = "Remote"
    agent: Agent = "User"
    is_link: bool = False
    introduced_at: datetime = _SINCE


READ_ONLY = Intervention("0e1f7c1c-5a0b-4f0e-9d53-6f0f6c1b8a01", "read_only", "Device", _CONTROLLED)
OTHER_DEVICE = Intervention(
    "4b7f9a52-0d1e-4a53-8d8e-2b9a41c5e702", "other_device", "Device", _CONTROLLED
)
CONTROL_SCOPE = Intervention(
    "a3d2c6be-7c14-4d0f-b6a9-91f7d03c4b03", "control_scope", "Account", _CONTROLLED, is_link=True
)
LOCATION_SCOPE = Intervention(
    "c95e0d47-2f86-4b6a-8c1d-58e2a07d9f04",
    "location_scope",
    "Account",
    frozenset({AssetKind.VEHICLE}),
    is_link=True,
)
LOGIN = Intervention(
    "e7a81b30-94f5-4c27-a0d6-3c7b15f2e605", "login", "Account", frozenset(AssetKind), is_link=True
)
OTHER_WRITER = Intervention(
    "5d24c7f3-6b90-4e18-9a3f-c1e0872d4a06", "other_writer", "Device", _CONTROLLED
)

CATALOGUE = (READ_ONLY, OTHER_DEVICE, OTHER_WRITER, CONTROL_SCOPE, LOCATION_SCOPE, LOGIN)
