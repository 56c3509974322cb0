"""The certificate this gateway shows: its own, made once, or the operator's.

Nobody in a home can vouch for a device, so the own certificate is signed by itself and is known by
its fingerprint, which is logged and shown; it therefore never expires and never changes.
"""

import hashlib
import logging
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gatewayd.errors import ConfigError

log = logging.getLogger(__name__)

_FILE = "tls.pem"
# Forward secret and authenticated; TLS 1.3 brings its own.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM form; without `key_file` the key stands with the certificate."""

    cert_file: Path
    key_file: Path | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 in the form that browsers show. Raises ConfigError."""
        try:
            der = _first_certificate(self.cert_file.read_text("ascii"))
            # Whether it is a certificate at all; the result is thrown away.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
        except (OSError, ValueError) as error:
            raise _unusable(self.cert_file, error) from error
        return hashlib.sha256(der).digest().hex(":").upper()

    def context(self) -> ssl.SSLContext:
        """What a server needs: TLS 1.2 or newer. Raises ConfigError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        try:
            context.load_cert_chain(self.cert_file, self.key_file, password="")
        except (OSError, ssl.SSLError) as error:
            raise _unusable(self.cert_file, error) from error
        return context


def chosen(
    cert_file: Path | None, key_file: Path | None, folder: Path, names: Iterable[str] = ()
) -> Certificate:
    """The operator's certificate, or our own where there is none. Raises ConfigError."""
    return own(folder, names) if cert_file is None else Certificate(cert_file, key_file)


def shown(cert_file: Path | None, folder: Path) -> Certificate:
    """Where the certificate that is shown stands, whether or not it is there already."""
    return Certificate(cert_file or folder / _FILE)


def own(folder: Path, names: Iterable[str] = ()) -> Certificate:
    """This gateway's certificate in a folder, made for these names at the first call.

    Raises ConfigError when it is there but damaged: making another one silently would teach
    people to accept any fingerprint.
    """
    path = folder / _FILE
    if not path.exists():
        # What makes one is needed once, and takes 8 MB for as long as the process lives.
        from gatewayd.links import cryptographer

        _write(path, cryptographer.made(names))
        log.info("tls: made a certificate of our own: %s", path)
    certificate = Certificate(path)
    certificate.context()
    return certificate


def _first_certificate(pem: str) -> bytes:
    """In DER form; the file may hold the key before and the chain after it."""
    _, begin, rest = pem.partition(ssl.PEM_HEADER)
    body, end, _ = rest.partition(ssl.PEM_FOOTER)
    return ssl.PEM_cert_to_DER_cert(begin + body + end)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _unusable(path: Path, error: Exception) -> ConfigError:
    return ConfigError([f"{path}: is no usable certificate with its key ({error}); replace it"])
