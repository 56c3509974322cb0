"""From the devices of the config to those that are polled."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from gatewayd.config.load import Config
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.registry import Registry


def configured(
    config: Config, registry: Registry, location_id: str | None
) -> Mapping[str, ConfiguredDevice]:
    """Every device by its id, owned by the home's user and at the home's location."""
    zone = ZoneInfo(config.home.timezone)
    return {
        device_id: ConfiguredDevice(
            id=device_id,
            info=registry.info(device.driver),
            options=device.options,
            user_id=config.home.user,
            name=device.name,
            usages=device.usages,
            installed_at=(
                datetime.combine(device.installed_on, time(), zone).astimezone(UTC)
                if device.installed_on
                else None
            ),
            location_id=location_id,
            driver=device.driver,
        )
        for device_id, device in config.devices.items()
    }
