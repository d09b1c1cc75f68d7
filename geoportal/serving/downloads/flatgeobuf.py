"""FlatGeobuf: the source's coordinates with a packed spatial index, to be read in parts over the network."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from geoportal.model.layer import GEOMETRY_TYPES
from geoportal.serving.downloads.contents import (
    Column,
    Contents,
    arrow_table,
    declared_type,
    for_programs,
    free_name,
)
from geoportal.serving.downloads.notes import Note, Unfit
from geoportal.serving.downloads.reading import expect_same, read_by_fiona
from geoportal.serving.edition import facts
from geoportal.serving.geojson import Geometries


def write(contents: Contents, path: Path) -> list[Note]:
    """Write the layer, sorted along a Hilbert curve where every feature has a place; the feature ids are a column.

    The index cannot hold a feature without a place: with such features the file is in the order of the source, without
    index. Unfit for a table and for a layer without features.
    """
    from pyogrio.raw import write_arrow

    _expect_places(contents)
    columns = columns_of(contents)
    place = free_name("geometry", [column.name for column in columns])
    indexed = is_indexed(contents)
    told = facts(contents.record, contents.edition)
    geometries, kind, notes = shapes_of(contents)
    path.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_arrow(
            arrow_table(columns, geometries, place),
            str(path),
            layer=contents.dataset_id,
            driver="FlatGeobuf",
            geometry_name=place,
            geometry_type=kind,
            crs=for_programs(contents.layer.crs),
            layer_metadata=told,
            layer_options={"SPATIAL_INDEX": "YES" if indexed else "NO"},
        )
    notes.insert(0, Note("sorted", field=_id_field(contents, columns)) if indexed else Note("no-index"))
    if empty := int(shapely.is_empty(contents.geometries).sum()):
        notes.append(Note("empty-as-null", count=empty))
    if dates := contents.names_of("date"):
        notes.append(Note("date-as-instant", names=dates))
    if any(column.kind == "date-time" and column.array.type.tz for column in columns):
        notes.append(Note("utc-unsaid", names=contents.names_of("date-time")))
    return notes + contents.renamed() + contents.texts("json", "time")


def reopen(contents: Contents, path: Path) -> None:
    """Open the file by fiona; RuntimeError where it shows another count, attributes or reference system."""
    found = read_by_fiona(path, None, "FlatGeobuf")
    expect_same("FlatGeobuf", contents, found, names=[column.name for column in columns_of(contents)])


def shapes_of(contents: Contents) -> tuple[Geometries, str, list[Note]]:
    """The geometries as the format can hold them, their declared type, and what became of heights and measures.

    A file says once for all features what dimensions they have, and beside a mixture of types it says none.
    """
    shapes = contents.geometries
    present = shapes[~shapely.is_missing(shapes)]
    high, measured = shapely.has_z(present), shapely.has_m(present)
    if not (high.any() or measured.any()):
        return shapes, declared_type(shapes), []
    kinds = np.unique(shapely.get_type_id(present)).tolist()
    alike = (high.all() or not high.any()) and (measured.all() or not measured.any())
    if not alike or not _one_family(kinds):
        count = int((high | measured).sum())
        return shapely.force_2d(shapes), declared_type(shapely.force_2d(shapes)), [Note("flattened", count=count)]
    notes = []
    if len(kinds) == 2:
        simple = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (0, 1, 3)))
        shapes = shapes.copy()
        for row in simple.tolist():
            shapes[row] = _MULTI[kinds[0]]([shapes[row]])
        notes.append(Note("promoted", count=len(simple)))
    name = GEOMETRY_TYPES[kinds[-1]]
    if measured.all():
        # The names that GDAL's types have in pyogrio.
        kind = f"Measured 3D {name}" if high.all() else "PointM" if name == "Point" else f"Measured {name}"
    else:
        kind = f"{name} Z"
    return shapes, kind, notes


def _one_family(kinds: list[int]) -> bool:
    """Whether these types are one, or the simple and the multiple one of a kind."""
    return len(kinds) == 1 or kinds in ([0, 4], [1, 5], [3, 6])


_MULTI: dict[int, Callable[..., Any]] = {0: shapely.multipoints, 1: shapely.multilinestrings, 3: shapely.multipolygons}


def is_indexed(contents: Contents) -> bool:
    """Whether every feature has a place, as the spatial index needs it."""
    shapes = contents.geometries
    return not (shapely.is_missing(shapes) | shapely.is_empty(shapes)).any()


def columns_of(contents: Contents) -> list[Column]:
    """The fields, led by the id of each feature where no field is that id already."""
    if contents.summary.fid_from == "key":
        return contents.columns
    name = free_name("id", contents.names)
    return [Column(name, "string", pa.array(contents.fids, pa.string())), *contents.columns]


def _id_field(contents: Contents, columns: list[Column]) -> str:
    return contents.summary.fid_field or columns[0].name


def _expect_places(contents: Contents) -> None:
    if contents.is_table:
        raise Unfit(Note("no-geometry"))
    if not len(contents):
        raise Unfit(Note("no-features"))
