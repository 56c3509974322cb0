"""One attempt to deliver a payload."""

from dataclasses import dataclass
from datetime import datetime

from gatewayd.enode.delivery import signing
from gatewayd.enode.delivery.payload import Payload
from gatewayd.errors import UpstreamError
from gatewayd.links.http import Answer, HttpLink
from gatewayd.state.webhooks import Webhook

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. `answer` is None when nothing came back; `why` says what was wrong."""

    is_success: bool
    why: str
    answer: Answer | None = None


async def send(
    http: HttpLink, webhook: Webhook, payload: Payload, now: datetime, timeout_s: float = TIMEOUT_S
) -> Outcome:
    """Deliver once. Only an answer of 2xx within the time is a success."""
    headers = signing.headers(webhook, payload.id, payload.body, now)
    try:
        answer = await http.exchange(
            "POST", webhook.url, body=payload.body, headers=headers, timeout_s=timeout_s
        )
    except UpstreamError as error:
        return Outcome(is_success=False, why=str(error))
    if answer.is_success:
        return Outcome(is_success=True, why="", answer=answer)
    return Outcome(is_success=False, why=f"answered {answer.status}, not 2xx", answer=answer)
