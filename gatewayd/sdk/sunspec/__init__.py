"""SunSpec: the chain of models, their points, and what they mean for an asset."""

from gatewayd.sdk.sunspec.chain import BASES, ModelAt, ModelValues, fetch, walk
from gatewayd.sdk.sunspec.models import is_known
from gatewayd.sdk.sunspec.storage import Storage

__all__ = ["BASES", "ModelAt", "ModelValues", "Storage", "fetch", "is_known", "walk"]
