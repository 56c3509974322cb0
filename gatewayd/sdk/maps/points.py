"""Points: one value in a device's registers, as a register map says it.

    power_w: {holding: 40083, type: s16, scale: 10, nan: 0x8000}

Addresses are those on the wire, from 0. `value = raw * scale + offset`, in both directions.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Value = float | int | bool | str | None

PointType = Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "bool", "string"]
Table = Literal["holding", "input", "coil", "discrete"]
Order = Literal["big", "little"]
Address = Annotated[int, Field(ge=0, le=65535)]
Label = bool | int | float | str

# struct code and number of registers; a string's length is its own.
CODES: dict[str, tuple[str, int]] = {
    "u16": ("H", 1),
    "s16": ("h", 1),
    "u32": ("I", 2),
    "s32": ("i", 2),
    "u64": ("Q", 4),
    "s64": ("q", 4),
    "f32": ("f", 2),
    "f64": ("d", 4),
    "bool": ("H", 1),
}

# What a SunSpec device puts where it has no value; a float's NaN is never a value anyway.
SUNSPEC_NAN = {
    "u16": 0xFFFF,
    "s16": -0x8000,
    "u32": 0xFFFFFFFF,
    "s32": -0x80000000,
    "u64": 0xFFFFFFFFFFFFFFFF,
    "s64": -0x8000000000000000,
}

# The greatest number of the type, which other makers use for the same.
MAX_NAN = {
    "u16": 0xFFFF,
    "s16": 0x7FFF,
    "u32": 0xFFFFFFFF,
    "s32": 0x7FFFFFFF,
    "u64": 0xFFFFFFFFFFFFFFFF,
    "s64": 0x7FFFFFFFFFFFFFFF,
}


class Strict(BaseModel):
    """What is not known is wrong, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Test(Strict):
    """What another point has to be: one bit of it, or a range with both ends in it."""

    __test__ = False

    bit: int | None = Field(default=None, ge=0, le=63)
    is_: bool = Field(default=True, alias="is")
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.bit is None and self.min is None and self.max is None:
            raise ValueError("give bit, min or max")
        return self


# All of them must hold. Named points; a value, one of several values, or a test.
Conditions = Annotated[dict[str, Label | list[Label] | Test], Field(min_length=1)]


class Defaults(Strict):
    """What the points of a map have in common."""

    table: Table | None = None
    type: PointType = "u16"
    order: Order = "big"
    bytes: Order = "big"
    nan: Literal["sunspec", "max", "none"] = "none"


class Shape(Strict):
    """How a value lies in registers; also that of a value to write.

    `order` is the word order, `bytes` the order inside each word. `length` counts the registers
    of a string. `bcd` numbers have a decimal digit in each four bits.
    """

    type: PointType | None = None
    order: Order | None = None
    bytes: Order | None = None
    length: int | None = Field(default=None, ge=1, le=125)
    scale: float = 1.0
    offset: float = 0.0
    bcd: bool = False

    @model_validator(mode="after")
    def _scale_is_not_zero(self) -> Self:
        if self.scale == 0:
            raise ValueError("scale must not be 0")
        if self.bcd and (self.type or "u16") not in ("u16", "u32", "u64"):
            raise ValueError("bcd needs an unsigned type")
        return self


class Point(Shape):
    """One value to read.

    `nan` names the raw values that mean nothing, beside the map's own; `valid` the values that
    are believed. `scale_factor` is another point, a power of ten from -10 to 10. `when` makes it
    nothing unless the conditions hold. An `optional` point may not exist in the device: it is
    read on its own, or together with those that share a group name. A `static` one is read when
    the device is identified and not again. `unit` names another of the map's units. `bits` takes
    a part of the raw value, lowest and highest bit.
    """

    holding: Address | None = None
    input: Address | None = None
    coil: Address | None = None
    discrete: Address | None = None
    unit: str | None = None
    nan: int | list[int] | Literal["sunspec", "max", "none"] | None = None
    valid: tuple[float, float] | None = None
    scale_factor: str | None = None
    bit: int | None = Field(default=None, ge=0, le=63)
    bits: tuple[int, int] | None = None
    enum: dict[int, Label] | None = None
    hex: int | None = Field(default=None, ge=1, le=16, description="as text of so many hex digits")
    when: Conditions | None = None
    optional: bool | str = False
    static: bool = False
    note: str | None = None

    @property
    def table(self) -> Table:
        """Where it is; exactly one is given."""
        for table in ("holding", "input", "coil", "discrete"):
            if getattr(self, table) is not None:
                return table
        raise AssertionError("checked when loaded")

    @property
    def address(self) -> int:
        """Its first register or bit."""
        address: int = getattr(self, self.table)
        return address

    @property
    def is_bit(self) -> bool:
        """Whether it is a coil or discrete input."""
        return self.table in ("coil", "discrete")

    def width(self) -> int:
        """How many registers (or bits) it takes; the type has been settled."""
        if self.is_bit:
            return 1
        return self.length or 1 if self.type == "string" else CODES[self.type or "u16"][1]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        tables = [self.holding, self.input, self.coil, self.discrete]
        if sum(address is not None for address in tables) != 1:
            raise ValueError("give exactly one of holding, input, coil and discrete")
        if self.bits is not None and not 0 <= self.bits[0] <= self.bits[1] < 64:
            raise ValueError("bits are [lowest, highest], from 0")
        if (self.type == "string") != (self.length is not None):
            raise ValueError("a string, and nothing else, has a length in registers")
        return self

    def settled(self, defaults: Defaults) -> "Point":
        """This point with everything said that the map says for all."""
        return self.model_copy(
            update={
                "type": self.type or defaults.type,
                "order": self.order or defaults.order,
                "bytes": self.bytes or defaults.bytes,
                "nan": defaults.nan if self.nan is None else self.nan,
            }
        )
