"""Requests made from a description of the API by schemathesis, which only this module knows."""

import itertools
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol, cast

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import (
    content_type_conformance,
    ensure_resource_availability,
    missing_required_header,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
)
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    create_test,
)
from schemathesis.schemas import APIOperation, BaseSchema

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
BASE = "http://gateway"
Json = dict[str, Any]
Schema = BaseSchema
AnyCase = Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
Sink = Callable[[AnyCase], None]
Wrong = tuple[str, str]


class Driver(Protocol):
    """Who sends what a chain consists of."""

    def anew(self) -> None:
        """Begin a chain."""

    def answer(self, case: AnyCase) -> httpx.Response:
        """Send one request and judge the answer by itself."""

    def find(self, case: AnyCase, wrong: Iterator[Wrong]) -> None:
        """Keep what is wrong about an answer after the ones before."""


_CHECKS = [
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
_LATER = [ensure_resource_availability, use_after_free]
# One in so many requests keeps the ids it was made with.
_STRANGERS = 6
_QUERY_IDS = {"locationId": "locationId", "asset": "chargerId"}
# What a client of the home says by itself.
_OWN = frozenset({"authorization", "connection", "content-length", "host", "user-agent"})


def described(document: Mapping[str, Any]) -> Schema:
    """A description to make requests from."""
    schema = schemathesis.openapi.from_dict(dict(document))
    schema.config.update(base_url=BASE)
    return schema


def operations(schema: Schema) -> list[Operation]:
    """Every operation."""
    return [made.ok() for made in schema.get_all_operations() if isinstance(made, Ok)]


def systematic(operation: Operation, sink: Sink, share: int = 1) -> None:
    """Each bound, enum value, missing key and wrong type of the description, one at a time.

    Of the right ones, and of the wrong ones, the first and then one in `share`.
    """
    numbers = {mode: itertools.count() for mode in MODES}

    def some(case: AnyCase) -> None:
        mode = case.meta.generation.mode if case.meta else MODES[0]
        if next(numbers[mode]) % share == 0:
            sink(case)

    config = HypothesisTestConfig(
        operation.schema.config, [HypothesisTestMode.COVERAGE], _settings(1, Phase.explicit)
    )
    create_test(operation=operation, test_func=_taking(some), config=config)()


def random(operation: Operation, mode: GenerationMode, count: int, start: int, sink: Sink) -> None:
    """Requests that are right, or wrong somewhere; none where nothing can be wrong."""
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        return
    strategy = operation.as_strategy(generation_mode=mode)
    test = given(case=strategy)(_taking(sink))
    seed(start)(generating(count)(test))()


def chains(schema: Schema, count: int, steps: int, start: int, driver: Driver) -> None:
    """Sequences in which a request uses what an earlier one was answered."""

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            driver.anew()

        def call(self, case: AnyCase, **_: Any) -> Response:
            return Response.from_any(driver.answer(case))

        def validate_response(self, response: Response, case: AnyCase, **_: Any) -> None:
            driver.find(case, _failures(case, response, _LATER, self.recorder))

    chained = settings(generating(count), stateful_step_count=steps)
    seed(start)(Machine)
    # What one scenario was answered another need not be: hypothesis then ends the search.
    with suppress(Flaky):
        Machine.run(settings=chained)


def request_of(
    case: AnyCase, ids: Mapping[str, str], learnt: Container[str] = frozenset()
) -> httpx.Request:
    """What a case is on the wire, once the ids of a home are in it; those learnt from it stay."""
    _settle_in(case, ids, learnt)
    made = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
    headers = [
        (name, str(value)) for name, value in made.headers.items() if name.lower() not in _OWN
    ]
    return httpx.Request(
        str(made.method), str(made.url), headers=headers, content=cast("bytes | None", made.body)
    )


def mismatches(case: AnyCase, response: httpx.Response) -> Iterator[Wrong]:
    """In what an answer is not as described: kind and detail."""
    return _failures(case, response, _CHECKS)


def _failures(
    case: AnyCase, response: Any, checks: list[Any], recorder: Any = None
) -> Iterator[Wrong]:
    try:
        case.validate_response(response, checks=checks, recorder=recorder)
    except FailureGroup as group:
        for failure in group.exceptions:
            yield type(failure).__name__, str(failure)


def id_of(ids: Mapping[str, str], path: str, name: str) -> str | None:
    """What a home calls a parameter of a path; actions are told apart by category."""
    return ids.get(f"{path.split('/')[1]}/{name}", ids.get(name))


def _settle_in(case: AnyCase, ids: Mapping[str, str], learnt: Container[str]) -> None:
    """Name what exists, where a request could be right; one in some stays a stranger."""
    number = zlib.crc32(repr(case).encode())
    has_learnt = any(value in learnt for value in case.path_parameters.values())
    if number % _STRANGERS == 0 and not has_learnt:
        return
    if case.path_parameters and not _is_wrong(case, ParameterLocation.PATH):
        case.path_parameters = {
            name: value if value in learnt else id_of(ids, case.path, name) or value
            for name, value in case.path_parameters.items()
        }
    if isinstance(case.body, dict):
        case.body = case.body | _named(case.body, ids, number)
    for name, value in _QUERY_IDS.items():
        if isinstance(case.query.get(name), str):
            case.query[name] = ids[value]


def _named(body: Mapping[str, Any], ids: Mapping[str, str], number: int) -> Json:
    """The names in a body that the home knows."""
    known = {
        "locationId": ids["locationId"],
        "targetId": ids.get(f"{body.get('targetType')}Id"),
        "tariffId": ids["tariffId"],
        "timezoneName": "Europe/Oslo",
        "url": f"https://hook.example/{number}",
        "vehicleId": ids["vehicleId"],
    }
    return {name: value for name, value in known.items() if isinstance(body.get(name), str)}


def _is_wrong(case: AnyCase, where: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(where)


def _taking(sink: Sink) -> Callable[[AnyCase], None]:
    """A function of its own, because schemathesis marks it."""

    def test(case: AnyCase) -> None:
        sink(case)

    return test


def generating(count: int) -> settings:
    """So many examples, which nothing is searched in or kept of."""
    return _settings(count, Phase.generate)


def _settings(count: int, phase: Phase) -> settings:
    return settings(
        max_examples=count,
        phases=[phase],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
