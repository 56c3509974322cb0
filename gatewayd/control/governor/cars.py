"""Which car is at each charger, and what is known of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import ChargerReading, VehicleReading
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.ev.cars import CarTerms, by_identity
from gatewayd.plan.ev.words import CarNow

_USED_A = 1.0


@dataclass(frozen=True, slots=True)
class AtCharger:
    """The car at a charger: what is configured of it, and what it says; neither, of a guest."""

    terms: CarTerms | None = None
    reading: VehicleReading | None = None


def at_charger(charger: AssetState, site: Site, cars: Sequence[CarTerms]) -> AtCharger:
    """Told by the charger: what the car says through it, or which one it is; else the only one.

    Who says that he is somebody else is a guest, whose level nobody knows.
    """
    reading = _reading(charger)
    if reading is None or not reading.is_plugged_in:
        return AtCharger()
    told = [one for one in (reading.vehicle_id, reading.rfid) if one]
    car = by_identity(cars, told)
    through = _said(site.of_device(charger.asset.device_id))
    if car is not None or through is not None:
        own = _said(site.of_device(car.device_id)) if car and car.device_id else None
        return AtCharger(car, own or through)
    if told and any(one.identities for one in cars):
        return AtCharger()
    return _only_one(site, cars)


def car_now(charger: AssetState, at: AtCharger) -> CarNow:
    """A charger and its car."""
    reading = _reading(charger)
    if reading is None:
        return CarNow()
    currents = (reading.current_a_a, reading.current_b_a, reading.current_c_a)
    used = sum(1 for current_a in currents if current_a is not None and current_a > _USED_A)
    configured_wh = at.terms.capacity_wh if at.terms else None
    return CarNow(
        is_plugged=reading.is_plugged_in,
        power_w=reading.power_w,
        phases=reading.phases,
        used_phases=used or None,
        soc_pct=at.reading.soc_pct if at.reading else None,
        session_wh=reading.session_wh,
        counter_wh=reading.energy_wh,
        capacity_wh=configured_wh or (at.reading.capacity_wh if at.reading else None),
        id=at.terms.id if at.terms else None,
        most_phases=at.terms.phases if at.terms else None,
    )


def _only_one(site: Site, cars: Sequence[CarTerms]) -> AtCharger:
    """The one car that is plugged in while one charger has a car, or the only one of the home."""
    chargers = [_reading(state) for state in site.of_kind(AssetKind.CHARGER)]
    if sum(1 for reading in chargers if reading and reading.is_plugged_in) > 1:
        return AtCharger()
    states = site.of_kind(AssetKind.VEHICLE)
    plugged = [state for state in states if (said := _said([state])) and said.is_plugged_in]
    if len(plugged) == 1:
        device_id = plugged[0].asset.device_id
        car = next((one for one in cars if one.device_id == device_id), None)
        return AtCharger(car, _said(plugged))
    is_alone = len(cars) == 1 and not cars[0].identities and cars[0].device_id is None
    return AtCharger(cars[0]) if is_alone and not states else AtCharger()


def _reading(charger: AssetState) -> ChargerReading | None:
    """What a charger that can be reached says."""
    found = charger.sample.reading if charger.sample and charger.is_reachable else None
    return found if isinstance(found, ChargerReading) else None


def _said(states: Iterable[AssetState]) -> VehicleReading | None:
    """What a car of these has said last, also long ago."""
    readings = (state.sample.reading for state in states if state.sample)
    return next((one for one in readings if isinstance(one, VehicleReading)), None)
