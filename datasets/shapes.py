"""Shapes as nature and people might have made them: teeth, meanders, cells, plots. All invented (SINTETIS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from datasets.drawn import GEOGRAPHIC, GROUND, Corners, read_outline, to_metres

GRID_DEG = 1e-5  # about one metre: lines are snapped to it while they still are one network
GRID_DECIMALS = 5

Shapes = npt.NDArray[Any]


def roughen(ring: Corners, rng: np.random.Generator, levels: int = 2, share: float = 0.09) -> Corners:
    """Give a hand-drawn ring the small teeth of a real edge: a middle moves sideways by up to ``share`` of its segment.

    It moves less beside a sharp corner, so that the two banks of a narrow channel do not meet.
    """
    for _ in range(levels):
        along = np.roll(ring, -1, axis=0) - ring
        sideways = np.column_stack((-along[:, 1], along[:, 0]))
        heading = np.arctan2(along[:, 1], along[:, 0])
        turn = np.abs((heading - np.roll(heading, 1) + np.pi) % (2 * np.pi) - np.pi)
        calm = np.clip((np.pi - np.maximum(turn, np.roll(turn, -1))) / (np.pi / 2), 0, 1) ** 2
        move = (2 * rng.random(len(ring)) - 1) * share * calm
        middle = ring + along / 2 + sideways * move[:, None]
        ring = np.stack((ring, middle), axis=1).reshape(-1, 2)
    return ring


def meander(line: Corners, rng: np.random.Generator, levels: int = 3, share: float = 0.16, smooth: int = 1) -> Corners:
    """Let a hand-drawn line wind: middles move sideways, left and right in turn, then corners are rounded off.

    Both ends stay where they are.
    """
    for level in range(levels):
        along = np.diff(line, axis=0)
        sideways = np.column_stack((-along[:, 1], along[:, 0]))
        sign = np.where(np.arange(len(along)) % 2, -1.0, 1.0) if level == 0 else rng.choice([-1.0, 1.0], len(along))
        move = sign * share * (0.35 + 0.65 * rng.random(len(along)))
        middle = line[:-1] + along / 2 + sideways * move[:, None]
        line = np.concatenate([np.stack((line[:-1], middle), axis=1).reshape(-1, 2), line[-1:]])
    for _ in range(smooth):
        quarter = line[:-1] * 0.75 + line[1:] * 0.25
        three = line[:-1] * 0.25 + line[1:] * 0.75
        line = np.concatenate([line[:1], np.stack((quarter, three), axis=1).reshape(-1, 2)[1:-1], line[-1:]])
    return line


def make_outline(rng: np.random.Generator) -> shapely.Polygon:
    """The kabupaten without its enclave, in degrees on the grid; ValueError when what was drawn crosses itself."""
    rings = {name: np.round(roughen(ring, rng), GRID_DECIMALS) for name, ring in read_outline().items()}
    outline = shapely.Polygon(rings["kabupaten"], [rings["kota"]])
    if not outline.is_valid:
        raise ValueError(f"outline.csv: {shapely.is_valid_reason(outline)}")
    return outline


def make_faces(
    places_m: Shapes, outline: shapely.Polygon, rng: np.random.Generator, more: Sequence[Any] = (), share: float = 0.13
) -> Shapes:
    """The faces that the cells of ``places_m`` (Voronoi, metres) cut an outline into, in degrees: a valid coverage.

    Their borders wind a little. All lines, ``more`` among them, are noded together on the grid before any polygon
    exists, so neighbours share their borders to the last digit.
    """
    around = to_metres([outline])[0].buffer(100_000)
    edges_m = shapely.voronoi_polygons(shapely.MultiPoint(list(places_m)), extend_to=around, only_edges=True)
    edges = gpd.GeoSeries([edges_m], crs=GROUND).to_crs(GEOGRAPHIC).iloc[0]
    winding = [shapely.linestrings(_wind(line, rng, share)) for line in _straight_edges(edges)]
    lines = shapely.union_all([*winding, outline.boundary, *more], grid_size=GRID_DEG)
    faces = shapely.transform(shapely.get_parts(shapely.polygonize([lines])), lambda xy: np.round(xy, GRID_DECIMALS))
    return faces[shapely.contains_properly(outline, shapely.point_on_surface(faces))]


def _straight_edges(edges: shapely.Geometry) -> list[Corners]:
    """The single edges of a Voronoi diagram: it comes as lines of two corners each, or as longer ones."""
    found = []
    for line in shapely.get_parts(edges):
        corners = shapely.get_coordinates(line)
        found += [corners[place : place + 2] for place in range(len(corners) - 1)]
    return sorted(found, key=lambda pair: tuple(pair.ravel()))


def _wind(edge: Corners, rng: np.random.Generator, share: float) -> Corners:
    """One edge with middles moved sideways: more steps for a longer edge."""
    length = float(np.hypot(*(edge[1] - edge[0])))
    line = edge
    for _ in range(int(np.clip(np.log2(max(length, 1e-9) / 0.012), 0, 5))):
        along = np.diff(line, axis=0)
        sideways = np.column_stack((-along[:, 1], along[:, 0]))
        middle = line[:-1] + along / 2 + sideways * ((2 * rng.random(len(along)) - 1) * share)[:, None]
        line = np.concatenate([np.stack((line[:-1], middle), axis=1).reshape(-1, 2), line[-1:]])
    return line


def make_cells(capitals: gpd.GeoDataFrame, outline: shapely.Polygon, rng: np.random.Generator) -> gpd.GeoSeries:
    """One cell a capital, clipped to the outline: a valid coverage in degrees, in the order of the capitals.

    A piece that the clipping cuts off from its capital goes to the neighbour with which it shares the longest border.
    """
    capitals_m = np.asarray(capitals.geometry.to_crs(GROUND))
    faces = make_faces(capitals_m, outline, rng)
    inside_m = to_metres(shapely.point_on_surface(faces))
    owner = shapely.distance(inside_m[:, None], capitals_m[None, :]).argmin(axis=1)
    home = shapely.contains(faces[:, None], np.asarray(capitals.geometry)[None, :])
    settled = home.any(axis=1)
    owner[settled] = home[settled].argmax(axis=1)
    while not settled.all():
        borders = shapely.length(shapely.intersection(faces[~settled][:, None], faces[settled][None, :]))
        piece, neighbour = np.unravel_index(borders.argmax(), borders.shape)
        index = np.flatnonzero(~settled)[piece]
        owner[index] = owner[np.flatnonzero(settled)[neighbour]]
        settled[index] = True
    cells = [shapely.coverage_union_all(faces[owner == number]) for number in range(len(capitals))]
    return gpd.GeoSeries(shapely.orient_polygons(shapely.normalize(cells)), crs=GEOGRAPHIC)


def scatter(
    area_m: shapely.Geometry, count: int, rng: np.random.Generator, taken: Sequence[shapely.Geometry] = ()
) -> list[shapely.Point]:
    """Draw ``count`` points well inside an area in metres, each the loneliest of five, away from those ``taken``."""
    radius_m = shapely.length(shapely.maximum_inscribed_circle(area_m))
    core = shapely.buffer(area_m, -min(1_500.0, radius_m / 4))
    shapely.prepare(core)
    west, south, east, north = core.bounds
    placed = list(taken)
    while len(placed) < len(taken) + count:
        xy = np.array([west, south]) + rng.random((400, 2)) * np.array([east - west, north - south])
        candidates = shapely.points(xy[shapely.contains_xy(core, xy)])[:5]
        if not placed:
            placed.append(candidates[0])
        elif len(candidates):
            lonely = shapely.distance(candidates[:, None], np.array(placed)[None, :]).min(axis=1)
            placed.append(candidates[lonely.argmax()])
    return cast("list[shapely.Point]", placed[len(taken) :])


def draw_plot(centre: shapely.Point, radius_m: float, rng: np.random.Generator, corners: int = 7) -> shapely.Polygon:
    """A plot of land around a point: corners at uneven distances, at most ``radius_m`` away."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + (rng.random(corners) - 0.5) * 4.2 / corners
    reach = radius_m * (0.6 + 0.4 * rng.random(corners))
    return shapely.Polygon(np.column_stack((centre.x + reach * np.cos(angle), centre.y + reach * np.sin(angle))))


def to_millimetres(layer: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """The layer in a metric CRS with whole millimetres.

    The last bits of a projection differ between machines, its millimetres do not.
    """
    layer = layer.to_crs(crs)
    return layer.set_geometry(shapely.transform(np.asarray(layer.geometry), lambda xy: np.round(xy, 3)), crs=crs)
