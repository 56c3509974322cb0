"""Link sessions: the pages on which people allow clients to use their devices."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from fastapi import Response

from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.offers import offered
from gatewayd.enode.problems import issue
from gatewayd.enode.routes.parameters import AssetId, LinkUserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import link as view
from gatewayd.enode.views import scopes
from gatewayd.enode.wire.link import LinkUserPayload, RelinkUserPayload
from gatewayd.errors import ForbiddenError, InvalidError
from gatewayd.model.asset import Asset, AssetKind, Consent
from gatewayd.state import consents, grants, links, meta, users
from gatewayd.state.links import Wanted

router = client_router()

_BROKEN = (Consent.INVALID, Consent.WITHDRAWN)


@router.post("/users/{userId}/link", responses={403: {}})
async def post_users_userid_link(ask: Ask, user_id: LinkUserId) -> Response:
    """A page on which a person links devices for a user, who is created if need be."""
    asked = await payload(ask, LinkUserPayload)
    granted = await _granted(ask.api, asked)
    wanted = _wanted(asked, await ask.client_id(), user_id, granted)
    if (
        await ask.api.services.db.read(consents.connections)
        >= ask.api.services.settings.max_connections
    ):
        raise ForbiddenError(
            f"Unable to create more connections for ClientID: {wanted.client_id}",
            title="Connections limit reached.",
        )
    return await _started(ask, replace(wanted, vendor=asked.only_vendor))


@router.post("/assets/{assetId}/relink")
async def post_assets_assetid_relink(ask: Ask, asset_id: AssetId) -> Response:
    """A page on which the link of an asset's device is mended."""
    asked = await payload(ask, RelinkUserPayload)
    state = ask.api.services.store.site.assets.get(asset_id)
    if state is None or state.asset.consent is Consent.NONE:
        raise InvalidError(f"Could not find asset with ID {asset_id}")
    if state.asset.consent not in _BROKEN:
        raise InvalidError(f"Asset {asset_id} is linked and valid: there is nothing to mend")
    granted = _scopes_of_device(ask.api, state.asset)
    wanted = _wanted(asked, await ask.client_id(), state.asset.user_id, granted)
    return await _started(ask, replace(wanted, asset_id=asset_id))


async def _started(ask: Ask, wanted: Wanted) -> Response:
    services, now = ask.api.services, ask.api.services.clock.now()
    token = await services.db.write(lambda c: _start(c, wanted, now))
    base_url = services.settings.public_url or str(ask.base_url)
    return ok(view.response(base_url, token))


def _start(c: sqlite3.Connection, wanted: Wanted, now: datetime) -> str:
    users.ensure(c, wanted.user_id, now)
    meta.unmark_erased(c, wanted.user_id)
    return links.start(c, wanted, now)


def _wanted(
    asked: RelinkUserPayload, client_id: str, user_id: str, granted: Iterable[str]
) -> Wanted:
    return Wanted(
        user_id=user_id,
        client_id=client_id,
        scopes=tuple(dict.fromkeys(granted)),
        language=asked.language,
        color_scheme=asked.color_scheme,
        redirect_uri=asked.redirect_uri,
    )


def _scopes_of_device(api: Api, asset: Asset) -> list[str]:
    """Everything granted on an asset's device to its user."""
    states = api.services.store.site.of_device(asset.device_id)
    theirs = [s.asset for s in states if s.asset.user_id == asset.user_id]
    return [scope for one in theirs for scope in scopes.granted(one)]


async def _granted(api: Api, asked: LinkUserPayload) -> list[str]:
    """The scopes the session is about; raises InvalidError for what does not fit together."""
    kinds = view.kinds_asked(asked.scopes)
    for kind in sorted(kinds - grants.readable(asked.scopes)):
        raise _invalid("scopes", f"must contain {kind}:read:data")
    if asked.only_kind is not None:
        if asked.only_kind not in kinds:
            raise _invalid("scopes", f"must contain {asked.only_kind}:read:data")
        kinds = frozenset({asked.only_kind})
    if asked.only_vendor is not None:
        kinds = await _made_by(api, asked.only_vendor, kinds)
    return [scope for scope in asked.scopes if view.kinds_asked([scope]) <= kinds]


async def _made_by(api: Api, vendor: str, kinds: frozenset[AssetKind]) -> frozenset[AssetKind]:
    """Those of the kinds that the vendor makes; raises InvalidError when there are none."""
    offers = await offered(api)
    driven = {(offer.vendor, kind) for offer in offers for kind in offer.kinds}
    makes = view.kinds_of(vendor, driven)
    if not makes:
        raise _invalid("vendor", "is unknown: see GET /integrations")
    if not kinds & makes:
        raise _invalid("vendor", f"has no {' or '.join(sorted(kinds))}: it has {', '.join(makes)}")
    return kinds & makes


def _invalid(name: str, message: str) -> InvalidError:
    fault = issue("invalid_link", [name], message)
    return InvalidError(f"{name} {message}", issues=(fault,))
