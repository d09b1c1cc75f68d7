"""KML, read by ourselves: each Document or Folder with placemarks of its own is a layer.

Expat streams the file and nothing else is opened: links, overlays, models and styles of other places are counted and
named, never followed. (GDAL's reader refuses files without a folder, leaves links and overlays out without a word, and
adds eleven columns to every layer.) Coordinates are longitude and latitude in WGS 84 (OGC 07-147r2, 12-007r2).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from geoportal.ingest import wkb
from geoportal.ingest.markup import End, Start, inner, local, walk
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.rows import Rows
from geoportal.ingest.source import Source

CRS = "EPSG:4326"
NOTHING: Note = ("no-layer", {"files": []})
"""What is said of a KML without a single placemark that does not refer to other servers."""

_CONTAINERS = {"Document", "Folder"}
_BESIDE = {
    "NetworkLink": "links",
    "GroundOverlay": "overlays",
    "ScreenOverlay": "overlays",
    "PhotoOverlay": "overlays",
    "Tour": "tours",
    "NetworkLinkControl": "metadata-blocks",
}
_WHOLE = {"Placemark", "Schema", *_BESIDE}
_TYPES = dict.fromkeys(("int", "uint", "short", "ushort"), "integer") | {
    "float": "number",
    "double": "number",
    "bool": "boolean",
}
_SHAPES = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack", "Model"}
# How a placemark looks and where the camera stands: nothing that the data say.
_LOOKS = {
    "visibility", "open", "styleUrl", "Style", "StyleMap", "LookAt", "Camera", "Region", "balloonVisibility",
    "AbstractView",
}  # fmt: skip
_MOST_LINKS = 10


class _Unreadable(Exception):
    """A geometry whose text makes no sense."""


@dataclass(slots=True)
class _Container:
    """A Document or Folder that is open: its name as soon as it is known, and the rows that were found in it."""

    name: str
    parent: _Container | None
    rows: Rows | None = None
    heights: list[bool] = field(default_factory=list)


def read_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The layers of a KML file, in the order in which their first placemark stands.

    Raises a refusal: those of ``markup.walk``, source-unsafe (not-a-number), fields-too-many, no-layer.
    """
    reader = _Reader(stem, max_fields)
    reader.read(path)
    layers = [container for container in reader.layers if container.rows is not None]
    if not layers:
        outside = any("://" in link for link in reader.links)
        raise refuse(NOTHING[0], **({"links": len(reader.links)} if outside else NOTHING[1]))
    notes = reader.notes()
    return [reader.source(container, path, notes if container is layers[0] else []) for container in layers]


@dataclass(slots=True)
class _Reader:
    stem: str
    max_fields: int
    layers: list[_Container] = field(default_factory=list)
    open: list[_Container] = field(default_factory=list)
    schemas: dict[str, dict[str, str]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    styles: set[str] = field(default_factory=set)
    beside: Counter[str] = field(default_factory=Counter)

    def read(self, path: Path) -> None:
        """Go through the file once."""
        self.open = [_Container(self.stem, None)]
        for event in walk(path, lambda names: local(names[-1]) in _WHOLE):
            if isinstance(event, Start):
                if local(event.name) in _CONTAINERS:
                    self.open.append(_Container(event.attributes.get("id", ""), self.open[-1]))
            elif isinstance(event, End):
                name = local(event.name)
                if name in _CONTAINERS:
                    self.open.pop()
                elif name == "name" and not event.name.startswith("atom:") and event.text.strip():
                    self.open[-1].name = event.text.strip()
            else:
                self._element(event)

    def _element(self, element: Element) -> None:
        name = local(element.tag)
        if name == "Placemark":
            self._placemark(element)
        elif name == "Schema":
            self._schema(element)
        elif _BESIDE[name] == "links":
            self.links += [_text(item) for item in element.iter() if local(item.tag) == "href"] or ["–"]
        else:
            self.beside[_BESIDE[name]] += 1

    def _schema(self, element: Element) -> None:
        types = {}
        for item in element:
            if local(item.tag) in ("SimpleField", "SimpleArrayField") and (named := item.get("name")):
                types[named] = item.get("type", "string") if local(item.tag) == "SimpleField" else "list"
        for key in (element.get("id"), element.get("name")):
            if key:
                self.schemas[key] = types

    def _placemark(self, element: Element) -> None:
        container = self.open[-1]
        if container.rows is None:
            container.rows = Rows(container.name, self.max_fields)
            self.layers.append(container)
        rows = container.rows
        shape: bytes | None = None
        values: dict[str, Any] = {}
        try:
            shape = self._shape([child for child in element if local(child.tag) in _SHAPES], values, container)
        except _Unreadable:
            rows.unread.append(len(rows.shapes))
        values = {**self._values(element, rows), **values}
        rows.add(values, shape, element.get("id"))

    def _values(self, element: Element, rows: Rows) -> dict[str, Any]:
        values: dict[str, Any] = {}
        data: dict[str, Any] = {}
        for child in element:
            name = local(child.tag)
            if name == "styleUrl" and "://" in (child.text or ""):
                self.styles.add(_text(child))
            if name in _SHAPES or name in _LOOKS:
                continue
            match name:
                case "ExtendedData":
                    self._extended(child, data, rows)
                case "TimeStamp":
                    values["when"] = _of(child, "when")
                case "TimeSpan":
                    values["begin"], values["end"] = _of(child, "begin"), _of(child, "end")
                case "Metadata":
                    self.beside["metadata-blocks"] += 1
                case _ if child.tag in ("atom:author", "atom:link") or name in ("author", "link"):
                    values[name] = child.get("href") or "".join(child.itertext()).strip()
                case _:
                    values[name] = inner(child).strip() if name != "name" else inner(child)
        for name, value in data.items():
            if name not in values:
                values[name] = value
            elif values[name] != value:  # a column that is called as a part of the placemark is
                values[f"data_{name}"] = value
        return {name: value for name, value in values.items() if value is not None}

    def _extended(self, element: Element, values: dict[str, Any], rows: Rows) -> None:
        for child in element:
            match local(child.tag):
                case "Data":
                    _put(values, child.get("name") or "Data", _of(child, "value") or "")
                case "SchemaData":
                    types = self.schemas.get((child.get("schemaUrl") or "").rpartition("#")[2], {})
                    for item in child:
                        name = item.get("name") or local(item.tag)
                        if local(item.tag) == "SimpleArrayData":
                            _put(values, name, [value.text or "" for value in item])
                            continue
                        _put(values, name, inner(item))
                        _declare(rows, name, _TYPES.get(types.get(name, "string"), "string"))
                case name:
                    _put(values, name, inner(child))

    # Shapes --------------------------------------------------------------------------------------------------------

    def _shape(self, elements: list[Element], values: dict[str, Any], container: _Container) -> bytes | None:
        parts = [part for item in elements if (part := self._one(item, values, container)) is not None]
        return parts[0] if len(parts) == 1 else wkb.many(parts) if parts else None

    def _one(self, element: Element, values: dict[str, Any], container: _Container) -> bytes | None:
        match local(element.tag):
            case "Point":
                positions = self._positions(element, container)
                if len(positions) > 1:
                    raise _Unreadable
                return wkb.point(positions)
            case "LineString" | "LinearRing":
                return wkb.line(self._positions(element, container))
            case "Polygon":
                return wkb.polygon(self._rings(element, container))
            case "Track":
                return self._track(element, values, container)
            case "Model":
                self.beside["models"] += 1
                return None
            case "MultiTrack":
                tracks = [item for item in element if local(item.tag) == "Track"]
                parts = [self._track(item, values, container) for item in tracks]
                return wkb.many(parts, wkb.MULTI_LINE)
            case _:  # MultiGeometry
                inside = [item for item in element if local(item.tag) in _SHAPES]
                parts = [p for item in inside if (p := self._one(item, values, container)) is not None]
                return wkb.many(parts)

    def _rings(self, element: Element, container: _Container) -> list[wkb.Coordinates]:
        outer: list[wkb.Coordinates] = []
        holes: list[wkb.Coordinates] = []
        for boundary in element:
            kind = local(boundary.tag)
            if kind in ("outerBoundaryIs", "innerBoundaryIs"):
                rings = [self._positions(ring, container) for ring in boundary if local(ring.tag) == "LinearRing"]
                (outer if kind == "outerBoundaryIs" else holes).extend(rings)
        if len(outer) > 1 or (holes and not outer):
            raise _Unreadable
        return [*outer, *holes]

    def _positions(self, element: Element, container: _Container) -> wkb.Coordinates:
        texts = [item.text or "" for item in element if local(item.tag) == "coordinates"]
        positions = coordinates(" ".join(texts))
        if positions.shape[1] == 3:
            container.heights.append(bool(positions[:, 2].any()))
        return positions

    def _track(self, element: Element, values: dict[str, Any], container: _Container) -> bytes:
        coords = [item.text or "" for item in element if local(item.tag) == "coord"]
        whens = [item.text or "" for item in element if local(item.tag) == "when"]
        if any(local(item.tag) == "angles" for item in element):
            self.beside["angles"] += 1
        if any(local(item.tag) == "Model" for item in element):
            self.beside["models"] += 1
        if whens:
            values["when"] = [*values.get("when", []), *whens]
        positions = coordinates(" ".join(",".join(text.split()) for text in coords))
        if positions.shape[1] == 3:
            container.heights.append(bool(positions[:, 2].any()))
        return wkb.point(positions) if len(positions) == 1 else wkb.line(positions)

    # What becomes of it ----------------------------------------------------------------------------------------------

    def notes(self) -> list[Note]:
        """What must be said of the file as a whole."""
        notes: list[Note] = []
        if links := [*self.links, *sorted(self.styles)]:
            named = list(dict.fromkeys(map(shown, links)))[:_MOST_LINKS]
            notes.append(("links-not-followed", {"links": named, "count": len(links)}))
        if self.beside:
            notes.append(("content-not-kept", {"things": dict(self.beside), "count": self.beside.total()}))
        return notes

    def source(self, container: _Container, path: Path, notes: Iterable[Note]) -> Source:
        """One container as a layer; heights that are all 0 are noise of the program that wrote them."""
        rows = container.rows
        assert rows is not None
        rows.notes += notes
        if container.heights and not any(container.heights):
            rows.shapes = [None if shape is None else wkb.with_width(shape, 2) for shape in rows.shapes]
            rows.notes.append(("heights-zero", {}))
        twice = [item.name for item in self.layers].count(container.name) > 1
        parent = container.parent.name if container.parent is not None and container.parent.name else None
        return Source(
            name=f"{parent} / {container.name}" if twice and parent else container.name or self.stem,
            driver=None,
            path=path,
            crs=CRS,
            ids=rows.own_ids(),
            claims={"header": len(rows.shapes)},
            notes=rows.all_notes(),
            texts=True,
            read=rows.as_arrow,
        )


def coordinates(text: str) -> wkb.Coordinates:
    """Tuples of longitude, latitude and perhaps a height, as they are found in the wild: blanks around the commas, and
    commas in place of the blanks.

    Raises a refusal for what is no number (source-unsafe), _Unreadable for what is no list of tuples.
    """
    tuples = text.split()
    if any(item[0] == "," or item[-1] == "," for item in tuples):
        tuples = re.sub(r"\s*,\s*", ",", text.strip()).split()
    if not tuples:
        return np.empty((0, 2))
    widths = {item.count(",") + 1 for item in tuples}
    try:
        if "_" in text:
            raise ValueError
        numbers = np.array([float(item) for item in ",".join(tuples).split(",")])
    except ValueError:
        raise _Unreadable from None
    if not np.isfinite(numbers).all():
        raise refuse("source-unsafe", reason="not-a-number")
    if len(widths) == 1:
        width = widths.pop()
        if width in (2, 3):
            return numbers.reshape(-1, width)
        if width % 3 == 0:  # a,b,c,d,e,f: what Google Earth has always taken for triples
            return numbers.reshape(-1, 3)
    if widths == {2, 3}:
        rows = [[float(part) for part in item.split(",")] for item in tuples]
        return np.array([row if len(row) == 3 else [*row, 0.0] for row in rows])
    raise _Unreadable


def _of(element: Element, name: str) -> str | None:
    return next((inner(child) for child in element if local(child.tag) == name), None)


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    """A second value of the same name makes a list: nothing is written over."""
    if name in values:
        before = values[name]
        value = [*before, value] if isinstance(before, list) else [before, value]
    values[name] = value


def _declare(rows: Rows, name: str, kind: str) -> None:
    """Two schemas that disagree about a column leave it text."""
    if rows.types.setdefault(name, kind) != kind:
        rows.types[name] = "string"
