"""Webhooks, from the database to the wire."""

from gatewayd.enode.delivery.sending import Outcome
from gatewayd.enode.wire import webhook as wire
from gatewayd.links.http import Answer
from gatewayd.state.webhooks import Webhook

_HIDDEN = "***"


def webhook(webhook: Webhook) -> wire.WebhookResponse:
    """A webhook as Enode shows it, without what must stay secret."""
    name = webhook.header_name
    return wire.WebhookResponse(
        id=webhook.id,
        url=webhook.url,
        events=list(webhook.events),
        last_success=webhook.last_success_at,
        is_active=webhook.is_active,
        created_at=webhook.created_at,
        api_version=webhook.api_version,
        authentication=wire.ShownAuthentication(header_name=name) if name else None,
    )


def test_result(webhook: Webhook, outcome: Outcome) -> wire.WebhookTestResponse:
    """How a test delivery went, without our secrets, should the receiver echo them."""
    shown = _answer(webhook, outcome.answer) if outcome.answer else None
    if outcome.is_success:
        return wire.WebhookTestResponse(status="SUCCESS", description="delivered", response=shown)
    return wire.WebhookTestResponse(status="FAILURE", description=outcome.why, response=shown)


def _answer(webhook: Webhook, answer: Answer) -> wire.ReceiverResponse:
    secrets = [text for text in (webhook.secret, webhook.header_value) if text]

    def hidden(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    return wire.ReceiverResponse(
        code=answer.status,
        body=hidden(answer.body.decode("utf-8", "replace")),
        headers=[hidden(f"{name}: {value}") for name, value in answer.headers],
    )
