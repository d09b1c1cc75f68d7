"""Which layers are in a file: its kind by content, its archive unpacked behind the gate, one Source a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from geoportal.ingest import archive, geojson, geopackage, shapefile, sniff
from geoportal.ingest.crs import GEOJSON_DEFAULT, identify, same
from geoportal.ingest.refusal import Note, refuse, shown

_LONGEST_NAME = 200
MAX_BYTES = 2 << 30
"""How much an archive may unpack to when nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Source:
    """One layer that can be read: what it is called, the only GDAL driver that may open it, and what its file says of
    itself.

    ``crs`` is what the file states (None: nothing). ``parts`` are the files of a shapefile by suffix. ``ids`` are the
    features' own ids where the format gives them ahead of reading; ``reads_ids`` says that they come with the
    features (GeoPackage). ``claims`` are the counts of features that the parts of the file state, to be held against
    what was read. ``large`` counts, by attribute, the integers that a real number cannot hold.
    """

    name: str
    driver: str
    path: Path
    table: str | None = None
    crs: str | None = None
    has_geometry: bool = True
    parts: Mapping[str, Path] = field(default_factory=dict)
    encoding: shapefile.Encoding | None = None
    ids: tuple[str, ...] | None = None
    reads_ids: bool = False
    keys: tuple[str, ...] | None = None
    large: Mapping[str, int] = field(default_factory=dict)
    claims: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def find_sources(
    path: Path, work: Path, *, name: str | None = None, max_bytes: int = MAX_BYTES, max_fields: int = 500
) -> list[Source]:
    """The layers of a file, in its order, with names that differ. Archives are unpacked into the empty folder ``work``.

    ``name`` is what the file was called by its sender. Raises a refusal (``UnreadableSource`` with rule and
    parameters) for a file that is not read, or not safely. Nothing is opened by GDAL.
    """
    stem = Path(name or path.name).stem
    size = path.stat().st_size
    with path.open("rb") as stream:
        kind = sniff.kind_of(stream.read(sniff.HEAD), size)
    match kind:
        case sniff.EMPTY:
            raise refuse("source-empty")
        case sniff.ZIP:
            found = []
            for unpacked in archive.unpack(path, work, max_bytes):
                found += _in_archive(unpacked, max_fields)
        case sniff.SQLITE:
            found = _geopackage(path, max_fields)
        case sniff.JSON:
            found = [_geojson(path, stem, max_fields)]
        case sniff.SHAPEFILE:
            found = [_shapefile({".shp": path}, stem, max_fields)]
        case _:
            raise refuse("format-not-supported", kind=kind)
    return _with_own_names(found)


def _in_archive(unpacked: archive.Unpacked, max_fields: int) -> list[Source]:
    """The layers of one file out of an archive; its content decides here too."""
    suffix = next(suffix for suffix in (".shp", ".gpkg", ".geojson", ".json") if suffix in unpacked.parts)
    main = unpacked.parts[suffix]
    size = main.stat().st_size
    with main.open("rb") as stream:
        kind = sniff.kind_of(stream.read(sniff.HEAD), size)
    match kind, suffix:
        case sniff.SHAPEFILE, ".shp":
            found = [_shapefile(unpacked.parts, unpacked.stem, max_fields)]
        case sniff.SQLITE, ".gpkg":
            found = _geopackage(main, max_fields)
        case sniff.JSON, ".geojson" | ".json":
            found = [_geojson(main, unpacked.stem, max_fields)]
        case sniff.EMPTY, _:
            raise refuse("source-empty", member=shown(unpacked.stem + suffix))
        case _:
            if suffix == ".shp":
                raise refuse("source-unreadable", reason="shp", member=shown(unpacked.stem + suffix))
            raise refuse("format-not-supported", kind=kind, member=shown(unpacked.stem + suffix))
    return found


def _geopackage(path: Path, max_fields: int) -> list[Source]:
    return [
        Source(
            name=table.table,
            driver="GPKG",
            path=path,
            table=table.table,
            crs=table.crs,
            has_geometry=table.has_geometry,
            reads_ids=True,
            notes=table.notes,
        )
        for table in geopackage.feature_tables(path, max_fields)
    ]


def _geojson(path: Path, stem: str, max_fields: int) -> Source:
    contents = geojson.look(path, max_fields)
    notes: list[Note] = []
    crs: str | None = GEOJSON_DEFAULT
    if contents.crs_unknown:
        crs = None
    elif contents.crs is not None:
        crs, notes = identify(contents.crs)
        # RFC 7946 took the member out; one that repeats the default, in whatever words, says nothing new.
        if crs is None or not same(crs, GEOJSON_DEFAULT):
            notes = [*notes, ("crs-from-member", {"crs": shown(crs or contents.crs)})]
    if contents.cut:
        said = f"text after a NUL is not kept: {', '.join(map(shown, list(contents.cut)[:10]))}"
        notes = [*notes, ("reader-message", {"message": said, "count": sum(contents.cut.values())})]
    return Source(
        name=contents.name or stem,
        driver="GeoJSON",
        path=path,
        crs=crs,
        ids=contents.ids,
        keys=contents.keys,
        large=contents.large,
        claims={"header": contents.features},
        notes=tuple(notes),
    )


def _shapefile(parts: Mapping[str, Path], stem: str, max_fields: int) -> Source:
    notes: list[Note] = []
    crs, encoding = None, None
    claims: dict[str, int] = {}
    if ".prj" in parts:
        crs, notes = identify(parts[".prj"].read_bytes()[: 1 << 20].decode("utf-8", "replace"))
    if ".shx" not in parts:
        notes.append(("shx-restored", {}))
    if ".dbf" in parts:
        table = shapefile.read_table(parts[".dbf"], max_fields)
        encoding, found = shapefile.read_encoding(parts, table)
        notes += found
        claims = {"header": table.records, "table": table.held}
        if ".shx" in parts:
            claims["shapes"] = shapefile.shapes_in(parts[".shx"])
    else:
        notes.append(("table-missing", {}))
    return Source(
        name=stem,
        driver="ESRI Shapefile",
        path=parts[".shp"],
        crs=crs,
        parts=dict(parts),
        encoding=encoding,
        claims=claims,
        notes=tuple(notes),
    )


def _with_own_names(sources: list[Source]) -> list[Source]:
    """The same sources with names that can be told apart: a second ``jalan`` becomes ``jalan (2)``."""
    taken: set[str] = set()
    named = []
    for source in sources:
        name = plain = shown(source.name.strip(), _LONGEST_NAME) or "layer"
        number = 1
        while name in taken:
            number += 1
            name = f"{plain} ({number})"
        taken.add(name)
        named.append(replace(source, name=name))
    return named
