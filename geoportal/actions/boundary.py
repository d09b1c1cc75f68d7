"""The outline of a region from a boundary file: where the region lies, and the land under the maps of its node.

The file is foreign: the ingest child reads it. What is drawn under maps is a simplified picture of it and says so; the
extent is that of the file's own coordinates.
"""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoportal.errors import UnknownReferenceSystem, UnreadableSource
from geoportal.model.region import Region

if TYPE_CHECKING:
    import geopandas
    import pandas

    from geoportal.settings import IngestSettings

Box = tuple[float, float, float, float]

MOST_POINTS = 3000
"""Of the land under a map: about 40 KB, which every preview carries."""
FINEST_M = 30.0
GRID_DEGREES = 1e-5
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Outline:
    """A region as a file draws it.

    ``extent`` is west, south, east, north in degrees (WGS 84), rounded outwards to four decimals; ``ground`` the
    GeoJSON of its land. ``used`` of ``total`` features were taken, because ``column`` holds the code of the region;
    all of them where it is None. ``name`` is what the file calls the region, empty where it does not say; ``repaired``
    counts areas that cross themselves and were drawn as the area that they enclose. ``points`` and ``tolerance_m``
    tell how far the land was simplified.
    """

    extent: Box
    ground: bytes
    used: int
    total: int
    column: str | None
    name: str
    repaired: int
    points: int
    tolerance_m: float


def outline_of(
    path: Path, code: str | None, limits: IngestSettings, *, layer: str | None = None, crs: str | None = None
) -> Outline:
    """Read a boundary file in the child and draw the region with the Kemendagri ``code`` from it.

    UnreadableSource where the file is rejected, holds several layers and none is named, or has no areas, with the
    report as a fact; UnknownReferenceSystem where nobody said in which system its numbers are.
    """
    from geoportal.ingest.sandbox import inspect_in_child
    from geoportal.store.layers import read_sealed

    with tempfile.TemporaryDirectory(prefix="geoportal-setup-") as staging:
        report, staged = inspect_in_child(
            path, None, Region(), staging=Path(staging), limits=limits, layer=layer, crs=crs
        )
        if staged is None:
            if any(item.crs is None and item.geometry_type for item in report.layers):
                raise UnknownReferenceSystem(f"{path.name} does not say in which reference system its numbers are")
            raise UnreadableSource(f"{path.name} was not read as one layer of areas", report=report)
        frame = read_sealed(staged.path, report).frame
    return _drawn(frame, code, path.name)


def _drawn(frame: Any, code: str | None, file: str) -> Outline:
    import geopandas
    import numpy as np
    import shapely

    if not isinstance(frame, geopandas.GeoDataFrame):
        raise UnreadableSource(f"{file} has no geometry")
    areas = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"]) & ~frame.geometry.is_empty]
    column, chosen = _of_region(areas, code)
    taken = areas[chosen]
    if taken.empty:
        raise UnreadableSource(f"{file} holds no area")
    shapes = taken.geometry.to_crs("EPSG:4326")
    faulty = ~shapely.is_valid(shapes.to_numpy())
    west, south, east, north = shapes.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise UnreadableSource(f"{file} cannot be brought to degrees")
    extent = (
        math.floor(west * 1e4) / 1e4,
        math.floor(south * 1e4) / 1e4,
        math.ceil(east * 1e4) / 1e4,
        math.ceil(north * 1e4) / 1e4,
    )
    land, tolerance = _land(shapes)
    return Outline(
        extent=extent,
        ground=ground_file(land, file),
        used=len(taken),
        total=len(frame),
        column=column,
        name=_name(taken, column) if column and len(taken) == 1 else "",
        repaired=int(faulty.sum()),
        points=int(shapely.get_num_coordinates(land).sum()),
        tolerance_m=tolerance,
    )


def _of_region(areas: geopandas.GeoDataFrame, code: str | None) -> tuple[str | None, Any]:
    """The column that holds the region's code, and the rows of the region: the region itself, else its parts."""
    import numpy as np

    wanted = "".join(c for c in code or "" if c.isdigit())
    everything = np.ones(len(areas), dtype=bool)
    if not wanted:
        return None, everything
    texts: dict[str, pandas.Series[str]] = {
        str(name): areas[name].astype(str).str.replace(r"[.\s-]", "", regex=True)
        for name in areas.columns
        if name != areas.geometry.name
    }
    for name, values in texts.items():
        if (same := (values == wanted).to_numpy()).any():
            return name, same
    for name, values in texts.items():
        coded = values.str.fullmatch(r"\d{6}|\d{10}")
        if (parts := (coded & values.str.startswith(wanted)).to_numpy()).any() and coded.mean() > 0.5:
            return name, parts
    return None, everything


def _name(taken: geopandas.GeoDataFrame, column: str) -> str:
    """What the one row calls itself: the first column of readable words, the one whose name says so before others."""
    row = taken.iloc[0]
    names = [str(name) for name in taken.columns if name not in (taken.geometry.name, column)]
    names.sort(key=lambda name: not any(word in name.lower() for word in ("nama", "name", "namobj", "wadmkk")))
    for name in names:
        value = row[name]
        if isinstance(value, str) and value.isprintable() and any(map(str.isalpha, value)):
            return value.strip()[:LONGEST_NAME]
    return ""


def _land(shapes: geopandas.GeoSeries) -> tuple[Any, float]:
    """Valid areas in degrees, simplified in metres until they are few enough; and how far they were simplified."""
    import geopandas
    import numpy as np
    import shapely

    west, south, east, north = shapes.total_bounds
    flat = f"+proj=laea +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84 +units=m"
    whole = geopandas.GeoSeries(shapely.make_valid(shapes.to_numpy()), crs=4326).to_crs(flat)
    parts = shapely.get_parts(shapely.union_all(whole.to_numpy()))
    parts = shapely.get_parts(parts[shapely.get_type_id(parts) % 3 == 0])
    tolerance_m = FINEST_M
    while True:
        simple = shapely.simplify(parts, tolerance_m)
        back = geopandas.GeoSeries(simple, crs=flat).to_crs(4326).to_numpy()
        land = shapely.get_parts(shapely.set_precision(back, GRID_DEGREES))
        land = land[(shapely.get_type_id(land) == 3) & ~shapely.is_empty(land)]
        if shapely.get_num_coordinates(land).sum() <= MOST_POINTS or tolerance_m > 20_000:
            break
        tolerance_m *= 1.5
        area = shapely.area(parts)
        # An islet smaller than the tolerance is not seen; the largest part always is.
        parts = parts[(area > tolerance_m**2) | (area == area.max())]
    return land[np.argsort(-shapely.area(land), kind="stable")], round(tolerance_m)


def ground_file(land: Any, file: str) -> bytes:
    """The land as GeoJSON (CRS84), one feature of kind ``land`` an area, with the file that it was drawn from."""
    import shapely

    name = "".join(c for c in file if c.isprintable())[:LONGEST_NAME]
    features = [
        {"type": "Feature", "properties": {"kind": "land"}, "geometry": json.loads(shapely.to_geojson(area))}
        for area in land
    ]
    content = {
        "type": "FeatureCollection",
        "source": {"id": f"garis luar disederhanakan dari {name}", "en": f"outline simplified from {name}"},
        "features": features,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
