"""What a File Geodatabase says of itself: its layers, reference systems, aliases and code lists.

Its tables are a format of their own, so GDAL opens it here, by the OpenFileGDB driver alone. Which files of it are
taken out of an upload is said in ``members``.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoportal.ingest import gdal
from geoportal.ingest.crs import identify
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source

DRIVER = "OpenFileGDB"
_MOST_LAYERS = 500
_NO_GEOMETRY = 100  # wkbNone
_CODED = 0  # OFDT_CODED
_SUBTYPE = re.compile(r"<SubtypeFieldName[^>]*>([^<]{1,200})</SubtypeFieldName>")

_pointer, _text, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


@dataclass(frozen=True, slots=True)
class FeatureClass:
    """A feature class or a table of a geodatabase, and what must be said of it."""

    name: str
    has_geometry: bool
    crs: str | None
    features: int
    notes: tuple[Note, ...]


def find_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The layers of a geodatabase folder, tables without geometry too."""
    return [
        Source(
            name=item.name,
            driver=DRIVER,
            path=path,
            table=item.name,
            crs=item.crs,
            has_geometry=item.has_geometry,
            reads_ids=True,
            claims={"header": item.features},
            notes=item.notes,
        )
        for item in feature_classes(path, max_fields)
    ]


def feature_classes(path: Path, max_fields: int) -> list[FeatureClass]:
    """The feature classes and tables of a geodatabase folder, in its order.

    Raises a refusal: source-unreadable, no-layer, fields-too-many, source-too-large.
    """
    with gdal.opened(path, DRIVER) as dataset:
        if dataset is None:
            raise refuse("source-unreadable", reason="gdb", message=None)
        count = gdal.function("GDALDatasetGetLayerCount", _int, _pointer)(dataset)
        if count == 0:
            raise refuse("no-layer", files=[])
        if count > _MOST_LAYERS:
            raise refuse("source-too-large", reason="layers")
        layer_of = gdal.function("GDALDatasetGetLayer", _pointer, _pointer, _int)
        return [_described(dataset, layer_of(dataset, number), max_fields) for number in range(count)]


def _described(dataset: int, layer: int, max_fields: int) -> FeatureClass:
    name = _said(gdal.function("OGR_L_GetName", _text, _pointer)(layer))
    definition = gdal.function("OGR_L_GetLayerDefn", _pointer, _pointer)(layer)
    fields = gdal.function("OGR_FD_GetFieldCount", _int, _pointer)(definition)
    if fields > max_fields:
        raise refuse("fields-too-many", count=fields, limit=max_fields, layer=shown(name))
    has_geometry = gdal.function("OGR_L_GetGeomType", _int, _pointer)(layer) != _NO_GEOMETRY
    crs, notes = identify(_wkt(layer)) if has_geometry else (None, [])
    features = gdal.function("OGR_L_GetFeatureCount", ctypes.c_longlong, _pointer, _int)(layer, 1)
    return FeatureClass(name, has_geometry, crs, features, (*notes, *_fields(dataset, definition, name, fields)))


def _wkt(layer: int) -> str | None:
    system = gdal.function("OGR_L_GetSpatialRef", _pointer, _pointer)(layer)
    if not system:
        return None
    made = ctypes.c_void_p()
    options = (ctypes.c_char_p * 2)(b"FORMAT=WKT2_2019", None)
    export = gdal.function("OSRExportToWktEx", _int, _pointer, ctypes.POINTER(_pointer), ctypes.POINTER(_text))
    failed = export(system, ctypes.byref(made), options)
    try:
        return None if failed or made.value is None else ctypes.string_at(made.value).decode("utf-8", "replace")
    finally:
        gdal.function("VSIFree", None, _pointer)(made)


def _fields(dataset: int, definition: int, layer: str, count: int) -> list[Note]:
    """Titles of fields and lists of codes, which a dataset here has no place for: the names and codes are kept."""
    aliases: list[str] = []
    coded: list[str] = []
    field_of = gdal.function("OGR_FD_GetFieldDefn", _pointer, _pointer, _int)
    for number in range(count):
        field = field_of(definition, number)
        name = shown(_said(gdal.function("OGR_Fld_GetNameRef", _text, _pointer)(field)), 60)
        alias = shown(_said(gdal.function("OGR_Fld_GetAlternativeNameRef", _text, _pointer)(field)), 60)
        domain = _said(gdal.function("OGR_Fld_GetDomainName", _text, _pointer)(field))
        if alias and alias != name:
            aliases.append(f"{name} = {alias}")
        if domain and (codes := _codes(dataset, domain)):
            coded.append(f"{name} ({shown(domain, 60)}: {codes})")
    if subtype := _subtype(dataset, layer):
        coded.append(f"{shown(subtype, 60)} (subtype)")
    notes: list[Note] = []
    if coded:
        notes.append(("codes-kept", {"fields": coded[:50], "count": len(coded)}))
    if aliases:
        notes.append(("aliases-left", {"fields": aliases[:50], "count": len(aliases)}))
    return notes


def _codes(dataset: int, domain: str) -> str | None:
    """The first codes of a list with their meaning; None for a domain that is no list (a range, a pattern)."""
    found = gdal.function("GDALDatasetGetFieldDomain", _pointer, _pointer, _text)(dataset, domain.encode())
    if not found or gdal.function("OGR_FldDomain_GetDomainType", _int, _pointer)(found) != _CODED:
        return None
    values = gdal.function("OGR_CodedFldDomain_GetEnumeration", ctypes.POINTER(_Code), _pointer)(found)
    told: list[str] = []
    for number in range(20 if values else 0):
        if values[number].code is None:
            break
        told.append(f"{_said(values[number].code)}={_said(values[number].meaning)}")
    return shown("; ".join(told), 200) or None


class _Code(ctypes.Structure):
    _fields_ = (("code", _text), ("meaning", _text))


def _subtype(dataset: int, layer: str) -> str | None:
    """The field that tells the subtypes of a feature class apart; only its XML definition names it."""
    run = gdal.function("GDALDatasetExecuteSQL", _pointer, _pointer, _text, _pointer, _text)
    answer = run(dataset, f"GetLayerDefinition {layer}".encode(), None, None)
    if not answer:
        return None
    try:
        feature = gdal.function("OGR_L_GetNextFeature", _pointer, _pointer)(answer)
        if not feature:
            return None
        try:
            xml = _said(gdal.function("OGR_F_GetFieldAsString", _text, _pointer, _int)(feature, 0))
        finally:
            gdal.function("OGR_F_Destroy", None, _pointer)(feature)
    finally:
        gdal.function("GDALDatasetReleaseResultSet", None, _pointer, _pointer)(dataset, answer)
    found = _SUBTYPE.search(xml)
    return found.group(1) if found else None


def _said(value: Any) -> str:
    return value.decode("utf-8", "replace") if value else ""
