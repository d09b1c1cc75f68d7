"""Clean layers, each as rich as its profile asks for: fields, codes, key, bounds, references, layers beside.

They lie in SRGI2013, within the region, and no rule finds anything in them. A plant is one of them with one change.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas
import shapely

from geoportal.checks.profiles import read_specification
from geoportal.model.kugi import KugiLists
from geoportal.model.layer import Layer
from geoportal.model.references import CodeList, ReferenceLayer, References, RegionCode
from geoportal.model.region import Region
from geoportal.model.specification import Comparison, CoveredBy, FieldSpecification, Specification
from geoportal.model.text import LocalText
from geoportal.settings import PROJECT
from tests.factories import make_layer, squares

CRS = "EPSG:9470"
CANDIDATES = ("EPSG:4326", CRS, "EPSG:32750", "EPSG:32650", "EPSG:23837", "EPSG:23838")
REGION = Region(LocalText("Kutai Contoh", "Sample Kutai"), "64.02", (115.4, -1.2, 117.7, 1.5), CANDIDATES)
GONE = object()
"""In place of a column: the layer has none of that name."""

_FOLDER = tempfile.TemporaryDirectory(prefix="geoportal-planted-")  # goes with the process


@dataclass(frozen=True)
class Asked:
    """A layer with all that it is asked under."""

    layer: Callable[[], Layer]
    spec: Specification
    references: References
    beside: Mapping[str, Layer] = field(default_factory=dict)


def profile(name: str, **parts: Any) -> Specification:
    """A profile of the project with parts of a dataset's own specification, whose fields are added to its own."""
    base = read_specification(name, PROJECT / "config" / "specifications")
    fields = (*base.fields, *parts.pop("fields", ()))
    severities = {**base.severities, **parts.pop("severities", {})}
    return replace(base, fields=fields, severities=severities, **parts)


def layer_of(shapes: list[Any] | None, columns: Mapping[str, Any], changes: Mapping[str, Any], **facts: Any) -> Layer:
    """A layer of these columns, some of them changed, gone or added; ``name_`` stands for another name of the layer."""
    kept = {name: value for name, value in {**columns, **changes}.items() if value is not GONE}
    return make_layer(shapes, facts.pop("crs", CRS), **facts, **kept)


def _codes(edition: str, names: Mapping[str, str]) -> CodeList:
    entries = [RegionCode(code, name, "", code.rpartition(".")[0] or None) for code, name in names.items()]
    return CodeList(edition, edition, tuple(entries), edition.split()[0])


VILLAGES = {
    "64.02.01.2001": "Muara Jaya",
    "64.02.01.2002": "Loa Raya",
    "64.02.01.2003": "Sungai Meriam",
    "64.02.01.2004": "Teluk Dalam",
    "64.02.01.2005": "Kota Bangun",
    "64.02.01.2006": "Rempanga",
    "64.02.01.2007": "Lebaho",
    "64.02.01.2008": "Jembayan",
    "64.02.01.2009": "Sebulu",
}
NAMES = {
    "64": "Kalimantan Contoh",
    "64.02": "Kabupaten Kutai Contoh",
    "64.02.01": "Muara Contoh",
    "64.02.02": "Loa Contoh",
    "64.02.03": "Loa Contoh Darat",
    **VILLAGES,
}
KUGI = KugiLists(("B", "C", "G"), {"TIPADM": ("1", "2", "999")}, ("ADMINISTRASI_AR_DESAKEL",))
SUBDISTRICTS = {
    "64.02.01": shapely.box(116.2, -0.9, 116.23, -0.87),
    "64.02.02": shapely.box(116.3, -0.9, 116.33, -0.87),
    "64.02.03": shapely.box(116.4, -0.9, 116.43, -0.87),
}


def _region_layer() -> ReferenceLayer:
    path = Path(_FOLDER.name) / "kecamatan.gpkg"
    frame = geopandas.GeoDataFrame({"kode": list(SUBDISTRICTS)}, geometry=list(SUBDISTRICTS.values()), crs=CRS)
    frame.to_file(path, layer="layer")
    return ReferenceLayer("kecamatan", str(path), "kode", "Kecamatan")


REFERENCES = References(
    code_lists=(
        _codes("Kepmendagri 2/2025", NAMES),
        _codes("Kepmendagri 1/2018", {"64.02.01.2099": "Lama"}),
        CodeList("2022", "2022", (RegionCode("64.02.03", "", "perubahan", "64.02.02"),), "perubahan"),
    ),
    layers=(_region_layer(),),
    kugi=KUGI,
)

# Areas that share out their ground, with everything that a specification can ask of them.
VILLAGE_SHAPES = squares(3, 3, origin=(116.2, -0.9))
VILLAGE_COLUMNS = {
    "kode": list(VILLAGES),
    "nama": list(VILLAGES.values()),
    "kec": ["64.02.01"] * 9,
    "jenis": ["desa"] * 7 + ["kelurahan"] * 2,
    "luas": [1.25 + number for number in range(9)],
    "mulai": [2001 + number for number in range(9)],
    "selesai": [2010 + number for number in range(9)],
    "lng": [116.205 + 0.01 * (number % 3) for number in range(9)],
    "lat": [-0.895 + 0.01 * (number // 3) for number in range(9)],
    "tanggal": ["2026-11-24"] * 9,
}
VILLAGE_FIELDS = (
    FieldSpecification("kode", "text", required=True, unique=True, pattern=r"64\.02\.\d\d\.\d{4}", length=13,
                       means="region-code"),
    FieldSpecification("nama", "text", required=True, length=30, means="region-name"),
    FieldSpecification("kec", "text", required=True, means="region-parent-code", aliases=("KODE KEC",)),
    FieldSpecification("jenis", "text", codes=("desa", "kelurahan")),
    FieldSpecification("luas", "real", minimum=0.1, maximum=500),
    FieldSpecification("mulai", "integer"),
    FieldSpecification("selesai", "integer"),
    FieldSpecification("lng", "real", means="label-x"),
    FieldSpecification("lat", "real", means="label-y"),
    FieldSpecification("tanggal", "text"),
)  # fmt: skip
VILLAGE_SPEC = profile(
    "batas",
    key="kode",
    fields=VILLAGE_FIELDS,
    expected_features=9,
    comparisons=(Comparison("mulai", "<=", "selesai"), Comparison("kode", "starts-with", "kec")),
    covered_by=(CoveredBy("kec_lain", "kec", "kode"),),
)
BESIDE = {"kec_lain": make_layer(list(SUBDISTRICTS.values()), CRS, layer_name="kec_lain", kode=list(SUBDISTRICTS))}


def villages(shapes: list[Any] | None = None, *, facts: Mapping[str, Any] | None = None, **changes: Any) -> Layer:
    """Nine villages."""
    return layer_of(VILLAGE_SHAPES if shapes is None else shapes, VILLAGE_COLUMNS, changes, **(facts or {}))


# Areas apart from each other: one may be changed without a gap or an overlap.
HOUSE_SHAPES = [shapely.box(116.3 + 0.01 * n, -0.8, 116.302 + 0.01 * n, -0.798) for n in range(4)]
HOUSE_COLUMNS = {"kode": ["B-1", "B-2", "B-3", "B-4"], "nama": ["Balai", "Pasar", "Kantor", "Gudang"]}
HOUSE_SPEC = profile(
    "bebas",
    key="kode",
    fields=(FieldSpecification("kode", "text", required=True, unique=True), FieldSpecification("nama", "text")),
    expected_features=4,
)


def houses(shapes: list[Any] | None = None, *, facts: Mapping[str, Any] | None = None, **changes: Any) -> Layer:
    """Four buildings."""
    return layer_of(HOUSE_SHAPES if shapes is None else shapes, HOUSE_COLUMNS, changes, **(facts or {}))


# Places.
SCHOOL_PLACES = [(116.205, -0.895), (116.215, -0.885), (116.305, -0.895), (116.405, -0.885)]
SCHOOL_COLUMNS = {
    "kode": ["S-1", "S-2", "S-3", "S-4"],
    "nama": ["SD 001", "SD 002", "SMP 1", "SMA 1"],
    "kec": ["64.02.01", "64.02.01", "64.02.02", "64.02.03"],
    "telepon": ["", "", "", ""],
}
SCHOOL_SPEC = profile(
    "titik",
    key="kode",
    fields=(
        FieldSpecification("kode", "text", required=True, unique=True),
        FieldSpecification("nama", "text", required=True),
        FieldSpecification("kec", "text", means="region-code"),
        FieldSpecification("telepon", "text"),
    ),
    covered_by=(CoveredBy("kecamatan", "kec", "kode"),),
    expected_features=4,
)


def schools(places: list[Any] | None = None, *, facts: Mapping[str, Any] | None = None, **changes: Any) -> Layer:
    """Four schools."""
    shapes = [place if isinstance(place, str) else shapely.Point(place) for place in places or SCHOOL_PLACES]
    return layer_of(shapes, SCHOOL_COLUMNS, changes, **(facts or {}))


# Lines that meet as roads should: every end on another line, no node with two ends alone.
ROAD_SHAPES = ("0 0, 10 0, 10 10, 0 10, 0 0", "0 0, 10 10")
ROAD_SPEC = profile(
    "jaringan",
    key="kode",
    fields=(FieldSpecification("kode", "text", required=True, unique=True),),
    not_crossing=("kecamatan",),
)


def roads(*shapes: str) -> Layer:
    """Lines near (116.5, -0.5), their coordinates in thousandths of a degree (111 m)."""
    drawn = [shapely.from_wkt(f"LINESTRING ({shape})") for shape in shapes or ROAD_SHAPES]
    placed = shapely.transform(drawn, lambda xy: xy / 1000 + [116.5, -0.5])
    return make_layer(placed, CRS, layer_name="jalan", kode=[f"J-{number}" for number in range(len(drawn))])


# Features of the catalogue, and a plan.
CATALOGUE_COLUMNS = {
    "NAMOBJ": ["Muara", "Loa", "Kota", "Hulu"],
    "FCODE": ["GD01080040", "GD01080041", "GD01080042", "GD01080043"],
    "REMARK": ["a", "b", "c", "d"],
    "METADATA": ["m", "m", "m", "m"],
    "SRS_ID": ["9470"] * 4,
    "TIPADM": ["1", "2", "2", "999"],
}
CATALOGUE_SPEC = profile("kugi", fields=(FieldSpecification("TIPADM", "text"),))


def catalogue(*, facts: Mapping[str, Any] | None = None, **changes: Any) -> Layer:
    """Four named places with codes of the catalogue."""
    shapes = [shapely.Point(116.5 + number / 100, -0.4) for number in range(4)]
    return layer_of(shapes, CATALOGUE_COLUMNS, changes, **({"layer_name": "NAMA_PT"} | dict(facts or {})))


PLAN_NAME = "_6402_50KB_RTRW_KABUPATEN_CONTOH_2025"
PLAN_COLUMNS = {
    "NAMOBJ": ["Kawasan Hutan Lindung", "Kawasan Permukiman"],
    "ORDE01": ["a", "b"],
    "ORDE02": ["a", "b"],
    "ORDE03": ["a", "b"],
    "ORDE04": ["a", "b"],
    "WADMPR": ["Kalimantan Contoh"] * 2,
    "WADMKK": ["Kutai Contoh"] * 2,
    "REMARK": ["", ""],
    "SBDATA": ["2025", "2025"],
    "JNSRPR": ["1", "2"],
}
PLAN_SPEC = profile("rtrw", fields=(FieldSpecification("JNSRPR", "text"),))


def plan(*, facts: Mapping[str, Any] | None = None, **changes: Any) -> Layer:
    """Two areas of a spatial pattern."""
    shapes = squares(2, 1, origin=(116.6, -0.6))
    return layer_of(shapes, PLAN_COLUMNS, changes, **({"layer_name": PLAN_NAME} | dict(facts or {})))


TWINS = {
    "batas": Asked(villages, VILLAGE_SPEC, REFERENCES, BESIDE),
    "bebas": Asked(houses, HOUSE_SPEC, REFERENCES),
    "jaringan": Asked(roads, ROAD_SPEC, REFERENCES),
    "titik": Asked(schools, SCHOOL_SPEC, REFERENCES),
    "kugi": Asked(catalogue, CATALOGUE_SPEC, REFERENCES),
    "rtrw": Asked(plan, PLAN_SPEC, REFERENCES),
}
"""The clean twins by the profile that they are asked under."""
