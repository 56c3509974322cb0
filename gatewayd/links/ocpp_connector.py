"""What one connector of a charge point has told of itself, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

# A charge point that is not charging offers nothing, in these states by definition.
_AT_REST = frozenset({"Available", "Preparing", "SuspendedEVSE", "Finishing", "Reserved"})
_LIVE = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})
_UNTIL_TOLD_AGAIN = frozenset({"energy_wh", "soc_pct", "offered_a"})


@dataclass(frozen=True, slots=True)
class Told:
    """A value and the monotonic time at which it came."""

    value: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Transaction:
    """A charging session by the charge point's book. `meter_wh` is its register at the start."""

    id: int | str
    id_tag: str | None = None
    meter_wh: float | None = None
    began_at: datetime | None = None


class Connector:
    """`status` is one of OCPP 1.6's, also for later versions. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.error: str | None = None
        self.transaction: Transaction | None = None
        self.rfid: str | None = None
        self._values: dict[str, Told] = {}
        self._done_wh = 0.0
        self._session_wh: float | None = None
        self._is_new_session = True

    def told_status(self, status: str, error: str | None) -> None:
        """What it is doing now."""
        if self.status == "Charging" and status != "Charging":
            self._forget_flow()
        if status == "Available":
            self._is_new_session = True
            self.rfid = self.rfid if self.transaction else None
        self.status, self.error = status, error

    def told_values(self, values: Mapping[str, float], now_s: float) -> None:
        """What its meter says now."""
        for name, value in values.items():
            self._values[name] = Told(value, now_s)
        self._count(values.get("energy_wh"))

    def began(self, transaction: Transaction, rfid: str | None) -> None:
        """A session; telling of the same one again changes nothing."""
        if self.transaction is not None and self.transaction.id == transaction.id:
            return
        if self._is_new_session:
            self._done_wh, self._is_new_session = 0.0, False
        else:
            self._done_wh = self._session_wh or 0.0
        self.transaction, self.rfid = transaction, rfid or self.rfid
        self._session_wh = self._done_wh if transaction.meter_wh is not None else None

    def ended(self, transaction_id: int | str, meter_wh: float | None) -> None:
        """The end of a session; of another than the current one, nothing."""
        if self.transaction is None or self.transaction.id != transaction_id:
            return
        self._count(meter_wh)
        self.transaction = None
        self._forget_flow()

    def value(self, name: str, now_s: float, age_max_s: float) -> float | None:
        """What was measured last, unless that is too long ago."""
        told = self._values.get(name)
        if told is None:
            return None
        is_lasting = name in _UNTIL_TOLD_AGAIN
        return told.value if is_lasting or now_s - told.at_s <= age_max_s else None

    def offered_since(self, since_s: float) -> float | None:
        """The current it said it offers, if it said so after `since_s`."""
        told = self._values.get("offered_a")
        return told.value if told is not None and told.at_s > since_s else None

    @property
    def session_wh(self) -> float | None:
        """Energy of this plug-in, or of the last one until the next begins."""
        return self._session_wh

    @property
    def is_at_rest(self) -> bool:
        """Whether by its own word no energy can flow."""
        return self.status in _AT_REST

    @property
    def is_live(self) -> bool:
        """Whether energy flows, or would if the car or we wanted."""
        return self.transaction is not None or self.status in _LIVE

    def _count(self, register_wh: float | None) -> None:
        transaction = self.transaction
        if register_wh is None or transaction is None or transaction.meter_wh is None:
            return
        gained = register_wh - transaction.meter_wh
        # A register below its own start is another register, or has another unit.
        self._session_wh = self._done_wh + gained if gained >= 0 else None

    def _forget_flow(self) -> None:
        """Meters fall silent with the end of charging: what flowed before is no longer true."""
        self._values = {k: told for k, told in self._values.items() if k in _UNTIL_TOLD_AGAIN}
