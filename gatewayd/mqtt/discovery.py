"""What Home Assistant is told of each device. Pure.

Only what the device can fill or do is announced; `reports` and `capabilities` decide.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gatewayd.control.governor.choice import Number
from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.site import Site
from gatewayd.mqtt.components import (
    always_charge,
    component,
    control_mode,
    control_number,
    entity_id,
    reason,
    thermostat,
)
from gatewayd.mqtt.entities import reported
from gatewayd.mqtt.entity import Entity
from gatewayd.mqtt.schema import (
    Availability,
    Device,
    DeviceConfig,
    Full,
    Origin,
    Platform,
    Removed,
    Sensor,
)
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.topics import ALWAYS_KEY, MODE_KEY, Place

_HOME_POWERS = {
    "home_w": "Home power",
    "grid_w": "Grid power",
    "pv_w": "Solar power",
    "battery_w": "Battery power",
    "charger_w": "Charger power",
}
_POWER_OF = {
    AssetKind.INVERTER: "pv_w",
    AssetKind.BATTERY: "battery_w",
    AssetKind.CHARGER: "charger_w",
}


def of_asset(
    asset: Asset,
    settings: MqttSettings,
    modes: Sequence[str] = (),
    numbers: Mapping[str, Number] = MappingProxyType({}),
    *,
    has_always: bool = False,
) -> DeviceConfig:
    """The device of one asset; `modes` are those it can be given, `numbers` what can be set.

    `has_always`: it is a charger that can be told to charge always.
    """
    topics, place = settings.topics, Place.of(asset)
    entities = reported(asset.kind, asset.spec.reports)
    return DeviceConfig(
        device=Device(
            identifiers=[f"gatewayd_{asset.id}"],
            name=_name(asset),
            manufacturer=asset.brand,
            model=asset.model,
            serial_number=asset.serial,
            sw_version=asset.firmware,
            via_device=_gateway_identifier(settings),
        ),
        origin=_origin(settings),
        components={
            **dict(_keyed(asset, entity, settings) for entity in entities),
            **_thermostat(asset, settings),
            **_reason(asset),
            **_mode(asset, modes, settings),
            **_numbers(asset, numbers, settings),
            **({f"select_{ALWAYS_KEY}": always_charge(asset, settings)} if has_always else {}),
        },
        state_topic=topics.state(place),
        availability=[
            Availability(topic=topics.status),
            Availability(topic=topics.availability(place)),
        ],
    )


def of_gateway(site: Site, settings: MqttSettings) -> DeviceConfig:
    """The gateway itself, with the power flow of the home."""
    powers = {key: name for key, name in _HOME_POWERS.items() if key in _known_powers(site)}
    return DeviceConfig(
        device=Device(
            identifiers=[_gateway_identifier(settings)],
            name="gatewayd",
            manufacturer="gatewayd",
            sw_version=settings.version,
        ),
        origin=_origin(settings),
        components={key: _home_power(key, name, settings) for key, name in powers.items()},
        state_topic=settings.topics.site_state,
        availability=[Availability(topic=settings.topics.status)],
    )


def steps(before: Mapping[str, Platform], config: DeviceConfig) -> list[str]:
    """The payloads that lead Home Assistant from the components it has (key and platform) to these.

    A component that is only left out stays; it has to be named once with nothing but its platform.
    """
    gone = {
        key: Removed(platform=platform)
        for key, platform in before.items()
        if key not in config.components
    }
    final = payload(config)
    if not gone:
        return [final]
    farewell = config.model_copy(update={"components": {**config.components, **gone}})
    return [payload(farewell), final]


def platforms(config: DeviceConfig) -> dict[str, Platform]:
    """The components of a device, and the platform of each."""
    return {key: component.platform for key, component in config.components.items()}


def payload(config: DeviceConfig) -> str:
    """The JSON that Home Assistant reads."""
    return config.model_dump_json(exclude_none=True)


def _name(asset: Asset) -> str:
    """What people call it, with its role where its device has several of one name."""
    role = asset.role.replace("_", " ")
    is_one_of_several = asset.slug.startswith(f"{asset.device_id}_{asset.role}")
    return f"{asset.display_name} {role}" if is_one_of_several else asset.display_name


def _keyed(asset: Asset, entity: Entity, settings: MqttSettings) -> tuple[str, Full]:
    """With the platform in the key, because a component cannot change its platform."""
    made = component(asset, entity, settings)
    return f"{made.platform}_{entity.key}", made


def _thermostat(asset: Asset, settings: MqttSettings) -> dict[str, Full]:
    made = thermostat(asset, settings)
    return {"climate_thermostat": made} if made else {}


def _reason(asset: Asset) -> dict[str, Full]:
    made = reason(asset)
    return {"sensor_reason": made} if made else {}


def _mode(asset: Asset, modes: Sequence[str], settings: MqttSettings) -> dict[str, Full]:
    made = control_mode(asset, modes, settings)
    return {f"select_{MODE_KEY}": made} if made else {}


def _numbers(
    asset: Asset, numbers: Mapping[str, Number], settings: MqttSettings
) -> dict[str, Full]:
    made = {name: control_number(asset, name, one, settings) for name, one in numbers.items()}
    return {f"number_control_{name}": one for name, one in made.items()}


def _home_power(key: str, name: str, settings: MqttSettings) -> Sensor:
    return Sensor(
        unique_id=f"{_gateway_identifier(settings)}_{key}",
        default_entity_id=entity_id("sensor", f"{settings.base}_{name}"),
        name=name,
        value_template=f"{{{{ value_json.get('{key}') }}}}",
        device_class="power",
        state_class="measurement",
        unit_of_measurement="W",
        suggested_display_precision=0,
    )


def _known_powers(site: Site) -> set[str]:
    meters = site.of_kind(AssetKind.METER)
    has_grid = any(state.asset.usage is MeterUsage.GRID for state in meters)
    known = {"home_w", "grid_w"} if has_grid else set()
    for kind, key in _POWER_OF.items():
        known |= {key} if site.of_kind(kind) else set()
    return known


def _origin(settings: MqttSettings) -> Origin:
    return Origin(name="gatewayd", sw_version=settings.version)


def _gateway_identifier(settings: MqttSettings) -> str:
    return f"gatewayd_{settings.gateway_id}"
