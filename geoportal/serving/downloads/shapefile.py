"""Shapefile in a zip: one for each kind of geometry, with its columns' full names, the licence and the record."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.serving.downloads import dbf, papers, sheet
from geoportal.serving.downloads.contents import Contents, for_programs
from geoportal.serving.downloads.notes import Note, Unfit
from geoportal.serving.downloads.reading import Shown, expect_place, read_by_fiona
from geoportal.serving.downloads.short_names import short_names
from geoportal.serving.geojson import Geometries

MOST_BYTES = 2**31 - 1
"""Most programs stop at 2 GB in .shp and .dbf: positions in them are signed 32-bit numbers."""

COLUMN_NAMES = "nama_kolom.csv"
_POINT, _MULTIPOINT, _LINE, _AREA = range(4)
_FAMILY = np.array([_POINT, _LINE, _LINE, _AREA, _MULTIPOINT, _LINE, _AREA, -1], dtype=np.int8)
_SHAPES = ("POINT", "MULTIPOINT", "ARC", "POLYGON")
_SUFFIXES = ("titik", "multititik", "garis", "area")
_COLLECTION = 7
_RECORD_BYTES = 120
_DATE = (1980, 1, 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """The features of one kind of geometry: rows of the layer (a collection may be in several), and their shapes."""

    name: str
    shape: str | None
    rows: NDArray[np.int64]
    geometries: Geometries | None


def write(contents: Contents, path: Path) -> list[Note]:
    """Write the zip. Unfit where a file would be larger than 2 GB, or has more columns than programs read."""
    found = pieces(contents)
    columns = _columns(contents)
    _expect_room(found, columns)
    notes = _notes(contents, found, columns)
    files = [(piece.name, len(piece.rows)) for piece in found]
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shp-") as folder, zipfile.ZipFile(path, "w") as archive:
        for piece in found:
            for part in _write_piece(contents, piece, columns, Path(folder)):
                _add(archive, part.name, part)
                part.unlink()
        names = Path(folder) / COLUMN_NAMES
        sheet.write_rows(names, _NAMES_HEADER, _name_rows(contents, columns))
        _add(archive, COLUMN_NAMES, names)
        for name, body in (
            (papers.RECORD, papers.record_json(contents)),
            (papers.LICENCE, papers.licence_text(contents.record, contents.edition)),
            (papers.README, papers.readme_text(contents, files, notes)),
        ):
            archive.writestr(_entry(name), body)
    return notes


def reopen(contents: Contents, path: Path) -> None:
    """Open each Shapefile in the zip by fiona; RuntimeError where one shows other features, columns or places."""
    with zipfile.ZipFile(path) as archive:
        if (broken := archive.testzip()) is not None:
            raise RuntimeError(f"{broken} in the Shapefile of {contents.dataset_id} is broken")
    expected_names = [column.name for column in _columns(contents)]
    for piece in pieces(contents):
        member = f"{piece.name}.{'shp' if piece.shape else 'dbf'}"
        found: Shown = read_by_fiona(f"zip://{path.resolve()}!{member}", None, "ESRI Shapefile")
        if (found.count, list(found.names)) != (len(piece.rows), expected_names) or not found.readable:
            raise RuntimeError(f"{member} of {contents.dataset_id} reads as {found.count} features with {found.names}")
        if piece.shape:
            expect_place("Shapefile", contents, found.crs)


def pieces(contents: Contents) -> list[Piece]:
    """The layer by kinds of geometry: points, multipoints, lines and areas, with heights, measures or neither.

    Features without a place go with the largest of them; a layer without any place is a table alone. Of a collection
    each member goes with its kind, and the feature's attributes with each.
    """
    geometries = contents.geometries
    kinds = shapely.get_type_id(geometries)
    empty = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    rows = np.arange(len(geometries))
    whole = ~empty & (kinds != _COLLECTION)
    owners = [rows[whole]]
    shapes = [geometries[whole]]
    for row in rows[~empty & (kinds == _COLLECTION)].tolist():
        parts = _by_family(geometries[row])
        owners.append(np.full(len(parts), row))
        shapes.append(parts)
    owner, shape = np.concatenate(owners), np.concatenate(shapes)
    # A heap of collections must not change the order of the features.
    order = np.argsort(owner, kind="stable")
    owner, shape = owner[order], shape[order]
    families = _FAMILY[shapely.get_type_id(shape)]
    code = families.astype(np.int64) * 4 + shapely.has_z(shape) * 2 + shapely.has_m(shape)
    groups, counts = np.unique(code, return_counts=True)
    if not len(groups):
        return [Piece(contents.dataset_id, None, rows, None)]
    placeless = np.setdiff1d(rows, owner)
    largest = groups[np.argmax(counts)]
    found = []
    for group in groups.tolist():
        mine, those = owner[code == group], shape[code == group]
        if group == largest and len(placeless):
            mine = np.concatenate([mine, placeless])
            those = np.concatenate([those, np.full(len(placeless), None, dtype=object)])
            order = np.argsort(mine, kind="stable")
            mine, those = mine[order], those[order]
        family, flags = divmod(group, 4)
        dimension = ("", "M", "Z", "ZM")[flags]
        name = contents.dataset_id
        if len(groups) > 1:
            name = f"{name}_{_SUFFIXES[family]}{'_' + dimension.lower() if dimension else ''}"
        found.append(Piece(name, _SHAPES[family] + dimension, mine, those))
    return found


def _by_family(collection: shapely.Geometry) -> Geometries:
    """The members of a collection, of each kind one geometry."""
    parts = np.array([collection], dtype=object)
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    parts = parts[~shapely.is_empty(parts)]
    families = _FAMILY[shapely.get_type_id(parts)]
    codes = families.astype(np.int64) * 4 + shapely.has_z(parts) * 2 + shapely.has_m(parts)
    joins = (shapely.multipoints, shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    found = []
    for code in np.unique(codes).tolist():
        mine = parts[codes == code]
        found.append(mine[0] if len(mine) == 1 else joins[code // 4](mine))
    joined = np.empty(len(found), dtype=object)
    joined[:] = found
    return joined


def _columns(contents: Contents) -> list[dbf.DbfColumn]:
    names = short_names([field.name for field in contents.fields])
    if not names:  # a table needs a column
        return [dbf.column("nomor", "integer", list(range(1, len(contents) + 1)))]
    return [
        dbf.column(name, field.type, values)
        for name, field, values in zip(names, contents.fields, contents.values, strict=True)
    ]


def _expect_room(found: list[Piece], columns: list[dbf.DbfColumn]) -> None:
    if len(columns) > dbf.MOST_FIELDS:
        raise Unfit(Note("too-many-columns", count=len(columns), most=dbf.MOST_FIELDS))
    for piece in found:
        size = dbf.size_of(columns, len(piece.rows))
        if piece.geometries is not None and piece.shape:
            wide = 16 + 8 * piece.shape.endswith(("Z", "ZM")) + 8 * piece.shape.endswith("M")
            vertices = int(shapely.get_num_coordinates(piece.geometries).sum())
            size = max(size, vertices * wide + len(piece.rows) * _RECORD_BYTES)
        if size > MOST_BYTES:
            raise Unfit(Note("too-large", size=round(size / 1e9, 1)))


def _write_piece(contents: Contents, piece: Piece, columns: list[dbf.DbfColumn], folder: Path) -> Iterator[Path]:
    """The parts of one Shapefile, made one after the other."""
    if piece.geometries is not None and piece.shape:
        _write_shapes(folder / f"{piece.name}.shp", piece.shape, piece.geometries)
        (folder / f"{piece.name}.dbf").unlink()
        (folder / f"{piece.name}.cpg").unlink(missing_ok=True)
        yield folder / f"{piece.name}.shp"
        yield folder / f"{piece.name}.shx"
    table = folder / f"{piece.name}.dbf"
    dbf.write_dbf(table, columns, piece.rows, _date(contents))
    yield table
    code_page = folder / f"{piece.name}.cpg"
    code_page.write_text("UTF-8", "ascii")
    yield code_page
    if piece.shape and (wkt := esri_wkt(contents.layer.crs)):
        projection = folder / f"{piece.name}.prj"
        projection.write_text(wkt, "utf-8")
        yield projection


def _write_shapes(path: Path, shape: str, geometries: Geometries) -> None:
    """Let GDAL write .shp and .shx: rings in the direction that the format asks for, null shapes where no place is."""
    import pyarrow as pa
    from pyogrio.raw import write_arrow

    mark = pa.field("geometry", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
    table = pa.table(
        [
            pa.array(np.zeros(len(geometries), dtype=np.int32)),
            pa.array(shapely.to_wkb(geometries, flavor="iso"), pa.binary()),
        ],
        schema=pa.schema([("n", pa.int32()), mark]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the .prj is ours
        write_arrow(
            table,
            str(path),
            layer=path.stem,
            driver="ESRI Shapefile",
            geometry_name="geometry",
            geometry_type="Unknown",
            layer_options={"SHPT": shape, "ENCODING": "UTF-8"},
        )


def esri_wkt(crs: str | None) -> str | None:
    """The reference system in the words of Esri, as a .prj has them and ArcGIS and QGIS know them; None for none."""
    import pyproj
    from pyproj.exceptions import CRSError

    named = for_programs(crs)
    if named is None:
        return None
    system = pyproj.CRS(named)
    try:
        return system.to_wkt("WKT1_ESRI")
    except CRSError:  # the words of Esri have no heights
        return system.to_2d().to_wkt("WKT1_ESRI")


def _date(contents: Contents) -> tuple[int, int, int]:
    written = (contents.edition.created or "")[:10].split("-")
    if len(written) == 3 and all(part.isdigit() for part in written):
        return int(written[0]), int(written[1]), int(written[2])
    return _DATE


_NAMES_HEADER = ("nama_pendek", "nama_lengkap", "arti_id", "arti_en", "satuan", "jenis")


def _name_rows(contents: Contents, columns: list[dbf.DbfColumn]) -> Iterator[list[str]]:
    record = contents.record
    for column, field in zip(columns, contents.fields, strict=False):
        meaning = record.fields.get(field.name)
        cells = [
            column.name,
            field.name,
            record.field_title(field.name, "id"),
            record.field_title(field.name, "en"),
            (meaning.unit if meaning else None) or "",
            field.type,
        ]
        yield [sheet.harmless(cell) for cell in cells]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (*_DATE, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    with path.open("rb") as source, archive.open(_entry(name), "w", force_zip64=False) as target:
        while block := source.read(1 << 20):
            target.write(block)


def _notes(contents: Contents, found: list[Piece], columns: list[dbf.DbfColumn]) -> list[Note]:
    notes = []
    kinds = shapely.get_type_id(contents.geometries)
    pairs = list(zip(contents.fields, columns, strict=False))
    if changed := [f"{field.name} → {column.name}" for field, column in pairs if field.name != column.name]:
        notes.append(Note("short-names", count=len(changed), names=changed, file=COLUMN_NAMES))
    for field, column in pairs:
        if column.cut:
            notes.append(Note("cut", name=field.name, count=column.cut, longest=column.longest, most=dbf.LONGEST))
    if texts := [field.name for field, column in pairs if column.as_text]:
        notes.append(Note("as-text", names=texts))
    if trimmed := [field.name for field, column in pairs if column.trimmed]:
        notes.append(Note("trimmed", names=trimmed))
    if blank := [field.name for field, column in pairs if column.blank]:
        notes.append(Note("blank-as-null", names=blank))
    if len(found) > 1:
        notes.append(Note("several-files", count=len(found), names=[piece.name for piece in found]))
    if collections := int(((kinds == _COLLECTION) & ~shapely.is_empty(contents.geometries)).sum()):
        notes.append(Note("collections-split", count=collections))
    if empty := int(shapely.is_empty(contents.geometries).sum()):
        notes.append(Note("empty-as-null", count=empty))
    if found[0].shape is None and not contents.is_table:
        notes.append(Note("table-alone"))
    areas = np.isin(kinds, (3, 6))
    if areas.any() and (broken := int((~shapely.is_valid(contents.geometries[areas])).sum())):
        notes.append(Note("rings-regrouped", count=broken))
    return notes
