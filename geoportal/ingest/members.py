"""Which files of an archive or a folder make a layer together, by their names alone.

A shapefile and a MapInfo table are several files of one stem; a File Geodatabase is a folder; everything else is one
file. No library is needed here: the parent process asks too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

FAMILIES: dict[str, tuple[str, ...]] = {
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
}
"""Formats of several files: the suffix of the one that is opened, and all that are read with it. Of a shapefile,
indexes (.qix .sbn .sbx ...), styles and metadata are left in the archive.
"""

PAPERS = ("metadata.json", "nama_kolom.csv")
"""What our own downloads put beside a shapefile: its record and the full names of its columns. No layers of it."""

GEODATABASE = ".gdb"
_CATALOGUE = "a00000001.gdbtable"  # the table of tables: the folder that holds it is a geodatabase
_TABLE = re.compile(r"(?i)gdb|timestamps|a[0-9a-f]{8}\.(?:gdbtable|gdbtablx|gdbindexes)")
_COMPRESSED = re.compile(r"(?i).+\.(?:cdf|sdc)")

_ACCOMPANY = frozenset((
    ".shx", ".dbf", ".prj", ".cpg", ".cst", ".sbn", ".sbx", ".qix", ".qpj", ".qmd", ".ain", ".aih", ".atx", ".ixs",
    ".mxs", ".fbn", ".fbx", ".idm", ".ind", ".lyr", ".lyrx", ".qml", ".sld", ".xml", ".aux", ".ovr", ".tfw", ".txt",
    ".gfs", ".xsd", ".dat", ".map", ".id", ".mid", ".lock", ".freelist", ".spx",
))  # fmt: skip


def in_geodatabase(path: PurePosixPath, folders: Iterable[str]) -> bool:
    """Whether a member lies in one of these folders, or in a folder that is called a geodatabase."""
    folder = "/".join(path.parts[:-1])
    return folder in set(folders) or any(part.lower().endswith(GEODATABASE) for part in path.parts[:-1])


def geodatabases(paths: Iterable[PurePosixPath]) -> list[str]:
    """The folders that are File Geodatabases: those that hold the table of tables."""
    return ["/".join(path.parts[:-1]) for path in paths if is_catalogue(path.name)]


def is_catalogue(name: str) -> bool:
    """Whether a file is the table of tables of a geodatabase."""
    return name.lower() == _CATALOGUE


def is_table(name: str) -> bool:
    """Whether a file of a geodatabase is read: tables and their offsets. Indexes are not: GDAL would believe them."""
    return _TABLE.fullmatch(name) is not None


def is_compressed(names: Iterable[str]) -> bool:
    """Whether these files are those of a compressed geodatabase, which only ArcGIS reads."""
    return any(_COMPRESSED.fullmatch(name) for name in names)


def accompanies(suffix: str, name: str) -> bool:
    """Whether a file that is not read belongs beside a layer and needs no word: an index, a style, metadata."""
    return suffix in _ACCOMPANY or name.lower() in ("thumbs.db", "desktop.ini", *PAPERS)


def grouped[Item](
    members: Sequence[Item], named: Callable[[Item], tuple[str, str, str]], layer_suffixes: Sequence[str]
) -> list[list[Item]]:
    """The members that make layers, one list a layer, in the order given. ``named`` gives folder, stem, suffix.

    Parts of a shapefile that lie in another folder than its .shp are put to it when nothing else claims them: one .shp
    of that name, and no second part of a kind.
    """
    groups: dict[tuple[str, str, str], list[Item]] = {}
    family_of = {suffix: main for main, suffixes in FAMILIES.items() for suffix in suffixes}
    shapefiles = {folder for folder, _, suffix in map(named, members) if suffix == ".shp"}
    for member in members:
        folder, stem, suffix = named(member)
        if folder in shapefiles and f"{stem}{suffix}".casefold() in PAPERS:
            continue
        if suffix in family_of or suffix in layer_suffixes:
            # A suffix that is a layer by itself stays one, unless its family is there (.dbf beside .shp).
            key = (folder.casefold(), stem.casefold(), family_of.get(suffix, suffix))
            groups.setdefault(key, []).append(member)
    by_stem: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for key in groups:
        if key[2] in FAMILIES:
            by_stem.setdefault((key[1], key[2]), []).append(key)
    for (_, main), keys in by_stem.items():
        whole = [key for key in keys if main in {named(member)[2] for member in groups[key]}]
        rest = [member for key in keys if key not in whole for member in groups[key]]
        if len(whole) == 1 and rest:
            had = [named(member)[2] for member in (*groups[whole[0]], *rest)]
            if len(had) == len(set(had)):
                groups[whole[0]] += rest
    return [
        group
        for (_, _, main), group in groups.items()
        if main not in FAMILIES or main in {named(member)[2] for member in group}
    ]
