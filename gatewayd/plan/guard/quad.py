"""Arithmetic on the three phases and what they add up to, each by itself."""

from gatewayd.plan.guard.words import Quad


def plus(one: Quad, other: Quad) -> Quad:
    """Both together."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def minus(one: Quad, other: Quad) -> Quad:
    """What the other leaves of it."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3]


def lower(one: Quad, other: Quad) -> Quad:
    """The lower of each."""
    a, b, c, total = map(min, one, other)
    return a, b, c, total


def higher(one: Quad, other: Quad) -> Quad:
    """The higher of each."""
    a, b, c, total = map(max, one, other)
    return a, b, c, total
