"""Interventions, from the catalogue to the wire."""

from gatewayd.enode.interventions.catalogue import Intervention
from gatewayd.enode.interventions.words import words
from gatewayd.enode.wire import intervention as wire


def intervention(known: Intervention, language: str | None) -> wire.AgnosticIntervention:
    """An intervention in a language; ours are the same for all vendors."""
    told = words(known.name, language)
    return wire.AgnosticIntervention(
        id=known.id,
        vendor=None,
        vendor_type=None,
        brand=None,
        introduced_at=known.introduced_at,
        domain=known.domain,
        resolution=wire.Resolution(
            title=told.title,
            description=told.description,
            access=known.access,
            agent=known.agent,
            action="Link" if known.is_link else None,
        ),
    )
