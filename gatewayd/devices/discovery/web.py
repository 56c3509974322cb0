"""Who answers HTTP at a host, by what drivers say that their devices answer."""

from collections.abc import Mapping

from gatewayd.devices.discovery.found import Found, besides
from gatewayd.devices.discovery.opening import opened
from gatewayd.errors import DeviceError
from gatewayd.links import lan
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions

_TIMEOUT_S = 4.0


class WebSurvey:
    """Gets each document once, whoever wants to look at it."""

    def __init__(self, links: Links, infos: Mapping[str, DriverInfo]) -> None:
        self._links = links
        self._infos = infos
        self.probes = [
            (name, probe)
            for name, info in infos.items()
            for probe in info.probes
            if isinstance(probe, HttpProbe)
        ]

    async def at(self, host: str, port: int, *, is_usual: bool) -> list[Found]:
        """The device at a port: with `is_usual` for drivers whose devices have this port."""
        documents: dict[tuple[str, bool], str | None] = {}
        likenesses: list[tuple[str, Likeness, HttpOptions]] = []
        for name, probe in self.probes:
            if is_usual and probe.port != port:
                continue
            options = await self._options(host, port, probe)
            if options is None:
                continue
            key = (probe.path, probe.tls)
            if key not in documents:
                documents[key] = await self._document(options, probe.path)
            text = documents[key]
            likeness = probe.judge(text) if text is not None else None
            if likeness is not None:
                likenesses.append((name, likeness, options))
        if not likenesses:
            return []
        likenesses.sort(key=lambda one: (-one[1].bits, one[0]))
        name, likeness, options = likenesses[0]
        others = besides(name, [one[0] for one in likenesses])
        place = options.model_dump(include={"host", "port", "tls", "fingerprint"})
        found = await opened(self._links, name, self._infos[name], place, likeness, others)
        return [found]

    async def _options(self, host: str, port: int, probe: HttpProbe) -> HttpOptions | None:
        if not probe.tls:
            return HttpOptions(host=host, port=port, timeout_s=_TIMEOUT_S)
        pin = await lan.fingerprint(host, port)
        if pin is None:
            return None
        return HttpOptions(host=host, port=port, tls=True, fingerprint=pin, timeout_s=_TIMEOUT_S)

    async def _document(self, options: HttpOptions, path: str) -> str | None:
        try:
            return await self._links.http.device(options).text(path)
        except DeviceError:
            return None
