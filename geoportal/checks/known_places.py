"""Features whose place is known: those that carry the code of an area in a region layer of the node.

Codes are the only witness that a box is not: in a region on the equator a mirrored layer still lies in the region, and
a datum shift of thirty metres shows nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.columns import as_text
from geoportal.checks.projection import read_crs
from geoportal.checks.readings import placed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.references import ReferenceLayer

FEWEST = 3
"""Two features may be a coincidence."""
MOST = 500
"""Features that are compared with their areas, spread evenly: a shift of the whole layer shows in a few."""
SLACK = 0.05
AREAL = (3, 6)  # Polygon, MultiPolygon
CODE = "region-code"


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """Features (their numbers in the layer) and where their codes say they lie, in degrees on WGS 84.

    ``centres`` (n, 2) are those of the areas, ``boxes`` (n, 4) around them. ``title`` names the region layer, ``share``
    is the part of the layer's features that it knows.
    """

    title: str
    share: float
    features: NDArray[np.int_]
    centres: NDArray[Any]
    boxes: NDArray[Any]

    def fits(self, degrees: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the places (n, 2) lie in the box of the area that their code names, or just beside it."""
        slack = (self.boxes[:, 2:] - self.boxes[:, :2]) * SLACK
        return np.asarray(((degrees >= self.boxes[:, :2] - slack) & (degrees <= self.boxes[:, 2:] + slack)).all(axis=1))


def known_places(context: Context) -> KnownPlaces | None:
    """The features of a layer that a region layer knows by code, None where there are fewer than FEWEST.

    Of several region layers the one that knows most features; codes that come twice are left out.
    """
    found = [places for reference in context.references.layers if (places := _matched(context, reference)) is not None]
    return max(found, key=lambda item: len(item.features), default=None)


def _matched(context: Context, reference: ReferenceLayer) -> KnownPlaces | None:
    column = None if reference.key is None else _code_field(context, reference.key)
    if column is None or reference.key is None:
        return None
    path = Path(reference.path)
    if not path.is_file():
        return None
    codes, centres, boxes = _areas(str(path), reference.key, path.stat().st_mtime_ns)
    own = as_text(context.column(column)).astype(object)
    rows = {code: row for row, code in enumerate(codes)}
    usable = context.is_present & np.array([code in rows for code in own], dtype=bool)
    features = np.flatnonzero(usable)
    _, first, times = np.unique(own[features].astype(str), return_index=True, return_counts=True)
    features = np.sort(features[first[times == 1]])
    if len(features) < FEWEST:
        return None
    share = len(features) / int(context.is_present.sum())
    features = features[np.unique(np.linspace(0, len(features) - 1, min(len(features), MOST)).astype(np.int64))]
    at = np.array([rows[code] for code in own[features]], dtype=np.int64)
    return KnownPlaces(reference.title or reference.name, share, features, centres[at], boxes[at])


def _code_field(context: Context, key: str) -> str | None:
    """The field of a layer with the codes of a region layer: the one that is said to hold them, else its namesake."""
    said = [field.name for field in context.spec.fields if field.means == CODE] if context.spec else []
    same = [name for name in context.field_types if name.casefold() == key.casefold()]
    keyed = [context.key] if context.key else []
    return next((name for name in (*said, *same, *keyed) if context.has_field(name)), None)


@lru_cache(maxsize=4)
def _areas(path: str, key: str, changed_ns: int) -> tuple[list[str], NDArray[Any], NDArray[Any]]:
    """Codes of a region layer, each once, with the centres and boxes of their areas in degrees."""
    import pyogrio

    frame = pyogrio.read_dataframe(path, columns=[key])
    if key not in frame.columns:
        return [], np.empty((0, 2)), np.empty((0, 4))
    crs = None if frame.crs is None else read_crs(frame.crs.to_wkt())
    codes = as_text(frame[key])
    shapes = shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object))
    areal = np.isin(shapely.get_type_id(shapes), AREAL)
    good = areal & ~shapely.is_empty(shapes) & np.array([c is not None for c in codes])
    good &= ~frame[key].duplicated(keep=False).to_numpy()
    if crs is None or not good.any():
        return [], np.empty((0, 2)), np.empty((0, 4))
    moved = in_degrees(shapes[good], crs)
    return [str(code) for code in codes[good]], centres_of(moved), shapely.bounds(moved)


def in_degrees(shapes: NDArray[Any], crs: Any) -> NDArray[Any]:
    """Shapes of a layer in degrees on WGS 84, so that the centres of two layers are those of one plane.

    None for a shape with a vertex that is no place.
    """
    vertices, owner = shapely.get_coordinates(shapes, return_index=True)
    degrees = placed(crs, vertices)
    good = np.ones(len(shapes), dtype=bool)
    good[owner[~np.isfinite(degrees).all(axis=1)]] = False
    moved = np.full(len(shapes), None, dtype=object)
    moved[good] = shapely.set_coordinates(shapes[good].copy(), degrees[good[owner]])
    return moved


def centres_of(shapes: NDArray[Any]) -> NDArray[Any]:
    """The centroids (n, 2) of shapes, NaN for None."""
    middles = shapely.centroid(shapes)
    return np.column_stack((shapely.get_x(middles), shapely.get_y(middles)))
