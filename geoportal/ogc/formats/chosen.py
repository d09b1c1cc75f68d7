"""The features that a request chose, read from the serving files in batches while the answer is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.serving.crs import CRS84, axis_swapped
from geoportal.serving.downloads.contents import free_name, unique_names
from geoportal.serving.geojson import Geometries, geometry_texts
from geoportal.serving.summary import ServedField

if TYPE_CHECKING:
    from geoportal.ogc.source import Source
    from geoportal.serving.fragments import Serving
    from geoportal.serving.opened import Rows

BATCH = 1_000
"""Features read at a time."""

BATCH_BYTES = 4_000_000
"""Bytes of GeoJSON that they may have together; one feature at least is read."""

_BEFORE_ID = len(b'{"type":"Feature","id":')
_BEFORE_GEOMETRY = len(b',"geometry":')
_BEFORE_PROPERTIES = len(b',"properties":')


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an answer: its field, and the name that it has in files (as in the downloads of the layer)."""

    field: ServedField
    name: str


@dataclass(frozen=True)
class Chosen:
    """Rows of a layer with what is wanted of them.

    ``crs`` is the address of the reference system of the answer, CRS84 unless the client asked for another.
    ``wanted`` are the fields to show, None for all; ``with_geometry`` is False after ``skipGeometry``.
    """

    source: Source
    rows: Rows | Sequence[int]
    matched: int
    crs: str = CRS84
    wanted: tuple[str, ...] | None = None
    with_geometry: bool = True

    def __len__(self) -> int:
        """The number of features in the answer."""
        return len(self.rows)

    @property
    def serving(self) -> Serving:
        """The open serving files."""
        return self.source.serving

    @property
    def dataset_id(self) -> str:
        """The id of the collection."""
        return self.source.publication.dataset_id

    @property
    def placed(self) -> bool:
        """Whether the answer has geometries at all: the layer does, and they were not left out."""
        return self.with_geometry and self.serving.summary.geometry_type is not None

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes to show, in the order of the layer or of the question, under names that differ in any case."""
        fields = self.serving.summary.fields
        names = unique_names([field.name for field in fields])
        found = {field.name: Attribute(field, name) for field, name in zip(fields, names, strict=True)}
        if self.wanted is None:
            return tuple(found.values())
        return tuple(found[name] for name in dict.fromkeys(self.wanted) if name in found)

    @cached_property
    def id_name(self) -> str | None:
        """The name of the column for the ids of features; None where one of the attributes is the id."""
        summary = self.serving.summary
        if summary.fid_from == "key" and any(each.field.name == summary.fid_field for each in self.attributes):
            return None
        return free_name("id", [each.name for each in self.attributes])

    @cached_property
    def column_names(self) -> list[str]:
        """The names of all columns but those for places."""
        names = [each.name for each in self.attributes]
        return [self.id_name, *names] if self.id_name else names

    @cached_property
    def column_types(self) -> list[str]:
        """The types of these columns (words of ``model.layer.Field``)."""
        types = [each.field.type for each in self.attributes]
        return ["string", *types] if self.id_name else types

    @cached_property
    def kinds(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Geometry type and heights of each feature; none has a type where there are no geometries to show."""
        if not self.placed:
            return np.full(len(self), -1), np.zeros(len(self), dtype=np.bool_)
        return self.serving.kinds(self.rows)

    def check(self) -> None:
        """BadRequest if a feature has no place in the reference system, before the first byte is sent."""
        if self.placed and self.crs != CRS84:
            for batch in self.batches():
                _ = batch.shapes

    def batches(self, most: int = BATCH, most_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
        """The features in runs that are neither many nor heavy."""
        rows = np.asarray(self.rows, dtype=np.int32)
        offsets = self.serving.fragments.offsets
        ends = np.cumsum(offsets[rows + 1] - offsets[rows])
        start = 0
        while start < len(rows):
            before = int(ends[start - 1]) if start else 0
            heavy = int(np.searchsorted(ends, before + most_bytes, side="right"))
            stop = min(start + most, max(heavy, start + 1), len(rows))
            yield Batch(self, rows[start:stop])
            start = stop


@dataclass(frozen=True)
class Batch:
    """Some of the chosen features, read when they are asked for."""

    chosen: Chosen
    rows: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _fragments(self) -> list[bytes]:
        return self.chosen.serving.page(self.rows)

    @cached_property
    def _cuts(self) -> list[list[int]]:
        found: list[list[int]] = self.chosen.serving.cuts[self.rows].tolist()
        return found

    @cached_property
    def id_texts(self) -> list[bytes]:
        """The ids as JSON."""
        return [
            text[_BEFORE_ID : start - _BEFORE_GEOMETRY]
            for text, (start, _) in zip(self._fragments, self._cuts, strict=True)
        ]

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the features."""
        return [orjson.loads(text) for text in self.id_texts]

    @cached_property
    def property_texts(self) -> list[bytes]:
        """All properties of each feature as JSON, as they lie on disk."""
        return [text[end + _BEFORE_PROPERTIES : -1] for text, (_, end) in zip(self._fragments, self._cuts, strict=True)]

    @cached_property
    def properties(self) -> list[dict[str, Any]]:
        """All properties of each feature, those that are not wanted included."""
        return [orjson.loads(text) for text in self.property_texts]

    @cached_property
    def columns(self) -> list[list[Any]]:
        """The values of each column of ``Chosen.column_names`` as JSON has them, None for no value."""
        values = [
            [feature[name] for feature in self.properties]
            for name in (each.field.name for each in self.chosen.attributes)
        ]
        return [list(self.ids), *values] if self.chosen.id_name else values

    @cached_property
    def shapes(self) -> Geometries:
        """The geometries in the reference system of the answer, x before y."""
        if not self.chosen.placed:
            return np.full(len(self), None, dtype=object)
        return self.chosen.serving.shapes(self.rows, self.chosen.crs)

    @cached_property
    def shapes_as_written(self) -> Geometries:
        """The geometries in the authority's axis order, without heights that are no number: as JSON has them."""
        shapes = with_true_heights(self.shapes)
        if self.chosen.crs == CRS84 or not axis_swapped(self.chosen.crs):
            return shapes
        found: Geometries = shapely.transform(
            shapes,
            lambda coordinates: coordinates[:, [1, 0, *range(2, coordinates.shape[1])]],
            include_z=None,  # type: ignore[call-overload]  # None is allowed
        )
        return found

    @cached_property
    def geometry_texts(self) -> list[bytes]:
        """The geometries as GeoJSON, byte by byte as the JSON answer has them."""
        if not self.chosen.placed:
            return [b"null"] * len(self)
        if self.chosen.crs == CRS84:
            return [text[start:end] for text, (start, end) in zip(self._fragments, self._cuts, strict=True)]
        return geometry_texts(self.shapes_as_written)


def with_true_heights(shapes: Geometries) -> Geometries:
    """The geometries, flat where a height is not a number."""
    solid = np.flatnonzero(shapely.has_z(shapes))
    if not len(solid):
        return shapes
    coordinates, owners = shapely.get_coordinates(shapes[solid], include_z=True, return_index=True)
    untrue = np.unique(owners[~np.isfinite(coordinates[:, 2])])
    if not len(untrue):
        return shapes
    found = shapes.copy()
    found[solid[untrue]] = shapely.force_2d(found[solid[untrue]])
    return found
