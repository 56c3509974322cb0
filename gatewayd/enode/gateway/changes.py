"""What is new in the home since the last look, as events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gatewayd.enode.api import Api, is_linked, shown
from gatewayd.enode.events.documents import Documents, data
from gatewayd.enode.gateway import home, views
from gatewayd.enode.views.base import kilo
from gatewayd.enode.wire.base import iso_ms
from gatewayd.model.flow import Flow, flow
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is new. `text` is its JSON."""

    event: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What was there at a look. Devices are by what matters of their links: not each read is."""

    assets: Mapping[str, AssetState] = field(default_factory=dict)
    devices: Mapping[str, object] = field(default_factory=dict)
    flow: Flow | None = None


def look(api: Api) -> Seen:
    """What is there now."""
    site = api.services.store.site
    states = {key: shown(state) for key, state in site.assets.items() if is_linked(state)}
    return Seen(states, {one.id: _link(api, one.id) for one in home.devices(api)}, flow(site))


def news(api: Api, places: Mapping[str, Location], before: Seen, after: Seen) -> Iterator[News]:
    """What came between two looks; all that there is when nothing was seen before."""
    if after.flow != before.flow and after.flow is not None:
        yield _news("site", {"at": iso_ms(api.services.clock.now()), **_flow(after.flow)})
    yield from _devices(api, before, after)
    documents = Documents(places, api.services.controllers.policy)
    for asset_id, state in after.assets.items():
        yield from _asset(documents, before.assets.get(asset_id), state)
    for asset_id in before.assets.keys() - after.assets.keys():
        yield _news("asset", {"assetId": asset_id, "asset": None})


def _devices(api: Api, before: Seen, after: Seen) -> Iterator[News]:
    for one in home.devices(api):
        if one.id in after.devices and before.devices.get(one.id) != after.devices[one.id]:
            yield News("device", home.device(api, one).model_dump_json(by_alias=True))
    for device_id in before.devices.keys() - after.devices.keys():
        yield _news("device", {"id": device_id, "isGone": True})


def _asset(documents: Documents, before: AssetState | None, after: AssetState) -> Iterator[News]:
    """An asset, its action and its decision, each where it is another one."""
    asset = after.asset
    head: dict[str, object] = {"assetId": asset.id, "kind": asset.kind}
    is_known = before is not None and _said(before) == _said(after)
    if not is_known:
        yield _news("asset", {**head, "slug": asset.slug, "asset": documents.of(after)})
    if not home.may_tell(asset):
        return
    action, decision = after.action, after.decision
    if action and (before is None or before.action != action):
        yield _news("action", {**head, **data(views.outcome(action))})
    if decision and (before is None or before.decision != decision):
        view = data(views.decision(decision, "", None))
        del view["id"], view["outcome"]
        yield _news("decision", {**head, **view})


def _said(state: AssetState) -> object:
    reading = state.sample.reading if state.sample else None
    return state.asset, reading, state.is_reachable


def _link(api: Api, device_id: str) -> object:
    health = home.poller(api).health(device_id)
    if health is None:
        return None
    return health.is_reachable, health.last_error, health.failures > 0, health.is_locked_out


def _flow(now: Flow) -> dict[str, float | None]:
    """Power in kW: grid import +, battery charging +."""
    return {
        "gridPower": kilo(now.grid_w),
        "solarPower": kilo(now.pv_w),
        "batteryPower": kilo(now.battery_w),
        "chargerPower": kilo(now.charger_w),
        "homePower": kilo(now.home_w),
    }


def _news(event: str, body: Mapping[str, object]) -> News:
    return News(event, json.dumps(body, separators=(",", ":"), ensure_ascii=False))
