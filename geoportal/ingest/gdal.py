"""The few functions of GDAL that pyogrio does not offer, called in the very library that it loaded.

A driver that is not registered cannot be reached by any content, name or link: ``keep_drivers`` is the allowlist.
(pyogrio takes ``allowed_drivers`` for an open option and reads the VRT.)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyogrio

_LITTLE_ENDIAN = 1
_RASTER, _VECTOR = 0x02, 0x04  # GDAL_OF_*
_FAILURE = 3  # CE_Failure

CONFIGURATION: dict[str, str | bool | None] = {
    "OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z",  # the same layer gives the same bytes
    "OGR_SQLITE_SYNCHRONOUS": "OFF",  # the store syncs what it seals
    "OGR_GPKG_ALLOW_THREADED_RTREE": "NO",  # threads would order the index by chance
    "OGR_GEOJSON_MAX_OBJ_SIZE": "0",  # the child's memory is the limit
    "GDAL_DISABLE_READDIR_ON_OPEN": "NO",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{noext}",
    "GDAL_HTTP_MAX_RETRY": "0",
    "OGR_ENABLE_PARTIAL_REPROJECTION": "NO",
    # FlatGeobuf's own stream of Arrow gives garbage for features without geometry (GDAL 3.12.4); the general one is
    # right.
    "OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES",
}
"""GDAL's configuration for reading foreign files and writing ours."""


@cache
def _library() -> ctypes.CDLL:
    folder = Path(pyogrio.__file__).parent
    found = sorted((folder.parent / "pyogrio.libs").glob("libgdal-*.so*"))
    if not found:
        raise RuntimeError("pyogrio was not installed from a wheel: its GDAL was not found beside it")
    library = ctypes.CDLL(str(found[0]))
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    signatures: dict[str, tuple[object, list[object]]] = {
        "GDALGetDriverCount": (ctypes.c_int, []),
        "GDALGetDriver": (pointer, [ctypes.c_int]),
        "GDALGetDriverShortName": (text, [pointer]),
        "GDALDeregisterDriver": (None, [pointer]),
        "OGR_G_CreateFromWkb": (ctypes.c_int, [text, pointer, ctypes.POINTER(pointer), ctypes.c_int]),
        "OGR_G_GetLinearGeometry": (pointer, [pointer, ctypes.c_double, pointer]),
        "OGR_G_WkbSize": (ctypes.c_int, [pointer]),
        "OGR_G_ExportToIsoWkb": (ctypes.c_int, [pointer, ctypes.c_int, text]),
        "OGR_G_DestroyGeometry": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@cache
def function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of GDAL's C interface with its types; each is asked for in one place only."""
    found: Callable[..., Any] = getattr(_library(), name)
    found.restype, found.argtypes = result, list(arguments)  # type: ignore[attr-defined]
    return found


@contextmanager
def opened(
    path: Path, driver: str, *, raster: bool = False, options: Mapping[str, str] | None = None
) -> Iterator[int | None]:
    """A dataset opened read-only by one driver alone, as a handle; None where that driver cannot open it.

    Of a raster nothing that lies beside it is seen: no .aux.xml, .ovr, .msk, world file.
    """
    pointer, text, texts = ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)
    open_dataset = function("GDALOpenEx", pointer, text, ctypes.c_uint, texts, texts, texts)
    close_dataset = function("GDALClose", ctypes.c_int, pointer)
    alone = _texts([path.name]) if raster else None
    said = _texts([f"{key}={value}" for key, value in (options or {}).items()])
    kind = _RASTER if raster else _VECTOR
    handle: int | None = open_dataset(str(path).encode(), kind, _texts([driver]), said, alone)
    try:
        yield handle
    finally:
        if handle:
            close_dataset(handle)


def _texts(values: list[str]) -> Any:
    return (ctypes.c_char_p * (len(values) + 1))(*(value.encode() for value in values), None)


def forget_errors() -> None:
    """From here on ``last_failure`` tells of what comes next only."""
    function("CPLErrorReset", None)()


def last_failure() -> str | None:
    """What GDAL last failed at since ``forget_errors``: reading through Arrow, a feature that fails is left out without
    a word.
    """
    if function("CPLGetLastErrorType", ctypes.c_int)() < _FAILURE:
        return None
    return str(function("CPLGetLastErrorMsg", ctypes.c_char_p)().decode("utf-8", "replace"))


def drivers() -> list[str]:
    """The short names of the drivers that can still open something."""
    library = _library()
    return [
        library.GDALGetDriverShortName(library.GDALGetDriver(index)).decode()
        for index in range(library.GDALGetDriverCount())
    ]


def keep_drivers(names: Collection[str]) -> None:
    """Take every other driver out of this process; there is no way back. For a forked child only."""
    library = _library()
    for index in reversed(range(library.GDALGetDriverCount())):
        driver = library.GDALGetDriver(index)
        if library.GDALGetDriverShortName(driver).decode() not in names:
            library.GDALDeregisterDriver(driver)


def configure() -> None:
    """Set GDAL's configuration in this process."""
    pyogrio.set_gdal_config_options(CONFIGURATION)


def restore_shx(wanted: bool) -> None:
    """Whether a shapefile without index gets one made. With it on, GDAL also rebuilds indexes that it merely
    distrusts.
    """
    pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES" if wanted else None})


def linearised(wkb: bytes) -> bytes | None:
    """A geometry with its arcs replaced by chords (steps of 4 degrees), as ISO WKB; None when GDAL cannot read it."""
    library = _library()
    made = ctypes.c_void_p()
    if library.OGR_G_CreateFromWkb(wkb, None, ctypes.byref(made), len(wkb)) or made.value is None:
        return None
    linear = None
    try:
        linear = library.OGR_G_GetLinearGeometry(made, 0.0, None)
        if not linear:
            return None
        size = library.OGR_G_WkbSize(linear)
        buffer = ctypes.create_string_buffer(size)
        failed = library.OGR_G_ExportToIsoWkb(linear, _LITTLE_ENDIAN, buffer)
        return None if failed else buffer.raw
    finally:
        library.OGR_G_DestroyGeometry(made)
        if linear:
            library.OGR_G_DestroyGeometry(linear)
