"""Downloads of a version as files: GeoPackage in the source's reference system, GeoJSON in CRS84 (RFC 7946).

Built at publish beside the serving files, of the same features in the same order. Build side: may load pyogrio
and fiona.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import shapely

from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.serving.build import geometries_of, served_fields
from geoportal.serving.columns import json_values
from geoportal.serving.summary import FRAGMENTS, read_summary

FOLDER = "berkas"
_EPOCH = "1970-01-01T00:00:00.000Z"
_LANGUAGE = "id"


def build_downloads(layer: Layer, target: Path, dataset_id: str, record: Record) -> list[Path]:
    """Write ``<id>.gpkg`` and ``<id>.geojson`` to ``target``/berkas; the serving files in ``target`` must be there
    already.

    The same layer and record make the same bytes.
    """
    folder = target / FOLDER
    folder.mkdir(exist_ok=True)
    geojson = folder / f"{dataset_id}.geojson"
    geopackage = folder / f"{dataset_id}.gpkg"
    write_geojson(target, geojson, dataset_id)
    write_geopackage(layer, geopackage, dataset_id, record)
    reopen_geopackage(geopackage, dataset_id, layer)
    return [geopackage, geojson]


def write_geojson(serving: Path, path: Path, dataset_id: str) -> None:
    """Put the Features of the serving files into one FeatureCollection named after the dataset."""
    summary = read_summary(serving)
    head: dict[str, Any] = {"type": "FeatureCollection", "name": dataset_id}
    if summary.extent_crs84:
        head["bbox"] = summary.extent_crs84
    with path.open("wb") as file, (serving / FRAGMENTS).open("rb") as fragments:
        file.write(orjson.dumps(head)[:-1] + b',"features":[\n')
        shutil.copyfileobj(fragments, file, 1 << 20)
        file.write(b"\n]}\n")


def write_geopackage(layer: Layer, path: Path, dataset_id: str, record: Record) -> None:
    """Write the layer with its own coordinates and attributes; title and abstract stand in ``gpkg_contents``."""
    import pyogrio

    served = served_fields(layer)
    frame = layer.frame.iloc[:, [column for column, _ in served]].copy()
    names = _column_names([field.name for _, field in served])
    frame.columns = names
    for name, (_, field) in zip(names, served, strict=True):
        if field.type in ("json", "time"):
            frame[name] = _as_text(json_values(frame[name], field.type))
    options = {
        "FID": _free("fid", names),
        "IDENTIFIER": record.title.in_language(_LANGUAGE) or dataset_id,
        "DESCRIPTION": record.abstract.in_language(_LANGUAGE),
        "SPATIAL_INDEX": "YES",
    }
    geometries = geometries_of(layer)
    if shapely.get_type_id(geometries).max(initial=-1) < 0 and layer.crs is None:
        options["ASPATIAL_VARIANT"] = "GPKG_ATTRIBUTES"
        placed = frame
    else:
        import geopandas

        options["GEOMETRY_NAME"] = _free("geom", [*names, options["FID"]])
        place = _free("geometry", names)
        placed = geopandas.GeoDataFrame({**frame, place: geometries}, geometry=place, crs=layer.crs)
    path.unlink(missing_ok=True)
    with _fixed_clock():
        pyogrio.write_dataframe(placed, path, layer=dataset_id, driver="GPKG", layer_options=options)


def reopen_geopackage(path: Path, dataset_id: str, layer: Layer) -> None:
    """Open a written GeoPackage as its receivers will, by fiona: another, older GDAL than the one that wrote it.

    Raises RuntimeError where it does not show the same layer, count, attributes and reference system: such a file is
    never published.
    """
    import fiona
    import pyproj

    names = _column_names([field.name for _, field in served_fields(layer)])
    with fiona.open(path, layer=dataset_id, enabled_drivers=["GPKG"]) as opened:
        found = {"count": len(opened), "attributes": list(opened.schema["properties"])}
        told = opened.crs_wkt
        first = next(iter(opened), None)
    if found != {"count": len(layer), "attributes": names} or (first is None and len(layer)):
        raise RuntimeError(f"the GeoPackage of {dataset_id} reads as {found}")
    coded = layer.crs is not None and ":" in layer.crs[:10]  # WKT without a code may be worded anew by either GDAL
    if coded and not pyproj.CRS(told).equals(pyproj.CRS(layer.crs), ignore_axis_order=True):
        raise RuntimeError(f"the GeoPackage of {dataset_id} reads in another reference system: {told[:80]}")


def _column_names(names: Iterable[str]) -> list[str]:
    """The names, told apart where SQLite would not: it does not see capitals."""
    found: list[str] = []
    for name in names:
        found.append(_free(name or "field", found))
    return found


def _free(name: str, taken: Iterable[str]) -> str:
    used = {each.casefold() for each in taken}
    candidate, number = name, 2
    while candidate.casefold() in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _as_text(values: Iterable[Any]) -> list[str | None]:
    return [value if value is None or isinstance(value, str) else orjson.dumps(value).decode() for value in values]


@contextmanager
def _fixed_clock() -> Iterator[None]:
    """GeoPackages hold the time of their last change; ours is fixed, so that equal content is equal bytes."""
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
