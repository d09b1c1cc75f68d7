"""One layer that keeps each rule and one that breaks it. ``test_rules`` fails when a rule has no pair here."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

import geopandas
import pyproj
import shapely

from geoportal.model.kugi import KugiLists
from geoportal.model.layer import Layer
from geoportal.model.references import NO_REFERENCES, CodeList, ReferenceLayer, References, RegionCode
from geoportal.model.region import Region
from geoportal.model.report import Severity
from geoportal.model.specification import Comparison, CoveredBy, FieldSpecification, Specification
from geoportal.model.text import LocalText
from tests.factories import make_layer, squares

CANDIDATES = ("EPSG:4326", "EPSG:9470", "EPSG:32750", "EPSG:32650", "EPSG:23837", "EPSG:23838")
REGION = Region(LocalText("Kutai Contoh", "Sample Kutai"), "64.02", (115.4, -1.2, 117.7, 1.5), CANDIDATES)
PLAIN = Specification("uji", "bebas")
POINT = "POINT (116.5 -0.5)"
BOWTIE = "POLYGON ((116 0, 116.1 0.1, 116.1 0, 116 0.1, 116 0))"
SQUARE = "POLYGON ((116 0, 116.1 0, 116.1 0.1, 116 0.1, 116 0))"
SQUARE_CLOCKWISE = "POLYGON ((116 0, 116 0.1, 116.1 0.1, 116.1 0, 116 0))"


@dataclass(frozen=True)
class Example:
    """A pair of layers for one rule, the specification that asks for it, how often the second breaks it, and what
    both are compared with.
    """

    good: Callable[[], Layer]
    bad: Callable[[], Layer]
    spec: Specification = PLAIN
    count: int = 1
    references: References = NO_REFERENCES
    beside: Mapping[str, Layer] = dataclass_field(default_factory=dict)


def spec(**parts: Any) -> Specification:
    """A specification of the profile bebas with some parts."""
    return Specification("uji", "bebas", **parts)


def field(name: str, **parts: Any) -> Specification:
    """A specification of one field."""
    return spec(fields=(FieldSpecification(name, **parts),))


def points(*places: tuple[float, float], **columns: Any) -> Layer:
    """A layer of points."""
    return make_layer([shapely.Point(*place) for place in places], **columns)


def two(**columns: Any) -> Callable[[], Layer]:
    """Two points with columns."""
    return lambda: points((116.0, -0.5), (116.1, -0.4), **columns)


KUGI = References(kugi=KugiLists(("B", "C", "G"), {"TIPADM": ("1", "2", "999")}, ("ADMINISTRASI_AR_DESAKEL",)))
CODES = field("FCODE", means="kugi-code")
PLAN = Specification("uji", "rtrw")

BESIDE = {
    "kecamatan": make_layer(squares(2, 1), kode=["64.02.01", "64.02.02"]),
    "pulau": points((116.0, -0.5), (116.1, -0.4), kode=["64.02.40001", "64.02.40002"]),
}
IN_KECAMATAN = spec(covered_by=(CoveredBy("kecamatan", "kec", "kode"),))
LABELS = spec(fields=(FieldSpecification("lng", means="label-x"), FieldSpecification("lat", means="label-y")))

FOLDER = tempfile.TemporaryDirectory(prefix="geoportal-examples-")  # goes with the process
AREAS_OF = {
    "64.02.01": shapely.box(116.2, -0.9, 116.3, -0.8),
    "64.02.02": shapely.box(116.3, -0.9, 116.4, -0.8),
    "64.02.03": shapely.box(116.4, -0.9, 116.5, -0.8),
}
NAMELESS = pyproj.CRS.from_user_input("+proj=tmerc +lon_0=117 +k=0.9996 +x_0=500000 +y_0=1e7 +datum=WGS84").to_wkt()


def region_layer(name: str = "kecamatan", areas: Mapping[str, Any] = AREAS_OF) -> References:
    """A region layer of the node, written to a file as the node would have it."""
    path = Path(FOLDER.name) / f"{name}.gpkg"
    frame = geopandas.GeoDataFrame({"kode": list(areas)}, geometry=list(areas.values()), crs="EPSG:4326")
    frame.to_file(path)
    return References(layers=(ReferenceLayer(name, str(path), "kode", name.title()),))


def stated(
    meant: str,
    said: str | None = None,
    *,
    swapped: bool = False,
    flipped: bool = False,
    areas: Mapping[str, Any] = AREAS_OF,
) -> Callable[[], Layer]:
    """Three areas with codes in the system ``meant`` whose file says that they are in ``said``."""

    def layer() -> Layer:
        frame = geopandas.GeoSeries(list(areas.values()), crs="EPSG:4326").to_crs(meant)
        shapes = frame.to_numpy()
        if swapped:
            shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
        if flipped:
            shapes = shapely.transform(shapes, lambda xy: xy * [1, -1])
        return make_layer(shapes, said or meant, kode=list(areas))

    return layer


AREAS = region_layer()


def lines(*shapes: str, **columns: Any) -> Callable[[], Layer]:
    """Lines near (116, 0), their coordinates in thousandths of a degree (111 m)."""

    def made() -> Layer:
        drawn = [shapely.from_wkt(f"LINESTRING ({shape})") for shape in shapes]
        return make_layer(shapely.transform(drawn, lambda xy: xy / 1000 + [116, 0]), **columns)

    return made


def village(shift: float) -> Callable[[], Layer]:
    """A square in the first kecamatan, moved east by some degrees."""
    return lambda: make_layer([shapely.box(116.002 + shift, -0.498, 116.006 + shift, -0.494)], kec=["640201"])


def codes(edition: str, names: Mapping[str, str], authority: str = "Kepmendagri") -> CodeList:
    """A list of region codes: code -> name, or for changes the new code -> the old one."""
    if authority == "perubahan":
        entries = [RegionCode(code, "", authority, old) for code, old in names.items()]
    else:
        entries = [RegionCode(code, name, "", code.rpartition(".")[0] or None) for code, name in names.items()]
    return CodeList(edition, edition, tuple(entries), authority)


NAMES = {
    "64.02": "Kabupaten Kutai Contoh",
    "64.02.01": "Muara Contoh",
    "64.02.02": "Loa Contoh",
    "64.02.03": "Loa Contoh Darat",
    "64.02.01.1001": "Hulu",
    "64.02.01.2002": "Hilir",
}
REGIONS = References(
    code_lists=(
        codes("Kepmendagri 2/2025", NAMES),
        codes("Kepmendagri 1/2018", {"64.02": "Kabupaten Kutai Contoh", "64.02.09": "Lama"}),
        codes("2022", {"64.02.03": "64.02.02"}, "perubahan"),
    )
)
REGION_CODE = field("kode", means="region-code")
COUNTED = spec(severities={"region-codes-counted": "info"}, fields=REGION_CODE.fields)


EXAMPLES: dict[str, Example] = {
    "geometry-missing": Example(two(), lambda: make_layer([POINT, None])),
    "geometry-empty": Example(two(), lambda: make_layer([POINT, "POINT EMPTY", "POLYGON EMPTY"]), count=2),
    "geometry-not-finite": Example(two(), lambda: make_layer([POINT, "LINESTRING (116 0, NaN 1, 117 1)"])),
    "geometry-invalid": Example(lambda: make_layer([SQUARE]), lambda: make_layer([SQUARE, BOWTIE])),
    "geometry-type-mixed": Example(
        lambda: make_layer([SQUARE, f"MULTI{SQUARE.replace('((', '(((').replace('))', ')))')}"]),
        lambda: make_layer([SQUARE, SQUARE_CLOCKWISE, POINT]),
    ),
    "geometry-simple-and-multi": Example(
        lambda: make_layer([SQUARE, SQUARE_CLOCKWISE]),
        lambda: make_layer([POINT, "MULTIPOINT ((116 0), (116.1 0))"]),
    ),
    "geometry-collection": Example(two(), lambda: make_layer([f"GEOMETRYCOLLECTION ({POINT})"])),
    "geometry-type-unexpected": Example(
        two(), lambda: make_layer([POINT, SQUARE, BOWTIE]), spec(geometry=("Point",)), count=2
    ),
    "geometry-duplicate": Example(
        lambda: make_layer(squares(3, 1)),
        lambda: make_layer([SQUARE, POINT, "POLYGON ((116.1 0.1, 116 0.1, 116 0, 116.1 0, 116.1 0.1))", SQUARE]),
        count=2,
    ),
    "ring-orientation": Example(lambda: make_layer([SQUARE]), lambda: make_layer([SQUARE, SQUARE_CLOCKWISE])),
    "geometry-dimension": Example(two(), lambda: make_layer([POINT, "POINT Z (116 0 25)"])),
    "geometry-near-duplicate": Example(
        lambda: make_layer([SQUARE, SQUARE]),
        lambda: make_layer([SQUARE, SQUARE.replace("116.1 0.1", "116.100001 0.100001")]),
    ),
    "geometry-repeated-points": Example(
        lambda: make_layer([SQUARE]),
        lambda: make_layer(["LINESTRING (116 0, 116 0, 116.1 0, 116.1 0, 116.2 0)"]),
        count=2,
    ),
    "geometry-spike": Example(
        lambda: make_layer([SQUARE]),
        lambda: make_layer(["POLYGON ((116 0, 116.1 0, 116.1 0.05, 116.2 0.05, 116.1 0.050001, 116.1 0.1, 116 0))"]),
    ),
    "ring-tiny": Example(
        lambda: make_layer([SQUARE]),
        lambda: make_layer([SQUARE.replace("))", "), (116.05 0.05, 116.05 0.050005, 116.050005 0.05, 116.05 0.05))")]),
    ),
    "geometry-sliver": Example(
        lambda: make_layer([SQUARE]), lambda: make_layer(["POLYGON ((116 0, 116.1 0, 116.05 0.000005, 116 0))"])
    ),
    "geometry-collapses": Example(
        lambda: make_layer([SQUARE]),
        lambda: make_layer([SQUARE, "POLYGON ((116 0, 116.0000000003 0, 116 0.0000000003, 116 0))"]),
    ),
    "vertices-excessive": Example(
        lambda: make_layer([SQUARE]), lambda: make_layer([shapely.Point(116, 0).buffer(0.001, quad_segs=2000)])
    ),
    "crs-area-of-use": Example(
        lambda: make_layer(["POINT (500000 9950000)"], crs="EPSG:32750"),
        lambda: make_layer(["POINT (500000 9950000)", "POINT (1200000 9950000)"], crs="EPSG:32750"),
    ),
    "antimeridian-crossing": Example(
        lambda: make_layer([SQUARE]), lambda: make_layer([SQUARE, "LINESTRING (117 0, -117 0)"])
    ),
    "crs-missing": Example(two(), lambda: make_layer([POINT], crs=None)),
    "coordinates-outside-domain": Example(two(), lambda: points((116.0, -0.5), (500000.0, 9950000.0))),
    "layer-outside-region": Example(two(), lambda: points((116.0, -0.5), (-0.5, 80.0))),
    "feature-stray": Example(two(), lambda: points((116.0, -0.5), (116.1, -0.4), (-0.4, 80.0))),
    "crs-axes-swapped": Example(stated("EPSG:23837"), stated("EPSG:23837", swapped=True), count=3),
    "crs-sign-lost": Example(stated("EPSG:4326"), stated("EPSG:4326", flipped=True), count=3, references=AREAS),
    "crs-hemisphere": Example(stated("EPSG:32750"), stated("EPSG:32750", "EPSG:32650"), count=3),
    "crs-zone": Example(stated("EPSG:23838"), stated("EPSG:23838", "EPSG:23837"), count=3),
    "crs-degrees-as-metres": Example(stated("EPSG:32750"), stated("EPSG:4326", "EPSG:32750"), count=3),
    "crs-without-authority": Example(two(), stated("EPSG:32750", NAMELESS)),
    "crs-compound": Example(two(), stated("EPSG:4326", "EPSG:4326+5773")),
    "crs-not-official": Example(
        stated("EPSG:9470"), stated("EPSG:4326"), spec(severities={"crs-not-official": Severity.INFO})
    ),
    "crs-datum-shift": Example(stated("EPSG:4326"), stated("EPSG:4326", "EPSG:4238"), references=AREAS),
    "layer-empty": Example(two(), lambda: make_layer([])),
    "layer-without-geometry": Example(two(), lambda: make_layer(None, nama=["Tabang"])),
    "feature-count-unexpected": Example(two(), lambda: points((116.0, 0.0)), spec(expected_features=2)),
    "key-missing": Example(two(kode=["a", "b"]), two(KODE=["a", "b"]), spec(key="kode")),
    "key-null": Example(two(kode=["a", "b"]), two(kode=["a", " "]), spec(key="kode")),
    "key-duplicate": Example(two(kode=["a", "b"]), two(kode=["a", "a"]), spec(key="kode")),
    "field-missing": Example(two(nama=["a", "b"]), two(Nama=["a", "b"]), field("nama")),
    "field-type": Example(two(kode=["32.10", "x"]), two(kode=[32.1, 64.0]), field("kode", type="text")),
    "field-null": Example(two(nama=["a", "b"]), two(nama=[None, ""]), field("nama", required=True), count=2),
    "field-duplicate": Example(two(nama=["a", "b"]), two(nama=["a", "a"]), field("nama", unique=True)),
    "field-pattern": Example(
        two(kode=["64.02.01", None]), two(kode=["640201", "64.02.011"]), field("kode", pattern=r"64\.02\.\d\d"), count=2
    ),
    "field-length": Example(two(nama=["abc", "é€𝄞"]), two(nama=["abcd", "a"]), field("nama", length=3)),
    "field-code": Example(two(jenis=[1.0, 2.0]), two(jenis=["1", "satu"]), field("jenis", codes=("1", "2"))),
    "text-control-characters": Example(two(nama=["a\tb\n", "Muara"]), two(nama=["Mua\u200bra", "a\x07"]), count=2),
    "coverage-overlap": Example(
        lambda: make_layer(squares(3, 3)),
        lambda: make_layer([*squares(2, 1), shapely.box(116.005, -0.5, 116.008, -0.495)]),
    ),
    "coverage-gap": Example(
        lambda: make_layer(squares(3, 3)),
        lambda: make_layer([square for number, square in enumerate(squares(3, 3)) if number != 4]),
    ),
    "kugi-code-missing": Example(two(FCODE=["GD01080040", None]), two(FCODE=[None, " "]), CODES),
    "kugi-code-form": Example(
        two(FCODE=["GD01080040", "GB0020"]), two(FCODE=["GD04080040", "JALAN_LN"]), CODES, count=2
    ),
    "kugi-lcode": Example(two(FCODE=["GD01080040", "GD01080041"]), two(FCODE=["GD01080040", "gb0020"]), CODES),
    "kugi-code-unknown-catalogue": Example(
        two(FCODE=["GD01080040", "CA01040160"]), two(FCODE=["GD01080040", "XA01040160"]), CODES, references=KUGI
    ),
    "kugi-geometry-differs": Example(
        two(FCODE=["GD01080040", "GB0020"]), two(FCODE=["GD01080040", "CA02040160"]), CODES
    ),
    "kugi-scale-mixed": Example(
        two(FCODE=["GD01080040", "GB01080020"]), two(FCODE=["GD01080040", "GD01070040"]), CODES, count=2
    ),
    "kugi-name-old": Example(
        lambda: make_layer([POINT], layer_name="JALAN_LN", FCODE=["CA02040160"]),
        lambda: make_layer([POINT], layer_name="JALAN_LN_25K", FCODE=["CA02040160"]),
        CODES,
    ),
    "kugi-value-unlisted": Example(
        two(FCODE=["GD01080040"] * 2, TIPADM=[1.0, 999.0]),
        two(FCODE=["GD01080040"] * 2, TIPADM=[0.0, 1.0]),
        CODES,
        references=KUGI,
    ),
    "srs-id-differs": Example(two(SRS_ID=["4326", "4326"]), two(SRS_ID=["SRGI 2013", "4326"])),
    "rtrw-name-form": Example(
        lambda: make_layer([POINT], layer_name="_6402_50KB_RTRW_KABUPATEN_CONTOH_2025"),
        lambda: make_layer([POINT], layer_name="pola ruang final"),
        PLAN,
    ),
    "field-renamed": Example(
        two(KDEPUM=["a", "b"]), two(kode_desa=["a", "b"]), field("KDEPUM", aliases=("KODE DESA",))
    ),
    "field-extra": Example(two(nama=["a", "b"]), two(nama=["a", "b"], catatan=["x", "y"]), field("nama")),
    "field-name-long": Example(two(kode_kecam=["a", "b"]), two(kode_kecamatan=["a", "b"])),
    "field-names-collide-after-cut": Example(
        two(kode_kec=["a", "b"], kode_desa=["a", "b"]),
        two(kode_wilayah_kec=["a", "b"], KODE_WILAYAH_DESA=["a", "b"]),
        count=2,
    ),
    "field-range": Example(
        two(lebar=[2.0, 6.0]), two(lebar=["-9999", "6.01"]), field("lebar", minimum=2, maximum=6), count=2
    ),
    "fields-disagree": Example(
        two(mulai=[2020, 2021], selesai=[2021, 2021]),
        two(mulai=[2020, 2021], selesai=[2021, 2020]),
        spec(comparisons=(Comparison("mulai", "<=", "selesai"),)),
    ),
    "date-implausible": Example(two(tanggal=["2024-04-03", "2024-02-29"]), two(tanggal=["2024-04-03", "2023-02-29"])),
    "text-mojibake": Example(two(nama=["Café", "10 m²"]), two(nama=["CafÃ©", "Kota"])),
    "text-trailing-blanks": Example(two(nama=["Kota Baru", " "]), two(nama=["Kota Baru ", "Kota"])),
    "code-as-number": Example(two(kode=["64.02", "32.10"]), two(kode=[64.02, 32.1])),
    "region-code-unknown": Example(
        two(kode=["64.02.01", "64.02.09"]), two(kode=["64.02.01", "64.02.08"]), REGION_CODE, references=REGIONS
    ),
    "region-code-placeholder": Example(
        two(kode=["64.02.01", "64.02.02"]), two(kode=["64.--.--", "64.02.00"]), REGION_CODE, 2, references=REGIONS
    ),
    "region-code-format": Example(
        two(kode=["64.02.01", "64.02.02"]), two(kode=["640202", "64.2.1"]), REGION_CODE, 2, references=REGIONS
    ),
    "bps-code-in-kemendagri-column": Example(
        two(kode=["64.02.01.1001", "6402011001"]), two(kode=["6402010001", "6402010"]), REGION_CODE, 2, REGIONS
    ),
    "region-code-edition": Example(
        two(kode=["64.02.01", "64.02.02"]), two(kode=["64.02.01", "64.02.09"]), REGION_CODE, references=REGIONS
    ),
    "region-code-before-split": Example(
        lambda: points((116.0, 0.0), (116.1, 0.0), (116.2, 0.0), kode=["64.02.01", "64.02.02", "64.02.03"]),
        two(kode=["64.02.01", "64.02.02"]),
        references=REGIONS,
    ),
    "region-code-parent": Example(
        two(kode=["64.02.01.1001"] * 2, induk=["64.02.01", None]),
        two(kode=["64.02.01.1001"] * 2, induk=["64.02.01", "64.02.02"]),
        spec(fields=(*REGION_CODE.fields, FieldSpecification("induk", means="region-parent-code"))),
        references=REGIONS,
    ),
    "region-codes-counted": Example(two(jenis=["a", "b"]), two(kode=["64.02.01", "x"]), COUNTED, references=REGIONS),
    "region-name-differs": Example(
        two(kode=["64.02.01", "64.02.02"], nama=["KEC. MUARA CONTOH", "Loa-Contoh"]),
        two(kode=["64.02.01", "64.02.02"], nama=["Muara Conto", "Loa Contoh"]),
        spec(fields=(*REGION_CODE.fields, FieldSpecification("nama", means="region-name"))),
        references=REGIONS,
    ),
    "personal-data-nik": Example(two(nomor=["1", "2"]), two(nomor=["6402064105900001", None])),
    "personal-data-phone": Example(two(telepon=["0541-661001", None]), two(telepon=["0812-3456-7890", "0541661001"])),
    "personal-data-email": Example(two(ket=["a @ b", "x"]), two(ket=["hub. budi@contoh.id", "x"])),
    "rtrw-kind-missing": Example(two(JNSRPR=["1", "2"]), two(JNSRSR=["1", "2"]), PLAN),
    "line-self-crossing": Example(
        lines("0 0, 10 0, 10 10, 5 10, 5 0"), lines("0 0, 10 0, 10 10, 5 10, 5 -5", "20 0, 30 0")
    ),
    "lines-cross": Example(lines("0 0, 10 10", "10 0, 5 5"), lines("0 0, 10 10", "10 0, 0 10")),
    "line-overshoot": Example(lines("0 0, 10 0", "5 10, 5 0"), lines("0 0, 10 0", "5 10, 5 -0.02")),
    "line-undershoot": Example(lines("0 0, 10 0", "5 10, 5 0"), lines("0 0, 10 0", "5 10, 5 0.02")),
    "line-dangle": Example(
        lines("0 0, 10 0, 10 10, 0 0", "0 0, 10 10"), lines("0 0, 10 0, 10 10, 0 0", "0 0, 5 20"), count=1
    ),
    "pseudo-node": Example(lines("0 0, 10 0", "10 0, 20 0", "10 0, 10 10"), lines("0 0, 10 0", "10 0, 20 0")),
    "duplicate-edge": Example(
        lines("0 0, 10 0, 20 0", "10 10, 10 0"), lines("0 0, 10 0, 20 0", "0 5, 10 0, 20 0, 30 5")
    ),
    "not-covered": Example(village(0), village(0.006), IN_KECAMATAN, beside=BESIDE),
    "crosses-other-layer": Example(
        lines("0 0, 5 0", "5 1, 20 1"),
        lines("0 0, 15 0", "5 1, 20 1"),
        spec(not_crossing=("bangunan",)),
        beside={"bangunan": make_layer([shapely.box(116.005, -0.005, 116.012, 0.0009)], kode=["B-1"])},
    ),
    "point-in-other-region": Example(
        lambda: points((116.005, -0.495), (116.015, -0.495), kec=["64.02.01", "640202"]),
        lambda: points((116.005, -0.495), (116.015, -0.495), kec=["64.02.01", "640201"]),
        IN_KECAMATAN,
        beside=BESIDE,
    ),
    "reference-missing": Example(
        village(0), lambda: make_layer([SQUARE], kecamatan=["64.02.01"]), IN_KECAMATAN, beside=BESIDE
    ),
    "position-differs": Example(
        two(kode=["64.02.40001", "64.02.40002"]),
        lambda: points((116.0, 0.5), (116.1, -0.4), kode=["64.02.40001", "64.02.40002"]),
        spec(covered_by=(CoveredBy("pulau", "kode", "kode"),)),
        beside=BESIDE,
    ),
    "label-point-outside": Example(
        lambda: make_layer(squares(2, 1), lng=[116.005, 116.015], lat=["-0.495", None]),
        lambda: make_layer(squares(2, 1), lng=[116.005, 116.005], lat=[-0.495, -0.495]),
        LABELS,
    ),
}

SOURCE_EXAMPLES: dict[str, dict[str, Any]] = {
    "source-empty": {},
    "source-unreadable": {"reason": "not-json"},
    "source-unsafe": {"reason": "doctype"},
    "source-crashed": {},
    "source-too-slow": {},
    "source-too-large": {"reason": "feature"},
    "format-not-supported": {"kind": "PDF"},
    "archive-unsafe": {"reason": "parent-path", "member": "../../etc/passwd"},
    "archive-damaged": {"member": "jalan.shp"},
    "no-layer": {"files": ["baca.txt", "pasang.exe"]},
    "layers-several": {"names": ["jalan", "sungai"]},
    "layer-not-found": {"name": "jalan", "names": ["sungai"]},
    "crs-conflict": {"stated": "EPSG:4326", "given": "EPSG:32750"},
    "crs-from-member": {"crs": "EPSG:4755"},
    "encoding-assumed": {"encoding": "Windows-1252"},
    "text-nul-padded": {"fields": ["NAMOBJ"], "count": 12},
    "record-count-differs": {"header": 20, "table": 19, "shapes": 20},
    "geometry-curved": {"count": 4, "features": ["1", "2"]},
    "geometry-measured": {"count": 9},
    "shx-restored": {},
    "table-missing": {},
    "fields-too-many": {"count": 900, "limit": 500},
    "reader-message": {"message": "Warning 1: something"},
    "check-failed": {"rule": "geometry-invalid"},
    "topology-failed": {"rules": ["coverage-overlap"]},
    "raster-layer": {"columns": 50, "rows": 40, "bands": 3, "kinds": "Byte", "share": 1.0},
    "raster-placement": {"reason": "rotated"},
    "drawing-unit": {"unit": "millimetre"},
    "entities-unread": {"kinds": ["IMAGE (2)", "3DSOLID (1)"], "count": 3},
    "codes-kept": {"fields": ["FUNGSI (DFungsi: 1=Lindung; 2=Budidaya)"], "count": 1},
    "aliases-left": {"fields": ["KD = Kode desa"], "count": 1},
    "members-left": {"files": ["baca.pdf"], "count": 1},
    "links-not-followed": {"links": ["http://contoh.id/jalan.kml"], "count": 1},
    "content-not-kept": {"things": {"overlays": 2, "models": 1}},
    "answer-partial": {"held": 100, "matched": 5432},
    "heights-zero": {},
    "bbox-column-left": {"field": "bbox"},
    "track-points-apart": {"layer": "track_points", "count": 1200},
    "table-layout": {"encoding": "UTF-8", "reason": "delimiter-comma", "row": 1},
    "table-title-rows": {"titles": ["Penduduk 2024"], "count": 1},
    "table-header-lines": {"lines": 2},
    "table-coordinates": {"reason": "coordinates-degrees", "fields": ["lng", "lat"]},
    "table-without-header": {},
    "table-rows-ragged": {"short": 1, "long": 1, "cells": 4, "rows": ["3", "7"], "count": 2},
    "table-decimal-comma": {"fields": ["lat", "lng"], "count": 2},
    "table-thousands": {"fields": ["jumlah"], "count": 1},
    "table-numbers-ambiguous": {"fields": ["luas"], "count": 1},
    "table-codes-as-numbers": {"fields": ["kode"], "values": ["32.1"], "count": 23},
    "table-coordinates-unreadable": {"fields": ["lat"], "rows": ["4"], "values": ["di sana"], "count": 1},
    "table-coordinates-swapped": {"fields": ["lon", "lat"], "rows": ["2"], "count": 1},
    "table-cells-without-value": {"cells": ["C2", "C3"], "count": 2},
    "table-merged-cells": {"cells": ["A2:A5"], "count": 1},
    "table-sheets-hidden": {"names": ["Lama"], "count": 1},
    "table-joined": {"dataset": "kecamatan", "version": 3, "column": "kode", "key": "kode", "total": 20, "count": 18},
    "join-possible": {"options": ["kecamatan:kode_kec", "desa:kode_desa"]},
    "join-impossible": {"dataset": "kecamatan", "reason": "join-no-column", "column": "kodee"},
    "join-unmatched": {"dataset": "kecamatan", "values": ["64.02.99"], "suggestions": ["64.1 > 64.10"], "count": 2},
    "join-duplicate": {"values": ["64.02.01"], "count": 1},
    "join-missing": {"dataset": "kecamatan", "values": ["64.02.20"], "count": 1},
    "record-title-missing": {},
    "record-abstract-missing": {"length": 12, "least": 60},
    "record-producer-missing": {"reason": "producer-unknown", "producer": "dinas_x"},
    "record-licence-missing": {},
    "record-topic-missing": {},
    "record-date-missing": {},
    "record-extent-missing": {},
    "record-lineage-missing": {},
    "record-scale-missing": {},
    "record-keywords-missing": {},
    "record-rhythm-missing": {},
    "record-contact-missing": {"producer": "pupr"},
    "record-language-missing": {"fields": ["title", "abstract"]},
    "record-fields-missing": {"fields": ["LBRJLN"]},
    "record-kugi-missing": {},
}
