"""Every error gatewayd raises on purpose, named for what the caller does about it.

GatewayError
├── ConfigError               the operator must edit a file: exit status 78, no restart loop
├── StorageError              the database is damaged, newer than this program or in use
├── DeviceError               one device failed; the others carry on
│   ├── UnreachableError      no answer: retry with backoff
│   ├── BusyError             it asked for patience: retry, it is not dead
│   ├── RefusedError          it answered and said no: retrying cannot help
│   │   ├── AbsentError       it has no such register
│   │   └── AuthError         its login is wrong or has ended: the user must link it again
│   ├── BadReadingError       it answered nonsense: drop this poll, keep the last sample
│   └── UnsupportedError      it has no such command
├── RequestError              the caller is wrong: becomes an Enode Problem (4xx)
│   ├── UnauthorizedError     401: no valid token
│   ├── ForbiddenError        403: a limit that the operator has set
│   ├── NotFoundError         404
│   ├── ConflictError         409
│   ├── InvalidError          400
│   ├── ControlledError       422: a schedule or plan controls the asset
│   └── TooManyRequestsError  429: come back later
└── UpstreamError             broker or cloud is away: keep queueing
"""


class GatewayError(Exception):
    """The root: catching it catches only what gatewayd raised on purpose."""


class ConfigError(GatewayError):
    """The operator must edit a file. `problems` are lines of `file:line:col: what`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StorageError(GatewayError):
    """The database cannot be used; the message says what to do."""


class DeviceError(GatewayError):
    """One device failed; the others carry on."""


class UnreachableError(DeviceError):
    """No answer: retry with backoff."""


class BusyError(DeviceError):
    """The device asked for patience (Modbus exceptions 5, 6, 10, 11): retry later."""


class RefusedError(DeviceError):
    """The device answered and said no: retrying cannot help."""


class AbsentError(RefusedError):
    """The device has nothing there (Modbus exceptions 1, 2, 3)."""


class AuthError(RefusedError):
    """The device refuses the login: only the user can mend that, by linking it again."""


class BadReadingError(DeviceError):
    """The device answered nonsense: drop this poll, keep the last sample."""


class UnsupportedError(DeviceError):
    """The device has no such command."""


class RequestError(GatewayError):
    """The API caller is wrong. `title` is short, the message is the detail."""

    title = "Bad Request"

    def __init__(self, detail: str, *, title: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if title is not None:
            self.title = title


class UnauthorizedError(RequestError):
    """The request carries no valid token."""

    title = "Unauthorized"


class ForbiddenError(RequestError):
    """The caller is known and asks rightly, but for more than the operator allows."""

    title = "Forbidden"


class NotFoundError(RequestError):
    """The thing named does not exist."""

    title = "Not Found"


class ConflictError(RequestError):
    """The thing is past the state in which this can be done."""

    title = "Conflict"


class InvalidError(RequestError):
    """The request can never be done as it stands. `issues` name each fault's path."""

    def __init__(
        self,
        detail: str,
        *,
        title: str | None = None,
        issues: tuple[dict[str, object], ...] = (),
    ) -> None:
        super().__init__(detail, title=title)
        self.issues = issues


class ControlledError(RequestError):
    """A schedule or plan controls the asset, so a direct command is refused."""

    title = "Unprocessable Entity"


class TooManyRequestsError(RequestError):
    """The caller has tried too often."""

    title = "Too Many Requests"

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UpstreamError(GatewayError):
    """Broker or cloud is away: keep queueing."""
