"""When a state document may go out."""

from dataclasses import dataclass, replace

from gatewayd.mqtt.snapshot import Document


@dataclass(frozen=True, slots=True)
class _Sent:
    document: Document
    at: float
    is_behind: bool = False


class Pace:
    """A word that changes goes out at once, numbers at most every `interval_s`, all as heartbeat.

    A number held back is due as soon as its interval is over, so the last value always arrives.
    Documents go by any name; times are monotonic.
    """

    def __init__(self, interval_s: float, heartbeat_s: float) -> None:
        self._interval_s = interval_s
        self._heartbeat_s = heartbeat_s
        self._sent: dict[str, _Sent] = {}

    def take(self, name: str, document: Document, now: float) -> bool:
        """Whether to send the document now; if so it counts as sent."""
        sent = self._sent.get(name)
        if sent is None or self._is_due(sent, document, now):
            self._sent[name] = _Sent(document, now)
            return True
        self._sent[name] = replace(sent, is_behind=document != sent.document)
        return False

    def is_quiet(self, name: str, now: float) -> bool:
        """Whether there is nothing to send as long as the document stays the same."""
        sent = self._sent.get(name)
        return sent is not None and not sent.is_behind and now - sent.at < self._heartbeat_s

    def repeat(self) -> None:
        """Everything is due again."""
        self._sent.clear()

    def forget(self, name: str) -> None:
        """A document that was taken off the broker."""
        self._sent.pop(name, None)

    def _is_due(self, sent: _Sent, document: Document, now: float) -> bool:
        age_s = now - sent.at
        if document == sent.document:
            return age_s >= self._heartbeat_s
        return age_s >= self._interval_s or _words(document) != _words(sent.document)


def _words(document: Document) -> dict[str, str | None]:
    """All but the numbers; a number that appears or vanishes is a change of words too."""
    return {
        key: value for key, value in document.items() if value is None or isinstance(value, str)
    }
