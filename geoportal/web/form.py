"""What a person wrote in a form: read within limits, cleaned, and told where it cannot be taken. Without JavaScript.

A form comes from a page of this node or from a program, never from a page of somebody else: ``own_origin`` says so by
the headers that browsers set and scripts cannot. There are no cookies that a foreign page could make use of.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from geoportal.errors import BadRequest, NotAllowed

LARGEST_BODY_BYTES = 64 * 1024
MOST_FIELDS = 30
FORM = "application/x-www-form-urlencoded"
_JOINERS = "\u200c\u200d"  # parts of real words and signs, not tricks
_SPACED = re.compile(r"[^\S\n]+")
_NUMBER = r"[+-]?\d{1,3}(?:[.,]\d{1,15})?"
_POINT = re.compile(rf"\s*({_NUMBER})\s*(?:[;,]\s+|;|\s)\s*({_NUMBER})\s*")
_PLAIN_POINT = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without the characters that nobody can see; ``removed`` counts them."""

    text: str
    removed: int


def own_origin(headers: Headers, hosts: frozenset[str]) -> None:
    """Raise NotAllowed for a form that a browser sends from a page of another site."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise NotAllowed("this form was sent from a page of another site")
    origin = headers.get("origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        name = ""
    if (f"[{name}]" if ":" in name else name) not in hosts:
        raise NotAllowed("this form was sent from a page of another site")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the first of each name; BadRequest where it is no form or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise BadRequest(f"send the form as {FORM}")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY_BYTES:
            raise BadRequest(f"a form has at most {LARGEST_BODY_BYTES // 1024} KB")
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise BadRequest("the form has too many fields") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def cleaned(text: str, *, lines: bool = False) -> Cleaned:
    """``text`` without control characters, direction marks and blanks without width; one line unless ``lines``."""
    kept, removed = [], 0
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        if character in "\n\t":
            kept.append("\n" if lines and character == "\n" else " ")
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS:
            removed += 1
        else:
            kept.append(character)
    return Cleaned(_SPACED.sub(" ", "".join(kept)).strip(), removed)


def read_point(text: str) -> tuple[float, float] | None:
    """Longitude and latitude in degrees out of ``116.98, -0.43``, ``116,98 -0,43`` or ``116,98; -0,43``; None where
    that cannot be told.

    Two numbers that can only be latitude and longitude, as phones copy them where the longitude is beyond 90, are
    taken as such: the page says in words how they were read.
    """
    found = _PLAIN_POINT.fullmatch(text) or _POINT.fullmatch(text)
    if found is None:
        return None
    first, second = (float(part.replace(",", ".")) for part in found.groups())
    if abs(first) <= 180 and abs(second) <= 90:
        return first, second
    if abs(first) <= 90 and abs(second) <= 180:
        return second, first
    return None
