"""A filter as a tree: the CQL2 JSON form with every shape and limit checked, which the text form becomes too.

A node is a literal (text, number, boolean), ``{"property": name}``, ``{"date": ..}``, ``{"timestamp": ..}``,
``{"interval": [..]}``, ``{"bbox": [..]}``, a GeoJSON geometry, a list (an array), or ``{"op": name, "args": [..]}``.
Limits hold before anything is compiled: a filter comes from anybody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import orjson

from geoportal.ogc.cql2.phrase import Phrase

LONGEST_TEXT = 8 * 1024
LONGEST_JSON = 32 * 1024
DEEPEST = 32
MOST_NODES = 256
MOST_IN_LIST = 500
MOST_VERTICES = 1_000

Node = Any

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")
LOGIC = ("and", "or", "not")
SPATIAL = (
    "s_intersects",
    "s_equals",
    "s_disjoint",
    "s_touches",
    "s_within",
    "s_overlaps",
    "s_crosses",
    "s_contains",
)
TEMPORAL = (
    "t_after",
    "t_before",
    "t_contains",
    "t_disjoint",
    "t_during",
    "t_equals",
    "t_finishedBy",
    "t_finishes",
    "t_intersects",
    "t_meets",
    "t_metBy",
    "t_overlappedBy",
    "t_overlaps",
    "t_startedBy",
    "t_starts",
)
ARRAY = ("a_equals", "a_contains", "a_containedBy", "a_overlaps")
FOLDS = ("casei", "accenti")
GEOMETRIES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)
ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys((*COMPARISONS, *SPATIAL, *TEMPORAL, *ARRAY, *ARITHMETIC, "like", "in"), (2, 2)),
    **dict.fromkeys(("not", "isNull", *FOLDS), (1, 1)),
    **dict.fromkeys(("and", "or"), (2, LONGEST_JSON)),
    "between": (3, 3),
}
"""The operators of the standard with the least and the most arguments; every other ``op`` is a function by name."""
_BY_NAME = {name.lower(): name for name in ARITY}


class Flag(int):
    """A 0 or 1 in a dialect that writes false and true so: GDAL does."""


class BadFilter(ValueError):
    """A filter that is none, or one that asks too much: 400, with what is wrong and where."""

    def __init__(self, key: str, **params: Any) -> None:
        """``key`` says what is wrong, ``params`` fill its gaps (``phrase.Phrase``)."""
        self.said = Phrase(key, params)
        super().__init__(f"filter: {self.said.sentence('en')}")


def from_json(body: bytes | str) -> Node:
    """The tree of a filter in CQL2 JSON; BadFilter says what is wrong with it."""
    raw = body.encode() if isinstance(body, str) else body
    if len(raw) > LONGEST_JSON:
        raise BadFilter("longer than {limit} KB", limit=LONGEST_JSON // 1024)
    _shallow(raw)
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadFilter("no JSON from character {at}", at=error.pos + 1) from None
    return checked(found)


def checked(node: Node) -> Node:
    """The node itself when it is a filter in shape and size; operator names in their standard spelling."""
    counter = [0]
    return _checked(node, 0, counter)


def _shallow(raw: bytes) -> None:
    """Nesting is counted before parsing: a parser may end the process on ten thousand brackets."""
    depth, text, skip = 0, False, False
    for byte in raw:
        if skip:
            skip = False
        elif text:
            skip = byte == 0x5C
            text = byte != 0x22
        elif byte == 0x22:
            text = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            if depth > 3 * DEEPEST:
                raise BadFilter("nested deeper than {limit} levels", limit=DEEPEST)
        elif byte in (0x5D, 0x7D):
            depth -= 1


def _checked(node: Node, depth: int, counter: list[int]) -> Node:
    counter[0] += 1
    if depth > DEEPEST:
        raise BadFilter("nested deeper than {limit} levels", limit=DEEPEST)
    if counter[0] > MOST_NODES:
        raise BadFilter("more than {limit} parts", limit=MOST_NODES)
    match node:
        case bool() | str():
            return node
        case int() | float():
            if not math.isfinite(node):
                raise BadFilter("a number must be finite")
            return node
        case list():
            if len(node) > MOST_IN_LIST:
                raise BadFilter("a list of more than {limit} values", limit=MOST_IN_LIST)
            # Plain values of a list have a limit of their own.
            return [
                item
                if isinstance(item, str | bool)
                else _checked(item, depth + 1, counter if isinstance(item, dict | list) else [0])
                for item in node
            ]
        case {"op": str(name), "args": list(arguments)} if len(node) == 2:
            return _operation(name, arguments, depth, counter)
        case {"property": str()} if len(node) == 1:
            return node
        case {"date": str()} | {"timestamp": str()} if len(node) == 1:
            return node
        case {"interval": list(ends)} if len(node) == 1 and len(ends) == 2:
            return {"interval": [_end(end, depth, counter) for end in ends]}
        case {"bbox": list(numbers)} if len(node) == 1:
            return {"bbox": _box(numbers)}
        case {"type": str(kind)} if kind in GEOMETRIES:
            _vertices(node)
            return node
        case None:
            raise BadFilter("null is no value here: use isNull")
        case _:
            raise BadFilter("cannot be understood: {found}", found=orjson.dumps(node)[:80].decode(errors="replace"))


def _operation(name: str, arguments: list[Node], depth: int, counter: list[int]) -> Node:
    standard = _BY_NAME.get(name.lower(), name)
    least, most = ARITY.get(standard, (0, MOST_NODES))
    if not least <= len(arguments) <= most:
        key = "{name} takes {count} arguments, not {found}"
        if least != most:
            key = "{name} takes at least {count} arguments, not {found}"
        raise BadFilter(key, name=name[:60], count=least, found=len(arguments))
    if standard == "in" and not isinstance(arguments[1], list):
        raise BadFilter("in takes a value and a list")
    return {"op": standard, "args": [_checked(argument, depth + 1, counter) for argument in arguments]}


def _end(end: Node, depth: int, counter: list[int]) -> Node:
    if isinstance(end, str):
        return end
    if isinstance(end, dict) and set(end) in ({"property"}, {"date"}, {"timestamp"}):
        return _checked(end, depth + 1, counter)
    if isinstance(end, dict) and set(end) == {"op", "args"}:
        return _checked(end, depth + 1, counter)
    raise BadFilter("an interval takes two instants, properties or '..'")


def _box(numbers: list[Any]) -> list[float]:
    if len(numbers) not in (4, 6) or not all(
        isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number) for number in numbers
    ):
        raise BadFilter("a bbox is four or six finite numbers")
    half = len(numbers) // 2
    if half == 3 and numbers[2] > numbers[5]:
        raise BadFilter("a bbox has its lower corner first")
    return numbers


def _vertices(geometry: Node) -> None:
    """Refuse a geometry of too many vertices, or one that is no GeoJSON."""
    found = 0
    for part in _parts(geometry, 0):
        for number in _numbers(part, 0):
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                raise BadFilter("coordinates must be finite numbers")
        found += _places(part)
        if found > MOST_VERTICES:
            raise BadFilter("a geometry of more than {limit} vertices", limit=MOST_VERTICES)


def _places(value: Any) -> int:
    """How many positions there are in the coordinates of a geometry."""
    if not isinstance(value, list) or not value:
        return 0
    return sum(map(_places, value)) if isinstance(value[0], list) else 1


def _parts(geometry: Node, depth: int) -> Iterator[Node]:
    if depth > 4 or not isinstance(geometry, dict):
        raise BadFilter("a geometry cannot be understood")
    if geometry.get("type") == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list):
            raise BadFilter("a GeometryCollection has a list of geometries")
        for member in members:
            yield from _parts(member, depth + 1)
        return
    if geometry.get("type") not in GEOMETRIES or not isinstance(geometry.get("coordinates"), list):
        raise BadFilter("a geometry has a type and coordinates")
    yield geometry["coordinates"]


def _numbers(value: Any, depth: int) -> Iterator[Any]:
    if not isinstance(value, list):
        yield value
        return
    if depth > 4:
        raise BadFilter("a geometry cannot be understood")
    for item in value:
        yield from _numbers(item, depth + 1)
