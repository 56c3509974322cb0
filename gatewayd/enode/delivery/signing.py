"""What proves to a receiver where a payload comes from.

Two ways at once: Enode's header, and those of Standard Webhooks 1.0.0, for which ready-made
libraries check the age too.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from gatewayd.state.webhooks import Webhook

_STANDARD_PREFIX = "whsec_"


def headers(webhook: Webhook, delivery_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one attempt; the signatures are over exactly these bytes."""
    sent_at = str(int(now.timestamp()))
    own = {webhook.header_name: webhook.header_value or ""} if webhook.header_name else {}
    return own | {
        "content-type": "application/json",
        "x-enode-delivery": delivery_id,
        "x-enode-signature": f"sha1={enode_signature(webhook.secret, body)}",
        "webhook-id": delivery_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,{_standard(webhook.secret, delivery_id, sent_at, body)}",
    }


def enode_signature(secret: str, body: bytes) -> str:
    """HMAC-SHA1 in hexadecimal, which is what Enode's receivers check."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def _standard(secret: str, delivery_id: str, sent_at: str, body: bytes) -> str:
    signed = f"{delivery_id}.{sent_at}.".encode() + body
    digest = hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def _standard_key(secret: str) -> bytes:
    """`whsec_` and base64 as the standard has it; the text itself of any other secret."""
    if secret.startswith(_STANDARD_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
