"""The themes: water, roads, facilities, towers, floods, permits. All shapes and values are invented (SINTETIS)."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from datasets.drawn import (
    CONTENT_DATE,
    EQUAL_AREA,
    GROUND,
    NOTE,
    Corners,
    read_lakes,
    read_rivers,
    read_roads,
    to_degrees,
    to_metres,
)
from datasets.shapes import GRID_DECIMALS, Shapes, draw_plot, meander, roughen, scatter, to_millimetres

CRS84 = "OGC:CRS84"


def make_rivers(rng: np.random.Generator) -> dict[str, tuple[int, shapely.LineString]]:
    """All rivers in degrees by name, with their order (1 the Mahakam); they reach beyond the kabupaten."""
    found = {}
    for name, order, corners in read_rivers():
        levels, share = (3, 0.13) if order == 1 else (2, 0.12) if "Muara" in name else (3, 0.17)
        line = np.round(meander(corners, rng, levels, share), GRID_DECIMALS)
        found[name] = (order, shapely.LineString(line))
    return found


def make_lakes(rng: np.random.Generator) -> list[tuple[str, str, shapely.Polygon]]:
    """The lakes in degrees: name, kabupaten, area."""
    found = []
    for lake in read_lakes().itertuples():
        angle = np.linspace(0, 2 * np.pi, 11, endpoint=False)
        reach = 0.72 + 0.4 * rng.random(len(angle))
        ring = np.column_stack(
            (lake.lon + lake.jari_lon * reach * np.cos(angle), lake.lat + lake.jari_lat * reach * np.sin(angle))
        )
        ring = _rounded(ring)
        found.append((lake.nama, lake.kabupaten, shapely.Polygon(np.round(roughen(ring, rng, 2, 0.14), GRID_DECIMALS))))
    return found


def _rounded(ring: Corners) -> Corners:
    """A ring with its corners cut off."""
    onward = np.roll(ring, -1, axis=0)
    return np.stack((0.75 * ring + 0.25 * onward, 0.25 * ring + 0.75 * onward), axis=1).reshape(-1, 2)


def make_roads(rng: np.random.Generator) -> list[tuple[dict[str, str], shapely.LineString]]:
    """The main roads in degrees with their facts; they reach to the towns around."""
    found = []
    for facts, corners in read_roads():
        calm = facts["jenis"] == "jalan tol"
        line = meander(corners, rng, 2 if calm else 3, 0.05 if calm else 0.085)
        found.append((facts, shapely.LineString(np.round(line, GRID_DECIMALS))))
    return found


def river_layer(rivers: dict[str, tuple[int, shapely.LineString]], outline: shapely.Polygon) -> gpd.GeoDataFrame:
    """The rivers inside the kabupaten's outer ring, the Mahakam also where it crosses the enclosed city."""
    inside = shapely.Polygon(outline.exterior)
    rows, lines = [], []
    for name, (order, line) in rivers.items():
        for part in _pieces(shapely.intersection(line, inside), 0.02):
            rows.append({"nama": name, "tingkat": order, "muara": _mouth(name)})
            lines.append(part)
    layer = gpd.GeoDataFrame(rows, geometry=[_on_grid(line) for line in lines], crs=CRS84)
    layer.insert(0, "kode_ruas", [f"SG-{number:03d}" for number in range(1, len(layer) + 1)])
    layer["panjang_km"] = (layer.to_crs(GROUND).length / 1000).round(2)
    return layer.assign(catatan=NOTE)


def _mouth(name: str) -> str:
    if name == "Sungai Mahakam":
        return "Delta Mahakam"
    return "Selat Makassar" if name.startswith("Muara") else "Danau Semayang" if "Kahala" in name else "Sungai Mahakam"


def lake_layer(lakes: list[tuple[str, str, shapely.Polygon]]) -> gpd.GeoDataFrame:
    """The lakes in UTM 50S (WGS 84)."""
    layer = gpd.GeoDataFrame(
        {
            "kode_danau": [f"DN-{number:02d}" for number in range(1, len(lakes) + 1)],
            "nama": [name for name, _, _ in lakes],
            "kabupaten": [place for _, place, _ in lakes],
        },
        geometry=[shapely.orient_polygons(area) for _, _, area in lakes],
        crs="EPSG:4326",
    )
    layer["luas_ha"] = (layer.to_crs(EQUAL_AREA).area / 1e4).round(1)
    return to_millimetres(layer.assign(catatan=NOTE), "EPSG:32750")


def road_layer(
    roads: list[tuple[dict[str, str], shapely.LineString]], outline: shapely.Polygon, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """The roads inside the outer ring, a longer one in several ruas, with function and status (UU 38/2004)."""
    inside = shapely.Polygon(outline.exterior)
    surface = {"jalan tol": ["beton"], "nasional": ["aspal"], "provinsi": ["aspal", "beton"]}
    rows, lines = [], []
    for facts, line in roads:
        for part in _pieces(shapely.intersection(line, inside), 0.01):
            for piece in _split(part, 0.28):
                kinds = surface.get(facts["jenis"]) or surface.get(facts["status"]) or ["aspal", "beton", "kerikil"]
                rows.append(facts | {"permukaan": kinds[int(rng.integers(len(kinds)))]})
                lines.append(piece)
    layer = gpd.GeoDataFrame(rows, geometry=[_on_grid(line) for line in lines], crs="EPSG:4326")
    layer.insert(0, "kode_ruas", [f"JL-{number:03d}" for number in range(1, len(layer) + 1)])
    layer.insert(6, "panjang_km", (layer.to_crs(GROUND).length / 1000).round(2))
    return to_millimetres(layer.assign(catatan=NOTE), GROUND)


def _pieces(shape: shapely.Geometry, shortest: float) -> list[shapely.LineString]:
    parts = shapely.get_parts(shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape)
    return [part for part in parts if part.geom_type == "LineString" and part.length > shortest]


def _split(line: shapely.LineString, longest: float) -> list[shapely.LineString]:
    """A line in pieces of about equal length in degrees, at its own corners."""
    count = max(1, round(line.length / longest))
    corners = shapely.get_coordinates(line)
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    cuts = [int(np.abs(along - line.length * part / count).argmin()) for part in range(count + 1)]
    return [shapely.LineString(corners[a : b + 1]) for a, b in pairwise(cuts) if b > a]


def _on_grid(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: np.round(xy, GRID_DECIMALS))


def _beside(points_m: Shapes, rng: np.random.Generator, most_m: float) -> Shapes:
    """Points moved a little, in metres: a facility stands near its settlement, not on it."""
    angle = 2 * np.pi * rng.random(len(points_m))
    away = most_m * (0.35 + 0.65 * rng.random(len(points_m)))
    xy = shapely.get_coordinates(points_m) + np.column_stack((np.cos(angle), np.sin(angle))) * away[:, None]
    return np.asarray(shapely.points(xy))


def _settlements(villages: gpd.GeoDataFrame, capitals: gpd.GeoDataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Villages with a mark on those that are a kecamatan's capital, and where all of them are in metres."""
    seats = set(zip(capitals["kode"], capitals["ibu_kota"], strict=True))
    table = pd.DataFrame(villages.drop(columns="geometry"))
    table["ibu_kota"] = [pair in seats for pair in zip(table["kode_kecamatan"], table["nama"], strict=True)]
    return table, np.asarray(villages.to_crs(GROUND).geometry)


def health_layer(villages: gpd.GeoDataFrame, capitals: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Health facilities: a puskesmas in each kecamatan, three hospitals, auxiliary ones in a third of the villages."""
    table, places = _settlements(villages, capitals)
    rows: list[dict[str, Any]] = []
    points: list[Any] = []
    near = _beside(places, rng, 900)
    far = _beside(places, rng, 1_400)
    for at, village in enumerate(table.itertuples()):
        kinds = []
        if village.ibu_kota:
            kinds.append(("Puskesmas", int(rng.integers(6, 30)), near[at]))
            if village.kecamatan in ("Tenggarong", "Samboja", "Kota Bangun"):
                kinds.append(("Rumah sakit", int(rng.integers(60, 220)), far[at]))
        elif rng.random() < 0.3:
            kinds.append(("Puskesmas pembantu", 0, near[at]))
        for kind, beds, point in kinds:
            rows.append(
                {
                    "nama": f"{kind} Contoh {village.nama}",
                    "jenis": kind,
                    "tempat_tidur": beds,
                    "kode_desa": village.kode,
                    "desa": village.nama,
                    "kode_kecamatan": village.kode_kecamatan,
                    "kecamatan": village.kecamatan,
                    "catatan": NOTE,
                }
            )
            points.append(point)
    layer = gpd.GeoDataFrame(rows, geometry=list(to_degrees(points)), crs="EPSG:4326")
    layer.insert(0, "kode_faskes", [f"FK-{number:03d}" for number in range(1, len(layer) + 1)])
    return layer


def school_layer(villages: gpd.GeoDataFrame, capitals: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Schools: an SD in two thirds of the villages, SMP in some, SMA and SMK in the capitals."""
    table, places = _settlements(villages, capitals)
    rows: list[dict[str, Any]] = []
    points: list[Any] = []
    moved = {level: _beside(places, rng, 1_600) for level in ("SD", "SMP", "SMA", "SMK")}
    for at, village in enumerate(table.itertuples()):
        chance = {"SD": 0.62, "SMP": 0.16, "SMA": 0.02, "SMK": 0.0}
        if village.ibu_kota:
            chance = {"SD": 1.0, "SMP": 1.0, "SMA": 0.9, "SMK": 0.4}
        for level, share in chance.items():
            if rng.random() < share:
                rows.append(
                    {
                        "nama": f"{level} Contoh {village.nama}",
                        "jenjang": level,
                        "status": "negeri" if rng.random() < 0.8 else "swasta",
                        "murid": int(rng.integers(60, 620)),
                        "kode_desa": village.kode,
                        "desa": village.nama,
                        "kecamatan": village.kecamatan,
                        "catatan": NOTE,
                    }
                )
                points.append(moved[level][at])
    layer = gpd.GeoDataFrame(rows, geometry=list(to_degrees(points)), crs="EPSG:4326")
    layer.insert(0, "kode_sekolah", [f"SK-{number:03d}" for number in range(1, len(layer) + 1)])
    return layer


def tower_layer(
    roads: list[tuple[dict[str, str], shapely.LineString]],
    villages: gpd.GeoDataFrame,
    outline: shapely.Polygon,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Telecommunication towers along the roads and in every sixth village, with what a GPX waypoint can hold."""
    lines_m = to_metres([line for _, line in roads])
    along = [
        shapely.line_interpolate_point(line, away)
        for line in lines_m
        for away in np.arange(4_000, shapely.length(line), 13_000)
    ]
    chosen = np.asarray(villages.to_crs(GROUND).geometry)[::6]
    places = _beside(np.concatenate([np.asarray(along), chosen]), rng, 700)
    degrees = to_degrees(places)
    degrees = degrees[shapely.contains(outline, degrees)]
    height = rng.choice([32, 42, 52, 72], len(degrees), p=[0.2, 0.4, 0.25, 0.15])
    return gpd.GeoDataFrame(
        {
            "name": [f"MN-{number:03d}" for number in range(1, len(degrees) + 1)],
            "cmt": [f"Menara Contoh, tinggi {metres} m" for metres in height],
            "desc": NOTE,
            "type": [_tower_kind(int(metres)) for metres in height],
        },
        geometry=list(degrees),
        crs="EPSG:4326",
    )


def _tower_kind(metres: int) -> str:
    return "di bawah 40 m" if metres < 40 else "40 sampai 60 m" if metres <= 60 else "di atas 60 m"


def flood_layer(
    rivers: dict[str, tuple[int, shapely.LineString]],
    lakes: list[tuple[str, str, shapely.Polygon]],
    capitals: gpd.GeoDataFrame,
    cells: gpd.GeoSeries,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Flood-prone ground beside rivers and lakes in three classes that do not overlap, a feature a kecamatan and class.

    Web Mercator, as many sketches from web maps come.
    """
    seeds, reach = [], []
    for name, (order, line) in rivers.items():
        line_m = to_metres([line])[0]
        away = np.arange(0, shapely.length(line_m), 1_500)
        along = shapely.line_interpolate_point(line_m, away)
        if name.startswith("Muara"):
            continue
        wide = {1: 1_900.0, 2: 1_150.0, 3: 900.0}[order]
        swell = 0.75 + 0.35 * np.sin(away / 9_000 + 6.28 * rng.random()) + 0.25 * rng.random(len(along))
        seeds.append(along)
        reach.append(wide * swell)
    for lake_m in to_metres([area for _, _, area in lakes]):
        seeds.append(np.array([lake_m]))
        reach.append(np.array([1_300.0]))
    seed, wide_m = np.concatenate(seeds), np.concatenate(reach)
    water = shapely.union_all(to_metres([area for _, _, area in lakes]))
    rings, inner = [], water
    for level, part in (("tinggi", 0.6), ("sedang", 1.15), ("rendah", 1.9)):
        whole = shapely.union_all(shapely.buffer(seed, wide_m * part, quad_segs=3)).buffer(-300, 2).buffer(300, 2)
        whole = shapely.simplify(shapely.union(whole, inner), 320)
        rings.append((level, shapely.difference(whole, inner)))
        inner = whole
    rows, areas = [], []
    for capital, cell in zip(capitals.itertuples(), np.asarray(cells.to_crs(GROUND)), strict=True):
        for level, ring in rings:
            parts = shapely.get_parts(shapely.intersection(ring, cell))
            parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 600_000)]
            if len(parts):
                rows.append(
                    {
                        "kode_area": f"BJ-{capital.kode[-2:]}-{level[0].upper()}",
                        "kelas": level,
                        "kode_kecamatan": capital.kode,
                        "kecamatan": capital.kecamatan,
                        "kedalaman_m": {"tinggi": 1.8, "sedang": 0.9, "rendah": 0.4}[level],
                    }
                )
                areas.append(shapely.multipolygons(list(parts)))
    layer = gpd.GeoDataFrame(rows, geometry=areas, crs=GROUND)
    layer["luas_ha"] = (layer.to_crs(EQUAL_AREA).area / 1e4).round(1)
    layer = layer.assign(catatan=NOTE).to_crs("EPSG:3857")
    rounded = shapely.transform(np.asarray(layer.geometry), lambda xy: np.round(xy, 1))
    return layer.set_geometry(shapely.orient_polygons(shapely.make_valid(rounded)), crs="EPSG:3857")


def open_permit_layer(capitals: gpd.GeoDataFrame, cells: gpd.GeoSeries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Invented, indicative location permits west of 117 E that everybody may see, in DGN95 / TM-3 zone 50.1."""
    uses = ["perkebunan", "perumahan", "pergudangan", "perikanan", "wisata"]
    zone_m = shapely.box(-1e6, 0, 492_000, 2e7)
    west = capitals.index[capitals.geometry.x < 116.99]
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for at, cell_m in cells.to_crs(GROUND)[west].items():
        inside = shapely.intersection(cell_m, zone_m).buffer(-2_600)
        if inside.is_empty:
            continue
        for centre in scatter(inside, 4, rng):
            use = uses[int(rng.choice(len(uses), p=[0.36, 0.24, 0.14, 0.14, 0.12]))]
            size = {"perkebunan": 3_600.0, "perumahan": 1_900.0, "pergudangan": 1_500.0}.get(use, 1_700.0)
            rows.append(
                {
                    "nomor": f"IL-{len(rows) + 1:03d}",
                    "peruntukan": use,
                    "tahap": ["diajukan", "diperiksa", "terbit"][int(rng.integers(3))],
                    "tanggal": CONTENT_DATE - dt.timedelta(days=int(rng.integers(20, 900))),
                    "kode_kecamatan": capitals["kode"][at],
                    "kecamatan": capitals["kecamatan"][at],
                    "catatan": NOTE,
                }
            )
            shapes.append(draw_plot(centre, size * (0.7 + 0.3 * float(rng.random())), rng, 9))
    layer = to_millimetres(gpd.GeoDataFrame(rows, geometry=shapes, crs=GROUND), "EPSG:23837")
    layer.insert(6, "luas_ha", (layer.to_crs(EQUAL_AREA).area / 1e4).round(2))
    return layer
