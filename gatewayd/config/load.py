"""The config file as one frozen value, or every reason why not."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.config.devices import Device, Drivers, devices
from gatewayd.config.governed import CircuitSection, Grid
from gatewayd.config.ocpp import Ocpp
from gatewayd.config.power import check_governed, terms
from gatewayd.config.problems import shown
from gatewayd.config.proxies import check_proxies
from gatewayd.config.secret import Secret
from gatewayd.config.sections import Api, File, Home, Log, Mdns, ModbusProxy, Mqtt, Storage
from gatewayd.config.solar import Solar
from gatewayd.config.source import Source, parse
from gatewayd.config.surroundings import Stamp, Surroundings
from gatewayd.config.vehicles import Vehicle, check_vehicles
from gatewayd.config.verdict import judge
from gatewayd.control.governor.terms import Terms
from gatewayd.errors import ConfigError
from gatewayd.sdk.yaml_text import YamlTextError, decoded

_SIZE_MAX = 1 << 20
# What of the file is judged otherwise, or not kept.
_NOT_PARTS = frozenset({"version", "devices"})


@dataclass(frozen=True)
class Config:
    """Everything the operator decided. `files` are what it was read from, secrets included.

    Two configs are equal when they say the same, wherever they were read from.
    """

    home: Home
    devices: Mapping[str, Device]
    vehicles: Mapping[str, Vehicle]
    circuits: Mapping[str, CircuitSection]
    solar: Solar
    grid: Grid
    mqtt: Mqtt | None
    modbus_proxy: tuple[ModbusProxy, ...]
    ocpp: Ocpp | None
    api: Api
    storage: Storage
    mdns: Mdns
    log: Log
    files: Mapping[Path, Stamp] = field(default_factory=dict, compare=False)
    secrets: frozenset[Secret] = field(default=frozenset(), compare=False)

    @property
    def terms(self) -> Terms:
        """What the governor goes by."""
        return replace(
            terms(self.circuits, self.grid, self.devices),
            cars=tuple(vehicle.terms(name) for name, vehicle in self.vehicles.items()),
            rule=self.solar.rule(),
            zone=ZoneInfo(self.home.timezone),
        )


def load(path: Path, drivers: Drivers, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the file and everything it names; ConfigError tells all that is wrong with it."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    around = Surroundings(path.parent, Path(credentials) if credentials else None)
    source = parse(_text(around.opening(path)))
    config = None if source.is_broken(()) else _config(source, drivers, around)
    if config is None or source.problems:
        raise ConfigError([problem.told(str(path)) for problem in sorted(source.problems)])
    return config


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError([f"{path}: is not a file; name the config file itself"])
        if status.st_size > _SIZE_MAX:
            raise ConfigError([f"{path}: is larger than 1 MiB; this is not a config file"])
        return decoded(path.read_bytes())
    except FileNotFoundError:
        hint = "start from config/gateway.example.yaml"
        raise ConfigError([f"{path}: there is no such file; {hint}"]) from None
    except YamlTextError as error:
        raise ConfigError([f"{path}:{error.line}:{error.column}: {error}"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}; make it readable"]) from None
    except ValueError:
        raise ConfigError([f"{shown(str(path))}: is no path; name the config file"]) from None


def _config(source: Source, drivers: Drivers, around: Surroundings) -> Config | None:
    data = source.data
    if data is None:
        data = {}
    if isinstance(data, dict):
        # A section whose every line is commented out is a section left out.
        data = {key: value for key, value in data.items() if value is not None}
    file = judge(source, File, data, context=around)
    known = devices(
        source, drivers, data.get("devices") if isinstance(data, dict) else None, around
    )
    if file is None:
        return None
    check_proxies(source, file.modbus_proxy, known)
    check_vehicles(source, file.vehicles, known)
    check_governed(source, file.circuits, file.grid, known, drivers)
    parts = {name: getattr(file, name) for name in File.model_fields if name not in _NOT_PARTS}
    return Config(
        **parts,
        devices=known,
        files=around.files,
        secrets=frozenset(around.secrets),
    )
