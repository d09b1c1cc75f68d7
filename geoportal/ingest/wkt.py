"""Well-known text that GEOS cannot hold (arcs, surfaces) and WKB of other dialects, as ISO WKB by way of GDAL."""

from __future__ import annotations

import ctypes

from geoportal.ingest import gdal

_POINTER = ctypes.c_void_p
_LITTLE_ENDIAN = 1


def wkb_of_wkt(wkt: str) -> bytes | None:
    """The ISO WKB of a geometry that is written as WKT, arcs and surfaces too; None when GDAL cannot read all of it."""
    create = gdal.function(
        "OGR_G_CreateFromWkt", ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), _POINTER, ctypes.POINTER(_POINTER)
    )
    made, text = _POINTER(), ctypes.c_char_p(wkt.encode())
    if create(ctypes.byref(text), None, ctypes.byref(made)) or made.value is None:
        return None
    rest = bool(text.value and text.value.strip())  # GDAL stops where it understands no more
    wkb = _exported(made)
    return None if rest else wkb


def iso_wkb(wkb: bytes) -> bytes | None:
    """WKB of any dialect (with SRID, big endian) as ISO WKB, little endian; None when GDAL cannot read it."""
    create = gdal.function(
        "OGR_G_CreateFromWkb", ctypes.c_int, ctypes.c_char_p, _POINTER, ctypes.POINTER(_POINTER), ctypes.c_int
    )
    made = _POINTER()
    if create(wkb, None, ctypes.byref(made), len(wkb)) or made.value is None:
        return None
    return _exported(made)


def _exported(geometry: ctypes.c_void_p) -> bytes | None:
    """A geometry of GDAL's as ISO WKB; GDAL may then forget it."""
    size = gdal.function("OGR_G_WkbSize", ctypes.c_int, _POINTER)
    export = gdal.function("OGR_G_ExportToIsoWkb", ctypes.c_int, _POINTER, ctypes.c_int, ctypes.c_char_p)
    destroy = gdal.function("OGR_G_DestroyGeometry", None, _POINTER)
    try:
        buffer = ctypes.create_string_buffer(size(geometry))
        return None if export(geometry, _LITTLE_ENDIAN, buffer) else buffer.raw
    finally:
        destroy(geometry)
