"""The words for what is not there, as Enode says them."""

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import AssetKind


def user(user_id: str) -> NotFoundError:
    """No such user."""
    return NotFoundError(f"Could not find user with ID {user_id}", title="User does not exist")


def location(location_id: str) -> NotFoundError:
    """No such location, or another user's."""
    return NotFoundError(f"Could not find location with ID {location_id}")


def action(action_id: str) -> NotFoundError:
    """No such action, or one of another kind of asset."""
    return NotFoundError(f"Could not find action with ID {action_id}")


def webhook(webhook_id: str) -> NotFoundError:
    """No such webhook, or no longer."""
    return NotFoundError(f"Could not find webhook {webhook_id}", title="Webhook not found")


def schedule(schedule_id: str) -> NotFoundError:
    """No such schedule, or no longer."""
    return NotFoundError(f"Could not find schedule with ID {schedule_id}")


def asset(kind: AssetKind, asset_id: str) -> NotFoundError:
    """No such asset of this kind, or another user's."""
    return NotFoundError(f"Could not find {kind.value} with ID {asset_id}")
