"""Small good files in every format that is read, made by other people's writers, and the damage that mutants carry."""

import random
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import openpyxl
import rasterio
import shapely
from pyogrio import write_dataframe
from rasterio.transform import from_origin

from tests.ingest import makers

DXF = (
    "0 SECTION 2 ENTITIES 0 LINE 5 1A 8 JALAN 62 1 10 116.5 20 -0.5 11 116.6 21 -0.4"
    " 0 POINT 8 T 10 116 20 0 0 ENDSEC 0 EOF"
)


def _areas() -> geopandas.GeoDataFrame:
    shapes = [shapely.box(116 + n / 10, -0.5, 116.05 + n / 10, -0.4) for n in range(3)]
    return geopandas.GeoDataFrame({"nama": ["Loa", "Désa", "X"], "n": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326")


def _by_gdal(driver: str, **options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_dataframe(_areas(), path, driver=driver, **options)

    return write


def _geodatabase(path: Path) -> None:
    folder = path.with_suffix("")
    write_dataframe(_areas().astype({"n": "int32"}), folder, layer="desa", driver="OpenFileGDB")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"{folder.name}/{part.name}")


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["nama", "lon", "lat"], ["Loa", 116.5, -0.5], ["Désa", 116.6, -0.4]):
        book.active.append(row)
    book.save(path)


def _mapinfo(path: Path) -> None:
    folder = path.with_suffix("")
    folder.mkdir()
    _by_gdal("MapInfo File")(folder / "desa.tab")
    makers.zipped(path, {part.name: part.read_bytes() for part in sorted(folder.iterdir())})


def _raster(path: Path) -> None:
    place = {"crs": "EPSG:32750", "transform": from_origin(500000, 9950000, 10, 10)}
    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=16, count=1, dtype="uint8", compress="lzw", **place
    ) as target:
        target.write(np.arange(320, dtype="uint8").reshape(1, 16, 20) % 7)


def _shapefile(path: Path) -> None:
    members = makers.point_shapefile(["Kutai é".encode(), b"Loa"])
    makers.zipped(path, {**members, "titik.cpg": b"UTF-8", "titik.prj": b'GEOGCS["x"]'})


def _texts(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text, "utf-8") and None


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.geojson": lambda path: makers.geojson(path, *[makers.point(nama=f"Desa {n}", id=n) for n in range(3)]) and None,
    "a.geojsonl": _by_gdal("GeoJSONSeq"),
    "a.gpkg": _by_gdal("GPKG", layer="desa"),
    "a.zip": _shapefile,
    "a.gdb.zip": _geodatabase,
    "a.kml": _by_gdal("LIBKML"),
    "a.kmz": _by_gdal("LIBKML"),
    "a.gml": _by_gdal("GML"),
    "a.gpx": _texts(
        '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
        '<wpt lat="-0.5" lon="116.5"><name>Loa</name></wpt><trk><trkseg><trkpt lat="-0.5" lon="116.5"/>'
        '<trkpt lat="-0.4" lon="116.6"/></trkseg></trk></gpx>'
    ),
    "a.fgb": _by_gdal("FlatGeobuf"),
    "a.parquet": lambda path: _areas().to_parquet(path),
    "a.mif.zip": _mapinfo,
    "a.csv": _texts("nama;lon;lat\nLoa;116,5;-0,5\nDésa;116,6;-0,4\n"),
    "a.xlsx": _workbook,
    "a.dxf": _texts("\n".join(DXF.split(" ")) + "\n"),
    "a.tif": _raster,
}


def seeds(folder: Path) -> list[Path]:
    """One small file a format, in ``folder``."""
    folder.mkdir()
    for name, write in WRITERS.items():
        write(folder / name)
    return [folder / name for name in WRITERS]


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The same bytes with up to eight places changed, cut out, doubled or filled."""
    found = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(found))
        match dice.randrange(5):
            case 0:
                found[place] ^= 1 << dice.randrange(8)
            case 1:
                found[place : place + 4] = dice.randbytes(4)
            case 2:
                del found[place : place + dice.choice((1, 16, len(found)))]
            case 3:
                found[place:place] = found[max(0, place - 64) : place]
            case 4:
                found[place : place + 8] = b"\xff" * 8
        if not found:
            break
    return bytes(found)


def mutant(seed: Path, dice: random.Random) -> bytes:
    """A damaged file; of an archive, every second time one member is damaged and the archive is whole."""
    content = seed.read_bytes()
    if not content.startswith(b"PK") or dice.random() < 0.5:
        return damaged(content, dice)
    target = BytesIO()
    with zipfile.ZipFile(seed) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        names = [name for name in source.namelist() if source.getinfo(name).file_size]
        hit = dice.choice(names)
        for name in names:
            archive.writestr(name, damaged(source.read(name), dice) if name == hit else source.read(name))
    return target.getvalue()
