"""Which operation a path means in a version, and where the newest version has it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewayd.enode.versions.chain import steps
from gatewayd.enode.versions.step import Moved

_ESCAPED_NAME = re.compile(r"\\\{(\w+)\\\}")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, its path in the newest version, and what the older path named."""

    operation: str
    template: str
    named: Mapping[str, str]

    @property
    def needs_user(self) -> bool:
        """Whether the path names a user that the older one did not."""
        return "{userId}" in self.template and "userId" not in self.named

    def path(self, user_id: str | None) -> str:
        """The path in the newest version."""
        values = {"userId": user_id or "", **self.named}
        return _NAME.sub(lambda match: values[match[1]], self.template)


class Paths:
    """The operations of one version; `newest` says where the newest version has them."""

    def __init__(self, version: str, newest: Sequence[Moved]) -> None:
        self._templates = {entry.operation: entry.path for entry in newest}
        here = {entry.operation: entry for entry in newest}
        for step in steps(version):
            for operation in step.new:
                here.pop(operation, None)
            here |= {m.operation: m for m in step.moved if m.operation in self._templates}
        # Where a literal and a parameter both fit, the literal is meant.
        entries = sorted(here.values(), key=lambda entry: entry.path.count("{"))
        self._patterns = [(_pattern(entry.path), entry) for entry in entries]

    def find(self, method: str, path: str) -> Found | None:
        """The operation a request is for."""
        for pattern, entry in self._patterns:
            if entry.method == method and (match := pattern.fullmatch(path)):
                template = self._templates[entry.operation]
                return Found(entry.operation, template, match.groupdict())
        return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_ESCAPED_NAME.sub(r"(?P<\1>[^/]+)", re.escape(template)))
