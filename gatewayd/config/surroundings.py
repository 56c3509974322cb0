"""Where the config stands, and what reading it has opened."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import ValidationInfo

if TYPE_CHECKING:
    from gatewayd.config.secret import Secret

# Inode, size, and the times of the last write and the last rename; None when there is no file.
Stamp = tuple[int, int, int, int] | None


@dataclass(frozen=True)
class Surroundings:
    """`folder` is where relative paths start; `files` and `secrets` fill up while reading."""

    folder: Path
    credentials: Path | None = None
    files: dict[Path, Stamp] = field(default_factory=dict)
    secrets: set["Secret"] = field(default_factory=set)

    def opening(self, path: Path) -> Path:
        """The path, noted as it is before it is read: what changes later has changed since."""
        self.files[path] = stamp(path)
        return path


def surroundings(info: ValidationInfo) -> Surroundings:
    """What the loader handed to pydantic."""
    return cast(Surroundings, info.context)


def stamp(path: Path) -> Stamp:
    """What differs after every write or rename."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
