"""The certificate this gateway shows: its own, made once, or the operator's.

Nobody in a home can vouch for a device, so the own certificate is signed by itself and is known by
its fingerprint, which is logged and shown; it therefore never expires and never changes.
"""

import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gatewayd.errors import ConfigError

log = logging.getLogger(__name__)

_FILE = "tls.pem"
# A Raspberry Pi has no clock of its own: at its first start it may believe in any year.
_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
# RFC 5280, section 4.1.2.5: no well-defined end.
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
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
            read = x509.load_pem_x509_certificate(self.cert_file.read_bytes())
        except (OSError, ValueError) as error:
            raise _unusable(self.cert_file, error) from error
        return read.fingerprint(hashes.SHA256()).hex(":").upper()

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
        _write(path, _made(names))
        log.info("tls: made a certificate of our own: %s", path)
    certificate = Certificate(path)
    certificate.context()
    return certificate


def _made(names: Iterable[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gatewayd")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + built.public_bytes(serialization.Encoding.PEM)


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    """The names it may be called by; its address in the home is the router's to change."""
    known = ["localhost", socket.gethostname(), *names]
    dns = [x509.DNSName(name) for name in dict.fromkeys(known) if name and name.isascii()]
    loopback = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    return [*dns, *loopback]


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
