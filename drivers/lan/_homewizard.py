"""What both versions of HomeWizard's local API have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.model.reading import MeterReading

METERS = frozenset({"HWE-P1", "HWE-KWH1", "HWE-KWH3", "SDM230-wifi", "SDM630-wifi"})
_WH_PER_KWH = 1000

Amount = Annotated[float, Field(ge=0)]


class Part(BaseModel):
    """An answer; other keys are those of other models and firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class Device(Part):
    """Which device it is."""

    product_type: str = Field(min_length=1, max_length=32)
    product_name: str | None = None
    serial: str = Field(min_length=1, max_length=32)
    firmware_version: str | None = None


class Measured(Part):
    """What a device measures, W and kWh, consuming +."""

    energy_import_kwh: Amount | None = None
    energy_import_t1_kwh: Amount | None = None
    energy_import_t2_kwh: Amount | None = None
    energy_import_t3_kwh: Amount | None = None
    energy_import_t4_kwh: Amount | None = None
    energy_export_kwh: Amount | None = None
    energy_export_t1_kwh: Amount | None = None
    energy_export_t2_kwh: Amount | None = None
    energy_export_t3_kwh: Amount | None = None
    energy_export_t4_kwh: Amount | None = None
    power_w: float | None = None
    power_l1_w: float | None = None
    power_l2_w: float | None = None
    power_l3_w: float | None = None
    voltage_v: Amount | None = None
    voltage_l1_v: Amount | None = None
    voltage_l2_v: Amount | None = None
    voltage_l3_v: Amount | None = None
    current_a: float | None = None
    current_l1_a: float | None = None
    current_l2_a: float | None = None
    current_l3_a: float | None = None
    apparent_power_va: float | None = None
    reactive_power_var: float | None = None
    power_factor: float | None = None
    frequency_hz: Amount | None = None
    state_of_charge_pct: Annotated[float, Field(ge=0, le=100)] | None = None

    def energy_wh(self, direction: str) -> float | None:
        """The sum, or that of the tariffs."""
        total = getattr(self, f"energy_{direction}_kwh")
        each = [getattr(self, f"energy_{direction}_t{n}_kwh") for n in range(1, 5)]
        known = [total] if total is not None else [kwh for kwh in each if kwh is not None]
        return sum(known) * _WH_PER_KWH if known else None

    def meter(self) -> MeterReading:
        """One phase tells its voltage and current without saying which phase it is."""
        is_single = self.voltage_l1_v is None and self.current_l1_a is None
        return MeterReading(
            power_w=self.power_w,
            import_wh=self.energy_wh("import"),
            export_wh=self.energy_wh("export"),
            frequency_hz=self.frequency_hz,
            power_factor=self.power_factor,
            reactive_power_var=self.reactive_power_var,
            apparent_power_va=self.apparent_power_va,
            voltage_a_v=self.voltage_v if is_single else self.voltage_l1_v,
            voltage_b_v=self.voltage_l2_v,
            voltage_c_v=self.voltage_l3_v,
            current_a_a=self.current_a if is_single else self.current_l1_a,
            current_b_a=self.current_l2_a,
            current_c_a=self.current_l3_a,
            power_a_w=self.power_l1_w,
            power_b_w=self.power_l2_w,
            power_c_w=self.power_l3_w,
        )
