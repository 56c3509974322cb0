"""A home to send anything to, driven from plain functions, and the ids of what is in it."""

import asyncio
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import httpx
from starlette.types import Receive, Scope, Send

from gatewayd.links.http import HttpLink
from gatewayd.model.asset import AssetKind
from tests.enode.home import USER, Home, home, hybrid, wallbox
from tests.enode.test_flex import DAYS
from tests.fakes.driver import car_box, thermostat_box

TARIFF = "day-night"
_KINDS = {
    "batteryId": AssetKind.BATTERY,
    "chargerId": AssetKind.CHARGER,
    "hvacId": AssetKind.HVAC,
    "inverterId": AssetKind.INVERTER,
    "meterId": AssetKind.METER,
    "vehicleId": AssetKind.VEHICLE,
}
_COMMANDS: dict[str, tuple[str, str, Any]] = {
    "batteries": ("batteryId", "operation-mode", {"operationMode": "SELF_RELIANCE"}),
    "chargers": ("chargerId", "max-current", {"maxCurrent": 10}),
    "hvacs": ("hvacId", "follow-schedule", None),
    "vehicles": ("vehicleId", "charging", {"action": "START"}),
}


class World:
    """One home after the other, each as good as new, on an event loop of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._homes = 0
        self.ids: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        """The end of all homes."""
        self._end()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _begin(self) -> None:
        """Open a home."""
        self._homes += 1
        self._bug: str | None = None
        self._over = asyncio.Event()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._life = self._loop.create_task(self._live())
        self._loop.run_until_complete(
            asyncio.wait({self._life, self._ready}, return_when=asyncio.FIRST_COMPLETED)
        )
        self._check()
        try:
            self.ids = self._furnish()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        """Close the home; raises what ended one of its services before."""
        self._over.set()
        self._loop.run_until_complete(self._life)

    def again(self) -> None:
        """A new home in place of one that has lost something."""
        self._end()
        self._begin()

    def send(self, request: httpx.Request, *, as_client: bool = True) -> httpx.Response:
        """The answer, to this home's client if wanted; raises what has ended a service."""
        self._check()
        self._bug = None
        if as_client:
            request.headers["authorization"] = self.home.http.headers["authorization"]
        return self._loop.run_until_complete(self._http.send(request))

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer to a request of this home's client; `more` is as httpx has it."""
        return self.send(self._http.build_request(method, path, **more))

    def pass_time(self) -> None:
        """Let devices be read, and what follows from it happen."""
        self._loop.run_until_complete(self.home.poll())
        self._check()

    @property
    def bug(self) -> str | None:
        """What the application raised at the last request."""
        return self._bug

    async def _live(self) -> None:
        folder = self._folder / str(self._homes)
        folder.mkdir()
        devices = {
            "hybrid": hybrid(),
            "wallbox": wallbox(),
            "car": car_box(),
            "heat": thermostat_box(),
        }
        async with home(folder, devices) as made:
            self.home: Home = made
            api = made.app.state.api
            link = HttpLink(lookup=_nowhere)
            made.app.state.api = replace(api, services=replace(api.services, http=link))
            transport = httpx.ASGITransport(self._watched, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://gateway"
            ) as self._http:
                self._ready.set_result(None)
                await self._over.wait()

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.home.app(scope, receive, send)
        except Exception:
            self._bug = "".join(traceback.format_exc().splitlines(keepends=True)[-4:])
            raise

    def _check(self) -> None:
        if self._life.done():
            self._life.result()

    def _furnish(self) -> dict[str, str]:
        """Make one of everything an id may name."""
        ids = {name: self.home.asset(kind).id for name, kind in _KINDS.items()}
        ids |= {"userId": USER, "locationId": self.home.location.id, "tariffId": TARIFF}
        ids |= {"assetId": ids["chargerId"], "vendor": "KEBA", "vendorType": "charger"}
        ids["deviceId"] = "wallbox"
        ids["interventionId"] = self.ask("GET", "/interventions").json()[0]["id"]
        self._put(f"/tariffs/{TARIFF}", [{"name": "day", "cost": "1.2"}])
        hours = {"name": "day", "from": "00:00", "to": "24:00"}
        tariff = {"tariffId": TARIFF, "tariffIntervals": [hours]}
        self._put(f"/locations/{ids['locationId']}/tariff", tariff)
        for category, (name, command, body) in _COMMANDS.items():
            path = f"/{category}/{ids[name]}/{command}"
            ids[f"{category}/actionId"] = self._made(path, body)
        ids["webhookId"] = self._made(
            "/webhooks", {"url": "https://hook.example/", "secret": "example-secret"}
        )
        ids["scheduleId"] = self._made(f"/users/{USER}/schedules", _schedule(ids))
        ids["policyId"] = self._made("/flex/vehicle-policies", _policy(ids))
        return ids

    def _put(self, path: str, body: Any) -> None:
        answer = self.ask("PUT", path, json=body)
        assert answer.is_success, (path, answer.text)

    def _made(self, path: str, body: Any) -> str:
        answer = self.ask("POST", path, **({} if body is None else {"json": body}))
        assert answer.is_success, (path, answer.text)
        return str(answer.json()["id"])


def _schedule(ids: dict[str, str]) -> dict[str, Any]:
    return {
        "targetId": ids["chargerId"],
        "targetType": "charger",
        "locationId": ids["locationId"],
        "isEnabled": False,
        "defaultShouldCharge": True,
        "rules": [{"hourMinute": {"from": "22:00", "to": "06:00"}, "shouldCharge": False}],
    }


def _policy(ids: dict[str, str]) -> dict[str, Any]:
    day = {"deadline": "20:00", "minimumChargeTarget": 80.0}
    return {
        "locationId": ids["locationId"],
        "vehicleId": ids["vehicleId"],
        "batteryReserve": 10.0,
        "schedule": dict.fromkeys(DAYS, day),
    }


async def _nowhere(_host: str) -> Sequence[str]:
    raise OSError("no name leads anywhere")
