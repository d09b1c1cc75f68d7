"""GPX 1.0 and 1.1: waypoints, routes and tracks, read by ourselves.

Empty kinds are left out. The points of routes and tracks are layers of their own where they say more than their place;
they are read when somebody asks for them by name. Coordinates are WGS 84, longitude before latitude for us; heights are
metres as the device gave them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from geoportal.ingest import wkb
from geoportal.ingest.markup import inner, local, walk
from geoportal.ingest.refusal import Note, refuse
from geoportal.ingest.rows import Rows
from geoportal.ingest.source import Source

CRS = "EPSG:4326"
_FEATURES = {"wpt": "waypoints", "rte": "routes", "trk": "tracks"}
_POINTS = {"routes": "route_points", "tracks": "track_points"}
_NUMBERS = ("ele", "magvar", "geoidheight", "hdop", "vdop", "pdop", "ageofdgpsdata", "course", "speed")
_INTEGERS = ("sat", "dgpsid", "number", "track", "route", "segment", "point")
_TYPES = dict.fromkeys(_NUMBERS, "number") | dict.fromkeys(_INTEGERS, "integer")
_DEGREES = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(slots=True)
class _Reader:
    max_fields: int
    layers: dict[str, Rows] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)

    def rows(self, name: str) -> Rows:
        if name not in self.layers:
            self.layers[name] = Rows(name, self.max_fields, types=dict(_TYPES))
        return self.layers[name]

    def feature(self, element: Element) -> None:
        """One waypoint, route or track."""
        name = _FEATURES[local(element.tag)]
        rows = self.rows(name)
        if name == "waypoints":
            x, y = _place(element)
            if x is None or y is None:
                rows.unread.append(len(rows.shapes))
            rows.add(_values(element), None if x is None or y is None else wkb.point(np.array([[x, y]])))
            return
        segments = [element] if name == "routes" else [item for item in element if local(item.tag) == "trkseg"]
        number = len(rows.shapes) + 1
        lines: list[wkb.Coordinates] = []
        for index, segment in enumerate(segments, 1):
            points = [item for item in segment if local(item.tag) in ("rtept", "trkpt")]
            if (positions := self._points(points, name, number, index)) is None:
                rows.unread.append(number - 1)
                lines = []
                break
            if len(positions) == 1:
                self.beside["short-segments"] += 1
            elif len(positions):
                lines.append(positions)
        lines = self._level(lines)
        if name == "routes":
            shape = wkb.line(lines[0] if lines else np.empty((0, 2)))
        else:
            shape = wkb.many([wkb.line(line) for line in lines], wkb.MULTI_LINE)
        unread = bool(rows.unread) and rows.unread[-1] == number - 1
        rows.add(_values(element), None if unread else shape)

    def _points(self, points: list[Element], name: str, number: int, segment: int) -> wkb.Coordinates | None:
        """The positions of a segment, with heights where every point has one; each point also becomes a row."""
        places = [_place(point) for point in points]
        rows = self.rows(_POINTS[name])
        parent = "route" if name == "routes" else "track"
        for index, (point, (x, y)) in enumerate(zip(points, places, strict=True), 1):
            values = _values(point)
            if set(values) - {"ele"}:
                self.told[name] += 1
            within = {parent: str(number), "segment": str(segment)} if parent == "track" else {parent: str(number)}
            shape = None if x is None or y is None else wkb.point(np.array([[x, y]]))
            if shape is None:
                rows.unread.append(len(rows.shapes))
            rows.add({**within, "point": str(index), **values}, shape)
        if any(x is None or y is None for x, y in places):
            return None
        heights = [_number(next((p.text or "" for p in point if local(p.tag) == "ele"), "")) for point in points]
        known = [height for height in heights if height is not None]
        if points and len(known) == len(points):
            return np.array([(x, y, z) for (x, y), z in zip(places, known, strict=True)], dtype=float)
        if known:
            self.beside["partial-heights"] += 1
            self.told[name] += len(known)
        return np.array(places, dtype=float).reshape(-1, 2)

    def _level(self, lines: list[wkb.Coordinates]) -> list[wkb.Coordinates]:
        """Lines of one track have heights together or not at all: a height that nobody measured is not 0."""
        if len({line.shape[1] for line in lines}) < 2:
            return lines
        self.beside["partial-heights"] += 1
        return [line[:, :2] for line in lines]


def read_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The layers of a GPX file: waypoints, routes, tracks; then the points of the last two, for who asks for them.

    Raises a refusal: those of ``markup.walk``, source-unsafe (not-a-number), fields-too-many, no-layer.
    """
    reader = _Reader(max_fields)
    for event in walk(path, lambda names: len(names) == 2 and local(names[-1]) in _FEATURES):
        if isinstance(event, Element):
            reader.feature(event)
    found = [name for name in _FEATURES.values() if name in reader.layers]
    if not found:
        raise refuse("no-layer", files=[])
    notes: list[Note] = []
    if reader.beside:
        notes.append(("content-not-kept", {"things": dict(reader.beside), "count": reader.beside.total()}))
    sources = []
    for name in found:
        rows = reader.layers[name]
        if name in _POINTS:
            rows.notes += notes
            notes = []
        if reader.told[name]:
            rows.notes.append(("track-points-apart", {"layer": _POINTS[name], "count": reader.told[name]}))
        sources.append(_source(rows, path))
    on_request = [reader.layers[_POINTS[name]] for name in found if reader.told[name]]
    return [*sources, *(_source(rows, path, on_request=True) for rows in on_request)]


def _source(rows: Rows, path: Path, *, on_request: bool = False) -> Source:
    return Source(
        name=rows.name,
        driver=None,
        path=path,
        crs=CRS,
        claims={"header": len(rows.shapes)},
        notes=rows.all_notes(),
        texts=True,
        read=rows.as_arrow,
        on_request=on_request,
    )


def _place(element: Element) -> tuple[float | None, float | None]:
    """Longitude and latitude of a point; None for what is no number. Refuses NaN and infinity."""
    return _number(element.get("lon", "")), _number(element.get("lat", ""))


def _number(text: str) -> float | None:
    plain = text.strip()
    if plain.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise refuse("source-unsafe", reason="not-a-number")
    if not _DEGREES.fullmatch(plain):
        return None
    number = float(plain)
    if not math.isfinite(number):
        raise refuse("source-unsafe", reason="not-a-number")
    return number


def _values(element: Element) -> dict[str, Any]:
    """What a waypoint, route, track or point says, by name; a link is its address; extensions lie flat."""
    values: dict[str, Any] = {}
    for child in element:
        name = local(child.tag)
        if name in ("rtept", "trkseg", "trkpt"):
            continue
        if name == "extensions":
            for item in child:
                _flat(item, "", values)
        elif name == "link":
            _put(values, "link", child.get("href") or "".join(child.itertext()).strip())
            if said := " ".join("".join(item.itertext()).strip() for item in child if local(item.tag) == "text"):
                _put(values, "link_text", said)
        else:
            _put(values, name, inner(child))
    return values


def _flat(element: Element, before: str, values: dict[str, Any]) -> None:
    name = f"{before}{local(element.tag)}"
    if not len(element):
        _put(values, name, element.text or "")
    for child in element:
        _flat(child, f"{name}_", values)


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    """A second value of the same name makes a list: nothing is written over."""
    if name in values:
        before = values[name]
        value = [*before, value] if isinstance(before, list) else [before, value]
    values[name] = value
