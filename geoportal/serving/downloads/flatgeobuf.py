"""FlatGeobuf: the source's coordinates with a packed spatial index, to be read in parts over the network."""

from __future__ import annotations

import warnings
from pathlib import Path

import pyarrow as pa
import shapely

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
    path.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_arrow(
            arrow_table(columns, contents.geometries, place),
            str(path),
            layer=contents.dataset_id,
            driver="FlatGeobuf",
            geometry_name=place,
            geometry_type=declared_type(contents.geometries),
            crs=for_programs(contents.layer.crs),
            layer_metadata=told,
            layer_options={"SPATIAL_INDEX": "YES" if indexed else "NO"},
        )
    notes = [Note("sorted", field=_id_field(contents, columns)) if indexed else Note("no-index")]
    if dates := contents.names_of("date"):
        notes.append(Note("date-as-instant", names=dates))
    if any(column.kind == "date-time" and column.array.type.tz for column in columns):
        notes.append(Note("utc-unsaid", names=contents.names_of("date-time")))
    return notes + contents.renamed() + contents.texts("json", "time")


def reopen(contents: Contents, path: Path) -> None:
    """Open the file by fiona; RuntimeError where it shows another count, attributes or reference system."""
    found = read_by_fiona(path, None, "FlatGeobuf")
    expect_same("FlatGeobuf", contents, found, names=[column.name for column in columns_of(contents)])


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
