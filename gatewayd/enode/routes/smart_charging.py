"""Smart charging of vehicles, and its override."""

from datetime import timedelta

from fastapi import Response

from gatewayd.control.steering import overrides, wishes
from gatewayd.control.steering.decision import linked
from gatewayd.control.steering.smart_charging import is_capable, reading
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.routes import actions
from gatewayd.enode.routes.parameters import PlanId, VehicleId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import smart_charging as view
from gatewayd.enode.views.vehicle import smart_charging_policy
from gatewayd.enode.wire.smart_charging import PartialSmartChargingPolicy
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.site import AssetState
from gatewayd.plan.prices import price_slots
from gatewayd.plan.smart.policy import TITLE, Prerequisites, enabling_refusal
from gatewayd.state import smart_charging

router = client_router()

_LATEST = "latest"
_DAY = timedelta(days=1)


@router.get("/vehicles/{vehicleId}/smart-charging-policy")
async def get_vehicles_vehicleid_smartchargingpolicy(ask: Ask, vehicle_id: VehicleId) -> Response:
    """What the user wants of smart charging."""
    vehicle = ask.api.asset(AssetKind.VEHICLE, vehicle_id).asset
    return ok(smart_charging_policy(ask.api.steering.policy(vehicle.id)))


@router.put("/vehicles/{vehicleId}/smart-charging-policy", responses={400: {}})
async def update_vehicle_smart_charging_policy(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Replace what the body names; an enabled policy disables the vehicle's schedules."""
    ask.api.asset(AssetKind.VEHICLE, vehicle_id)
    change = await payload(ask, PartialSmartChargingPolicy)
    async with ask.api.steering.deciding:
        # A tariff may have come a moment ago.
        await ask.api.steering.read()
        state = ask.api.asset(AssetKind.VEHICLE, vehicle_id)
        policy = view.policy_of(change, ask.api.steering.policy(vehicle_id))
        refused = enabling_refusal(policy, _prerequisites(ask.api, state))
        if refused:
            raise InvalidError(refused, title=TITLE)
        await ask.api.steering.commit(lambda c: wishes.put_policy(c, state.asset, policy))
    return ok(smart_charging_policy(policy))


@router.get("/vehicles/{vehicleId}/smart-charging-status")
async def get_vehicles_vehicleid_smartchargingstatus(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Where smart charging stands, also of a vehicle that never had it."""
    vehicle = ask.api.asset(AssetKind.VEHICLE, vehicle_id).asset
    await ask.api.steering.look()
    return ok(view.status(ask.api.steering.known.smart_of(vehicle)))


@router.get("/vehicles/{vehicleId}/smart-charging-plans/{smartChargingPlanId}")
async def get_vehicles_vehicleid_smartchargingplans(
    ask: Ask, vehicle_id: VehicleId, plan_id: PlanId
) -> Response:
    """One plan, or the latest."""
    vehicle = ask.api.asset(AssetKind.VEHICLE, vehicle_id).asset
    found = await ask.api.services.db.read(
        lambda c: (
            smart_charging.latest_plan(c, vehicle_id)
            if plan_id == _LATEST
            else smart_charging.plan(c, vehicle_id, plan_id)
        )
    )
    if found is None:
        raise NotFoundError(f"Could not find smart charging plan {plan_id}")
    return ok(view.plan(found, ask.api.steering.known.smart_of(vehicle)))


@router.post("/vehicles/{vehicleId}/smart-override")
async def vehicle_create_smart_override(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Charge now, whatever schedule or plan say."""
    state = ask.api.asset(AssetKind.VEHICLE, vehicle_id)
    actions.check_control(state.asset)
    services = ask.api.services
    made = await overrides.begin(ask.api.steering, services.commander, state, services.clock.now())
    return ok(view.override(made, state.asset))


@router.delete("/vehicles/{vehicleId}/smart-override", responses={404: {}})
async def vehicle_end_smart_override(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Let schedule or plan decide again; they may stop the charging."""
    state = ask.api.asset(AssetKind.VEHICLE, vehicle_id)
    services = ask.api.services
    ended = await overrides.end(ask.api.steering, services.commander, state, services.clock.now())
    return ok(view.override(ended, state.asset))


def _prerequisites(api: Api, state: AssetState) -> Prerequisites:
    vehicle = linked(state)
    return Prerequisites(
        vehicle=reading(state),
        is_capable=vehicle is not None and is_capable(vehicle.asset),
        has_prices=_has_prices(api, state.asset.user_id),
        is_taken=_is_taken(api, state.asset),
    )


def _has_prices(api: Api, user_id: str) -> bool:
    """Whether any price of the coming day is known at any of the user's locations."""
    known, now = api.steering.known, api.services.clock.now()
    own = [place.id for place in known.places.values() if place.user_id == user_id]
    slots = [slot for one in own for slot in price_slots(known.prices[one], now, now + _DAY)]
    return any(slot.price is not None for slot in slots)


def _is_taken(api: Api, vehicle: Asset) -> bool:
    """Whether another user has it enabled for the same car, known by its VIN."""
    if vehicle.serial is None:
        return False
    return any(
        state.asset.serial == vehicle.serial
        and state.asset.user_id != vehicle.user_id
        and api.steering.policy(state.asset.id).is_enabled
        for state in api.services.store.site.of_kind(AssetKind.VEHICLE)
    )
