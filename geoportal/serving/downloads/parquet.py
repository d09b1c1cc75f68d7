"""GeoParquet 1.1: the source's coordinates as WKB, its reference system as PROJJSON, a box for each feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geoportal.model.layer import GEOMETRY_TYPES
from geoportal.serving.build import without_measures
from geoportal.serving.downloads.contents import Contents, free_name
from geoportal.serving.downloads.geojson import without_measures as told_without_measures
from geoportal.serving.downloads.notes import Note
from geoportal.serving.edition import facts
from geoportal.serving.geojson import Geometries

VERSION = "1.1.0"
_ROWS = 20_000
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def write(contents: Contents, path: Path) -> list[Note]:
    """Write the layer by row groups; a table without places is plain Parquet.

    Types are those of the source: dates, instants in UTC, 64-bit integers, booleans.
    """
    columns = contents.columns
    described = [pa.field(column.name, column.array.type) for column in columns]
    told: dict[bytes, bytes] = {
        f"geoportal:{key}".encode(): value.encode() for key, value in facts(contents.record, contents.edition).items()
    }
    place = free_name("geometry", contents.names)
    box = free_name("bbox", [*contents.names, place])
    shapes = None if contents.is_table else without_measures(contents.geometries)
    if shapes is not None:
        described.append(pa.field(place, pa.binary()))
        described.append(pa.field(box, pa.struct([(side, pa.float64()) for side in _SIDES])))
        told[b"geo"] = orjson.dumps(_geo(contents, shapes, place, box))
    schema = pa.schema(described, metadata=told)
    with pq.ParquetWriter(path, schema, compression="zstd", write_statistics=True) as writer:
        for start in range(0, max(len(contents), 1), _ROWS):
            rows = slice(start, min(start + _ROWS, len(contents)))
            arrays = [column.array.slice(start, rows.stop - start) for column in columns]
            if shapes is not None:
                arrays += [
                    pa.array(shapely.to_wkb(shapes[rows], byte_order=1, flavor="iso"), pa.binary()),
                    _boxes(shapes[rows]),
                ]
            if arrays:
                writer.write_table(pa.table(arrays, schema=schema), row_group_size=_ROWS)
    return [*told_without_measures(contents), *contents.renamed(), *contents.texts("json", "time")]


def reopen(contents: Contents, path: Path) -> None:
    """Open the file by geopandas, which knows nothing of how it was written; RuntimeError where it shows something
    else.
    """
    with pq.ParquetFile(path) as opened:
        count, names = opened.metadata.num_rows, opened.schema_arrow.names
        first = opened.read_row_group(0) if opened.num_row_groups and not contents.is_table else None
    added = [] if contents.is_table else [free_name("geometry", contents.names)]
    added += [] if contents.is_table else [free_name("bbox", [*contents.names, *added])]
    if (count, names) != (len(contents), [*contents.names, *added]):
        raise RuntimeError(f"the GeoParquet of {contents.dataset_id} reads as {count} features with {names}")
    if first is not None:
        import geopandas

        from geoportal.serving.downloads.reading import expect_place

        frame = geopandas.GeoDataFrame.from_arrow(_as_geoarrow(first, added[0]))
        expected = contents.geometries[: len(frame)]
        same = shapely.equals_exact(frame.geometry.to_numpy(), without_measures(expected), 0.0)
        if not (same | shapely.is_missing(expected) | shapely.is_empty(expected) | _unlike_itself(expected)).all():
            raise RuntimeError(f"the GeoParquet of {contents.dataset_id} reads with other geometries")
        expect_place("GeoParquet", contents, frame.crs.to_wkt() if frame.crs is not None else None)


def _as_geoarrow(table: pa.Table, place: str) -> pa.Table:
    """The table with its geometries marked by the words of the file's own ``geo`` member."""
    told = orjson.loads(table.schema.metadata[b"geo"])["columns"][place]
    marks = {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": orjson.dumps({"crs": told["crs"]})}
    number = table.schema.get_field_index(place)
    field = table.schema.field(number)
    plain = table.select([place]).cast(pa.schema([field.with_metadata(marks)]))
    return plain


def _unlike_itself(shapes: Geometries) -> Any:
    """Coordinates that are no numbers equal nothing."""
    return ~shapely.equals_exact(shapes, shapes, 0.0)


def _geo(contents: Contents, shapes: Geometries, place: str, box: str) -> dict[str, Any]:
    """The ``geo`` member (GeoParquet 1.1, file metadata)."""
    import pyproj

    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": _types(shapes),
        "crs": pyproj.CRS(contents.layer.crs).to_json_dict() if contents.layer.crs else None,
        "covering": {"bbox": {side: [box, side] for side in _SIDES}},
    }
    if contents.summary.extent_source:
        column["bbox"] = list(contents.summary.extent_source)
    return {"version": VERSION, "primary_column": place, "columns": {place: column}}


def _types(shapes: Geometries) -> list[str]:
    present = shapes[~shapely.is_missing(shapes)]
    kinds = shapely.get_type_id(present)
    solid = shapely.has_z(present)
    pairs = {(int(kind), bool(z)) for kind, z in zip(kinds.tolist(), solid.tolist(), strict=True)}
    names = GEOMETRY_TYPES
    return sorted({f"{names[kind]}{' Z' if z else ''}" for kind, z in pairs})


def _boxes(shapes: Geometries) -> pa.StructArray:
    """The box of each feature, null where it has none."""
    bounds = shapely.bounds(shapes)
    missing = np.isnan(bounds).any(axis=1)
    sides = [pa.array(bounds[:, side], mask=missing) for side in range(4)]
    return pa.StructArray.from_arrays(sides, names=list(_SIDES), mask=pa.array(missing))
