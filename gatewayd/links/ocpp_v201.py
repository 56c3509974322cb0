"""OCPP 2.0.1. After the specification's part 2, edition 3.

An EVSE of 2.0.1 is what 1.6 calls a connector, and is called so here too.
"""

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from gatewayd.errors import BadReadingError
from gatewayd.links.ocpp_dialect import Boot, Order, Profile, Setting, kind_of, schedule_of
from gatewayd.links.ocpp_payload import Payload, part, parts, text, time_of, whole

if TYPE_CHECKING:
    from gatewayd.links.ocpp_station import Station

_VARIABLES = {
    Setting.SAMPLE_INTERVAL: ("SampledDataCtrlr", "TxUpdatedInterval"),
    Setting.MEASURANDS: ("SampledDataCtrlr", "TxUpdatedMeasurands"),
    Setting.RATE_UNIT: ("SmartChargingCtrlr", "RateUnit"),
    Setting.STACK_LEVEL: ("SmartChargingCtrlr", "ProfileStackLevel"),
    Setting.FEATURES: ("SmartChargingCtrlr", "Enabled"),
    Setting.SWITCHES_PHASES: ("SmartChargingCtrlr", "Phases3to1"),
    Setting.PING_INTERVAL: ("OCPPCommCtrlr", "WebSocketPingInterval"),
    Setting.AUTHORIZE_REMOTE: ("AuthCtrlr", "AuthorizeRemoteStart"),
}
_NAMES = {place: setting for setting, place in _VARIABLES.items()}
_TAKEN = frozenset({"Accepted", "RebootRequired"})
# In 1.6's words.
_CONNECTOR = {
    "Available": "Available",
    "Reserved": "Reserved",
    "Unavailable": "Unavailable",
    "Faulted": "Faulted",
}
_CHARGING = {
    "Charging": "Charging",
    "EVConnected": "Preparing",
    "SuspendedEV": "SuspendedEV",
    "SuspendedEVSE": "SuspendedEVSE",
    "Idle": "Available",
}
_NOTED = frozenset(
    {
        "FirmwareStatusNotification",
        "LogStatusNotification",
        "NotifyChargingLimit",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyEvent",
        "NotifyMonitoringReport",
        "NotifyReport",
        "PublishFirmwareStatusNotification",
        "ReportChargingProfiles",
        "ReservationStatusUpdate",
        "SecurityEventNotification",
    }
)


class V201:
    """One charging station that speaks 2.0.1."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._starts = count(1)
        self._hears = {
            "Authorize": self._authorize,
            "StatusNotification": self._status,
            "MeterValues": self._meter_values,
            "TransactionEvent": self._transaction_event,
        }

    async def hear(self, action: str, payload: Payload) -> dict[str, Any] | None:
        if action in _NOTED:
            return {}
        if action == "ClearedChargingLimit":
            return {}
        if action == "DataTransfer":
            return {"status": "UnknownVendorId"}
        hears = self._hears.get(action)
        return None if hears is None else await hears(payload)

    def boot(self, payload: Payload) -> Boot:
        told = part(payload, "chargingStation")
        return Boot(
            vendor=text(told, "vendorName"),
            model=text(told, "model"),
            serial=text(told, "serialNumber"),
            firmware=text(told, "firmwareVersion"),
        )

    async def _authorize(self, payload: Payload) -> dict[str, Any]:
        return {"idTokenInfo": self._tag_info(text(part(payload, "idToken"), "idToken"))}

    async def _status(self, payload: Payload) -> dict[str, Any]:
        evse, told = whole(payload, "evseId", least=1), text(payload, "connectorStatus")
        if evse is None:
            return {}
        connector = self._station.connector(evse)
        if told in _CONNECTOR:
            connector.told_status(_CONNECTOR[told], "Faulted" if told == "Faulted" else None)
        elif told == "Occupied" and connector.transaction is None:
            # What it does with the car is told by the transaction, when there is one.
            has_charged = connector.status not in (None, "Available", "Preparing", "Reserved")
            connector.told_status("Finishing" if has_charged else "Preparing", None)
        return {}

    async def _meter_values(self, payload: Payload) -> dict[str, Any]:
        evse = whole(payload, "evseId", least=1)
        if evse is not None:
            self._metered(evse, payload)
        return {}

    def _metered(self, evse: int, payload: Payload, *, is_offline: bool = False) -> None:
        for moment in parts(payload, "meterValue"):
            samples, at = parts(moment, "sampledValue"), time_of(moment, "timestamp")
            self._station.metered(evse, samples, at, is_old=is_offline)

    async def _transaction_event(self, payload: Payload) -> dict[str, Any]:
        info = part(payload, "transactionInfo")
        transaction, event = text(info, "transactionId"), text(payload, "eventType")
        if transaction is None or event not in ("Started", "Updated", "Ended"):
            raise BadReadingError("TransactionEvent without a transactionId or eventType")
        tag = text(part(payload, "idToken"), "idToken")
        # Only the first event of a transaction must name its EVSE.
        evse = whole(part(payload, "evse"), "id", least=1) or self._station.place(transaction)
        if evse is not None:
            await self._take_event(evse, transaction, event, tag, payload)
        return {} if tag is None else {"idTokenInfo": self._tag_info(tag)}

    async def _take_event(
        self, evse: int, transaction: str, event: str, tag: str | None, payload: Payload
    ) -> None:
        is_offline = payload.get("offline") is True
        if not self._station.has_ended(transaction):
            begun_wh = self._begun_wh(payload) if event == "Started" else None
            self._station.began(evse, transaction, tag, begun_wh)
        self._metered(evse, payload, is_offline=is_offline)
        connector = self._station.connector(evse)
        if event == "Ended":
            await self._station.end(transaction, None)
            if connector.status not in ("Available", "Faulted"):
                connector.told_status("Finishing", None)
            return
        state = _CHARGING.get(text(part(payload, "transactionInfo"), "chargingState") or "")
        if state is not None and not is_offline:
            connector.told_status(state, connector.error)

    def _begun_wh(self, payload: Payload) -> float | None:
        moments = parts(payload, "meterValue")
        values = (self._station.measured(parts(moment, "sampledValue")) for moment in moments)
        return next((found["energy_wh"] for found in values if "energy_wh" in found), None)

    def _tag_info(self, tag: str | None) -> dict[str, str]:
        return {"status": "Accepted" if self._station.accepts(tag) else "Invalid"}

    def trigger(self, message: str, connector: int | None = None) -> Order:
        if message == "MeterValues" and connector is not None:
            running = self._station.connector(connector).transaction
            message = "MeterValues" if running is None else "TransactionEvent"
        which: dict[str, Any] = {} if connector is None else {"evse": {"id": connector}}
        if message == "StatusNotification" and which:
            # Its plug must be named too (part 2, F06.FR.13), and at home there is one.
            which["evse"]["connectorId"] = 1
        return "TriggerMessage", {"requestedMessage": message, **which}

    def start(self, connector: int, id_tag: str) -> Order:
        return "RequestStartTransaction", {
            "idToken": {"idToken": id_tag, "type": "Central"},
            "remoteStartId": next(self._starts),
            "evseId": connector,
        }

    def stop(self, transaction: int | str) -> Order:
        return "RequestStopTransaction", {"transactionId": str(transaction)}

    def set_profile(self, profile: Profile) -> Order:
        made = {
            "id": profile.id,
            "stackLevel": profile.stack_level,
            "chargingProfilePurpose": profile.purpose.value,
            "chargingProfileKind": kind_of(profile),
            "chargingSchedule": [{"id": profile.id, **schedule_of(profile)}],
        }
        if profile.transaction is not None:
            made["transactionId"] = str(profile.transaction)
        return "SetChargingProfile", {"evseId": profile.connector, "chargingProfile": made}

    def ask_schedule(self, connector: int, duration_s: int, unit: str) -> Order:
        return "GetCompositeSchedule", {
            "evseId": connector,
            "duration": duration_s,
            "chargingRateUnit": unit,
        }

    def schedule(self, answer: Payload) -> Payload:
        return part(answer, "schedule") if answer.get("status") == "Accepted" else {}

    def ask_settings(self) -> Order:
        asked = [_at(setting) for setting in _VARIABLES]
        return "GetVariables", {"getVariableData": asked}

    def settings(self, answer: Payload) -> Mapping[Setting, str]:
        found = {}
        for item in parts(answer, "getVariableResult"):
            place = text(part(item, "component"), "name"), text(part(item, "variable"), "name")
            value = item.get("attributeValue")
            setting = _NAMES.get((place[0] or "", place[1] or ""))
            if setting is not None and isinstance(value, str):
                found[setting] = value
        enabled = found.pop(Setting.FEATURES, None)
        if enabled is not None:
            found[Setting.FEATURES] = "SmartCharging" if enabled.lower() == "true" else "Core"
        return found

    def set_setting(self, setting: Setting, value: str) -> Order:
        return "SetVariables", {"setVariableData": [{"attributeValue": value, **_at(setting)}]}

    def is_taken(self, answer: Payload) -> bool:
        results = list(parts(answer, "setVariableResult"))
        return bool(results) and all(r.get("attributeStatus") in _TAKEN for r in results)


def _at(setting: Setting) -> dict[str, dict[str, str]]:
    component, variable = _VARIABLES[setting]
    return {"component": {"name": component}, "variable": {"name": variable}}
