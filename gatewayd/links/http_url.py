"""URLs that somebody else wrote."""

from yarl import URL

from gatewayd.errors import InvalidError


def parsed(text: str) -> URL:
    """The URL exactly as written. Raises InvalidError."""
    if not text.isascii() or not text.isprintable() or any(letter in text for letter in ' \\"<>'):
        raise InvalidError("the URL holds a character that must be percent-encoded")
    try:
        url = URL(text, encoded=True)
        port = url.port
    except ValueError as error:
        raise InvalidError(f"the URL is not valid: {error}") from error
    if not url.host or port == 0:
        raise InvalidError("the URL must be of the form https://host/path")
    if url.user is not None or url.password is not None or url.fragment:
        raise InvalidError("the URL must hold no user, password or fragment")
    return url
