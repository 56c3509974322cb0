"""Smart override: the user wants to charge now, whatever schedule or plan say."""

from dataclasses import dataclass

from gatewayd.model.charging import Charging
from gatewayd.model.command import ActionState
from gatewayd.model.smart_charging import SmartOverride
from gatewayd.plan.pursuit import LatestAction


@dataclass(frozen=True, slots=True)
class OverrideDecision:
    """What asking for an override leads to.

    Either `refusal` says why not, or `existing` is the one that is active already, or a new one is
    to be created, with a START where `needs_start`.
    """

    refusal: str | None = None
    existing: SmartOverride | None = None
    needs_start: bool = False


def begin_override(latest: SmartOverride | None, seen: Charging) -> OverrideDecision:
    """Decide on a request, given the vehicle's newest override."""
    if latest is not None and latest.is_active:
        return OverrideDecision(existing=latest)
    if seen.is_plugged_in is not True:
        return OverrideDecision(refusal="the vehicle is not plugged in")
    return OverrideDecision(needs_start=seen.is_charging is not True)


def has_ended(override: SmartOverride, seen: Charging, latest: LatestAction[bool] | None) -> bool:
    """Whether an active override is over: the vehicle has stopped charging, or never began.

    `latest` is the vehicle's newest start or stop; while a START is under way all may yet come.
    """
    if seen.is_plugged_in is False:
        return True
    if seen.is_charging is not False or seen.is_initializing:
        return False
    return override.vendor_action_id is None or not (
        latest is not None and latest.wanted and latest.state is ActionState.PENDING
    )
