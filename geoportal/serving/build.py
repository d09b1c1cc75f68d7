"""Building the serving files of a version, once, at publish: one pass over the features in batches, no batch kept.

The stored source geometry is never touched: what readers get in CRS84 is computed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.errors import UnknownReferenceSystem
from geoportal.model.layer import ID_COLUMN, Layer
from geoportal.serving.blocks import DEFLATED, DEFLATED_OFFSETS, SUMS, rows_in_block, write_blocks
from geoportal.serving.columns import Values, json_values, knows_zone
from geoportal.serving.crs import CRS84, DECIMALS_DEGREES, Extent, Operation, operation, placeable, rough_extent, uri_of
from geoportal.serving.geojson import Geometries, changed, geometry_texts, right_handed
from geoportal.serving.ids import IDS_NUMBERS, IDS_ROWS, whole_numbers, write_ids
from geoportal.serving.order import reading_order
from geoportal.serving.spatial import BLOCKS, BOXES, INDEX_ROWS, PLACELESS, write_spatial
from geoportal.serving.summary import (
    EXACT,
    EXACT_OFFSETS,
    FRAGMENT_GEOMETRY,
    FRAGMENT_OFFSETS,
    FRAGMENTS,
    NO_OPERATION,
    ORDER,
    ROWS,
    SOURCE,
    SOURCE_OFFSETS,
    WORDS,
    ServedField,
    Summary,
    write_summary,
)
from geoportal.serving.table import RowTable, with_columns
from geoportal.serving.values import VALUES, write_values
from geoportal.serving.wholeness import SUMMARY
from geoportal.serving.words import write_words
from geoportal.serving.writer import Writer

FILES = (
    *(FRAGMENTS, FRAGMENT_OFFSETS, FRAGMENT_GEOMETRY, SOURCE, SOURCE_OFFSETS, EXACT, EXACT_OFFSETS, ORDER),
    *(
        IDS_ROWS,
        IDS_NUMBERS,
        DEFLATED,
        DEFLATED_OFFSETS,
        SUMS,
        BLOCKS,
        BOXES,
        INDEX_ROWS,
        PLACELESS,
        ROWS,
        WORDS,
        VALUES,
    ),
)
"""All that a folder of serving files may hold, save the summary."""

BATCH = 10_000
BATCH_VERTICES = 200_000
_UNFETCHABLE = frozenset({"", ".", ".."})  # no URL can end in them: clients resolve them away


def build(layer: Layer, target: Path, *, key: str | None = None) -> Summary:
    """Write the serving files of a layer into the folder ``target``; the summary is the last of them.

    ``key`` is the field whose values identify features, used when every feature has one and no two the same; else the
    source's own ids, else row numbers from 1 in the order of the source. UnknownReferenceSystem for a layer with
    geometry whose CRS is unknown or is no place on the earth.
    """
    for name in (SUMMARY, *FILES):
        (target / name).unlink(missing_ok=True)
    geometries = geometries_of(layer)
    bounds = shapely.bounds(geometries)
    way, extent_source = _way_to_crs84(layer, geometries, bounds)
    order = reading_order(bounds)
    if order is not None:
        (target / ORDER).write_bytes(order.astype("<i4").tobytes())
    served = served_fields(layer)
    columns = [column for column, _ in served]
    fields = with_columns([field for _, field in served])
    names = [field.name for field in fields]
    fids = _Fids.choose(layer, served, key)
    envelopes = np.full((len(layer), 4), np.nan)
    unplaced = 0
    exact_is_source = True
    dimension = 2
    with closing(RowTable(target / ROWS, fields)) as table:
        with Writer(target) as writer:
            for batch in _batches(geometries if order is None else geometries[order]):
                at = batch if order is None else order[batch]
                ids = fids.of(at)
                values = [
                    json_values(layer.frame.iloc[at, column], field.type)
                    for column, field in zip(columns, fields, strict=True)
                ]
                source = without_measures(geometries[at])
                placed, lost, differs = _placed(source, way)
                unplaced += lost
                exact_is_source &= not differs
                solid = bool(shapely.has_z(source).any())
                dimension = 3 if dimension == 3 or solid else 2
                envelopes[batch] = shapely.bounds(placed)
                writer.write_features(ids, geometry_texts(right_handed(placed)), names, values)
                writer.write_geometries(source, placed, same=not differs and not solid)
                fields = _zoned(fields, values)
                table.add(batch.start, ids, values)
            size = writer.size
        least_id, numbered = fids.write(target, order)
        with ThreadPoolExecutor(1) as beside:
            # SQLite and zlib work without holding the interpreter: the indexes are made while the blocks are.
            indexed = beside.submit(_index, target, table, fields, numbered=numbered)
            write_spatial(target, envelopes)
            block_rows = rows_in_block(size, len(layer))
            if block_rows:
                offsets = np.fromfile(target / FRAGMENT_OFFSETS, dtype="<i8")
                write_blocks(target, target / FRAGMENTS, offsets, block_rows)
            fields = indexed.result()
    if exact_is_source:
        for name in (EXACT, EXACT_OFFSETS):
            (target / name).unlink(missing_ok=True)
    summary = Summary(
        count=len(layer),
        fields=fields,
        geometry_type=layer.geometry_type,
        dimension=dimension,
        extent_crs84=_extent(envelopes),
        extent_source=extent_source,
        crs=layer.crs,
        crs_uri=uri_of(layer.crs) if layer.crs else None,
        operation=way,
        fid_from=fids.kind,
        fid_field=fids.field,
        unplaced=unplaced,
        placeless=int(np.isnan(envelopes).any(axis=1).sum()),
        exact_is_source=exact_is_source,
        block_rows=block_rows,
        least_id=least_id,
        files={path.name: path.stat().st_size for name in FILES if (path := target / name).exists()},
    )
    write_summary(target, summary)
    return summary


def _index(
    target: Path, table: RowTable, fields: tuple[ServedField, ...], *, numbered: bool
) -> tuple[ServedField, ...]:
    known = _keep_zones(table.finish(ids=not numbered), fields)
    write_words(target, target / ROWS, known)
    write_values(target, target / ROWS, known)
    return known


def geometries_of(layer: Layer) -> Geometries:
    """The geometries of a layer in its own coordinates; all None for an attribute table."""
    name = getattr(layer.frame, "active_geometry_name", None)
    if name is None:
        return np.full(len(layer), None, dtype=object)
    return np.asarray(layer.frame[name].to_numpy(), dtype=object)


def served_fields(layer: Layer) -> list[tuple[int, ServedField]]:
    """The attributes to serve with their places in the frame: neither the geometry nor the column of the source's ids.

    A name that comes twice gets a number: an object in JSON has each name once.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(layer.frame.columns):
        places.setdefault(str(name), []).append(place)
    geometry = getattr(layer.frame, "active_geometry_name", None)
    found: list[tuple[int, ServedField]] = []
    taken: set[str] = set()
    for field in layer.fields:
        if field.name in (ID_COLUMN, geometry) or not places.get(field.name):
            continue
        name, number = field.name, 2
        while name in taken:
            name, number = f"{field.name}_{number}", number + 1
        taken.add(name)
        found.append((places[field.name].pop(0), ServedField(name, field.type, None)))
    return found


def without_measures(geometries: Geometries) -> Geometries:
    """The geometries without M values, which GeoJSON cannot hold; heights stay."""
    measured = np.flatnonzero(shapely.has_m(geometries))
    if not len(measured):
        return geometries
    found = geometries.copy()
    for row in measured.tolist():
        # force_3d would lose the heights of a ZM geometry, so they are put back by hand.
        geometry = found[row]
        flat = shapely.force_2d(geometry)
        if shapely.has_z(geometry):
            flat = shapely.set_coordinates(shapely.force_3d(flat), shapely.get_coordinates(geometry, include_z=True))
        found[row] = flat
    return found


def _batches(geometries: Geometries) -> Iterator[slice]:
    """Runs of features that are few, and have few vertices together: one feature at least."""
    ends = np.cumsum(shapely.get_num_coordinates(geometries))
    start = 0
    while start < len(geometries):
        before = int(ends[start - 1]) if start else 0
        heavy = int(np.searchsorted(ends, before + BATCH_VERTICES, side="right"))
        stop = min(start + BATCH, max(heavy, start + 1), len(geometries))
        yield slice(start, stop)
        start = stop


def _way_to_crs84(layer: Layer, geometries: Geometries, bounds: NDArray[np.float64]) -> tuple[Operation, Extent | None]:
    if not (shapely.get_type_id(geometries) >= 0).any():
        return NO_OPERATION, None
    if layer.crs is None:
        raise UnknownReferenceSystem(f"the reference system of {layer.name} is not known, so it cannot be served")
    system = placeable(layer.crs)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return operation(layer.crs, CRS84), None
    extent = _extent(bounds)
    return operation(layer.crs, CRS84, rough_extent(system, extent) if extent else None), extent


def _placed(source: Geometries, way: Operation) -> tuple[Geometries, int, bool]:
    """The geometries in CRS84 at nine decimals, how many are no place on earth (now None), whether numbers differ."""
    coordinates, owners = shapely.get_coordinates(source, return_index=True)
    placed = np.round(way.transform(coordinates), DECIMALS_DEGREES)
    lost = np.unique(owners[~np.isfinite(placed).all(axis=1)])
    differs = bool(len(lost)) or not np.array_equal(placed, coordinates)
    found = source
    if differs:
        found = changed(source, _Replacement(placed, shapely.has_z(source), owners))
        found[lost] = None
    return found, len(lost), differs


class _Replacement:
    """Coordinates computed already, handed to ``changed`` in the order in which it asks for them."""

    def __init__(self, xy: NDArray[np.float64], has_z: NDArray[np.bool_], owners: NDArray[np.int64]) -> None:
        self._solid = has_z[owners] if len(owners) else np.zeros(0, dtype=np.bool_)
        self._xy = xy

    def __call__(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        if coordinates.shape[1] == 2:
            return self._xy[~self._solid]
        return np.column_stack([self._xy[self._solid], np.round(coordinates[:, 2], DECIMALS_DEGREES)])


def _zoned(fields: tuple[ServedField, ...], columns: Sequence[Values]) -> tuple[ServedField, ...]:
    return tuple(
        replace(field, zoned=True) if field.type == "date-time" and not field.zoned and knows_zone(values) else field
        for field, values in zip(fields, columns, strict=True)
    )


def _keep_zones(known: Sequence[ServedField], zoned: Sequence[ServedField]) -> tuple[ServedField, ...]:
    return tuple(
        replace(
            field,
            zoned=True,
            least=f"{field.least}Z" if field.least is not None else None,
            greatest=f"{field.greatest}Z" if field.greatest is not None else None,
        )
        if with_zone.zoned
        else field
        for field, with_zone in zip(known, zoned, strict=True)
    )


def _extent(envelopes: NDArray[np.float64]) -> Extent | None:
    placed = envelopes[np.isfinite(envelopes).all(axis=1)]
    if not len(placed):
        return None
    west, south = placed[:, :2].min(axis=0).tolist()
    east, north = placed[:, 2:].max(axis=0).tolist()
    return west, south, east, north


@dataclass(frozen=True, slots=True)
class _Fids:
    """Where feature ids come from: ``key``, ``source`` or ``row``."""

    kind: str
    names: Sequence[str] | None = None
    field: str | None = None

    @classmethod
    def choose(cls, layer: Layer, served: Sequence[tuple[int, ServedField]], key: str | None) -> _Fids:
        for column, field in served:
            if key is not None and field.name == key:
                names = _identifying(json_values(layer.frame.iloc[:, column], field.type))
                if names is not None:
                    return cls("key", names, key)
        if layer.ids is not None and _all_different(layer.ids):
            return cls("source", layer.ids)
        return cls("row")

    def of(self, at: slice | NDArray[np.int64]) -> Sequence[str]:
        """The ids of features by their places in the source."""
        places = range(at.start, at.stop) if isinstance(at, slice) else at.tolist()
        if self.names is None:
            return [str(place + 1) for place in places]
        names = self.names
        return [names[place] for place in places]

    def write(self, target: Path, order: NDArray[np.int64] | None) -> tuple[int | None, bool]:
        """Write the way from ids to rows; the least id where there is one, and whether SQL is not needed for it."""
        if self.names is None and order is None:
            return None, True
        numbers = order + 1 if self.names is None and order is not None else whole_numbers(self.names or ())
        if numbers is None:
            return None, False
        return write_ids(target, numbers if order is None or self.names is None else numbers[order]), True


def _identifying(values: Values) -> list[str] | None:
    if any(value is None or isinstance(value, (bool, list, dict)) for value in values):
        return None
    names = [str(int(value)) if isinstance(value, float) and value.is_integer() else str(value) for value in values]
    return names if _all_different(names) else None


def _all_different(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names) and _UNFETCHABLE.isdisjoint(names)
