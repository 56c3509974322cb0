"""What the operator may write about a device, whatever its driver."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

Framing = Literal["tcp", "rtu", "udp", "rtu_udp", "solarman", "aa55", "data_adapter"]

# Where gateways with a frame of their own are.
_GATEWAY_PORTS = {"solarman": 8899, "aa55": 8899, "data_adapter": 8899}
_HTTPS_PORT = 443


def _host(text: str) -> str:
    is_alone = "/" not in text and text.count(":") != 1 and not any(map(str.isspace, text))
    if not is_alone:
        told = "is not a name or an address alone; write no http://, path or :port here"
        raise PydanticCustomError("host", told)
    return text


Host = Annotated[str, Field(min_length=1), AfterValidator(_host)]


class DeviceOptions(BaseModel):
    """Every driver's options. `poll_s` None means what suits the device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: float | None = Field(
        default=None, gt=0, le=3600, description="seconds from read to read"
    )
    read_only: bool = Field(default=False, description="never write to the device")


def secret_fields(options: type[BaseModel]) -> frozenset[str]:
    """The options that are a `SecretStr`: the config names each one's file instead of it.

    What is `password` here is `password_file` there, and what a person types on a page is the
    password itself.
    """
    fields = options.model_fields.items()
    return frozenset(
        name
        for name, field in fields
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )


class ModbusOptions(DeviceOptions):
    """Where a Modbus device is: `host` (TCP) or `serial` (a port's path), and its unit id."""

    host: Host | None = Field(default=None, description="name or address in the LAN")
    port: int = Field(default=502, ge=1, le=65535)
    serial: str | None = Field(default=None, min_length=1, description="serial port, best by-id")
    unit: int = Field(default=1, ge=0, le=255, description="Modbus unit id")
    framing: Framing = Field(
        default="tcp",
        description="rtu: a plain serial converter; udp, rtu_udp: the same in datagrams; "
        "solarman: a Solarman logging stick; aa55: datagrams answered with AA 55 in front; "
        "data_adapter: frames that begin with 59 59",
    )
    logger_serial: int | None = Field(
        default=None, ge=1, le=0xFFFFFFFF, description="the number printed on a Solarman stick"
    )
    baudrate: int = Field(default=9600, ge=300, le=921600)
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    timeout_s: float = Field(default=2.0, gt=0, le=60)
    min_gap_s: float = Field(default=0.0, ge=0, le=10, description="silence between two requests")
    connect_delay_s: float = Field(default=0.0, ge=0, le=30, description="silence after connecting")

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, block: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
        if isinstance(block, dict) and (port := _GATEWAY_PORTS.get(str(block.get("framing")))):
            return {"port": port, **block}
        return block

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.host is None) == (self.serial is None):
            raise ValueError("give either host or serial")
        if self.serial is not None and self.framing not in ("tcp", "rtu"):
            raise ValueError("a serial port has no framing to choose; leave framing out")
        if (self.framing == "solarman") != (self.logger_serial is not None):
            raise ValueError("framing: solarman and logger_serial belong together")
        return self


class HttpOptions(DeviceOptions):
    """Where a device that speaks HTTP is. Its port is 80, or 443 with `tls`."""

    host: Host = Field(description="name or address in the LAN")
    port: int = Field(default=80, ge=1, le=65535)
    tls: bool = Field(default=False, description="https instead of http")
    fingerprint: str | None = Field(
        default=None,
        pattern=r"^([0-9A-Fa-f]{2}:?){32}$",
        description="SHA-256 of the device's own certificate, where no authority has signed it",
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60)

    @property
    def pin(self) -> bytes | None:
        """The fingerprint as bytes."""
        return bytes.fromhex(self.fingerprint.replace(":", "")) if self.fingerprint else None

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, block: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
        if isinstance(block, dict) and block.get("tls") in (True, "true"):
            return {"port": _HTTPS_PORT, **block}
        return block

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.fingerprint and not self.tls:
            raise ValueError("has a fingerprint but no TLS; add tls: true")
        return self


class StreamOptions(DeviceOptions):
    """Where a device that talks by itself is: `serial` (a port's path), or `host` and `port`."""

    host: Host | None = Field(default=None, description="name or address in the LAN")
    port: int = Field(default=23, ge=1, le=65535)
    serial: str | None = Field(default=None, min_length=1, description="serial port, best by-id")
    baudrate: int = Field(default=9600, ge=300, le=921600)
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"serial://{self.serial}" if self.serial else f"tcp://{self.host}:{self.port}"

    @property
    def settings(self) -> tuple[int, int, str]:
        """How a serial port is opened: baud rate, bits, parity."""
        return self.baudrate, self.bytesize, self.parity

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.host is None) == (self.serial is None):
            raise ValueError("give either host or serial")
        return self
