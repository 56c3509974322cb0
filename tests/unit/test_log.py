import io
import json
import logging
import os
import warnings
from collections.abc import Iterator

import pytest

from gatewayd import log as room

log = logging.getLogger("gatewayd.test")
CANARY = 'can"ary ä/8f2c'


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging is the process's, so each test hands it back as it was."""
    root = logging.getLogger()
    handlers, level, loud = root.handlers[:], root.level, logging.raiseExceptions
    yield
    logging.captureWarnings(capture=False)
    for name in room._QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root.handlers[:], logging.raiseExceptions = handlers, loud
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _crash(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("%s failed", text)


def _crash_beside_a_secret() -> None:
    kept = CANARY + CANARY
    try:
        assert len(kept) / 0
    except ZeroDivisionError:
        log.exception("it failed")


def test_json_is_one_object_per_line() -> None:
    stream = io.StringIO()
    room.configure(form="json", stream=stream)

    log.info("%s: back after %d failed polls", "meter", 3)
    _crash("two\nlines")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["event"] == "meter: back after 3 failed polls"
    assert (first["level"], first["logger"]) == ("info", "gatewayd.test")
    assert first["timestamp"].endswith("Z")
    assert "ValueError: two\nlines" in second["exception"]


def test_the_journal_gets_a_priority_on_every_line() -> None:
    stream = io.StringIO()
    room.configure(form="journal", level="debug", stream=stream)

    log.debug("d")
    log.info("i")
    log.warning("w")
    _crash("two\nlines")

    lines = stream.getvalue().splitlines()
    assert lines[:3] == ["<7>gatewayd.test: d", "<6>gatewayd.test: i", "<4>gatewayd.test: w"]
    assert len(lines) > 6
    assert all(line.startswith("<3>") for line in lines[3:])


def test_a_person_at_a_terminal_gets_plain_lines_without_local_variables() -> None:
    stream = Terminal()
    room.configure(stream=stream)

    _crash_beside_a_secret()

    assert "it failed" in stream.getvalue()
    assert "ZeroDivisionError" in stream.getvalue()
    assert "8f2c" not in stream.getvalue()


def test_without_a_terminal_the_form_is_json() -> None:
    stream = io.StringIO()
    room.configure(stream=stream)

    log.warning("x")

    assert json.loads(stream.getvalue())["event"] == "x"


def test_under_systemd_the_form_is_the_journal_s() -> None:
    read, write = os.pipe()
    with open(read), open(write, "w") as stream:
        status = os.fstat(write)
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}

        assert room._chosen("auto", stream, environ) == "journal"
        assert room._chosen("auto", stream, {"JOURNAL_STREAM": "1:2"}) == "json"
        assert room._chosen("json", stream, environ) == "json"


def test_the_level_is_the_config_s_and_can_change() -> None:
    stream = io.StringIO()
    room.configure(form="journal", level="error", stream=stream)
    log.warning("unheard")
    room.configure(form="journal", level="info", stream=stream)
    log.info("heard")

    assert stream.getvalue() == "<6>gatewayd.test: heard\n"


def test_a_library_s_word_on_every_attempt_is_not_repeated() -> None:
    stream = io.StringIO()
    room.configure(form="journal", stream=stream)
    logging.getLogger("pymodbus.logging").error("connection failed")
    assert stream.getvalue() == ""

    room.configure(form="journal", level="debug", stream=stream)
    logging.getLogger("pymodbus.logging").error("connection failed")
    assert "connection failed" in stream.getvalue()


def test_warnings_are_logged() -> None:
    stream = io.StringIO()
    room.configure(form="journal", stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old call", UserWarning, stacklevel=1)

    assert "old call" in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "journal", "console"])
def test_no_secret_leaves_by_any_way(form: room.Form) -> None:
    stream = io.StringIO()
    room.configure(form=form, secrets=[CANARY, "ab"], stream=stream)

    log.info("plain %s", CANARY)
    log.info("in a value %r", {"password": CANARY})
    log.info("in json %s", json.dumps({"value": CANARY}))
    log.info("in a url http://x/?v=%s", "can%22ary%20%C3%A4/8f2c")
    log.info("in a url http://x/?v=%s", "can%22ary%20%C3%A4%2F8f2c")
    _crash(CANARY)

    text = stream.getvalue()
    assert "8f2c" not in text
    assert "can" not in text.replace("canary", "can")
    assert text.count("***") >= 7


@pytest.mark.parametrize(
    "line",
    [
        "GET / Authorization: Bearer canary.8f2c_x-y0123",
        "authorization: basic Y2FuYXJ5OmNhbmFyeQ==",
        "client_secret=canary8f2c&grant_type=client_credentials",
        "{'access_token': 'canary8f2c', 'expires_in': 3600}",
        '{"password": "canary8f2c"}',
        "mqtt password=canary8f2c, user=x",
        "api_key: canary8f2c",
    ],
)
def test_what_is_called_a_secret_is_hidden_even_when_unknown(line: str) -> None:
    stream = io.StringIO()
    room.configure(form="journal", stream=stream)

    log.info("%s", line)

    assert "***" in stream.getvalue()
    assert "canary" not in stream.getvalue()
    assert "Y2FuYXJ5" not in stream.getvalue()


def test_an_ordinary_line_is_left_as_it_is() -> None:
    stream = io.StringIO()
    room.configure(form="journal", secrets=[CANARY], stream=stream)

    log.info("meter: tokens and passwords are fine words; basic authentication, bearer of news")

    assert "***" not in stream.getvalue()


def test_a_closed_stream_harms_nobody() -> None:
    stream = io.StringIO()
    room.configure(form="json", stream=stream)
    stream.close()

    log.info("into the void")


def test_the_default_is_stderr_and_never_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    room.configure(form="journal")

    log.info("x")

    assert capsys.readouterr() == ("", "<6>gatewayd.test: x\n")
