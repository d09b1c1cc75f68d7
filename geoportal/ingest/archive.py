"""What is taken out of an archive: the members that make layers, under names that we invent.

The gate (``gate``) has judged the whole directory before; here the wanted ones are streamed, counting real bytes, with
their CRC checked. Never extractall.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from geoportal.errors import UnreadableSource
from geoportal.ingest import members as names
from geoportal.ingest.gate import Member, judge_end, judge_members, judge_overlap
from geoportal.ingest.refusal import refuse, shown

_STEP = 1 << 20
_ARCHIVES = 50  # archives in an archive

LAYER_SUFFIXES = (
    ".gpkg",
    ".geojson",
    ".json",
    ".geojsonl",
    ".geojsons",
    ".ndjson",
    ".jsonl",
    ".kml",
    ".gml",
    ".gpx",
    ".fgb",
    ".parquet",
    ".arrow",
    ".feather",
    ".csv",
    ".tsv",
    ".xlsx",
    ".xlsm",
    ".dxf",
    ".tif",
    ".tiff",
)
"""Members of an archive that are a layer by themselves, in the order in which they are looked for."""

ARCHIVES = (".zip", ".kmz")
"""Members of an archive that are archives: looked into where the outer one holds no layer, and one level deep."""

_OTHER_KINDS = {
    ".csv": "CSV",
    ".xlsx": "XLSX",
    ".dwg": "DWG",
    ".mdb": "Microsoft Access",
    ".rar": "RAR",
    ".7z": "7-Zip",
    ".qgs": "QGIS project",
    ".qgz": "QGIS project",
    ".mxd": "ArcGIS document",
    ".aprx": "ArcGIS document",
    ".mpk": "ArcGIS package",
    ".lpk": "ArcGIS package",
    ".pdf": "PDF",
    ".docx": "DOCX",
    ".doc": "DOC",
    ".xls": "XLS",
    ".ods": "ODS",
    ".ecw": "ECW",
    ".sid": "MrSID",
    ".img": "ERDAS IMAGINE",
    ".jp2": "JPEG 2000",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".las": "LAS",
    ".laz": "LAS",
    ".nc": "NetCDF",
    ".wor": "MapInfo workspace",
}
"""What an archive without a layer may be said to hold, the first of them."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A layer file out of an archive: what it was called there, and its parts by suffix under invented names.

    A File Geodatabase is one part, ``.gdb``: the folder.
    """

    folder: str
    stem: str
    parts: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Contents:
    """What was unpacked, and the files that nobody asked about although they are no companions of a layer."""

    layers: tuple[Unpacked, ...]
    left: tuple[str, ...] = ()


def unpack(archive: Path, work: Path, max_bytes: int, *, nested: bool = False) -> Contents:
    """Unpack the layers of a zip into the folder ``work``; at most ``max_bytes`` in all.

    Where the archive holds no layer, the archives in it are looked into (not theirs: ``nested``). Raises a refusal:
    archive-unsafe, archive-damaged, format-not-supported or no-layer.
    """
    with archive.open("rb") as stream:
        judge_end(stream)
        try:
            with zipfile.ZipFile(stream) as opened:
                members = list(judge_members(opened, max_bytes))
                judge_overlap(stream, opened.infolist())
                groups = _layers(members)
                if not groups and not nested and (inner := [m for m in members if m.suffix in ARCHIVES]):
                    left = max_bytes - sum(member.entry.file_size for member in inner)
                    return _inner(opened, inner, work, left)
                if not groups:
                    raise _nothing(members, opened.infolist())
                layers = tuple(_extract(opened, group, work, number) for number, group in enumerate(groups, 1))
                return Contents(layers, _left(members, groups))
        except (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, UnicodeError) as error:
            raise refuse("archive-damaged", member=None) from error


@contextmanager
def judged(archive: Path, max_bytes: int) -> Iterator[zipfile.ZipFile]:
    """A zip whose every member has passed the gate, open for who reads its members as streams (a workbook).

    Raises a refusal: archive-unsafe, archive-damaged.
    """
    with archive.open("rb") as stream:
        judge_end(stream)
        try:
            with zipfile.ZipFile(stream) as opened:
                for _ in judge_members(opened, max_bytes):
                    pass
                judge_overlap(stream, opened.infolist())
                yield opened
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, struct.error, UnicodeError) as error:
            raise refuse("archive-damaged", member=None) from error


def kind_of_zip(archive: Path) -> str | None:
    """What a zip is that is no plain archive, by its members: a workbook, a document, a project; None otherwise.

    Raises a refusal for a directory that is itself unsafe to list.
    """
    with archive.open("rb") as stream:
        judge_end(stream)
        try:
            with zipfile.ZipFile(stream) as opened:
                entries = opened.infolist()
                found = {entry.filename for entry in entries}
                if "[Content_Types].xml" in found:
                    office = {"xl/": "XLSX", "word/": "DOCX", "ppt/": "PPTX"}
                    kinds = (kind for folder, kind in office.items() if any(n.startswith(folder) for n in found))
                    return next(kinds, "Office")
                if "mimetype" in found and "content.xml" in found:
                    with opened.open("mimetype") as stream_of_type:
                        said = stream_of_type.read(100)
                    return "ODS" if b"spreadsheet" in said else "ODT" if b"text" in said else "OpenDocument"
                if any(name.lower().endswith(".qgs") and "/" not in name for name in found):
                    return "QGIS project"
                if any(name.lower().startswith("esriinfo/") for name in found):
                    return "ArcGIS package"
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            EOFError,
            struct.error,
            UnicodeError,
            zlib.error,
            RuntimeError,
        ):
            return None  # unpacking it will say what is wrong
    return None


def _is_geodatabase(member: Member, folders: list[str]) -> bool:
    return names.in_geodatabase(PurePosixPath(member.entry.filename), folders)


def _layers(members: list[Member]) -> list[list[Member]]:
    """The members that make layers, one list a layer, in the order of the archive; geodatabases first."""
    folders = names.geodatabases(PurePosixPath(member.entry.filename) for member in members)
    inside = [member for member in members if _is_geodatabase(member, folders)]
    bases = [[member for member in inside if member.folder == folder] for folder in folders]
    if any(names.is_compressed(PurePosixPath(m.entry.filename).name for m in base) for base in bases or [inside]):
        raise refuse("format-not-supported", kind="File Geodatabase (compressed)")
    if inside and not bases:
        raise refuse("source-unreadable", reason="gdb", member=shown(inside[0].folder))
    rest = [member for member in members if not _is_geodatabase(member, folders)]
    return bases + names.grouped(rest, lambda m: (m.folder, m.stem, m.suffix), LAYER_SUFFIXES)


def _left(members: list[Member], groups: list[list[Member]]) -> tuple[str, ...]:
    """The members that are neither part of a layer nor its companions; the pictures of a KMZ are its own."""
    taken = {member.entry.filename for group in groups for member in group}
    if any(member.suffix == ".kml" for group in groups for member in group):
        return ()
    return tuple(
        shown(member.entry.filename)
        for member in members
        if member.entry.filename not in taken
        and not names.accompanies(member.suffix, PurePosixPath(member.entry.filename).name)
    )


def _nothing(members: list[Member], entries: list[zipfile.ZipInfo]) -> UnreadableSource:
    """The refusal of an archive without a layer: what it holds instead, if we know that."""
    for member in members:
        if member.suffix in _OTHER_KINDS:
            return refuse("format-not-supported", kind=_OTHER_KINDS[member.suffix])
    return refuse("no-layer", files=sorted(shown(member.entry.filename) for member in members)[:10])


def _inner(opened: zipfile.ZipFile, archives: list[Member], work: Path, max_bytes: int) -> Contents:
    """The layers of archives in an archive: each is judged by the same gate, and all share one quota."""
    if len(archives) > _ARCHIVES:
        raise refuse("archive-unsafe", reason="too-many-members", member=None)
    found: list[Unpacked] = []
    left: list[str] = []
    for number, member in enumerate(archives, 1):
        extracted = _extract(opened, [member], work, number)
        inner, folder = extracted.parts[member.suffix], work / f"{number}-in"
        folder.mkdir()
        kind = kind_of_zip(inner)
        if kind is not None:
            raise refuse("format-not-supported", kind=kind, member=shown(member.entry.filename))
        contents = unpack(inner, folder, max(0, max_bytes), nested=True)
        inner.unlink()
        unpacked = [part for layer in contents.layers for part in layer.parts.values()]
        max_bytes -= sum(_size(part) for part in unpacked)
        # Every KMZ calls its layer doc.kml: the archive has the name.
        found += [replace(layer, stem=member.stem) if layer.stem == "doc" else layer for layer in contents.layers]
        left += contents.left
    return Contents(tuple(found), tuple(left))


def _size(part: Path) -> int:
    return sum(_size(item) for item in part.iterdir()) if part.is_dir() else part.stat().st_size


def _extract(opened: zipfile.ZipFile, group: list[Member], work: Path, number: int) -> Unpacked:
    """The parts of one layer under invented names: ``work/3.shp``, ``work/3.dbf``, ``work/3-prj`` ... Only the tables
    of a geodatabase keep theirs, which were judged: ``work/3.gdb/a00000001.gdbtable``.
    """
    if any(names.is_catalogue(PurePosixPath(member.entry.filename).name) for member in group):
        folder = work / f"{number}{names.GEODATABASE}"
        folder.mkdir()
        for member in group:
            if names.is_table(name := PurePosixPath(member.entry.filename).name):
                _write(opened, member.entry, folder / name.lower())
        return Unpacked(group[0].folder, PurePosixPath(group[0].folder).stem, {names.GEODATABASE: folder})
    parts = {}
    for member in group:
        # What we read ourselves lies apart from what GDAL opens: it is to see no .prj and no .cpg.
        ours = member.suffix in (".prj", ".cpg", ".cst")
        target = work / (f"{number}-{member.suffix[1:]}" if ours else f"{number}{member.suffix}")
        _write(opened, member.entry, target)
        parts[member.suffix] = target
    main = next((member for member in group if member.suffix in names.FAMILIES), group[0])
    return Unpacked(main.folder, main.stem, parts)


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """One member into a new file, real bytes counted and checksum checked."""
    try:
        with opened.open(entry) as source, target.open("xb") as written:
            left = entry.file_size
            while chunk := source.read(_STEP):
                left -= len(chunk)
                if left < 0:
                    raise refuse("archive-unsafe", reason="sizes-disagree", member=shown(entry.filename))
                written.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise refuse("archive-damaged", member=shown(entry.filename)) from error
    if left:
        raise refuse("archive-damaged", member=shown(entry.filename))
