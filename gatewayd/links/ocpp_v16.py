"""OCPP 1.6J. After the specification's edition 2, with what real charge points make of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gatewayd.errors import BadReadingError
from gatewayd.links.ocpp_dialect import Boot, Order, Profile, Setting, kind_of, schedule_of
from gatewayd.links.ocpp_payload import Payload, number, part, parts, text, time_of, whole

if TYPE_CHECKING:
    from gatewayd.links.ocpp_station import Station

_STATES = frozenset(
    {
        "Available",
        "Preparing",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
        "Reserved",
        "Unavailable",
        "Faulted",
    }
)
_KEYS = {
    Setting.SAMPLE_INTERVAL: "MeterValueSampleInterval",
    Setting.MEASURANDS: "MeterValuesSampledData",
    Setting.RATE_UNIT: "ChargingScheduleAllowedChargingRateUnit",
    Setting.STACK_LEVEL: "ChargeProfileMaxStackLevel",
    Setting.FEATURES: "SupportedFeatureProfiles",
    Setting.SWITCHES_PHASES: "ConnectorSwitch3to1PhaseSupported",
    Setting.PING_INTERVAL: "WebSocketPingInterval",
    Setting.AUTHORIZE_REMOTE: "AuthorizeRemoteTxRequests",
}
_TAKEN = frozenset({"Accepted", "RebootRequired"})
# Told without anything that concerns us.
_NOTED = frozenset(
    {
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "SecurityEventNotification",
        "SignedFirmwareStatusNotification",
        "LogStatusNotification",
    }
)


class V16:
    """One charge point that speaks 1.6."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._hears = {
            "Authorize": self._authorize,
            "StatusNotification": self._status,
            "MeterValues": self._meter_values,
            "StartTransaction": self._start_transaction,
            "StopTransaction": self._stop_transaction,
        }

    async def hear(self, action: str, payload: Payload) -> dict[str, Any] | None:
        if action in _NOTED:
            return {}
        if action == "DataTransfer":
            return {"status": "UnknownVendorId"}
        hears = self._hears.get(action)
        return None if hears is None else await hears(payload)

    def boot(self, payload: Payload) -> Boot:
        return Boot(
            vendor=text(payload, "chargePointVendor"),
            model=text(payload, "chargePointModel"),
            serial=text(payload, "chargePointSerialNumber", "chargeBoxSerialNumber"),
            firmware=text(payload, "firmwareVersion"),
        )

    async def _authorize(self, payload: Payload) -> dict[str, Any]:
        return {"idTagInfo": self._tag_info(text(payload, "idTag"))}

    async def _status(self, payload: Payload) -> dict[str, Any]:
        status, connector = text(payload, "status"), whole(payload, "connectorId")
        # Connector 0 is the charge point as a whole.
        if status in _STATES and connector:
            error = text(payload, "errorCode")
            found = self._station.connector(connector)
            found.told_status(status, None if error == "NoError" else error)
        return {}

    async def _meter_values(self, payload: Payload) -> dict[str, Any]:
        connector = whole(payload, "connectorId")
        if connector:
            self._adopt(connector, whole(payload, "transactionId", least=1))
            for moment in parts(payload, "meterValue"):
                samples, at = parts(moment, "sampledValue"), time_of(moment, "timestamp")
                self._station.metered(connector, samples, at)
        return {}

    def _adopt(self, connector: int, transaction: int | None) -> None:
        """A transaction from before our time, or begun while our book was lost, is one too."""
        if transaction is not None and not self._station.has_ended(transaction):
            self._station.began(connector, transaction)

    async def _start_transaction(self, payload: Payload) -> dict[str, Any]:
        connector = whole(payload, "connectorId", least=1)
        if connector is None:
            raise BadReadingError("StartTransaction without a connectorId")
        tag = text(payload, "idTag")
        id = await self._station.begin(
            connector, tag, number(payload.get("meterStart")), time_of(payload, "timestamp")
        )
        return {"transactionId": id, "idTagInfo": self._tag_info(tag)}

    async def _stop_transaction(self, payload: Payload) -> dict[str, Any]:
        transaction = whole(payload, "transactionId", least=-(2**31))
        if transaction is None:
            raise BadReadingError("StopTransaction without a transactionId")
        await self._station.end(transaction, number(payload.get("meterStop")))
        # Whoever stopped it may always stop it.
        return {"idTagInfo": {"status": "Accepted"}} if "idTag" in payload else {}

    def _tag_info(self, tag: str | None) -> dict[str, str]:
        return {"status": "Accepted" if self._station.accepts(tag) else "Invalid"}

    def trigger(self, message: str, connector: int | None = None) -> Order:
        which = {} if connector is None else {"connectorId": connector}
        return "TriggerMessage", {"requestedMessage": message, **which}

    def start(self, connector: int, id_tag: str) -> Order:
        return "RemoteStartTransaction", {"connectorId": connector, "idTag": id_tag}

    def stop(self, transaction: int | str) -> Order:
        return "RemoteStopTransaction", {"transactionId": transaction}

    def set_profile(self, profile: Profile) -> Order:
        made = {
            "chargingProfileId": profile.id,
            "stackLevel": profile.stack_level,
            "chargingProfilePurpose": profile.purpose.value,
            "chargingProfileKind": kind_of(profile),
            "chargingSchedule": schedule_of(profile),
        }
        if profile.transaction is not None:
            made["transactionId"] = profile.transaction
        return "SetChargingProfile", {
            "connectorId": profile.connector,
            "csChargingProfiles": made,
        }

    def ask_schedule(self, connector: int, duration_s: int, unit: str) -> Order:
        return "GetCompositeSchedule", {
            "connectorId": connector,
            "duration": duration_s,
            "chargingRateUnit": unit,
        }

    def schedule(self, answer: Payload) -> Payload:
        return part(answer, "chargingSchedule") if answer.get("status") == "Accepted" else {}

    def ask_settings(self) -> Order:
        keys = self._keys
        return "GetConfiguration", {
            "key": [keys[setting] for setting in Setting if setting in keys]
        }

    def settings(self, answer: Payload) -> Mapping[Setting, str]:
        names = {key: setting for setting, key in self._keys.items()}
        found = {}
        for item in parts(answer, "configurationKey"):
            setting, value = names.get(text(item, "key") or ""), item.get("value")
            if setting is not None and isinstance(value, str):
                found[setting] = value
        return found

    def set_setting(self, setting: Setting, value: str) -> Order:
        return "ChangeConfiguration", {"key": self._keys[setting], "value": value}

    def is_taken(self, answer: Payload) -> bool:
        return answer.get("status") in _TAKEN

    @property
    def _keys(self) -> Mapping[Setting, str]:
        return _KEYS | dict(self._station.keys)
