"""What many rules share about one layer, computed once and only when asked for.

Arrays are aligned with the features of the layer, in its order. Points and boxes are in the layer's CRS unless a name
says otherwise. Nothing here judges: that is for the rules.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.errors import GEOSException

from geoportal.checks.columns import as_text
from geoportal.checks.crossings import reasons_of
from geoportal.checks.needs import is_met
from geoportal.checks.outlines import Outlines
from geoportal.checks.projection import Box, Metres, read_crs
from geoportal.model.layer import LayerSummary
from geoportal.model.references import NO_REFERENCES
from geoportal.model.report import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas
    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.checks.distinct import Distinct
    from geoportal.checks.known_places import KnownPlaces
    from geoportal.checks.placement import Placement
    from geoportal.checks.regions import Regions
    from geoportal.checks.rules import Need
    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.region import Region
    from geoportal.model.report import Rule
    from geoportal.model.specification import Specification

POINT, LINE, RING, POLYGON, MULTIPOINT, MULTILINE, MULTIPOLYGON, COLLECTION = range(8)
DEFAULT_TOLERANCE_M = 0.5
INVALID_NOTE = "geometry-invalid"
"""The note of a reader that had to change geometries to hold them; its features count as invalid."""


class Context:
    """One layer under one specification, seen by the rules. ``rule`` is the one that is being asked now."""

    def __init__(
        self,
        layer: Layer,
        spec: Specification | None,
        region: Region,
        sample: int | None = SAMPLE,
        references: References = NO_REFERENCES,
        beside: Mapping[str, Layer] | None = None,
    ) -> None:
        """``sample`` is the number of occurrences a finding keeps; None = all of them, for the fault package.
        ``beside`` holds the other layers of the same file.
        """
        self.layer = layer
        self.spec = spec
        self.region = region
        self.sample = sample
        self.references = references
        self.rule: Rule | None = None
        self.regions: Regions | None = None  # once a rule has asked (``regions.regions_of``)
        self.distinct: dict[str, Distinct] = {}  # of columns that a rule has asked for (``distinct.distinct``)
        # (rule, feature, place, the other) of overlays that GEOS refused; told by ``topology-failed``.
        self.overlay_failures: list[tuple[str, str | None, tuple[float, float] | None, str | None]] = []
        self.beside = beside or {}
        self.surroundings: Any = None  # the layers beside, once a rule has asked (``beside.surroundings_of``)
        self.network: Any = None  # the lines as a network, once a rule has asked (``network.network_of``)
        # Rules that could not look at everything: they are not listed as checked.
        self.unfinished: set[str] = set()

    def __len__(self) -> int:
        """The number of features."""
        return len(self.layer.frame)

    def meets(self, needs: Iterable[Need]) -> bool:
        """Whether everything is there that a rule needs."""
        return all(is_met(self, need) for need in needs)

    # geometry

    @cached_property
    def has_geometry(self) -> bool:
        """Whether the layer has a geometry column at all (an attribute table has none)."""
        import geopandas

        # A table without geometry is a plain DataFrame, whatever the annotation promises.
        frame: Any = self.layer.frame
        return isinstance(frame, geopandas.GeoDataFrame) and frame.active_geometry_name is not None

    @cached_property
    def geometry(self) -> NDArray[Any]:
        """The geometries, None where one is missing."""
        if not self.has_geometry:
            return np.full(len(self), None, dtype=object)
        return np.asarray(self.layer.frame.geometry.to_numpy(), dtype=object)

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        """No geometry (null)."""
        return np.asarray(shapely.is_missing(self.geometry))

    @cached_property
    def is_empty(self) -> NDArray[np.bool_]:
        """A geometry without any coordinate."""
        return np.asarray(shapely.is_empty(self.geometry))

    @cached_property
    def not_finite(self) -> NDArray[np.bool_]:
        """Some x or y is not a number. A height that is none means "unknown" in several formats and does not count."""
        finite = np.isfinite(self.vertices)
        if finite.all():
            return np.zeros(len(self), dtype=bool)
        owners = np.repeat(np.arange(len(self)), shapely.get_num_coordinates(self.geometry))
        return np.bincount(owners[~finite.all(axis=1)], minlength=len(self)) > 0

    @cached_property
    def vertices(self) -> NDArray[Any]:
        """The vertices of all features one after the other, (n, 2)."""
        return np.asarray(shapely.get_coordinates(self.geometry))

    @cached_property
    def outlines(self) -> Outlines:
        """Rings and lines as flat arrays, where a vertex or an edge can be asked about in no time."""
        return Outlines(self.geometry, self.type_ids, self.vertices)

    @cached_property
    def is_present(self) -> NDArray[np.bool_]:
        """There is a geometry, and all its coordinates are numbers."""
        return np.asarray(~(self.is_missing | self.is_empty | self.not_finite))

    @cached_property
    def is_valid(self) -> NDArray[np.bool_]:
        """Obeys the simple feature rules, as GEOS sees them. True where there is nothing to judge.

        A ring that did not close is closed by the reader, since nothing can hold it open, and noted: it was invalid.
        """
        valid = np.ones(len(self), dtype=bool)
        valid[self.is_present] = shapely.is_valid(self.geometry[self.is_present])
        for rule_id, params in self.layer.notes:
            if rule_id == INVALID_NOTE:
                valid[self.rows_of(params.get("features"))] = False
        return valid

    @cached_property
    def reasons(self) -> NDArray[Any]:
        """What GEOS says of each invalid geometry ('Self-intersection'), '' elsewhere."""
        return self._reasons[0]

    @cached_property
    def reason_points(self) -> NDArray[Any]:
        """Where GEOS found that, (n, 2), NaN elsewhere."""
        return self._reasons[1]

    @cached_property
    def _reasons(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return reasons_of(self.geometry, ~self.is_valid)

    @cached_property
    def type_ids(self) -> NDArray[np.int_]:
        """Simple feature type of each geometry as GEOS numbers them (POINT ...), -1 where one is missing."""
        return np.asarray(shapely.get_type_id(self.geometry))

    @cached_property
    def has_z(self) -> NDArray[np.bool_]:
        """Has heights."""
        return np.asarray(shapely.has_z(self.geometry))

    @cached_property
    def bounds(self) -> NDArray[Any]:
        """The box of each feature, (n, 4), NaN where it has no coordinates or one that is not a number."""
        bounds = np.full((len(self), 4), np.nan)
        bounds[self.is_present] = shapely.bounds(self.geometry[self.is_present])
        return bounds

    @cached_property
    def extent(self) -> Box | None:
        """The box around the whole layer, None when it has no coordinates."""
        bounds = self.bounds[self.is_present]
        if not len(bounds):
            return None
        (west, south), (east, north) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    def points(self, index: NDArray[Any]) -> NDArray[Any]:
        """A place on each of the features ``index``, (len, 2): in it, or the middle of its box; NaN if none."""
        boxes = self.bounds[index]
        points = (boxes[:, :2] + boxes[:, 2:]) / 2
        sound = self.is_present[index] & self.is_valid[index]
        if sound.any():
            points[sound] = shapely.get_coordinates(shapely.point_on_surface(self.geometry[index[sound]]))
        return np.asarray(points)

    # reference system

    @cached_property
    def crs(self) -> CRS | None:
        """The horizontal reference system, None when unknown or local."""
        return read_crs(self.layer.crs)

    @cached_property
    def placement(self) -> Placement:
        """Where the features lie as seen from the region; the rule says that it needs both reference systems."""
        from geoportal.checks.placement import Placement

        return Placement(self)

    @cached_property
    def suggestions(self) -> dict[str, Any]:
        """The readings of its numbers under which the whole layer would lie in the region, and the region's name."""
        from geoportal.checks.reference import suggestions

        return suggestions(self)

    @cached_property
    def known_places(self) -> KnownPlaces | None:
        """The features whose place a region layer knows by their codes, None for fewer than a few."""
        from geoportal.checks.known_places import known_places

        return known_places(self)

    @cached_property
    def metres(self) -> Metres | None:
        """The plane to measure in, None when the layer cannot be placed on the earth."""
        if self.crs is None or self.extent is None:
            return None
        try:
            return Metres(self.crs, self.extent)
        except ValueError:
            return None

    @cached_property
    def polygons(self) -> NDArray[Any]:
        """Areal geometries in two dimensions, None for all others, in the layer's CRS: there its lines are straight.

        Invalid ones are made valid, for looking at neighbours alone: left out, each would be a gap in its layer.
        """
        polygons = np.full(len(self), None, dtype=object)
        areal = self.is_present & np.isin(self.type_ids, (POLYGON, MULTIPOLYGON))
        polygons[areal] = shapely.force_2d(self.geometry[areal])
        broken = areal & ~self.is_valid
        if broken.any():
            polygons[broken] = shapely.make_valid(polygons[broken], method="structure", keep_collapsed=False)
        polygons[areal & shapely.is_empty(polygons)] = None
        return polygons

    @cached_property
    def areas(self) -> NDArray[np.int_]:
        """The numbers of the features that are areas, ordered by id.

        The order of the file must not matter, not even in the last digit of a union.
        """
        index = np.flatnonzero(~shapely.is_missing(self.polygons))
        return np.asarray(index[self.ranked(index)])

    @cached_property
    def clashes(self) -> NDArray[np.bool_]:
        """Which of ``areas`` do not fit their neighbours vertex by vertex, as GEOS' coverage test sees it."""
        try:
            edges = shapely.coverage_invalid_edges(self.polygons[self.areas])
        except GEOSException:
            return np.ones(len(self.areas), dtype=bool)  # then every pair is asked
        return np.asarray(~shapely.is_empty(edges), dtype=bool)

    def in_metres(self, geometries: NDArray[Any]) -> NDArray[Any]:
        """Geometries of the layer in the plane ``metres``, where lengths and areas may be measured."""
        assert self.metres is not None  # the rule says that it needs metres
        return np.asarray(shapely.transform(geometries, self.metres.forward), dtype=object)

    @cached_property
    def metres_per_unit(self) -> tuple[float, float]:
        """The least and the most metres in one unit of the layer's CRS, over its extent: to find suspects by."""
        assert self.metres is not None and self.extent is not None
        return self.metres.per_unit(self.extent)

    @property
    def tolerance_m(self) -> float:
        """Differences up to this many metres on the ground do not matter."""
        return self.spec.tolerance_m if self.spec else DEFAULT_TOLERANCE_M

    # attributes

    @cached_property
    def field_types(self) -> dict[str, str]:
        """The fields of the layer and their types in the words of JSON Schema."""
        return {field.name: field.type for field in self.layer.fields}

    def has_field(self, name: str) -> bool:
        """Whether the layer has an attribute of this name."""
        return name in self.field_types and name in self.layer.frame.columns

    def column(self, name: str) -> pandas.Series[Any]:
        """The values of one attribute."""
        column: pandas.Series[Any] = self.layer.frame[name]
        return column

    @property
    def label_fields(self) -> tuple[str, ...]:
        """The fields with x and y of a label point, where the specification names both and the layer has them."""
        means = {field.means: field.name for field in (self.spec.fields if self.spec else ())}
        names = tuple(means[kind] for kind in ("label-x", "label-y") if kind in means)
        return names if len(names) == 2 and all(map(self.has_field, names)) else ()

    @cached_property
    def has_own_ids(self) -> bool:
        """Whether features are named by a key or by the source, so that their order says nothing."""
        return self.key is not None or self.layer.ids is not None

    @property
    def key(self) -> str | None:
        """The field that identifies features, where the specification names one and the layer has it."""
        key = self.spec.key if self.spec else None
        return key if key is not None and self.has_field(key) else None

    @cached_property
    def feature_ids(self) -> NDArray[Any]:
        """The id of each feature (CONTRACT 2, ``fid``): key, else the source's own id, else row number from 1."""
        ids = np.arange(1, len(self) + 1).astype(str).astype(object)
        if self.layer.ids is not None:
            ids = np.array(self.layer.ids, dtype=object)
        if self.key is not None:
            keys = as_text(self.column(self.key))
            known = np.array([key is not None for key in keys], dtype=bool)
            ids[known] = keys[known]
        return ids

    def rows_of(self, names: object) -> NDArray[np.int_]:
        """The numbers (from 0) of the features that a reader named, by the source's own ids or by row number from 1."""
        if not isinstance(names, list | tuple) or not names:
            return np.empty(0, dtype=np.int64)
        known = self.layer.ids if self.layer.ids is not None else [str(row + 1) for row in range(len(self))]
        numbers = {name: row for row, name in enumerate(known)}
        return np.array(sorted({numbers[str(name)] for name in names if str(name) in numbers}), dtype=np.int64)

    def ranked(self, index: NDArray[Any]) -> NDArray[Any]:
        """Positions in ``index`` (feature numbers) in the order in which findings name them: by id, then by place."""
        if not self.has_own_ids:
            return np.argsort(index, kind="stable")
        import pandas

        codes, _ = pandas.factorize(self.feature_ids[index], sort=True)
        boxes = self.bounds[index]
        return np.lexsort((boxes[:, 1], boxes[:, 0], codes))

    def summary(self) -> LayerSummary:
        """What a report says of the layer."""
        layer = self.layer
        return LayerSummary(layer.name, len(self), layer.crs, self.extent, layer.geometry_type, layer.fields)
