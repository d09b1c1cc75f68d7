"""Making all downloads of a version: written, opened again by another reader, counted, digested, listed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.serving.downloads import flatgeobuf, geojson, geopackage, kml, parquet, shapefile, sheet
from geoportal.serving.downloads.contents import Contents
from geoportal.serving.downloads.notes import Note, Unfit
from geoportal.serving.edition import Edition
from geoportal.serving.listing import CRS84, FOLDER, KINDS, Absent, Listing, Offered, write_listing

Write = Callable[[Contents, Path], list[Note]]
Reopen = Callable[[Contents, Path], None]

WRITERS: dict[str, tuple[Write, Reopen]] = {
    "gpkg": (geopackage.write, geopackage.reopen),
    "shp.zip": (shapefile.write, shapefile.reopen),
    "geojson": (geojson.write, geojson.reopen),
    "csv": (sheet.write, sheet.reopen),
    "kml": (kml.write, kml.reopen),
    "fgb": (flatgeobuf.write, flatgeobuf.reopen),
    "parquet": (parquet.write, parquet.reopen),
}
"""Extension -> what writes a file, and what opens it as its receivers will."""

INDISPENSABLE = frozenset({"gpkg", "geojson"})
"""Formats that hold every layer: without them a version is not published."""

logger = logging.getLogger(__name__)


def build_downloads(
    layer: Layer, target: Path, dataset_id: str, record: Record, edition: Edition | None = None
) -> Listing:
    """Write all files and their list to ``target``/berkas; the serving files in ``target`` must be there already.

    The same layer, record and edition make the same bytes. A format that cannot hold the layer, or does not read back
    as what was written, is left out with its reason; RuntimeError where that befalls an indispensable one.
    """
    contents = Contents(layer, target, dataset_id, record, edition or Edition())
    (target / FOLDER).mkdir(exist_ok=True)
    files: list[Offered] = []
    absent: list[Absent] = []
    for extension in (each for each in KINDS if each in WRITERS):
        path = target / FOLDER / f"{dataset_id}.{extension}"
        made = _make(contents, path, extension)
        if isinstance(made, Absent):
            path.unlink(missing_ok=True)
            absent.append(made)
        else:
            files.append(made)
    listing = Listing(tuple(files), tuple(absent))
    write_listing(target, listing)
    return listing


def _make(contents: Contents, path: Path, extension: str) -> Offered | Absent:
    write, reopen = WRITERS[extension]
    try:
        notes = write(contents, path)
        reopen(contents, path)
    except Unfit as unfit:
        return Absent(extension, unfit.note.said())
    except (OSError, MemoryError):  # a full disk is no fault of the format
        raise
    except Exception:
        if extension in INDISPENSABLE:
            raise
        logger.exception("the %s of %s does not read back and is left out", extension, contents.dataset_id)
        return Absent(extension, Note("unreadable").said())
    return Offered(
        extension=extension,
        name=path.name,
        size_bytes=path.stat().st_size,
        sha256=_digest(path),
        crs=None if contents.is_table else CRS84 if KINDS[extension].crs84 else contents.layer.crs,
        count=len(contents),
        notes=tuple(note.said() for note in notes),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
