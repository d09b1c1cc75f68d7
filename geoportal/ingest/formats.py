"""Which layers are in a file: its kind by content, its archive unpacked behind the gate, one Source a layer.

``FINDERS`` is the one table of formats that are read. A format is a function that looks at a file without GDAL, and a
line here; what an archive may hold of it stands in ``archive.LAYER_SUFFIXES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from geoportal.errors import UnreadableSource
from geoportal.ingest import (
    archive,
    dxf,
    filegdb,
    flatgeobuf,
    geojson,
    geojsonseq,
    geopackage,
    geoparquet,
    gml,
    gpx,
    kml,
    mapinfo,
    members,
    raster,
    shapefile,
    sniff,
)
from geoportal.ingest.crs import GEOJSON_DEFAULT, identify, same
from geoportal.ingest.refusal import Note, note_of, refuse, shown
from geoportal.ingest.source import Source, with_own_names
from geoportal.ingest.spreadsheet import find_sheets
from geoportal.ingest.tables import find_delimited

MAX_BYTES = 2 << 30
"""How much an archive may unpack to when nobody says otherwise."""

_MAY_BE_ANYTHING = frozenset((".json", ".csv", ".tsv", ".xlsx", ".xlsm", ".tif", ".tiff"))

Finder = Callable[[Path, str, int], list[Source]]
"""(path, stem of the name that the sender gave, most fields allowed) -> the layers of one file."""


def find_sources(
    path: Path, work: Path, *, name: str | None = None, max_bytes: int = MAX_BYTES, max_fields: int = 500
) -> list[Source]:
    """The layers of a file, in its order, with names that differ. Archives are unpacked into the empty folder ``work``.

    ``name`` is what the file was called by its sender. Raises a refusal (``UnreadableSource`` with rule and
    parameters) for a file that is not read, or not safely. Nothing is opened by GDAL.
    """
    kind = _kind(path, name or path.name)
    if kind == sniff.ZIP:
        found = _in_zip(archive.unpack(path, work, max_bytes), max_fields)
    else:
        found = _finder(kind)(path, Path(name or path.name).stem, max_fields)
    return with_own_names(found)


def _in_zip(contents: archive.Contents, max_fields: int) -> list[Source]:
    """The layers of an archive. A table or a JSON beside a layer may be anything: then it is left, and that is said."""
    found: list[Source] = []
    left = list(contents.left)
    refused: list[UnreadableSource] = []
    for unpacked in contents.layers:
        try:
            found += _in_archive(unpacked, max_fields)
        except UnreadableSource as error:
            if ".kml" in unpacked.parts and note_of(error) == kml.NOTHING:
                refused.append(error)  # the cover of a KMZ, which only links to its other members
                continue
            if not _MAY_BE_ANYTHING.issuperset(unpacked.parts) or note_of(error)[0] == "source-unsafe":
                raise
            refused.append(error)
            left.append(shown("/".join(filter(None, (unpacked.folder, unpacked.stem + next(iter(unpacked.parts)))))))
    if not found:
        raise refused[0]
    if left:
        note = ("members-left", {"files": left[:20], "count": len(left)})
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


def _kind(path: Path, name: str = "") -> str:
    """The kind of a file by its content; ``name`` only helps to say which program made a container."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        kind = sniff.kind_of(stream.read(sniff.HEAD), size)
    if kind == sniff.ZIP:
        kind = archive.kind_of_zip(path) or kind
    return sniff.maker_of(kind, name)


def _finder(kind: str, member: str | None = None) -> Finder:
    """The finder of a kind; refuses a kind that is recognised but not read."""
    where = {} if member is None else {"member": shown(member)}
    if kind == sniff.EMPTY:
        raise refuse("source-empty", **where)
    if kind not in FINDERS:
        raise refuse("format-not-supported", kind=kind, **where)
    return FINDERS[kind]


def _in_archive(unpacked: archive.Unpacked, max_fields: int) -> list[Source]:
    """The layers of one file out of an archive; its content decides here too."""
    if ".shp" in unpacked.parts:
        member = unpacked.stem + ".shp"
        kind = _kind(unpacked.parts[".shp"])
        if kind == sniff.EMPTY:
            raise refuse("source-empty", member=shown(member))
        if kind != sniff.SHAPEFILE:
            raise refuse("source-unreadable", reason="shp", member=shown(member))
        return [_shapefile(unpacked.parts, unpacked.stem, max_fields)]
    if ".tab" in unpacked.parts or ".mif" in unpacked.parts:
        return mapinfo.find_sources(unpacked.parts, unpacked.stem, max_fields)
    if members.GEODATABASE in unpacked.parts:
        return filegdb.find_sources(unpacked.parts[members.GEODATABASE], unpacked.stem, max_fields)
    mains = (*members.FAMILIES, *archive.LAYER_SUFFIXES)
    suffix = next(suffix for suffix in mains if suffix in unpacked.parts)
    main = unpacked.parts[suffix]
    return _finder(_kind(main, main.name), unpacked.stem + suffix)(main, unpacked.stem, max_fields)


def _geopackage(path: Path, stem: str, max_fields: int) -> list[Source]:
    return [
        Source(
            name=table.table,
            driver="GPKG",
            options={"LIST_ALL_TABLES": "NO", "IMMUTABLE": "YES"},
            path=path,
            table=table.table,
            crs=table.crs,
            has_geometry=table.has_geometry,
            reads_ids=True,
            notes=table.notes,
        )
        for table in geopackage.feature_tables(path, max_fields)
    ]


def _geojson(path: Path, stem: str, max_fields: int) -> list[Source]:
    try:
        contents = geojson.look(path, max_fields)
    except UnreadableSource as error:
        if note_of(error)[1].get("kind") != sniff.SEQUENCE:
            raise
        return geojsonseq.find_sources(path, stem, max_fields)
    notes: list[Note] = []
    crs: str | None = GEOJSON_DEFAULT
    if contents.crs_unknown:
        crs = None
    elif contents.crs is not None:
        crs, notes = identify(contents.crs)
        # RFC 7946 took the member out; one that repeats the default, in whatever words, says nothing new.
        if crs is None or not same(crs, GEOJSON_DEFAULT):
            notes = [*notes, ("crs-from-member", {"crs": shown(crs or contents.crs)})]
    notes = [*notes, *geojson.cut_notes(contents.cut)]
    if contents.matched is not None and contents.matched > contents.features:
        notes.append(("answer-partial", {"held": contents.features, "matched": contents.matched}))
    return [
        Source(
            name=contents.name or stem,
            driver="GeoJSON",
            # Dates are recognised by us, only where the text says the same; lists stay JSON text.
            options={"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"},
            texts=True,
            path=path,
            crs=crs,
            ids=contents.ids,
            keys=contents.keys,
            large=contents.large,
            claims={"header": contents.features},
            notes=tuple(notes),
        )
    ]


def _bare_shapefile(path: Path, stem: str, max_fields: int) -> list[Source]:
    return [_shapefile({".shp": path}, stem, max_fields)]


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


FINDERS: dict[str, Finder] = {
    sniff.SQLITE: _geopackage,
    sniff.JSON: _geojson,
    sniff.SEQUENCE: geojsonseq.find_sources,
    sniff.SHAPEFILE: _bare_shapefile,
    "DXF": dxf.find_sources,
    "TIFF": raster.find_sources,
    "CSV": find_delimited,
    "XLSX": find_sheets,
    "FlatGeobuf": flatgeobuf.read_sources,
    "Parquet": geoparquet.find_parquet,
    "Arrow": geoparquet.find_arrow,
    "GML": gml.read_sources,
    "GPX": gpx.read_sources,
    "KML": kml.read_sources,
    "MapInfo TAB": mapinfo.find_alone,
    "MapInfo MIF": mapinfo.find_alone,
}
"""Kind (of ``sniff``) -> what finds the layers in a file of that kind."""
