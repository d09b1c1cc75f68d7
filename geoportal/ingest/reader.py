"""One layer, read as it stands: features in the order of the source, coordinates as written, text as text, nothing
repaired.
"""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import geopandas
import pyarrow as pa
import pyogrio.errors
from pyarrow import compute
from pyogrio.raw import read_arrow

from geoportal.ingest import columns, gdal
from geoportal.ingest.crs import identify, settle
from geoportal.ingest.formats import MAX_BYTES, find_sources
from geoportal.ingest.geometry import common_type, geometries
from geoportal.ingest.members import FAMILIES
from geoportal.ingest.packing import pack_folder, pack_parts
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source
from geoportal.model.layer import Field, Layer

_MOST_MESSAGES = 20
# What GDAL says and we say better: open rings and M values have notes of their own.
_SAID_ELSEWHERE = ("Non closed ring detected", "Measured (M) geometry", "Non-conformant content for record")


def read_layer(source: Source | Path | str, crs: str | None = None, *, layer: str | None = None) -> Layer:
    """Read one layer into memory: a Source, or a file with one layer (else ``layer`` names it).

    ``crs`` is what an officer says of a file that does not say it itself. Raises a refusal (UnreadableSource) for
    what is not read. In this process: for files that are trusted. Foreign ones go through
    ``sandbox.inspect_in_child``.
    """
    if isinstance(source, Source):
        return _read(source, crs)
    path = Path(source).resolve()
    with TemporaryDirectory(prefix="geoportal-") as folder:
        work = Path(folder)
        given = work / f"source{path.suffix}"  # GDAL reads meaning into names
        if path.suffix.lower() in FAMILIES:
            given = pack_parts(path, work / "source.zip", MAX_BYTES)
        elif path.is_dir():
            given = pack_folder(path, work / "source.zip", MAX_BYTES)
        else:
            given.symlink_to(path)
        found = find_sources(given, work, name=path.name)
        chosen = [item for item in found if (not item.on_request if layer is None else item.name == layer)]
        if len(chosen) != 1:
            raise refuse("layer-not-found", name=layer, names=[item.name for item in found])
        gdal.configure()
        return _read(chosen[0], crs)


def _read(source: Source, given: str | None) -> Layer:
    options = dict(source.options)
    if source.driver == "ESRI Shapefile":
        options["ENCODING"] = "UTF-8" if source.encoding is None or source.encoding.plain else "ISO-8859-1"
    gdal.restore_shx(source.driver == "ESRI Shapefile" and ".shx" not in source.parts)
    gdal.forget_errors()
    with _messages() as messages:
        try:
            if source.read is not None:
                meta, table = source.read(source)
            else:
                meta, table = read_arrow(str(source.path), layer=source.table, return_fids=source.reads_ids, **options)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            raise _failure(error, source) from error
        except (RuntimeError, OSError, pa.ArrowException, ValueError, LookupError, struct.error) as error:
            raise _failure(error, source) from error
        if source.driver is not None and (failed := gdal.last_failure()):
            messages.append(failed)  # a feature that fails is left out without a word
    ids, table = _ids(source, meta, table)
    attributes, wkb = _split(table)
    codec = source.encoding.codec if source.encoding and not source.encoding.plain else None
    frame, fields, notes = columns.attribute_frame(attributes, codec, texts=source.texts)
    notes += [*meta.get("notes", ()), *_rounded(source, fields)]
    if source.keys is not None and "id" not in source.keys:
        # GDAL turns feature ids that are text into an attribute, which the file does not have.
        frame = frame.drop(columns="id", errors="ignore")
        fields = tuple(field for field in fields if field.name != "id")
    counts = {**source.claims, "read": len(frame)}
    if len(set(counts.values())) > 1:
        notes.append(("record-count-differs", counts))
    stated, found = identify(meta.get("crs")) if source.reads_crs else (source.crs, [])
    notes += found
    crs, found = settle(stated, given)
    notes += found
    geometry_type = None
    if source.has_geometry:
        shapes, found = geometries(wkb.to_pylist() if wkb is not None else [None] * len(frame), ids)
        notes += found
        geometry_type = common_type(shapes, meta.get("geometry_type"))
        name = columns.free_name("geometry", [field.name for field in fields])
        frame = geopandas.GeoDataFrame(frame.assign(**{name: shapes}), geometry=name, crs=crs)
    return Layer(
        name=source.name,
        frame=cast("geopandas.GeoDataFrame", frame),  # a table without geometry is a plain DataFrame
        crs=crs if source.has_geometry else None,
        fields=fields,
        geometry_type=geometry_type,
        geometry_optional=bool(meta.get("geometry_optional")),
        ids=ids,
        notes=_together([*source.notes, *_said(messages), *notes]),
    )


def _together(notes: list[Note]) -> tuple[Note, ...]:
    """The notes with all messages of the reader as one, so that a summary shows every one of them."""
    said = [params for rule, params in notes if rule == "reader-message"]
    if len(said) < 2:
        return tuple(notes)
    plain = all(set(params) <= {"message", "count"} for params in said)
    if not plain:
        return tuple(notes)
    joined = {
        "message": "; ".join(dict.fromkeys(str(params["message"]) for params in said)),
        "count": sum(params.get("count", 1) for params in said),
    }
    return (*(note for note in notes if note[0] != "reader-message"), ("reader-message", joined))


def _rounded(source: Source, fields: tuple[Field, ...]) -> list[Note]:
    """What must be said of large integers: where GDAL made a column real, they are not what the file says."""
    kinds = {field.name: field.type for field in fields}
    changed = {name: count for name, count in source.large.items() if kinds.get(name) == "number"}
    if not changed:
        return []
    said = f"integers beyond 15 digits are rounded; write them as text: {', '.join(map(shown, list(changed)[:10]))}"
    return [("reader-message", {"message": said, "count": sum(changed.values())})]


def _failure(error: Exception, source: Source) -> Exception:
    text = str(error).replace(str(source.path.parent), "").strip()
    if isinstance(error, MemoryError) or "memory" in text.lower():  # Arrow's kind is both
        return MemoryError(text)
    return refuse("source-unreadable", reason="reader", message=shown(text, 300))


def _ids(source: Source, meta: dict[str, Any], table: pa.Table) -> tuple[tuple[str, ...] | None, pa.Table]:
    """The features' own ids, and the table without the column they came in."""
    if not source.reads_ids:
        complete = source.ids is not None and len(source.ids) == table.num_rows
        return (source.ids if complete else None), table
    name = meta.get("fid_column") or "OGC_FID"
    index = table.schema.names.index(name)
    column = table.column(index)
    found = tuple(column.cast(pa.string()).to_pylist())
    unique = len(found) > 0 and column.null_count == 0 and compute.count_distinct(column).as_py() == len(found)
    return (found if unique else None), table.remove_column(index)


def _split(table: pa.Table) -> tuple[pa.Table, pa.ChunkedArray | None]:
    """Attributes and geometry, told apart by what GDAL says of the column, never by its name."""
    for index, field in enumerate(table.schema):
        if (field.metadata or {}).get(b"ARROW:extension:name") in (b"geoarrow.wkb", b"ogc.wkb"):
            return table.remove_column(index), table.column(index)
    return table, None


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect what GDAL says while it reads."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                said.append(record.getMessage())

    logger, listener = logging.getLogger("pyogrio"), Listener()
    propagated = logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield said
        said += [str(item.message) for item in caught]
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated


def _said(messages: list[str]) -> list[Note]:
    counted: dict[str, int] = {}
    for message in messages:
        if not message.startswith(_SAID_ELSEWHERE):
            text = shown(message, 300)
            counted[text] = counted.get(text, 0) + 1
    return [("reader-message", {"message": text, "count": n}) for text, n in list(counted.items())[:_MOST_MESSAGES]]
