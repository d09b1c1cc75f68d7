"""What a provider gives to pygeoapi and what becomes of it: features as the bytes that lie on disk, spliced into one
JSON document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableSequence
from datetime import UTC, datetime
from typing import Any, overload
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from pygeoapi.util import json_serial

from geoportal.ogc.formats.links import further_last, with_forms
from geoportal.ogc.request import LONGEST_QUERY
from geoportal.ogc.visit import asked_under_way, taken_under_way, visit_under_way

Feature = dict[str, Any]

PAGE_TYPES = {"jsonld": "application/ld+json", "html": "text/html"}
"""The forms whose neighbouring pages pygeoapi calls GeoJSON."""

_OFFSET, _LIMIT = (re.compile(rf"(?<=[?&]){name}=[0-9]+") for name in ("offset", "limit"))


class Features(MutableSequence[Feature]):
    """The features of one page: raw GeoJSON texts until somebody looks inside, decoded once and in place from then
    on.

    JSON answers never look inside. Pages and JSON-LD do, and the provider cannot know which one will be asked for. It
    is no ``list`` on purpose: a serialiser that reads lists behind Python's back would see an empty one. ``instant``
    is when the version was published, ``version`` its number, ``limit`` how many may lie on the page.
    """

    __slots__ = ("_decoded", "_raw", "instant", "limit", "version")

    def __init__(self, raw: Iterable[bytes], instant: datetime, version: int, limit: int = 10) -> None:
        """Hold the texts ``raw`` of a page of at most ``limit`` features of version ``version`` that was published at
        ``instant`` (UTC).
        """
        self._raw: list[bytes] | None = list(raw)
        self._decoded: list[Feature] = []
        self.instant = instant
        self.version = version
        self.limit = limit

    @property
    def raw(self) -> list[bytes] | None:
        """The untouched texts; None once they were decoded."""
        return self._raw

    @property
    def size_bytes(self) -> int:
        """How many bytes the texts hold, 0 once they were decoded."""
        return sum(map(len, self._raw)) if self._raw is not None else 0

    def decoded(self) -> list[Feature]:
        """The features as Python values: always the same objects, so that an assignment lasts."""
        if self._raw is not None:
            self._decoded = [orjson.loads(text) for text in self._raw]
            self._raw = None
        return self._decoded

    def __len__(self) -> int:
        return len(self._raw) if self._raw is not None else len(self._decoded)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.decoded())

    @overload
    def __getitem__(self, index: int) -> Feature: ...
    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Feature]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.decoded()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.decoded()[index] = value

    def __delitem__(self, index: Any) -> None:
        del self.decoded()[index]

    def insert(self, index: int, value: Feature) -> None:
        """Put a feature before ``index``."""
        self.decoded().insert(index, value)


def timestamp(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC, to the microsecond as pygeoapi writes it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def held(href: str, version: int) -> str:
    """A paging link that stays with its version when the next one is published in the middle of the walk."""
    if any(name == "version" for name, _ in _parameters(href)):
        return href
    return f"{href}{'&' if '?' in href else '?'}version={version}"


def paged(links: Iterable[Mapping[str, Any]], features: Features, matched: int | None) -> list[dict[str, Any]]:
    """The links of a page with those to its neighbours held to the version, no ``next`` behind the last page, and
    those to the further forms of the page.

    Upstream offers one whenever a page is full, even if nothing comes after it; its links to the page itself lead to
    the first one, those to the neighbours are said to be GeoJSON in every form, and the one back shows again what was
    on the page, or leads from far behind the last one through thousands of empty pages.
    """
    here = int(asked_under_way("offset") or 0)
    form = PAGE_TYPES.get(asked_under_way("f") or "")
    found = []
    for link in links:
        if link.get("rel") not in ("next", "prev"):
            itself_ = here and link.get("rel") in ("self", "alternate")
            found.append({**link, "href": _at(link["href"], here)} if itself_ else dict(link))
            continue
        if ("resulttype", "hits") in _parameters(link["href"]):
            continue  # a number has no pages
        offset = next((value for name, value in _parameters(link["href"]) if name == "offset"), "")
        if link["rel"] == "prev" or matched is None or not offset.isdigit() or int(offset) < matched:
            href = link["href"] if link["rel"] == "next" else _before(link["href"], here, features.limit, matched)
            found.append({**link, "href": held(href, features.version), "type": form or link.get("type")})
    return [_walkable(link) for link in with_forms(found)]


def _walkable(link: dict[str, Any]) -> dict[str, Any]:
    """A link that can be followed: where its address is longer than this node reads, as after a filter in the body of a
    POST, one that is posted again (``method`` and ``body`` as in STAC API).
    """
    if len(link["href"]) <= LONGEST_QUERY:
        return link
    tree = visit_under_way().filter
    if tree is None:
        return link
    address, _, query = link["href"].partition("?")
    kept = [part for part in query.split("&") if part.partition("=")[0] not in ("filter", "filter-lang")]
    return {**link, "href": f"{address}?{'&'.join(kept)}" if kept else address, "method": "POST", "body": tree}


def before(here: int, limit: int, matched: int) -> tuple[int, int]:
    """Where the page before the one at ``here`` starts, and how many it holds: it ends where that one starts, or with
    the last feature.
    """
    start = max(0, min(here, matched) - limit)
    return start, limit if start else min(limit, here)


def _before(href: str, here: int, limit: int, matched: int | None) -> str:
    start, length = before(here, limit, here if matched is None else matched)
    href = _OFFSET.sub(f"offset={start}", href, count=1)
    if length == limit:
        return href
    changed, times = _LIMIT.subn(f"limit={length}", href, count=1)
    return changed if times else href.replace(f"offset={start}", f"offset={start}&limit={length}", 1)


def _at(href: str, offset: int) -> str:
    """A link to a list of features, led to the page at ``offset``; it stands where upstream writes that of a
    neighbour.
    """
    address, _, query = href.partition("?")
    first, mark, rest = query.partition("&")
    return f"{address}?{first}&offset={offset}{mark}{rest}"


def itself(links: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The links of a feature with those to its further forms; those to itself stay in the system and with the version
    that the request has named.
    """
    carried = [(name, value) for name in ("crs", "version") if (value := asked_under_way(name)) is not None]
    found = []
    for link in links:
        named = dict(_parameters(link["href"])) if link["rel"] in ("self", "alternate") else None
        more = [(name, value) for name, value in carried if named is not None and name not in named]
        mark = "&" if "?" in link["href"] else "?"
        found.append({**link, "href": f"{link['href']}{mark}{urlencode(more)}" if more else link["href"]})
    return with_forms(found, single=True)


def _parameters(href: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(href).query, keep_blank_values=True)


def as_json(value: Any, pretty: bool = False) -> bytes:
    """A document as UTF-8 bytes (seam S1): no escaping of markup inside data, NaN never, features spliced in untouched.

    ``timeStamp`` is when the version was published, not now: the same ETag means the same bytes.
    """
    option = orjson.OPT_INDENT_2 if pretty else 0
    features = value.get("features") if isinstance(value, dict) else None
    taken = taken_under_way()
    if not isinstance(features, Features):
        if isinstance(value, dict) and value.get("type") == "Feature" and "links" in value:
            value = {**value, "links": itself(value["links"])}
            if taken is not None:
                return taken.keep(value)
        elif isinstance(value, dict) and ("collections" in value or "itemType" in value):
            further_last(value)
        return orjson.dumps(value, default=json_serial, option=option)
    envelope = {name: content for name, content in value.items() if name != "features"}
    envelope["timeStamp"] = timestamp(features.instant)
    envelope["links"] = paged(envelope.get("links", []), features, envelope.get("numberMatched"))
    if taken is not None:
        return taken.keep(envelope)
    if features.raw is None:
        return orjson.dumps({**envelope, "features": features.decoded()}, default=json_serial, option=option)
    head = orjson.dumps(envelope, default=json_serial, option=option)
    return b"".join((head[:-1], b',"features":[', b",".join(features.raw), b"]}"))
