"""The ground under all maps of the node, made from the same drawing: land, water, roads and names, kept light."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from datasets.drawn import read_mainland, read_names, stream
from datasets.shapes import roughen

DECIMALS = 4  # about ten metres: more than a map of the whole region can show
SOURCE = {"id": "peta dasar: data contoh (sintetis)", "en": "base map: sample data (synthetic)"}
ENGLISH = {"Selat Makassar": "Makassar Strait", "S. Mahakam": "Mahakam R."}


def write_ground(
    path: Path,
    outline: shapely.Polygon,
    cells: gpd.GeoSeries,
    rivers: dict[str, tuple[int, shapely.LineString]],
    lakes: list[tuple[str, str, shapely.Polygon]],
    roads: list[tuple[dict[str, str], shapely.LineString]],
) -> None:
    """One GeoJSON (CRS84): each feature has a ``kind`` (neighbour, land, district, lake, river, road, name).

    The neighbour is all land around and below: the kabupaten lies over it and the enclosed city shows through.
    """
    mainland = shapely.Polygon(roughen(read_mainland(), stream(17), 2, 0.07))
    features = [
        _feature("neighbour", shapely.buffer(shapely.simplify(mainland, 0.004), 0)),
        _feature("land", outline),
        *(_feature("district", line) for line in _borders(np.asarray(cells), outline)),
        *(_feature("lake", area, name=name) for name, _, area in lakes),
        *(_feature("river", line, name=name, order=order) for name, (order, line) in rivers.items()),
        *(_feature("road", shapely.simplify(line, 0.002)) for _, line in roads),
        *(
            _feature("name", shapely.Point(place["lon"], place["lat"]), **_names(place["nama"]), of=place["jenis"])
            for place in read_names()
        ),
    ]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    head = json.dumps({"type": "FeatureCollection", "source": SOURCE}, ensure_ascii=False)[:-1]
    path.write_text(f'{head}, "features": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n")


def _borders(cells: np.ndarray, outline: shapely.Polygon) -> list[shapely.LineString]:
    """The lines between kecamatan, each once."""
    inner = shapely.difference(shapely.union_all(shapely.boundary(cells)), shapely.buffer(outline.boundary, 2e-5))
    return [line for line in shapely.get_parts(shapely.line_merge(inner)) if line.length > 0.01]


def _names(name: str) -> dict[str, str]:
    return {"name": name, "name_en": ENGLISH[name]} if name in ENGLISH else {"name": name}


def _feature(kind: str, shape: shapely.Geometry, **facts: Any) -> dict[str, Any]:
    if kind in ("land", "district", "river", "lake"):
        shape = shapely.simplify(shape, 0.0012 if kind != "lake" else 0.0008)
    rounded = shapely.set_precision(shape, 10.0**-DECIMALS) if shape.geom_type == "Polygon" else shape
    plain = json.loads(shapely.to_geojson(rounded), parse_float=lambda number: round(float(number), DECIMALS))
    return {"type": "Feature", "properties": {"kind": kind} | facts, "geometry": plain}
