"""Files for the tests of ingest, made by code: small, and odd in one way each."""

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from pyogrio import write_dataframe

SQUARE = [[[116.0, -1.0], [117.0, -1.0], [117.0, 0.0], [116.0, 0.0], [116.0, -1.0]]]


def feature(geometry: Any = None, properties: Any = None, **members: Any) -> dict[str, Any]:
    shape = {"type": "Polygon", "coordinates": SQUARE} if geometry is None else geometry
    return {"type": "Feature", "geometry": shape, "properties": properties or {}, **members}


def point(x: float = 117.0, y: float = -0.5, **properties: Any) -> dict[str, Any]:
    return feature({"type": "Point", "coordinates": [x, y]}, properties)


def geojson(path: Path, *features: Any, **members: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}), "utf-8")
    return path


def frame(count: int = 3, crs: str | None = "EPSG:32750", **columns: Any) -> geopandas.GeoDataFrame:
    values = columns or {"nama": [f"Desa {n}" for n in range(count)], "kode": [f"64.02.0{n}" for n in range(count)]}
    x = 500000 + 1000 * np.arange(count)
    return geopandas.GeoDataFrame(values, geometry=shapely.points(x, np.full(count, 9950000.0)), crs=crs)


def shapefile(folder: Path, name: str = "desa", data: geopandas.GeoDataFrame | None = None, **options: Any) -> Path:
    """The .shp of a shapefile in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.shp"
    write_dataframe(frame() if data is None else data, path, driver="ESRI Shapefile", **options)
    return path


def zipped(path: Path, members: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def parts(shp: Path) -> dict[str, bytes]:
    return {part.name: part.read_bytes() for part in sorted(shp.parent.glob(f"{shp.stem}.*"))}


def zipped_shapefile(tmp_path: Path, name: str = "desa", leave_out: tuple[str, ...] = (), **options: Any) -> Path:
    shp = shapefile(tmp_path / f"parts-{name}", name, **options)
    members = {n: content for n, content in parts(shp).items() if Path(n).suffix not in leave_out}
    return zipped(tmp_path / f"{name}.zip", members)


def geopackage(path: Path, data: geopandas.GeoDataFrame | None = None, layer: str = "desa", **options: Any) -> Path:
    write_dataframe(frame() if data is None else data, path, layer=layer, driver="GPKG", **options)
    return path


def point_shapefile(
    texts: list[bytes], width: int = 20, language: int = 0, header_count: int | None = None
) -> dict[str, bytes]:
    """The parts of a point shapefile with one text column ``NAMA``, byte for byte."""
    count = len(texts)
    shapes = b"".join(
        struct.pack(">2i", n + 1, 10) + struct.pack("<idd", 1, 117.0 + n / 100, -0.5) for n in range(count)
    )
    index = b"".join(struct.pack(">2i", 50 + 14 * n, 10) for n in range(count))

    def header(size: int) -> bytes:
        start = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + size) // 2)
        return start + struct.pack("<2i", 1000, 1) + struct.pack("<8d", 117, -0.5, 118, -0.5, 0, 0, 0, 0)

    described = b"NAMA".ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    rows = b"".join(b" " + text.ljust(width, b" ")[:width] for text in texts)
    claimed = count if header_count is None else header_count
    start = struct.pack("<4BIHH", 3, 126, 11, 24, claimed, 65, 1 + width) + bytes(17) + bytes([language, 0, 0])
    return {
        "titik.shp": header(len(shapes)) + shapes,
        "titik.shx": header(len(index)) + index,
        "titik.dbf": start + described + b"\r" + rows,
    }


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)
