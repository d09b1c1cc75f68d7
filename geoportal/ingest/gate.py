"""The gate of archives: every entry of the directory is judged before one byte is unpacked, also those nobody wants.

Limits are those of SECURITY 2. The end record comes first, so that a directory of millions is never built.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from geoportal.ingest.refusal import refuse, shown

MEMBERS = 2000
RATIO = 100
RATIO_FROM = 10 << 20  # small members may be as compressible as they like
_NAME_BYTES = 1024  # what one entry of the directory may take on average
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Member:
    """One wanted file of an archive: its path there, and the folder, stem and suffix of it (suffix in lower case)."""

    entry: zipfile.ZipInfo
    folder: str
    stem: str
    suffix: str


def judge_end(stream: BinaryIO) -> None:
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


def judge_members(opened: zipfile.ZipFile, max_bytes: int) -> Iterator[Member]:
    """Every member, judged; yields those that may be a layer. Entries that nobody wants are judged too."""
    entries = opened.infolist()
    if len(entries) > MEMBERS:
        raise refuse("archive-unsafe", reason="too-many-members", member=None)
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise refuse("archive-unsafe", reason="too-large", member=None)
    for entry in entries:
        reason = _fault_of_name(entry.orig_filename) or _fault_of_entry(entry)
        if reason == "compression-ratio" and _is_blank_table(opened, entry):
            continue
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


def judge_overlap(stream: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
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


def _is_blank_table(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a member that unpacks beyond the ratio is a .dbf of blanks, which is a fault of the format and no bomb.

    Its header accounts for every byte, and the .shx beside it lists as many shapes as it has rows. The quota holds for
    it as for all.
    """
    stem = entry.filename[:-4].casefold()
    if not entry.filename.lower().endswith(".dbf"):
        return False
    index = next((e for e in opened.infolist() if e.filename.casefold() == stem + ".shx"), None)
    try:
        with opened.open(entry) as stream:
            head = stream.read(32)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False
    if index is None or len(head) < 32:
        return False
    records, header, width = struct.unpack("<LHH", head[4:12])
    accounted = header + records * width
    return bool((index.file_size - 100) // 8 == records and accounted <= entry.file_size <= accounted + 2)
