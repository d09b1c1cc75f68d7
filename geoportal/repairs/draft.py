"""A layer while it is repaired: a copy that remembers which feature of the original each row is, and takes changes.

The original is never written to. Positions are rows of the draft as it is; ``rows`` are those of the original.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import Context
from geoportal.model.layer import GEOMETRY_TYPES, Field, Layer
from geoportal.repairs.ledger import Kind, Receipt
from geoportal.repairs.values import digest_of, encode, listed, wkb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geoportal.model.region import Region

KEPT_NOTES = ("table-coordinates",)
"""What the reader noticed and a check asks for again. All other notes are about the file, not about the layer."""
EMPTY = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Cells:
    """New values of one field, for the features at ``positions``."""

    name: str
    positions: NDArray[np.int_]
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a repair wants done in one step. Every part may be missing.

    ``geometries`` are aligned with ``positions``; ``retyped`` names fields that become another type (their values
    stand in ``cells``); ``crs`` is a pair (before, after). ``facts`` are kept with every line, ``facts_of`` with that
    of one feature.
    """

    positions: NDArray[np.int_] = field(default_factory=lambda: EMPTY)
    geometries: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    dropped: NDArray[np.int_] = field(default_factory=lambda: EMPTY)
    cells: tuple[Cells, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    retyped: Mapping[str, str] = field(default_factory=dict)
    crs: tuple[str | None, str | None] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    facts_of: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        cells = any(len(part.positions) for part in self.cells)
        return bool(
            len(self.positions) or len(self.dropped) or cells or self.renamed or self.retyped or self.crs is not None
        )

    def touched(self) -> NDArray[np.int_]:
        """The features that would change, each once."""
        parts = [self.positions, self.dropped, *(part.positions for part in self.cells)]
        return np.unique(np.concatenate(parts)) if any(map(len, parts)) else EMPTY

    def without(self, spared: NDArray[np.int_]) -> Change:
        """The change of all other features. What concerns the layer as a whole stays."""
        keep = ~np.isin(self.positions, spared)
        cells = []
        for part in self.cells:
            stays = ~np.isin(part.positions, spared) | (part.name in self.retyped)
            values = [value for value, stay in zip(part.values, stays, strict=True) if stay]
            cells.append(Cells(part.name, part.positions[stays], values))
        return replace(
            self,
            positions=self.positions[keep],
            geometries=self.geometries[keep],
            dropped=self.dropped[~np.isin(self.dropped, spared)],
            cells=tuple(cells),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """The layer as it stands after some changes, and the original row of each of its features.

    The features are named by the source's ids, or by their number in the original: a dropped one must not rename those
    behind it.
    """

    layer: Layer
    rows: NDArray[np.int_]

    @classmethod
    def of(cls, layer: Layer) -> Draft:
        """A draft in which nothing has been changed yet."""
        ids = layer.ids if layer.ids is not None else tuple(str(row + 1) for row in range(len(layer)))
        notes = tuple(note for note in layer.notes if note[0] in KEPT_NOTES)
        return cls(replace(layer, ids=ids, notes=notes), np.arange(len(layer)))

    def finished(self, origin: Layer) -> Layer:
        """The layer that came out, its features named as those of the original."""
        return replace(self.layer, ids=self.layer.ids if origin.ids is not None else None, notes=())

    def changed(self, change: Change, rule: str, step: int, region: Region) -> tuple[Draft, list[Receipt]]:
        """The draft with a change made, and a receipt for each part of it."""
        context = Context(self.layer, None, region)
        after = self._with(change)
        return after, list(_receipts(self, after, context, change, rule, step, region))

    def _with(self, change: Change) -> Draft:
        import geopandas
        import pandas

        layer = self.layer
        frame: Any = pandas.DataFrame(layer.frame.drop(columns=_shapes(layer)))
        fields = layer.fields
        for part in change.cells:
            values = listed(frame[part.name])
            for position, value in zip(part.positions.tolist(), part.values, strict=True):
                values[position] = value
            kept = "str" if part.name in change.retyped else frame[part.name].dtype
            frame = frame.assign(**{part.name: pandas.Series(values, index=frame.index, dtype=kept)})
        if change.retyped:
            fields = tuple(Field(f.name, change.retyped[f.name]) if f.name in change.retyped else f for f in fields)
        if change.renamed:
            frame = frame.rename(columns=dict(change.renamed))
            fields = tuple(replace(f, name=change.renamed.get(f.name, f.name)) for f in fields)
        crs = change.crs[1] if change.crs is not None else layer.crs
        keep = np.ones(len(frame), dtype=bool)
        keep[change.dropped] = False
        ids = tuple(np.array(layer.ids, dtype=object)[keep].tolist()) if layer.ids is not None else None
        frame = frame[keep].reset_index(drop=True)
        geometry_type = layer.geometry_type
        if geometry_type is not None:
            shapes = np.array(layer.frame.geometry.to_numpy(), dtype=object)
            shapes[change.positions] = change.geometries
            shapes = shapes[keep]
            geometry_type = common_type(shapes, geometry_type)
            name = str(layer.frame.geometry.name)
            if name in frame.columns:  # a field took its name
                name = next(f"{name}_{n}" for n in range(2, 1000) if f"{name}_{n}" not in frame.columns)
            frame = geopandas.GeoDataFrame(frame.assign(**{name: shapes}), geometry=name, crs=crs)
        changed = replace(layer, frame=frame, fields=fields, crs=crs, ids=ids, geometry_type=geometry_type)
        return Draft(changed, self.rows[keep])


def common_type(shapes: NDArray[Any], otherwise: str) -> str:
    """The simple feature type of all geometries: 'MultiPolygon' also where some are single, 'Unknown' when mixed."""
    names = {GEOMETRY_TYPES[number] for number in np.unique(shapely.get_type_id(shapes)).tolist() if number >= 0}
    if not names:
        return otherwise
    if len(names) == 1:
        return names.pop()
    single = {name.removeprefix("Multi") for name in names}
    return f"Multi{single.pop()}" if len(single) == 1 else "Unknown"


def geometries_of(layer: Layer) -> NDArray[Any]:
    """The geometries of a layer, None throughout for a table."""
    if layer.geometry_type is None:
        return np.full(len(layer), None, dtype=object)
    return np.asarray(layer.frame.geometry.to_numpy(), dtype=object)


def _shapes(layer: Layer) -> list[str]:
    return [str(layer.frame.geometry.name)] if layer.geometry_type is not None else []


def _receipts(
    before: Draft, after: Draft, context: Context, change: Change, rule: str, step: int, region: Region
) -> Iterator[Receipt]:
    names, rows = context.feature_ids, before.rows
    layer = before.layer
    facts = dict(change.facts)
    if change.crs is not None:
        yield Receipt(step, rule, Kind.CRS, before={"crs": change.crs[0]}, after={"crs": change.crs[1]}, facts=facts)
    for old, new in change.renamed.items():
        yield Receipt(step, rule, Kind.RENAME, before={"name": old}, after={"name": new}, facts=facts)
    for name, kind in change.retyped.items():
        old = next(item.type for item in layer.fields if item.name == name)
        yield Receipt(step, rule, Kind.RETYPE, field=name, before={"type": old}, after={"type": kind}, facts=facts)
    if len(change.positions):
        was, now = geometries_of(layer)[change.positions], change.geometries
        moved = measured(context, was, Context(after.layer, None, region), now, same_place=change.crs is None)
        for position, old, new, (area, centroid) in zip(
            change.positions.tolist(), wkb(was), wkb(now), moved, strict=True
        ):
            yield Receipt(
                step,
                rule,
                Kind.GEOMETRY,
                feature=str(names[position]),
                row=int(rows[position]),
                before={"digest": _known(old), "wkb": _base64(old)},
                after={"digest": _known(new)},
                area_delta_m2=area,
                centroid_delta_m=centroid,
                facts={**facts, **change.facts_of.get(position, {})},
            )
    for part in change.cells:
        old_values = listed(layer.frame[part.name].iloc[part.positions])
        for position, old, new in zip(part.positions.tolist(), old_values, part.values, strict=True):
            yield Receipt(
                step,
                rule,
                Kind.VALUE,
                feature=str(names[position]),
                row=int(rows[position]),
                field=part.name,
                before={"digest": digest_of(old), "value": encode(old)},
                after={"digest": digest_of(new), "value": encode(new)},
                facts={**facts, **change.facts_of.get(position, {})},
            )
    if len(change.dropped):
        columns = {item.name: listed(layer.frame[item.name].iloc[change.dropped]) for item in layer.fields}
        shapes = wkb(geometries_of(layer)[change.dropped])
        for number, position in enumerate(change.dropped.tolist()):
            values = {name: encode(column[number]) for name, column in columns.items()}
            shape = shapes[number]
            yield Receipt(
                step,
                rule,
                Kind.DROP,
                feature=str(names[position]),
                row=int(rows[position]),
                before={"digest": digest_of(shape or b""), "wkb": _base64(shape), "values": values},
                facts={**facts, **change.facts_of.get(position, {})},
            )


def measured(
    before: Context, was: NDArray[Any], after: Context, now: NDArray[Any], *, same_place: bool
) -> list[tuple[float | None, float | None]]:
    """How much area (m²) and centroid (m) of each geometry moved on the ground; None where that cannot be said.

    Where the reference system changes, each is measured in its own, and centroids are not compared.
    """
    nothing: list[tuple[float | None, float | None]] = [(None, None)] * len(was)
    if before.metres is None or (not same_place and after.metres is None):
        return nothing
    with np.errstate(all="ignore"):
        old = before.in_metres(was)
        new = before.in_metres(now) if same_place else after.in_metres(now)
        areas = shapely.area(new) - shapely.area(old)
        places = [shapely.get_coordinates(shapely.centroid(shapes)) for shapes in (_points(old), _points(new))]
        centroids = np.hypot(*(places[1] - places[0]).T)
    return [
        (
            round(float(area), 4) if np.isfinite(area) else None,
            round(float(shift), 4) if same_place and np.isfinite(shift) else None,
        )
        for area, shift in zip(areas, centroids, strict=True)
    ]


def _points(shapes: NDArray[Any]) -> NDArray[Any]:
    """The geometries, a point that is none in place of what has no centroid."""
    nowhere = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    centres = np.array(shapely.centroid(shapes), dtype=object)
    nowhere |= shapely.is_empty(centres)
    centres[nowhere] = shapely.Point(np.nan, np.nan)
    return centres


def _known(shape: bytes | None) -> str:
    return digest_of(shape or b"")


def _base64(shape: bytes | None) -> str | None:
    return None if shape is None else base64.b64encode(shape).decode()
