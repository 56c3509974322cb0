"""The one webhook that there was before there could be many; it is one of them now."""

from sqlite3 import Connection

from fastapi import Response

from gatewayd.enode import missing
from gatewayd.enode.answers import nothing
from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.routes.webhooks import test_webhook
from gatewayd.enode.versions.legacy import legacy_router, spoken
from gatewayd.enode.wire.legacy import FirehosePayload
from gatewayd.state import meta, webhooks

router = legacy_router(until="2024-10-01")


@router.put("/webhooks/firehose")
async def put_webhooks_firehose(ask: Ask) -> Response:
    """Send all events there, in the form of the version that asks for them."""
    wanted = await payload(ask, FirehosePayload)
    ask.api.services.http.check(wanted.url)
    values = {**wanted.model_dump(), "api_version": spoken(ask)}
    client_id, now = await ask.client_id(), ask.api.services.clock.now()

    def put(c: Connection) -> None:
        known = meta.firehose(c, client_id)
        if known and webhooks.change(c, known, values):
            return
        everything = {"events": [webhooks.EVERYTHING], "header_name": None, "header_value": None}
        made = webhooks.add(c, client_id, {**values, **everything}, now)
        meta.set_firehose(c, client_id, made.id)

    await ask.api.services.db.write(put)
    return nothing()


@router.delete("/webhooks/firehose")
async def delete_webhooks_firehose(ask: Ask) -> Response:
    """Send nothing more there."""
    webhook_id = await _known(ask)
    if not await ask.api.services.db.write(lambda c: webhooks.remove(c, webhook_id)):
        raise missing.webhook(webhook_id)
    return nothing()


@router.post("/webhooks/firehose/test")
async def post_webhooks_firehose_test(ask: Ask) -> Response:
    """Deliver a test event there now."""
    return await test_webhook(ask, await _known(ask))


async def _known(ask: Ask) -> str:
    client_id = await ask.client_id()
    webhook_id = await ask.api.services.db.read(lambda c: meta.firehose(c, client_id))
    if webhook_id is None:
        raise missing.webhook("firehose")
    return webhook_id
