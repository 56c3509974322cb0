"""Path parameters, spelled as in the contract."""

from typing import Annotated

from fastapi import Path

from gatewayd.enode.wire.base import Uuid

ActionId = Annotated[Uuid, Path(alias="actionId")]
BatteryId = Annotated[Uuid, Path(alias="batteryId")]
ChargerId = Annotated[str, Path(alias="chargerId")]
InverterId = Annotated[Uuid, Path(alias="inverterId")]
LocationId = Annotated[Uuid, Path(alias="locationId")]
MeterId = Annotated[Uuid, Path(alias="meterId")]
UserId = Annotated[str, Path(alias="userId")]
WebhookId = Annotated[Uuid, Path(alias="webhookId")]
