"""GML 2, 3.1 and 3.2: what is a feature, what it says, and in which reference system it stands.

Expat streams the file; schemas, links and registries of other places are never opened, those that lie beside it are not
needed. GDAL only turns the text of one geometry into one geometry (``shapes``). Each kind of feature is a layer; a kind
that mixes reference systems is one layer for each. Axes are put in the order x, y after what srsName says (``axes``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from geoportal.ingest.axes import System, Systems
from geoportal.ingest.gmlshapes import NAMES, Unreadable, shape_of, stated_system
from geoportal.ingest.markup import Start, local, walk
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.rows import Rows
from geoportal.ingest.source import Source
from geoportal.ingest.typed import type_of

_COLLECTION = "FeatureCollection"
_COUNTS = ("numberOfFeatures", "numberMatched", "numberReturned")
_SILENT = ("xmlns", "xsi:", "xlink:type", "gml:id", "gml:remoteSchema", "xml:")
_MOST_LINKS = 10


@dataclass(slots=True)
class _Kind:
    """One kind of feature: its rows, where each geometry stands, and which property is the geometry."""

    rows: Rows
    systems: list[System | None] = field(default_factory=list)
    geometry: str | None = None
    columns: dict[str, str] = field(default_factory=dict)


def read_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The layers of a GML file, in the order in which their first feature stands.

    Raises a refusal: those of ``markup.walk``, source-unsafe (not-a-number), fields-too-many, no-layer.
    """
    reader = _Reader(max_fields)
    reader.read(path)
    if not reader.kinds:
        raise refuse("no-layer", files=[])
    notes = reader.notes()
    sources = []
    for kind in reader.kinds.values():
        for rows, system in _divided(kind):
            rows.notes += notes
            notes = []
            sources.append(_source(rows, system, path, stem, reader))
    return sources


def _source(rows: Rows, system: System | None, path: Path, stem: str, reader: _Reader) -> Source:
    if system is not None:
        rows.notes += system.notes
    claims = {"header": len(rows.shapes)}
    for name, entries in rows.columns.items():
        rows.types[name] = type_of([value for _, value in entries])
    return Source(
        name=rows.name or stem,
        driver=None,
        path=path,
        crs=system.crs if system else None,
        has_geometry=rows.has_geometry,
        ids=rows.own_ids(),
        claims=claims,
        notes=rows.all_notes(),
        texts=True,
        read=rows.as_arrow,
    )


def _divided(kind: _Kind) -> Iterator[tuple[Rows, System | None]]:
    """The rows of a kind, one layer for each reference system; a row without geometry goes with the first."""
    whole = kind.rows
    whole.has_geometry = kind.geometry is not None
    stated: dict[str | None, System] = {}
    for system in kind.systems:
        if system is not None:
            stated.setdefault(system.crs, system)
    if len(stated) < 2:
        yield whole, next(iter(stated.values()), None)
        return
    first = next(iter(stated))
    for crs, system in stated.items():
        chosen = [n for n, item in enumerate(kind.systems) if (first if item is None else item.crs) == crs]
        yield whole.part(f"{whole.name} ({shown(crs or '?', 60)})", chosen), system


@dataclass(slots=True)
class _Reader:
    max_fields: int
    kinds: dict[str, _Kind] = field(default_factory=dict)
    systems: Systems = field(default_factory=Systems)
    default: str | None = None
    claimed: int | None = None
    found: int = 0
    links: list[str] = field(default_factory=list)
    more_shapes: int = 0

    def read(self, path: Path) -> None:
        """Go through the file once."""
        for event in walk(path, _comes_whole):
            if isinstance(event, Element):
                if local(event.tag) == "boundedBy":
                    self.default = self.default or stated_system(event)
                else:
                    self._feature(event)
            elif isinstance(event, Start):
                attributes = {local(name): value for name, value in event.attributes.items()}
                counts = [int(attributes[name]) for name in _COUNTS if attributes.get(name, "").isdecimal()]
                if local(event.name).endswith(_COLLECTION) and counts:
                    self.claimed = max([*counts, self.claimed or 0])
                if "href" in attributes and "://" in attributes["href"]:
                    self.links.append(attributes["href"])

    def _feature(self, element: Element) -> None:
        self.found += 1
        name = local(element.tag)
        kind = self.kinds.setdefault(element.tag, _Kind(Rows(name, self.max_fields)))
        default = self.default
        values: dict[str, Any] = {}
        shape: bytes | None = None
        system: System | None = None
        for child in element:
            prop = local(child.tag)
            if prop == "boundedBy":
                default = stated_system(child) or default
                continue
            shapes = [item for item in child if local(item.tag) in NAMES]
            if not shapes and local(child.tag) in NAMES:
                shapes = [child]
            if not shapes:
                self._value(kind, child, values)
                continue
            kind.geometry = kind.geometry or child.tag
            if child.tag != kind.geometry or shape is not None or len(shapes) > 1:
                self.more_shapes += 1
                if child.tag != kind.geometry or shape is not None:
                    continue
            stated = stated_system(shapes[0]) or default
            system = self.systems.of(stated) if stated else None
            try:
                shape = shape_of(shapes[0], swapped=system is not None and system.swapped)
            except Unreadable as error:
                kind.rows.unread.append(len(kind.rows.shapes))
                self.links += error.links
        own = next((value for key, value in element.attrib.items() if local(key) in ("id", "fid")), None)
        kind.rows.add(values, shape, own)
        kind.systems.append(system if shape is not None else None)

    def _value(self, kind: _Kind, element: Element, values: dict[str, Any]) -> None:
        """One property as a column: its text, or the JSON of what is nested in it; attributes get columns beside it."""
        name = _column(kind, element.tag)
        attributes = {key: value for key, value in element.attrib.items() if not key.startswith(_SILENT)}
        href = next((value for key, value in attributes.items() if local(key) == "href"), None)
        if href is not None and not href.startswith(("#", "urn:")):
            self.links.append(href)
        value: Any = _nested(element) if len(element) else element.text
        if value is None or (isinstance(value, str) and not value.strip() and href):
            value = href
            attributes = {key: item for key, item in attributes.items() if local(key) != "href"}
        if value is not None or name not in values:
            _put(values, name, value)
        for key, item in attributes.items():
            if local(key) not in ("nil", "type"):
                _put(values, f"{name}_{local(key)}", item)

    def notes(self) -> list[Note]:
        """What must be said of the file as a whole."""
        notes: list[Note] = []
        if self.claimed is not None and self.claimed > self.found:
            notes.append(("answer-partial", {"held": self.found, "matched": self.claimed}))
        if self.links:
            counted = Counter(self.links)
            named = [shown(link) for link, _ in counted.most_common(_MOST_LINKS)]
            notes.append(("links-not-followed", {"links": named, "count": len(counted)}))
        if self.more_shapes:
            notes.append(
                ("content-not-kept", {"things": {"other-geometries": self.more_shapes}, "count": self.more_shapes})
            )
        return notes


def _comes_whole(names: list[str]) -> bool:
    """Whether an element is a feature, or the extent of a collection; members of collections are features."""
    name = local(names[-1])
    if len(names) < 2:
        return False
    parent = local(names[-2])
    if name == "boundedBy":
        return True
    member = parent.endswith(("ember", "embers"))
    return member and not name.endswith(_COLLECTION) and name not in ("Tuple", "boundedBy")


def _column(kind: _Kind, tag: str) -> str:
    """The column of a property: its name without the prefix, unless two prefixes share it."""
    if tag not in kind.columns:
        plain = local(tag)
        taken = plain in kind.columns.values()
        kind.columns[tag] = tag.replace(":", "_") if taken else plain
    return kind.columns[tag]


def _nested(element: Element) -> Any:
    """What is nested in a property, as JSON values: texts, lists of what repeats, attributes under ``@``."""
    value: dict[str, Any] = {}
    for key, item in element.attrib.items():
        if not key.startswith(_SILENT):
            value[f"@{local(key)}"] = item
    for child in element:
        inside = _nested(child) if len(child) or child.attrib else (child.text or "").strip()
        _put(value, local(child.tag), inside)
    text = (element.text or "").strip()
    if text:
        value["#text"] = text
    return value


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    """A second value of the same name makes a list: nothing is written over."""
    if values.get(name) is not None:
        before = values[name]
        value = [*before, value] if isinstance(before, list) else [before, value]
    values[name] = value
