"""The practice file of the handbook: a small zipped Shapefile inside the node's own region, with faults, or mended.

It is made for the region that the node serves, in the first projected reference system of its settings, so that what
an officer reads on the screen while following the handbook is true on every node. The faults: no .prj, one code twice,
one row without a shape.
"""

from __future__ import annotations

import io
import struct
import zipfile
from functools import lru_cache

from geoportal.model.region import Region

FILES = {"latihan.zip": False, "latihan-betul.zip": True}
"""Name of a practice file -> whether its faults are mended."""

DEGREES = "EPSG:4326"
_POINT, _NULL = 1, 0
_FIELDS = (("KODE", 8), ("NAMA", 30))
_STEPS = ((0.0, 0.0), (0.02, 0.01), (0.04, -0.01), (0.05, 0.03), (0.01, 0.04), (-0.02, 0.02))
_EPOCH = (1980, 1, 1, 0, 0, 0)
SOMEWHERE = (95.0, -11.0, 141.0, 6.0)
"""Indonesia: for a node that does not know where its region lies."""


def exercise_crs(region: Region) -> str:
    """The reference system of the practice file: the first projected candidate that is made for the region."""
    return _crs(region.crs_candidates, _centre(region))


def exercise(name: str, region: Region) -> bytes:
    """The practice file of a name in ``FILES``; the same bytes for the same region."""
    return _archive(exercise_crs(region), _centre(region), FILES[name])


def _centre(region: Region) -> tuple[float, float]:
    west, south, east, north = region.extent or SOMEWHERE
    return (west + east) / 2, (south + north) / 2


@lru_cache(maxsize=8)
def _crs(candidates: tuple[str, ...], centre: tuple[float, float]) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    longitude, latitude = centre
    for code in candidates:
        try:
            crs = CRS.from_user_input(code)
        except CRSError:
            continue
        area = crs.area_of_use
        if crs.is_projected and area and area.west <= longitude <= area.east and area.south <= latitude <= area.north:
            return code
    return DEGREES


@lru_cache(maxsize=8)
def _archive(crs: str, centre: tuple[float, float], mended: bool) -> bytes:
    from pyproj import Transformer

    transformer = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    places = [transformer.transform(centre[0] + x, centre[1] + y) for x, y in _STEPS]
    codes = [f"L-{number:03d}" for number in range(1, len(places) + 1)]
    rows = [(code, f"Sekolah Latihan {number}") for number, code in enumerate(codes, 1)]
    shapes: list[tuple[float, float] | None] = list(places)
    if not mended:
        rows[3] = (rows[2][0], rows[3][1])
        shapes[5] = None
    shp, shx = _shapes(shapes)
    stem = "sekolah"
    members = {".shp": shp, ".shx": shx, ".dbf": _table(rows), ".cpg": b"UTF-8"}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, content in members.items():
            archive.writestr(zipfile.ZipInfo(stem + suffix, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _shapes(shapes: list[tuple[float, float] | None]) -> tuple[bytes, bytes]:
    """The .shp and .shx of points, None being a row without a shape (ESRI Shapefile Technical Description, 1998)."""
    records, index, words = b"", b"", 50
    for number, place in enumerate(shapes, 1):
        content = struct.pack("<i", _NULL) if place is None else struct.pack("<idd", _POINT, *place)
        records += struct.pack(">ii", number, len(content) // 2) + content
        index += struct.pack(">ii", words, len(content) // 2)
        words += 4 + len(content) // 2
    placed = [place for place in shapes if place is not None]
    xs, ys = [x for x, _ in placed], [y for _, y in placed]
    box = (min(xs), min(ys), max(xs), max(ys), 0.0, 0.0, 0.0, 0.0)

    def head(length_words: int) -> bytes:
        return struct.pack(">i5ii", 9994, 0, 0, 0, 0, 0, length_words) + struct.pack("<ii8d", 1000, _POINT, *box)

    return head(words) + records, head(50 + len(index) // 2) + index


def _table(rows: list[tuple[str, str]]) -> bytes:
    """The .dbf of text fields (dBASE III)."""
    width = 1 + sum(length for _, length in _FIELDS)
    head = 32 + 32 * len(_FIELDS) + 1
    out = struct.pack("<4BIHH20x", 3, 126, 1, 1, len(rows), head, width)
    for name, length in _FIELDS:
        out += struct.pack("<11sc4xBB14x", name.encode("ascii"), b"C", length, 0)
    out += b"\r"
    for row in rows:
        cells = zip(row, _FIELDS, strict=True)
        out += b" " + b"".join(value.encode("utf-8").ljust(length)[:length] for value, (_, length) in cells)
    return out + b"\x1a"
