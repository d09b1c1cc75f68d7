"""A layer goes in by each format that is read, is published, and comes out of each download over HTTP as it was.

In: as GIS programs write them. Out: gpkg, shp.zip, csv, fgb and parquet in the source's reference system and to the
last bit of what the source said; geojson and kml within 1e-9 degrees. A format that rounds what it is given (DXF, GML,
MapInfo) is compared with what it said itself.
"""

from __future__ import annotations

import csv
import io
import json
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fiona
import geopandas
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from geoportal.actions.publish import publish
from geoportal.actions.submit import submit
from geoportal.ingest import sniff
from geoportal.ingest.formats import FINDERS
from geoportal.model.access import Actor, Role
from geoportal.node import Node
from geoportal.settings import PROJECT, Settings
from tests.processes import ServedNode, serving

ADMIN = Actor("uji", Role.ADMIN)
DEGREES = 1e-9
EXTENSIONS = ("gpkg", "shp.zip", "geojson", "csv", "kml", "fgb", "parquet")
NAMES = ["Loa Kulu", "Muara Kaman", "Anggana — é", 'Tenggarong "Seberang"', "Kembang Janggut 🌴"]
CODES = ["64.02.01", "64.02.02", "64.02.03", "64.02.04", "064"]


def areas(crs: str) -> geopandas.GeoDataFrame:
    """Five polygons with holes, codes, names, whole and real numbers."""
    rings = [shapely.Point(116.5 + n / 10, -0.4 + n / 20).buffer(0.03, quad_segs=3) for n in range(5)]
    shapes = [ring.difference(shapely.affinity.scale(ring, 0.3, 0.3)) for ring in rings]
    return frame(shapes, crs)


def points(crs: str) -> geopandas.GeoDataFrame:
    return frame([shapely.Point(round(116.5 + n / 7, 7), round(-0.4 + n / 9, 7)) for n in range(5)], crs)


def frame(shapes: list[shapely.Geometry], crs: str) -> geopandas.GeoDataFrame:
    columns = {
        "kode": CODES,
        "nama": NAMES,
        "jumlah": [1, -2, 3, 400_000, 2_000_000_000],
        "luas": [0.5, 1 / 3, 1e6, 7, 8.25],
    }
    return geopandas.GeoDataFrame(columns, geometry=geopandas.GeoSeries(shapes, crs=4326).to_crs(crs))


@dataclass(frozen=True)
class Sent:
    """A file as it is sent in, and what it says: the layer that must come out again."""

    path: Path
    said: geopandas.GeoDataFrame
    crs: str | None = None
    columns: tuple[str, ...] = ("kode", "nama", "jumlah", "luas")


def by_gdal(
    driver: str, name: str, crs: str = "EPSG:32750", shape: Callable[[str], geopandas.GeoDataFrame] = areas, **more: str
):
    """What GDAL writes, and what it then reads of it: some formats round."""

    def write(folder: Path) -> Sent:
        path = folder / name
        layer = areas(crs)
        pyogrio.write_dataframe(layer, path, driver=driver, layer="uji", encoding="UTF-8", **more)
        said = pyogrio.read_dataframe(path, use_arrow=False)
        return Sent(path, said.set_crs(crs, allow_override=True))

    return write


def zipped(write: Callable[[Path], Sent], name: str) -> Callable[[Path], Sent]:
    """The parts of a format of several files, in a zip."""

    def pack(folder: Path) -> Sent:
        parts = folder / "bagian"
        parts.mkdir()
        sent = write(parts)
        target = folder / name
        with zipfile.ZipFile(target, "w") as archive:
            for part in sorted(parts.rglob("*")):
                if part.is_file():
                    archive.write(part, part.relative_to(parts))
        return Sent(target, sent.said, sent.crs, sent.columns)

    return pack


def as_parquet(folder: Path) -> Sent:
    layer = areas("EPSG:9490")
    layer.to_parquet(folder / "uji.parquet")
    return Sent(folder / "uji.parquet", layer)


def as_arrow(folder: Path) -> Sent:
    layer = areas("EPSG:9490")
    layer.to_feather(folder / "uji.feather", compression="uncompressed")
    return Sent(folder / "uji.feather", layer)


def as_csv(folder: Path) -> Sent:
    """As a spreadsheet in Indonesian writes it: semicolons, decimal commas."""
    layer = points("EPSG:4326")
    table = pd.DataFrame(layer.drop(columns="geometry"))
    table["bujur"], table["lintang"] = layer.geometry.x, layer.geometry.y
    table.to_csv(folder / "uji.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig")
    return Sent(folder / "uji.csv", layer, "EPSG:4326")


def as_wkt(folder: Path) -> Sent:
    layer = areas("EPSG:32750")
    table = pd.DataFrame(layer.drop(columns="geometry"))
    table["wkt"] = layer.geometry.to_wkt(rounding_precision=-1)
    table.to_csv(folder / "uji.csv", index=False)
    said = layer.set_geometry(shapely.from_wkt(table["wkt"].to_list()), crs="EPSG:32750")
    return Sent(folder / "uji.csv", said, "EPSG:32750")


def as_xlsx(folder: Path) -> Sent:
    layer = points("EPSG:4326")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["kode", "nama", "jumlah", "luas", "bujur", "lintang"])
    for row in layer.itertuples(index=False):
        sheet.append([row.kode, row.nama, row.jumlah, row.luas, row.geometry.x, row.geometry.y])
    book.save(folder / "uji.xlsx")
    return Sent(folder / "uji.xlsx", layer, "EPSG:4326")


def as_gpx(folder: Path) -> Sent:
    layer = points("EPSG:4326").rename(columns={"nama": "name"})[["name", "geometry"]]
    pyogrio.write_dataframe(layer, folder / "uji.gpx", driver="GPX", layer="waypoints")
    said = pyogrio.read_dataframe(folder / "uji.gpx", layer="waypoints", use_arrow=False)
    return Sent(folder / "uji.gpx", said[["name", "geometry"]], None, ("name",))


def as_dxf(folder: Path) -> Sent:
    lines = areas("EPSG:32750")
    lines["geometry"] = lines.geometry.exterior
    pyogrio.write_dataframe(lines[["geometry"]].assign(Layer="0"), folder / "uji.dxf", driver="DXF")
    said = pyogrio.read_dataframe(folder / "uji.dxf", use_arrow=False)[["Layer", "geometry"]]
    return Sent(folder / "uji.dxf", said.set_crs("EPSG:32750", allow_override=True), "EPSG:32750", ())


_WIDE = {"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
WAYS_IN: dict[str, tuple[str, Callable[[Path], Sent]]] = {
    "gpkg": (sniff.SQLITE, by_gdal("GPKG", "uji.gpkg", "EPSG:23837")),
    "geojson": (sniff.JSON, by_gdal("GeoJSON", "uji.geojson", "EPSG:4326", RFC7946="NO", COORDINATE_PRECISION="15")),
    "geojsonseq": (
        "GeoJSON text sequence",
        by_gdal("GeoJSONSeq", "uji.geojsonl", "EPSG:4326", COORDINATE_PRECISION="15"),
    ),
    "shapefile": (sniff.SHAPEFILE, zipped(by_gdal("ESRI Shapefile", "uji.shp"), "uji.zip")),
    "flatgeobuf": ("FlatGeobuf", by_gdal("FlatGeobuf", "uji.fgb", "EPSG:9470")),
    "geoparquet": ("Parquet", as_parquet),
    "arrow": ("Arrow", as_arrow),
    "kml": ("KML", by_gdal("LIBKML", "uji.kml", "EPSG:4326")),
    "gml": ("GML", by_gdal("GML", "uji.gml")),
    "gpx": ("GPX", as_gpx),
    "mapinfo": ("MapInfo MIF", zipped(by_gdal("MapInfo File", "uji.mif", FORMAT="MIF"), "uji.zip")),
    "mapinfo tab": ("MapInfo TAB", zipped(by_gdal("MapInfo File", "uji.tab"), "uji.zip")),
    "filegdb": ("File Geodatabase", zipped(by_gdal("OpenFileGDB", "uji.gdb", **_WIDE), "uji.gdb.zip")),
    "dxf": ("DXF", as_dxf),
    "csv": ("CSV", as_csv),
    "csv wkt": ("CSV", as_wkt),
    "xlsx": ("XLSX", as_xlsx),
}
"""A way in -> the kind that must be among the formats read (``formats.FINDERS``), and what writes a file."""

IN_ZIP_ONLY = {"File Geodatabase"}
READ = {name: write for name, (kind, write) in WAYS_IN.items() if kind in FINDERS or kind in IN_ZIP_ONLY}


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[ServedNode]:
    with serving(tmp_path_factory.mktemp("round") / "data", workers=1) as served:
        yield served


@pytest.fixture(scope="module")
def stores(node: ServedNode) -> Iterator[Node]:
    """The data of the served node, opened by another process as the command line does it."""
    opened = Node(Settings.model_validate({"storage": {"data": node.data}, "config": PROJECT / "config"}))
    yield opened
    opened.close()


def test_every_format_that_is_read_has_a_way_in():
    known = {kind for kind, _ in WAYS_IN.values()}
    assert set(FINDERS) - known <= {"TIFF"}  # rasters are judged, and not served yet


@pytest.mark.parametrize("name", READ)
def test_in_published_and_out(name, node, stores, tmp_path):
    sent = READ[name](tmp_path)
    dataset_id = f"uji_{name.replace(' ', '_')}"
    submit(stores, ADMIN, dataset_id, sent.path, title="Uji", spec="bebas", crs=sent.crs)
    publish(stores, ADMIN, dataset_id)
    collection = json.loads(fetched(f"{node.url}/ogc/collections/{dataset_id}?f=json"))
    links = {
        link["href"].partition(f"/{dataset_id}.")[2]: link for link in collection["links"] if link["rel"] == "enclosure"
    }
    assert tuple(links) == EXTENSIONS
    for extension, link in links.items():
        body = fetched(link["href"])
        assert len(body) == link["length"], extension
        path = tmp_path / f"{dataset_id}.{extension}"
        path.write_bytes(body)
        expect_same(extension, path, sent)


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
    return body


def expect_same(extension: str, path: Path, sent: Sent) -> None:
    rows, shapes, crs = READERS[extension](path)
    said, degrees = sent.said, extension in ("geojson", "kml")
    assert len(rows) == len(shapes) == len(said), extension
    source = said.crs
    assert crs is None or crs.equals(pyproj.CRS("EPSG:4326" if degrees else source), ignore_axis_order=True), extension
    expected = said.geometry.to_crs("OGC:CRS84" if degrees else source).to_numpy()
    # FlatGeobuf has an order of its own: features are told apart by their key, else by where they are.
    key = sent.columns[0] if sent.columns else None
    found_keys = [row[key] if key else tuple(vertices(shape)[0]) for row, shape in zip(rows, shapes, strict=True)]
    said_keys = said[key].tolist() if key else [tuple(vertices(shape)[0]) for shape in expected]
    order = sorted(range(len(rows)), key=found_keys.__getitem__)
    other = sorted(range(len(said)), key=said_keys.__getitem__)
    for column in sent.columns:
        found = [rows[n][column] for n in order]
        wanted = [said[column].iloc[n] for n in other]
        same = found == wanted if isinstance(wanted[0], str) else [float(value) for value in found] == wanted
        assert same, (extension, column, found, wanted)
    for n, m in zip(order, other, strict=True):
        mine, theirs = vertices(shapes[n]), vertices(expected[m])
        if degrees:
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=DEGREES, err_msg=extension)
        else:
            np.testing.assert_array_equal(mine, theirs, err_msg=extension)


def vertices(shape: shapely.Geometry) -> np.ndarray:
    """All coordinates in an order of their own: rings may run the other way, parts may be Multi."""
    found = shapely.get_coordinates(shape)
    return found[np.lexsort(np.round(found, 6).T)]


def by_fiona(path: Path, inside: str = ""):
    place = f"zip://{path}!{inside}" if inside else path
    with fiona.open(place) as opened:
        rows = [dict(feature["properties"]) for feature in opened]
    seen = pyogrio.read_dataframe(f"/vsizip/{path}/{inside}" if inside else path, columns=[], use_arrow=False)
    return rows, seen.geometry.to_numpy(), pyproj.CRS(seen.crs)


def by_zip(path: Path):
    with zipfile.ZipFile(path) as archive:
        (inside,) = [name for name in archive.namelist() if name.endswith(".shp")]
    return by_fiona(path, inside)


def by_geojson(path: Path):
    features = json.loads(path.read_bytes())["features"]
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]
    return [feature["properties"] for feature in features], shapes, None


def by_csv(path: Path):
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    wkt = next(name for name in ("wkt_2", "wkt") if name in rows[0])
    return rows, shapely.from_wkt([row[wkt] for row in rows]), None


def by_kml(path: Path):
    seen = pyogrio.read_dataframe(path, use_arrow=False)
    rows = seen.drop(columns="geometry").rename(columns={"Name": "name"}).to_dict("records")
    return rows, seen.geometry.to_numpy(), pyproj.CRS(seen.crs)


def by_parquet(path: Path):
    seen = geopandas.read_parquet(path)
    return seen.drop(columns="geometry").to_dict("records"), seen.geometry.to_numpy(), pyproj.CRS(seen.crs)


READERS = {
    "gpkg": by_fiona,
    "shp.zip": by_zip,
    "geojson": by_geojson,
    "csv": by_csv,
    "kml": by_kml,
    "fgb": by_fiona,
    "parquet": by_parquet,
}
