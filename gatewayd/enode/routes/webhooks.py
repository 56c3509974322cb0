"""Webhooks."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import TypeVar

from fastapi import Request, Response

from gatewayd.enode import missing, versions
from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.delivery.payload import trial
from gatewayd.enode.delivery.sending import send
from gatewayd.enode.paging import Paging, key_of, page
from gatewayd.enode.problems import issue
from gatewayd.enode.routes.parameters import WebhookId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import webhook as view
from gatewayd.enode.wire.base import Page
from gatewayd.enode.wire.webhook import (
    WebhookCreatePayload,
    WebhookResponse,
    WebhookUpdatePayload,
)
from gatewayd.errors import InvalidError
from gatewayd.state import webhooks
from gatewayd.state.webhooks import Webhook

router = client_router()

_Body = TypeVar("_Body", WebhookCreatePayload, WebhookUpdatePayload)
_Result = TypeVar("_Result")

_DEFAULTS: dict[str, object] = {
    "events": [webhooks.EVERYTHING],
    "api_version": None,
    "header_name": None,
    "header_value": None,
}


@router.get("/webhooks")
async def list_webhooks(ask: Ask, paging: Paging) -> Response:
    """The caller's webhooks."""
    client_id = await ask.client_id()
    found = await ask.api.services.db.read(lambda c: webhooks.load(c, client_id))
    shown, cursors = page(found, lambda one: key_of(one.created_at, one.id), paging)
    models = [view.webhook(one) for one in shown]
    return ok(Page[WebhookResponse](data=models, pagination=cursors))


@router.post("/webhooks", responses={400: {}})
async def create_webhook(ask: Ask) -> Response:
    """A new receiver, which gets what happens from now on."""
    values = _DEFAULTS | _values(ask.api, await _payload(ask, WebhookCreatePayload))
    client_id, now = await ask.client_id(), ask.api.services.clock.now()
    added = await _write(ask.api, lambda c: webhooks.add(c, client_id, values, now))
    return ok(view.webhook(added))


@router.get("/webhooks/{webhookId}", responses={404: {}})
async def get_webhook(ask: Ask, webhook_id: WebhookId) -> Response:
    """One webhook."""
    return ok(view.webhook(await _known(ask, webhook_id)))


@router.patch("/webhooks/{webhookId}", responses={404: {}})
async def update_webhook(ask: Ask, webhook_id: WebhookId) -> Response:
    """Replace what the body names; an inactive webhook becomes active."""
    await _known(ask, webhook_id)
    values = _values(ask.api, await _payload(ask, WebhookUpdatePayload))
    changed = await _write(ask.api, lambda c: webhooks.change(c, webhook_id, values))
    if changed is None:
        raise missing.webhook(webhook_id)
    return ok(view.webhook(changed))


@router.delete("/webhooks/{webhookId}", responses={404: {}})
async def delete_webhook(ask: Ask, webhook_id: WebhookId) -> Response:
    """Remove a webhook, and with it what waits for it."""
    await _known(ask, webhook_id)
    if not await ask.api.services.db.write(lambda c: webhooks.remove(c, webhook_id)):
        raise missing.webhook(webhook_id)
    return nothing()


@router.post("/webhooks/{webhookId}/test", responses={404: {}})
async def test_webhook(ask: Ask, webhook_id: WebhookId) -> Response:
    """Deliver a test event now; a success makes an inactive webhook active."""
    webhook, services = await _known(ask, webhook_id), ask.api.services
    version = webhook.version(services.settings.default_version)
    now = services.clock.now()
    outcome = await send(services.http, webhook, trial(version, now), now)
    if outcome.is_success:
        await services.db.write(lambda c: webhooks.succeeded(c, webhook_id, services.clock.now()))
    return ok(view.test_result(webhook, outcome))


async def _known(ask: Ask, webhook_id: str) -> Webhook:
    """One of the caller's webhooks; another client's is as good as none."""
    client_id = await ask.client_id()
    found = await ask.api.services.db.read(lambda c: webhooks.get(c, webhook_id))
    if found is None or found.client_id != client_id:
        raise missing.webhook(webhook_id)
    return found


async def _payload(request: Request, model: type[_Body]) -> _Body:
    try:
        return await payload(request, model)
    except InvalidError as error:
        raise _not_valid(error) from error


def _values(api: Api, body: WebhookCreatePayload | WebhookUpdatePayload) -> dict[str, object]:
    """What was sent, by column; raises InvalidError for what could never be delivered."""
    sent = body.model_fields_set
    values = body.model_dump(include=sent - {"authentication"})
    if "authentication" in sent:
        own = body.authentication
        values["header_name"] = own.header_name if own else None
        values["header_value"] = own.header_value if own else None
    if "url" in sent:
        _check("url", lambda: api.services.http.check(body.url))
    if body.api_version is not None:
        _check("apiVersion", lambda: versions.effective(body.api_version, versions.NEWEST))
    return values


def _check(key: str, check: Callable[[], object]) -> None:
    try:
        check()
    except InvalidError as error:
        raise _not_valid(error, key) from error


async def _write(api: Api, change: Callable[[Connection], _Result]) -> _Result:
    try:
        return await api.services.db.write(change)
    except InvalidError as error:
        raise _not_valid(error, "url") from error


def _not_valid(error: InvalidError, key: str | None = None) -> InvalidError:
    """The same fault in the words Enode has for webhooks."""
    told = issue("invalid_webhook", [key] if key else [], error.detail)
    return InvalidError(
        "The webhook input is not valid.",
        title="Webhook input is not valid.",
        issues=error.issues or (told,),
    )
