"""Layers made by code for the tests of the serving files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely

from geoportal.model.layer import Field, Layer
from geoportal.serving.build import build
from geoportal.serving.fragments import Serving, open_serving

TYPES = {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "date-time"}


def layer(
    geometries: Sequence[Any] | None,
    columns: dict[str, Any] | None = None,
    *,
    crs: str | None = "EPSG:4326",
    types: dict[str, str] | None = None,
    ids: Sequence[str] | None = None,
) -> Layer:
    """A layer of these geometries (None: a table) and columns; types are read off the columns unless given."""
    given = None if geometries is None else list(geometries)
    frame = pd.DataFrame(columns or {}, index=None if columns else range(len(given or [])))
    fields = tuple(
        Field(str(name), (types or {}).get(str(name)) or TYPES.get(frame[name].dtype.kind, "string")) for name in frame
    )
    if given is not None:
        array = np.empty(len(given), dtype=object)
        array[:] = given
        frame = geopandas.GeoDataFrame(frame, geometry=array, crs=crs)
    kinds = {g.geom_type for g in given or [] if g is not None}
    return Layer(
        "lapisan", frame, crs, fields, kinds.pop() if len(kinds) == 1 else "Unknown", tuple(ids) if ids else None
    )


def served(folder: Path, *arguments: Any, key: str | None = None, **named: Any) -> Serving:
    """The open serving files of a layer made by ``layer``."""
    made = arguments[0] if arguments and isinstance(arguments[0], Layer) else layer(*arguments, **named)
    folder.mkdir(parents=True, exist_ok=True)
    build(made, folder, key=key)
    return open_serving(folder)


def features(serving: Serving) -> list[dict[str, Any]]:
    """All features as a strict JSON reader gets them."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = b"[" + serving.slice(0, serving.count) + b"]"
    found: list[dict[str, Any]] = json.loads(text, parse_constant=refuse)
    return found


def polygons(count: int, *, vertices: int = 8, seed: int = 6402) -> np.ndarray:
    """Star-shaped polygons scattered over the equator at 115 to 118 degrees east, coordinates to 9 decimals."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform([115.2, -1.2], [117.8, 1.5], (count, 2))
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = rng.uniform(0.0005, 0.004, (count, vertices))
    ring = centres[:, None, :] + radius[:, :, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return np.asarray(shapely.polygons(np.round(ring, 9)), dtype=object)
