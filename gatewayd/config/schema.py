"""The JSON schema of the config, for editors: `python -m gatewayd.config.schema > FILE`.

Generated from the models and from every driver's options, so that it cannot tell otherwise.
"""

import json
import sys
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from gatewayd.config import sections
from gatewayd.config.devices import Drivers
from gatewayd.devices.registry import Registry
from gatewayd.sdk.options import secret_fields

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Leaves out titles, which only say each key again."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False


def schema(drivers: Drivers) -> Schema:
    """One schema for the whole file; a device's keys depend on its `driver`."""
    options = {name: drivers.info(name).options for name in sorted(drivers.names())}
    models: dict[type[BaseModel], None] = dict.fromkeys(
        [sections.File, sections.Device, *options.values()]
    )
    refs, definitions = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_Untitled
    )
    found: Schema = definitions["$defs"]

    def of(model: type[BaseModel]) -> Schema:
        name = refs[model, "validation"]["$ref"].rpartition("/")[2]
        return dict(found[name])

    root = of(sections.File)
    own = {name: _by_file(of(model), secret_fields(model)) for name, model in options.items()}
    device = _device(of(sections.Device), own)
    root["properties"]["devices"] |= {
        "additionalProperties": device,
        "propertyNames": {"pattern": f"^{sections.DEVICE_ID.pattern}$"},
    }
    root["$schema"] = _DIALECT
    root["title"] = "gatewayd's config"
    root["$defs"] = _reachable(root, found)
    return root


def _by_file(own: Schema, secrets: Collection[str]) -> Schema:
    """A driver's own keys, with the file of each secret instead of the secret."""
    properties = dict(own.get("properties", {}))
    for name in secrets:
        told = properties.pop(name)
        properties[f"{name}_file"] = {"type": "string", "minLength": 1} | {
            key: told[key] for key in ("description",) if key in told
        }
    renamed = [f"{name}_file" if name in secrets else name for name in own.get("required", ())]
    return own | {"properties": properties} | ({"required": renamed} if renamed else {})


def _device(common: Schema, options: Mapping[str, Schema]) -> Schema:
    """What all devices share, and one `if driver then` for each set of drivers' own keys."""
    alike: dict[str, list[str]] = {}
    for name, own in options.items():
        alike.setdefault(json.dumps(own, sort_keys=True), []).append(name)
    common["properties"]["driver"]["enum"] = sorted(options)
    del common["additionalProperties"]
    cases = [_case(common, names, json.loads(own)) for own, names in alike.items()]
    return common | {"allOf": cases}


def _case(common: Schema, names: list[str], own: Schema) -> Schema:
    shared: Schema = dict.fromkeys(common["properties"], True)
    then: Schema = {key: own[key] for key in ("required", "description") if key in own}
    then["properties"] = shared | own.get("properties", {})
    then["additionalProperties"] = False
    return {"if": {"properties": {"driver": {"enum": names}}}, "then": then}


def _reachable(root: Schema, definitions: Schema) -> Schema:
    """The definitions the root refers to, directly or through another."""
    found: Schema = {}
    waiting = [root]
    while waiting:
        text = json.dumps(waiting.pop())
        for name in definitions:
            if f'"#/$defs/{name}"' in text and name not in found:
                found[name] = definitions[name]
                waiting.append(definitions[name])
    return dict(sorted(found.items()))


def main() -> None:
    """Print the schema over every driver that ships with gatewayd."""
    json.dump(schema(Registry.load()), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
