"""For each rule that the reader of a file sees one file with that one defect, made by code; clean files beside them.

``read`` looks at a file as the child does, in this process, so that a rule can be switched off in the table.
"""

from __future__ import annotations

import sqlite3
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pytest
import shapely

from geoportal.ingest import gdal, sandbox
from geoportal.ingest.intake import OUT, SOURCE, WORK, take_in
from geoportal.ingest.join import JoinWish, RegionLayer, lay_beside
from geoportal.ingest.refusal import UnreadableSource, note_of
from geoportal.model.references import NO_REFERENCES
from geoportal.model.report import Report
from geoportal.model.specification import Specification
from geoportal.settings import IngestSettings
from tests.checks.planted.twins import REGION, profile
from tests.ingest import makers

UTM = "EPSG:32750"
SPEC = profile("bebas")
LIMITS = IngestSettings().model_dump(include={"max_mb", "memory_mb", "cpu_s", "max_fields"})


@dataclass(frozen=True)
class File:
    """A file with one defect, and what the officer says with it. ``also`` names findings that cannot be had apart from
    it, each with the reason.
    """

    make: Callable[[Path], Path]
    crs: str | None = None
    layer: str | None = None
    join: Callable[[Path], JoinWish] | None = None
    also: Mapping[str, str] = field(default_factory=dict)


def read(file: File, folder: Path, spec: Specification = SPEC) -> Report:
    """The report on a file that is made in ``folder``."""
    folder.mkdir(parents=True)
    path, staging = file.make(folder), folder / "staging"
    try:
        source = take_in(path, staging, LIMITS["max_mb"] << 20)
    except UnreadableSource as error:
        return sandbox._report([note_of(error)], spec)
    wish = lay_beside(file.join(folder), staging / SOURCE) if file.join else None
    assert all((staging / name).is_dir() for name in (SOURCE, WORK, OUT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gdal, "keep_drivers", lambda _: None)  # the child ends afterwards, this process does not
        report, _ = sandbox.inspect(
            {
                "staging": str(staging), "file": source.name, "name": path.name, "layer": file.layer, "crs": file.crs,
                "write": False, "spec": spec.as_dict(), "region": REGION.as_dict(), "faults": False,
                "join": wish.as_dict() if wish else None, "references": NO_REFERENCES.as_dict(), "limits": LIMITS,
            }
        )  # fmt: skip
    return report


# One maker a kind of file --------------------------------------------------------------------------------------------


def content(name: str, written: str | bytes) -> Callable[[Path], Path]:
    """A file of this content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(written.encode() if isinstance(written, str) else written)
        return path

    return make


def table(text: str | bytes) -> Callable[[Path], Path]:
    """A delimited table."""
    return content("tabel.csv", text)


def points(*features: Any, **members: Any) -> Callable[[Path], Path]:
    """A GeoJSON of points."""
    return lambda folder: makers.geojson(
        folder / "titik.geojson", *(features or (makers.point(nama="Loa Kulu"), makers.point(117.1, nama="Muara"))),
        **members,
    )  # fmt: skip


def archive(changed: Callable[[dict[str, bytes]], Mapping[str, bytes | str]]) -> Callable[[Path], Path]:
    """A zipped shapefile with its members changed."""
    return lambda folder: makers.zipped(folder / "desa.zip", changed(makers.parts(makers.shapefile(folder / "bagian"))))


def without(suffix: str) -> Callable[[Path], Path]:
    """A zipped shapefile that lacks a part."""
    return archive(lambda members: {name: data for name, data in members.items() if not name.endswith(suffix)})


def texts(*values: bytes, language: int = 0, header_count: int | None = None, **more: bytes) -> Callable[[Path], Path]:
    """A zipped point shapefile with these very bytes in its one text column."""

    def make(folder: Path) -> Path:
        prj = makers.parts(makers.shapefile(folder / "bagian", data=makers.frame(crs="EPSG:4326")))["desa.prj"]
        members = makers.point_shapefile(list(values), language=language, header_count=header_count)
        return makers.zipped(folder / "titik.zip", {**members, "titik.prj": prj, **more})

    return make


def geopackage(*layers: str) -> Callable[[Path], Path]:
    """A GeoPackage with these layers."""

    def make(folder: Path) -> Path:
        path = folder / "data.gpkg"
        for number, name in enumerate(layers):
            makers.geopackage(path, layer=name, append=number > 0)
        return path

    return make


def line_as(wkb: bytes, change: str | None = None) -> Callable[[Path], Path]:
    """A GeoPackage whose one line is this WKB, of a kind that pyogrio cannot write."""

    def make(folder: Path) -> Path:
        path = folder / "garis.gpkg"
        straight = geopandas.GeoDataFrame({"nama": ["ruas"]}, geometry=[shapely.from_wkt(STRAIGHT)], crs="EPSG:4326")
        makers.geopackage(path, straight)
        with sqlite3.connect(path) as connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f'DROP TRIGGER "{trigger}"')
            header = b"GP\0\1" + (4326).to_bytes(4, "little")
            connection.execute("UPDATE desa SET geom = ?", (header + wkb,))
            if change:
                connection.execute(f"UPDATE gpkg_geometry_columns SET {change}")
        connection.close()
        return path

    return make


STRAIGHT = "LINESTRING (117 -0.5, 117.1 -0.4)"
MEASURED = shapely.to_wkb(shapely.from_wkt("LINESTRING M (117 -0.5 1, 117.1 -0.4 2)"), flavor="iso")
ROUND = struct.pack("<BII6d", 1, 8, 3, 117, -0.5, 117.05, -0.45, 117.1, -0.5)  # a CircularString


def workbook(*rows: list[Any], after: Callable[[Any], None] | None = None) -> Callable[[Path], Path]:
    """A workbook with one sheet; ``after`` does something to the book."""

    def make(folder: Path) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        if after:
            after(book)
        book.save(folder / "buku.xlsx")
        return folder / "buku.xlsx"

    return make


def _hidden(book: Any) -> None:
    book.create_sheet("Lama").append(["a", "b"])
    book["Lama"].sheet_state = "hidden"


def drawing(*entities: str, unit: int | None = None) -> Callable[[Path], Path]:
    """A DXF of these entities."""
    from tests.ingest.test_dxf import as_text
    from tests.ingest.test_dxf import drawing as groups

    return lambda folder: as_text(folder / "gambar.dxf", groups(*entities, unit=unit))


LINE = "0 LINE 5 1A 8 JALAN 62 1 10 500000.0 20 9950000.0 11 500100.0 21 9950100.0"
IMAGE = "0 IMAGE 5 1D 8 FOTO 10 0.0 20 0.0"


def geodatabase(*, alias: bool) -> Callable[[Path], Path]:
    """A geodatabase whose field has a list of codes, and perhaps a display name."""

    def make(folder: Path) -> Path:
        from tests.ingest.test_filegdb import geodatabase as built
        from tests.ingest.test_filegdb import with_codes

        path = built(folder, pola=makers.frame(2, fungsi=["1", "2"], nama=["a", "b"]))
        with_codes(path, "pola", "fungsi", "Fungsi kawasan" if alias else "fungsi")
        return path

    return make


def kml(body: str) -> Callable[[Path], Path]:
    """A KML of this body."""
    return content("tempat.kml", f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>')


PLACE = "<Placemark><name>A</name><Point><coordinates>117,-0.5</coordinates></Point></Placemark>"
OVERLAY = "<GroundOverlay><name>x</name><Icon><href>a.png</href></Icon></GroundOverlay>"
LINK = "<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
RING = "<coordinates>117,-1,0 117.1,-1,0 117.1,-0.9,0 117,-1,0</coordinates>"
FLAT = f"<Placemark><Polygon><outerBoundaryIs><LinearRing>{RING}</LinearRing></outerBoundaryIs></Polygon></Placemark>"


def track(folder: Path) -> Path:
    """A GPX of one track."""
    from tests.ingest.test_gpx import gpx, point
    from tests.ingest.test_gpx import track as tracked

    return gpx(
        folder / "jejak.gpx",
        tracked("".join(point("trkpt", -0.5 - n / 10, 117, f"<time>2024-01-31T08:0{n}:00Z</time>") for n in range(3))),
    )


def boxes(folder: Path) -> Path:
    """A GeoParquet with a column of boxes."""
    makers.frame().to_parquet(folder / "desa.parquet", write_covering_bbox=True)
    return folder / "desa.parquet"


def parquet(folder: Path) -> Path:
    """A GeoParquet."""
    makers.frame().to_parquet(folder / "desa.parquet")
    return folder / "desa.parquet"


def image(south_up: bool = False) -> Callable[[Path], Path]:
    """A GeoTIFF, perhaps upside down."""

    def make(folder: Path) -> Path:
        from affine import Affine

        from tests.ingest.test_raster import geotiff

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            place = Affine(10, 0, 500000, 0, 10 if south_up else -10, 9950000)
            return geotiff(folder / "citra.tif", place)

    return make


def lying(folder: Path) -> Path:
    """A zip with a flipped bit in a member."""
    path = folder / "desa.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        target.writestr("desa.shp", b"geometry" * 100)
    path.write_bytes(path.read_bytes().replace(b"geometry", b"geomevry", 1))
    return path


def huge(folder: Path) -> Path:
    """A TIFF that claims a million by a million pixels."""
    path = image()(folder)
    written = path.read_bytes()
    for tag, size in ((256, 50), (257, 40)):
        old = struct.pack("<HHIHH", tag, 3, 1, size, 0)
        assert written.count(old) == 1
        written = written.replace(old, struct.pack("<HHII", tag, 4, 1, 1_000_000))
    path.write_bytes(written)
    return path


# Tables that take the geometry of a region layer ---------------------------------------------------------------------

CODES = ["64.02.01", "64.02.02", "64.02.03"]


def wish(**how: Any) -> Callable[[Path], JoinWish]:
    """A region layer with three codes to join to."""

    def make(folder: Path) -> JoinWish:
        shapes = [shapely.box(116 + number / 10, -1, 116.1 + number / 10, -0.9) for number in range(3)]
        frame = geopandas.GeoDataFrame({"kode": CODES}, geometry=shapes, crs="EPSG:4326")
        path = folder / "kecamatan.gpkg"
        frame.to_file(path, layer="layer")
        region = RegionLayer("kecamatan", 1, "0" * 64, "EPSG:4326", "kode", str(path))
        return JoinWish((region,), **how)

    return make


def codes(*values: str) -> Callable[[Path], Path]:
    """A table with a column of codes and a number each."""
    return table("kode;jumlah\n" + "".join(f"{value};{number}\n" for number, value in enumerate(values, 3)))


DXF = {"field-name-long": "the field EntityHandle, which every drawing has, is too long for a DBF"}
CSV = {
    "table-layout": "every table says how it was read",
    "layer-without-geometry": "a table by itself has no geometry",
}
XY = {"table-layout": "every table says how it was read", "table-coordinates": "and which columns are coordinates"}
UNPLACED = {**XY, "crs-missing": "a table with coordinates never says in which system"}
JOINED = {"table-layout": "every table says how it was read", "table-joined": "and to which layer it was joined"}

FILES: dict[str, File] = {
    # cannot be opened, or not safely
    "source-empty": File(content("kosong.geojson", b"")),
    "source-unreadable": File(content("rusak.geojson", '{"type":"FeatureCollection","features":[')),
    "source-unsafe": File(content("jahat.kml", '<!DOCTYPE kml [<!ENTITY x "y">]><kml>&x;</kml>')),
    "source-too-large": File(huge),
    "format-not-supported": File(content("surat.pdf", b"%PDF-1.7\n" + b"x" * 100)),
    "archive-unsafe": File(archive(lambda members: {**members, "../desa.cpg": b"UTF-8"})),
    "archive-damaged": File(lying),
    "no-layer": File(lambda folder: makers.zipped(folder / "a.zip", {"baca.txt": "x"})),
    "layer-not-found": File(geopackage("desa"), layer="jalan"),
    "fields-too-many": File(points(makers.point(**{f"k{number}": number for number in range(600)}))),
    # readable, but the officer must know
    "layers-several": File(geopackage("desa", "jalan")),
    "crs-conflict": File(geopackage("desa"), crs="EPSG:23837"),
    "crs-from-member": File(
        points(makers.point(500000, 9950000, nama="A"), crs={"type": "name", "properties": {"name": UTM}})
    ),
    "encoding-assumed": File(texts("Jalan Café".encode("cp1252"), language=0x57)),
    "record-count-differs": File(texts(b"a", b"b", header_count=4_000_000)),
    "geometry-curved": File(line_as(ROUND)),
    "geometry-measured": File(line_as(MEASURED, "m = 1")),
    "shx-restored": File(without(".shx")),
    "table-missing": File(without(".dbf")),
    "answer-partial": File(points(numberMatched=500, numberReturned=2)),
    "links-not-followed": File(kml(f"<Document>{LINK}{PLACE}</Document>")),
    "content-not-kept": File(kml(f"<Document>{OVERLAY}{PLACE}</Document>")),
    "reader-message": File(points(makers.point(Nama="a", nama="b"))),
    "raster-placement": File(image(south_up=True), also={"raster-layer": "a picture is never a layer of features"}),
    "raster-layer": File(image()),
    "drawing-unit": File(drawing(LINE, unit=4), crs=UTM, also=DXF),
    "entities-unread": File(drawing(LINE, IMAGE), crs=UTM, also=DXF),
    # harmless
    "codes-kept": File(geodatabase(alias=False)),
    "aliases-left": File(geodatabase(alias=True), also={"codes-kept": "the field has a list of codes too"}),
    "members-left": File(archive(lambda members: {**members, "surat.pdf": b"%PDF"})),
    "text-nul-padded": File(texts(b"Kota\0\0\0")),
    "heights-zero": File(kml(f"<Document>{FLAT}</Document>")),
    "track-points-apart": File(track),
    "bbox-column-left": File(boxes),
    # tables
    "table-layout": File(
        table("nama;jumlah\nA;3\nB;4\n"), also={"layer-without-geometry": CSV["layer-without-geometry"]}
    ),
    "table-title-rows": File(table("Data Penduduk,,\n,,\nnama,jenis,jumlah\nA,x,5\nB,y,6\n"), also=CSV),
    "table-header-lines": File(table("Kec,Jml,,Luas\n,Pria,Wanita,\nA,1,2,3.5\nB,4,5,6.5\n"), also=CSV),
    "table-coordinates": File(
        table("nama,lon,lat\nA,116.5,-0.25\nB,116.6,-0.3\n"),
        crs="EPSG:4326",
        also={"table-layout": CSV["table-layout"]},
    ),
    "table-without-header": File(table("-122,48,place\n-121,47,other\n"), also=CSV),
    "table-rows-ragged": File(table("a,b,c\n1,2,3\n4,5\n6,7,8\n"), also=CSV),
    "table-decimal-comma": File(table("nama;luas\nA;12,5\nB;3,75\n"), also=CSV),
    "table-thousands": File(table("nama,jumlah\nA,1.234.567\nB,999\n"), also=CSV),
    "table-numbers-ambiguous": File(table("nama;jumlah\nA;1.234\nB;12.500\n"), also=CSV),
    "table-codes-as-numbers": File(
        workbook(["kode", "jumlah"], [64.01, 1], [64.1, 2], [64.11, 3]),
        also={**CSV, "code-as-number": "what the workbook did to codes is to be seen in the layer too"},
    ),
    "table-coordinates-unreadable": File(
        table("nama,lon,lat\nA,116.5,-0.25\nB,di sana,-0.5\n"),
        crs="EPSG:4326",
        also={**XY, "geometry-missing": "the row is kept without a place"},
    ),
    "table-coordinates-swapped": File(table("nama,lat,lon\nA,116.5,-0.25\nB,117,0.5\n"), also=UNPLACED),
    "table-cells-without-value": File(workbook(["nama", "jumlah"], ["A", 1], ["B", "=1+1"]), also=CSV),
    "table-merged-cells": File(
        workbook(["nama", "jumlah"], ["A", 1], [None, 2], after=lambda book: book.active.merge_cells("A2:A3")), also=CSV
    ),
    "table-sheets-hidden": File(workbook(["nama", "jumlah"], ["A", 1], ["B", 2], after=_hidden), also=CSV),
    # joins
    "table-joined": File(codes(*CODES), join=wish(), also={"table-layout": CSV["table-layout"]}),
    "join-possible": File(codes(*CODES), join=wish(only_suggest=True), also=CSV),
    "join-impossible": File(codes("a", "b"), join=wish(given=True, column="tiada"), also=CSV),
    "join-unmatched": File(
        codes(*CODES, "64.02.99"), join=wish(), also={**JOINED, "geometry-missing": "the row is kept without a place"}
    ),
    "join-duplicate": File(
        codes(*CODES, CODES[0]),
        join=wish(),
        also={
            **JOINED,
            "geometry-duplicate": "both rows take the same area",
            "coverage-overlap": "and so lie on each other",
        },
    ),
    "join-missing": File(codes(*CODES[:2]), join=wish(), also=JOINED),
}
"""Rule -> its planted file."""

CLEAN: dict[str, File] = {
    "geojson": File(points()),
    "shapefile": File(archive(lambda members: members)),
    "geopackage": File(geopackage("desa")),
    "kml": File(kml(f"<Document>{PLACE}</Document>")),
    "geoparquet": File(parquet),
    "text of a shapefile": File(texts(b"Loa Kulu", b"Muara")),
}
"""Clean files, one a format: nothing is found in them."""
