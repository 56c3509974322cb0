"""Which serial number belongs to which device, so that an address is never trusted alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gatewayd.model.asset import Asset, Identity


@dataclass(frozen=True, slots=True)
class _Known:
    brand: str
    serial: str
    roles: frozenset[str]


class Identities:
    """The serial numbers of the configured devices, in the order in which they were first seen."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def load(self, assets: Iterable[Asset]) -> None:
        """Start anew with what is stored of the configured devices, oldest first."""
        self._known = {}
        for asset in assets:
            if asset.serial:
                known = self._known.get(asset.device_id)
                roles = known.roles if known else frozenset()
                self._known[asset.device_id] = _Known(
                    asset.brand, asset.serial, roles | {asset.role}
                )

    def twin(self, device_id: str, identity: Identity) -> str | None:
        """The other device that this box already is. Of two, the one seen first keeps it.

        Roles are compared too: boxes behind one gateway may all give the gateway's serial.
        """
        ranks = {known: rank for rank, known in enumerate(self._known)}
        is_ours = self._has(device_id, identity)
        for other, rank in ranks.items():
            is_other = other != device_id and self._has(other, identity)
            if is_other and not (is_ours and ranks[device_id] < rank):
                return other
        return None

    def stranger_for(self, device_id: str, identity: Identity) -> str | None:
        """The serial that was expected, when another one answers at the device's address."""
        known = self._known.get(device_id)
        if known is None or identity.serial is None or identity.serial == known.serial:
            return None
        return known.serial

    def settle(self, device_id: str, identity: Identity) -> Identity:
        """Remember who answered; one who did not give the serial this time keeps the known one."""
        known = self._known.get(device_id)
        if identity.serial is None:
            return replace(identity, serial=known.serial) if known else identity
        self._known[device_id] = _Known(identity.vendor, identity.serial, frozenset(identity.roles))
        return identity

    def _has(self, device_id: str, identity: Identity) -> bool:
        known = self._known.get(device_id)
        return (
            known is not None
            and known.serial == identity.serial
            and known.brand.casefold() == identity.vendor.casefold()
            and not known.roles.isdisjoint(identity.roles)
        )
