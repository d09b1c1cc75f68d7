"""KML 2.2 (OGC 12-007r2) in CRS84: placemarks named by the record's label, attributes typed by a Schema.

Our own writer, for GDAL's stops at the first polygon that is not valid. Geometries are made from the texts of the
fragments without being parsed, one feature at a time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import numpy as np
import orjson
import shapely

from geoportal.serving.columns import Values
from geoportal.serving.downloads.contents import Contents, as_texts, free_name
from geoportal.serving.downloads.geojson import moved, without_measures
from geoportal.serving.downloads.notes import Note, Unfit
from geoportal.serving.edition import described, facts
from geoportal.serving.summary import FRAGMENT_GEOMETRY, FRAGMENT_OFFSETS, FRAGMENTS

NAMESPACE = "http://www.opengis.net/kml/2.2"
_INT32 = 2**31
_NAME = "name"
_OWN = frozenset(("name", "description", "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude",
                  "visibility", "draworder", "icon"))  # fmt: skip
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_POWER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+")
_COLOUR = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")
_DEFAULT_COLOUR = "#0B4F5C"
_TYPES = {"integer": "int", "number": "double", "boolean": "bool"}


def write(contents: Contents, path: Path) -> list[Note]:
    """Write one Document; a feature without a place is a placemark without one. Unfit for a table or no features."""
    if contents.is_table:
        raise Unfit(Note("no-geometry"))
    if not len(contents):
        raise Unfit(Note("no-features"))
    columns, spoilt, wide = _columns(contents)
    with path.open("wb") as file:
        file.write(_head(contents, [kind for kind, _ in columns]))
        for placemark in _placemarks(contents, [texts for _, texts in columns]):
            file.write(placemark)
        file.write(b"</Document>\n</kml>\n")
    notes = moved(contents) + without_measures(contents)
    if contents.solid:
        notes.append(Note("heights-clamped", count=contents.solid))
    if empty := int(shapely.is_empty(contents.geometries).sum()):
        notes.append(Note("empty-as-null", count=empty))
    if wide:
        notes.append(Note("int32", names=wide))
    if spoilt:
        notes.append(Note("control-characters", count=spoilt))
    pairs = zip(contents.names, field_names(contents), strict=True)
    if renamed := [f"{name} → {written}" for name, written in pairs if name != written]:
        notes.append(Note("name-taken", names=renamed))
    return notes + contents.renamed() + contents.texts("date", "date-time", "time", "json", "binary")


def reopen(contents: Contents, path: Path) -> None:
    """Read the file with an XML parser; RuntimeError where it is not well-formed, or does not hold every feature, place
    and value.
    """
    found = dict.fromkeys(("Placemark", "SimpleData", "coordinates"), 0)
    inside = [0]  # coordinates of one placemark count once

    def start(name: str, _: dict[str, str]) -> None:
        if name == "Placemark":
            found["Placemark"] += 1
            inside[0] = 0
        elif name == "SimpleData":
            found["SimpleData"] += 1
        elif name == "coordinates" and not inside[0]:
            found["coordinates"] += 1
            inside[0] = 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise RuntimeError(f"the KML of {contents.dataset_id} is not well-formed: {error}") from error
    expected = {
        "Placemark": len(contents),
        "SimpleData": sum(value is not None for column in contents.values for value in column),
        "coordinates": len(contents) - contents.summary.placeless,
    }
    if found != expected:
        raise RuntimeError(f"the KML of {contents.dataset_id} reads as {found}, not {expected}")


def geometry(text: bytes) -> bytes:
    """A GeoJSON geometry, as ``geojson.geometry_texts`` writes it, in KML; nothing for null and for an empty one."""
    if text == b"null":
        return b""
    kind, _, rest = text.removeprefix(b'{"type":"').partition(b'"')
    if kind == b"GeometryCollection":
        members = [geometry(orjson.dumps(member)) for member in orjson.loads(text)["geometries"]]
        inside = b"".join(members)
        return b"<MultiGeometry>" + inside + b"</MultiGeometry>" if inside else b""
    body = rest.removeprefix(b',"coordinates":')[:-1]
    if body in (b"[]", b"[[]]", b"[[[]]]"):
        return b""
    if b"e" in body or b"E" in body:
        body = _POWER.sub(lambda number: f"{float(number[0]):.9f}".encode(), body)
    match kind:
        case b"Point":
            return _point(body[1:-1])
        case b"LineString":
            return _line(body[2:-2])
        case b"Polygon":
            return _polygon(body[3:-3])
        case b"MultiPoint":
            parts = [_point(part) for part in body[2:-2].split(b"],[")]
        case b"MultiLineString":
            parts = [_line(part) for part in body[3:-3].split(b"]],[[")]
        case _:
            parts = [_polygon(part) for part in body[4:-4].split(b"]]],[[[")]
    return b"<MultiGeometry>" + b"".join(parts) + b"</MultiGeometry>"


def _point(pair: bytes) -> bytes:
    return b"<Point><coordinates>" + pair + b"</coordinates></Point>"


def _line(run: bytes) -> bytes:
    return b"<LineString><coordinates>" + run.replace(b"],[", b" ") + b"</coordinates></LineString>"


def _polygon(rings: bytes) -> bytes:
    found = []
    for number, ring in enumerate(rings.split(b"]],[[")):
        side = b"inner" if number else b"outer"
        run = ring.replace(b"],[", b" ")
        found.append(
            b"<" + side + b"BoundaryIs><LinearRing><coordinates>" + run + b"</coordinates></LinearRing></" + side
        )
        found.append(b"BoundaryIs>")
    return b"<Polygon>" + b"".join(found) + b"</Polygon>"


def _columns(contents: Contents) -> tuple[list[tuple[str, list[str | None]]], int, list[str]]:
    """KML type and escaped texts of each field; how many texts lost a character; fields too wide for KML's int."""
    found: list[tuple[str, list[str | None]]] = []
    spoilt, wide = 0, []
    for field, values in zip(contents.fields, contents.values, strict=True):
        kind = _TYPES.get(field.type, "string")
        if kind == "int" and any(value is not None and not (-_INT32 <= value < _INT32) for value in values):
            kind = "string"
            wide.append(field.name)
        texts = as_texts(values)
        if kind == "string" and field.type != "integer":
            spoilt += sum(text is not None and _NOT_XML.search(text) is not None for text in texts)
            found.append((kind, [text if text is None else escaped(text) for text in texts]))
        else:
            found.append((kind, texts))
    return found, spoilt, wide


def escaped(text: str) -> str:
    """A text that an XML reader gives back letter by letter; what XML cannot hold becomes U+FFFD."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return _NOT_XML.sub("\ufffd", text)


def _attribute(text: str) -> str:
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def _label(contents: Contents) -> int | None:
    """The field that names placemarks: the one of the record, else one that is called so."""
    names = [field.name for field in contents.fields]
    if contents.record.label in names:
        return names.index(contents.record.label)
    return next((number for number, name in enumerate(names) if name.casefold() == _NAME), None)


def _names(contents: Contents) -> Iterator[str]:
    """The name element of each placemark: its label, else the id of the feature."""
    place = _label(contents)
    labels: Values = contents.values[place] if place is not None else [None] * len(contents)
    # A field called name must read as nothing where it holds nothing: GDAL takes the two for one.
    spare = place is None or contents.fields[place].name.casefold() != _NAME
    for text, fid in zip(as_texts(labels), contents.fids, strict=True):
        name = text or (fid if spare else "")
        yield f"<name>{escaped(name)}</name>" if name else ""


def _placemarks(contents: Contents, columns: list[list[str | None]]) -> Iterator[bytes]:
    heads = [f'<SimpleData name="{_attribute(name)}">' for name in field_names(contents)]
    offsets = np.fromfile(contents.serving / FRAGMENT_OFFSETS, dtype="<i8")
    cuts = np.fromfile(contents.serving / FRAGMENT_GEOMETRY, dtype="<u4").reshape(-1, 2).astype(np.int64)
    rows = zip(*columns, strict=True) if columns else iter([()] * len(contents))
    with (contents.serving / FRAGMENTS).open("rb") as fragments:
        for row, name, values in zip(contents.rows.tolist(), _names(contents), rows, strict=True):
            place = _read(fragments, int(offsets[row] + cuts[row, 0]), int(cuts[row, 1] - cuts[row, 0]))
            told = "".join(
                f"{head}{value}</SimpleData>" for head, value in zip(heads, values, strict=True) if value is not None
            )
            more = f'<ExtendedData><SchemaData schemaUrl="#kolom">{told}</SchemaData></ExtendedData>' if told else ""
            start = f"<Placemark>{name}<styleUrl>#gaya</styleUrl>{more}"
            yield start.encode() + geometry(place) + b"</Placemark>\n"


def field_names(contents: Contents) -> list[str]:
    """The names of the fields. One that KML itself has (``name``, ``description`` ...) gets a number: GDAL and QGIS
    would show what the placemark says in its place. Not the ``name`` that names the placemarks: that is the same.
    """
    label = _label(contents)
    found: list[str] = []
    for number, name in enumerate(contents.names):
        taken = name.casefold() in _OWN and not (number == label and name.casefold() == _NAME)
        found.append(free_name(name, [*contents.names, *found]) if taken else name)
    return found


def _read(file: IO[bytes], start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _head(contents: Contents, kinds: list[str]) -> bytes:
    record, edition = contents.record, contents.edition
    title = record.title.in_language("id") or contents.dataset_id
    told: dict[str, Any] = facts(record, edition)
    data = "".join(f'<Data name="{_attribute(key)}"><value>{escaped(told[key])}</value></Data>' for key in told)
    who = escaped(edition.producer_of(record).in_language("id"))
    author = f"<atom:author><atom:name>{who}</atom:name></atom:author>" if who else ""
    # Viewers show a description as HTML: what is written here is text.
    about = escaped(html.escape(described(record, "id"), quote=False))
    fields = "".join(
        f'<SimpleField type="{kind}" name="{_attribute(name)}">'
        f"<displayName>{escaped(record.field_title(field.name, 'id'))}</displayName></SimpleField>"
        for kind, name, field in zip(kinds, field_names(contents), contents.fields, strict=True)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{NAMESPACE}" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<Document><name>{escaped(title)}</name>{author}<description>{about}</description>{_style(contents)}"
        f'<ExtendedData>{data}</ExtendedData>\n<Schema name="{contents.dataset_id}" id="kolom">{fields}</Schema>\n'
    ).encode()


def _style(contents: Contents) -> str:
    """One style for all, in the colour of the record: solid lines and points, areas that let the ground through."""
    match = _COLOUR.fullmatch(contents.record.style.colour or "") or _COLOUR.fullmatch(_DEFAULT_COLOUR)
    red, green, blue = match.groups() if match else ("0B", "4F", "5C")
    colour = f"{blue}{green}{red}".lower()
    return (
        f'<Style id="gaya"><IconStyle><color>ff{colour}</color></IconStyle>'
        f"<LineStyle><color>ff{colour}</color><width>1.5</width></LineStyle>"
        f"<PolyStyle><color>66{colour}</color></PolyStyle></Style>"
    )
