"""Flex: policies of vehicles, what they could take, and what moves it."""

from datetime import timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import Query, Response
from pydantic import TypeAdapter

from gatewayd.control.steering.flex import flexible, zone_of
from gatewayd.control.steering.smart_charging import reading
from gatewayd.enode import missing
from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import parsed, payload
from gatewayd.enode.routes.parameters import PolicyId
from gatewayd.enode.routes.statistics import Instant
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import flex as view
from gatewayd.enode.wire import flex as wire
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.flex import FlexAgreement, FlexIntent, FlexPolicy
from gatewayd.model.reading import VehicleReading
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.flex.intent import preview, rule_faults
from gatewayd.plan.flex.policy import check_override, flex_status
from gatewayd.plan.flex.shape import chunk_start, flex_shape
from gatewayd.plan.prices import price_slots
from gatewayd.state import flex

router = client_router()

_OVERRIDE: TypeAdapter[wire.FlexOverride] = TypeAdapter(wire.FlexOverride)
_DAY = timedelta(days=1)


@router.post("/flex/vehicle-policies")
async def create_flex_policy(ask: Ask) -> Response:
    """A new policy of a vehicle that has none."""
    asked = await payload(ask, wire.FlexPolicyPayload)
    policy = view.policy_of(asked, str(uuid4()))
    vehicle = ask.api.asset(AssetKind.VEHICLE, policy.vehicle_id).asset
    async with ask.api.steering.deciding:
        await ask.api.steering.read()
        _check_place(ask.api, policy, vehicle.user_id)
        now = ask.api.services.clock.now()
        made = FlexAgreement(policy, vehicle.user_id, now)
        await ask.api.steering.commit(lambda c: flex.put(c, made))
    return ok(view.policy(policy))


@router.get("/flex/vehicle-policies/{policyId}")
async def get_flex_policy(ask: Ask, policy_id: PolicyId) -> Response:
    """One policy."""
    return ok(view.policy(_known(ask.api, policy_id).policy))


@router.delete("/flex/vehicle-policies/{policyId}")
async def delete_flex_policy(ask: Ask, policy_id: PolicyId) -> Response:
    """Forget a policy; its vehicle charges as it likes."""
    _known(ask.api, policy_id)
    await ask.api.steering.change(lambda c: flex.remove(c, policy_id))
    return nothing()


@router.post("/flex/vehicle-policies/{policyId}/overrides")
async def create_flex_policy_override(ask: Ask, policy_id: PolicyId) -> Response:
    """Ask for something else for now; replaces what was asked before."""
    _known(ask.api, policy_id)
    asked = await parsed(ask, _OVERRIDE.validate_json)
    now = ask.api.services.clock.now()
    override = view.override_of(asked, now)
    check_override(override)
    async with ask.api.steering.deciding:
        known = _known(ask.api, policy_id)
        made = FlexAgreement(known.policy, known.user_id, now, override)
        await ask.api.steering.commit(lambda c: flex.change(c, made))
    return ok(view.override(override, policy_id))


@router.delete("/flex/vehicle-policies/{policyId}/overrides")
async def delete_flex_policy_override(ask: Ask, policy_id: PolicyId) -> Response:
    """Ask for what the policy says again."""
    _known(ask.api, policy_id)
    async with ask.api.steering.deciding:
        known = _known(ask.api, policy_id)
        cleared = FlexAgreement(known.policy, known.user_id, ask.api.services.clock.now())
        await ask.api.steering.commit(lambda c: flex.change(c, cleared))
    return nothing()


@router.get("/flex/vehicle-policies/{policyId}/status")
async def get_flex_policy_status(ask: Ask, policy_id: PolicyId) -> Response:
    """Where a policy stands."""
    _known(ask.api, policy_id)
    await ask.api.steering.look()
    known = _known(ask.api, policy_id)
    state = ask.api.services.store.site.assets.get(known.policy.vehicle_id)
    said = reading(state) if state else VehicleReading()
    zone = zone_of(ask.api.steering.known, known)
    found = flex_status(known.policy, known.override, said, ask.api.services.clock.now(), zone)
    return ok(view.status(found, known))


@router.get("/flex/shape")
async def get_flex_shape(
    ask: Ask,
    start: Annotated[Instant | None, Query(alias="startAt")] = None,
    end: Annotated[Instant | None, Query(alias="endAt")] = None,
) -> Response:
    """What all vehicles will take, and how far that can be moved."""
    await ask.api.steering.look()
    known = ask.api.steering.known
    vehicles = flexible(known, ask.api.services.store.site)
    now = ask.api.services.clock.now()
    return ok(view.shape(flex_shape(vehicles, known.intent.rules, now, start, end)))


@router.get("/flex/intent")
async def get_flex_intent(ask: Ask) -> Response:
    """The rules in force."""
    return ok(view.intent(ask.api.steering.known.intent))


@router.put("/flex/intent")
async def update_flex_intent(ask: Ask) -> Response:
    """Replace all rules."""
    rules = view.rules_of((await payload(ask, wire.FlexIntentPayload)).rules)
    faults = rule_faults(rules)
    if faults:
        raise InvalidError(faults[0])
    wanted = FlexIntent(str(uuid4()), rules)
    await ask.api.steering.change(lambda c: flex.put_intent(c, wanted))
    return nothing()


@router.post("/flex/intent/preview")
async def preview_flex_intent_update(ask: Ask) -> Response:
    """What other rules would lead to."""
    asked = await payload(ask, wire.FlexIntentPreviewPayload)
    await ask.api.steering.look()
    known, now = ask.api.steering.known, ask.api.services.clock.now()
    slots, currency = _prices(ask.api)
    found = preview(
        view.rules_of(asked.rules),
        asked.previous_revision_id,
        known.intent,
        flexible(known, ask.api.services.store.site),
        now,
        slots=slots,
        currency=currency,
    )
    return ok(view.preview(found))


def _known(api: Api, policy_id: str) -> FlexAgreement:
    found = api.steering.known.agreements.get(policy_id)
    if found is None:
        raise NotFoundError(f"Could not find flex policy with ID {policy_id[:50]}")
    return found


def _check_place(api: Api, policy: FlexPolicy, user_id: str) -> None:
    """Raise unless the location is the user's and the vehicle has no policy yet."""
    known = api.steering.known
    place = known.places.get(policy.location_id)
    if place is None or place.user_id != user_id:
        raise missing.location(policy.location_id[:50])
    for agreement in known.agreements.values():
        if agreement.policy.vehicle_id == policy.vehicle_id:
            raise InvalidError(f"the vehicle has policy {agreement.policy.id}: delete it first")


def _prices(api: Api) -> tuple[tuple[PriceSlot, ...], str]:
    """The coming day's prices where the first policy applies; a home has one tariff."""
    known, now = api.steering.known, api.services.clock.now()
    for agreement in known.agreements.values():
        prices = known.prices.get(agreement.policy.location_id)
        if prices is not None:
            return price_slots(prices, chunk_start(now), now + _DAY), prices.currency
    return (), ""
