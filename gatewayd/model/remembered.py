"""What a pure function came to, for as long as it is asked the same."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Remembered(Generic[P, T]):
    """A pure function that works only when it is given something else than the last time.

    Whatever it is given or gives back must never be changed: then the same picture costs no more
    than to see that it is the same, and what is made of it is the same object again.
    """

    def __init__(self, of: Callable[P, T]) -> None:
        self._of = of
        self._given: object = None

    def __call__(self, *given: P.args, **named: P.kwargs) -> T:
        if (given, named) != self._given:
            self._found = self._of(*given, **named)
            self._given = given, named
        return self._found
