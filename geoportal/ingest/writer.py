"""The layer in our own words: one GeoPackage, the same layer always giving the same bytes.

One table ``layer``, features in the order of the source with fid 1..n, geometry in the source's reference system and
with its very numbers (x before y), every attribute, and the source's own ids in ``model.layer.ID_COLUMN`` where it
has any.
"""

from __future__ import annotations

import errno
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyogrio.raw import write_arrow

from geoportal.ingest import gdal
from geoportal.ingest.columns import as_arrow, free_name
from geoportal.ingest.crs import GEOJSON_DEFAULT
from geoportal.model.layer import GEOMETRY_TYPES, ID_COLUMN, Layer

LAYER = "layer"


def write_layer(layer: Layer, target: Path) -> None:
    """Write a layer to the new file ``target``. Raises OSError when the file cannot be written whole; what was
    written is then removed.
    """
    gdal.configure()
    arrays, described = as_arrow(layer.frame, layer.fields)
    if layer.ids is not None:
        arrays.append(pa.array(layer.ids, pa.string()))
        described.append(pa.field(ID_COLUMN, pa.string()))
    names = [field.name for field in described]
    options = {"FID": free_name("fid", names), "DESCRIPTION": "", "IDENTIFIER": LAYER}
    geometry_name, geometry_type, crs = None, None, None
    if layer.geometry_type is not None:
        geometry_name = free_name("geom", [*names, options["FID"]])
        options["GEOMETRY_NAME"] = geometry_name
        values = np.asarray(layer.frame.geometry.to_numpy(), dtype=object)
        geometry_type = _declared(values)
        metadata = {"ARROW:extension:name": "geoarrow.wkb"}
        arrays.append(pa.array(shapely.to_wkb(values, flavor="iso"), pa.binary()))
        described.append(pa.field(geometry_name, pa.binary(), metadata=metadata))
        # A GeoPackage always holds x before y, so there CRS84 and EPSG:4326 are one, and every program knows the
        # second.
        crs = "EPSG:4326" if layer.crs == GEOJSON_DEFAULT else layer.crs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_arrow(
                pa.table(arrays, schema=pa.schema(described)),
                str(target),
                layer=LAYER,
                driver="GPKG",
                geometry_name=geometry_name,
                geometry_type=geometry_type,
                crs=crs,
                layer_options=options,
            )
    except Exception as error:  # of any kind: half a file must not stay
        target.unlink(missing_ok=True)
        raise OSError(errno.EIO, f"layer.gpkg could not be written: {error}") from error


def _declared(values: np.ndarray) -> str:
    """The geometry type of the table: the one that all features have, with Z where all of them have heights."""
    present = values[~shapely.is_missing(values)]
    kinds = np.unique(shapely.get_type_id(present))
    if len(kinds) != 1:
        return "Unknown"
    name = GEOMETRY_TYPES[int(kinds[0])]
    return f"{name} Z" if name != "Unknown" and shapely.has_z(present).all() else name
