"""The documents of `/gateway/`. Ages are in seconds; a time that never was is null."""

from datetime import date
from typing import Annotated, Generic, TypeVar

from pydantic import ConfigDict, Field

from gatewayd.enode.wire.base import EnodeModel, Payload, Timestamp
from gatewayd.enode.wire.clock import Instant, TimeOfDay, Weekday
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import ActionState
from gatewayd.plan.arming import Arming
from gatewayd.plan.ev.words import AlwaysCharge
from gatewayd.plan.grid.operator import OperatorState

T = TypeVar("T")


class Listed(EnodeModel, Generic[T]):
    """A whole list."""

    data: list[T]


class AssetOfDevice(EnodeModel):
    """An asset that a device is; `watchdog_seconds` is the device's own, as last read.

    `control` is how far it is trusted to the gateway now, null where nothing governs it;
    `withheld_because` is why it is not armed though it is configured to be.
    """

    id: str
    kind: AssetKind
    slug: str
    is_writable: bool
    watchdog_seconds: float | None
    control: Arming | None
    withheld_because: str | None


class Latency(EnodeModel):
    """How long reads take: the last one, a moving mean, and the longest."""

    last_ms: float | None
    usual_ms: float | None
    worst_ms: float | None


class Counts(EnodeModel):
    """What became of reads since the device was configured or the gateway started."""

    reads: int
    timeouts: int
    refused: int
    bad_frames: int
    faults: int
    reconnects: int


class DayOfWrites(EnodeModel):
    """Commands and watchdog renewals written on one day of UTC."""

    day: date
    commands: int
    renewals: int


class Worn(EnodeModel):
    """Memory that wears out: how often it was written in the last 24 hours, and may be."""

    place: str
    writes: int
    per_day: int


class Device(EnodeModel):
    """A box with one connection, and how that is.

    `since` is when it became reachable, or not; `is_asleep`: it has no power at night;
    `is_stranger`: another box answers in its place.
    """

    id: str
    driver: str
    name: str | None
    vendor: str
    model: str | None
    serial: str | None
    firmware: str | None
    address: str | None
    is_reachable: bool
    is_asleep: bool
    since: Timestamp | None
    last_success_at: Timestamp | None
    last_success_age_seconds: float | None
    last_error: str | None
    last_error_at: Timestamp | None
    consecutive_failures: int
    poll_period_seconds: float
    latency: Latency
    counts: Counts
    writes: list[DayOfWrites]
    wear: list[Worn]
    is_stranger: bool
    is_read_only: bool
    assets: list[AssetOfDevice]


class DevicesHealth(EnodeModel):
    """How many devices there are, and how many answer."""

    total: int
    reachable: int


class GatewayHealth(EnodeModel):
    """Whether the gateway can work. `devices` and `problems` are null for who holds no token.

    `problems` are those of the circuits and the chargers' own fallbacks.
    """

    is_ready: bool
    version: str
    devices: DevicesHealth | None
    problems: list[str] | None


class Command(EnodeModel):
    """What an asset was told; `kind` names the capability it needs."""

    kind: str
    words: str


class Input(EnodeModel):
    """One thing that was known, and its age where it has one."""

    name: str
    value: float | str | bool | None
    age_seconds: float | None


class Outcome(EnodeModel):
    """The action that came of a decision."""

    action_id: str
    state: ActionState
    failure_reason: str | None
    failure_detail: str | None


class Decision(EnodeModel):
    """Why an asset was told what it was told; `command` is null where one was taken back."""

    id: str
    at: Timestamp
    asset_id: str
    owner: str
    command: Command | None
    reason: str
    inputs: list[Input]
    candidates: list[str]
    binding: str | None
    outcome: Outcome | None


class Explanation(EnodeModel):
    """The decision in force at a time, in plain words; null where there is none on record.

    `controlled_by` is what decides over the asset now.
    """

    asset_id: str
    at: Timestamp
    text: str
    decision: Decision | None
    controlled_by: str | None


class Number(EnodeModel):
    """What can be set, in the unit that its name ends with, and how far."""

    value: float
    least: float
    most: float
    step: float


class Mode(EnodeModel):
    """How a charger or a battery is governed; `offered` are the modes it can be given.

    `car` is which of the config's vehicles is at a charger, as far as that is known.
    `always_charge` is whether a charger on solar charges its least without sun: off, on, or once,
    which is until the car leaves that is there or comes next; null of all else.
    """

    asset_id: str
    kind: AssetKind
    mode: str
    offered: list[str]
    car: str | None
    always_charge: AlwaysCharge | None
    numbers: dict[str, Number]


class ModeChoice(Payload):
    """The mode an asset is to have, numbers to set, `always_charge`, or all of it.

    A number that is null is what the config says.
    """

    mode: str | None = None
    always_charge: AlwaysCharge | None = None
    numbers: dict[str, float | None] = Field(default_factory=dict)


class PlanGiven(Payload):
    """By when a charger's car is to have how much.

    Once `at` an instant, or on `weekdays` (0 is Monday) at a `time` of the home's clock. Either
    `soc_pct` of the car, or `energy_wh` since it was plugged in.
    """

    at: Instant | None = None
    weekdays: list[Weekday] = Field(default_factory=list)
    time: TimeOfDay | None = None
    soc_pct: Annotated[float, Field(ge=1, le=100)] | None = None
    energy_wh: Annotated[float, Field(ge=1, le=1e6)] | None = None
    is_continuous: bool = False


class PlanStatus(EnodeModel):
    """What comes of a plan while a car is there and no other plan has to begin before it."""

    is_charging: bool
    start_at: Timestamp | None
    ready_at: Timestamp
    is_late: bool
    need_wh: float
    reason: str


class Plan(EnodeModel):
    """A plan of a charger, its next deadline, and what comes of it."""

    at: Timestamp | None
    weekdays: list[Weekday]
    time: str | None
    soc_pct: float | None
    energy_wh: float | None
    is_continuous: bool
    asset_id: str
    name: str
    deadline_at: Timestamp | None
    status: PlanStatus | None


class GridLimitGiven(Payload):
    """What the grid operator tells: `limit_w` of what is taken, `export_limit_w` of what is fed in.

    Null ends a limit; one without `duration_s` holds until the next. Of what is left out it is a
    sign of life.
    """

    # Also as MQTT spells it, so that a grid operator's box may send one text either way.
    model_config = ConfigDict(populate_by_name=True)

    limit_w: Annotated[float, Field(ge=0, le=1e9)] | None = None
    export_limit_w: Annotated[float, Field(ge=0, le=1e9)] | None = None
    duration_s: Annotated[float, Field(gt=0, le=1e9)] | None = None


class GridLimit(EnodeModel):
    """What holds of it; a limit null is none, and a state null that no operator is expected."""

    state: OperatorState | None
    limit_w: float | None
    export_state: OperatorState | None
    export_limit_w: float | None
