"""How the daemon's own doings are told: on stderr, in the form its reader wants, without secrets.

Modules write with the standard library's `logging`; only the form is decided here.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO
from urllib.parse import quote

Form = Literal["auto", "json", "journal", "console"]

_HIDDEN = "***"
# Hiding every place of a shorter text would leave no line readable, and nothing secret.
_SECRET_MIN = 4
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{16,}")
_NAMED = re.compile(
    r"""(?ix)( (?:password|passwd|secret|token|api_?key) ["']? \s*[=:]\s* ["']? )[^\s"',;&)}]+"""
)
# sd-daemon(3): a line's priority in front of it.
_PRIORITY = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
# What a library tells about each attempt, the link that uses it tells once per outage.
_QUIET = {
    "pymodbus": logging.CRITICAL,
    "paho": logging.CRITICAL,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn": logging.WARNING,
    "watchfiles": logging.WARNING,
    "zeroconf": logging.WARNING,
}


def configure(
    *,
    level: str = "info",
    form: Form = "auto",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Set the form of every logger; may be called again when the config changes.

    `secrets` are hidden wherever they turn up, in messages, values and tracebacks alike.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting(_renderer(_chosen(form, stream, environ), stream), secrets))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    # A full disk or a closed terminal is no reason to write a traceback to it for every line.
    logging.raiseExceptions = False
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else quiet)


def _chosen(form: Form, stream: TextIO, environ: Mapping[str, str]) -> Form:
    if form != "auto":
        return form
    if _is_journal(stream, environ):
        return "journal"
    return "console" if stream.isatty() else "json"


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream is the one that systemd connected to its journal (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _renderer(form: Form, stream: TextIO) -> logging.Formatter:
    if form == "journal":
        return _Journal("%(name)s: %(message)s")
    # Under systemd it is not needed, and takes 5 MB.
    import structlog

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=form == "json"),
    ]
    last: structlog.typing.Processor
    if form == "json":
        shared.append(structlog.processors.format_exc_info)
        last = structlog.processors.JSONRenderer()
    else:
        # The fancy tracebacks show local variables, and with them what must not be shown.
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        foreign_pre_chain=shared,
    )


class _Journal(logging.Formatter):
    """Every line with its priority, so that a traceback stays with its message."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next(number for least, number in _PRIORITY if record.levelno >= least)
        lines = super().format(record).splitlines() or [""]
        return "\n".join(f"<{priority}>{line}" for line in lines)


class _Redacting(logging.Formatter):
    """Hides secrets in the finished text, after everything that could bring one in."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        spellings = {s for text in secrets if len(text) >= _SECRET_MIN for s in _spellings(text)}
        # The longest first, so that no part of a spelling is left over.
        longest_first = sorted(spellings, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def format(self, record: logging.LogRecord) -> str:
        text = self._secret.sub(_HIDDEN, self._inner.format(record))
        text = _BEARER.sub(rf"\1\2{_HIDDEN}", text)
        return _NAMED.sub(rf"\1{_HIDDEN}", text)


def _spellings(secret: str) -> set[str]:
    """A secret as it looks in a message, in JSON, in a repr and in a URL."""
    escaped = json.dumps(secret)[1:-1]
    twice = json.dumps(escaped)[1:-1]
    return {secret, escaped, twice, repr(secret)[1:-1], quote(secret), quote(secret, safe="")}
