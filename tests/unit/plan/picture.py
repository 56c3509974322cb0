"""Assets as the planner sees them, for tests."""

from datetime import UTC, datetime, timedelta

from gatewayd.model.asset import Asset, AssetKind, Capability, Role
from gatewayd.model.command import Action, ActionState, Command
from gatewayd.model.reading import (
    ChargerReading,
    HvacReading,
    PowerDelivery,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.model.site import AssetState

NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
CAPABILITIES = frozenset(
    {
        Capability.START_CHARGING,
        Capability.STOP_CHARGING,
        Capability.SET_FOLLOW_SCHEDULE,
        Capability.SET_PERMANENT_HOLD,
    }
)

_KINDS = {
    ChargerReading: AssetKind.CHARGER,
    HvacReading: AssetKind.HVAC,
    VehicleReading: AssetKind.VEHICLE,
}


def target(
    reading: Reading,
    *,
    location_id: str | None = "home",
    capabilities: frozenset[Capability] = CAPABILITIES,
    action: Action | None = None,
) -> AssetState:
    asset = Asset(
        id="t",
        device_id="d",
        role="role",
        slug="d",
        user_id="u",
        vendor="ACME",
        brand="Acme",
        model="One",
        spec=Role(_KINDS[type(reading)], capabilities),
        created_at=NOW,
        location_id=location_id,
    )
    return AssetState(asset, Sample(reading, NOW, 0.0), is_reachable=True, action=action)


def charger(delivery: PowerDelivery | None, action: Action | None = None) -> AssetState:
    return target(ChargerReading(power_delivery=delivery), action=action)


def action(
    command: Command,
    state: ActionState = ActionState.PENDING,
    *,
    ended: timedelta = timedelta(0),
) -> Action:
    """One that ended so long before NOW."""
    at = NOW - ended
    pending = Action("a", "u", "t", AssetKind.CHARGER, command, "schedule", at, at)
    return pending if state is ActionState.PENDING else pending.ended(state, at)
