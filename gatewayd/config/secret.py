"""Secrets: named in the config, kept in files of their own, never shown.

A secret's file must not be readable by every user of the machine. What systemd hands over in
`$CREDENTIALS_DIRECTORY` is private to the service already.
"""

import hmac
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from gatewayd.config.surroundings import Surroundings, surroundings

_SIZE_MAX: Final = 65_536


class Secret:
    """A text that shows itself only when asked by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the one call that needs it, never for a message."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


def _from_file(name: object, info: ValidationInfo) -> Secret:
    around = surroundings(info)
    path = around.folder / _name(name, "the path of a file that holds the secret")
    return _keep(around, _read(around.opening(path), private))


def _from_credential(name: object, info: ValidationInfo) -> Secret:
    around = surroundings(info)
    name = _name(name, "the name of a systemd credential")
    if Path(name).name != name or name == "..":
        raise ValueError(f"{name!r} is no credential name; leave out the folder")
    if around.credentials is None:
        raise ValueError(
            f"only systemd hands over credentials; add LoadCredential={name}:/its/file to the "
            "unit and start it, or use a file instead"
        )
    return _keep(around, _read(around.credentials / name, _handed_over))


def _name(name: object, wanted: str) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"should be {wanted}; write it as text")
    return name


def _keep(around: Surroundings, secret: Secret) -> Secret:
    around.secrets.add(secret)
    return secret


def _read(path: Path, check: Callable[[Path], Path]) -> Secret:
    where = repr(str(path))
    try:
        # A pipe would be waited for, and that for ever.
        if path.exists() and not path.is_file():
            raise ValueError(f"{where} is not a file; name the file that holds the secret")
        content = check(path).read_bytes()[: _SIZE_MAX + 1]
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise ValueError(
            f"there is no file {where}; create it with mode 0600 and the secret inside"
        ) from None
    except UnicodeDecodeError:
        raise ValueError(f"{where} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ValueError(
            f"{where} cannot be read ({error.strerror}); make it readable for gatewayd's user"
        ) from None
    if not text or len(content) > _SIZE_MAX:
        raise ValueError(f"{where} is empty or too long; put only the secret inside")
    return Secret(text)


def private(path: Path) -> Path:
    """The path of a file that is not open to every user of the machine."""
    if path.stat().st_mode & stat.S_IRWXO:
        raise ValueError(f"every user can open it; run: chmod o= {shlex.quote(str(path))}")
    return path


def _handed_over(path: Path) -> Path:
    return path


_PATH_SCHEMA = {"type": "string", "minLength": 1}
SecretFile = Annotated[Secret, PlainValidator(_from_file), WithJsonSchema(_PATH_SCHEMA)]
SecretCredential = Annotated[Secret, PlainValidator(_from_credential), WithJsonSchema(_PATH_SCHEMA)]
