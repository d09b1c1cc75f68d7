"""One layer that keeps each rule and one that breaks it. ``test_rules`` fails when a rule has no pair here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shapely

from geoportal.model.kugi import KugiLists
from geoportal.model.layer import Layer
from geoportal.model.references import NO_REFERENCES, References
from geoportal.model.region import Region
from geoportal.model.specification import FieldSpecification, Specification
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
    "crs-missing": Example(two(), lambda: make_layer([POINT], crs=None)),
    "coordinates-outside-domain": Example(two(), lambda: points((116.0, -0.5), (500000.0, 9950000.0))),
    "layer-outside-region": Example(two(), lambda: points((116.0, -0.5), (-0.5, 80.0))),
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
    "rtrw-kind-missing": Example(two(JNSRPR=["1", "2"]), two(JNSRSR=["1", "2"]), PLAN),
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
    "crs-without-authority": {"name": "TM3_Saya", "best": "EPSG:23837"},
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
}
