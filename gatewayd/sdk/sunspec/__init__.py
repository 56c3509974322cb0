"""SunSpec: the chain of models, their points, and what they mean for an asset."""

from gatewayd.sdk.sunspec.chain import (
    BASES,
    ModelAt,
    ModelValues,
    fetch,
    fetch_twice,
    walk,
    without_twins,
)
from gatewayd.sdk.sunspec.control import Control, Registers
from gatewayd.sdk.sunspec.controls import CAPABILITIES, controls
from gatewayd.sdk.sunspec.models import is_known

__all__ = [
    "BASES",
    "CAPABILITIES",
    "Control",
    "ModelAt",
    "ModelValues",
    "Registers",
    "controls",
    "fetch",
    "fetch_twice",
    "is_known",
    "walk",
    "without_twins",
]
