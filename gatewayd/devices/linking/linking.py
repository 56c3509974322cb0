"""The rooms of linking, built over those of the devices."""

from dataclasses import dataclass

from gatewayd.clock import Clock
from gatewayd.devices.linking.catalogue import Catalogue
from gatewayd.devices.linking.linker import Commit, Linker
from gatewayd.devices.linking.logins import LoginWatch
from gatewayd.devices.linking.probe import Probe
from gatewayd.devices.linking.roster import Roster
from gatewayd.devices.poller import Poller
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from gatewayd.state.db import Database
from gatewayd.state.store import Store


@dataclass(frozen=True, slots=True)
class Linking:
    """What comes by links: the catalogue to choose from, the devices polled, the pages' work."""

    catalogue: Catalogue
    roster: Roster
    linker: Linker
    logins: LoginWatch

    @classmethod
    def over(
        cls,
        *,
        registry: Registry,
        links: Links,
        db: Database,
        store: Store,
        poller: Poller,
        clock: Clock,
        commit: Commit | None = None,
    ) -> "Linking":
        """Linking over the given rooms; `roster` is yet to be told the configuration."""
        catalogue = Catalogue(registry)
        roster = Roster(registry=registry, db=db, reconfigure=poller.reconfigure)
        linker = Linker(
            db=db,
            store=store,
            clock=clock,
            catalogue=catalogue,
            roster=roster,
            probe=Probe(links, poller.guard),
            commit=commit,
        )
        logins = LoginWatch(poller=poller, db=db, store=store, clock=clock)
        return cls(catalogue, roster, linker, logins)
