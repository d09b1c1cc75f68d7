"""The zip gate: the whole directory is judged before one byte is unpacked, and members get names that we invent.

Order (SECURITY 2): end record, so that a directory of millions is never built; then every member, also those that are
not wanted; then the wanted ones are streamed, counting real bytes, with their CRC checked. Never extractall.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from geoportal.ingest.refusal import refuse, shown

MEMBERS = 2000
RATIO = 100
RATIO_FROM = 10 << 20  # small members may be as compressible as they like
_NAME_BYTES = 1024  # what one entry of the directory may take on average
_STEP = 1 << 20
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst")
"""The parts of a shapefile that are read. Indexes (.qix .sbn .sbx ...), styles and metadata beside them are left in
the archive.
"""

LAYER_SUFFIXES = (".gpkg", ".geojson", ".json", ".kml")
"""Members of an archive that are a layer by themselves, in the order in which they are looked for."""

_OTHER_KINDS = {
    ".gml": "GML",
    ".gpx": "GPX",
    ".csv": "CSV",
    ".xlsx": "XLSX",
    ".fgb": "FlatGeobuf",
    ".parquet": "Parquet",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".dxf": "DXF",
    ".dwg": "DWG",
    ".tab": "MapInfo TAB",
    ".mif": "MapInfo MIF",
    ".gdbtable": "File Geodatabase",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One wanted file of an archive: its path there, and the folder, stem and suffix of it (suffix in lower case)."""

    entry: zipfile.ZipInfo
    folder: str
    stem: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A layer file out of an archive: what it was called there, and its parts by suffix under invented names."""

    folder: str
    stem: str
    parts: Mapping[str, Path]


def unpack(archive: Path, work: Path, max_bytes: int) -> list[Unpacked]:
    """Unpack the layers of a zip (shapefiles, GeoPackages, GeoJSON) into the folder ``work``; at most ``max_bytes``
    in all.

    Raises a refusal: archive-unsafe, archive-damaged, format-not-supported or no-layer.
    """
    with archive.open("rb") as stream:
        _judge_end(stream)
        try:
            with zipfile.ZipFile(stream) as opened:
                members = list(_judged(opened, max_bytes))
                _judge_overlap(stream, opened.infolist())
                groups = _layers(members, opened.infolist())
                return [_extract(opened, group, work, number) for number, group in enumerate(groups, 1)]
        except (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, UnicodeError) as error:
            raise refuse("archive-damaged", member=None) from error


def pack_shapefile(path: Path, target: Path, max_bytes: int) -> Path:
    """Put a loose .shp and the parts beside it into one zip, the form in which a shapefile is kept.

    The same parts give the same bytes; stored, so that the gate never takes a table of blanks for a bomb. A part that
    is a link is left out: it could be any file. Raises a refusal beyond ``max_bytes``.
    """
    beside = sorted(part for part in path.parent.iterdir() if part.stem.casefold() == path.stem.casefold())
    parts = {path.suffix.lower(): path}
    for part in sorted(beside, key=lambda part: part.stem != path.stem):  # the exact name before one in other case
        if part.suffix.lower() in SHAPEFILE_PARTS and part.is_file() and not part.is_symlink():
            parts.setdefault(part.suffix.lower(), part)
    if sum(part.stat().st_size for part in parts.values()) > max_bytes:
        raise refuse("source-too-large", limit_mb=max_bytes >> 20)
    with zipfile.ZipFile(target, "x") as archive:
        for suffix, part in parts.items():
            entry = zipfile.ZipInfo(path.stem + suffix, (2000, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            with part.open("rb") as source, archive.open(entry, "w", force_zip64=False) as written:
                while chunk := source.read(_STEP):
                    written.write(chunk)
    return target


def _judge_end(stream: BinaryIO) -> None:
    """The end record alone: how many members and how large a directory it claims."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(max(0, size - 65557))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise refuse("archive-damaged", member=None)
    disk, _, here, members, directory, _, _ = struct.unpack("<4H2LH", tail[at + 4 : at + 22])
    if disk not in (0, 0xFFFF) or here != members:
        raise refuse("archive-unsafe", reason="several-disks", member=None)
    if members > MEMBERS or directory > MEMBERS * _NAME_BYTES:
        raise refuse("archive-unsafe", reason="too-many-members", member=None)
    if tail.rfind(b"PK\x06\x07", 0, at) >= 0 and (members == 0xFFFF or directory == 0xFFFFFFFF):
        raise refuse("archive-unsafe", reason="too-many-members", member=None)


def _judged(opened: zipfile.ZipFile, max_bytes: int) -> Iterator[Member]:
    """Every member, judged; yields those that may be a layer. Entries that nobody wants are judged too."""
    entries = opened.infolist()
    if len(entries) > MEMBERS:
        raise refuse("archive-unsafe", reason="too-many-members", member=None)
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise refuse("archive-unsafe", reason="too-large", member=None)
    for entry in entries:
        reason = _fault_of_name(entry.orig_filename) or _fault_of_entry(entry)
        if reason:
            raise refuse("archive-unsafe", reason=reason, member=shown(entry.orig_filename))
    seen: set[str] = set()
    for entry in entries:
        if entry.is_dir():
            continue
        folded = unicodedata.normalize("NFC", entry.filename).casefold()
        if folded in seen:
            raise refuse("archive-unsafe", reason="same-name-twice", member=shown(entry.filename))
        seen.add(folded)
        path = PurePosixPath(entry.filename)
        # macOS puts a shadow of every file into __MACOSX/._name: it is no shapefile.
        if path.parts[0] == "__MACOSX" or path.name.startswith("."):
            continue
        folder = "/".join(path.parts[:-1])
        yield Member(entry, folder, path.stem, path.suffix.lower())


def _judge_overlap(stream: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
    """No two members may share bytes: that is how a small archive unpacks to petabytes."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        # A directory that lies about its own place gives negative offsets.
        header = stream.read(30) if entry.header_offset >= end and stream.seek(entry.header_offset) >= 0 else b""
        if len(header) < 30:
            raise refuse("archive-unsafe", reason="overlap", member=shown(entry.filename))
        name, extra = struct.unpack("<2H", header[26:30])
        end = entry.header_offset + 30 + name + extra + entry.compress_size


def _fault_of_name(name: str) -> str | None:
    parts = name.split("/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
        return "absolute-path"
    if ".." in parts:
        return "parent-path"
    if "\\" in name:
        return "backslash"
    if any(unicodedata.category(character) == "Cc" or character in _BIDI for character in name):
        return "control-character"
    if not name or len(name) > 1000 or any(len(part) > 255 for part in parts) or len(parts) > 20:
        return "name-too-long"
    return None


def _fault_of_entry(entry: zipfile.ZipInfo) -> str | None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "symlink" if stat.S_ISLNK(mode) else "special-file"
    if entry.flag_bits & 0x41:
        return "encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compression"
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        return "sizes-disagree"
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO * max(1, entry.compress_size):
        return "compression-ratio"
    return None


def _layers(members: list[Member], entries: list[zipfile.ZipInfo]) -> list[list[Member]]:
    """The members that make layers, one list a layer, in the order of the archive."""
    groups: dict[tuple[str, str, str], list[Member]] = {}
    for member in members:
        if member.suffix in SHAPEFILE_PARTS:
            groups.setdefault((member.folder.casefold(), member.stem.casefold(), "shp"), []).append(member)
        elif member.suffix in LAYER_SUFFIXES:
            groups.setdefault((member.folder.casefold(), member.stem.casefold(), member.suffix), []).append(member)
    layers = [group for group in groups.values() if any(m.suffix not in SHAPEFILE_PARTS[1:] for m in group)]
    if layers:
        return layers
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names:
        office = {"xl/": "XLSX", "word/": "DOCX", "ppt/": "PPTX"}
        kind = next((kind for folder, kind in office.items() if any(n.startswith(folder) for n in names)), "Office")
        raise refuse("format-not-supported", kind=kind)
    if "mimetype" in names and "content.xml" in names:
        raise refuse("format-not-supported", kind="OpenDocument")
    for member in members:
        if member.suffix in _OTHER_KINDS:
            raise refuse("format-not-supported", kind=_OTHER_KINDS[member.suffix])
    raise refuse("no-layer", files=sorted(shown(member.entry.filename) for member in members)[:10])


def _extract(opened: zipfile.ZipFile, group: list[Member], work: Path, number: int) -> Unpacked:
    """The parts of one layer under invented names: ``work/3.shp``, ``work/3.dbf``, ``work/3-prj`` ..."""
    parts = {}
    for member in group:
        # What we read ourselves lies apart from what GDAL opens: it is to see no .prj and no .cpg.
        ours = member.suffix in (".prj", ".cpg", ".cst")
        target = work / (f"{number}-{member.suffix[1:]}" if ours else f"{number}{member.suffix}")
        entry = member.entry
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
        parts[member.suffix] = target
    main = group[0] if ".shp" not in parts else next(m for m in group if m.suffix == ".shp")
    return Unpacked(main.folder, main.stem, parts)
