"""A charger with one plug that calls a gateway by OCPP: the box, whatever the version it speaks.

It keeps charging profiles as the protocol has it: of a purpose the highest stack level that is
valid now counts, and a transaction's own before the default for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gatewayd.clock import Clock

_VOLT = 230.0
_MIN_A = 6.0
_HARDWARE_A = 32.0
_TX, _DEFAULT = "TxProfile", "TxDefaultProfile"


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """As it was taken; `began_s` is the charger's own time, None when relative to charging."""

    id: int
    purpose: str
    stack_level: int
    unit: str
    periods: tuple[tuple[int, float], ...]
    began_s: float | None
    duration_s: int | None
    transaction: int | str | None

    def limit(self, now_s: float, session_s: float) -> float | None:
        """The limit at a moment, in its unit; None when it is over."""
        age_s = now_s - (session_s if self.began_s is None else self.began_s)
        if self.duration_s is not None and age_s >= self.duration_s:
            return None
        passed = [limit for begins_s, limit in self.periods if begins_s <= age_s]
        return passed[-1] if passed else None


@dataclass
class OcppCharger:
    """`obeys` false: orders are accepted and nothing comes of them. `is_full`: the car takes
    nothing. `phases` flow with `current_a` each. Settings are by the names of OCPP 1.6."""

    id: str
    clock: Clock
    vendor: str = "Virtual"
    model: str = "Point"
    serial: str | None = "V-1"
    firmware: str = "1.0"
    obeys: bool = True
    is_plugged: bool = False
    is_full: bool = False
    phases: int = 3
    car_max_a: float = 16.0
    transaction: int | str | None = None
    tag: str | None = None
    energy_wh: float = 120_000.0
    error: str = "NoError"
    profiles: list[ChargingProfile] = field(default_factory=list)
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "MeterValueSampleInterval": "60",
            "MeterValuesSampledData": "Energy.Active.Import.Register",
            "ChargingScheduleAllowedChargingRateUnit": "Current",
            "ChargeProfileMaxStackLevel": "8",
            "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger",
            "ConnectorSwitch3to1PhaseSupported": "false",
            "WebSocketPingInterval": "0",
            "AuthorizeRemoteTxRequests": "true",
        }
    )
    session_s: float = 0.0
    _moved_s: float = -1.0

    @property
    def status(self) -> str:
        """In the words of OCPP 1.6."""
        if self.error != "NoError":
            return "Faulted"
        if not self.is_plugged:
            return "Available"
        if self.transaction is None:
            return "Preparing"
        if self.offered_a < _MIN_A:
            return "SuspendedEVSE"
        return "SuspendedEV" if self.is_full else "Charging"

    @property
    def current_a(self) -> float:
        """What flows on each phase."""
        return min(self.offered_a, self.car_max_a) if self.status == "Charging" else 0.0

    @property
    def power_w(self) -> float:
        return self.current_a * _VOLT * self.phases

    @property
    def offered_a(self) -> float:
        """The limit in force for a session."""
        own = self._limit(_TX) if self.transaction is not None else None
        limit = self._limit(_DEFAULT) if own is None else own
        return _HARDWARE_A if limit is None else min(limit, _HARDWARE_A)

    def move(self) -> None:
        """Let energy flow until now."""
        now_s = self.clock.monotonic()
        if self._moved_s >= 0:
            self.energy_wh += self.power_w * (now_s - self._moved_s) / 3600.0
        self._moved_s = now_s

    def begin(self, transaction: int | str, tag: str | None) -> None:
        """A session begins."""
        self.move()
        self.transaction, self.tag = transaction, tag
        self.session_s = self.clock.monotonic()

    def end(self) -> None:
        """The session ends, and the profiles made for it."""
        self.move()
        self.transaction = self.tag = None
        self.profiles = [one for one in self.profiles if one.purpose != _TX]

    def take(self, told: Mapping[str, Any], schedule: Mapping[str, Any], id: int) -> bool:
        """A charging profile; whether it is accepted."""
        purpose, transaction = told["chargingProfilePurpose"], told.get("transactionId")
        if int(told["stackLevel"]) > int(self.settings["ChargeProfileMaxStackLevel"]):
            return False
        if purpose == _TX and (transaction is None or transaction != self.transaction):
            return False
        if not self.obeys:
            return True
        self.move()
        level = int(told["stackLevel"])
        self.profiles = [
            one
            for one in self.profiles
            if one.id != id and (one.purpose, one.stack_level) != (purpose, level)
        ]
        self.profiles.append(
            ChargingProfile(
                id,
                purpose,
                level,
                schedule["chargingRateUnit"],
                tuple(
                    (period["startPeriod"], float(period["limit"]))
                    for period in schedule["chargingSchedulePeriod"]
                ),
                self._seconds(schedule.get("startSchedule")),
                schedule.get("duration"),
                transaction,
            )
        )
        return True

    def schedule(self, duration_s: int) -> list[dict[str, float]]:
        """The limits in force from now on, in A."""
        now_s = self.clock.monotonic()
        found: list[dict[str, float]] = []
        edges = {0.0}
        for one in self.profiles:
            began_s = self.session_s if one.began_s is None else one.began_s
            ends = [begins_s for begins_s, _ in one.periods]
            ends += [] if one.duration_s is None else [one.duration_s]
            edges |= {began_s + end - now_s for end in ends}
        for edge in sorted(edge for edge in edges if 0 <= edge < duration_s):
            limit = self._at(now_s + edge)
            if not found or found[-1]["limit"] != limit:
                found.append({"startPeriod": int(edge), "limit": limit})
        return found

    def _at(self, now_s: float) -> float:
        own = self._limit(_TX, now_s) if self.transaction is not None else None
        limit = self._limit(_DEFAULT, now_s) if own is None else own
        return _HARDWARE_A if limit is None else min(limit, _HARDWARE_A)

    def _limit(self, purpose: str, now_s: float | None = None) -> float | None:
        at_s = self.clock.monotonic() if now_s is None else now_s
        of_purpose = [one for one in self.profiles if one.purpose == purpose]
        for one in sorted(of_purpose, key=lambda one: -one.stack_level):
            limit = one.limit(at_s, self.session_s)
            if limit is not None:
                return limit if one.unit == "A" else limit / (_VOLT * self.phases)
        return None

    def _seconds(self, at: str | None) -> float | None:
        """A time of the gateway's clock as ours."""
        if at is None:
            return None
        ahead = datetime.fromisoformat(at) - self.clock.now()
        return self.clock.monotonic() + ahead.total_seconds()
