"""All places of all findings, and the outlines of the layers: from the child to the parent by a file in staging.

The answer of a child goes over a pipe and holds 50 places of a finding; a fault map and a fault GeoPackage want them
all. The child writes them a line a place; the parent believes nothing that it has not looked at: a line is JSON of a
known shape with finite numbers, and it belongs to a finding of the report. Where the file is missing, damaged or too
large, the places in the report are what there is, and whoever asks is told so.
"""

from __future__ import annotations

import logging
import math
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson

from geoportal.model.layer import Layer
from geoportal.model.report import SAMPLE, Finding, Occurrence, Report

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

FAULTS_FILE = "faults.jsonl"
_FORMAT = "geoportal-faults/1"
_LONGEST_LINE = 8 << 20  # the outlines of a layer are one line
_MOST_CORNERS = 120_000
_MOST_SHAPES = 20_000
_FINENESS = (100_000, 30_000, 10_000, 3_000, 1_000, 300)
"""How many steps of simplification go into the longer side of a layer, until its outlines are small enough."""
_GEOMETRIES = {
    "Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3,
    "LinearRing": 1,
}  # fmt: skip
"""Geometry types of GeoJSON and how many lists stand around a pair of coordinates."""


class Ask(Protocol):
    """A validation that waits only for the number of places to keep."""

    def __call__(self, *, sample: int | None) -> Report:
        """The report with at most ``sample`` places a finding; None = all."""
        ...


@dataclass(frozen=True, slots=True)
class Faults:
    """A report with all its places, and thinned outlines of its layers by name, in their own coordinates.

    ``complete`` is False where no more than the places of the report could be had.
    """

    report: Report
    outlines: tuple[Layer, ...]
    complete: bool


# The child's side ----------------------------------------------------------------------------------------------------


def asked(ask: Ask, layer: Layer, outlines: list[bytes] | None) -> Report:
    """The report on a layer. Where somebody wants ``outlines`` they are added there, and all places are kept; only a
    sample of them where the memory does not hold all. The judgement is the same.
    """
    if outlines is None:
        return ask(sample=SAMPLE)
    try:
        outlines.append(outline_of(layer))
    except Exception:  # a picture that cannot be drawn must not cost the report
        log.exception("The outlines of layer %r could not be drawn", layer.name)
    try:
        return ask(sample=None)
    except MemoryError:
        return ask(sample=SAMPLE)


def outline_of(layer: Layer) -> bytes:
    """The outlines of a layer as one line of the file: lines as flat lists of numbers, thinned so that a page can hold
    them. Largest shapes first where there are too many.
    """
    import shapely

    lines: list[Any] = []
    points: list[Any] = []
    if layer.geometry_type is not None:
        shapes = np.asarray(layer.frame.geometry.to_numpy(), dtype=object)
        shapes = shapely.force_2d(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
        boxes = shapely.bounds(shapes)
        shapes, boxes = shapes[np.isfinite(boxes).all(axis=1)], boxes[np.isfinite(boxes).all(axis=1)]
        parts = shapely.get_parts(shapely.get_parts(shapes))  # of a collection, the parts of its parts
        dots = shapely.get_type_id(parts) == 0
        places = shapely.get_coordinates(parts[dots])
        step = max(1, math.ceil(len(places) / _MOST_SHAPES))
        points = places[::step].tolist()
        lines = [line.ravel().tolist() for line in _thinned(_lines(parts[~dots]))]
    return orjson.dumps({"layer": layer.name, "lines": lines, "points": points})


def _lines(parts: NDArray[Any]) -> NDArray[Any]:
    """Rings of areas and lines, the longest first, no more than can be drawn."""
    import shapely

    areal = shapely.get_type_id(parts) == 3
    lines = np.concatenate([shapely.get_rings(parts[areal]), parts[~areal]])
    if len(lines) > _MOST_SHAPES:
        boxes = shapely.bounds(lines)
        lines = lines[np.argsort(-np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T), kind="stable")[:_MOST_SHAPES]]
    return lines


def _thinned(lines: NDArray[Any]) -> list[NDArray[Any]]:
    """The coordinates of each line; simplified no more than is needed."""
    import shapely

    if not len(lines):
        return []
    west, south, east, north = shapely.total_bounds(lines)
    for steps in _FINENESS:
        if shapely.get_num_coordinates(lines).sum() <= _MOST_CORNERS:
            break
        # A line that closes must not vanish in itself: its two ends are kept, and it is drawn as a speck.
        lines = shapely.simplify(lines, max(east - west, north - south) / steps, preserve_topology=False)
    kept = lines[shapely.get_num_coordinates(lines) > 1]
    if shapely.get_num_coordinates(kept).sum() > _MOST_CORNERS:
        kept = kept[np.cumsum(shapely.get_num_coordinates(kept)) <= _MOST_CORNERS]
    return [shapely.get_coordinates(line) for line in kept]


def write_faults(report: Report, outlines: Iterable[bytes], folder: Path) -> None:
    """Write all places of a report and the outlines of its layers into ``folder``.

    A file that cannot be written whole is removed: the report itself is not lost for it.
    """
    target = folder / FAULTS_FILE
    try:
        with target.open("wb") as stream:
            stream.write(orjson.dumps({"format": _FORMAT, "findings": _signature(report)}) + b"\n")
            for outline in outlines:
                stream.write(b'{"outline":' + outline + b"}\n")
            for number, finding in enumerate(report.findings):
                for item in finding.occurrences:
                    line = {"f": number, **item.as_dict()}
                    stream.write(orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
            stream.write(b'{"end":true}\n')
    except (OSError, MemoryError):
        target.unlink(missing_ok=True)


# The parent's side ---------------------------------------------------------------------------------------------------


def collect_faults(folder: Path, report: Report, longest_bytes: int) -> Faults:
    """What a child wrote into ``folder`` beside its report; the report's own places where that is nothing, or nothing
    to be believed.
    """
    read = _read(folder / FAULTS_FILE, report, longest_bytes)
    if read is None:
        return Faults(report, (), all(f.count <= SAMPLE or len(f.occurrences) < SAMPLE for f in report.findings))
    places, outlines = read
    findings = tuple(
        replace(finding, occurrences=tuple(own)) for finding, own in zip(report.findings, places, strict=True)
    )
    return Faults(replace(report, findings=findings), outlines, True)


def _signature(report: Report) -> list[Any]:
    return [[finding.rule, finding.layer, finding.count] for finding in report.findings]


def _read(path: Path, report: Report, longest_bytes: int) -> tuple[list[list[Occurrence]], tuple[Layer, ...]] | None:
    places: list[list[Occurrence]] = [[] for _ in report.findings]
    outlines: list[Layer] = []
    known = {item.name: item for item in report.layers}
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > longest_bytes:
                return None
            head = orjson.loads(stream.readline(_LONGEST_LINE))
            if head != {"format": _FORMAT, "findings": _signature(report)}:
                return None
            while line := stream.readline(_LONGEST_LINE):
                value = orjson.loads(line)
                if "end" in value:
                    agreed = all(_agrees(f, own) for f, own in zip(report.findings, places, strict=True))
                    return (places, tuple(outlines)) if agreed else None
                if "outline" in value:
                    outline = value["outline"]
                    summary = known[outline["layer"]]
                    outlines.append(_outline(outline, summary.name, summary.crs))
                    continue
                number = value["f"]
                if type(number) is not int or number < 0:
                    return None
                places[number].append(_occurrence(value))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return None


def _agrees(finding: Finding, places: list[Occurrence]) -> bool:
    """Whether the places in the file begin with those that the report itself holds."""
    return tuple(places[:SAMPLE]) == finding.occurrences[:SAMPLE]


def _occurrence(value: dict[str, Any]) -> Occurrence:
    """One line as an occurrence; ValueError where it is none."""
    texts, where, geometry = (value["feature"], value["related"]), value["where"], value.get("geometry")
    if not all(item is None or isinstance(item, str) for item in texts) or not isinstance(value["params"], dict):
        raise ValueError("not an occurrence")
    if where is not None and not (isinstance(where, list) and len(where) == 2 and all(map(_is_number, where))):
        raise ValueError("not a place")
    if geometry is not None:
        parts = geometry["geometries"] if geometry["type"] == "GeometryCollection" else [geometry]
        for part in parts:
            _judge(part["coordinates"], _GEOMETRIES[part["type"]])
    return Occurrence.from_dict(value)


def _judge(coordinates: Any, depth: int) -> None:
    """Lists of lists of pairs of finite numbers, as deep as the type asks; ValueError for anything else."""
    if not isinstance(coordinates, list) or not coordinates:
        raise ValueError("no coordinates")
    if depth:
        for item in coordinates:
            _judge(item, depth - 1)
    elif not 2 <= len(coordinates) <= 3 or not all(map(_is_number, coordinates)):
        raise ValueError("not a coordinate")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _outline(value: dict[str, Any], name: str, crs: str | None) -> Layer:
    """The outlines of one layer as a layer of lines and points without attributes."""
    import geopandas
    import shapely

    lines = [_pairs(np.asarray(line, dtype=float).reshape(-1, 2)) for line in value["lines"]]
    points = _pairs(np.asarray(value["points"], dtype=float).reshape(-1, 2))
    shapes = np.empty(len(lines) + len(points), dtype=object)
    shapes[: len(lines)] = [shapely.linestrings(line) for line in lines]
    shapes[len(lines) :] = shapely.points(points)
    return Layer(name, geopandas.GeoDataFrame(geometry=shapes), crs, (), "Unknown")


def _pairs(array: NDArray[Any]) -> NDArray[Any]:
    if not np.isfinite(array).all():
        raise ValueError("not a coordinate")
    return array
