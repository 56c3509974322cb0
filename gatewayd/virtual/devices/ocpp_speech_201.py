"""A virtual charger that speaks OCPP 2.0.1."""

from typing import Any
from uuid import uuid4

from gatewayd.virtual.devices.ocpp_charger import OcppCharger
from gatewayd.virtual.devices.ocpp_library import ChargePoint201, call201, on, result201
from gatewayd.virtual.devices.ocpp_speech import Base, Connection, camel

_VARIABLES = {
    ("SampledDataCtrlr", "TxUpdatedInterval"): "MeterValueSampleInterval",
    ("SampledDataCtrlr", "TxUpdatedMeasurands"): "MeterValuesSampledData",
    ("SmartChargingCtrlr", "RateUnit"): "ChargingScheduleAllowedChargingRateUnit",
    ("SmartChargingCtrlr", "ProfileStackLevel"): "ChargeProfileMaxStackLevel",
    ("OCPPCommCtrlr", "WebSocketPingInterval"): "WebSocketPingInterval",
    ("AuthCtrlr", "AuthorizeRemoteStart"): "AuthorizeRemoteTxRequests",
}
_STATES = {
    "Preparing": "EVConnected",
    "Charging": "Charging",
    "SuspendedEV": "SuspendedEV",
    "SuspendedEVSE": "SuspendedEVSE",
}


class Speech201(Base, ChargePoint201):  # type: ignore[misc]
    """OCPP 2.0.1, with one EVSE."""

    def __init__(self, box: OcppCharger, connection: Connection) -> None:
        super().__init__(box, connection)
        self._seq = 0

    async def boot(self) -> None:
        box = self.box
        station = {"vendor_name": box.vendor, "model": box.model, "firmware_version": box.firmware}
        if box.serial is not None:
            station["serial_number"] = box.serial
        answer = await self.call(
            call201.BootNotification(charging_station=station, reason="PowerUp")
        )
        self.boot_status = answer.status

    async def heartbeat(self) -> None:
        await self.call(call201.Heartbeat())

    async def tell_status(self) -> None:
        self.told = self.box.status
        is_free = self.told in ("Available", "Faulted")
        await self.call(
            call201.StatusNotification(
                timestamp=self._now(),
                connector_status=self.told if is_free else "Occupied",
                evse_id=1,
                connector_id=1,
            )
        )
        if self.box.transaction is not None:
            await self._event("Updated", "ChargingStateChanged")

    async def tell_meter(self) -> None:
        if self.box.transaction is not None:
            await self._event("Updated", "MeterValuePeriodic")
        else:
            await self.call(call201.MeterValues(evse_id=1, meter_value=self._meter()))

    async def begin(self, tag: str) -> None:
        self.box.begin(str(uuid4()), tag)
        await self._event("Started", "Authorized", {"id_token": tag, "type": "ISO14443"})
        await self.settle()

    async def end(self) -> None:
        await self._event("Ended", "StopAuthorized")
        self.box.end()
        await self.tell_status()

    async def _event(self, kind: str, reason: str, id_token: dict[str, str] | None = None) -> None:
        self._seq += 1
        state = _STATES.get(self.box.status, "Idle")
        await self.call(
            call201.TransactionEvent(
                event_type=kind,
                timestamp=self._now(),
                trigger_reason=reason,
                seq_no=self._seq,
                transaction_info={
                    "transaction_id": self.box.transaction,
                    "charging_state": state,
                },
                meter_value=self._meter(),
                evse={"id": 1, "connector_id": 1} if kind == "Started" else None,
                id_token=id_token,
            )
        )

    def _meter(self) -> list[dict[str, Any]]:
        sampled = [
            {"value": value, "measurand": measurand, "unit_of_measure": {"unit": unit}}
            | ({} if phase is None else {"phase": phase})
            for measurand, phase, unit, value in self._values()
        ]
        return [{"timestamp": self._now(), "sampled_value": sampled}]

    @on("GetVariables")
    def _get(self, get_variable_data: list[dict[str, Any]]) -> object:
        return result201.GetVariables(
            get_variable_result=[self._variable(asked) for asked in get_variable_data]
        )

    def _variable(self, asked: dict[str, Any]) -> dict[str, Any]:
        place = {"component": asked["component"], "variable": asked["variable"]}
        value = self.box.settings.get(_setting(asked))
        if value is None:
            return {"attribute_status": "UnknownVariable", **place}
        return {"attribute_status": "Accepted", "attribute_value": value, **place}

    @on("SetVariables")
    def _set(self, set_variable_data: list[dict[str, Any]]) -> object:
        results = []
        for told in set_variable_data:
            name = _setting(told)
            if name in self.box.settings:
                self.box.settings[name] = told["attribute_value"]
            status = "Accepted" if name in self.box.settings else "UnknownVariable"
            place = {"component": told["component"], "variable": told["variable"]}
            results.append({"attribute_status": status, **place})
        return result201.SetVariables(set_variable_result=results)

    @on("TriggerMessage")
    def _trigger(self, requested_message: str, **_: object) -> object:
        taken = self._triggered(requested_message)
        return result201.TriggerMessage("Accepted" if taken else "NotImplemented")

    @on("RequestStartTransaction")
    def _start(self, id_token: dict[str, str], **_: object) -> object:
        can = self.box.is_plugged and self.box.transaction is None
        if can and self.box.obeys:
            self.later(lambda: self.begin(id_token["id_token"]))
        return result201.RequestStartTransaction("Accepted" if can else "Rejected")

    @on("RequestStopTransaction")
    def _stop(self, transaction_id: str) -> object:
        can = self.box.transaction == transaction_id
        if can and self.box.obeys:
            self.later(self.end)
        return result201.RequestStopTransaction("Accepted" if can else "Rejected")

    @on("SetChargingProfile")
    def _profile(self, charging_profile: dict[str, Any], **_: object) -> object:
        told = camel(charging_profile)
        taken = self.box.take(told, told["chargingSchedule"][0], told["id"])
        self._changed()
        return result201.SetChargingProfile("Accepted" if taken else "Rejected")

    @on("GetCompositeSchedule")
    def _composite(self, duration: int, evse_id: int, **_: object) -> object:
        periods = [
            {"start_period": one["startPeriod"], "limit": one["limit"]}
            for one in self.box.schedule(duration)
        ]
        schedule = {
            "evse_id": evse_id,
            "duration": duration,
            "schedule_start": self._now(),
            "charging_rate_unit": "A",
            "charging_schedule_period": periods,
        }
        return result201.GetCompositeSchedule(status="Accepted", schedule=schedule)


def _setting(told: dict[str, Any]) -> str:
    return _VARIABLES.get((told["component"]["name"], told["variable"]["name"]), "")
