"""A request for features as the short way understands it: usual parameters in their plain form, nothing else.

None means "not one of those", never "wrong": what is wrong is told by the long way.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from geoportal.ogc.parameters import RESERVED
from geoportal.serving.summary import Summary

MOST_PARAMETERS = 20
LONGEST = 4000

_PLAIN = re.compile(r"(?:[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~,-]*(?:&|\Z))*", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
_REAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_FREE = frozenset({"limit", "offset", "bbox", "filter", "filter-lang"})
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for of one collection.

    ``names`` are the parameters without ``f``, in order; ``repeated`` is what pygeoapi carries of them into its links;
    ``question`` names the answer in its ETag as ``request.Asked.canonical`` does. ``fixed`` are values that change more
    than numbers and links.
    """

    names: tuple[str, ...]
    fixed: tuple[str, ...]
    repeated: str
    question: str
    limit: int
    offset: int
    box: Box | None
    properties: tuple[tuple[str, str], ...]
    filter: str | None
    filter_lang: str

    @property
    def bare(self) -> bool:
        """Whether no feature is left out and none is moved."""
        return self.box is None and not self.properties and self.filter is None


def asking_of(query: str, summary: Summary, default_limit: int, max_limit: int) -> Asking | None:
    """The request in ``query`` on a layer of ``summary``; None where it has to go the long way."""
    if not query:
        return Asking((), (), "", "[]", default_limit, 0, None, (), None, "cql2-text")
    if len(query) > LONGEST or not query.isascii():
        return None
    plain = _PLAIN.fullmatch(query) is not None
    if plain:  # nothing is encoded: ten times as fast as the general way
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]
    else:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except ValueError:
            return None
    given = dict(pairs)
    if len(given) != len(pairs) or len(pairs) > MOST_PARAMETERS:
        return None
    given.pop("f", None)
    limit, offset, box = default_limit, 0, None
    properties = []
    for name, value in given.items():
        if name in _FREE:
            continue
        if name in RESERVED or not value:
            return None
        field = summary.field_named(name)
        if field is None or not field.queryable:
            return None
        properties.append((name, value))
    if (text := given.get("limit")) is not None:
        if not _WHOLE.fullmatch(text) or text[0] == "0":
            return None
        limit = min(int(text), max_limit)
    if (text := given.get("offset")) is not None:
        if not _WHOLE.fullmatch(text):
            return None
        offset = int(text)
    if 0 < offset < limit:
        return None  # the page before is a shorter one: its link names another limit
    if (text := given.get("bbox")) is not None:
        box = _box(text)
        if box is None:
            return None
    filter_lang = given.get("filter-lang", "cql2-text")
    if "filter" not in given and "filter-lang" in given:
        return None
    ordered = sorted(given.items())
    return Asking(
        names=tuple(name for name, _ in ordered),
        fixed=(filter_lang,),
        repeated="".join(
            [f"&{name}={value}" for name, value in ordered if name != "offset"]
            if plain
            else [f"&{quote(name, safe='')}={quote(value, safe=',')}" for name, value in ordered if name != "offset"]
        ),
        question=repr(ordered),
        limit=limit,
        offset=offset,
        box=box,
        properties=tuple(sorted(properties)),
        filter=given.get("filter"),
        filter_lang=filter_lang,
    )


def _box(text: str) -> Box | None:
    numbers = text.split(",")
    if len(numbers) != 4 or not all(map(_REAL.fullmatch, numbers)):
        return None
    west, south, east, north = map(float, numbers)
    if not (west <= east and south <= north) or not all(map(math.isfinite, (west, south, east, north))):
        return None
    return west, south, east, north
