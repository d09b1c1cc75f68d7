"""A filter as a condition in SQL over the rows of a layer, values bound, with the three truths of SQL: a feature is
chosen when the condition is true, not when it is unknown.

Spatial functions are answered beforehand for the whole layer (``shapes``) and stand in the SQL as a look-up by row.
Only names of columns that are ours and constants of this package are written into SQL; whatever the client wrote is a
parameter.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from geoportal.ogc.cql2 import tree
from geoportal.ogc.cql2.folding import FOLDS, glob_of
from geoportal.ogc.cql2.phrase import Phrase
from geoportal.ogc.cql2.shapes import Shapes
from geoportal.ogc.cql2.sql import INSTANTS, Sql, literal
from geoportal.ogc.cql2.times import instant, temporal
from geoportal.ogc.cql2.tree import BadFilter, Node
from geoportal.serving.attributes import Condition, typed
from geoportal.serving.fragments import Serving
from geoportal.serving.summary import ServedField

_KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
    "date": "date",
    "date-time": "timestamp",
    "time": "text",
}
LONGEST_PATTERN = 20_000
"""Bytes: SQLite takes patterns of up to 50,000."""
LONGEST_SOUGHT = 256
"""Characters that a pattern may seek at once behind a ``%``: each is tried at each place of a text, in one step that no
limit of time ends.
"""
MOST_NAMED = 40
"""Names of properties that a message lists."""
LIMIT_S = 5.0
"""Seconds that the spatial functions of one filter may take."""
_FOLD = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
"""Operators on constants, so that an index may be used; those that may fail are left to SQL."""
_ARITHMETIC = {
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} * {1})",
    "/": "(CAST({0} AS REAL) / {1})",
    "div": "CAST(CAST({0} AS REAL) / {1} AS INTEGER)",
    "%": "cql_mod({0}, {1})",
    "^": "cql_power({0}, {1})",
}


@dataclass
class Compiler:
    """Compiles filters for one layer. ``crs`` is the address of the system of coordinates in the filter. ``until``: the
    moment (``time.monotonic``) from which on spatial functions take too long.
    """

    serving: Serving
    crs: str
    functions: dict[str, tuple[int, Callable[..., Any]]] = field(default_factory=dict)
    until: float = field(default_factory=lambda: time.monotonic() + LIMIT_S)

    def compile(self, node: Node) -> Condition:
        """The condition of a whole filter; BadFilter where something stands that may not stand there."""
        found = self.truth(node)
        return Condition(found.text, found.parameters, self.functions)

    # truths

    def truth(self, node: Node) -> Sql:
        """A node that is true, false or unknown."""
        if isinstance(node, bool):
            return Sql("1" if node else "0", (), "truth")
        if isinstance(node, dict) and "op" in node:
            return self._operation(node["op"], node["args"])
        if isinstance(node, dict) and "property" in node:
            found = self.scalar(node)
            if found.kind == "truth":
                return found
        raise BadFilter("{part} is neither true nor false", part=said(node))

    def _operation(self, name: str, arguments: list[Node]) -> Sql:
        if name in ("and", "or"):
            parts = [self.truth(argument) for argument in arguments]
            joined = f" {name.upper()} ".join(f"({part.text})" for part in parts)
            return Sql(joined, tuple(value for part in parts for value in part.parameters), "truth")
        if name == "not":
            part = self.truth(arguments[0])
            return replace(part, text=f"NOT ({part.text})")
        if name in tree.COMPARISONS:
            return self._compared(name, *arguments)
        if name == "between":
            value, low, high = self.alike([self.scalar(argument) for argument in arguments])
            return _joined("({0} BETWEEN {1} AND {2})", "truth", value, low, high)
        if name == "in":
            return self._listed(*arguments)
        if name == "isNull":
            return self._missing(arguments[0])
        if name == "like":
            return self._like(*arguments)
        if name in tree.SPATIAL:
            return self._spatial(name, *arguments)
        if name in tree.TEMPORAL:
            return temporal(name, *(self._period(argument) for argument in arguments))
        if name in tree.ARRAY:
            raise BadFilter("{name}: this layer has no lists to compare", name=name)
        raise BadFilter("there is no function {name} here", name=repr(name[:60]))

    def _compared(self, name: str, left: Node, right: Node) -> Sql:
        one, other = self.alike([self.scalar(left), self.scalar(right)])
        return _joined(f"({{0}} {name} {{1}})", "truth", one, other)

    def _listed(self, value: Node, items: list[Node]) -> Sql:
        if not items:
            return Sql("0", (), "truth")
        first, *others = self.alike([self.scalar(value), *(self.scalar(item) for item in items)])
        marks = ", ".join(f"{{{number}}}" for number in range(1, len(others) + 1))
        return _joined(f"({{0}} IN ({marks}))", "truth", first, *others)

    def _missing(self, node: Node) -> Sql:
        if self.is_geometry(node):
            return self._shapes().missing()
        if isinstance(node, dict) and ("type" in node or "bbox" in node):
            self._shapes().literal(node)
            return Sql("0", (), "truth")
        if isinstance(node, dict) and "interval" in node:
            self._period(node)
            return Sql("0", (), "truth")
        if isinstance(node, dict) and "property" in node:
            # A list, or a value of a kind that cannot be compared, may still be missing.
            return replace(self.column(node["property"], any_kind=True), kind="truth").wrapped("({0} IS NULL)")
        if isinstance(node, dict) and node.get("op", "").lower() in (*tree.COMPARISONS, *tree.LOGIC, "like", "in"):
            return self.truth(node).wrapped("({0} IS NULL)")
        return replace(self.scalar(node), kind="truth").wrapped("({0} IS NULL)")

    def _like(self, value: Node, pattern: Node) -> Sql:
        found, wanted = self.scalar(value), self.scalar(pattern)
        if found.kind != "text" or wanted.kind != "text" or not wanted.is_constant:
            raise BadFilter("like compares a text with a pattern in quotes")
        pattern = glob_of(str(wanted.constant))
        if "\0" in pattern or len(pattern.encode()) > LONGEST_PATTERN:
            raise BadFilter("a pattern is too long, or holds NUL")
        if any(len(piece) > LONGEST_SOUGHT for piece in pattern.replace("[*]", "x").split("*")[1:]):
            raise BadFilter("a pattern seeks more than {limit} characters at once behind a %", limit=LONGEST_SOUGHT)
        return _joined("({0} GLOB {1})", "truth", found, literal(pattern))

    # values

    def scalar(self, node: Node) -> Sql:
        """A value: a literal, a property, or what a function or an operator makes of values."""
        match node:
            case bool() | int() | float() | str():
                return literal(node)
            case {"date": str()} | {"timestamp": str()}:
                return instant(node)
            case {"property": str(name)}:
                return self.column(name)
            case {"op": str(name), "args": arguments} if name in tree.FOLDS:
                return self._folded(name, self.scalar(arguments[0]))
            case {"op": str(name), "args": arguments} if name in tree.ARITHMETIC:
                return self._reckoned(name, *arguments)
            case {"op": str()}:
                return self.truth(node)
            case _:
                raise BadFilter("{part} is no value to compare", part=said(node))

    def column(self, name: str, *, any_kind: bool = False) -> Sql:
        """The column of a property."""
        found = self.field(name)
        if found is None or found.column is None or not (found.queryable or any_kind):
            raise self._unknown(name)
        return Sql(str(found.column), (), _KINDS.get(found.type, "other"), stored=found)

    def _unknown(self, name: str) -> BadFilter:
        known = [field.name for field in self.serving.summary.fields if field.queryable]
        if self.serving.summary.geometry_type is not None:
            known.append("geometry")
        told = repr(name[:80])
        if (nearest := _nearest(name[:80], known)) is not None:
            key = "there is no property {name} to ask for. Did you mean {nearest}?"
            return BadFilter(key, name=told, nearest=repr(nearest))
        listed = ", ".join(known[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "")
        return BadFilter(
            "there is no property {name} to ask for; there are: {offered}", name=told, offered=listed or "-"
        )

    def field(self, name: str) -> ServedField | None:
        """The field of this name."""
        return self.serving.summary.field_named(name)

    def is_geometry(self, node: Node) -> bool:
        """Whether a node names the geometry of a feature: ``geometry``, or ``geom`` as the test suite of the standard
        calls it, where no attribute has that name.
        """
        if not (isinstance(node, dict) and node.get("property") in ("geometry", "geom")):
            return False
        return self.serving.summary.geometry_type is not None and self.field(node["property"]) is None

    def _folded(self, name: str, value: Sql) -> Sql:
        if value.kind != "text":
            raise BadFilter("{name} takes a text", name=name)
        fold = FOLDS[name]
        if value.is_constant:
            return literal(fold(str(value.constant)))
        self.functions[f"cql_{name}"] = (1, lambda text: fold(text) if isinstance(text, str) else text)
        return Sql(f"cql_{name}({value.text})", value.parameters, "text")

    def _reckoned(self, name: str, left: Node, right: Node) -> Sql:
        one, other = self.scalar(left), self.scalar(right)
        if one.kind != "number" or other.kind != "number":
            raise BadFilter("{name} takes numbers", name=name)
        if one.is_constant and other.is_constant and name in _FOLD:
            return literal(_FOLD[name](one.constant, other.constant))
        if name == "%":
            self.functions["cql_mod"] = (2, _mod)
        if name == "^":
            self.functions["cql_power"] = (2, _power)
        return _joined(_ARITHMETIC[name], "number", one, other)

    def alike(self, values: list[Sql]) -> list[Sql]:
        """Values of one kind, those that were written as text made what they are compared with."""
        columns = [value.stored for value in values if value.stored is not None]
        if columns:
            values = [_as_stored(value, columns[0]) for value in values]
        kinds = {value.kind for value in values}
        if kinds <= INSTANTS and len(kinds) == 2:
            return [value.as_timestamp() for value in values]
        if len(kinds) > 1 or "other" in kinds:
            one, *others = (Phrase(f"kind of value {kind}") for kind in sorted(kinds))
            if not others:
                raise BadFilter("{one} cannot be compared", one=one)
            raise BadFilter("{one} and {other} cannot be compared", one=one, other=others[0])
        return values

    # times and shapes

    def _period(self, node: Node) -> tuple[Sql, Sql]:
        """Start and end of a temporal expression; an instant is both."""
        if isinstance(node, dict) and "interval" in node:
            start, end = node["interval"]
            return self._end(start, first=True), self._end(end, first=False)
        found = self._end(node, first=True)
        return found, found

    def _end(self, node: Node, *, first: bool) -> Sql:
        if node in ("..", ""):
            # Sorts before, or behind, every instant.
            return literal("" if first else "~", "open")
        if isinstance(node, str):
            return instant({"timestamp" if "T" in node.upper() else "date": node})
        found = self.scalar(node)
        if found.kind not in INSTANTS:
            raise BadFilter("{part} is no date and no time", part=said(node))
        return found

    def _shapes(self) -> Shapes:
        return Shapes(self.serving, self.crs, self.functions, self.until)

    def _spatial(self, name: str, left: Node, right: Node) -> Sql:
        one, other = self.is_geometry(left), self.is_geometry(right)
        if one and other:
            return self._shapes().itself(name)
        for node, is_own in ((left, one), (right, other)):
            if not is_own and not (isinstance(node, dict) and ("type" in node or "bbox" in node)):
                raise BadFilter("{name}: {part} is no geometry", name=name, part=said(node))
        if not one and not other:
            return self._shapes().between(name, left, right)
        return self._shapes().against(name, right if one else left, reverse=other)


def _nearest(name: str, known: list[str]) -> str | None:
    """The name that was probably meant: the same in other letters, or the most similar one."""
    by_letters = {one.casefold(): one for one in known}
    found = get_close_matches(name.casefold(), by_letters, n=1, cutoff=0.6)
    return by_letters[found[0]] if found else None


def said(node: Node) -> str | Phrase:
    """A node in a few words, for a message."""
    match node:
        case {"property": str(name)}:
            return Phrase("the property {name}", {"name": repr(name[:60])})
        case {"op": str(name)}:
            return name[:60]
        case {"type": str(kind)}:
            return Phrase("a {kind}", {"kind": kind})
        case dict() as part:
            return next(iter(part), "{}")
        case list():
            return Phrase("a list")
        case _:
            return repr(node)[:60]


def _joined(pattern: str, kind: str, *parts: Sql) -> Sql:
    """Pieces of SQL in their places; each stands once and in order, so that the parameters follow."""
    text = pattern.format(*(part.text for part in parts))
    return Sql(text, tuple(value for part in parts for value in part.parameters), kind)


def _as_stored(value: Sql, column: ServedField) -> Sql:
    """A constant as the column keeps such values: a date in quotes is a date where dates are."""
    if not value.is_constant or value.stored is not None:
        return value
    kind = _KINDS.get(column.type, "other")
    if kind == "truth" and isinstance(value.constant, tree.Flag):
        return literal(bool(value.constant))
    if value.kind == "text" and kind in INSTANTS:
        written = str(value.constant).removesuffix("T")  # so GDAL ends a date without a time
        return instant({kind: written} if "T" in written.upper() else {"date": written})
    if value.kind == "text" and column.type == "time":
        return literal(typed(column, value.constant))
    return value


def _mod(one: float | None, other: float | None) -> float | None:
    # The sign of the dividend, as SQL has it.
    if one is None or other is None or other == 0 or not (math.isfinite(one) and math.isfinite(other)):
        return None
    if isinstance(one, int) and isinstance(other, int):
        return int(abs(one) % abs(other)) * (1 if one >= 0 else -1)
    return math.fmod(one, other)


def _power(one: float | None, other: float | None) -> float | None:
    try:
        found = float(one) ** float(other)  # type: ignore[arg-type]
    except (TypeError, OverflowError, ZeroDivisionError):
        return None
    return found if isinstance(found, float) else None
