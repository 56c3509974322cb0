"""Which points of which SunSpec models are used: offsets from the model's ID register.

The numbers are those of the SunSpec Alliance's model definitions (sunspec/models, Apache-2.0).
A point is written `name:type:offset` and, where it has one, `:scale factor`.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from gatewayd.sdk.maps.codec import BlockDecoder, Placed, Words, with_factor
from gatewayd.sdk.maps.points import Defaults, Point, Value

_HEADER = "ID:u16:0 L:u16:1 "

_INVERTER = (
    "AphA:u16:3:A_SF AphB:u16:4:A_SF AphC:u16:5:A_SF A_SF:sf:6 PPVphAB:u16:7:V_SF "
    "PhVphA:u16:10:V_SF PhVphB:u16:11:V_SF PhVphC:u16:12:V_SF V_SF:sf:13 W:s16:14:W_SF "
    "W_SF:sf:15 Hz:u16:16:Hz_SF Hz_SF:sf:17 WH:acc32:24:WH_SF WH_SF:sf:26 DCW:s16:31:DCW_SF "
    "DCW_SF:sf:32 TmpCab:s16:33:Tmp_SF TmpSnk:s16:34:Tmp_SF TmpTrns:s16:35:Tmp_SF "
    "TmpOt:s16:36:Tmp_SF Tmp_SF:sf:37 St:u16:38"
)
_INVERTER_FLOAT = (
    "AphA:f32:4 AphB:f32:6 AphC:f32:8 PPVphAB:f32:10 PhVphA:f32:16 PhVphB:f32:18 PhVphC:f32:20 "
    "W:f32:22 Hz:f32:24 WH:f32:32 DCW:f32:38 TmpCab:f32:40 TmpSnk:f32:42 TmpTrns:f32:44 "
    "TmpOt:f32:46 St:u16:48"
)
_METER = (
    "A:s16:2:A_SF AphA:s16:3:A_SF AphB:s16:4:A_SF AphC:s16:5:A_SF A_SF:sf:6 PhV:s16:7:V_SF "
    "PhVphA:s16:8:V_SF PhVphB:s16:9:V_SF PhVphC:s16:10:V_SF V_SF:sf:15 Hz:s16:16:Hz_SF Hz_SF:sf:17 "
    "W:s16:18:W_SF WphA:s16:19:W_SF WphB:s16:20:W_SF WphC:s16:21:W_SF W_SF:sf:22 "
    "VA:s16:23:VA_SF VA_SF:sf:27 VAR:s16:28:VAR_SF VAR_SF:sf:32 PF:s16:33:PF_SF PF_SF:sf:37 "
    "TotWhExp:acc32:38:TotWh_SF TotWhImp:acc32:46:TotWh_SF TotWh_SF:sf:54"
)
_METER_FLOAT = (
    "A:f32:2 AphA:f32:4 AphB:f32:6 AphC:f32:8 PhV:f32:10 PhVphA:f32:12 PhVphB:f32:14 "
    "PhVphC:f32:16 Hz:f32:26 "
    "W:f32:28 WphA:f32:30 WphB:f32:32 WphC:f32:34 VA:f32:36 VAR:f32:44 PF:f32:52 "
    "TotWhExp:f32:60 TotWhImp:f32:68"
)
_DER_AC = (
    "InvSt:u16:4 W:s16:10:W_SF Hz:u32:17:Hz_SF TotWhInj:u64:19:TotWh_SF "
    "TotWhAbs:u64:23:TotWh_SF TmpCab:s16:36:Tmp_SF TmpSnk:s16:37:Tmp_SF TmpTrns:s16:38:Tmp_SF "
    "TmpOt:s16:40:Tmp_SF AL1:s16:45:A_SF VL1:u16:47:V_SF "
    "AL2:s16:68:A_SF VL2:u16:70:V_SF AL3:s16:91:A_SF VL3:u16:93:V_SF A_SF:sf:113 V_SF:sf:114 "
    "Hz_SF:sf:115 W_SF:sf:116 TotWh_SF:sf:120 Tmp_SF:sf:122"
)
_BATTERY = (
    "WHRtg:u16:3:WHRtg_SF WChaRteMax:u16:4:WChaDisChaMax_SF WDisChaRteMax:u16:5:WChaDisChaMax_SF "
    "SoCRsvMin:u16:10:SoC_SF SoC:u16:11:SoC_SF ChaSt:u16:16 State:u16:22 V:u16:34:V_SF "
    "W:s16:47:W_SF WHRtg_SF:sf:53 WChaDisChaMax_SF:sf:54 SoC_SF:sf:56 V_SF:sf:59 W_SF:sf:63"
)
_STORAGE = (
    "WChaMax:u16:2:WChaMax_SF StorCtl_Mod:u16:5 MinRsvPct:u16:7:MinRsvPct_SF "
    "ChaState:u16:8:ChaState_SF InBatV:u16:10:InBatV_SF ChaSt:u16:11 OutWRte:s16:12:InOutWRte_SF "
    "InWRte:s16:13:InOutWRte_SF InOutWRte_RvrtTms:u16:15 ChaGriSet:u16:17 WChaMax_SF:sf:18 "
    "MinRsvPct_SF:sf:21 ChaState_SF:sf:22 InBatV_SF:sf:24 InOutWRte_SF:sf:25"
)

_CONTROLS = (
    "WMaxLimPct:u16:5:WMaxLimPct_SF WMaxLimPct_RvrtTms:u16:7 WMaxLim_Ena:u16:9 WMaxLimPct_SF:sf:23"
)
_DER_CONTROLS = (
    "WMaxLimPctEna:u16:14 WMaxLimPct:u16:15:WMaxLimPct_SF WMaxLimPctEnaRvrt:u16:17 "
    "WMaxLimPctRvrtTms:u32:18 WSetEna:u16:22 WSetMod:u16:23 WSet:s32:24:WSet_SF "
    "WSetEnaRvrt:u16:30 WSetRvrtTms:u32:31 WMaxLimPct_SF:sf:54 WSet_SF:sf:55"
)

_MODELS: Mapping[int, str] = {
    1: "Mn:string16:2 Md:string16:18 Opt:string8:34 Vr:string8:42 SN:string16:50",
    **dict.fromkeys((101, 102, 103), _INVERTER),
    **dict.fromkeys((111, 112, 113), _INVERTER_FLOAT),
    120: "DERTyp:u16:2 WRtg:u16:3:WRtg_SF WRtg_SF:sf:4 WHRtg:u16:19:WHRtg_SF WHRtg_SF:sf:20 "
    "MaxChaRte:u16:23:MaxChaRte_SF MaxChaRte_SF:sf:24 MaxDisChaRte:u16:25:MaxDisChaRte_SF "
    "MaxDisChaRte_SF:sf:26",
    121: "WMax:u16:2:WMax_SF WMax_SF:sf:22",
    123: _CONTROLS,
    124: _STORAGE,
    160: "DCA_SF:sf:2 DCV_SF:sf:3 DCW_SF:sf:4 DCWH_SF:sf:5 N:u16:8",
    **dict.fromkeys((201, 202, 203, 204), _METER),
    **dict.fromkeys((211, 212, 213, 214), _METER_FLOAT),
    701: _DER_AC,
    702: "WMaxRtg:u16:2:W_SF WChaRteMaxRtg:u16:10:W_SF WDisChaRteMaxRtg:u16:11:W_SF "
    "WMax:u16:26:W_SF WChaRteMax:u16:34:W_SF WDisChaRteMax:u16:35:W_SF W_SF:sf:45",
    704: _DER_CONTROLS,
    713: "WHRtg:u16:2:WH_SF SoC:u16:4:Pct_SF Sta:u16:6 WH_SF:sf:7 Pct_SF:sf:8",
    714: "NPrt:u16:4 DCW_SF:sf:17 DCWH_SF:sf:18",
    802: _BATTERY,
}

# Without the two header registers; for chains that cannot count.
LENGTHS: Mapping[int, int] = {
    1: 66,
    **dict.fromkeys((101, 102, 103), 50),
    **dict.fromkeys((111, 112, 113), 60),
    120: 26,
    121: 30,
    122: 44,
    123: 24,
    124: 24,
    **dict.fromkeys((201, 202, 203, 204), 105),
    **dict.fromkeys((211, 212, 213, 214), 124),
}


@dataclass(frozen=True)
class Group:
    """The repeated part of a model: where it starts, how long one is, and who counts them."""

    start: int
    size: int
    count: str
    points: str


_GROUPS: Mapping[int, Group] = {
    160: Group(10, 20, "N", "IDStr:string8:1 DCW:u16:11:DCW_SF DCWH:acc32:12:DCWH_SF"),
    714: Group(
        20,
        25,
        "NPrt",
        "PrtTyp:u16:0 DCW:s16:12:DCW_SF DCWhInj:u64:13:DCWH_SF DCWhAbs:u64:17:DCWH_SF",
    ),
}


class Codec:
    """Decodes one model, or one of its groups, out of its words."""

    def __init__(self, points: str, length: int) -> None:
        self._factors: dict[str, str] = {}
        placed = [found for text in points.split() if (found := self._placed(text, length))]
        self._decoder = BlockDecoder(0, placed) if placed else None
        self._places = {
            item.key: (item.point.address, item.point.address + item.point.width())
            for item in placed
        }
        self.spans = sorted(self._places.values())

    def decode(
        self,
        words: Words,
        outside: Mapping[str, Value] | None = None,
        lost: Set[int] = frozenset(),
    ) -> dict[str, Value]:
        """Values by name, scale factors applied; a group's factors are those of its model.

        What is at one of the offsets in `lost` is not known.
        """
        if self._decoder is None:
            return {}
        values = dict(zip(self._decoder.keys, self._decoder.decode(words), strict=True))
        if lost:
            gone = (key for key, span in self._places.items() if not lost.isdisjoint(range(*span)))
            values |= dict.fromkeys(gone)
        known = values if outside is None else outside
        for name, factor in self._factors.items():
            values[name] = with_factor(values[name], known.get(factor))
        return values

    def parts(self, max_registers: int) -> Iterator[tuple[int, int]]:
        """Requests, as start and count, for all of its points; none splits a value."""
        start = end = 0
        for first, last in self.spans:
            if last - start > max_registers:
                yield start, end - start
                start = first
            end = last
        yield start, end - start

    def _placed(self, text: str, length: int) -> Placed | None:
        """One point; None where the device's model is too short to have it."""
        name, kind, offset, *factor = text.split(":")
        point = _point(kind, int(offset))
        if point.address + point.width() > length:
            return None
        if factor:
            self._factors[name] = factor[0]
        return Placed(name, point, is_float=kind == "f32")


def is_known(model_id: int) -> bool:
    """Whether anything of a model is used."""
    return model_id in _MODELS


@lru_cache(maxsize=256)
def codec(model_id: int, length: int) -> Codec:
    """For a model of so many registers, its two header registers included."""
    return Codec(_HEADER + _MODELS[model_id], length)


@lru_cache(maxsize=8)
def group(model_id: int) -> tuple[Group, Codec] | None:
    """The repeated part of a model, if it has one."""
    found = _GROUPS.get(model_id)
    return (found, Codec(found.points, found.size)) if found else None


@lru_cache(maxsize=256)
def point(model_id: int, name: str) -> Point:
    """A point whose address is counted from the model's ID register; no scale factor."""
    found = next(
        text.split(":") for text in _MODELS[model_id].split() if text.startswith(f"{name}:")
    )
    return _point(found[1], int(found[2]))


def _point(kind: str, offset: int) -> Point:
    if kind.startswith("string"):
        point = Point(holding=offset, type="string", length=int(kind.removeprefix("string")))
    elif kind == "acc32":
        # An accumulator that is not implemented stands at 0 for ever.
        point = Point(holding=offset, type="u32", nan=[0, 0xFFFFFFFF])
    elif kind == "sf":
        point = Point(holding=offset, type="s16")
    else:
        point = Point.model_validate({"holding": offset, "type": kind})
    return point.settled(Defaults(nan="sunspec"))
