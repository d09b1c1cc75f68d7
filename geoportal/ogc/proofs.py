"""What proves that a collection keeps a conformance class: questions to its first features, answered through the same
reader, compiler and serving files as those of clients, and compared with what the rows themselves hold.

Every question is about a handful of features, and most are asked of one layer of those that are alike. Those that look
at the features of a layer themselves are asked of every layer on a node of usual size; on one of thousands of layers
they would open all their files at once, so there the first ones speak for those that are alike. That the answers are
right in every corner is shown by the tests; here it is shown of this layer that its files can answer at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely

from geoportal.ogc import schemas as documents
from geoportal.ogc.cql2.compiler import Compiler
from geoportal.ogc.cql2.text import from_text
from geoportal.ogc.cql2.tree import Node, from_json
from geoportal.ogc.parameters import RESERVED, named_by
from geoportal.serving.crs import CRS84
from geoportal.serving.summary import ServedField

if TYPE_CHECKING:
    from geoportal.ogc.source import Source

LOGGER = logging.getLogger("geoportal.ogc")

ASKED = 8
"""Features that a question is about: the first ones."""

LOOKED_AT = 256
"""Features among which one with a place is looked for."""

KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
    "date": "instant",
    "date-time": "instant",
    "time": "clock",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A layer to be asked: a field of each kind (``any`` is the first one that can be asked for), the name of its
    geometry, and the row and the geometry (CRS84) of a feature with a place, where it has one.
    """

    source: Source
    fields: Mapping[str, ServedField]
    geometry: str | None

    @classmethod
    def of(cls, source: Source) -> Subject:
        """Look at a layer; nothing is read but its summary."""
        fields: dict[str, ServedField] = {}
        for field in source.serving.summary.fields:
            if field.queryable:
                fields.setdefault("any", field)
                fields.setdefault(KINDS[field.type], field)
        return cls(source, fields, documents.geometry_property(source))

    def field(self, kind: str) -> ServedField | None:
        """A field of a kind, None where there is none."""
        return self.fields.get(kind)

    @property
    def asked(self) -> int:
        """How many features the questions are about."""
        return min(ASKED, self.source.serving.count)

    def matching(self, question: str | Node, row: int | None = None) -> int:
        """How many of the first features a filter chooses (CQL2 as text, or as a tree), or whether it chooses one."""
        serving = self.source.serving
        tree = from_text(question) if isinstance(question, str) else question
        found = Compiler(serving, CRS84).compile(tree)
        bound = f"row < {ASKED}" if row is None else f"row = {row:d}"
        _, matched = serving.select(condition=replace(found, text=f"{bound} AND ({found.text})"), limit=0)
        return matched

    def filled(self, field: ServedField) -> int:
        """How many of the first features have a value in a field: read from the rows, by no filter."""
        with self.source.serving.connections.use() as connection:
            text = f"SELECT count({field.column}) FROM (SELECT {field.column} FROM rows ORDER BY row LIMIT {ASKED})"
            (count,) = connection.execute(text).fetchone()
        return int(count)

    def place(self) -> tuple[int, shapely.Geometry] | None:
        """The row and the geometry of a feature with a place among the first; None where they have none."""
        serving = self.source.serving
        for start in (0, ASKED):
            rows = range(start, min(serving.count, ASKED if start == 0 else LOOKED_AT))
            geometries = serving.exact_geometry(rows)
            usable = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
            if len(usable):
                return start + int(usable[0]), geometries[usable[0]]
        return None

    @property
    def likeness(self) -> tuple[Any, ...]:
        """What the answers of a layer depend on besides its values: two layers that are alike in it run the same code
        over files of the same form.
        """
        summary, provider = self.source.serving.summary, self.source.resource["providers"][0]
        fields = tuple((kind, field.type, field.zoned) for kind, field in sorted(self.fields.items()))
        flags = (summary.exact_is_source, summary.unplaced > 0, summary.placeless > 0, summary.count > 0)
        place = (self.geometry, summary.geometry_type, summary.dimension, summary.operation.null, *flags)
        return (fields, *place, provider["storage_crs"], *provider["crs"])


Proof = Callable[[Subject], bool]

_GIVEN: set[tuple[str, tuple[Any, ...]]] = set()
"""Proofs that were given in this process, each with the likeness of the layer that gave it."""

_MOST_GIVEN = 20_000

_OPENED: set[str] = set()
MOST_OPENED = 200
"""Layers whose files a process opens for the sake of proofs alone."""


def holds(proof: Proof, layer: Subject) -> bool:
    """Whether a layer gives a proof; a layer that cannot even be asked does not, and the log says why.

    A proof in OF_EACH is asked of every layer (of the first MOST_OPENED), one about the language of filters of the
    first of those that are alike.
    """
    alike = (proof.__name__, layer.likeness)
    if alike in _GIVEN and proof is not parameters:
        handle = layer.source.handle
        if proof not in OF_EACH or (handle not in _OPENED and len(_OPENED) >= MOST_OPENED):
            return True
        _OPENED.add(handle)
    try:
        given = proof(layer)
    except Exception:  # whatever is wrong with one layer must not take the declaration down
        LOGGER.exception("%s does not give the proof %s", layer.source.publication.dataset_id, proof.__name__)
        return False
    if not given:
        LOGGER.error("%s does not give the proof %s", layer.source.publication.dataset_id, proof.__name__)
    elif len(_GIVEN) < _MOST_GIVEN:
        _GIVEN.add(alike)
    return given


def _name(field: ServedField) -> str:
    """A field as CQL2 text names it."""
    return '"' + field.name.replace('"', '""') + '"'


def _all_agree(layer: Subject, expected: int, *questions: str) -> bool:
    return all(layer.matching(question) == expected for question in questions)


def features(layer: Subject) -> bool:
    """The first feature is a GeoJSON Feature with an id of text, by which it is found again."""
    serving = layer.source.serving
    if not serving.count:
        return True
    feature = orjson.loads(serving.page([0])[0])
    of_form = feature["type"] == "Feature" and isinstance(feature["id"], str) and "geometry" in feature
    return of_form and isinstance(feature["properties"], dict) and serving.row_of(feature["id"]) == 0


def systems(layer: Subject) -> bool:
    """A feature comes in each reference system that is offered for the storage of the layer, and in CRS84."""
    serving, place = layer.source.serving, layer.place()
    provider: dict[str, Any] = layer.source.resource["providers"][0]
    if place is None:
        return provider["storage_crs"] in provider["crs"]
    texts = [serving.reproject([place[0]], uri)[0] for uri in (CRS84, provider["storage_crs"])]
    return CRS84 in provider["crs"] and all(orjson.loads(text)["geometry"] for text in texts)


def schemas(layer: Subject) -> bool:
    """Schema, queryables and sortables can be made, and say of every property either a type or a form of geometry."""
    for kind in documents.KINDS:
        bare = {"$id": kind, "title": kind, "properties": {}}
        entries = documents.corrected(bare, kind, layer.source, "id")["properties"].values()
        if not all(("type" in entry) != str(entry.get("format", "")).startswith("geometry-") for entry in entries):
            return False
    return True


def parameters(layer: Subject) -> bool:
    """For every field that can be asked for there is a parameter, and none is called like another one."""
    fields = [field for field in layer.source.serving.summary.fields if field.queryable]
    found = named_by(fields)
    return len(found) == len(fields) and not RESERVED.intersection(found)


def filters(layer: Subject) -> bool:
    """A filter that is always true, and one that never is, in text and in JSON."""
    always, never = from_json('{"op":"=","args":[1,1]}'), from_json('{"op":"<>","args":[1,1]}')
    in_json = layer.matching(always) == layer.asked and layer.matching(never) == 0
    return in_json and layer.matching("1 = 1") == layer.asked and layer.matching("1 <> 1") == 0


def comparisons(layer: Subject) -> bool:
    """Blank and filled features of a field are told apart, and every value is on one side of a comparison."""
    field = layer.fields["any"]
    name, filled = _name(field), layer.filled(field)
    other = {"text": "''", "number": "0", "truth": "TRUE", "instant": "DATE('1970-01-01')", "clock": "'12:00:00'"}
    value = other[KINDS[field.type]]
    return (
        _all_agree(layer, layer.asked - filled, f"{name} IS NULL")
        and _all_agree(layer, filled, f"{name} IS NOT NULL", f"{name} = {value} OR {name} <> {value}")
        and _all_agree(layer, filled, f"NOT {name} < {value} OR {name} < {value}", f"NOT ({name} IS NULL)")
        and _all_agree(layer, 0, f"{name} > {value} AND {name} <= {value}")
    )


def advanced_comparisons(layer: Subject) -> bool:
    """LIKE on a text, BETWEEN on a number, IN on either; where the layer has them."""
    text, number = layer.field("text"), layer.field("number")
    given = True
    if text is not None:
        name, filled = _name(text), layer.filled(text)
        given = _all_agree(layer, filled, f"{name} LIKE '%'", f"{name} IN ('') OR {name} NOT IN ('')")
    if number is not None:
        name, filled = _name(number), layer.filled(number)
        given = given and _all_agree(
            layer, filled, f"{name} BETWEEN -1e308 AND 1e308", f"{name} IN (0, 1) OR {name} NOT IN (0, 1)"
        )
    return given and _all_agree(layer, layer.asked, "'abc' LIKE 'a_c'", "2 BETWEEN 1 AND 3", "2 IN (1, 2)")


def cases(layer: Subject) -> bool:
    """CASEI on texts of the question, and on a text of the layer where it has any."""
    return _folded(layer, "CASEI") and _all_agree(layer, layer.asked, "CASEI('Desa ÉÇ') = CASEI('dESA éç')")


def accents(layer: Subject) -> bool:
    """ACCENTI on texts of the question, and on a text of the layer where it has any."""
    return _folded(layer, "ACCENTI") and _all_agree(layer, layer.asked, "ACCENTI('Désa Ñ') = ACCENTI('Desa N')")


def _folded(layer: Subject, function: str) -> bool:
    field = layer.field("text")
    if field is None:
        return True
    folded = f"{function}({_name(field)})"
    return _all_agree(layer, layer.filled(field), f"{folded} = {folded}")


def properties(layer: Subject) -> bool:
    """A field is compared with itself: equal wherever it is filled."""
    field = layer.fields["any"]
    name = _name(field)
    return _all_agree(layer, layer.filled(field), f"{name} = {name}") and _all_agree(layer, 0, f"{name} <> {name}")


def arithmetic(layer: Subject) -> bool:
    """The operators on numbers of the question, and on a number of the layer where it has any."""
    field = layer.field("number")
    return (field is None or _all_agree(layer, layer.filled(field), f"{_name(field)} * 0 = 0")) and _all_agree(
        layer, layer.asked, "7 % 4 = 3", "2 ^ 3 = 8", "7 div 2 = 3", "7 / 2 = 3.5", "7 - 2 + 1 = 6"
    )


def temporal(layer: Subject) -> bool:
    """Times of the question stand to each other as they do; where the layer has an instant, it lies in the open
    interval, not before the first day that there is, and during an interval or not.
    """
    return _all_agree(layer, layer.asked, *_TIMES) and _instants(layer)


_DAYS = ("DATE('2001-02-03')", "DATE('2001-02-04')")
_SPAN, _LATER = "INTERVAL('2001-02-03', '2001-02-05')", "INTERVAL('2001-02-05', '2001-02-09')"
_WITHIN, _WIDE = "INTERVAL('2001-02-04', '2001-02-04')", "INTERVAL('2001-02-01', '2001-02-05')"
_TIMES = (
    f"T_BEFORE({_DAYS[0]}, {_DAYS[1]})",
    f"T_AFTER({_DAYS[1]}, {_DAYS[0]})",
    f"T_EQUALS({_DAYS[0]}, {_DAYS[0]})",
    f"T_DISJOINT({_DAYS[0]}, {_LATER})",
    f"T_INTERSECTS({_DAYS[1]}, {_SPAN})",
    f"T_MEETS({_SPAN}, {_LATER})",
    f"T_METBY({_LATER}, {_SPAN})",
    f"T_DURING({_WITHIN}, {_SPAN})",
    f"T_CONTAINS({_SPAN}, {_WITHIN})",
    f"T_FINISHES({_SPAN}, {_WIDE})",
    f"T_FINISHEDBY({_WIDE}, {_SPAN})",
    f"NOT T_OVERLAPS({_SPAN}, {_LATER})",
)


def _instants(layer: Subject) -> bool:
    field = layer.field("instant")
    if field is None:
        return True
    name, filled = _name(field), layer.filled(field)
    first, ever = "DATE('0001-01-01')", "INTERVAL('0001-01-01', '9999-12-31')"
    during = f"T_DURING(INTERVAL({name}, {name}), {ever})"
    return (
        _all_agree(layer, filled, f"T_INTERSECTS({name}, INTERVAL('..', '..'))", f"{during} OR NOT {during}")
        and _all_agree(layer, filled, f"T_AFTER({name}, {first}) OR T_EQUALS({name}, {first})")
        and _all_agree(layer, 0, f"T_BEFORE({name}, {first})")
    )


def basic_spatial(layer: Subject) -> bool:
    """A feature meets its own first vertex and the box around it."""
    return _meets(layer, lambda x, y, box: (f"POINT({x} {y})", f"BBOX({box})"))


def basic_spatial_plus(layer: Subject) -> bool:
    """A feature meets shapes of the other kinds through its first vertex."""
    return _meets(
        layer,
        lambda x, y, box: (
            f"MULTIPOINT(({x} {y}), (0 0))",
            f"LINESTRING({x} {y}, 0 0)",
            f"MULTILINESTRING(({x} {y}, 0 0), (1 1, 2 2))",
            f"POLYGON(({x} {y}, 0 89, 1 89, {x} {y}))",
        ),
    )


def spatial(layer: Subject) -> bool:
    """Every spatial function is answered for a feature: it equals itself, is not apart from its vertex, and has
    nothing to do with a far place.
    """
    name, place = layer.geometry, layer.place()
    if place is None or not name:
        return bool(name)
    row, geometry = place
    x, y = (repr(float(value)) for value in shapely.get_coordinates(geometry)[0])
    far = (
        "POLYGON((-1 -89.9, 1 -89.9, 1 -89.8, -1 -89.9))"
        if float(y) > 0
        else "POLYGON((-1 89.9, 1 89.9, 1 89.8, -1 89.9))"
    )
    never = ("S_TOUCHES", "S_CROSSES", "S_OVERLAPS", "S_CONTAINS", "S_WITHIN", "S_EQUALS")
    name = f'"{name}"'
    return (
        layer.matching(f"S_DISJOINT({name}, {far})", row) == 1
        and layer.matching(f"S_DISJOINT({name}, POINT({x} {y}))", row) == 0
        and layer.matching(f"S_EQUALS({name}, {name})", row) == 1
        and all(layer.matching(f"{function}({name}, {far})", row) == 0 for function in never)
    )


def _meets(layer: Subject, shapes: Callable[[str, str, str], tuple[str, ...]]) -> bool:
    place = layer.place()
    if place is None:  # nothing has a place: nothing may be met, and the question must be answered
        return layer.matching(f'S_INTERSECTS("{layer.geometry}", POINT(0 0))') == 0
    row, geometry = place
    x, y = (repr(float(value)) for value in shapely.get_coordinates(geometry)[0])
    box = ", ".join(repr(float(value)) for value in shapely.bounds(geometry))
    return all(layer.matching(f'S_INTERSECTS("{layer.geometry}", {shape})', row) == 1 for shape in shapes(x, y, box))


OF_EACH = frozenset({features, basic_spatial})
"""Proofs that look at the features of a layer themselves; ``parameters`` looks at its names, which costs nothing."""
