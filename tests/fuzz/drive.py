"""Sends what was generated to a home and judges the answers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from tests.enode import contract
from tests.fuzz import cases, older
from tests.fuzz.cases import MODES, AnyCase, Operation, Schema, Sink
from tests.fuzz.report import Report
from tests.fuzz.world import World

_ID = re.compile(r'"id":"([^"]+)"')
_FORGED = [
    [],
    *(
        [(b"authorization", value)]
        for value in (b"", b"Bearer", b"Bearer \xff", b"Basic YTpi", b"Bearer " + b"x" * 600)
    ),
]


@dataclass
class Drive:
    """Requests to one home, judged into one report."""

    world: World
    report: Report = field(default_factory=Report)
    _learnt: set[str] = field(default_factory=set)

    def systematic(self, operation: Operation, share: int = 1) -> None:
        """A request for each thing the description says of an operation, or for one in `share`."""
        self._with(operation, lambda: cases.systematic(operation, self._sink, share))

    def random(self, operation: Operation, count: int, start: int) -> None:
        """So many right requests, and so many wrong ones."""
        self._with(operation, lambda: self._both(operation, count, start, self._sink))

    def forged(self, operation: Operation, start: int) -> None:
        """A request of each who is no client, where only clients may ask."""
        if operation.definition.raw.get("security") == []:
            return
        request = self._right(operation, start)
        plain = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        for header in _FORGED:
            request.headers = httpx.Headers([*plain, *header])
            response = self.world.send(request, as_client=False)
            wrong = [] if response.status_code == 401 else [("auth", f"{header!r} may pass")]
            self.report.add(operation.label, response, wrong)

    def older(self, operation: Operation, version: str, count: int, start: int) -> None:
        """So many right requests of today, and wrong ones, as if of an older version."""

        def sink(case: AnyCase) -> None:
            request = cases.request_of(case, self.world.ids)
            older.send(version, case, request, self.world, self.report)

        self._with(operation, lambda: self._both(operation, count, start, sink))

    def chains(self, schema: Schema, count: int, steps: int, start: int) -> None:
        """Sequences of requests, each in what the ones before have left."""
        cases.chains(schema, count, steps, start, self)

    def anew(self) -> None:
        """Begin a chain."""
        self.world.again()

    def answer(self, case: AnyCase) -> httpx.Response:
        """Send one request and judge the answer."""
        response = self.world.send(cases.request_of(case, self.world.ids, self._learnt))
        self._learnt.update(_ID.findall(response.text))
        self.report.add(case.operation.label, response, self._wrong(case, response))
        return response

    def find(self, case: AnyCase, wrong: Iterator[tuple[str, str]]) -> None:
        """Keep what is wrong about the last answer after the ones before."""
        self.report.find(case.operation.label, wrong)

    def _both(self, operation: Operation, count: int, start: int, sink: Sink) -> None:
        for mode in MODES:
            cases.random(operation, mode, count, start, sink)

    def _right(self, operation: Operation, start: int) -> httpx.Request:
        made: list[httpx.Request] = []

        def keep(case: AnyCase) -> None:
            made.append(cases.request_of(case, self.world.ids))

        cases.random(operation, MODES[0], 1, start, keep)
        return made[0]

    def _with(self, operation: Operation, sent: Callable[[], None]) -> None:
        """What an operation ends is there before it, and there again after it."""
        if operation.path.endswith("/cancel"):
            self.world.again()
        sent()
        if operation.method == "delete":
            self.world.again()
        self.world.pass_time()

    def _sink(self, case: AnyCase) -> None:
        self.answer(case)

    def _wrong(self, case: AnyCase, response: httpx.Response) -> Iterator[tuple[str, str]]:
        if response.status_code >= 500:
            yield "5xx", self.world.bug or response.text
            return
        yield from cases.mismatches(case, response)
        media_type = response.headers.get("content-type", "").partition(";")[0]
        request = response.request
        if contract.operation(case.operation.method.upper(), case.operation.path):
            for fault in contract.faults(
                request.method, request.url.path, response.status_code, media_type, response.content
            ):
                yield "contract", fault
