"""Which features an ``items`` question means, told from the rows by shapely, pyproj and plain Python alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas
import numpy as np
import pyproj
import shapely

from tests.ogc.differential.cases import Case
from tests.ogc.differential.layers import CRS84, Sample

FILTERS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "urut=3": lambda row: row["urut"] == 3,
    "urut>3": lambda row: row["urut"] is not None and row["urut"] > 3,
}
"""The filters that are asked, as they are meant: null is no number."""


def parameters(case: Case) -> dict[str, str]:
    """The query of a case."""
    return dict(parse_qsl(urlsplit(case.path).query, keep_blank_values=True))


def matching(case: Case, sample: Sample) -> list[str]:
    """Ids of all features that the question means, in the order that it asks for."""
    asked = parameters(case)
    chosen = np.ones(len(sample.rows), dtype=bool)
    if "bbox" in asked:
        chosen &= _inside(sample, [float(part) for part in asked["bbox"].split(",")], asked.get("bbox-crs", CRS84))
    if "datetime" in asked and sample.time:
        chosen &= np.array([_meets(row[sample.time], asked["datetime"]) for row in sample.rows])
    if "filter" in asked:
        chosen &= np.array([FILTERS[asked["filter"]](row) for row in sample.rows])
    for name, kind in sample.types.items():
        if name in asked:
            wanted = _typed(asked[name], kind)
            chosen &= np.array([row[name] == wanted for row in sample.rows])
    rows = [row for row, taken in zip(sample.rows, chosen, strict=True) if taken]
    if "sortby" in asked:
        name, down = asked["sortby"].lstrip("+- "), asked["sortby"].startswith("-")
        valued = sorted((row for row in rows if row[name] is not None), key=lambda row: row[name], reverse=down)
        rows = valued + [row for row in rows if row[name] is None]
    return [str(row[sample.key]) for row in rows]


def page(case: Case, sample: Sample, default: int) -> list[str]:
    """Ids of the page that the question means."""
    asked = parameters(case)
    if asked.get("resulttype") == "hits":
        return []
    start, size = int(asked.get("offset", 0)), int(asked.get("limit", default))
    return matching(case, sample)[start : start + size]


def _inside(sample: Sample, box: list[float], crs: str) -> Any:
    if len(box) == 6:
        box = [*box[:2], *box[3:5]]
    system = pyproj.CRS(crs)
    if system.axis_info[0].direction == "north":
        box = [box[1], box[0], box[3], box[2]]
    places = geopandas.GeoSeries(list(sample.geometries), crs=f"EPSG:{sample.epsg}")
    places = places.to_crs("OGC:CRS84" if crs == CRS84 else system)
    west, south, east, north = box
    if west > east:
        area = shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
    else:
        area = shapely.box(west, south, east, north)
    return places.isna().to_numpy() | shapely.intersects(places.to_numpy(), area)


def _meets(day: str | None, asked: str) -> bool:
    if day is None:
        return True
    first = datetime.fromisoformat(day).replace(tzinfo=UTC)
    last = first + timedelta(days=1, microseconds=-1)
    start, _, end = asked.partition("/")
    low = _moment(start, first)
    high = _moment(end or start, last, whole_day=True)
    return first <= high and last >= low


def _moment(text: str, otherwise: datetime, whole_day: bool = False) -> datetime:
    if text in ("", ".."):
        return otherwise
    moment = datetime.fromisoformat(text)
    if "T" not in text:
        return moment.replace(tzinfo=UTC) + (timedelta(days=1, microseconds=-1) if whole_day else timedelta())
    return moment


def _typed(text: str, kind: str) -> Any:
    match kind:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            return text == "true"
    return text
