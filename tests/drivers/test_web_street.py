"""Every device that answers HTTP, and says how it is known, is found and taken for no other."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ruamel.yaml import YAML

from gatewayd.devices.discovery.web import WebSurvey
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from gatewayd.sdk.finding import HttpProbe

FIXTURES = Path(__file__).parents[1] / "fixtures"
INFOS = Registry().usable()


def _driver(path: Path) -> str:
    return path.stem.partition("-")[0]


def _is_findable(path: Path) -> bool:
    """Whether it holds the document that a scan asks for."""
    info = INFOS.get(_driver(path))
    probes = [one for one in info.probes if isinstance(one, HttpProbe)] if info else []
    asked = [probe.path for probe in probes if not probe.tls]
    return any(f"{one.partition('?')[0]}:" in path.read_text() for one in asked)


HOUSES = [path for path in sorted(FIXTURES.glob("*/*.yaml")) if _is_findable(path)]


@pytest.mark.parametrize("house", HOUSES, ids=lambda path: path.stem)
async def test_a_device_is_taken_for_what_it_is(house: Path) -> None:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(house)
    answers = content["answers"]
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        names = (request.path_qs, f"GET {request.path_qs}", f"GET {request.path}")
        found = next((answers[name] for name in names if name in answers), None)
        if found is None:
            return web.Response(status=404)
        return web.Response(text=found) if isinstance(found, str) else web.json_response(found)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    async with TestServer(app) as server:
        assert server.port is not None
        survey = WebSurvey(Links(), INFOS)
        found = await survey.at("127.0.0.1", server.port, is_usual=False)
        others = await survey.at("127.0.0.1", server.port, is_usual=True)

    assert [one.driver for one in found] == [_driver(house)]
    assert found[0].options["host"] == "127.0.0.1"
    assert found[0].serial in (None, content["identity"].get("serial"))
    assert set(asked) == {"GET"}
    assert others == []
