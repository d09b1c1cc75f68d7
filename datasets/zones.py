"""Zones that share out the whole ground: spatial plan and forest area. All of it is invented (SINTETIS)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from datasets.drawn import EQUAL_AREA, GEOGRAPHIC, NOTE, to_metres
from datasets.shapes import Shapes, make_faces, to_millimetres

PLACES = 620


def make_zones(
    outline: shapely.Polygon,
    lakes: list[tuple[str, str, shapely.Polygon]],
    rivers: dict[str, tuple[int, shapely.LineString]],
    capitals: gpd.GeoDataFrame,
    rng: np.random.Generator,
) -> tuple[Shapes, np.ndarray, np.ndarray]:
    """Faces of the kabupaten, the planned use of each, and the forest function of each ('' = none)."""
    outline_m = to_metres([outline])[0]
    capitals_m = np.asarray(capitals.to_crs("EPSG:9490").geometry)
    towns = np.concatenate([shapely.points(_around(point, rng)) for point in capitals_m])
    places = _loosely(outline_m, PLACES, rng)
    places = places[shapely.distance(places, shapely.multipoints(towns)) > 2_600]
    water = [shapely.intersection(area, outline) for _, _, area in lakes]
    shores = [shapely.boundary(area) for area in water if not area.is_empty]
    faces = make_faces(np.concatenate([towns, places]), outline, rng, shores, share=0.16)
    middle = shapely.point_on_surface(faces)
    middle_m = to_metres(middle)
    lonlat = shapely.get_coordinates(middle)
    near_town = shapely.distance(middle_m, shapely.multipoints(capitals_m))
    main = shapely.union_all(to_metres([line for _, (order, line) in rivers.items() if order <= 2]))
    near_river = shapely.distance(middle_m, main)
    sea = shapely.LineString([(117.46, 0.0), (117.44, -0.3), (117.45, -0.55), (117.42, -0.75), (117.2, -0.99)])
    east = lonlat[:, 0] > np.interp(-lonlat[:, 1], *_coast(sea)) - 0.02
    in_lake = shapely.contains(shapely.union_all(water), middle)
    chance = rng.random(len(faces))
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    wave = np.sin(lon * 9) + np.cos(lat * 11) + 0.8 * (chance - 0.5)
    use = np.where(wave > 0.55, "perkebunan", np.where(wave < -0.9, "pertambangan", "hutan produksi")).astype(object)
    use[lat > 0.35] = np.where(wave[lat > 0.35] > 1.1, "perkebunan", "hutan produksi")
    use[near_river < 7_000] = np.where(chance[near_river < 7_000] < 0.62, "pertanian", use[near_river < 7_000])
    upland = (lat > 0.98) | ((lat > 0.75) & (wave < -0.3))
    use[upland | (east & (lat < -0.42)) | ((lon < 116.52) & (lon > 116.30) & (lat < -0.16) & (lat > -0.33))] = (
        "kawasan lindung"
    )
    use[near_town < 3_600] = "permukiman"
    use[in_lake] = "badan air"
    forest = np.full(len(faces), "", dtype=object)
    forest[use == "hutan produksi"] = np.where(
        (lat > 0.45)[use == "hutan produksi"], "hutan produksi terbatas", "hutan produksi tetap"
    )
    forest[(use == "kawasan lindung") & (lat > 0.3)] = "hutan lindung"
    forest[(use == "kawasan lindung") & east] = "hutan lindung"
    park = (np.hypot(lon - 116.93, lat + 0.86) < 0.11) | (np.hypot(lon - 116.78, lat - 0.04) < 0.10)
    forest[park & (use != "permukiman") & (use != "badan air")] = "hutan konservasi"
    use[forest == "hutan konservasi"] = "kawasan lindung"
    return faces, use, forest


def _coast(sea: shapely.LineString) -> tuple[np.ndarray, np.ndarray]:
    corners = shapely.get_coordinates(sea)
    return -corners[:, 1], corners[:, 0]


def _around(point: shapely.Point, rng: np.random.Generator) -> np.ndarray:
    """A few places round a capital, in metres: settlement is finer there."""
    angle = np.linspace(0, 2 * np.pi, 5, endpoint=False) + rng.random()
    ring = np.column_stack((point.x + 2_400 * np.cos(angle), point.y + 2_400 * np.sin(angle)))
    return np.vstack([[point.x, point.y], ring])


def _loosely(area_m: shapely.Geometry, count: int, rng: np.random.Generator) -> Shapes:
    """Places spread loosely over an area in metres: a jittered grid."""
    west, south, east, north = area_m.bounds
    step = float(np.sqrt(area_m.area / count))
    across, up = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    xy = np.column_stack((across.ravel(), up.ravel())) + (rng.random((across.size, 2)) - 0.5) * step * 0.85 + step / 2
    return np.asarray(shapely.points(xy[shapely.contains_xy(area_m, xy)]))


def _dissolved(faces: Shapes, kinds: np.ndarray) -> tuple[list[Any], list[str]]:
    """Neighbouring faces of one kind as one area: a valid coverage still."""
    areas, names = [], []
    for kind in sorted(set(kinds) - {""}):
        for part in shapely.get_parts(shapely.coverage_union_all(faces[kinds == kind])):
            areas.append(part)
            names.append(kind)
    north = np.array([-area.representative_point().y for area in areas])
    order = np.argsort(north, kind="stable")
    return [shapely.orient_polygons(areas[place]) for place in order], [names[place] for place in order]


def plan_layer(faces: Shapes, use: np.ndarray) -> gpd.GeoDataFrame:
    """Spatial plan zones over the whole kabupaten, a valid coverage, in plain words instead of a code list."""
    areas, names = _dissolved(faces, use)
    protected = {"kawasan lindung", "badan air"}
    layer = gpd.GeoDataFrame(
        {
            "kode_zona": [f"PR-{number:03d}" for number in range(1, len(areas) + 1)],
            "kelompok": ["lindung" if name in protected else "budi daya" for name in names],
            "peruntukan": names,
        },
        geometry=areas,
        crs=GEOGRAPHIC,
    )
    layer["luas_ha"] = (layer.to_crs(EQUAL_AREA).area / 1e4).round(1)
    return layer.assign(catatan=NOTE)


def forest_layer(faces: Shapes, forest: np.ndarray) -> gpd.GeoDataFrame:
    """Forest area by function, in SRGI2013 / UTM 50S."""
    areas, names = _dissolved(faces, forest)
    layer = gpd.GeoDataFrame(
        {"kode_blok": [f"KH-{number:03d}" for number in range(1, len(areas) + 1)], "fungsi": names},
        geometry=areas,
        crs=GEOGRAPHIC,
    )
    layer["luas_ha"] = (layer.to_crs(EQUAL_AREA).area / 1e4).round(1)
    return to_millimetres(layer.assign(catatan=NOTE), "EPSG:9490")
