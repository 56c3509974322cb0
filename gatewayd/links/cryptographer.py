"""What is needed of cryptography: a certificate that the gateway signs itself, and AES.

Loaded where it is used: the library takes 8 MB.
"""

import ipaddress
import socket
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A Raspberry Pi has no clock of its own: at its first start it may believe in any year.
_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
# RFC 5280, section 4.1.2.5: no well-defined end.
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def made(names: Iterable[str]) -> bytes:
    """Key and certificate in PEM form."""
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


def aes_encrypted(key: bytes, vector: bytes, plain: bytes) -> bytes:
    """By AES in CBC mode; ValueError for what is no multiple of 16 bytes."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def aes_decrypted(key: bytes, vector: bytes, hidden: bytes) -> bytes:
    """What was encrypted so; ValueError for what is no multiple of 16 bytes."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(hidden) + decryptor.finalize()
