"""A node with its whole application in front: every edge and gate that a stranger's request meets, and strict JSON."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brotli
import geopandas
import numpy as np
import shapely
import zstandard
from starlette.testclient import TestClient

from geoportal.web.app import create_app
from tests.ogc.differential.meaning import strict
from tests.ogc.world import BASE, World, make_world

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DECODERS = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": lambda body: zstandard.decompress(body)}
ALL = "limit=10000"


@contextmanager
def whole(folder: Path) -> Iterator[World]:
    """An empty node whose ``client`` asks the whole application."""
    world = make_world(folder)
    world.client.close()
    world.client = TestClient(create_app(world.node), base_url=BASE, follow_redirects=False)
    try:
        yield world
    finally:
        world.client.close()
        world.node.close()


def ids(world: World, path: str) -> set[str]:
    """Ids of all features that an ``items`` question matches; they must be as many as the answer says, each once."""
    document = strict(world.get(path).content)
    found = [feature["id"] for feature in document["features"]]
    assert document["numberMatched"] == document["numberReturned"] == len(found) == len(set(found))
    return set(found)


def inside(frame: geopandas.GeoDataFrame, key: str, box: tuple[float, ...]) -> set[str]:
    """Keys of the rows that meet a box in degrees (west, south, east, north), by shapely; no geometry meets all."""
    west, south, east, north = box
    areas = [box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]
    places = frame.geometry.to_numpy()
    met = shapely.is_missing(places)
    for area in areas:
        met = met | shapely.intersects(places, shapely.box(*area))
    return set(frame[key][np.asarray(met)].astype(str))


def degrees(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """The frame in CRS84 with the nine decimals that are published."""
    moved = frame.to_crs("OGC:CRS84")
    moved.geometry = shapely.transform(moved.geometry.to_numpy(), lambda at: np.round(at, 9))
    return moved


def problem(world: World, path: str, status: int = 400, **asked: Any) -> dict[str, Any]:
    """The problem document of a refusal; it must be complete, in both media type and members."""
    response = world.client.request(asked.pop("method", "GET"), path, **asked)
    assert response.status_code == status, f"{path}: {response.status_code} {response.text[:300]}"
    assert response.headers["content-type"] == "application/problem+json", path
    document: dict[str, Any] = strict(response.content)
    assert document["status"] == status
    assert document["code"] and document["description"] and document["detail"] and document["title"]
    return document
