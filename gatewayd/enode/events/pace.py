"""How often an asset may be told of. Every event is a write to the disk, and measured values never
stand still."""

import math
from collections.abc import Collection
from dataclasses import dataclass

# So many changes of measured values are told without waiting, when it was quiet before.
BURST = 12.0


@dataclass
class _Record:
    told_at: float = -math.inf
    credit: float = BURST
    credited_at: float = 0.0


class Pace:
    """At least `updated_every_s` between two events of an asset; those of measured values alone
    come in bursts, and no more often than every `measured_every_s` in the long run.

    Times are monotonic seconds.
    """

    def __init__(self, updated_every_s: float, measured_every_s: float) -> None:
        self._updated_every_s = updated_every_s
        self._measured_every_s = max(measured_every_s, updated_every_s)
        self._records: dict[str, _Record] = {}

    def is_due(self, asset_id: str, now_s: float, *, is_measured: bool) -> bool:
        """Whether the asset may have another event now."""
        record = self._records.get(asset_id)
        if record is None:
            return True
        if now_s - record.told_at < self._updated_every_s:
            return False
        return not is_measured or self._credit(record, now_s) >= 1.0

    def told(self, asset_id: str, now_s: float, *, is_measured: bool) -> None:
        """The asset has an event."""
        record = self._records.setdefault(asset_id, _Record(credited_at=now_s))
        credit = self._credit(record, now_s) - (1.0 if is_measured else 0.0)
        self._records[asset_id] = _Record(now_s, max(0.0, credit), now_s)

    def keep(self, asset_ids: Collection[str]) -> None:
        """Forget all other assets."""
        self._records = {key: one for key, one in self._records.items() if key in asset_ids}

    def _credit(self, record: _Record, now_s: float) -> float:
        earned = (now_s - record.credited_at) / self._measured_every_s
        return min(BURST, record.credit + earned)
