"""Before 2024-01-01: assets do not tell what the user granted, and a link session needs nothing."""

from typing import Any, get_args

from gatewayd.enode.versions.edits import Json, Object, without
from gatewayd.enode.versions.resources import ASSETS
from gatewayd.enode.versions.step import Step
from gatewayd.enode.wire.vendor import Scope

_SCOPES: tuple[str, ...] = get_args(Scope)
# Of older clients, which asked for everything with a word.
_EVERYTHING = ("all", "offline_access")
# Where an application that names no place wants the browser is unknown: somewhere that is not us.
_ANYWHERE = "https://localhost/"


def _asset(asset: Object) -> dict[str, Any]:
    return without(asset, "scopes")


def _link(session: Object) -> dict[str, Any]:
    """A link session with what must be named today, and without what is gone."""
    return {
        "language": session.get("forceLanguage") or "browser",
        "redirectUri": _ANYWHERE,
        **without(session, "forceLanguage", "username"),
        "scopes": _scopes(session.get("scopes"), session.get("vendorType")),
    }


def _scopes(asked: Json, vendor_type: Json) -> Json:
    """What was asked for in today's names; all that suits the vendor type where nothing was."""
    if asked is not None and not isinstance(asked, list):
        return asked
    wanted = [_renamed(scope) for scope in asked or () if scope not in _EVERYTHING]
    if wanted:
        read = [scope.partition(":")[0] + ":read:data" for scope in wanted if scope in _SCOPES]
        return list(dict.fromkeys([*wanted, *read]))
    kinds = [vendor_type] if vendor_type in tuple(ASSETS) else list(ASSETS)
    return [scope for scope in _SCOPES if scope.partition(":")[0] in kinds]


def _renamed(scope: Json) -> str:
    """Older scopes named the verb first: `control:vehicle:charging`; others stay as they are."""
    verb, _, rest = str(scope).partition(":")
    kind, _, what = rest.partition(":")
    return name if (name := f"{kind}:{verb}:{what}") in _SCOPES else str(scope)


def _link_session(session: Object) -> dict[str, Any]:
    """The page's address with the state in it, which applications keep to recognise the user."""
    url, state = session["linkUrl"], session["linkToken"]
    sign = "&" if "?" in url else "?"
    return {"linkUrl": f"{url}{sign}link_state={state}", "linkState": state}


STEP = Step(
    since="2024-01-01",
    shows={**dict.fromkeys(ASSETS, _asset), "link session": _link_session},
    takes={"post_users_userid_link": _link},
)
