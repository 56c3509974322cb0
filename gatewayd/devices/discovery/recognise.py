"""Which driver a Modbus unit is one for: all that recognise it, the likeliest first."""

from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.devices.discovery.once import GoneError, Once
from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.finding import Likeness, ModbusProbe

# Where two drivers know a device equally well, the one it has this unit id by default with.
_USUAL_UNIT_BITS = 2.0
# With no more it is nobody's: one device in two hundred would look so by chance.
_ENOUGH_BITS = 7.5


@dataclass(frozen=True, slots=True)
class Match:
    """A driver that recognises a device."""

    driver: str
    likeness: Likeness
    bits: float


async def recognise(
    reader: ModbusReader, probes: Mapping[str, ModbusProbe], unit: int, patience: int = 2
) -> list[Match]:
    """The drivers for what answers under a unit id, the likeliest first; none where nothing does.

    Those whose devices usually have this unit id are asked first: what they read is what the
    device most likely has. `patience` is for how many questions silence is borne.
    """
    once = Once(reader, patience)
    found = []
    for driver, probe in sorted(probes.items(), key=lambda one: (one[1].unit != unit, one[0])):
        try:
            likeness = await probe.ask(once)
        except (RefusedError, BadReadingError):
            continue
        except GoneError:
            break
        if likeness is not None:
            bits = likeness.bits + _USUAL_UNIT_BITS * (probe.unit == unit)
            found.append(Match(driver, likeness, bits))
    enough = [match for match in found if match.bits >= _ENOUGH_BITS]
    return sorted(enough, key=lambda match: (-match.bits, match.driver))
