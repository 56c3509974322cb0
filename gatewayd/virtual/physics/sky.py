"""The sun over the house and the clouds before it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from gatewayd.virtual.physics.noise import between, drift
from gatewayd.virtual.physics.settings import PvString

# Heat, cables, dirt and mismatch of the modules together.
_MODULE_YIELD = 0.88
_DIFFUSE_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands; `azimuth_deg` clockwise from north."""

    elevation_deg: float
    azimuth_deg: float


def sun_at(at: datetime, latitude: float, longitude: float) -> Sun:
    """The sun's place, good to about half a degree (Spencer's series for declination and time)."""
    moment = at.astimezone(UTC)
    hour = moment.hour + moment.minute / 60.0 + moment.second / 3600.0
    year = 2.0 * math.pi * (moment.timetuple().tm_yday - 1 + (hour - 12.0) / 24.0) / 365.0
    declination = _declination(year)
    solar_minutes = hour * 60.0 + _equation_of_time_minutes(year) + 4.0 * longitude
    angle = math.radians(solar_minutes / 4.0 - 180.0)
    north = math.radians(latitude)
    sine = math.sin(north) * math.sin(declination)
    sine += math.cos(north) * math.cos(declination) * math.cos(angle)
    azimuth = math.atan2(
        math.sin(angle),
        math.cos(angle) * math.sin(north) - math.tan(declination) * math.cos(north),
    )
    elevation = math.asin(max(-1.0, min(1.0, sine)))
    return Sun(math.degrees(elevation), (math.degrees(azimuth) + 180.0) % 360.0)


def _declination(year: float) -> float:
    return (
        0.006918
        - 0.399912 * math.cos(year)
        + 0.070257 * math.sin(year)
        - 0.006758 * math.cos(2 * year)
        + 0.000907 * math.sin(2 * year)
    )


def _equation_of_time_minutes(year: float) -> float:
    return 229.18 * (
        0.000075
        + 0.001868 * math.cos(year)
        - 0.032077 * math.sin(year)
        - 0.014615 * math.cos(2 * year)
        - 0.040849 * math.sin(2 * year)
    )


def clear_sky_wm2(sun: Sun, tilt_deg: float, azimuth_deg: float) -> float:
    """Sunlight on a tilted surface without clouds, in watt per square metre."""
    if sun.elevation_deg <= 0.0:
        return 0.0
    elevation, tilt = math.radians(sun.elevation_deg), math.radians(tilt_deg)
    beam = _beam_wm2(sun.elevation_deg)
    incidence = math.sin(elevation) * math.cos(tilt)
    turn = math.radians(sun.azimuth_deg - azimuth_deg)
    incidence += math.cos(elevation) * math.sin(tilt) * math.cos(turn)
    diffuse = _DIFFUSE_SHARE * beam * (1.0 + math.cos(tilt)) / 2.0
    return beam * max(0.0, incidence) + diffuse


def _beam_wm2(elevation_deg: float) -> float:
    """Direct sunlight after the air mass of Kasten and Young and Meinel's attenuation."""
    air_mass = 1.0 / (
        math.sin(math.radians(elevation_deg)) + 0.50572 * (elevation_deg + 6.07995) ** -1.6364
    )
    return float(1353.0 * 0.7 ** (air_mass**0.678))


def weather(seed: int, at: datetime) -> float:
    """How much of the light the clouds let through, from 0 to 1."""
    minutes = at.timestamp() / 60.0
    day = math.floor(minutes / 1440.0)
    clearness = between(0.6, 1.0, seed, "day", day)
    depth = between(0.1, 0.8, seed, "depth", day)
    passing = drift(minutes / 11.0, seed, "cloud") * drift(minutes / 53.0, seed, "front")
    return clearness * (1.0 - depth * passing)


def string_w(string: PvString, sun: Sun, transmittance: float) -> float:
    """What a string could deliver now as direct current."""
    light = clear_sky_wm2(sun, string.tilt_deg, string.azimuth_deg) * transmittance
    return string.peak_w * light / 1000.0 * _MODULE_YIELD
