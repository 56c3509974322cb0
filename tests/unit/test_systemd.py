"""The unit, judged by systemd's own tools."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "gatewayd.service"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: install Debian's package systemd")
    return found


def _run(name: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [_tool(name), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists here, since `verify` looks for it."""
    text = UNIT.read_text().replace("/usr/bin/gatewayd ", f"{shutil.which('true')} ")
    text = text.replace("ExecReload=/bin/kill", f"ExecReload={shutil.which('kill')}")
    copy = tmp_path / UNIT.name
    copy.write_text(text)
    return copy


def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    assert _run("systemd-analyze", "verify", "--man=no", unit) == ""


def test_the_sandbox_leaves_little_exposed(unit: Path) -> None:
    told = _run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)

    overall = re.search(r"Overall exposure level for gatewayd.service: ([\d.]+)", told)
    assert overall is not None, told
    assert float(overall[1]) <= 1.7, told


def test_a_config_error_is_not_restarted_and_all_else_is_for_ever() -> None:
    settings = _settings()

    assert settings["ExecStart"] == ["/usr/bin/gatewayd run /etc/gatewayd/gatewayd.yaml"]
    assert settings["Restart"] == ["on-failure"]
    assert settings["RestartPreventExitStatus"] == ["78"]
    assert settings["StartLimitIntervalSec"] == ["0"]


def test_readiness_and_life_are_told_by_the_daemon_itself() -> None:
    settings = _settings()

    assert settings["Type"] == ["notify"]
    assert settings["NotifyAccess"] == ["main"]
    assert settings["WatchdogSec"] == ["30"]


def test_a_forbidden_system_call_is_refused_and_kills_nobody() -> None:
    assert _settings()["SystemCallErrorNumber"] == ["EPERM"]


def test_serial_lines_are_open_and_no_other_device() -> None:
    settings = _settings()

    assert settings["DevicePolicy"] == ["closed"]
    assert "char-ttyUSB rw" in settings["DeviceAllow"]
    assert all(device.startswith("char-tty") for device in settings["DeviceAllow"])
    assert "m gatewayd dialout" in (SYSTEMD / "gatewayd.sysusers").read_text().splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_user_and_the_folders_come_out_private(tmp_path: Path) -> None:
    (tmp_path / "etc/gatewayd").mkdir(parents=True)
    config = tmp_path / "etc/gatewayd/gatewayd.yaml"
    config.touch(mode=0o644)

    _run("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "gatewayd.sysusers")

    passwd = (tmp_path / "etc/passwd").read_text()
    assert re.search(r"^gatewayd:.*:/usr/sbin/nologin$", passwd, re.MULTILINE)
    assert re.search(r"^dialout:.*:gatewayd$", (tmp_path / "etc/group").read_text(), re.MULTILINE)

    _run("systemd-tmpfiles", f"--root={tmp_path}", "--create", SYSTEMD / "gatewayd.tmpfiles")

    assert (tmp_path / "etc/gatewayd/secrets").stat().st_mode & 0o777 == 0o750
    assert config.stat().st_mode & 0o777 == 0o640
