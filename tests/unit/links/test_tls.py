"""The gateway's own certificate."""

import asyncio
import hashlib
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from gatewayd.errors import ConfigError
from gatewayd.links import tls


def read(certificate: tls.Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.cert_file.read_bytes())


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = tls.own(tmp_path, ["gatewayd.local"])
    again = tls.own(tmp_path, ["other.local"])

    assert first.fingerprint == again.fingerprint
    assert [file.name for file in tmp_path.iterdir()] == ["tls.pem"]
    assert tls.own(tmp_path.parent, []).fingerprint != first.fingerprint


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    certificate = tls.own(tmp_path)

    assert stat.S_IMODE(certificate.cert_file.stat().st_mode) == 0o600


def test_it_is_a_p256_server_certificate_that_does_not_end(tmp_path: Path) -> None:
    made = read(tls.own(tmp_path, ["gatewayd.local", "größe"]))

    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert made.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert made.not_valid_before_utc < datetime(2026, 1, 1, tzinfo=UTC)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "gatewayd.local"} <= set(names.get_values_for_type(x509.DNSName))
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_fingerprint_is_what_a_browser_shows(tmp_path: Path) -> None:
    certificate = tls.own(tmp_path)

    text = certificate.fingerprint
    assert len(text) == 32 * 3 - 1
    assert text == text.upper()
    pem = certificate.cert_file.read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])
    assert text.replace(":", "").lower() == hashlib.sha256(der).hexdigest()


def test_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "tls.pem").write_text("nonsense")

    with pytest.raises(ConfigError, match="is no usable certificate"):
        tls.own(tmp_path)

    assert (tmp_path / "tls.pem").read_text() == "nonsense"


def test_what_a_crash_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tls.new").write_text("half")

    assert tls.own(tmp_path).fingerprint
    assert [file.name for file in tmp_path.iterdir()] == ["tls.pem"]


def test_the_operators_own_is_taken(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("home.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")

    certificate = tls.Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")

    assert certificate.fingerprint
    assert certificate.context().minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_key_that_does_not_fit_is_told(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.issue_cert("a").cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    ca.issue_cert("b").private_key_pem.write_to_path(tmp_path / "key.pem")

    with pytest.raises(ConfigError, match=r"cert\.pem"):
        tls.Certificate(tmp_path / "cert.pem", tmp_path / "key.pem").context()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("newest", "is_taken"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (None, True)],
)
async def test_old_versions_are_refused(
    tmp_path: Path, newest: ssl.TLSVersion | None, *, is_taken: bool
) -> None:
    certificate = tls.own(tmp_path)
    server = await asyncio.start_server(
        lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate.context()
    )
    client = ssl.create_default_context(cafile=str(certificate.cert_file))
    if newest is not None:
        client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        client.maximum_version = newest
    port = server.sockets[0].getsockname()[1]

    async with server:
        assert await _connects(port, client) is is_taken


async def _connects(port: int, client: ssl.SSLContext) -> bool:
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
    except (ssl.SSLError, ConnectionError):
        return False
    writer.close()
    await writer.wait_closed()
    return True


def test_what_is_shown_is_the_operators_or_our_own(tmp_path: Path) -> None:
    own = tls.own(tmp_path)

    assert tls.shown(None, tmp_path) == own
    assert tls.shown(tmp_path / "cert.pem", tmp_path).cert_file == tmp_path / "cert.pem"
    assert tls.chosen(None, None, tmp_path) == own
    theirs = tls.chosen(tmp_path / "a", tmp_path / "b", tmp_path)
    assert theirs == tls.Certificate(tmp_path / "a", tmp_path / "b")
