"""A virtual charger that speaks OCPP 1.6J."""

from typing import Any

from gatewayd.virtual.devices.ocpp_library import ChargePoint16, call16, on, result16
from gatewayd.virtual.devices.ocpp_speech import Base, camel


class Speech16(Base, ChargePoint16):  # type: ignore[misc]
    """OCPP 1.6J."""

    async def boot(self) -> None:
        box = self.box
        answer = await self.call(
            call16.BootNotification(
                charge_point_vendor=box.vendor,
                charge_point_model=box.model,
                charge_point_serial_number=box.serial,
                firmware_version=box.firmware,
            )
        )
        self.boot_status = answer.status

    async def heartbeat(self) -> None:
        await self.call(call16.Heartbeat())

    async def tell_status(self) -> None:
        self.told = self.box.status
        await self.call(
            call16.StatusNotification(
                connector_id=1,
                error_code=self.box.error,
                status=self.told,
                timestamp=self._now(),
            )
        )

    async def tell_meter(self) -> None:
        sampled = [
            {"value": f"{value:.1f}", "measurand": measurand, "unit": unit}
            | ({} if phase is None else {"phase": phase})
            for measurand, phase, unit, value in self._values()
        ]
        await self.call(
            call16.MeterValues(
                connector_id=1,
                meter_value=[{"timestamp": self._now(), "sampled_value": sampled}],
                transaction_id=self.box.transaction,
            )
        )

    async def begin(self, tag: str) -> None:
        answer = await self.call(
            call16.StartTransaction(
                connector_id=1,
                id_tag=tag,
                meter_start=round(self.box.energy_wh),
                timestamp=self._now(),
            )
        )
        if answer.id_tag_info["status"] == "Accepted":
            self.box.begin(answer.transaction_id, tag)
        await self.settle()

    async def end(self) -> None:
        ended, tag = self.box.transaction, self.box.tag
        self.box.end()
        await self.call(
            call16.StopTransaction(
                meter_stop=round(self.box.energy_wh),
                timestamp=self._now(),
                transaction_id=ended,
                id_tag=tag,
            )
        )
        await self.tell_status()

    @on("GetConfiguration")
    def _get(self, key: list[str]) -> object:
        known = [
            {"key": name, "readonly": False, "value": self.box.settings[name]}
            for name in key
            if name in self.box.settings
        ]
        unknown = [name for name in key if name not in self.box.settings]
        return result16.GetConfiguration(configuration_key=known, unknown_key=unknown)

    @on("ChangeConfiguration")
    def _set(self, key: str, value: str) -> object:
        is_known = key in self.box.settings
        if is_known:
            self.box.settings[key] = value
        return result16.ChangeConfiguration("Accepted" if is_known else "NotSupported")

    @on("TriggerMessage")
    def _trigger(self, requested_message: str, **_: object) -> object:
        taken = self._triggered(requested_message)
        return result16.TriggerMessage("Accepted" if taken else "NotImplemented")

    @on("RemoteStartTransaction")
    def _start(self, id_tag: str, **_: object) -> object:
        can = self.box.is_plugged and self.box.transaction is None
        if can and self.box.obeys:
            self.later(lambda: self.begin(id_tag))
        return result16.RemoteStartTransaction("Accepted" if can else "Rejected")

    @on("RemoteStopTransaction")
    def _stop(self, transaction_id: int) -> object:
        can = self.box.transaction == transaction_id
        if can and self.box.obeys:
            self.later(self.end)
        return result16.RemoteStopTransaction("Accepted" if can else "Rejected")

    @on("SetChargingProfile")
    def _profile(self, cs_charging_profiles: dict[str, Any], **_: object) -> object:
        told = camel(cs_charging_profiles)
        taken = self.box.take(told, told["chargingSchedule"], told["chargingProfileId"])
        self._changed()
        return result16.SetChargingProfile("Accepted" if taken else "Rejected")

    @on("GetCompositeSchedule")
    def _composite(self, connector_id: int, duration: int, **_: object) -> object:
        periods = [
            {"start_period": one["startPeriod"], "limit": round(one["limit"], 1)}
            for one in self.box.schedule(duration)
        ]
        return result16.GetCompositeSchedule(
            status="Accepted",
            connector_id=connector_id,
            schedule_start=self._now(),
            charging_schedule={"charging_rate_unit": "A", "charging_schedule_period": periods},
        )
