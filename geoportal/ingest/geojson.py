"""A look at a GeoJSON file before GDAL does: depth, numbers, links, the old crs member, feature ids.

GDAL reads JSON generously, follows linked reference systems over the network and forgets which ids the file gave. So
the document is cut here into its features without recursion (only brackets outside strings count), each is parsed
strictly and by itself, and memory stays that of one feature. RFC 7946; the crs member is that of GeoJSON 2008, 3.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from geoportal.ingest.refusal import Note, refuse, shown

DEPTH = 100
_CHUNK = 4 << 20
_WHOLE = 256 << 20  # a document that is one feature is parsed as a whole up to this size
GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
_MATCHED = ("numberMatched", "totalFeatures")  # OGC API - Features 7.16; GeoServer
_EXACT = 1 << 53  # integers up to here have a real number of their own
_MANY_DIGITS = re.compile(rb"[:\s-]\d{16,}\s*[,}\s]")
_NOT_A_NUMBER = re.compile(rb"[\[:,]\s*[-+]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a GeoJSON file says of itself.

    ``crs`` is the text of the crs member, None when there is none; ``crs_unknown`` is an explicit ``"crs": null``.
    ``ids`` are the features' own ids as text, when every feature has one and no two are alike. ``keys`` are the
    property names in order of appearance. ``large`` counts, by property, the integers that a real number cannot hold;
    ``cut`` the texts with a NUL in them, which GDAL cuts there. ``matched`` is how many features the service that sent
    it has, where it says so.
    """

    name: str | None
    crs: str | None
    crs_unknown: bool
    features: int
    ids: tuple[str, ...] | None
    keys: tuple[str, ...]
    large: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    matched: int | None = None


def look(path: Path, max_fields: int) -> Contents:
    """Look through a GeoJSON file.

    Raises a refusal: source-unsafe (nesting, link-crs, not-a-number), source-unreadable (not JSON, cut off, not UTF-8),
    format-not-supported (other JSON), fields-too-many.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
        brackets = brackets_of(data, start)
        top, features = _divide(data, start, brackets)
        kind = top.get("type")
        if kind != "FeatureCollection":
            _refuse_other_json(top)
            if kind != "Feature" and kind not in GEOMETRIES:
                raise refuse("format-not-supported", kind="JSON")
            features = [(start, brackets.end)]
            if brackets.end - start > _WHOLE:
                raise refuse("source-too-large", reason="feature")
        elif "conformsTo" in top and "coordRefSys" in top:
            raise refuse("format-not-supported", kind="JSON-FG")
        crs, unknown = _crs(top)
        large: dict[str, int] = {}
        cut: dict[str, int] = {}
        ids, keys = through(data, features, max_fields, large, cut)
        name = top.get("name")
        return Contents(
            name=name if isinstance(name, str) and name.strip() else None,
            crs=crs,
            crs_unknown=unknown,
            features=len(features),
            ids=ids,
            keys=keys,
            large=large,
            cut=cut,
            matched=max((top[key] for key in _MATCHED if type(top.get(key)) is int), default=None),
        )


@dataclass(frozen=True, slots=True)
class Brackets:
    """Brackets outside strings down to depth 3: where, the depth after each, and whether it opens; ``end`` is after
    the last one.
    """

    where: np.ndarray
    depth: np.ndarray
    opens: np.ndarray
    end: int


def brackets_of(data: mmap.mmap, start: int) -> Brackets:
    """The brackets of a document from ``start`` on. Raises a refusal: source-unsafe (nesting), source-unreadable."""
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    inside, backslashes, depth = 0, 0, 0
    for offset in range(start, len(data), _CHUNK):
        part = np.frombuffer(data[offset : offset + _CHUNK], np.uint8)
        quotes, backslashes = _unescaped_quotes(part, backslashes)
        in_string = (np.cumsum(quotes, dtype=np.int32) + inside) & 1
        inside = int(in_string[-1])
        folded = part | 0x20  # [ and { differ in this bit alone, so do ] and }
        where = np.flatnonzero(((folded == 0x7B) | (folded == 0x7D)) & (in_string == 0))
        if not len(where):
            continue
        opens = folded[where] == 0x7B
        depths = np.cumsum(np.where(opens, 1, -1)) + depth
        if depths.max() > DEPTH:
            raise refuse("source-unsafe", reason="nesting", depth=DEPTH)
        depth = int(depths[-1])
        if depths.min() < 0:
            raise refuse("source-unreadable", reason="not-json")
        near = depths <= np.where(opens, 3, 2)
        kept.append((where[near].astype(np.int64) + offset, depths[near], opens[near]))
    if not kept:
        raise refuse("source-unreadable", reason="not-json")
    if depth or inside:
        raise refuse("source-unreadable", reason="truncated")
    where, depths, opens = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Brackets(where, depths, opens, int(where[-1]) + 1)


def _unescaped_quotes(part: np.ndarray, carried: int) -> tuple[np.ndarray, int]:
    """Where a quote opens or closes a string, and how many backslashes stand at the end of this part."""
    quotes = part == 0x22
    slashes = part == 0x5C
    if not slashes.any():
        if carried % 2:
            quotes[0] = False
        return quotes, 0
    index = np.arange(len(part))
    last_other = np.maximum.accumulate(np.where(slashes, -1, index))
    run = np.empty(len(part), np.int64)
    run[0] = carried
    run[1:] = index[:-1] - last_other[:-1] + np.where(last_other[:-1] < 0, carried, 0)
    tail = len(part) - 1 - int(last_other[-1]) + (carried if last_other[-1] < 0 else 0)
    return quotes & (run % 2 == 0), tail


def _divide(data: mmap.mmap, start: int, brackets: Brackets) -> tuple[dict[str, Any], list[tuple[int, int]]]:
    """The outermost object with its arrays taken out, and where each feature of the ``features`` array lies."""
    where, depth, opens = brackets.where, brackets.depth, brackets.opens
    roots = where[(depth == 0) & ~opens]
    rest = data[int(roots[0]) + 1 : int(roots[0]) + 65536].lstrip()[:1]
    if len(roots) > 1 or rest:
        raise (
            refuse("format-not-supported", kind="GeoJSON text sequence")
            if rest in (b"{", b"\x1e")
            else _broken(data[start : start + 4096])
        )
    if data[start : int(where[0]) + 1].strip() != b"{":
        raise (
            refuse("format-not-supported", kind="JSON")
            if data[int(where[0])] == 0x5B
            else _broken(data[start : start + 4096])
        )
    array_opens = np.flatnonzero((depth == 2) & opens)
    array_opens = array_opens[[data[int(where[i])] == 0x5B for i in array_opens]] if len(array_opens) else array_opens
    closes = np.flatnonzero((depth == 1) & ~opens)
    pieces, position, arrays = [], start, []
    for number, opening in enumerate(array_opens):
        closing = int(closes[np.searchsorted(closes, opening)])
        arrays.append((int(opening), closing))
        pieces += [data[position : int(where[opening]) + 1], b"%d" % number]
        position = int(where[closing])
    pieces.append(data[position : brackets.end])
    top = parsed(b"".join(pieces))
    if top.get("type") != "FeatureCollection":
        return top, []
    marker = top.get("features")
    if not (isinstance(marker, list) and len(marker) == 1):
        raise refuse("source-unreadable", reason="no-features")
    first, last = arrays[marker[0]]
    inner = slice(first + 1, last)
    starts = where[inner][(depth[inner] == 3) & opens[inner]]
    ends = where[inner][(depth[inner] == 2) & ~opens[inner]] + 1
    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    _check_between(data, [int(where[first]) + 1, *ends.tolist()], [*starts.tolist(), int(where[last])])
    return top, spans


def _check_between(data: mmap.mmap, after: list[int], before: list[int]) -> None:
    """Between two features stands one comma, around them nothing."""
    last = len(after) - 1
    for number, (left, right) in enumerate(zip(after, before, strict=True)):
        expected = b"" if number in (0, last) else b","
        if data[left:right].strip() != expected:
            raise _broken(data[max(0, left - 1) : right + 1])


def _refuse_other_json(top: dict[str, Any]) -> None:
    """Name the JSON formats that look like GeoJSON and are not."""
    kind = top.get("type")
    if kind == "Topology":
        raise refuse("format-not-supported", kind="TopoJSON")
    if kind == "gdal_streamed_alg" or "gdal_streamed_alg" in top:
        raise refuse("source-unsafe", reason="gdal-pipeline")
    if "geometryType" in top and "features" in top:
        raise refuse("format-not-supported", kind="Esri JSON")
    if "asset" in top and "scenes" in top:
        raise refuse("format-not-supported", kind="glTF")


def _crs(top: dict[str, Any]) -> tuple[str | None, bool]:
    """The crs member as text, and whether it says that the reference system is unknown."""
    for key, value in top.items():
        if key.casefold() != "crs":
            continue
        _refuse_link(value)
        if key != "crs":
            continue
        if value is None:
            return None, True
        if isinstance(value, str):
            return value, False
        properties = value.get("properties") if isinstance(value, dict) else None
        if isinstance(properties, dict):
            if isinstance(properties.get("name"), str):
                return properties["name"], False
            if isinstance(properties.get("code"), int | str):
                return f"EPSG:{properties['code']}", False
        return None, True
    return None, False


def _refuse_link(crs: Any) -> None:
    if isinstance(crs, dict) and (
        str(crs.get("type", "")).casefold() == "link" or "href" in (crs.get("properties") or {})
    ):
        raise refuse("source-unsafe", reason="link-crs")


def through(
    data: mmap.mmap, spans: list[tuple[int, int]], max_fields: int, large: dict[str, int], cut: dict[str, int]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Parse every feature strictly; give their ids, if complete and unique, and the property names.

    Counts in ``large`` and ``cut`` what GDAL will not keep as it stands.
    """
    ids: list[str] = []
    keys: dict[str, None] = {}
    for start, end in spans:
        text = data[start:end]
        feature = parsed(text)
        if b"\\u0000" in text or _MANY_DIGITS.search(text):
            _count_unkept(feature.get("properties"), large, cut)
        for geometry in _with_geometries(feature):
            for key in geometry:
                if len(key) == 3 and key.casefold() == "crs":
                    _refuse_link(geometry[key])
        properties = feature.get("properties")
        if isinstance(properties, dict):
            keys.update(dict.fromkeys(properties))
            if len(keys) > max_fields:
                raise refuse("fields-too-many", count=len(keys), limit=max_fields)
        own = feature.get("id")
        if isinstance(own, str | int) and not isinstance(own, bool):
            ids.append(str(own))
    complete = bool(ids) and len(ids) == len(spans) and len(set(ids)) == len(ids)
    return tuple(ids) if complete else None, tuple(keys)


def cut_notes(cut: dict[str, int]) -> list[Note]:
    """What must be said of texts that GDAL cuts at a NUL."""
    if not cut:
        return []
    said = f"text after a NUL is not kept: {', '.join(map(shown, list(cut)[:10]))}"
    return [("reader-message", {"message": said, "count": sum(cut.values())})]


def _count_unkept(properties: Any, large: dict[str, int], cut: dict[str, int]) -> None:
    for key, value in properties.items() if isinstance(properties, dict) else ():
        if isinstance(value, str) and "\0" in value:
            cut[key] = cut.get(key, 0) + 1
        elif isinstance(value, int | float) and abs(value) > _EXACT and value == int(value):
            large[key] = large.get(key, 0) + 1


def _with_geometries(feature: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The feature and every geometry in it."""
    waiting: list[Any] = [feature]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, dict):
            yield thing
            waiting.append(thing.get("geometry"))
            if isinstance(thing.get("geometries"), list):
                waiting.extend(thing["geometries"])


def parsed(text: bytes) -> dict[str, Any]:
    """A piece of JSON that is an object, parsed strictly. Raises a refusal with the likely reason."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "memory" in str(error):
            raise MemoryError(str(error)) from None
        if "infinity" in str(error):  # 1e999: a number that no computer can hold
            raise refuse("source-unsafe", reason="not-a-number") from None
        raise _broken(text) from None
    if not isinstance(value, dict):
        raise refuse("source-unreadable", reason="not-json")
    return value


def _broken(text: bytes) -> Exception:
    """The refusal for a piece that is not JSON, with the likely reason and the piece's beginning."""
    if _NOT_A_NUMBER.search(text):
        return refuse("source-unsafe", reason="not-a-number")
    try:
        start = text[:200].decode("utf-8", "ignore")
        text.decode("utf-8")
    except UnicodeDecodeError:
        return refuse("source-unreadable", reason="encoding")
    return refuse("source-unreadable", reason="not-json", near=shown(start, 80))
