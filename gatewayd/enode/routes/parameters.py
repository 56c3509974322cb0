"""Path parameters, spelled as in the contract."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import Uuid
from gatewayd.model.asset import AssetKind

_LONGEST = 255


def _user(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise PydanticCustomError("user_id", "must be 1 to 255 printable characters")
    return text


ActionId = Annotated[Uuid, Path(alias="actionId")]
AssetId = Annotated[str, Path(alias="assetId")]
BatteryId = Annotated[Uuid, Path(alias="batteryId")]
ChargerId = Annotated[str, Path(alias="chargerId")]
HvacId = Annotated[str, Path(alias="hvacId")]
InterventionId = Annotated[Uuid, Path(alias="interventionId")]
InverterId = Annotated[Uuid, Path(alias="inverterId")]
# A link session creates the user, so the id must be one that can be shown.
LinkUserId = Annotated[str, AfterValidator(_user), Path(alias="userId")]
LocationId = Annotated[Uuid, Path(alias="locationId")]
MeterId = Annotated[Uuid, Path(alias="meterId")]
PlanId = Annotated[str, Path(alias="smartChargingPlanId")]
PolicyId = Annotated[str, Path(alias="policyId")]
ScheduleId = Annotated[Uuid, Path(alias="scheduleId")]
UserId = Annotated[str, Path(alias="userId")]
VehicleId = Annotated[str, Path(alias="vehicleId")]
WebhookId = Annotated[Uuid, Path(alias="webhookId")]
VendorName = Annotated[str, Path(alias="vendor")]
VendorType = Annotated[AssetKind, Path(alias="vendorType")]
