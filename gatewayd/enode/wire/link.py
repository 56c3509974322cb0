"""Link sessions on the wire."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, Payload
from gatewayd.enode.wire.sparse import ABSENT
from gatewayd.enode.wire.vendor import Scope
from gatewayd.model.asset import AssetKind

# What RFC 3986 allows in a URI, after a scheme that can only lead to an application or a site.
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
# A browser runs, shows or reads these itself.
_REFUSED_SCHEMES = frozenset(
    {"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"}
)

Language = Literal[
    "browser",
    "da-DK",
    "de-DE",
    "en-US",
    "en-GB",
    "es-ES",
    "fi-FI",
    "fr-FR",
    "it-IT",
    "nb-NO",
    "nl-NL",
    "nl-BE",
    "pt-PT",
    "ro-RO",
    "sv-SE",
]
ColorScheme = Literal["system", "light", "dark"]


def _uri(text: str) -> str:
    match = _URI.fullmatch(text)
    if match is None:
        raise PydanticCustomError("uri", "must be an absolute URI such as myapp://linked")
    scheme = match[1].lower()
    if scheme in _REFUSED_SCHEMES:
        raise PydanticCustomError("uri_scheme", "must not be {scheme}:", {"scheme": scheme})
    if scheme in ("http", "https") and not re.match(
        r"//[^/?#@]+([/?#]|$)", text[match.end(1) + 1 :]
    ):
        raise PydanticCustomError("uri_host", "must name a host, and no user")
    return text


RedirectUri = Annotated[
    str, Field(max_length=500, json_schema_extra={"format": "uri"}), AfterValidator(_uri)
]


class RelinkUserPayload(Payload):
    """Where a person comes from and goes back to."""

    language: Language
    redirect_uri: RedirectUri
    color_scheme: ColorScheme = "system"


class LinkUserPayload(RelinkUserPayload):
    """What a client asks a person for."""

    vendor: str = ABSENT
    vendor_type: AssetKind = ABSENT
    scopes: Annotated[list[Scope], Field(min_length=1)]

    @property
    def only_vendor(self) -> str | None:
        return self.vendor if "vendor" in self.model_fields_set else None

    @property
    def only_kind(self) -> AssetKind | None:
        """None: the scopes tell the kinds."""
        return self.vendor_type if "vendor_type" in self.model_fields_set else None


class LinkUserResponse(EnodeModel):
    """The page to send the person to; `link_token` is for the SDKs, which open that page."""

    link_url: str
    link_token: str
