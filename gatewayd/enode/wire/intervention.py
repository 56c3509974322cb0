"""Interventions on the wire: what a person must do, so that an asset can do something."""

from typing import Literal

from gatewayd.enode.wire.base import EnodeModel, Timestamp, Uuid
from gatewayd.model.asset import AssetKind

Domain = Literal["Account", "Device"]
Access = Literal["Remote", "Physical"]
Agent = Literal["User", "ThirdParty"]


class Resolution(EnodeModel):
    """What to do, in the asked language; `description` is Markdown."""

    title: str
    description: str
    access: Access
    agent: Agent
    action: Literal["Link"] | None


class _Intervention(EnodeModel):
    id: Uuid
    introduced_at: Timestamp
    domain: Domain
    resolution: Resolution


class IntegrationIntervention(_Intervention):
    """One that belongs to a vendor."""

    vendor: str
    vendor_type: AssetKind
    brand: str


class AgnosticIntervention(_Intervention):
    """One that is the same for all vendors."""

    vendor: str | None
    vendor_type: AssetKind | None
    brand: str | None


Intervention = IntegrationIntervention | AgnosticIntervention
