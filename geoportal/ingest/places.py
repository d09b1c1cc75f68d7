"""Which columns of a table say where its rows lie: WKT, WKB or GeoJSON by content, x and y by their header words, both
in one cell.

Nothing is guessed: two plain numbers in one cell whose order nobody can tell place no row, columns that look swapped
are told and left, and a reference system is known only where EWKT or EWKB name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geoportal.ingest import wkt
from geoportal.ingest.dms import parse_angle, parse_pair
from geoportal.ingest.numerals import as_numbers
from geoportal.ingest.refusal import Note, few, shown

_X = {
    "degrees": "lon long longitude lng lond londd longdd bujur garisbujur bujurtimur bt lonx longx lonwgs84 lon84",
    "metres": "easting utmx utme timuran",
    "plain": "x e east timur",
}
_Y = {
    "degrees": "lat latitude lintang garislintang lintangselatan lintangutara ls lu lt laty latdd latd latwgs84 lat84",
    "metres": "northing utmy utmn utaraan",
    "plain": "y n north utara",
}
_AROUND = frozenset(
    [
        "koordinat",
        "koord",
        "kord",
        "coordinate",
        "coordinates",
        "coord",
        "point",
        "pt",
        "titik",
        "geom",
        "gps",
        "centroid",
        "dd",
        "dec",
        "decimal",
        "desimal",
        "deg",
        "degree",
        "degrees",
        "derajat",
        "wgs",
        "wgs84",
        "m",
        "meter",
        "metre",
        "utm",
    ]
)
_BOTH = frozenset(
    [
        "koordinat",
        "koord",
        "kord",
        "coordinate",
        "coordinates",
        "coord",
        "coords",
        "latlon",
        "latlong",
        "latlng",
        "lonlat",
        "longlat",
        "lnglat",
        "titikkoordinat",
        "lokasi",
        "location",
        "posisi",
        "position",
        "gps",
        "gpslocation",
        "titik",
        "letak",
        "letakgeografis",
    ]
)
_SHAPES = frozenset(
    [
        "wkt",
        "ewkt",
        "wkb",
        "geom",
        "geometry",
        "thegeom",
        "geomwkt",
        "wktgeom",
        "wktgeometry",
        "geometri",
        "shape",
        "geojson",
    ]
)
_WKT = re.compile(
    r"\s*(?:SRID\s*=\s*(?P<srid>\d{1,6})\s*;\s*)?"
    r"(?:POINT|LINESTRING|POLYGON|MULTI[A-Z]+|GEOMETRYCOLLECTION|CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|TRIANGLE|TIN|POLYHEDRALSURFACE)\s*(?:Z\s*M?|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{40,}\s*")
_GEOJSON = re.compile(r'\s*\{.{0,200}"(?:type|coordinates)"\s*:', re.DOTALL)
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rows lie: WKB for each (None: nowhere), the reference system that the text names, and what to say.

    ``used`` are the columns that said it; ``replaced`` is one whose text the geometry holds whole.
    """

    wkb: NDArray[Any]
    form: str
    used: tuple[str, ...]
    crs: str | None = None
    geometry_type: str | None = None
    replaced: str | None = None
    notes: list[Note] = field(default_factory=list)


def find_places(names: Sequence[str], columns: Sequence[Any], decimal: str | None, rows: NDArray[Any]) -> Places | None:
    """The places of a table's rows; None for a table without any. ``rows`` are the rows' numbers in the file.

    ``decimal`` is the mark that the file's numbers have, None when they do not show it.
    """
    with np.errstate(all="ignore"):  # a number beyond all numbers is infinite: a rule speaks of it
        return (
            _shapes(names, columns, rows)
            or _pair_of_columns(names, columns, decimal, rows)
            or _one_cell(names, columns, rows)
        )


# geometry as text --------------------------------------------------------------------------------------------------


def _shapes(names: Sequence[str], columns: Sequence[Any], rows: NDArray[Any]) -> Places | None:
    ranked = sorted(range(len(names)), key=lambda index: _plain(names[index]) not in _SHAPES)
    for index in ranked:
        column = columns[index]
        if not pa.types.is_string(column.type):
            continue
        sample = column.drop_null().slice(0, _SAMPLE).to_pylist()
        for form, pattern in (("wkt", _WKT), ("wkb", _HEX), ("geojson", _GEOJSON)):
            if sample and sum(pattern.match(text) is not None for text in sample) * 2 > len(sample):
                return _from_texts(names[index], column, form, rows)
    return None


def _from_texts(name: str, column: Any, form: str, rows: NDArray[Any]) -> Places:
    texts = column.to_pylist()
    read: Callable[[str], bytes | None] = {"wkt": _wkt, "wkb": _hex, "geojson": _geojson}[form]
    srids: list[int | None] = []
    wkb = np.full(len(texts), None, dtype=object)
    for index, text in enumerate(texts):
        if text is not None:
            wkb[index], srid = _with_srid(text, form, read)
            if wkb[index] is not None:
                srids.append(srid)
    notes, bad = _unreadable(texts, np.array([value is None for value in wkb]), rows, (name,))
    known = {srid for srid in srids if srid}
    crs = None
    if len(known) == 1 and None not in srids and 0 not in srids:
        crs = f"EPSG:{known.pop()}"
    elif known:
        notes.append(("reader-message", {"message": f"SRID: {', '.join(map(str, sorted(known)[:10]))}"}))
    return Places(wkb, form, (name,), crs, "Unknown", None if bad else name, notes)


def _with_srid(text: str, form: str, read: Callable[[str], bytes | None]) -> tuple[bytes | None, int | None]:
    if form == "wkt":
        found = _WKT.match(text)
        if found is None:
            return None, None
        return read(text[text.index(";") + 1 :] if found["srid"] else text), int(found["srid"] or 0)
    wkb = read(text)
    if form != "wkb" or wkb is None:
        return wkb, 0
    # EWKB has its SRID behind the type; plain WKB and ISO WKB have none.
    order = "little" if wkb[0] else "big"
    kind = int.from_bytes(wkb[1:5], order)  # type: ignore[arg-type]
    srid = int.from_bytes(wkb[5:9], order) if kind & 0x20000000 else 0  # type: ignore[arg-type]
    return _iso(wkb), srid


def _iso(wkb: bytes) -> bytes | None:
    """WKB as the rest of the reader wants it: ISO, little endian, without SRID."""
    return _written(shapely.from_wkb, wkb) or wkt.iso_wkb(wkb)


def _wkt(text: str) -> bytes | None:
    # Arcs and surfaces are beyond GEOS: GDAL reads them, and the reader makes simple features of them.
    return _written(shapely.from_wkt, text) or wkt.wkb_of_wkt(text)


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        return None


def _geojson(text: str) -> bytes | None:
    return _written(shapely.from_geojson, text)


def _written(read: Callable[..., Any], value: str | bytes) -> bytes | None:
    """A geometry as ISO WKB, little endian; None where GEOS cannot read it (curves are NotImplementedError there)."""
    try:
        geometry = read(value, on_invalid="ignore")
    except (shapely.errors.GEOSException, NotImplementedError):
        return None
    return None if geometry is None else bytes(shapely.to_wkb(geometry, flavor="iso", byte_order=1))


# x and y in columns --------------------------------------------------------------------------------------------------


def _pair_of_columns(
    names: Sequence[str], columns: Sequence[Any], decimal: str | None, rows: NDArray[Any]
) -> Places | None:
    plain = [_plain(name) for name in names]
    for form in ("degrees", "metres", "plain"):
        for x_word in _X[form].split():
            for y_word in _Y[form].split():
                if x_word in plain and y_word in plain:
                    x, y = plain.index(x_word), plain.index(y_word)
                    return _from_columns((names[x], names[y]), (columns[x], columns[y]), form, decimal, rows)
    return None


def _from_columns(
    names: tuple[str, str], columns: tuple[Any, Any], form: str, decimal: str | None, rows: NDArray[Any]
) -> Places:
    commas = decimal == "," or (decimal is None and form == "degrees")
    numbers = [as_numbers(column, commas=commas).copy() for column in columns]
    axes = np.full((len(rows), 2), None, dtype=object)
    divided = False
    for side, column in enumerate(columns):
        if form == "metres" or not pa.types.is_string(column.type):
            continue
        texts = column.to_pylist()
        for row in np.flatnonzero(np.isnan(numbers[side])).tolist():
            angle = parse_angle(texts[row]) if texts[row] is not None else None
            if angle is not None:
                numbers[side][row], axes[row, side] = angle.degrees, angle.axis
                divided |= angle.divided or angle.axis is not None
    x, y = numbers
    good = np.isfinite(x) & np.isfinite(y)
    divided = divided and bool(good.any())
    texts = [" / ".join("" if cell is None else str(cell) for cell in pair) for pair in _rows_of(columns, ~good)]
    blank = _blank(columns)
    notes, _ = _unreadable(_spread(texts, ~good), ~good & ~blank, rows, names)
    degrees = form == "degrees" or divided
    if degrees:
        swapped = good & (((np.abs(y) > 90) & (np.abs(x) <= 90)) | (axes[:, 0] == "lat") | (axes[:, 1] == "lon"))
        if swapped.any():
            notes.append(("table-coordinates-swapped", _where(swapped, rows, {"fields": list(map(shown, names))})))
    return Places(_points(x, y, good), "dms" if divided else form, names, None, "Point", None, notes)


def _rows_of(columns: tuple[Any, Any], wanted: NDArray[np.bool_]) -> list[tuple[Any, Any]]:
    mask = pa.array(wanted)
    return list(zip(*(column.filter(mask).to_pylist() for column in columns), strict=True))


def _spread(texts: list[str], where: NDArray[np.bool_]) -> list[str | None]:
    spread: list[str | None] = [None] * len(where)
    for position, text in zip(np.flatnonzero(where).tolist(), texts, strict=True):
        spread[position] = text
    return spread


def _blank(columns: tuple[Any, Any]) -> NDArray[np.bool_]:
    """Rows that say nothing in either column: they have no geometry, and nothing is wrong with their text."""
    found = [column.is_null().to_numpy(zero_copy_only=False) for column in columns]
    return np.asarray(found[0] & found[1])


# both in one cell ----------------------------------------------------------------------------------------------------


def _one_cell(names: Sequence[str], columns: Sequence[Any], rows: NDArray[Any]) -> Places | None:
    for name, column in zip(names, columns, strict=True):
        plain = re.sub(r"[^a-z0-9]+", "", name.casefold())
        if plain not in _BOTH or not pa.types.is_string(column.type):
            continue
        texts = column.to_pylist()
        pairs = [None if text is None else parse_pair(text) for text in texts]
        found = [pair for pair in pairs if pair is not None]
        if len(found) * 2 <= len(texts) - column.null_count or not found:
            continue
        latitude_first = _order(plain, found)
        if latitude_first is None:
            return None
        x, y = np.full(len(texts), np.nan), np.full(len(texts), np.nan)
        for row, pair in enumerate(pairs):
            if pair is None:
                continue
            own = _own_order(pair)
            first, second = (pair[1], pair[0]) if (latitude_first if own is None else own) else pair
            x[row], y[row] = first.degrees, second.degrees
        good = np.isfinite(x)
        notes, _ = _unreadable(texts, ~good & column.is_valid().to_numpy(zero_copy_only=False), rows, (name,))
        form = "dms" if any(pair[0].divided for pair in found) else "degrees"
        return Places(_points(x, y, good), form, (name,), None, "Point", None, notes)
    return None


def _own_order(pair: tuple[Any, Any]) -> bool | None:
    """Whether latitude comes first in one cell, by its letters; None where they do not say."""
    axes = pair[0].axis, pair[1].axis
    if axes[0] == axes[1]:
        return None
    return "lat" in (axes[0], {"lon": "lat", "lat": "lon"}.get(axes[1]))


def _order(header: str, pairs: list[tuple[Any, Any]]) -> bool | None:
    """Whether latitude comes first: by letters, by the header, or because no latitude is beyond 90. None: unknown."""
    if header.startswith(("lat", "lon", "lng")):
        return header.startswith("lat")
    said = {_own_order(pair) for pair in pairs}
    if None not in said:
        return True  # each cell says it itself
    far = {bool(abs(pair[1].degrees) > 90) for pair in pairs if abs(pair[0].degrees) > 90 or abs(pair[1].degrees) > 90}
    return far.pop() if len(far) == 1 else None


# what all share -------------------------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """A header without blanks, case and words that stand around every coordinate: ``Koordinat X (m)`` is ``x``."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if word]
    kept = [word for word in words if word not in _AROUND] or words
    joined = "".join(kept)
    return re.sub(r"^(?:koordinat|coord|koord)(?=[xyen]$)", "", joined)


def _points(x: NDArray[np.float64], y: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[Any]:
    wkb = np.full(len(x), None, dtype=object)
    wkb[good] = shapely.to_wkb(shapely.points(x[good], y[good]), flavor="iso", byte_order=1)
    return wkb


def _unreadable(
    texts: Sequence[str | None], bad: NDArray[np.bool_], rows: NDArray[Any], names: tuple[str, ...]
) -> tuple[list[Note], int]:
    """The note on rows whose text is no place, and how many there are; a blank is no fault."""
    wrong = bad & np.array([text is not None for text in texts], dtype=bool)
    count = int(wrong.sum())
    if not count:
        return [], 0
    values = few(texts[row] for row in np.flatnonzero(wrong).tolist())
    params = _where(wrong, rows, {"fields": [shown(name) for name in names], "values": values})
    return [("table-coordinates-unreadable", params)], count


def _where(mask: NDArray[np.bool_], rows: NDArray[Any], params: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a note about rows: features by number, and the rows of the file as a list for the sentence."""
    index = np.flatnonzero(mask)
    return {
        **params,
        "rows": few(rows[index].tolist()),
        "count": len(index),
        "features": [str(i + 1) for i in index[:1000].tolist()],
    }
