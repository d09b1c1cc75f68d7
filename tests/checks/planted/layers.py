"""For each rule that is asked of a layer one layer with that one defect, under a specification that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyproj
import shapely

from geoportal.model.layer import Layer
from geoportal.model.references import References
from geoportal.model.specification import CoveredBy, FieldSpecification, Specification
from tests.checks.planted.twins import (
    BESIDE,
    CATALOGUE_SPEC,
    CRS,
    GONE,
    HOUSE_SHAPES,
    HOUSE_SPEC,
    PLAN_SPEC,
    REFERENCES,
    ROAD_SHAPES,
    ROAD_SPEC,
    SCHOOL_PLACES,
    SCHOOL_SPEC,
    SUBDISTRICTS,
    VILLAGE_COLUMNS,
    VILLAGE_SHAPES,
    VILLAGE_SPEC,
    catalogue,
    houses,
    plan,
    roads,
    schools,
    villages,
)
from tests.factories import make_layer


@dataclass(frozen=True)
class Plant:
    """A layer with one defect. ``also`` names findings that cannot be had apart from it, each with the reason."""

    layer: Callable[[], Layer]
    spec: Specification
    also: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Layer] = field(default_factory=dict)
    references: References = REFERENCES


def village(also: Mapping[str, str] | None = None, spec: Specification = VILLAGE_SPEC, **changes: Any) -> Plant:
    """A plant among the villages: cells of a column changed, or a whole column."""
    return Plant(lambda: villages(**{name: _cells(name, value) for name, value in changes.items()}), spec, also or {},
                 BESIDE)  # fmt: skip


def _cells(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    column = list(VILLAGE_COLUMNS[name])
    for row, cell in value.items():
        column[row] = cell
    return column


def house(first: Any, also: Mapping[str, str] | None = None, **parts: Any) -> Plant:
    """A plant among the buildings: the first of them has this shape."""
    return Plant(lambda: houses([first, *HOUSE_SHAPES[1:]]), replace(HOUSE_SPEC, **parts), also or {})


def school(first: Any = None, also: Mapping[str, str] | None = None, **changes: Any) -> Plant:
    """A plant among the schools: the first lies elsewhere, or a column is another."""
    places = [first, *SCHOOL_PLACES[1:]] if first is not None else None
    return Plant(lambda: schools(places, **changes), SCHOOL_SPEC, also or {})


def road(*shapes: str) -> Plant:
    """A plant among the roads."""
    return Plant(lambda: roads(*shapes), ROAD_SPEC)


def coded(also: Mapping[str, str] | None = None, facts: Mapping[str, Any] | None = None, **changes: Any) -> Plant:
    """A plant in a layer of the catalogue."""
    return Plant(lambda: catalogue(facts=facts, **changes), CATALOGUE_SPEC, also or {})


def shaped(changes: Callable[[list[Any]], list[Any]], also: Mapping[str, str] | None = None) -> Plant:
    """A plant in the shapes of the villages, which share out their ground."""
    return Plant(lambda: villages(changes(list(VILLAGE_SHAPES))), VILLAGE_SPEC, also or {}, BESIDE)


def stated(meant: str, said: str, *, swapped: bool = False, flipped: bool = False) -> Callable[[], Layer]:
    """Areas with codes in the system ``meant``, whose file says that they are in ``said``."""

    def layer() -> Layer:
        import geopandas

        shapes = geopandas.GeoSeries(list(SUBDISTRICTS.values()), crs=CRS).to_crs(meant).to_numpy()
        if swapped:
            shapes = shapely.reverse(shapely.transform(shapes, lambda xy: xy[:, ::-1]))
        if flipped:
            shapes = shapely.reverse(shapely.transform(shapes, lambda xy: xy * [1, -1]))
        return make_layer(shapes, said, kode=list(SUBDISTRICTS))

    return layer


def misplaced(
    meant: str, said: str, also: Mapping[str, str] | None = None, *, references: References = REFERENCES, **how: bool
) -> Plant:
    """A plant in the reference system."""
    spec = replace(HOUSE_SPEC, expected_features=None, fields=(FieldSpecification("kode", "text"),))
    return Plant(stated(meant, said, **how), spec, also or {}, references=references)


def east_of_zone() -> list[float]:
    """Eastings in the zone that ends at 117 degrees: one within it and one beyond, both in the region."""
    to_zone = pyproj.Transformer.from_crs(CRS, "EPSG:23837", always_xy=True)
    return [float(to_zone.transform(degrees, 0.0)[0]) for degrees in (116.5, 117.6)]


def plain_key() -> Specification:
    """The buildings' specification, whose key has no other promise to keep."""
    return replace(HOUSE_SPEC, fields=(FieldSpecification("kode", "text"), FieldSpecification("nama", "text")))


def promise(name: str, **parts: Any) -> Specification:
    """The villages' specification with another promise for a field."""
    fields = tuple(replace(item, **parts) if item.name == name else item for item in VILLAGE_SPEC.fields)
    return replace(VILLAGE_SPEC, fields=fields)


OUTSIDE = "features with such coordinates cannot lie in the region"
ELSEWHERE = {
    "layer-outside-region": OUTSIDE,
    "crs-area-of-use": "a wrong reference system puts the layer where it was not made for",
}
UNKEYED = replace(HOUSE_SPEC, key=None, fields=(), expected_features=None)
NOTHING = np.array([], dtype=object)
BOX = HOUSE_SHAPES[0]
WEST, SOUTH, EAST, NORTH = BOX.bounds
NAMELESS = pyproj.CRS.from_user_input("+proj=tmerc +lon_0=117 +k=0.9996 +x_0=500000 +y_0=1e7 +ellps=GRS80").to_wkt()
FIRST = VILLAGE_SHAPES[0]


def ring(*corners: tuple[float, float]) -> Any:
    """An area near the first building, corners in thousandths of a degree from its south-west."""
    return shapely.Polygon([(WEST + x / 1000, SOUTH + y / 1000) for x, y in corners])


def _stretched(shapes: list[Any]) -> list[Any]:
    """The last village reaches one metre into its neighbour, past the tolerance."""
    west, south, east, north = shapes[8].bounds
    return [*shapes[:8], shapely.box(west - 0.00002, south, east, north)]


def _holed(shapes: list[Any]) -> list[Any]:
    """The middle village leaves a strip of some metres to its neighbour."""
    west, south, east, north = shapes[4].bounds
    return [*shapes[:4], shapely.box(west, south + 0.0001, east, north), *shapes[5:]]


LAYERS: dict[str, Plant] = {
    # geometry
    "geometry-missing": house(None),
    "geometry-empty": house("POLYGON EMPTY"),
    "geometry-not-finite": house("POLYGON ((116.3 -0.8, NaN -0.8, 116.302 -0.798, 116.3 -0.8))"),
    "geometry-invalid": house(ring((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))),
    "geometry-type-mixed": house(shapely.Point(WEST, SOUTH)),
    "geometry-simple-and-multi": house(shapely.MultiPolygon([BOX, ring((4, 0), (5, 0), (5, 1), (4, 1))])),
    "geometry-collection": house(shapely.GeometryCollection([BOX, shapely.Point(WEST, SOUTH)])),
    "geometry-type-unexpected": house(
        shapely.Point(WEST, SOUTH),
        {"geometry-type-mixed": "one feature of another type makes two types"},
        geometry=("Polygon", "MultiPolygon"),
    ),
    "geometry-duplicate": house(
        HOUSE_SHAPES[1],
        {"coverage-overlap": "the same area twice shares all of its ground"},
    ),
    "geometry-near-duplicate": house(
        shapely.transform(HOUSE_SHAPES[1], lambda xy: xy + 1e-6),
        {"coverage-overlap": "nearly the same area twice shares nearly all of its ground"},
    ),
    "geometry-dimension": house(shapely.force_3d(BOX, 25.0)),
    "geometry-repeated-points": house(ring((0, 0), (2, 0), (2, 0), (2, 2), (0, 2))),
    "geometry-spike": house(ring((0, 0), (2, 0), (2, 1), (4, 1), (2, 1.000001), (2, 2), (0, 2))),
    "geometry-sliver": house(ring((0, 0), (4, 0), (4, 0.003), (0, 0.003))),
    "geometry-collapses": house(
        shapely.Polygon([(116.3, -0.8), (116.3000000003, -0.8), (116.3, -0.7999999997)]),
        {
            "geometry-repeated-points": "its corners become one point",
            "ring-tiny": "what vanishes at nine decimals has no room",
        },
    ),
    "ring-orientation": house(shapely.reverse(BOX)),
    "ring-tiny": house(shapely.orient_polygons(BOX.difference(ring((0.5, 0.5), (0.505, 0.5), (0.5, 0.505))))),
    "vertices-excessive": house(shapely.reverse(shapely.Point(WEST, SOUTH).buffer(0.001, quad_segs=2000))),
    "antimeridian-crossing": Plant(
        lambda: make_layer(["LINESTRING (116.3 -0.8, 116.31 -0.8)", "LINESTRING (116.3 -0.7, -117 -0.7)"], CRS), UNKEYED
    ),
    # the layer as a whole
    "layer-empty": Plant(lambda: houses([], kode=NOTHING, nama=NOTHING), replace(HOUSE_SPEC, expected_features=None)),
    "layer-without-geometry": Plant(
        lambda: make_layer(None, None, kode=["B-1"], nama=["Balai"]), replace(HOUSE_SPEC, expected_features=None)
    ),
    "feature-count-unexpected": house(BOX, expected_features=5),
    "layer-outside-region": Plant(
        lambda: houses(list(shapely.transform(HOUSE_SHAPES, lambda xy: xy - [5, 0]))), HOUSE_SPEC
    ),
    "feature-stray": house(shapely.box(130.0, 5.0, 130.002, 5.002)),
    # neighbours
    "coverage-overlap": shaped(_stretched),
    "coverage-gap": shaped(_holed),
    "not-covered": Plant(
        lambda: villages(kec=["64.02.01"] * 9),
        replace(VILLAGE_SPEC),
        {},
        {
            "kec_lain": make_layer(
                [shapely.box(116.2, -0.9, 116.23, -0.872), SUBDISTRICTS["64.02.02"]],
                CRS,
                layer_name="kec_lain",
                kode=["64.02.01", "64.02.02"],
            )
        },
    ),
    "reference-missing": Plant(villages, VILLAGE_SPEC),
    "point-in-other-region": school((116.305, -0.885)),
    "position-differs": Plant(
        lambda: schools(),
        replace(SCHOOL_SPEC, covered_by=(CoveredBy("titik_lama", "kode", "kode"),)),
        {},
        {
            "titik_lama": make_layer(
                [shapely.Point(116.255, -0.895), *map(shapely.Point, SCHOOL_PLACES[1:])],
                CRS,
                layer_name="titik_lama",
                kode=["S-1", "S-2", "S-3", "S-4"],
            )
        },
    ),
    "label-point-outside": village(lng={0: 116.215}),
    # lines
    "line-self-crossing": road(*ROAD_SHAPES, "0 0, -4 -4, -4 -6, -2 -6, -2 -4, -5 -5, 0 0"),
    "lines-cross": road(*ROAD_SHAPES, "10 0, 0 10"),
    "crosses-other-layer": Plant(
        roads,
        replace(ROAD_SPEC, not_crossing=("kecamatan", "sungai")),
        {},
        {
            "sungai": make_layer(
                [shapely.LineString([(116.498, -0.497), (116.505, -0.497)])], CRS, layer_name="sungai", kode=["S-1"]
            )
        },
    ),
    "line-overshoot": road(*ROAD_SHAPES, "10 10, 12 14, 4 9.98"),
    "line-undershoot": road(*ROAD_SHAPES, "10 10, 12 14, 4 10.02"),
    "line-dangle": road(*ROAD_SHAPES, "10 10, 15 20"),
    "pseudo-node": road(ROAD_SHAPES[0], "0 0, 5 5", "5 5, 10 10"),
    "duplicate-edge": road(*ROAD_SHAPES, "0 0, 10 0"),
    # reference system
    "crs-missing": Plant(lambda: houses(facts={"crs": None}), HOUSE_SPEC),
    "crs-not-official": Plant(
        lambda: schools(facts={"crs": "EPSG:4326"}),
        replace(SCHOOL_SPEC, severities={**SCHOOL_SPEC.severities, "crs-not-official": "info"}),
    ),
    "crs-without-authority": misplaced("EPSG:32750", NAMELESS),
    "crs-compound": misplaced("EPSG:4326", "EPSG:4326+5773"),
    "crs-datum-shift": misplaced(CRS, "EPSG:4238"),
    "crs-axes-swapped": misplaced("EPSG:23837", "EPSG:23837", ELSEWHERE, swapped=True),
    "crs-sign-lost": misplaced(CRS, CRS, flipped=True),
    "crs-hemisphere": misplaced("EPSG:32750", "EPSG:32650", ELSEWHERE),
    "crs-zone": misplaced("EPSG:23838", "EPSG:23837", ELSEWHERE),
    "crs-degrees-as-metres": Plant(
        # Two degrees apart: read as metres they are still no neighbours.
        lambda: make_layer(["POINT (115.5 -1)", "POINT (117.5 1)"], "EPSG:32750"),
        UNKEYED,
        ELSEWHERE,
    ),
    "crs-area-of-use": Plant(
        # Within the region, but east of the zone that ends at 117 degrees.
        lambda: make_layer([shapely.Point(x, 1_400_000) for x in east_of_zone()], "EPSG:23837"),
        UNKEYED,
    ),
    "coordinates-outside-domain": house(
        shapely.box(500000, 9950000, 500010, 9950010), {"layer-outside-region": OUTSIDE}
    ),
    # key and fields
    "key-missing": Plant(
        lambda: houses(kode=GONE, id=["1", "2", "3", "4"]),
        replace(HOUSE_SPEC, fields=(FieldSpecification("id", "text"), FieldSpecification("nama", "text"))),
    ),
    "key-null": Plant(lambda: houses(kode=["B-1", " ", "B-3", "B-4"]), plain_key()),
    "key-duplicate": Plant(lambda: houses(kode=["B-1", "B-1", "B-3", "B-4"]), plain_key()),
    "field-missing": village(jenis=GONE),
    "field-renamed": village(
        {"field-missing": "a field under another name is missing under its own"},
        promise("tanggal", aliases=("TGL",)),
        tanggal=GONE,
        TGL=["2026-11-24"] * 9,
    ),
    "field-extra": village(catatan=["x"] * 9),
    "field-type": village(mulai=[str(year) for year in VILLAGE_COLUMNS["mulai"]]),
    "field-null": village(jenis={0: None}, spec=promise("jenis", required=True)),
    "field-duplicate": village(luas={1: 1.25}, spec=promise("luas", unique=True)),
    "field-pattern": village(tanggal={0: "2026-11-24 "[:9]}, spec=promise("tanggal", pattern=r"\d{4}-\d\d-\d\d")),
    "field-length": village(spec=promise("jenis", length=5)),
    "field-code": village(jenis={0: "kampung"}),
    "field-range": village(luas={0: 5000.0}),
    "fields-disagree": village(selesai={0: 1999}),
    "date-implausible": village(tanggal={0: "2026-02-30"}),
    "code-as-number": Plant(
        lambda: houses(kode=[64.02, 64.03, 64.04, 64.1]),
        replace(HOUSE_SPEC, fields=(FieldSpecification("kode", "real"), FieldSpecification("nama", "text"))),
    ),
    "field-name-long": Plant(
        lambda: houses(kode_bangunan=["a", "b", "c", "d"]),
        replace(HOUSE_SPEC, fields=(*HOUSE_SPEC.fields, FieldSpecification("kode_bangunan", "text"))),
    ),
    "field-names-collide-after-cut": Plant(
        lambda: houses(kode_bangunan_a=["a", "b", "c", "d"], kode_bangunan_b=["a", "b", "c", "d"]),
        replace(
            HOUSE_SPEC,
            fields=(
                *HOUSE_SPEC.fields,
                FieldSpecification("kode_bangunan_a", "text"),
                FieldSpecification("kode_bangunan_b", "text"),
            ),
        ),
        {"field-name-long": "names that meet when they are cut are too long"},
    ),
    # words
    "text-control-characters": village(nama={0: "Muara\u200b Jaya"}, spec=promise("nama", means=None)),
    "text-mojibake": Plant(lambda: houses(nama=["CafÃ© Jaya", "Pasar", "Kantor", "Gudang"]), HOUSE_SPEC),
    "text-trailing-blanks": village(nama={0: "Muara Jaya "}),
    "personal-data-nik": school(telepon=["6402064105900001", "", "", ""]),
    "personal-data-phone": school(telepon=["0812-3456-7890", "", "", ""]),
    "personal-data-email": school(telepon=["hub. budi@contoh.id", "", "", ""]),
    # region codes
    "region-code-unknown": village(kode={0: "64.02.01.2055"}),
    "region-code-placeholder": village(kode={0: "64.02.01.0000"}),
    "region-code-format": village(kode={0: "6402012001"}, spec=replace(promise("kode", pattern=None), comparisons=())),
    "bps-code-in-kemendagri-column": village(
        kode={0: "6402010001"}, spec=replace(promise("kode", pattern=None), comparisons=())
    ),
    "region-code-edition": village(kode={0: "64.02.01.2099"}, nama={0: "Lama"}),
    "region-code-before-split": Plant(
        lambda: schools(
            SCHOOL_PLACES[:3],
            kode=["S-1", "S-2", "S-3"],
            nama=["a", "b", "c"],
            telepon=[""] * 3,
            kec=["64.02.01", "64.02.01", "64.02.02"],
        ),
        replace(SCHOOL_SPEC, expected_features=3),
    ),
    "region-code-parent": village(kec={0: "64.02.02"}, spec=replace(VILLAGE_SPEC, comparisons=(), covered_by=())),
    "region-codes-counted": Plant(
        schools, replace(SCHOOL_SPEC, severities={**SCHOOL_SPEC.severities, "region-codes-counted": "info"})
    ),
    "region-name-differs": village(nama={0: "Muara Jauh"}),
    # KUGI and RTRW
    "kugi-code-missing": coded({"field-null": "the profile wants a value in FCODE"}, FCODE=[None] * 4),
    "kugi-code-form": coded(FCODE=["GD04080040", "GD01080041", "GD01080042", "GD01080043"]),
    "kugi-lcode": coded(FCODE=["GB0020", "GD01080041", "GD01080042", "GD01080043"]),
    "kugi-code-unknown-catalogue": coded(FCODE=["XD01080040", "GD01080041", "GD01080042", "GD01080043"]),
    "kugi-geometry-differs": coded(FCODE=["GD02080040", "GD01080041", "GD01080042", "GD01080043"]),
    "kugi-scale-mixed": coded(FCODE=["GD01070040", "GD01080041", "GD01080042", "GD01080043"]),
    "kugi-name-old": coded(facts={"layer_name": "NAMA_PT_25K"}),
    "kugi-value-unlisted": coded(TIPADM=["7", "2", "2", "999"]),
    "srs-id-differs": coded(SRS_ID=["32750", "9470", "9470", "9470"]),
    "rtrw-name-form": Plant(lambda: plan(facts={"layer_name": "pola ruang final"}), PLAN_SPEC),
    "rtrw-kind-missing": Plant(lambda: plan(JNSRPR=GONE), replace(PLAN_SPEC, fields=PLAN_SPEC.fields[:-1])),
}
"""Rule -> its planted layer."""
