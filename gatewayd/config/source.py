"""YAML 1.2 text to plain data, remembering where each value stood.

Only data is taken: no tags, no anchors, no merge keys. They would let one line stand for many,
and a fault in it could not be told where the operator sees it.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gatewayd.config.problems import Path, Problem, dotted, shown
from gatewayd.sdk.yaml_text import PYTHON_S_OWN, TOO_DEEP, YamlTextError, compose

_TAG = "tag:yaml.org,2002:"
# A date stays text: the model that expects one says what is wrong with it.
_TEXT = frozenset({"str", "timestamp", "merge", "value"})


@dataclass
class Source:
    """What was read. `broken` are paths whose fault is told already."""

    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)

    def known(self, path: Path) -> Path:
        """The part of a path that stands in the text; a model's own additions are left out."""
        found: Path = ()
        for part in path:
            if (*found, part) in self.values:
                found = (*found, part)
        return found

    def is_broken(self, path: Path) -> bool:
        """Whether the value or one it stands in is already told of."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))

    def fault(self, path: Path, text: str, *, at_key: bool = False) -> None:
        """Add a problem at a value, at its key, or where it would have to stand."""
        at = self.known(path)
        places = self.keys if at_key else self.values
        line, column = places.get(at) or self.values.get(at, (1, 1))
        self.problems.append(Problem(line, column, dotted(path), text))


def parse(text: str) -> Source:
    """Read a whole file; never raises, whatever the text."""
    source = Source()
    yaml = YAML(typ="safe", pure=True)
    try:
        _Walk(source, yaml).enter(compose(yaml, text))
    except YamlTextError as error:
        _syntax(source, error)
    except RecursionError:
        _syntax(source, YamlTextError(1, 1, TOO_DEEP))
    return source


def _syntax(source: Source, error: YamlTextError) -> None:
    source.problems.append(Problem(error.line, error.column, "", f"{error}; mend the YAML here"))
    source.broken.add(())


class _Walk:
    """From nodes to data, depth first."""

    def __init__(self, source: Source, yaml: YAML) -> None:
        self._source = source
        self._constructor = yaml.constructor
        self._seen: set[int] = set()

    def enter(self, root: Node | None) -> None:
        self._source.data = None if root is None else self._value(root, ())

    def _value(self, node: Node, path: Path) -> object:
        self._source.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if node.anchor is not None:
            self._break(path, "has an anchor or is an alias of one; write the value out")
            if id(node) in self._seen:
                return None
            self._seen.add(id(node))
        return self._content(node, path)

    def _content(self, node: Node, path: Path) -> object:
        kind = str(node.tag).removeprefix(_TAG)
        match node:
            case MappingNode() if kind == "map":
                return self._mapping(node, path)
            case SequenceNode() if kind == "seq":
                return [self._value(item, (*path, i)) for i, item in enumerate(node.value)]
            case ScalarNode():
                return self._scalar(kind, node, path)
        self._tagged(kind, path)
        return None

    def _tagged(self, kind: str, path: Path) -> None:
        what = f"has the tag {shown(kind)}; write the value plainly"
        if "secret" in kind:
            what = "has a tag; name a file that holds the secret, as in password_file"
        self._break(path, what)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in content:
                first = self._source.keys[*path, key][0]
                told = f"stands here again after line {first}; keep one of the two"
                self._source.problems.append(Problem(line, column, dotted((*path, key)), told))
                continue
            self._source.keys[*path, key] = (line, column)
            content[key] = self._value(value_node, (*path, key))
        return content

    def _key(self, node: Node, path: Path) -> str | None:
        kind = str(node.tag).removeprefix(_TAG)
        if isinstance(node, ScalarNode) and kind in _TEXT and _is_text(node.value):
            return str(node.value)
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        told = "has a key that is not text; put it in quotes"
        self._source.problems.append(Problem(line, column, dotted(path), told))
        return None

    def _scalar(self, kind: str, node: ScalarNode, path: Path) -> object:
        if kind in _TEXT:
            if not _is_text(node.value):
                self._break(path, "holds a character that cannot be written; remove it")
                return None
            return node.value
        try:
            return self._typed(kind, node)
        except LookupError:
            self._tagged(kind, path)
        except PYTHON_S_OWN:
            self._break(path, f"is no finite {kind}; write a plain one")
        return None

    def _typed(self, kind: str, node: ScalarNode) -> object:
        """The value of a scalar that is not text; LookupError for a tag we do not take."""
        match kind:
            case "null":
                return None
            case "bool":
                return bool(self._constructor.construct_yaml_bool(node))
            case "int":
                return int(self._constructor.construct_yaml_int(node))
            case "float":
                return _finite(float(self._constructor.construct_yaml_float(node)))
        raise LookupError(kind)

    def _break(self, path: Path, text: str) -> None:
        self._source.broken.add(path)
        self._source.fault(path, text)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def _is_text(value: str) -> bool:
    """Half a surrogate pair can be escaped in YAML, but not written to anything."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
