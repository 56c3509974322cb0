"""Which devices a virtual home has: those that the physics moves, and register images.

A file of them is a list of the names of moving devices, of images by the names of their files, and
of paths from the list to other images:

- inverter
- keba_p30
- my/own_device.yaml
"""

import re
from collections.abc import Mapping
from pathlib import Path

from gatewayd.errors import ConfigError
from gatewayd.virtual.yaml_file import read

# Those that the physics moves.
MOVING = ("inverter", "meter", "charger", "heat_pump", "car")
# The images are the tests' own, so they come with a checkout.
IMAGES = Path(__file__).parents[2] / "tests" / "fixtures" / "devices"

_LONGEST = 28

# A device's name, and its image; None where the physics moves it.
Roster = Mapping[str, Path | None]

EVERYONE: Roster = dict.fromkeys(MOVING)


def roster(path: Path) -> Roster:
    """The devices of a file, by names that a config may have. Raises ConfigError."""
    entries = read(path)
    if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
        raise ConfigError([f"{path}: should be a list of names; write `- inverter` and the like"])
    found: dict[str, Path | None] = {}
    for entry in entries:
        if entry in MOVING:
            found[entry] = None
        else:
            image = _image(path, entry)
            found[_name(image.stem, found)] = image
    return found


def _image(path: Path, entry: str) -> Path:
    own = path.parent / entry
    found = own if entry.endswith(".yaml") else IMAGES / f"{entry}.yaml"
    if not found.is_file():
        known = ", ".join(MOVING)
        raise ConfigError([f"{path}: there is no image {found}; name a file, or one of {known}"])
    return found


def _name(stem: str, taken: Mapping[str, object]) -> str:
    plain = re.sub("[^a-z0-9]", "_", stem.lower())[:_LONGEST]
    name, number = plain, 1
    while name in taken or name in MOVING:
        number += 1
        name = f"{plain}_{number}"
    return name
