"""Schema, queryables and sortables of a collection (OGC API Common Part 3 and Features Part 5, OGC 23-058r2; Features
Part 3, OGC 19-079r2): pygeoapi's documents with what it cannot say of fields.

They are logical schemas: a type says nothing of null, which stands for a value that is missing (23-058r2 clause 6); a
property that never misses is ``required``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.language import text
from geoportal.ogc.domains import domains_of
from geoportal.ogc.parameters import listable
from geoportal.ogc.units import ucum

if TYPE_CHECKING:
    from geoportal.ogc.source import Source
    from geoportal.serving.summary import ServedField

Document = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE = "application/schema+json"
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMA, QUERYABLES, SORTABLES = KINDS = ("schema", "queryables", "sortables")
"""The documents of a collection: the last part of their address, and of the relation of a link to them."""

GEOMETRIES = {
    "Point": "geometry-point",
    "MultiPoint": "geometry-multipoint",
    "LineString": "geometry-linestring",
    "MultiLineString": "geometry-multilinestring",
    "Polygon": "geometry-polygon",
    "MultiPolygon": "geometry-multipolygon",
    "GeometryCollection": "geometry-geometrycollection",
}
"""Simple feature type -> format (/req/schemas/properties C)."""

ANY = "geometry-any"
FAMILIES = {
    ("Point", "MultiPoint"): "geometry-point-or-multipoint",
    ("LineString", "MultiLineString"): "geometry-linestring-or-multilinestring",
    ("Polygon", "MultiPolygon"): "geometry-polygon-or-multipolygon",
}
"""Two types that clients open as one layer -> their format."""

MOST_LOOKED_AT = 250_000
"""Features of mixed types that are looked at to say which they are."""

_WKB_TYPES = (
    "",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)

TEMPORAL = ("date", "date-time")


def link_header(base_url: str, dataset_id: str, version: int | None = None) -> str:
    """The ``Link`` header of features: their queryables (OGC 19-079r2 /req/queryables/queryables-link B), sortables and
    schema; those of an earlier ``version``, if it is one.
    """
    path, query = f"{base_url}/ogc/collections/{dataset_id}", f"?version={version}" if version else ""
    return ", ".join(f'<{path}/{kind}{query}>; rel="{RELATION}{kind}"; type="{MEDIA_TYPE}"' for kind in KINDS)


def corrected(document: Document, kind: str, source: Source, language: str, version: int | None = None) -> Document:
    """One of KINDS as it should be, from what pygeoapi made of it; a new document.

    $id is the address without parameters, save that of an earlier ``version``: one document, however it was asked for.
    Properties are in the order of the layer, behind the id and the geometry; in queryables and sortables only those
    that can be asked for or sorted by, and nothing else is allowed there.
    """
    made, query = document["properties"], f"?version={version}" if version else ""
    properties: dict[str, Document] = {}
    for number, (name, entry) in enumerate(_properties(kind, source, language).items(), 1):
        # Role and unit are ours alone: pygeoapi gives a key of numbers the role of an id, and units as people write.
        kept = {word: value for word, value in made.get(name, {}).items() if word not in ("x-ogc-role", "x-ogc-unit")}
        properties[name] = {**kept, **entry, "x-ogc-propertySeq": number}
    found = {
        "$schema": DRAFT,
        "$id": f"{document['$id'].partition('?')[0].rpartition('/')[0]}/{kind}{query}",
        "type": "object",
        "title": document["title"],
        "description": source.publication.record.abstract.in_language(language),
        "properties": properties,
        "required": [name for name in properties if _required(name, source)] if kind == SCHEMA else [],
        "additionalProperties": False,
    }
    # What templates take from the document stays in it (collections_path).
    return {**{word: value for word, value in found.items() if value not in ("", [])}, **_rest(document, found)}


def _rest(document: Document, found: Document) -> Document:
    return {word: value for word, value in document.items() if word not in found}


def id_property(source: Source) -> str | None:
    """The name under which the schema tells of the id: None where a field of text is it already.

    GeoJSON gives ids as text, so a number cannot have the role there (/conf/returnables-and-receivables/response-1).
    """
    summary = source.serving.summary
    key = summary.field_named(summary.fid_field) if summary.fid_from == "key" and summary.fid_field else None
    if key is not None and key.type == "string":
        return None
    return _free(("id", "fid", "feature_id", "_id"), source)


def geometry_property(source: Source) -> str | None:
    """The name of the geometry in schemas and in filters; None where there is none, or fields have all its names."""
    if source.serving.summary.geometry_type is None:
        return None
    return _free(("geometry", "geom"), source)


def geometry_form(source: Source) -> str:
    """The format of the geometry: that of its type, or of the two that occur; found once for an opened version."""
    form = GEOMETRIES.get(source.serving.summary.geometry_type or "")
    if form is None:
        form = source.found.get("form") or _mixed(source)
        source.found["form"] = form
    return form


def _mixed(source: Source) -> str:
    serving = source.serving
    if serving.count > MOST_LOOKED_AT:
        return ANY
    offsets = serving.source.offsets
    starts = offsets[:-1][offsets[1:] > offsets[:-1]]
    if not len(starts):
        return ANY
    heads = np.frombuffer(serving.source.data, np.uint8)[starts[:, None] + np.arange(5)]
    if (heads[:, 0] != 1).any():  # written big-endian: not by us
        return ANY
    # ISO adds 1000 for heights, EWKB sets high bits.
    codes = np.unique((np.ascontiguousarray(heads[:, 1:]).view("<u4").ravel() & 0x0FFFFFFF) % 1000).tolist()
    kinds = {_WKB_TYPES[code] if code < len(_WKB_TYPES) else "" for code in codes}
    if len(kinds) == 1:
        return GEOMETRIES.get(kinds.pop(), ANY)
    return next((form for pair, form in FAMILIES.items() if kinds == set(pair)), ANY)


def _free(names: tuple[str, ...], source: Source) -> str | None:
    return next((name for name in names if source.serving.summary.field_named(name) is None), None)


def _properties(kind: str, source: Source, language: str) -> dict[str, Document]:
    found: dict[str, Document] = {}
    if kind == SCHEMA and (name := id_property(source)):
        title = text("messages", "Feature id", language)
        found[name] = {"title": title, "type": "string", "readOnly": True, "x-ogc-role": "id"}
    if kind != SORTABLES and (name := geometry_property(source)):
        title = text("messages", "Geometry", language)
        found[name] = {"title": title, "format": geometry_form(source), "x-ogc-role": "primary-geometry"}
    fields = source.serving.summary.fields
    sortable = listable(field.name for field in fields)
    for field in fields:
        if kind == SCHEMA or (field.queryable and (kind != SORTABLES or field.name in sortable)):
            found[field.name] = _entry(field, kind, source, language)
    return found


def _entry(field: ServedField, kind: str, source: Source, language: str) -> Document:
    record = source.publication.record
    found: Document = {
        "title": record.field_title(field.name, language),
        **field.as_schema(),
        **domains_of(source)[field.name].as_schema(),
    }
    unit = written_unit(field, source)
    if unit and (code := ucum(unit)):
        found |= {"x-ogc-unit": code, "x-ogc-unitLang": "UCUM"}
    if role := _role(field, kind, source):
        found["x-ogc-role"] = role
    return found


def written_unit(field: ServedField, source: Source) -> str | None:
    """The unit of a field of numbers as its record writes it."""
    meaning = source.publication.record.fields.get(field.name)
    return meaning.unit if meaning and field.type in ("integer", "number") else None


def _role(field: ServedField, kind: str, source: Source) -> str | None:
    """The role of a property (/req/schemas/role-id, /req/advanced-property-roles/role-primary-*)."""
    summary = source.serving.summary
    types = ("string",) if kind == SCHEMA else ("string", "integer")
    if summary.fid_from == "key" and field.name == summary.fid_field and field.type in types:
        return "id"
    times = times_of(source)
    if field.name not in times:
        return None
    if len(times) == 1:
        return "primary-instant"
    return "primary-interval-start" if field.name == times[0] else "primary-interval-end"


def times_of(source: Source) -> tuple[str, ...]:
    """The field that says when a feature holds, or the two that say since and until when; none where this version has
    no such fields, or two that count differently (/req/advanced-property-roles/primary-temporal-constraints).
    """
    names = source.publication.record.time
    fields = [source.serving.summary.field_named(name) for name in names]
    types = {field.type if field else None for field in fields}
    alike = len(types) == 1 and types <= set(TEMPORAL) and len(set(names)) == len(names) <= 2
    return tuple(names) if alike else ()


def _required(name: str, source: Source) -> bool:
    """Whether no feature is without it: the id always, a field where its specification says so and all have it."""
    summary = source.serving.summary
    field = summary.field_named(name)
    if field is not None:
        is_key = summary.fid_from == "key" and name == summary.fid_field
        return is_key or domains_of(source)[name].required
    if name == geometry_property(source):
        return bool(source.publication.specification.geometry) and not summary.placeless
    return True  # the id
