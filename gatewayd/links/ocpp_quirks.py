"""How one maker's charge points differ from what OCPP says: data, one YAML file each.

`source` says where the facts are from. What a file leaves out is as the protocol has it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatewayd.errors import ConfigError
from gatewayd.links.ocpp_dialect import Purpose, Setting
from gatewayd.links.ocpp_meter import MEASURANDS
from gatewayd.sdk.yaml_text import mapping

GENERIC = "generic"


class Quirks(BaseModel):
    """`answers_to` are parts of the vendor name in a BootNotification, in lower case.

    `stop_by`: a limit of nought, or the end of the session. `purpose`: of the profile that steers.
    `kind`: relative profiles count from the start of charging. `rate_unit` None: what the charge
    point says it takes. `stack_level` None: the highest it has. `profile_s`: how long a limit holds
    when we fall silent. `units`: of measurands that come without one. `keys`: names of settings.
    `has_composite` false: it cannot tell which limit is in force.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    models: tuple[str, ...]
    source: str
    quality: Mapping[str, bool]
    answers_to: tuple[str, ...] = ()
    stop_by: Literal["profile", "remote"] = "profile"
    purpose: Purpose = Purpose.TRANSACTION
    kind: Literal["absolute", "relative"] = "absolute"
    rate_unit: Literal["A", "W"] | None = None
    stack_level: int | None = Field(default=None, ge=0)
    min_current_a: float = Field(default=6.0, gt=0, le=32)
    profile_s: int = Field(default=300, ge=60, le=86_400)
    meter_interval_s: int = Field(default=10, ge=1, le=900)
    measurands: tuple[str, ...] = MEASURANDS
    disbelieved: frozenset[str] = frozenset()
    units: Mapping[str, str] = Field(default_factory=dict)
    keys: Mapping[Setting, str] = Field(default_factory=dict)
    has_composite: bool = True
    has_trigger: bool = True


@cache
def shelf(folder: Path) -> Mapping[str, Quirks]:
    """Every file of a folder by its stem. Raises ConfigError with all that is wrong."""
    found, problems = {}, []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = Quirks.model_validate(mapping(path))
        except ValidationError as error:
            problems += [
                f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
            ]
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def fitting(known: Mapping[str, Quirks], name: str | None, vendor: str | None) -> Quirks:
    """The quirks by name, else those of whoever the charge point says made it."""
    if name is not None:
        return known[name]
    told = (vendor or "").lower()
    return next(
        (one for one in known.values() if any(part in told for part in one.answers_to)),
        known[GENERIC],
    )
