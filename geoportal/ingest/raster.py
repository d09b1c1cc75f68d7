"""GeoTIFF, opened and judged; a raster is not kept yet.

First the header in our own code: what it claims is held against what the file has room for, before GDAL sees it. Then
GDAL's GTiff driver alone, blind to everything beside the file, reads the place and the pixels: all of them, or evenly
spread blocks of a large one.
"""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import geopandas
import numpy as np
import shapely

from geoportal.ingest import gdal
from geoportal.ingest.crs import identify, settle
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source
from geoportal.model.layer import Field, Layer, LayerSummary

DRIVER = "GTiff"
RASTER = "Raster"
MOST_PIXEL_BYTES = 64 << 30
"""What a raster may claim to unpack to; more is refused from its header."""
_READ_BYTES = 2 << 30  # pixels that are read to see whether they can be
_MOST_BLOCKS = 1_000_000
_LARGEST_BLOCK = 512 << 20
_MOST_BANDS = 500
_IMAGES = 1000
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WIDTH, _HEIGHT, _BITS, _SAMPLES, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = (256, 257, 258, 277, 273, 279, 324, 325)

_pointer, _int, _text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p


@dataclass(frozen=True, slots=True)
class Header:
    """What the first image of a TIFF claims: columns, rows, bands, bits of a pixel in one band."""

    columns: int
    rows: int
    bands: int
    bits: int

    @property
    def pixel_bytes(self) -> int:
        """What the pixels take when they are unpacked."""
        return self.columns * self.rows * self.bands * max(8, self.bits) // 8


@dataclass(frozen=True, slots=True)
class Judged:
    """A raster that was opened: its summary for the report, its place as a layer of one rectangle, the notes on it."""

    summary: LayerSummary
    footprint: Layer


def find_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a GeoTIFF, its header believed only as far as the file reaches."""
    look(path)
    return [Source(name=stem, driver=DRIVER, path=path)]


def look(path: Path) -> Header:
    """The header of a TIFF or BigTIFF. Raises a refusal: damaged, cut short, or larger than can be believed."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        try:
            header = _first_image(stream, size)
        except (struct.error, OverflowError, ValueError) as error:
            raise refuse("source-unreadable", reason="tiff", message=None) from error
    if header.columns < 1 or header.rows < 1 or header.bands < 1:
        raise refuse("source-unreadable", reason="tiff", message=None)
    if header.bands > _MOST_BANDS:
        raise refuse("fields-too-many", count=header.bands, limit=_MOST_BANDS)
    if header.pixel_bytes > MOST_PIXEL_BYTES:
        raise refuse("source-too-large", reason="pixels", columns=header.columns, rows=header.rows)
    return header


def _first_image(stream: BinaryIO, size: int) -> Header:
    start = stream.read(16)
    order = "<" if start[:2] == b"II" else ">"
    large = struct.unpack(order + "H", start[2:4])[0] == 43
    (at,) = struct.unpack(order + ("Q" if large else "L"), start[8:16] if large else start[4:8])
    header: Header | None = None
    seen: set[int] = set()
    while at and len(seen) < _IMAGES:
        if at in seen or at >= size:
            raise ValueError
        seen.add(at)
        tags, at = _tags(stream, at, order, large, size)
        if header is None:
            bits = tags.get(_BITS, np.array([1]))
            one = [int(tags[tag][0]) if tag in tags and len(tags[tag]) else 0 for tag in (_WIDTH, _HEIGHT)]
            bands = int(tags[_SAMPLES][0]) if _SAMPLES in tags else 1
            header = Header(one[0], one[1], bands, int(bits.max()) if len(bits) else 1)
            if header.pixel_bytes > MOST_PIXEL_BYTES:
                return header  # said by the caller; nothing else of it is looked at
        for offsets, sizes in ((_STRIPS, _STRIP_SIZES), (_TILES, _TILE_SIZES)):
            if offsets in tags and sizes in tags and _beyond(tags[offsets], tags[sizes], size):
                raise refuse("source-unreadable", reason="truncated", message=None)
    if header is None:
        raise ValueError
    return header


def _tags(stream: BinaryIO, at: int, order: str, large: bool, size: int) -> tuple[dict[int, np.ndarray], int]:
    """The tags of one image that we ask for, as numbers, and where the next image is."""
    stream.seek(at)
    count_form, entry_form, entry, inline = ("Q", "HHQ", 20, 8) if large else ("H", "HHL", 12, 4)
    (count,) = struct.unpack(order + count_form, stream.read(8 if large else 2))
    if count > 4096:
        raise ValueError
    block = stream.read(count * entry)
    (following,) = struct.unpack(order + ("Q" if large else "L"), stream.read(inline).ljust(inline, b"\0"))
    wanted = (_WIDTH, _HEIGHT, _BITS, _SAMPLES, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES)
    tags: dict[int, np.ndarray] = {}
    for number in range(count):
        item = block[number * entry : (number + 1) * entry]
        tag, kind, values = struct.unpack(order + entry_form, item[: entry - inline])
        if tag not in wanted or kind not in (3, 4, 16):
            continue
        width = _WIDTHS[kind]
        if values * width > size:
            raise ValueError
        if values * width <= inline:
            content = item[entry - inline :][: values * width]
        else:
            stream.seek(struct.unpack(order + ("Q" if large else "L"), item[entry - inline :])[0])
            content = stream.read(values * width)
        tags[tag] = np.frombuffer(content, f"{order}u{width}")
    return tags, following


def _beyond(offsets: np.ndarray, sizes: np.ndarray, size: int) -> bool:
    """Whether pixels lie beyond the end of the file; both 0 means that there are none (a sparse file)."""
    many = min(len(offsets), len(sizes))
    first, long = offsets[:many].astype(np.float64), sizes[:many].astype(np.float64)
    return bool((first + long > size).any())


def judge(source: Source, given: str | None) -> Judged:
    """Open a raster and read its pixels. Raises a refusal where they cannot be read."""
    gdal.forget_errors()
    with gdal.opened(source.path, DRIVER, raster=True, options={"GEOREF_SOURCES": "INTERNAL"}) as dataset:
        if dataset is None:
            raise refuse("source-unreadable", reason="tiff", message=shown(gdal.last_failure() or "", 300))
        columns, rows, count = (
            gdal.function(name, _int, _pointer)(dataset)
            for name in ("GDALGetRasterXSize", "GDALGetRasterYSize", "GDALGetRasterCount")
        )
        bands = [_Band.of(dataset, number) for number in range(1, count + 1)]
        stated, notes = identify(_wkt(dataset))
        place, found = _place(dataset, columns, rows)
        notes += found
        share = _read_pixels(bands)
    crs, found = settle(stated, given)
    kinds = ", ".join(dict.fromkeys(band.kind for band in bands))
    told = {"columns": columns, "rows": rows, "bands": len(bands), "kinds": kinds, "share": share}
    notes = [*source.notes, *notes, *found, ("raster-layer", told)]
    fields = tuple(Field(f"band_{n}", "integer" if b.whole else "number") for n, b in enumerate(bands, 1))
    shapes = [shapely.box(*place)] if place else []
    frame = geopandas.GeoDataFrame({"geometry": shapes}, geometry="geometry", crs=crs)
    summary = LayerSummary(source.name, 0, crs, place, RASTER, fields)
    return Judged(summary, Layer(source.name, frame, crs, (), "Polygon", notes=tuple(notes)))


def _wkt(dataset: int) -> str | None:
    text = gdal.function("GDALGetProjectionRef", _text, _pointer)(dataset)
    return text.decode("utf-8", "replace") if text else None


def _place(dataset: int, columns: int, rows: int) -> tuple[tuple[float, float, float, float] | None, list[Note]]:
    """Where the raster lies, (min x, min y, max x, max y) in its own system, and what is unusual about it."""
    numbers = (ctypes.c_double * 6)()
    failed = gdal.function("GDALGetGeoTransform", _int, _pointer, ctypes.POINTER(ctypes.c_double))(dataset, numbers)
    x0, dx, rx, y0, ry, dy = numbers
    if failed or not all(map(math.isfinite, numbers)):
        points = gdal.function("GDALGetGCPCount", _int, _pointer)(dataset)
        return None, [("raster-placement", {"reason": "control-points" if points else "no-place"})]
    corners = [(x0 + c * dx + r * rx, y0 + c * ry + r * dy) for c in (0, columns) for r in (0, rows)]
    xs, ys = zip(*corners, strict=True)
    reason = "rotated" if rx or ry else "south-up" if dy > 0 else None
    notes: list[Note] = [("raster-placement", {"reason": reason})] if reason else []
    return (min(xs), min(ys), max(xs), max(ys)), notes


@dataclass(frozen=True, slots=True)
class _Band:
    handle: int
    kind: str
    bits: int
    whole: bool
    block: tuple[int, int]
    blocks: tuple[int, int]

    @classmethod
    def of(cls, dataset: int, number: int) -> _Band:
        handle = gdal.function("GDALGetRasterBand", _pointer, _pointer, _int)(dataset, number)
        kind = gdal.function("GDALGetRasterDataType", _int, _pointer)(handle)
        name = gdal.function("GDALGetDataTypeName", _text, _int)(kind).decode()
        bits = gdal.function("GDALGetDataTypeSizeBits", _int, _int)(kind)
        width, height = ctypes.c_int(), ctypes.c_int()
        gdal.function("GDALGetBlockSize", None, _pointer, ctypes.POINTER(_int), ctypes.POINTER(_int))(
            handle, ctypes.byref(width), ctypes.byref(height)
        )
        columns = gdal.function("GDALGetRasterBandXSize", _int, _pointer)(handle)
        rows = gdal.function("GDALGetRasterBandYSize", _int, _pointer)(handle)
        block = (width.value, height.value)
        blocks = (math.ceil(columns / width.value), math.ceil(rows / height.value))
        return cls(handle, name, bits, name.startswith(("Byte", "UInt", "Int")), block, blocks)

    @property
    def block_bytes(self) -> int:
        return self.block[0] * self.block[1] * self.bits // 8


def _read_pixels(bands: list[_Band]) -> float:
    """Read blocks to see that they can be read: every one, or as many as the limit allows; the share that was read."""
    total = sum(band.block_bytes * band.blocks[0] * band.blocks[1] for band in bands)
    number = sum(band.blocks[0] * band.blocks[1] for band in bands)
    step = max(1, math.ceil(total / _READ_BYTES), math.ceil(number / _MOST_BLOCKS))
    read = gdal.function("GDALReadBlock", _int, _pointer, _int, _int, _pointer)
    if any(band.block_bytes > _LARGEST_BLOCK for band in bands):
        raise refuse("source-too-large", reason="memory")
    buffer = ctypes.create_string_buffer(1)
    # One part of the file after the other: the bands of a pixel lie together in most files.
    for x, y in _spread(bands, step):
        for band in bands:
            if x >= band.blocks[0] or y >= band.blocks[1]:
                continue
            if len(buffer) < band.block_bytes:
                buffer = ctypes.create_string_buffer(band.block_bytes)
            if read(band.handle, x, y, buffer):
                raise refuse("source-unreadable", reason="pixels", message=shown(gdal.last_failure() or "", 300))
    return 1.0 if step == 1 else round(1 / step, 4)


def _spread(bands: list[_Band], step: int) -> Iterator[tuple[int, int]]:
    """Places of blocks, every ``step``-th of them and the last."""
    across = max((band.blocks[0] for band in bands), default=0)
    down = max((band.blocks[1] for band in bands), default=0)
    for number in range(0, across * down, step):
        yield number % across, number // across
    if step > 1 and across * down:
        yield across - 1, down - 1
