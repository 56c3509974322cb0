"""The values that stand in the config: hosts, topics, time zones, files."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from gatewayd.config.problems import shown, suggestion
from gatewayd.config.secret import private
from gatewayd.config.surroundings import surroundings

_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,255}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?/?")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,4}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(f"{shown(text)} is no host name or address; leave out scheme and path")
    return text


def _reach(text: str) -> str:
    if "/" not in text:
        return _host(text)
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError(
            f"{shown(text)} is no network; write it as 192.168.1.0/24, and a host without a path"
        ) from None


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"{shown(text)} is no address of pages; write it as https://home.example")
    return text


def _topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise ValueError(f"{shown(text)} is no topic; use letters, digits, _ and - between slashes")
    return text


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(f"{shown(text)} is no host label; use letters, digits and -, at most 63")
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    # A name that is a folder, too long or holds a zero byte fails in ways of its own.
    except (KeyError, ValueError, OSError):
        near = suggestion(name, available_timezones())
        raise ValueError(f"{shown(name)} is no IANA time zone; {near}") from None
    return name


def _beside_the_config(path: Path, info: ValidationInfo) -> Path:
    if "\0" in str(path):
        raise ValueError("holds a zero byte; remove it")
    return surroundings(info).folder / path


def _existing(path: Path) -> Path:
    # Unlike `Path.is_file`, this raises for no path at all.
    if not os.path.isfile(path):
        raise ValueError(f"there is no file {str(path)!r}; mend the path or create it")
    return path


Host = Annotated[str, AfterValidator(_host)]
Reach = Annotated[str, AfterValidator(_reach)]
Topic = Annotated[str, AfterValidator(_topic)]
Port = Annotated[int, Field(ge=1, le=65535)]
FilePath = Annotated[Path, AfterValidator(_beside_the_config)]
ExistingFile = Annotated[FilePath, AfterValidator(_existing)]
PrivateFile = Annotated[ExistingFile, AfterValidator(private)]
Origin = Annotated[str, AfterValidator(_origin)]
Label = Annotated[str, AfterValidator(_label)]
Timezone = Annotated[str, AfterValidator(_timezone)]
