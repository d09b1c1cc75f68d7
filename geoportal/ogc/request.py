"""The gate before pygeoapi (seam S7): what the client sent is checked and put in the one form that pygeoapi reads
without stumbling.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from anyio import from_thread
from pygeoapi.api import APIRequest
from starlette.datastructures import QueryParams
from starlette.requests import Request

from geoportal.ogc.config import LOCALES
from geoportal.ogc.cql2.tree import LONGEST_JSON
from geoportal.ogc.filters import MEDIA_TYPES
from geoportal.ogc.instants import NotATime, moment_of
from geoportal.ogc.negotiation import choose_format, choose_language, language_code
from geoportal.ogc.problems import Problem

LONGEST_QUERY = 8192
MOST_PARAMETERS = 100
HTML, JSON, JSONLD = "html", "json", "jsonld"
ALWAYS = ("f", "lang")
"""Parameters that every resource takes."""

PYGEOAPI_TYPES = {HTML: "text/html", JSON: "application/json", JSONLD: "application/ld+json"}
"""What pygeoapi is asked for; of every other format the features alone are its own, so it is asked for JSON."""

OTHER_NAMES = {"geojson": JSON, "json-ld": JSONLD, "json-fg": "jsonfg", "flatgeobuf": "fgb", "geoparquet": "parquet"}
"""What formats are called elsewhere."""

_FAR = 15
"""Digits of a number that is beyond every layer."""
_WHOLE = re.compile(r"[0-9]+", re.ASCII)
_REAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEAN = ("true", "false")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in the form that ``APIRequest`` reads (it looks for these three names), and what the routes need of
    it.

    ``pairs`` are the parameters in one order, with the format and the language that were chosen.
    """

    query_params: QueryParams
    headers: Mapping[str, str]
    scope: Mapping[str, Any]
    format: str
    language: str
    pairs: tuple[tuple[str, str], ...]

    def for_pygeoapi(self) -> APIRequest:
        """The request as pygeoapi's functions take it; they answer in the first language unless these headers say
        another.
        """
        # The languages stand in an order that never changes: which is the default was decided here already.
        return APIRequest(self, list(LOCALES.values()))

    def held(self, version: int) -> Asked:
        """The same question of the version that ``as-of`` stands for: all links lead to that version from then on."""
        if "as-of" not in dict(self.pairs):
            return self

        def named(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
            return (("version", str(version)) if name == "as-of" else (name, value) for name, value in pairs)

        asked_for = QueryParams(sorted(named(self.query_params.multi_items())))
        return replace(self, query_params=asked_for, pairs=tuple(named(self.pairs)))

    def canonical(self) -> str:
        """The question in one form: equal texts, equal answers, whatever the order and the way it was asked in."""
        return repr([pair for pair in self.query_params.multi_items() if pair[0] != "f"])


def language_of(request: Request, languages: Sequence[str]) -> str:
    """The language to answer in: ``lang`` where it names one of ours, else what Accept-Language likes best."""
    named = language_code(request.query_params.get("lang", "")[:20])
    return named if named in languages else choose_language(header_of(request, "accept-language"), languages)


def format_of(request: Request, offers: Mapping[str, Sequence[str]]) -> str:
    """The format to answer in: ``f`` if given, else by the Accept header. Problem 400 or 406 where the resource has
    no such form.
    """
    named = request.query_params.get("f")
    if named is not None:
        if named not in offers:
            # Names are told apart by case, as the definition lists them: the one that was meant is said, not guessed.
            meant = OTHER_NAMES.get(named[:40].lower(), named[:40].lower())
            sentence = "f: this resource has no format {name}; it has {offered}."
            if meant in offers:
                sentence = "f: this resource has no format {name}; it has {offered}. Did you mean f={meant}?"
            raise Problem(400, sentence, name=repr(named[:40]), offered=", ".join(offers), meant=meant)
        return named
    chosen = choose_format(header_of(request, "accept"), offers)
    if chosen is None:
        types = ", ".join(types[0] for types in offers.values())
        raise Problem(
            406, "This resource has none of the media types that the request accepts; it has {offered}.", offered=types
        )
    return chosen


def posted_filter(request: Request) -> dict[str, str]:
    """The filter in the body of a POST, as the parameters that would say the same: CQL2 JSON (OGC 19-079r2).

    Called in a thread of the server's pool. Problem 415 for another media type, 413 for a body that is too long.
    """
    kind = header_of(request, "content-type").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise Problem(415, "The body must be {offered}.", offered=" or ".join(sorted(MEDIA_TYPES)))

    async def read() -> bytes:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_JSON:
                break
        return body

    body: bytes = from_thread.run(read)
    if len(body) > LONGEST_JSON:
        raise Problem(413, "The body is longer than {limit} bytes.", limit=LONGEST_JSON)
    try:
        return {"filter": body.decode(), "filter-lang": "cql2-json"}
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None


def asked(
    request: Request,
    format_: str,
    language: str,
    known: Iterable[str],
    fields: Iterable[str] = (),
    posted: Mapping[str, str] | None = None,
) -> Asked:
    """The request, checked: every parameter known, given once, and of the right form. Problem 400 names the one that
    is not. ``posted`` are parameters that came in the body.
    """
    if len(request.scope.get("query_string", b"")) > LONGEST_QUERY:
        raise Problem(414, "The query is longer than {limit} bytes.", limit=LONGEST_QUERY)
    pairs = [*request.query_params.multi_items(), *(posted or {}).items()]
    if format_ == HTML:
        # A form sends the inputs that were left empty, too: on a page an empty one asks for nothing.
        optional = {*fields, *({"q", "sortby"} & {*known})}
        pairs = [(name, value) for name, value in pairs if value or name not in optional]
    if len(pairs) > MOST_PARAMETERS:
        raise Problem(400, "There are more than {limit} parameters.", limit=MOST_PARAMETERS)
    allowed = {*ALWAYS, *known, *fields}
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            raise Problem(400, "There is no parameter {name} here.", name=repr(name[:60]))
        if given.setdefault(name, value) != value:
            raise Problem(400, "{name} is given more than once.", name=repr(name))
        check = CHECKS.get(name)
        if check is not None and (name in known or name in ALWAYS):
            check(name, value)
    given = {name: _plain(name, value) if name in known else value for name, value in given.items()}
    # pygeoapi takes a bbox-crs without bbox for a mistake: OGC 18-058 only says what it does to the numbers of a bbox.
    idle = {"lang"} if "bbox" in given else {"lang", "bbox-crs"}
    told = given if format_ in PYGEOAPI_TYPES or "f" not in given else {**given, "f": JSON}
    return Asked(
        # In one order, since pygeoapi writes them into the links of its answer.
        query_params=QueryParams(sorted([pair for pair in told.items() if pair[0] not in idle] + _lang(given))),
        headers={"accept": PYGEOAPI_TYPES.get(format_, PYGEOAPI_TYPES[JSON]), "accept-language": LOCALES[language]},
        scope={"path": request.scope["path"]},
        format=format_,
        language=language,
        pairs=(
            *sorted(pair for pair in given.items() if pair[0] not in ALWAYS),
            *(("f", format_), ("lang", language)),
        ),
    )


def _plain(name: str, value: str) -> str:
    if name in ("limit", "offset") and len(value) > _FAR:
        return "9" * _FAR  # beyond any layer
    if name == "sortby":
        # A plus that nobody encoded has become a blank on its way.
        return ",".join(f"+{part[1:]}" if part.startswith(" ") else part for part in value.split(","))
    return value


def _lang(given: Mapping[str, str]) -> list[tuple[str, str]]:
    code = language_code(given.get("lang", "")[:20])
    return [("lang", LOCALES[code])] if code in LOCALES else []


def header_of(request: Request, name: str) -> str:
    """All values of a header in one line."""
    return ", ".join(request.headers.getlist(name))


def version_of(request: Request) -> int | None:
    """The version number that the request names, None where it names none."""
    value = request.query_params.get("version")
    if value is None:
        return None
    _positive("version", value)
    return int(value[:_FAR])


def moment_asked(request: Request, zone: tzinfo) -> datetime | None:
    """The moment that ``as-of`` names (UTC), None where it is not given; ``zone`` is that of a date without one.

    Problem 400 where it is no time, or where ``version`` is given too.
    """
    value = request.query_params.get("as-of")
    if value is None:
        return None
    if "version" in request.query_params:
        raise Problem(400, "version and as-of each choose a version: give only one of them.")
    try:
        return moment_of(value, zone)
    except NotATime as error:
        raise Problem(400, error.key, **error.params) from None


def _whole(name: str, value: str) -> None:
    if not _WHOLE.fullmatch(value):
        raise Problem(400, "{name} must be a whole number, not {value}.", name=name, value=repr(value[:40]))


def _positive(name: str, value: str) -> None:
    _whole(name, value)
    if value.startswith("0"):
        raise Problem(400, "{name} must be 1 or more.", name=name)


def _box(name: str, value: str) -> None:
    numbers = [part.strip() for part in value.split(",")]
    if len(numbers) not in (4, 6) or not all(
        _REAL.fullmatch(number) and math.isfinite(float(number)) for number in numbers
    ):
        raise Problem(400, "{name} must be four or six finite numbers, separated by commas.", name=name)


def _flag(name: str, value: str) -> None:
    if value not in _BOOLEAN:
        raise Problem(400, "{name} must be true or false.", name=name)


def _result_type(name: str, value: str) -> None:
    if value not in ("results", "hits"):
        raise Problem(400, "{name} must be results or hits.", name=name)


def _language(name: str, value: str) -> None:
    if language_code(value[:20]) not in LOCALES:
        raise Problem(
            400, "{name}: {value} is not among what there is here: {offered}.",
            name=name, value=repr(value[:40]), offered=", ".join(LOCALES),
        )  # fmt: skip


CHECKS = {
    "lang": _language,
    "limit": _positive,
    "offset": _whole,
    "version": _positive,
    "bbox": _box,
    "skipGeometry": _flag,
    "resulttype": _result_type,
}
"""Parameters whose form is checked before pygeoapi sees them: it takes ``1_0``, ``NaN`` and digits of any script for
numbers.
"""
