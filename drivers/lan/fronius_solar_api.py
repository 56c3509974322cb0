"""Fronius inverters, their battery and their grid meter by the Solar API v1, which only tells.

Facts from Fronius's own document of the Solar API: in the power flow P_Grid is importing +, P_Akku
discharging +, and P_PV is null while nothing is produced. Energies are in Wh. A meter at location 0
stands at the grid; there a positive power is an import, `Consumed` is imported and `Produced`
exported. A device that is not there leaves its list empty. A GEN24's first firmwares have names of
their own for a meter's values, which openWB and pyfronius read alike.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Generic, TypeVar

from pydantic import AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field

from drivers.lan._battery import status
from gatewayd.errors import BusyError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import (
    BatteryReading,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_API = "/solar_api/v1"
_BUSY_CODE = 9
_FAULT_CODE = 10
_GRID = 0
_GEN24 = 1
_IDLE_W = 30.0
_BITS = 30.0
# A meter's values in the first firmwares of a GEN24.
_FIRST_NAMES = {
    "Meter_Location_Current": "SMARTMETER_VALUE_LOCATION_U16",
    "PowerReal_P_Sum": "SMARTMETER_POWERACTIVE_MEAN_SUM_F64",
    "EnergyReal_WAC_Sum_Consumed": "SMARTMETER_ENERGYACTIVE_CONSUMED_SUM_F64",
    "EnergyReal_WAC_Sum_Produced": "SMARTMETER_ENERGYACTIVE_PRODUCED_SUM_F64",
    "Frequency_Phase_Average": "GRID_FREQUENCY_MEAN_F32",
    "PowerFactor_Sum": "SMARTMETER_FACTOR_POWER_SUM_F64",
    "PowerReactive_Q_Sum": "SMARTMETER_POWERREACTIVE_MEAN_SUM_F64",
    **{f"Voltage_AC_Phase_{n}": f"SMARTMETER_VOLTAGE_0{n}_F64" for n in (1, 2, 3)},
    **{f"PowerReal_P_Phase_{n}": f"SMARTMETER_POWERACTIVE_MEAN_0{n}_F64" for n in (1, 2, 3)},
}

Amount = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
T = TypeVar("T", bound=BaseModel)


def _mapping(value: object) -> object:
    """An empty list stands for an empty object in old firmwares."""
    return {} if value == [] or value is None else value


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Status(_Part):
    Code: int
    Reason: str = ""


class _Head(_Part):
    Status: _Status


class _Body(_Part, Generic[T]):
    Data: Annotated[dict[str, T], BeforeValidator(_mapping)] = {}


class _Answer(_Part, Generic[T]):
    Head: _Head
    Body: Annotated[_Body[T], BeforeValidator(_mapping)]

    def devices(self) -> Mapping[str, T]:
        """By their numbers; none where the logger says that there are no such devices."""
        if self.Head.Status.Code == _BUSY_CODE:
            raise BusyError(f"Fronius: {self.Head.Status.Reason or 'busy'}")
        return {} if self.Head.Status.Code else self.Body.Data


class _FlowInverter(_Part):
    P: float | None = None
    SOC: Percent | None = None


class _Site(_Part):
    P_PV: float | None = None
    P_Grid: float | None = None
    P_Akku: float | None = None
    E_Total: Amount | None = None


class _FlowData(_Part):
    Site: _Site
    Inverters: Annotated[dict[str, _FlowInverter], BeforeValidator(_mapping)] = {}

    def ac_power_w(self) -> float | None:
        """What all inverters give."""
        told = [one.P for one in self.Inverters.values() if one.P is not None]
        return sum(told) if told else None

    def soc_pct(self) -> float | None:
        return next((one.SOC for one in self.Inverters.values() if one.SOC is not None), None)


class _FlowBody(_Part):
    Data: _FlowData


class _Flow(_Part):
    Body: _FlowBody


class _Quantity(_Part):
    Value: float | None = None


class _DeviceStatus(_Part):
    StatusCode: int | None = None


class _Measured(_Part):
    """CommonInverterData and 3PInverterData, both of one inverter."""

    TOTAL_ENERGY: _Quantity = _Quantity()
    FAC: _Quantity = _Quantity()
    UAC: _Quantity = _Quantity()
    IAC: _Quantity = _Quantity()
    UAC_L1: _Quantity = _Quantity()
    UAC_L2: _Quantity = _Quantity()
    UAC_L3: _Quantity = _Quantity()
    IAC_L1: _Quantity = _Quantity()
    IAC_L2: _Quantity = _Quantity()
    IAC_L3: _Quantity = _Quantity()
    DeviceStatus: _DeviceStatus = _DeviceStatus()


class _InverterBody(_Part):
    Data: Annotated[_Measured, BeforeValidator(_mapping)] = _Measured()


class _Inverter(_Part):
    Body: Annotated[_InverterBody, BeforeValidator(_mapping)]


def _names(name: str) -> AliasChoices:
    return AliasChoices(name, _FIRST_NAMES.get(name, name))


class _Meter(_Part):
    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=_names))

    Meter_Location_Current: float | None = None
    PowerReal_P_Sum: float | None = None
    EnergyReal_WAC_Sum_Consumed: Amount | None = None
    EnergyReal_WAC_Sum_Produced: Amount | None = None
    Frequency_Phase_Average: Amount | None = None
    PowerFactor_Sum: float | None = None
    PowerReactive_Q_Sum: float | None = None
    PowerApparent_S_Sum: float | None = None
    Voltage_AC_Phase_1: Amount | None = None
    Voltage_AC_Phase_2: Amount | None = None
    Voltage_AC_Phase_3: Amount | None = None
    Current_AC_Phase_1: float | None = None
    Current_AC_Phase_2: float | None = None
    Current_AC_Phase_3: float | None = None
    PowerReal_P_Phase_1: float | None = None
    PowerReal_P_Phase_2: float | None = None
    PowerReal_P_Phase_3: float | None = None

    def reading(self, power_w: float | None) -> MeterReading:
        """`power_w` is the power flow's, of the same moment as the other powers."""
        return MeterReading(
            power_w=self.PowerReal_P_Sum if power_w is None else power_w,
            import_wh=self.EnergyReal_WAC_Sum_Consumed,
            export_wh=self.EnergyReal_WAC_Sum_Produced,
            frequency_hz=self.Frequency_Phase_Average,
            power_factor=self.PowerFactor_Sum,
            reactive_power_var=self.PowerReactive_Q_Sum,
            apparent_power_va=self.PowerApparent_S_Sum,
            voltage_a_v=self.Voltage_AC_Phase_1,
            voltage_b_v=self.Voltage_AC_Phase_2,
            voltage_c_v=self.Voltage_AC_Phase_3,
            current_a_a=self.Current_AC_Phase_1,
            current_b_a=self.Current_AC_Phase_2,
            current_c_a=self.Current_AC_Phase_3,
            power_a_w=self.PowerReal_P_Phase_1,
            power_b_w=self.PowerReal_P_Phase_2,
            power_c_w=self.PowerReal_P_Phase_3,
        )


class _Controller(_Part):
    Capacity_Maximum: Amount | None = None
    StateOfCharge_Relative: Percent | None = None
    Voltage_DC: float | None = None
    Temperature_Cell: float | None = None


class _Storage(_Part):
    Controller: _Controller


class _Info(_Part):
    DT: int | None = None
    UniqueID: str | int | None = None


class _Api(_Part):
    APIVersion: int
    BaseURL: str = Field(pattern="solar_api")


class FroniusSolarApi(ReadOnly):
    """All that one data logger or GEN24 knows of."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link

    async def identify(self) -> Identity:
        """The first inverter stands for all."""
        told = await self._link.get(f"{_API}/GetInverterInfo.cgi", _Answer[_Info])
        infos = list(told.devices().values())
        first = infos[0] if infos else _Info()
        serial = None if first.UniqueID is None else str(first.UniqueID)
        model = "GEN24" if first.DT == _GEN24 else "inverter"
        return Identity("Fronius", model, roles_of(await self.read()), serial=serial)

    async def read(self) -> Mapping[str, Reading]:
        """Inverter, and meter and battery where there are such."""
        flow_path = f"{_API}/GetPowerFlowRealtimeData.fcgi"
        flow = (await self._link.get(flow_path, _Flow)).Body.Data
        meters = await self._devices("Meter", _Answer[_Meter])
        storages = await self._devices("Storage", _Answer[_Storage])
        readings: dict[str, Reading] = {"inverter": await self._inverter(flow)}
        grid = [one for one in meters.values() if one.Meter_Location_Current == _GRID]
        if grid or flow.Site.P_Grid is not None:
            readings["meter"] = (grid[0] if grid else _Meter()).reading(flow.Site.P_Grid)
        if storages or flow.Site.P_Akku is not None:
            first = next((one.Controller for one in storages.values()), _Controller())
            readings["battery"] = _battery(flow, first)
        return readings

    async def _devices(self, kind: str, model: type[_Answer[T]]) -> Mapping[str, T]:
        path = f"{_API}/Get{kind}RealtimeData.cgi?Scope=System"
        told = await self._link.find(path, model)
        return {} if told is None else told.devices()

    async def _inverter(self, flow: _FlowData) -> InverterReading:
        """Phases and frequency are told of one inverter, so with several they are left out."""
        numbers = list(flow.Inverters)
        common = three = _Measured()
        if len(numbers) == 1:
            common = await self._measured(numbers[0], "CommonInverterData")
            three = await self._measured(numbers[0], "3PInverterData")
        code = common.DeviceStatus.StatusCode
        energy_wh = common.TOTAL_ENERGY.Value
        return InverterReading(
            # Null: no inverter is at work.
            power_w=0.0 if flow.Site.P_PV is None else max(flow.Site.P_PV, 0.0),
            ac_power_w=flow.ac_power_w(),
            energy_wh=flow.Site.E_Total if energy_wh is None else energy_wh,
            voltage_a_v=_first(three.UAC_L1, common.UAC),
            voltage_b_v=three.UAC_L2.Value,
            voltage_c_v=three.UAC_L3.Value,
            current_a_a=_first(three.IAC_L1, common.IAC),
            current_b_a=three.IAC_L2.Value,
            current_c_a=three.IAC_L3.Value,
            frequency_hz=common.FAC.Value,
            has_fault=None if code is None else code == _FAULT_CODE,
        )

    async def _measured(self, number: str, collection: str) -> _Measured:
        query = f"Scope=Device&DeviceId={number}&DataCollection={collection}"
        told = await self._link.find(f"{_API}/GetInverterRealtimeData.cgi?{query}", _Inverter)
        return _Measured() if told is None else told.Body.Data


def _first(line: _Quantity, whole: _Quantity) -> float | None:
    """A single-phase inverter has only the whole."""
    return whole.Value if line.Value is None else line.Value


def _battery(flow: _FlowData, told: _Controller) -> BatteryReading:
    power_w = None if flow.Site.P_Akku is None else -flow.Site.P_Akku + 0.0
    soc_pct = told.StateOfCharge_Relative
    return BatteryReading(
        power_w=power_w,
        soc_pct=flow.soc_pct() if soc_pct is None else soc_pct,
        capacity_wh=told.Capacity_Maximum or None,
        status=status(power_w, _IDLE_W),
        voltage_v=told.Voltage_DC or None,
        temperature_c=told.Temperature_Cell,
    )


def _judge(text: str) -> Likeness | None:
    return None if document.fitting(text, _Api) is None else Likeness(_BITS, "Fronius")


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield FroniusSolarApi(links.http.device(options))


DRIVER = DriverInfo(
    vendor="Fronius",
    models=("Symo", "Primo", "Galvo", "Eco", "GEN24", "Tauro", "Verto"),
    source="Fronius, Solar API V1 (42,0410,2012)",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    probes=(HttpProbe("/solar_api/GetAPIVersion.cgi", _judge),),
)
