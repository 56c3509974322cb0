"""A pure function works once for the same."""

from gatewayd.model.remembered import Remembered


def test_it_works_only_when_something_of_what_it_is_given_is_new() -> None:
    worked: list[tuple[object, ...]] = []

    def of(*given: object, word: str = "") -> list[object]:
        worked.append((*given, word))
        return [*given, word]

    remembered, one = Remembered(of), {"a": 1}
    first = remembered(one, None)

    assert remembered(one, None) is first
    assert remembered({"a": 1}, None) is first
    assert remembered({"a": 2}, None) == [{"a": 2}, None, ""]
    assert remembered({"a": 2}, None, word="b") == [{"a": 2}, None, "b"]
    assert remembered(one, None) == first
    assert len(worked) == 4


def test_what_comes_to_nothing_is_remembered_too() -> None:
    worked: list[None] = []
    remembered = Remembered(lambda: worked.append(None))

    remembered()
    remembered()

    assert worked == [None]
