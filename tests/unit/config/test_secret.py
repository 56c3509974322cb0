import os
from pathlib import Path

import pytest

from gatewayd.config import Config, Secret, load
from gatewayd.errors import ConfigError
from tests.unit.config.catalogue import GOOD, Catalogue, problems, read, write

CANARY = "canary-8f2c"
BY_FILE = GOOD + "  password_file: mqtt.password\n"
BY_CREDENTIAL = GOOD + "  password_credential: mqtt\n"


def _keep(folder: Path, content: str = CANARY + "\n", mode: int = 0o600) -> Path:
    path = folder / "mqtt.password"
    path.write_text(content)
    path.chmod(mode)
    return path


def _password(config: Config) -> str:
    assert config.mqtt is not None
    assert config.mqtt.password is not None
    return config.mqtt.password.reveal()


@pytest.mark.parametrize("content", [CANARY, CANARY + "\n", CANARY + "\r\n"])
def test_a_secret_is_read_beside_the_config_without_its_last_newline(
    tmp_path: Path, content: str
) -> None:
    _keep(tmp_path, content)

    assert _password(read(tmp_path, BY_FILE)) == CANARY


def test_a_secret_never_shows_itself(tmp_path: Path) -> None:
    _keep(tmp_path)

    config = read(tmp_path, BY_FILE)

    assert config.mqtt is not None
    for text in (repr(config), str(config), f"{config.mqtt.password}", config.mqtt.model_dump()):
        assert CANARY not in str(text)
    assert config.secrets == {Secret(CANARY)}


def test_secrets_are_equal_by_content() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("ä")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_secret_everyone_may_open_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = _keep(tmp_path, mode=0o644)

    assert problems(tmp_path, BY_FILE) == [
        f"22:18: mqtt.password_file: every user can open it; run: chmod o= {path}"
    ]


def test_a_secret_the_service_s_group_may_read_is_taken(tmp_path: Path) -> None:
    _keep(tmp_path, mode=0o640)

    assert problems(tmp_path, BY_FILE) == []


def test_a_missing_secret_is_told_at_its_line(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, BY_FILE)

    assert problem.startswith("22:18: mqtt.password_file: there is no file ")
    assert problem.endswith("create it with mode 0600 and the secret inside")


@pytest.mark.parametrize("content", ["", "\n", "x" * 70_000])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: str) -> None:
    _keep(tmp_path, content)

    assert "is empty or too long" in problems(tmp_path, BY_FILE)[0]


def test_a_secret_that_is_not_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    _keep(tmp_path).write_bytes(b"canary\xff")

    [problem] = problems(tmp_path, BY_FILE)

    assert "is not UTF-8" in problem
    assert "canary" not in problem.replace(str(tmp_path), "")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mqtt.password", 0o600)

    assert "is not a file" in problems(tmp_path, BY_FILE)[0]


def test_a_credential_comes_from_where_systemd_put_it(tmp_path: Path) -> None:
    path = write(tmp_path, BY_CREDENTIAL)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mqtt").write_text(CANARY)

    config = load(path, Catalogue(), {"CREDENTIALS_DIRECTORY": str(credentials)})

    assert _password(config) == CANARY


def test_a_credential_outside_systemd_is_told_with_both_ways_out(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, BY_CREDENTIAL)

    assert "LoadCredential=mqtt:" in problem
    assert "use a file instead" in problem


@pytest.mark.parametrize("name", ["../mqtt", "/etc/passwd", "..", "a/b"])
def test_a_credential_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, GOOD + f"  password_credential: {name}\n")

    with pytest.raises(ConfigError, match="is no credential name"):
        load(path, Catalogue(), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_the_key_of_a_certificate_is_a_secret_too(tmp_path: Path) -> None:
    for name, mode in (("gatewayd.crt", 0o644), ("gatewayd.key", 0o604)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    text = GOOD + "  tls: true\n  cert_file: gatewayd.crt\n  key_file: gatewayd.key\n"

    assert "24:13: mqtt.key_file: every user can open" in problems(tmp_path, text)[0]
    (tmp_path / "gatewayd.key").chmod(0o600)
    assert problems(tmp_path, text) == []


def test_two_sources_of_one_secret_are_refused(tmp_path: Path) -> None:
    _keep(tmp_path)
    path = write(tmp_path, BY_FILE + "  password_credential: mqtt.password\n")

    with pytest.raises(ConfigError, match="keep one of the two"):
        load(path, Catalogue(), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.parametrize("value", [CANARY, "12345", f"[{CANARY}]"])
def test_a_password_in_the_config_is_refused_and_not_repeated(tmp_path: Path, value: str) -> None:
    told = "\n".join(problems(tmp_path, GOOD + f"  password: {value}\n"))

    assert "22:3: mqtt.password: a secret is not written in this file" in told
    assert "write password_file: its path" in told
    assert CANARY not in told
    assert "12345" not in told


@pytest.mark.parametrize("tag", ["!secret", "!!int", "!!binary", "&anchor", "!!bool"])
def test_a_tag_on_a_password_is_refused_without_showing_it(tmp_path: Path, tag: str) -> None:
    told = "\n".join(problems(tmp_path, GOOD + f"  password: {tag} {CANARY}\n"))

    assert told.startswith("22:13: mqtt.password: ")
    assert CANARY not in told


@pytest.mark.parametrize("value", ["5", "[a]", "''", "a\\0b", '"a\\0b"'])
def test_what_names_no_file_is_told(tmp_path: Path, value: str) -> None:
    assert len(problems(tmp_path, GOOD + f"  password_file: {value}\n")) == 1
