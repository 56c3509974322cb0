"""What was sent, and what was wrong with the answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_LONGEST = 1500
_NOISE = frozenset({"authorization", "accept", "accept-encoding", "connection", "user-agent"})


@dataclass
class Finding:
    """One kind of wrong answer of one operation, with its first example."""

    operation: str
    kind: str
    detail: str
    example: str
    count: int = 1


@dataclass
class Report:
    """`reached` are the operations that have answered with a success."""

    requests: int = 0
    operations: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def add(
        self, operation: str, response: httpx.Response, wrong: Iterable[tuple[str, str]]
    ) -> None:
        """Count an answer, and keep what is wrong with it."""
        self.requests += 1
        self.operations.add(operation)
        if response.is_success:
            self.reached.add(operation)
        self._last = response
        self.find(operation, wrong)

    def find(self, operation: str, wrong: Iterable[tuple[str, str]]) -> None:
        """Keep what is wrong with the last answer: kinds and details."""
        for kind, detail in wrong:
            self._found(operation, kind, detail, self._last)

    def count(self, kind: str | None = None) -> int:
        """How many kinds of wrong answers there are, of all operations."""
        return sum(kind in (None, found.kind) for found in self.findings.values())

    def figures(self) -> Mapping[str, Any]:
        """What `./run fuzz --json` prints."""
        failures = self.count("5xx")
        return {
            "operations": len(self.operations),
            "reached": len(self.reached),
            "requests": self.requests,
            "5xx": failures,
            "mismatches": self.count() - failures,
        }

    def text(self) -> str:
        """Every finding, to be read."""
        return "\n\n".join(
            f"{one.operation}: {one.kind} ({one.count} times)\n{one.detail}\n{one.example}"
            for one in self.findings.values()
        )

    def _found(self, operation: str, kind: str, detail: str, response: httpx.Response) -> None:
        key = (operation, kind, detail.partition("\n")[0][:60])
        if key in self.findings:
            self.findings[key].count += 1
        else:
            self.findings[key] = Finding(operation, kind, detail[:_LONGEST], _exchange(response))


def _exchange(response: httpx.Response) -> str:
    """Request and answer, shortened."""
    request = response.request
    headers = {name: value for name, value in request.headers.items() if name not in _NOISE}
    return (
        f"> {request.method} {request.url} {headers}\n> {request.content[:_LONGEST]!r}\n"
        f"< {response.status_code} {response.text[:_LONGEST]}"
    )
