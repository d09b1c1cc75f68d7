"""A layer that is refused, for everybody to see how a refusal looks: the faults that offices really send (SINTETIS)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from datasets.drawn import CONTENT_DATE, GROUND, NOTE, read_codes, to_degrees
from datasets.shapes import Shapes

AROUND = "64.02.06"
"""Tenggarong: its villages are drawn, badly, on a sheet of their own."""


def faulty_layer(cells: gpd.GeoSeries, capitals: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Village areas of one kecamatan with a fault of each common kind; the features' own numbers stay 1 to 16.

    A bow-tie, an overlap, a gap, a shape twice, a missing shape, a wrong code, a code twice, a misspelt name, and text
    that was read in the wrong encoding.
    """
    codes = read_codes()
    villages = codes[codes["induk"] == AROUND].reset_index(drop=True)
    cell_m = np.asarray(cells.to_crs(GROUND))[int(np.flatnonzero(capitals["kode"] == AROUND)[0])]
    areas = _parcels(cell_m, len(villages), rng)
    areas = areas[np.argsort(-shapely.area(areas), kind="stable")][: len(villages)]
    kode, nama = villages["kode"].tolist(), villages["nama"].tolist()
    shapes = list(areas)
    shapes[2] = _bow_tie(shapes[2])
    shapes[4] = shapely.buffer(shapes[4], 260, join_style="mitre")
    shapes[6] = shapely.buffer(shapes[6], -180, join_style="mitre")
    shapes[8] = shapes[7]
    shapes[10] = None
    kode[3] = "64.02.66" + kode[3][8:]
    kode[12] = kode[11]
    nama[5] = nama[5][0] + nama[5][2:]
    nama[9] = f"{nama[9]} â€“ RT 05"
    return gpd.GeoDataFrame(
        {
            "kode": kode,
            "nama": nama,
            "kode_kecamatan": AROUND,
            "tanggal": str(CONTENT_DATE),
            "catatan": NOTE,
        },
        geometry=[None if shape is None else to_degrees([shape])[0] for shape in shapes],
        crs="OGC:CRS84",
    )


def _parcels(cell_m: shapely.Polygon, count: int, rng: np.random.Generator) -> Shapes:
    """A cell shared out among villages: the part of each that is one piece, in metres."""
    west, south, east, north = cell_m.bounds
    points: list[shapely.Point] = []
    while len(points) < count:
        xy = np.array([west, south]) + rng.random(2) * np.array([east - west, north - south])
        point = shapely.Point(xy)
        if cell_m.buffer(-1_000).contains(point) and all(point.distance(other) > 3_000 for other in points):
            points.append(point)
    cut = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=cell_m)
    pieces = shapely.intersection(shapely.get_parts(cut), cell_m)
    return np.array([max(shapely.get_parts(piece), key=shapely.area) for piece in pieces], dtype=object)


def _bow_tie(area: shapely.Polygon) -> shapely.Polygon:
    """An area whose outline crosses itself: two neighbouring corners have changed places."""
    corners = shapely.get_coordinates(shapely.simplify(area, 400))[:-1]
    corners[[1, 2]] = corners[[2, 1]]
    return shapely.Polygon(corners)
