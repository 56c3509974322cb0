"""Devices added to a config file: what stands there stays as it is, byte for byte."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from gatewayd.config.devices import Drivers
from gatewayd.config.load import load
from gatewayd.config.source import Source, parse
from gatewayd.errors import ConfigError

_KEY = "devices"
_INDENT = "  "

# The lines of the new devices, indented so.
Blocks = Callable[[str], str]


def append(path: Path, blocks: Blocks, drivers: Drivers) -> None:
    """Add devices to the file. It is replaced whole, once the new one is found to be right.

    ConfigError: it is not right, or is written in a way that nothing can be added to; then the
    file is as it was.
    """
    target = path.resolve()
    try:
        text = target.read_text()
        handle, name = tempfile.mkstemp(".yaml", f".{target.stem}-", target.parent)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{path}: {error}; paste the lines instead"]) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(appended(text, blocks))
            file.flush()
            os.fsync(file.fileno())
        load(draft, drivers)
        shutil.copymode(target, draft)
        draft.replace(target)
    except ConfigError as error:
        told = [problem.replace(str(draft), str(path)) for problem in error.problems]
        raise ConfigError(told) from error
    finally:
        draft.unlink(missing_ok=True)


def appended(text: str, blocks: Blocks) -> str:
    """The text with the devices at the end of those there; ConfigError where that cannot be."""
    source = parse(text)
    if source.problems or not isinstance(source.data, dict | None):
        raise ConfigError(["the file has faults; see `gatewayd check`"])
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if _KEY not in (source.data or {}):
        return "".join([*lines, f"{_KEY}:\n", blocks(_INDENT)])
    at, indent = _end(source, lines)
    return "".join([*lines[:at], blocks(indent), *lines[at:]])


def _end(source: Source, lines: list[str]) -> tuple[int, str]:
    """After which line the devices end, and how deep they stand."""
    devices = source.data[_KEY]
    start = source.keys[_KEY,][0]
    if not isinstance(devices, dict):
        if devices is None and lines[start - 1].partition("#")[0].rstrip().endswith(":"):
            return start, _INDENT
        raise ConfigError(["`devices` is not a mapping; see `gatewayd check`"])
    line, column = source.keys[_KEY, next(iter(devices))] if devices else (start, 1)
    if line == start:
        raise ConfigError(["`devices` is written in braces; write one device a line, or paste"])
    following = [at for path, (at, _) in source.keys.items() if len(path) == 1 and at > start]
    last = min(following, default=len(lines) + 1) - 1
    # Comments that stand as deep as the devices are theirs; others belong to what follows.
    while not lines[last - 1].strip() or not lines[last - 1].startswith((" ", "\t")):
        last -= 1
    return last, " " * (column - 1)
