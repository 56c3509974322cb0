"""Register maps from YAML files: YAML 1.2, so that `NO` is a text, and faults with their line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from gatewayd.errors import ConfigError
from gatewayd.sdk.maps.schema import MapError, RegisterMap
from gatewayd.sdk.maps.sources import SOURCE_KEYS
from gatewayd.sdk.yaml_text import (
    PYTHON_S_OWN,
    TOO_DEEP,
    YamlTextError,
    compose,
    decoded,
    marked,
)

# How one map may stand on another, that one on a third, and so on.
_MAX_DEPTH = 5

_INDEX = re.compile("[0-9]{1,4}")


def load_map(path: Path, also: Sequence[Path] = ()) -> RegisterMap:
    """Read one map; ConfigError with `file:line:column: what` for each fault.

    `extends: other_map` takes another map of the same folder, or of one of `also`, and changes what
    is given anew; a key without a value takes it away.
    """
    own = _read(path)
    try:
        return RegisterMap.model_validate(_whole(own, (path.parent, *also), f"{path}"))
    except ValidationError as error:
        problems = [_told(path, own, *fault) for fault in _faults(error)]
        raise ConfigError(problems) from error
    except RecursionError:
        # An alias that stands within what it stands for.
        raise ConfigError([f"{path}:1:1: {TOO_DEEP}"]) from None


def map_of(data: Mapping[str, Any], folders: Sequence[Path]) -> RegisterMap:
    """A map from plain data, which may extend one of these folders. Raises MapError."""
    try:
        return RegisterMap.model_validate(_whole(data, folders, "map"))
    except ValidationError as error:
        problems = [(".".join(map(str, keys)), text) for keys, text in _faults(error)]
        raise MapError(problems) from error
    except ConfigError as error:
        raise MapError([("extends", text) for text in error.problems]) from error


def _read(path: Path) -> CommentedMap:
    try:
        found = _loaded(decoded(path.read_bytes()))
    except YamlTextError as error:
        raise ConfigError([f"{path}:{error.line}:{error.column}: {error}"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: {error}"]) from error
    if not isinstance(found, CommentedMap):
        raise ConfigError([f"{path}:1:1: a register map is a mapping; start with `vendor:`"])
    return found


def _loaded(text: str) -> object:
    yaml = YAML(typ="rt", pure=True)
    node = compose(yaml, text)
    try:
        return None if node is None else yaml.constructor.construct_document(node)
    except MarkedYAMLError as error:
        raise marked(error) from error
    except RecursionError:
        raise YamlTextError(1, 1, TOO_DEEP) from None
    except PYTHON_S_OWN as error:
        raise YamlTextError(1, 1, f"a value is not what its tag says: {error}") from error


def _whole(
    own: Mapping[str, Any], folders: Sequence[Path], place: str, depth: int = _MAX_DEPTH
) -> dict[str, Any]:
    """The map with what it extends, as plain objects."""
    changes = _plain(own)
    if "extends" not in changes:
        return dict(changes)
    name = f"{changes.pop('extends')}.yaml"
    found = (folder / name for folder in folders if (folder / name).is_file())
    base = next(found, None) if Path(name).name == name else None
    if not depth or base is None:
        raise ConfigError([f"{place}: extends {name}, which is not in its folder"])
    return _merged(_whole(_read(base), (base.parent, *folders), f"{base}", depth - 1), changes)


def _merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(old, dict) and isinstance(value, dict) and not _is_source(value):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged


def _is_source(value: Mapping[str, Any]) -> bool:
    """Whether it says where a value is: that is replaced whole."""
    return bool(value.keys() & SOURCE_KEYS)


def _plain(node: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_plain(value) for value in node]
    # Numbers keep how they were written; a plain one is all that is wanted.
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _faults(error: ValidationError) -> Iterator[tuple[Sequence[int | str], str]]:
    """What is wrong, with the keys it is at."""
    for found in error.errors():
        cause = found.get("ctx", {}).get("error")
        if isinstance(cause, MapError):
            yield from ((at.split("."), text) for at, text in cause.problems)
            continue
        keys, text = found["loc"], found["msg"].removeprefix("Value error, ")
        if found["type"] == "missing":
            keys, text = keys[:-1], f"{keys[-1]} is missing"
        yield keys, text


def _told(path: Path, own: CommentedMap, keys: Sequence[int | str], text: str) -> str:
    """One fault with its place. Keys that pydantic made up are passed over."""
    node: Any = own
    line, column, names = own.lc.line, own.lc.col, []
    for key in keys:
        step = int(key) if isinstance(key, str) and _INDEX.fullmatch(key) else key
        if isinstance(node, CommentedMap) and step in node:
            line, column = node.lc.key(step)
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
        else:
            continue
        node = node[step]
        names.append(f"{key}")
    where = "".join(f"{name}: " for name in [".".join(names)] if name)
    told = f"{path}:{line + 1}:{column + 1}: {where}{text}"
    # Half a surrogate pair can be escaped in YAML, but not written to anything.
    return told.encode(errors="backslashreplace").decode()
