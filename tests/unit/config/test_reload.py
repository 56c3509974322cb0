"""Edits of a real file in a real folder, watched by the real watcher."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from gatewayd.config import Config, Difference, changes, difference, load
from gatewayd.config import reload as room
from tests.unit.config.catalogue import GOOD, Catalogue, read, write

MORE = GOOD.replace("  inverter:", "  garage: {driver: sun_tcp, host: garage.local}\n  inverter:")
BAD = GOOD.replace("unit: 1", "unit: 1000")
CIRCUIT = "circuits: {main: {limit_a: 25, limit_w: 0}}\n"


class Watch:
    """A watcher at work: how often it has loaded, and what it has yielded."""

    def __init__(self) -> None:
        self.loads = 0
        self.configs: asyncio.Queue[Config] = asyncio.Queue()

    def load(self, path: Path) -> Config:
        try:
            return load(path, Catalogue(), {})
        finally:
            self.loads += 1

    async def next(self) -> Config:
        async with asyncio.timeout(30):
            return await self.configs.get()

    async def until_loaded(self, times: int, again: Callable[[], object] = lambda: None) -> None:
        async with asyncio.timeout(30):
            while self.loads < times:
                again()
                await asyncio.sleep(0.15)


@asynccontextmanager
async def _watching(path: Path, look_s: float = 0.2) -> AsyncIterator[Watch]:
    watch = Watch()
    current = load(path, Catalogue(), {})

    async def run() -> None:
        async with aclosing(changes(path, watch.load, current, look_s=look_s)) as configs:
            async for config in configs:
                watch.configs.put_nowait(config)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run())
        yield watch
        task.cancel()


async def test_an_edit_in_place_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices


async def test_an_editor_s_rename_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        for text in (MORE, GOOD):
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").rename(path)
            config = await watch.next()
            assert ("garage" in config.devices) == (text == MORE)


async def test_an_edit_is_seen_without_looking(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path, look_s=3600) as watch:
        # When the watch is up cannot be seen from here, so the edit is made until it is taken.
        await watch.until_loaded(1, again=lambda: path.write_text(MORE))

        assert "garage" in (await watch.next()).devices


async def test_an_edit_behind_a_link_is_taken(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    write(real, GOOD)
    path = tmp_path / "gatewayd.yaml"
    path.symlink_to(real / "gatewayd.yaml")

    async with _watching(path, look_s=3600) as watch:
        await watch.until_loaded(1, again=lambda: write(real, MORE))

        assert "garage" in (await watch.next()).devices


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        (BAD, ":11:11: devices.inverter.unit: 1000 does not fit"),
        # The fuse guard would end with it.
        (
            CIRCUIT + MORE,
            ":1:41: circuits.main.limit_w: 0 does not fit",
        ),
    ],
)
async def test_a_bad_edit_keeps_the_old_config_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str, where: str
) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        path.write_text(bad)
        await watch.until_loaded(1)
        path.write_text(bad + "\n")
        await watch.until_loaded(2)
        assert watch.configs.empty()
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices
    told = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 1
    assert f"{path}{where}" in told[0]


async def test_a_deleted_file_keeps_the_old_config_until_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        path.unlink()
        await watch.until_loaded(1)
        assert watch.configs.empty()
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices
    assert "there is no such file" in caplog.text


async def test_what_means_the_same_is_not_yielded(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        path.write_text("# a remark\n" + GOOD)
        await watch.until_loaded(1)
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices
        assert watch.configs.empty()


async def test_other_files_in_the_folder_cause_no_reading(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        for number in range(20):
            (tmp_path / "gatewayd.db").write_text(str(number))
            await asyncio.sleep(0.02)
        assert watch.loads == 0
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices


async def test_a_new_password_is_taken(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("old")
    secret.chmod(0o600)
    path = write(tmp_path, GOOD + "  password_file: password\n")

    async with _watching(path) as watch:
        secret.write_text("new")
        config = await watch.next()

    assert config.mqtt is not None
    assert config.mqtt.password is not None
    assert config.mqtt.password.reveal() == "new"


async def test_the_file_a_bad_config_misses_mends_it(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    async with _watching(path) as watch:
        path.write_text(GOOD + "  password_file: password\n")
        await watch.until_loaded(1)
        (tmp_path / "new").touch(mode=0o600)
        (tmp_path / "new").write_text("found")
        (tmp_path / "new").rename(tmp_path / "password")
        config = await watch.next()

    assert config.mqtt is not None
    assert config.mqtt.password is not None


async def test_an_edit_between_the_start_and_the_watch_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    started_with = load(path, Catalogue(), {})
    path.write_text(MORE)
    configs = changes(path, Watch().load, started_with, look_s=0.1)

    async with asyncio.timeout(30), aclosing(configs):
        assert "garage" in (await anext(configs)).devices


async def test_without_a_watch_the_file_is_still_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, GOOD)
    monkeypatch.setattr(room, "_folders", lambda _file: {tmp_path / "gone"})

    async with _watching(path, look_s=0.05) as watch:
        path.write_text(MORE)

        assert "garage" in (await watch.next()).devices
    assert "cannot watch the config for edits" in caplog.text


def test_the_difference_names_devices_and_sections(tmp_path: Path) -> None:
    old = read(tmp_path, GOOD)
    new = read(
        tmp_path,
        MORE.replace("    unit: 2", "    unit: 3").replace("broker.local", "other.local")
        + "log: {level: debug}\n",
    )
    gone = {key: value for key, value in new.devices.items() if key != "inverter"}
    new = replace(new, devices=MappingProxyType(gone))

    found = difference(old, new)

    assert found == Difference(("garage",), ("inverter",), ("meter",), ("mqtt", "log"))
    assert found.needs_restart == ("mqtt",)


def test_the_same_config_differs_in_nothing(tmp_path: Path) -> None:
    assert difference(read(tmp_path, GOOD), read(tmp_path, "# x\n" + GOOD)) == Difference()
