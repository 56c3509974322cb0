"""SunSpec models as data, and the image a device makes of them.

The layouts are those of the SunSpec Alliance's model definitions: points in register order, `name
type`, then the name of the point that holds the power of ten, or the number of registers of a text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewayd.virtual.devices.words import KINDS, TEXT, Kind, Words, number, text

MARK = (0x5375, 0x6E53)
END = (0xFFFF, 0)
Value = float | str


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a model; `scale` names the point with its power of ten."""

    name: str
    kind: Kind
    size: int
    scale: str | None = None


def layout(lines: str) -> tuple[Point, ...]:
    """Points from text; see the module for the form."""
    return tuple(
        _point(*line.split()) for line in lines.replace(",", "\n").split("\n") if line.strip()
    )


def _point(name: str, kind_name: str, more: str | None = None) -> Point:
    kind = KINDS[kind_name]
    if kind is TEXT:
        return Point(name, kind, int(more or 1))
    return Point(name, kind, kind.size, more)


MODELS: Mapping[int, tuple[Point, ...]] = {
    1: layout("""
        Mn string 16, Md string 16, Opt string 8, Vr string 8, SN string 16, DA uint16, Pad pad
    """),
    103: layout("""
        A uint16 A_SF, AphA uint16 A_SF, AphB uint16 A_SF, AphC uint16 A_SF, A_SF sunssf
        PPVphAB uint16 V_SF, PPVphBC uint16 V_SF, PPVphCA uint16 V_SF
        PhVphA uint16 V_SF, PhVphB uint16 V_SF, PhVphC uint16 V_SF, V_SF sunssf
        W int16 W_SF, W_SF sunssf, Hz uint16 Hz_SF, Hz_SF sunssf, VA int16 VA_SF, VA_SF sunssf
        VAr int16 VAr_SF, VAr_SF sunssf, PF int16 PF_SF, PF_SF sunssf, WH acc32 WH_SF, WH_SF sunssf
        DCA uint16 DCA_SF, DCA_SF sunssf, DCV uint16 DCV_SF, DCV_SF sunssf
        DCW int16 DCW_SF, DCW_SF sunssf, TmpCab int16 Tmp_SF, TmpSnk int16 Tmp_SF
        TmpTrns int16 Tmp_SF, TmpOt int16 Tmp_SF, Tmp_SF sunssf, St enum16, StVnd enum16
        Evt1 bitfield32, Evt2 bitfield32, EvtVnd1 bitfield32, EvtVnd2 bitfield32
        EvtVnd3 bitfield32, EvtVnd4 bitfield32
    """),
    120: layout("""
        DERTyp enum16, WRtg uint16 WRtg_SF, WRtg_SF sunssf, VARtg uint16 VARtg_SF, VARtg_SF sunssf
        VArRtgQ1 int16 VArRtg_SF, VArRtgQ2 int16 VArRtg_SF, VArRtgQ3 int16 VArRtg_SF
        VArRtgQ4 int16 VArRtg_SF, VArRtg_SF sunssf, ARtg uint16 ARtg_SF, ARtg_SF sunssf
        PFRtgQ1 int16 PFRtg_SF, PFRtgQ2 int16 PFRtg_SF, PFRtgQ3 int16 PFRtg_SF
        PFRtgQ4 int16 PFRtg_SF, PFRtg_SF sunssf, WHRtg uint16 WHRtg_SF, WHRtg_SF sunssf
        AhrRtg uint16 AhrRtg_SF, AhrRtg_SF sunssf, MaxChaRte uint16 MaxChaRte_SF
        MaxChaRte_SF sunssf, MaxDisChaRte uint16 MaxDisChaRte_SF, MaxDisChaRte_SF sunssf, Pad pad
    """),
    121: layout("""
        WMax uint16 WMax_SF, VRef uint16 VRef_SF, VRefOfs int16 VRefOfs_SF
        VMax uint16 VMinMax_SF, VMin uint16 VMinMax_SF, VAMax uint16 VAMax_SF
        VArMaxQ1 int16 VArMax_SF, VArMaxQ2 int16 VArMax_SF, VArMaxQ3 int16 VArMax_SF
        VArMaxQ4 int16 VArMax_SF, WGra uint16 WGra_SF, PFMinQ1 int16 PFMin_SF
        PFMinQ2 int16 PFMin_SF, PFMinQ3 int16 PFMin_SF, PFMinQ4 int16 PFMin_SF, VArAct enum16
        ClcTotVA enum16, MaxRmpRte uint16 MaxRmpRte_SF, ECPNomHz uint16 ECPNomHz_SF, ConnPh enum16
        WMax_SF sunssf, VRef_SF sunssf, VRefOfs_SF sunssf, VMinMax_SF sunssf, VAMax_SF sunssf
        VArMax_SF sunssf, WGra_SF sunssf, PFMin_SF sunssf, MaxRmpRte_SF sunssf, ECPNomHz_SF sunssf
    """),
    123: layout("""
        Conn_WinTms uint16, Conn_RvrtTms uint16, Conn enum16, WMaxLimPct uint16 WMaxLimPct_SF
        WMaxLimPct_WinTms uint16, WMaxLimPct_RvrtTms uint16, WMaxLimPct_RmpTms uint16
        WMaxLim_Ena enum16, OutPFSet int16 OutPFSet_SF, OutPFSet_WinTms uint16
        OutPFSet_RvrtTms uint16, OutPFSet_RmpTms uint16, OutPFSet_Ena enum16
        VArWMaxPct int16 VArPct_SF, VArMaxPct int16 VArPct_SF, VArAvalPct int16 VArPct_SF
        VArPct_WinTms uint16, VArPct_RvrtTms uint16, VArPct_RmpTms uint16, VArPct_Mod enum16
        VArPct_Ena enum16, WMaxLimPct_SF sunssf, OutPFSet_SF sunssf, VArPct_SF sunssf
    """),
    124: layout("""
        WChaMax uint16 WChaMax_SF, WChaGra uint16 WChaDisChaGra_SF
        WDisChaGra uint16 WChaDisChaGra_SF, StorCtl_Mod bitfield16, VAChaMax uint16 VAChaMax_SF
        MinRsvPct uint16 MinRsvPct_SF, ChaState uint16 ChaState_SF, StorAval uint16 StorAval_SF
        InBatV uint16 InBatV_SF, ChaSt enum16, OutWRte int16 InOutWRte_SF
        InWRte int16 InOutWRte_SF, InOutWRte_WinTms uint16, InOutWRte_RvrtTms uint16
        InOutWRte_RmpTms uint16, ChaGriSet enum16, WChaMax_SF sunssf, WChaDisChaGra_SF sunssf
        VAChaMax_SF sunssf, MinRsvPct_SF sunssf, ChaState_SF sunssf, StorAval_SF sunssf
        InBatV_SF sunssf, InOutWRte_SF sunssf
    """),
    160: layout("""
        DCA_SF sunssf, DCV_SF sunssf, DCW_SF sunssf, DCWH_SF sunssf, Evt bitfield32, N count
        TmsPer uint16
    """),
    203: layout("""
        A int16 A_SF, AphA int16 A_SF, AphB int16 A_SF, AphC int16 A_SF, A_SF sunssf
        PhV int16 V_SF, PhVphA int16 V_SF, PhVphB int16 V_SF, PhVphC int16 V_SF
        PPV int16 V_SF, PhVphAB int16 V_SF, PhVphBC int16 V_SF, PhVphCA int16 V_SF, V_SF sunssf
        Hz int16 Hz_SF, Hz_SF sunssf
        W int16 W_SF, WphA int16 W_SF, WphB int16 W_SF, WphC int16 W_SF, W_SF sunssf
        VA int16 VA_SF, VAphA int16 VA_SF, VAphB int16 VA_SF, VAphC int16 VA_SF, VA_SF sunssf
        VAR int16 VAR_SF, VARphA int16 VAR_SF, VARphB int16 VAR_SF, VARphC int16 VAR_SF
        VAR_SF sunssf
        PF int16 PF_SF, PFphA int16 PF_SF, PFphB int16 PF_SF, PFphC int16 PF_SF, PF_SF sunssf
        TotWhExp acc32 TotWh_SF, TotWhExpPhA acc32 TotWh_SF, TotWhExpPhB acc32 TotWh_SF
        TotWhExpPhC acc32 TotWh_SF, TotWhImp acc32 TotWh_SF, TotWhImpPhA acc32 TotWh_SF
        TotWhImpPhB acc32 TotWh_SF, TotWhImpPhC acc32 TotWh_SF, TotWh_SF sunssf
        TotVAhExp acc32 TotVAh_SF, TotVAhExpPhA acc32 TotVAh_SF
        TotVAhExpPhB acc32 TotVAh_SF, TotVAhExpPhC acc32 TotVAh_SF
        TotVAhImp acc32 TotVAh_SF, TotVAhImpPhA acc32 TotVAh_SF
        TotVAhImpPhB acc32 TotVAh_SF, TotVAhImpPhC acc32 TotVAh_SF
        TotVAh_SF sunssf
        TotVArhImpQ1 acc32 TotVArh_SF, TotVArhImpQ1PhA acc32 TotVArh_SF
        TotVArhImpQ1PhB acc32 TotVArh_SF, TotVArhImpQ1PhC acc32 TotVArh_SF
        TotVArhImpQ2 acc32 TotVArh_SF, TotVArhImpQ2PhA acc32 TotVArh_SF
        TotVArhImpQ2PhB acc32 TotVArh_SF, TotVArhImpQ2PhC acc32 TotVArh_SF
        TotVArhExpQ3 acc32 TotVArh_SF, TotVArhExpQ3PhA acc32 TotVArh_SF
        TotVArhExpQ3PhB acc32 TotVArh_SF, TotVArhExpQ3PhC acc32 TotVArh_SF
        TotVArhExpQ4 acc32 TotVArh_SF, TotVArhExpQ4PhA acc32 TotVArh_SF
        TotVArhExpQ4PhB acc32 TotVArh_SF, TotVArhExpQ4PhC acc32 TotVArh_SF
        TotVArh_SF sunssf, Evt bitfield32
    """),
}
# Model 160 repeats this group once per input.
_INPUT = layout("""
    ID uint16, IDStr string 8, DCA uint16 DCA_SF, DCV uint16 DCV_SF, DCW uint16 DCW_SF
    DCWH acc32 DCWH_SF, Tms uint32, Tmp int16, DCSt enum16, DCEvt bitfield32
""")


def model_points(model: int, inputs: int) -> tuple[Point, ...]:
    """The points of a model; in model 160 those of input 3 are called `3.DCW` and so on."""
    if model != 160:
        return MODELS[model]
    repeated = [
        Point(f"{i}.{p.name}", p.kind, p.size, p.scale)
        for i in range(1, inputs + 1)
        for p in _INPUT
    ]
    return (*MODELS[model], *repeated)


class Image:
    """The registers of a chain of models, from the mark to the end marker.

    Values are keyed by model, then by point; scale factors are values like any other. A point
    without a value reads as not implemented.
    """

    def __init__(self, base: int, chain: Sequence[int], *, inputs: int) -> None:
        self._places: dict[int, dict[str, tuple[int, Point]]] = {}
        words = list(MARK)
        for model in chain:
            points = model_points(model, inputs)
            words += (model, sum(point.size for point in points))
            places = self._places.setdefault(model, {})
            for point in points:
                places[point.name] = (base + len(words), point)
                words += (point.kind.blank,) * point.size
        self._blank = dict(enumerate((*words, *END), base))

    def address(self, model: int, name: str) -> int:
        return self._places[model][name][0]

    def words(self, values: Mapping[int, Mapping[str, Value]]) -> dict[int, int]:
        """The whole image, by address."""
        words = dict(self._blank)
        for model, known in values.items():
            places = self._places[model]
            for name, value in known.items():
                address, point = places[name]
                words.update(enumerate(point_words(point, value, known), address))
        return words


def point_words(point: Point, value: Value, model: Mapping[str, Value]) -> Words:
    """One point as words, scaled by the power of ten that its model gives."""
    if isinstance(value, str):
        return text(value, point.size)
    return number(point.kind, value / 10.0 ** float(model[point.scale]) if point.scale else value)
