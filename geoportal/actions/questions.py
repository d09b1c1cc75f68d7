"""What a node must know of itself: the one table of questions that ``setup`` asks, on the command line and on a page.

Each question fills one setting. Its words are ``setup.q.<name>`` (label) and ``setup.h.<name>`` (hint) of the texts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geoportal.actions.mistake import Mistake
from geoportal.actions.region_codes import dotted
from geoportal.language import LANGUAGES
from geoportal.language import text as said

Reader = Callable[[str], Any]

CLEARED = "-"
"""The answer that empties a setting."""

LONGEST = 120
MOST_SYSTEMS = 20
MAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
YES, NO = ("ya", "y", "yes", "true", "1"), ("tidak", "t", "no", "n", "false", "0")


def line(text: str) -> str:
    """A line of readable text."""
    if not text.isprintable() or len(text) > LONGEST:
        raise Mistake("line", most=LONGEST)
    return text


def code(text: str) -> str:
    """A Kemendagri code of a province, regency or city, or of a part of one."""
    found = dotted(text)
    if found is None:
        raise Mistake("code")
    return found


def box(text: str) -> list[float]:
    """West, south, east, north in degrees."""
    parts = re.split(r"[,;\s]+", text.strip("[]() "))
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError as error:
        raise Mistake("extent") from error
    if max(abs(south), abs(north)) > 90 >= max(abs(west), abs(east)):
        raise Mistake("extent-swapped")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Mistake("extent-order")
    return [west, south, east, north]


def systems(text: str) -> list[str]:
    """Reference systems by their EPSG codes."""
    from geoportal.checks.crs_candidates import named

    found: list[str] = []
    for part in re.findall(r"[^\s,;]+", text):
        name = f"EPSG:{part}" if part.isdigit() else part.upper()
        try:
            if not re.fullmatch(r"EPSG:\d{4,6}", name):
                raise ValueError(name)
            named(name)
        except ValueError as error:
            raise Mistake("crs", crs=part) from error
        if name not in found:
            found.append(name)
    if not 1 <= len(found) <= MOST_SYSTEMS:
        raise Mistake("crs-count", most=MOST_SYSTEMS)
    return found


def zone(text: str) -> str:
    """A time zone by its name in the tz database, or WIB, WITA, WIT."""
    name = ZONES.get(text.upper(), text)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Mistake("timezone") from error
    return name


def web_address(text: str) -> str:
    """The public address of the node: scheme and host alone."""
    try:
        parts = urlsplit(text)
        named = HOST.fullmatch((parts.hostname or "").replace(":", "")) is not None  # an IPv6 address has colons
        bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        good = parts.scheme in ("http", "https") and named and bare and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Mistake("base-url")
    return text.rstrip("/")


def mail_address(text: str) -> str:
    """An e-mail address."""
    if not MAIL.fullmatch(text) or len(text) > LONGEST:
        raise Mistake("email")
    return text


def host(text: str) -> str:
    """The name of a machine."""
    if not HOST.fullmatch(text):
        raise Mistake("host")
    return text.lower()


def port(text: str) -> int:
    """A port."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Mistake("port")
    return int(text)


def person(text: str) -> str:
    """The name of a person, which also names a token."""
    if not text.isprintable() or not any(map(str.isalpha, text)) or len(text) > 64:
        raise Mistake("administrator")
    return text


def folder(text: str) -> str:
    """A folder that exists or can be made, by its full path."""
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise Mistake("folder-relative")
    there = next((parent for parent in (path, *path.parents) if parent.exists()), path)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise Mistake("folder", folder=str(there))
    return str(path)


def languages(text: str) -> list[str]:
    """Languages, the first is the default."""
    found = list(dict.fromkeys(part.lower() for part in re.findall(r"[^\s,;]+", text)))
    if not found or not set(found) <= set(LANGUAGES):
        raise Mistake("languages", known=", ".join(LANGUAGES))
    return found


def yes(text: str) -> bool:
    """Yes or no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise Mistake("yes")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to answer.

    ``place`` is the setting: section, key and, for a text in two languages, the language. ``regional`` ones are not
    taken over when the node moves to another region. ``empty`` is what a cleared answer means; a question without it
    must be answered.
    """

    name: str
    group: str
    place: tuple[str, ...]
    read: Reader
    regional: bool = False
    empty: Any = None
    needed: bool = False

    def understood(self, text: str) -> Any:
        """The value of an answer; Mistake where it has none."""
        text = text.strip()
        if text in ("", CLEARED):
            if self.needed:
                raise Mistake("needed")
            return self.empty
        return self.read(text)


QUESTIONS: tuple[Question, ...] = (
    Question("region-code", "region", ("node", "region_code"), code, regional=True),
    Question("region-name", "region", ("node", "region_name", "id"), line, regional=True, needed=True),
    Question("extent", "region", ("node", "extent"), box, regional=True),
    Question("crs", "region", ("node", "crs_candidates"), systems, regional=True, needed=True),
    Question("timezone", "region", ("node", "timezone"), zone, regional=True, needed=True),
    Question("languages", "node", ("node", "languages"), languages, needed=True),
    Question("region-name-en", "node", ("node", "region_name", "en"), line, regional=True, empty=""),
    Question("title", "node", ("node", "title", "id"), line, regional=True, needed=True),
    Question("title-en", "node", ("node", "title", "en"), line, regional=True, empty=""),
    Question("organisation", "node", ("node", "organisation", "id"), line, regional=True, empty=""),
    Question("organisation-en", "node", ("node", "organisation", "en"), line, regional=True, empty=""),
    Question("base-url", "reach", ("web", "base_url"), web_address),
    Question("email", "reach", ("node", "email"), mail_address, regional=True, empty=""),
    Question("administrator", "reach", ("node", "administrator"), person, empty=""),
    Question("mail-host", "mail", ("mail", "host"), host, empty=""),
    Question("mail-port", "mail", ("mail", "port"), port, empty=587),
    Question("mail-sender", "mail", ("mail", "sender"), mail_address, empty=""),
    Question("mail-user", "mail", ("mail", "user"), line, empty=""),
    Question("backup", "keeping", ("backup", "place"), folder),
    Question("demo", "keeping", ("node", "demo"), yes, regional=True, needed=True),
)
GROUPS = tuple(dict.fromkeys(question.group for question in QUESTIONS))
BY_NAME = {question.name: question for question in QUESTIONS}


def written(value: Any, language: str) -> str:
    """A value as a person would write it in an answer; empty for none."""
    if isinstance(value, bool):
        return said("cli", "setup.yes" if value else "setup.no", language)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
