"""Data for measuring: 500,000 buildings, 240 villages that share their edges, 1,000,000 points. Always the same.

One seed, so that two runs measure the same thing. Invented shapes in a box on the equator; coordinates have seven
decimals, as officers' files do. The river that settlements follow makes the density uneven, which is what indexes
suffer from.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

SEED = 6402
BOX = (115.43, -1.31, 117.66, 1.18)
KINDS = np.array(["rumah", "ruko", "gudang", "sekolah", "masjid", "kantor", "pasar", "puskesmas", "gereja", "pabrik"])
SHARES = [0.7, 0.1, 0.05, 0.03, 0.03, 0.03, 0.02, 0.015, 0.015, 0.01]
COLUMNS, ROWS = 16, 15
SYLLABLES = tuple(f"{first}{last}" for first in "bdgklmrstw" for last in "aiou")


def buildings(count: int = 500_000, seed: int = SEED) -> gpd.GeoDataFrame:
    """Valid polygons of 5 to 12 corners around villages along a river, with codes, gaps in the names and dates."""
    rng = np.random.default_rng([seed, 1])
    at, home = _scattered(rng, count, 0.015)
    corners = rng.integers(5, 13, count)
    owner = np.repeat(np.arange(count), corners)
    turn = np.arange(corners.sum()) - np.repeat(np.cumsum(corners) - corners, corners)
    angle = 2 * np.pi * turn / corners[owner] + rng.random(count)[owner]
    radius = rng.uniform(4e-5, 1.6e-4, count)[owner] * rng.uniform(0.75, 1.0, len(owner))
    open_rings = np.round(at[owner] + np.column_stack((np.cos(angle), np.sin(angle))) * radius[:, None], 7)
    ends = np.cumsum(corners)
    rings = np.insert(open_rings, ends, open_rings[ends - corners], axis=0)
    offsets = np.concatenate(([0], ends + np.arange(1, count + 1)))
    shapes = shapely.from_ragged_array(shapely.GeometryType.POLYGON, rings, (offsets, np.arange(count + 1)))
    named = _names(rng, count)
    named[rng.random(count) < 0.15] = None
    heights = np.round(rng.gamma(3, 1.6, count), 2)
    heights[rng.random(count) > 0.9] = np.nan
    return gpd.GeoDataFrame(
        {
            "id": np.arange(1, count + 1),
            "name": named,
            "kind": rng.choice(KINDS, count, p=SHARES),
            "class_code": _codes("KK", rng.integers(0, max(1, count // 100), count), 5),
            "floors": rng.integers(1, 5, count),
            "height_m": heights,
            "surveyed": pd.Series(np.datetime64("1995-01-01") + rng.integers(0, 11000, count)).dt.strftime("%Y-%m-%d"),
            "village": village_codes()[home],
        },
        geometry=shapes,
        crs=4326,
    )


def villages(seed: int = SEED) -> gpd.GeoDataFrame:
    """240 areas whose common edges are one ragged line each: a clean coverage of 1.3 million vertices."""
    rng = np.random.default_rng([seed, 2])
    west, south, east, north = BOX
    x, y = np.linspace(west, east, COLUMNS + 1), np.linspace(south, north, ROWS + 1)
    nodes = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    inner = nodes[1:-1, 1:-1]
    inner += rng.uniform(-0.15, 0.15, inner.shape) * [x[1] - x[0], y[1] - y[0]]
    across = {
        (i, j): _ragged(rng, nodes[i, j], nodes[i + 1, j], straight=j in (0, ROWS))
        for i in range(COLUMNS)
        for j in range(ROWS + 1)
    }
    upward = {
        (i, j): _ragged(rng, nodes[i, j], nodes[i, j + 1], straight=i in (0, COLUMNS))
        for i in range(COLUMNS + 1)
        for j in range(ROWS)
    }
    shapes = [
        shapely.Polygon(
            np.concatenate(
                (
                    across[i, j][:-1],
                    upward[i + 1, j][:-1],
                    across[i, j + 1][:0:-1],
                    upward[i, j][::-1],
                )
            )
        )
        for j in range(ROWS)
        for i in range(COLUMNS)
    ]
    codes = village_codes()
    return gpd.GeoDataFrame(
        {
            "kode": codes,
            "induk": [code[:8] for code in codes],
            "nama": _names(rng, len(codes)),
            "jiwa": rng.integers(300, 30_000, len(codes)),
        },
        geometry=shapes,
        crs=4326,
    )


def misfits(seed: int = SEED) -> gpd.GeoDataFrame:
    """The villages as they come from several offices: every third one moved by half a metre or so, thus slivers of
    overlap and gap along all of its borders.
    """
    rng = np.random.default_rng([seed, 4])
    areas = villages(seed)
    moved = rng.random(len(areas)) < 1 / 3
    step = np.where(moved[:, None], rng.choice([-1, 1], (len(areas), 2)) * rng.uniform(5e-6, 2e-5, (len(areas), 2)), 0)
    sizes = shapely.get_num_coordinates(areas.geometry.to_numpy())
    places = np.round(shapely.get_coordinates(areas.geometry.to_numpy()) + np.repeat(step, sizes, axis=0), 7)
    areas.geometry = shapely.set_coordinates(areas.geometry.to_numpy(), places)
    return areas


def points(count: int = 1_000_000, seed: int = SEED) -> gpd.GeoDataFrame:
    """Points around the villages, each with the code of the village it lies in, one in a thousand with another's."""
    rng = np.random.default_rng([seed, 3])
    at, _ = _scattered(rng, count, 0.02)
    at = np.round(at, 7)
    shapes = shapely.points(at)
    areas = villages(seed)
    inside = np.full(count, -1)
    point, area = shapely.STRtree(shapes).query(areas.geometry.to_numpy(), predicate="contains")[::-1]
    inside[point] = area
    wrong = rng.random(count) < 0.001
    inside[wrong] = rng.integers(0, len(areas), wrong.sum())
    return gpd.GeoDataFrame(
        {
            "id": np.arange(1, count + 1),
            "kind": rng.choice(KINDS, count),
            "value": np.round(rng.normal(20, 5, count), 2),
            "code": _codes("P", rng.integers(0, max(1, count // 100), count), 6),
            "village": areas["kode"].to_numpy()[inside],
        },
        geometry=shapes,
        crs=4326,
    )


def village_codes() -> np.ndarray:
    """240 codes in the form of Kemendagri codes, of a district 98.76 that does not exist."""
    number = np.arange(COLUMNS * ROWS)
    return np.array([f"98.76.{n // 20 + 1:02d}.{2001 + n % 20}" for n in number], dtype=object)


def made(folder: Path, scale: float = 1.0) -> dict[str, Path]:
    """The three layers as GeoPackages in ``folder``, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "buildings": lambda: buildings(int(500_000 * scale)),
        "villages": villages,
        "misfits": misfits,
        "points": lambda: points(int(1_000_000 * scale)),
    }
    paths = {}
    for name, make in makers.items():
        path = paths[name] = folder / f"{name}-{scale:g}.gpkg"
        if not path.exists():
            part = path.with_suffix(".part.gpkg")
            part.unlink(missing_ok=True)
            make().to_file(part, layer=name, driver="GPKG", engine="pyogrio", use_arrow=True)
            part.rename(path)
    return paths


def _river(count: int = 400) -> np.ndarray:
    """A winding line through the box from west to east."""
    along = np.linspace(0, 1, count)
    bends = 0.25 - 0.85 * along + 0.12 * np.sin(21 * along) + 0.06 * np.sin(57 * along + 1)
    return np.column_stack((BOX[0] + (BOX[2] - BOX[0]) * along, bends))


def _scattered(rng: np.random.Generator, count: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (count, 2) around settlements, a few of which are large, and the number of the settlement of each."""
    homes = COLUMNS * ROWS
    river = _river()
    middles = river[rng.integers(0, len(river), homes)] + rng.normal(0, [0.03, 0.05], (homes, 2))
    weights = rng.pareto(1.2, homes) + 0.2
    home = rng.choice(homes, count, p=weights / weights.sum())
    wide = spread * rng.uniform(0.3, 1.6, homes)
    at = middles[home] + rng.normal(0, 1, (count, 2)) * wide[home][:, None]
    return np.clip(at, np.array(BOX[:2]) + 0.001, np.array(BOX[2:]) - 0.001), home


def _ragged(rng: np.random.Generator, start: np.ndarray, end: np.ndarray, *, straight: bool) -> np.ndarray:
    """A line between two nodes, broken in the middle again and again; ends exactly on them."""
    size = int(rng.choice([513, 1025, 2049, 4097], p=[0.35, 0.35, 0.2, 0.1]))
    line = np.array([start, end])
    reach = 0.0 if straight else 0.08
    while len(line) < size:
        step = np.diff(line, axis=0)
        # Aside by a part of the step's own length: the line keeps clear of itself.
        aside = np.column_stack((-step[:, 1], step[:, 0])) * rng.uniform(-reach, reach, (len(step), 1))
        middle = line[:-1] + step / 2 + aside
        line = np.insert(line, np.arange(1, len(line)), middle, axis=0)
    return np.round(line, 7)


def _names(rng: np.random.Generator, count: int) -> np.ndarray:
    parts = np.array(SYLLABLES)
    drawn = parts[rng.integers(0, len(parts), (count, 3))]
    return np.strings.capitalize(np.strings.add(np.strings.add(drawn[:, 0], drawn[:, 1]), drawn[:, 2])).astype(object)


def _codes(letters: str, numbers: np.ndarray, width: int) -> np.ndarray:
    written = np.strings.add(letters, np.strings.zfill(numbers.astype(str), width))
    return written.astype(object)
