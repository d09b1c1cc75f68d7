"""GeoPackage: the source's own coordinates and types; title, abstract and record stand inside."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoportal.serving.downloads.contents import Contents, arrow_table, declared_type, for_programs, free_name
from geoportal.serving.downloads.notes import Note
from geoportal.serving.downloads.reading import expect_same, read_by_fiona
from geoportal.serving.edition import described, facts

_EPOCH = "1970-01-01T00:00:00.000Z"
_LANGUAGE = "id"


def write(contents: Contents, path: Path) -> list[Note]:
    """Write the layer under the dataset's id; the same content makes the same bytes."""
    from pyogrio.raw import write_arrow

    names = [column.name for column in contents.columns]
    record = contents.record
    options = {
        "FID": free_name("fid", names),
        "IDENTIFIER": record.title.in_language(_LANGUAGE) or contents.dataset_id,
        "DESCRIPTION": described(record, _LANGUAGE),
        "SPATIAL_INDEX": "YES",
    }
    place, kind, crs = None, None, None
    columns = list(contents.columns)
    if contents.is_table:
        options["ASPATIAL_VARIANT"] = "GPKG_ATTRIBUTES"
    else:
        place = options["GEOMETRY_NAME"] = free_name("geom", [*names, options["FID"]])
        kind, crs = declared_type(contents.geometries), for_programs(contents.layer.crs)
    path.unlink(missing_ok=True)
    with fixed_clock(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a reference system without a code is written as its WKT
        write_arrow(
            arrow_table(columns, None if place is None else contents.geometries, place or ""),
            str(path),
            layer=contents.dataset_id,
            driver="GPKG",
            geometry_name=place,
            geometry_type=kind,
            crs=crs,
            layer_metadata=facts(record, contents.edition),
            layer_options=options,
        )
    return contents.renamed() + contents.texts("json", "time")


def reopen(contents: Contents, path: Path) -> None:
    """Open a written GeoPackage as its receivers will, by fiona: another, older GDAL than the one that wrote it.

    Raises RuntimeError where it does not show the same layer, count, attributes and reference system.
    """
    found = read_by_fiona(path, contents.dataset_id, "GPKG")
    expect_same("GeoPackage", contents, found, names=[column.name for column in contents.columns])


@contextmanager
def fixed_clock() -> Iterator[None]:
    """Files of GDAL that hold the time of their making hold a fixed one, so that equal content is equal bytes."""
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
