"""Other layers that a layer is compared with: those in the same file, and region layers of the node.

A specification names them (``covered_by``), or the codes of points do. Each is brought into the reference system of the
layer. One that is not to be had is named as missing, and what needed it counts as not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.columns import as_text
from geoportal.checks.context import MULTIPOINT, MULTIPOLYGON, POINT, POLYGON
from geoportal.checks.projection import read_crs, transformed
from geoportal.checks.rules import Need
from geoportal.model.specification import CoveredBy

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from geoportal.checks.context import Context

ENOUGH = 0.5
"""The part of a column's values that must be codes of a layer for the column to be taken for codes of it."""


class Beside:
    """A layer to compare with: ``shapes`` in the reference system of the layer that is checked, and ``frame`` with the
    attributes, aligned. Features without a usable shape are left out.
    """

    def __init__(self, name: str, title: str, shapes: NDArray[Any], frame: Any, key: str | None) -> None:
        """``key`` is the field with the codes, where somebody named it."""
        self.name = name
        self.title = title
        self.shapes = shapes
        self.frame = frame
        self.key = key

    @property
    def are_areas(self) -> bool:
        """Whether features can lie in it."""
        return bool(np.isin(shapely.get_type_id(self.shapes), (POLYGON, MULTIPOLYGON)).all())

    @property
    def are_points(self) -> bool:
        """Whether it says where features are."""
        return bool(np.isin(shapely.get_type_id(self.shapes), (POINT, MULTIPOINT)).all())

    def codes(self, column: str) -> NDArray[Any]:
        """The codes of a field in the form in which they are compared."""
        return normal(self.frame[column])

    def by(self, column: str) -> Beside:
        """The same with one area for each code: the parts of a desa on several islands are one."""
        codes = self.codes(column)
        _, first, number = np.unique(codes.astype(str), return_index=True, return_inverse=True)
        if len(first) == len(codes) or not self.are_areas:
            return self
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(np.bincount(number))[:-1]
        shapes = np.full(len(first), None, dtype=object)
        shapes[:] = [shapely.union_all(parts) for parts in np.split(self.shapes[order], ends)]
        return Beside(self.name, self.title, shapes, self.frame.iloc[first].reset_index(drop=True), self.key)

    def names(self, column: str) -> NDArray[Any]:
        """The codes of a field as they are written."""
        return np.asarray(self.frame[column].astype("string").fillna("").to_numpy(), dtype=object)


@dataclass(frozen=True, slots=True)
class Relation:
    """A layer beside, and for each feature the position in it of the one whose code it names: -1 for none.

    ``rows`` is None where the layer is compared with all of it together; ``names`` are the codes there, as written.
    """

    beside: Beside
    rows: NDArray[np.int_] | None = None
    names: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Relations:
    """What a layer can be compared with, and what is missing for the rest: name and reason."""

    known: tuple[Relation, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    def areas(self) -> list[Relation]:
        """Layers that features can lie in."""
        return [item for item in self.known if item.beside.are_areas]

    def points(self) -> list[Relation]:
        """Layers that say where a feature of the same code is."""
        return [item for item in self.known if item.beside.are_points and item.rows is not None]


class Surroundings:
    """The layers beside one context, each read once and only when a rule asks."""

    def __init__(self, context: Context) -> None:
        """Nothing is read yet."""
        self._context = context
        self._read: dict[str, Beside | None] = {}
        # By relation: points that lie elsewhere than they say, and where (``covering``).
        self.strays: dict[int, tuple[NDArray[np.int_], NDArray[np.int_]]] = {}

    @cached_property
    def promised(self) -> Relations:
        """The relations of the specification."""
        spec = self._context.spec
        known: list[Relation] = []
        missing: list[tuple[str, str]] = []
        for promise in spec.covered_by if spec else ():
            found = self._relation(promise)
            if isinstance(found, str):
                missing.append((promise.dataset, found))
            else:
                known.append(found)
        return Relations(tuple(known), tuple(missing))

    @cached_property
    def barriers(self) -> tuple[Beside, ...]:
        """The layers that the specification says must not be crossed, those that are to be had and can be."""
        spec = self._context.spec
        found = (self._beside(name) for name in (spec.not_crossing if spec else ()))
        return tuple(beside for beside in found if beside is not None and not beside.are_points)

    @cached_property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """What the specification names and nobody can be compared with: name and reason."""
        spec = self._context.spec
        there = {beside.name for beside in self.barriers}
        lost = [(name, "reference-not-there") for name in (spec.not_crossing if spec else ()) if name not in there]
        return (*self.promised.missing, *lost)

    @cached_property
    def by_code(self) -> tuple[Relation, ...]:
        """For points: region layers that nobody named, whose codes stand in a field that holds region codes."""
        context, spec = self._context, self._context.spec
        columns = [
            field.name
            for field in (spec.fields if spec else ())
            if field.means in ("region-code", "region-parent-code") and context.has_field(field.name)
        ]
        named = {promise.dataset for promise in spec.covered_by} if spec else set()
        found: list[Relation] = []
        for column in columns:
            for reference in context.references.layers:
                beside = None if reference.name in named else self._beside(reference.name)
                if beside is None or not beside.are_areas:
                    continue
                relation = self._coded(beside, column, None)
                if isinstance(relation, Relation):
                    found.append(relation)
                    break  # a code names a region of one level
        return tuple(found)

    def _relation(self, promise: CoveredBy) -> Relation | str:
        beside = self._beside(promise.dataset)
        if beside is None:
            return "reference-not-there"
        if not (beside.are_areas or beside.are_points):
            return "reference-no-areas"
        column, key = promise.column, promise.key
        if column is None and key is None and beside.are_areas:
            return Relation(beside)
        if column is None:
            column = self._context.key or key or beside.key
        if column is None or not self._context.has_field(column):
            return "reference-no-column"
        return self._coded(beside, column, key, given=True)

    def _coded(self, beside: Beside, column: str, key: str | None, *, given: bool = False) -> Relation | str:
        """The relation by the codes in ``column``; the reason where there is none."""
        import pandas

        key = key or beside.key
        codes = normal(self._context.column(column))
        filled = codes != ""
        if key is not None:
            key = next((name for name in beside.frame.columns if name.casefold() == key.casefold()), None)
            if key is None:
                return "reference-no-key"
        best: Relation | None = None
        best_share = 0.0
        for name in [key] if key is not None else list(beside.frame.columns):
            if key is None and _is_bps(name) != _is_bps(column):
                continue  # the digits are alike, the regions are not
            whole = beside.by(name) if key is not None else beside
            index = pandas.Index(whole.codes(name))
            if not index.is_unique or not filled.any():
                continue
            rows = np.where(filled, index.get_indexer(pandas.Index(codes)), -1)
            share = float((rows >= 0).sum() / filled.sum())
            if best is None or share > best_share:
                best, best_share = Relation(whole, rows, whole.names(name)), share
        if best is None or (best_share < ENOUGH and not (given and key is not None)):
            return "reference-no-key"
        return best

    def _beside(self, name: str) -> Beside | None:
        if name not in self._read:
            self._read[name] = self._found(name)
        return self._read[name]

    def _found(self, name: str) -> Beside | None:
        context = self._context
        layer = context.beside.get(name)
        if layer is not None:
            return self._placed(name, layer.name, layer.frame, layer.crs, None) if layer.geometry_type else None
        reference = context.references.layer(name)
        if reference is None:
            return None
        import pyogrio

        options = {"LIST_ALL_TABLES": "NO", "IMMUTABLE": "YES"}
        try:
            about = pyogrio.read_info(reference.path, **options)
            frame = pyogrio.read_dataframe(reference.path, use_arrow=True, **options)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
            return None
        return self._placed(name, reference.title or name, frame, about["crs"], reference.key)

    def _placed(self, name: str, title: str, frame: Any, crs: str | None, key: str | None) -> Beside | None:
        """The layer in the reference system of ours; None where one of the two is unknown."""
        own, theirs = self._context.crs, read_crs(crs)
        if own is None or theirs is None or not hasattr(frame, "geometry"):
            return None
        shapes = shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object))
        if own != theirs:
            shapes = shapely.transform(shapes, lambda xy: transformed(theirs, own, xy))
        usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        usable &= np.isfinite(shapely.bounds(shapes)).all(axis=1)
        attributes = frame.drop(columns=frame.geometry.name).loc[usable].reset_index(drop=True)
        shapes = np.asarray(shapes[usable], dtype=object)
        broken = ~shapely.is_valid(shapes)
        if broken.any():
            shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        return Beside(name, title, shapes, attributes, key) if len(shapes) else None


def _is_bps(name: str) -> bool:
    return "bps" in name.casefold()


def surroundings_of(context: Context) -> Surroundings:
    """The layers beside a context, made once."""
    if context.surroundings is None:
        context.surroundings = Surroundings(context)
    made: Surroundings = context.surroundings
    return made


def normal(column: pandas.Series[Any]) -> NDArray[Any]:
    """Codes in the form in which they are compared: letters and digits alone, in capitals; '' for none."""
    import pandas

    numbers, values = pandas.factorize(column, use_na_sentinel=True)
    texts = pandas.Series(as_text(pandas.Series(values)), dtype="string")
    known = texts.str.replace(r"[^0-9A-Za-z]+", "", regex=True).str.upper().fillna("").to_numpy(dtype=object)
    return np.asarray(np.append(known, "")[numbers], dtype=object)


def is_there(need: Need, context: Context) -> bool:
    """Whether something beside the layer is there that a rule needs."""
    if need is Need.COVERED_BY:
        return context.spec is not None and bool(context.spec.compared_with)
    around = surroundings_of(context)
    if need is Need.BARRIERS:
        return bool(around.barriers)
    if need is Need.AREAS_BESIDE:
        return bool(around.promised.areas())
    if need is Need.POINTS_BESIDE:
        return bool(around.promised.points())
    if not np.isin(context.type_ids, (POINT, MULTIPOINT)).any():
        return False
    return any(item.rows is not None for item in around.promised.areas()) or bool(around.by_code)
