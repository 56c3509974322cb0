"""`/gateway/modes`: how chargers and batteries are governed, and the choice of another mode."""

from typing import Annotated

from fastapi import Path, Response

from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.gateway import home, wire
from gatewayd.enode.gateway.taken import takes
from gatewayd.enode.routing import client_router
from gatewayd.errors import InvalidError, NotFoundError

router = client_router()

AssetId = Annotated[str, Path(alias="assetId")]


@router.get("/gateway/modes", responses={200: {"model": wire.Listed[wire.Mode]}})
async def list_gateway_modes(ask: Ask) -> Response:
    """The mode of every asset that has one, and those it can be given."""
    return ok(wire.Listed(data=_modes(ask.api)))


@router.get("/gateway/modes/{assetId}", responses={200: {"model": wire.Mode}})
async def get_gateway_mode(ask: Ask, asset_id: AssetId) -> Response:
    """One asset's mode, and those it can be given."""
    return ok(_mode(ask.api, asset_id))


@router.put(
    "/gateway/modes/{assetId}",
    responses={200: {"model": wire.Mode}},
    openapi_extra=takes(wire.ModeChoice),
)
async def choose_gateway_mode(ask: Ask, asset_id: AssetId) -> Response:
    """Give an asset a mode, set numbers of it, have it always charge; that outlives a restart.

    A mode ends what was asked of the asset before.
    """
    before = _mode(ask.api, asset_id)
    choice, modes = await payload(ask, wire.ModeChoice), ask.api.services.modes
    if choice.mode is None and choice.always_charge is None and not choice.numbers:
        raise InvalidError("give a mode, numbers or alwaysCharge")
    if choice.always_charge is not None and before.always_charge is None:
        raise InvalidError("alwaysCharge is for chargers")
    if choice.mode is not None:
        await modes.choose(asset_id, choice.mode, choice.numbers)
    elif choice.numbers:
        await modes.set(asset_id, choice.numbers)
    if choice.always_charge is not None:
        await modes.charge_always(asset_id, choice.always_charge)
    return ok(_mode(ask.api, asset_id))


def _modes(api: Api) -> list[wire.Mode]:
    found, known, numbers = api.services.modes.modes(), home.assets(api), _numbers(api)
    return [
        wire.Mode(
            asset_id=asset.id,
            kind=asset.kind,
            mode=found[asset.id].mode,
            offered=list(found[asset.id].offered),
            car=found[asset.id].car,
            always_charge=found[asset.id].always_charge,
            numbers=numbers.get(asset.id, {}),
        )
        for asset in known
        if asset.id in found
    ]


def _numbers(api: Api) -> dict[str, dict[str, wire.Number]]:
    return {
        asset_id: {
            name: wire.Number(value=one.value, least=one.least, most=one.most, step=one.step)
            for name, one in found.items()
        }
        for asset_id, found in api.services.modes.numbers().items()
    }


def _mode(api: Api, asset_id: str) -> wire.Mode:
    for mode in _modes(api):
        if mode.asset_id == asset_id:
            return mode
    raise NotFoundError(f"Could not find an asset with a mode with ID {asset_id}")
