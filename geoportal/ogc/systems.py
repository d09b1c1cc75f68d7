"""Reference systems as requests name them: by the address that the collection lists, and by nothing else.

OGC 18-058r1 /req/crs/fc-crs-valid-value and fc-bbox-crs-valid-value want one of the identifiers listed, and those are
URIs (/req/crs/crs-uri). ``EPSG:4326`` is not taken for one: half of the programs that write it mean longitude first,
and nobody could tell. The refusal says which address was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from geoportal.ogc.problems import Problem

LONGEST = 200
"""Characters of a value that are looked at and repeated."""

_SHORT = re.compile(
    r"\[?(?:(?:https?://(?:www\.)?opengis\.net/def/crs/|urn:(?:x-)?ogc:def:crs:)?(?P<authority>[a-z]{1,16})"
    r"(?:[:/]+[0-9.]{0,8})?[:/]+)?(?P<code>[0-9]{1,6}|crs84h?)\]?",
    re.IGNORECASE | re.ASCII,
)


def check_system(name: str, value: str, offered: Iterable[str]) -> None:
    """Problem 400 where ``value`` is not among the addresses in ``offered``: it lists them, and names the one that
    ``EPSG:32750``, ``32750`` or a URN seems to mean.
    """
    known = list(dict.fromkeys(offered))
    if value in known:
        return
    sentence = "{name}: {value} is not among what there is here: {offered}."
    if meant := _meant(value, known):
        sentence = "{name}: {value} is not among what there is here: {offered}. Did you mean {meant}?"
    raise Problem(400, sentence, name=name, value=repr(value[:LONGEST]), offered=", ".join(known), meant=meant)


def _meant(value: str, known: Iterable[str]) -> str | None:
    match = _SHORT.fullmatch(value.strip()[:LONGEST])
    if match is None:
        return None
    code = match["code"].upper()
    authority = (match["authority"] or ("EPSG" if code.isdigit() else "OGC")).upper()
    return next(
        (uri for uri in known if (uri.split("/")[-3].upper(), uri.split("/")[-1].upper()) == (authority, code)), None
    )
