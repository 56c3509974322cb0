"""Before 2023-04-01: a full vehicle is still considered, and more has to be true of it."""

from typing import Any

from gatewayd.enode.versions.edits import Object, within
from gatewayd.enode.versions.step import Step

# States that had no name of their own.
_STATES = {
    "FULLY_CHARGED": "CONSIDERING",
    "UNKNOWN": "CONSIDERING",
    "PLAN:EXECUTING:STOPPED:AWAITING_PRICES": "PLAN:EXECUTING:STOPPED",
}
# Requirements that were dropped, because today's always meet them.
_MET = {
    "isSmartChargeCapable": True,
    "singleUser": True,
    "needsSignificantCharge": True,
    "wontStopExistingChargingSession": True,
    "hasChargeAboveThreshold": True,
    "likelyToGenerateSavings": True,
}
_FLAGS = ("isPluggedIn", "isCharging", "atChargingLocation", "hasTimeEstimate")


def _status(status: Object) -> dict[str, Any]:
    state = _STATES.get(status["state"], status["state"])
    considered = within({**status, "state": state}, "consideration", _consideration)
    if state == "CONSIDERING" and status["consideration"] is None:
        # A full vehicle, or one without prices, is not looked at any closer than that.
        unmet = _consideration(dict.fromkeys(_FLAGS, False))
        considered["consideration"] = {**unmet, "needsSignificantCharge": False}
    return considered


def _consideration(consideration: Object) -> dict[str, Any]:
    here = consideration["atChargingLocation"]
    return {**consideration, "recentlyAtChargingLocation": here, **_MET}


STEP = Step(
    since="2023-04-01",
    shows={"smart status": _status},
    fields={
        "smart status": {
            "consideration.atChargingLocation": "consideration.recentlyAtChargingLocation"
        }
    },
)
