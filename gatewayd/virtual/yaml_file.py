"""YAML files that people write for the virtual home."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gatewayd.errors import ConfigError


def read(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a file holds. Raises ConfigError where it is missing or no YAML."""
    try:
        return YAML(typ="safe", pure=True).load(path)
    except (OSError, YAMLError) as error:
        raise ConfigError([f"{path}: {error}; mend it, or name another file"]) from error
