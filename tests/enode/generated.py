"""Clients that a stock generator makes of a description, and calls of their functions."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


@dataclass(frozen=True)
class Package:
    """A generated client; `told` is what the generator said of it."""

    name: str
    folder: Path
    told: str

    def connect(self, url: str, token: str) -> Any:
        """What the functions of the package take as their client."""
        return importlib.import_module(self.name).AuthenticatedClient(base_url=url, token=token)

    def operation(self, operation_id: str) -> ModuleType:
        """What was made of an operation; raises ImportError where that is of no use."""
        for file in self.folder.glob("api/*/*.py"):
            if file.stem.replace("_", "") == operation_id.lower():
                return importlib.import_module(f"{self.name}.api.{file.parent.name}.{file.stem}")
        raise ImportError(f"{self.name} has no {operation_id}")

    def modules(self) -> Iterator[str]:
        """The name of every module."""
        for file in sorted(self.folder.rglob("*.py")):
            steps = file.relative_to(self.folder.parent).with_suffix("").parts
            yield ".".join(steps).removesuffix(".__init__")


def generate(description: Any, name: str, folder: Path) -> Package:
    """Make a client of a description, as a package in a folder that is on the path."""
    document, config = folder / f"{name}.json", folder / f"{name}.config.json"
    document.write_text(json.dumps(description))
    # By itself it would lint what it has made.
    config.write_text(json.dumps({"post_hooks": []}))
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("openapi-python-client"), "generate"),
            *("--meta", "none", "--config", config),
            *("--path", document, "--output-path", folder / name),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return Package(name, folder / name, done.stdout + done.stderr)


def options(hint: Any) -> list[Any]:
    """The types that a type unites."""
    is_list = typing.get_origin(hint) is list
    return [hint] if is_list else list(typing.get_args(hint)) or [hint]


def arguments(function: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Plain values as the types that a generated function takes."""
    parameters = inspect.signature(function).parameters
    return {name: _typed(parameters[name].annotation, value) for name, value in given.items()}


def _typed(hint: Any, value: Any) -> Any:
    for option in options(hint):
        if typing.get_origin(option) is list:
            return [_typed(typing.get_args(option)[0], entry) for entry in value]
        made = _made(option, value)
        if made is not None:
            return made
    return value


def _made(option: Any, value: Any) -> Any:
    """A model or enumeration of this value, or nothing where the type is another."""
    try:
        if isinstance(value, dict):
            made = option.from_dict(value)
            return made if made.to_dict() == value else None
        if isinstance(option, type) and issubclass(option, Enum):
            return option(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    return None


def is_typed(parsed: Any) -> bool:
    """Whether an answer was read as models, and there is one."""
    models = parsed if isinstance(parsed, list) else [parsed]
    return bool(models) and all(hasattr(model, "to_dict") for model in models)


def as_json(parsed: Any) -> Any:
    """Models as the JSON they stand for."""
    return [as_json(entry) for entry in parsed] if isinstance(parsed, list) else parsed.to_dict()


def plain(told: Any) -> Any:
    """JSON whose timestamps compare equal however they are spelled."""
    if isinstance(told, dict):
        return {key: plain(value) for key, value in told.items()}
    if isinstance(told, list):
        return [plain(value) for value in told]
    is_timestamp = isinstance(told, str) and _TIMESTAMP.fullmatch(told)
    return datetime.fromisoformat(told) if is_timestamp else told
