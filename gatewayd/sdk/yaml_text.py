"""YAML texts to nodes; what is wrong with one is told with its place."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import Reader, ReaderError

from gatewayd.errors import ConfigError

# What ruamel lets through for escapes, directives and tagged values that mean nothing.
PYTHON_S_OWN = (ValueError, OverflowError, AttributeError, TypeError, IndexError, KeyError)
TOO_DEEP = "lists or mappings are nested too deeply"

# A part of the library's account: the same in plain words, and whether the fault is where it began
# to read rather than where it gave up.
_PLAIN = {
    "'\\t' that cannot start": ("a tab indents nothing in YAML: use spaces", False),
    "mapping values are not allowed": (
        "a second `: ` in one line, or a line indented deeper than the one above it",
        False,
    ),
    "expected <block end>": (
        "a line that does not fit those above: indent it as its neighbours, a dash is for lists",
        False,
    ),
    "could not find expected ':'": ("a key without `: ` after it", True),
    "unexpected end of stream": ("a quotation mark that is never closed", True),
}


class YamlTextError(Exception):
    """A text that is no YAML. `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.column = column


def decoded(data: bytes) -> str:
    """A file's text. Raises YamlTextError where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise YamlTextError(*_end_of(before), "is not UTF-8; save it as UTF-8") from None


def mapping(path: Path) -> dict[str, Any]:
    """The one mapping of a file, as plain objects. Raises ConfigError with the fault's place."""
    yaml = YAML(typ="safe", pure=True)
    try:
        node = compose(yaml, decoded(path.read_bytes()))
        found = None if node is None else yaml.constructor.construct_document(node)
    except YamlTextError as error:
        raise ConfigError([f"{path}:{error.line}:{error.column}: {error}"]) from error
    except (OSError, MarkedYAMLError, *PYTHON_S_OWN) as error:
        raise ConfigError([f"{path}: {error}"]) from error
    if not isinstance(found, dict):
        raise ConfigError([f"{path}:1:1: this is no mapping"])
    return found


def compose(yaml: YAML, text: str) -> Node | None:
    """The text's one document, or None when there is nothing in it. Raises YamlTextError."""
    yaml.Reader = _Reader
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise marked(error) from error
    except ReaderError as error:
        raise YamlTextError(*_end_of(text[: error.position]), "a character not allowed") from error
    except RecursionError:
        raise YamlTextError(*_left(yaml), TOO_DEEP) from None
    except (YAMLError, *PYTHON_S_OWN) as error:
        what = "a character or escape that YAML does not allow"
        raise YamlTextError(*_left(yaml), what) from error
    return node


def marked(error: MarkedYAMLError) -> YamlTextError:
    """What is wrong, in one line: in plain words, or the library's own where there are none."""
    what = str(error.problem or error.context or "not YAML")
    plain, is_earlier = next((told for part, told in _PLAIN.items() if part in what), (what, False))
    mark = (error.context_mark if is_earlier else None) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return YamlTextError(line, column, plain.encode("ascii", "backslashreplace").decode())


class _Reader(Reader):
    """Remembers how far it came when the library clears it after an error."""

    left_at = (1, 1)

    def reset_reader(self) -> Any:  # noqa: ANN401 - as the library has it
        self.left_at = (getattr(self, "line", 0) + 1, getattr(self, "column", 0) + 1)
        return super().reset_reader()


def _left(yaml: YAML) -> tuple[int, int]:
    line, column = yaml.reader.left_at
    return line, column


def _end_of(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")
