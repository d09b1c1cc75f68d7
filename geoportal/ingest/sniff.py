"""What kind of file this is, by its content; a suffix is never believed.

Own code on the first bytes: no library opens anything here. Which kinds are read is said in ``formats.FINDERS``, and
ZIP with any of them inside. Everything else is recognised to be named in the answer.
"""

from __future__ import annotations

import re

from geoportal.ingest.refusal import refuse

HEAD = 65536
"""How many bytes from the start are looked at."""

SEQUENCE = "GeoJSON text sequence"
"""RFC 8142, and the features line by line that everybody writes instead."""

EMPTY, SQLITE, SHAPEFILE, JSON, ZIP, UNKNOWN = "empty", "SQLite", "Shapefile", "JSON", "ZIP", "unknown"

OLE = "Microsoft Office 97-2003"
"""A container of Microsoft: Excel, Word and ArcMap wrote it; its streams say which (names in UTF-16)."""
_STREAMS = (("Workbook", "XLS"), ("Book", "XLS"), ("WordDocument", "DOC"), ("PowerPoint Document", "PPT"),
            ("Mx Document", "ArcGIS document"))  # fmt: skip
_MAKERS: dict[tuple[str, str], str] = {
    **{("7-Zip", suffix): "ArcGIS package" for suffix in (".mpk", ".lpk", ".gpk", ".mpkx", ".lpkx", ".ppkx")},
    **{(OLE, suffix): "ArcGIS document" for suffix in (".lyr", ".mxd", ".sxd", ".3dd")},
    (OLE, ".xls"): "XLS",
    (OLE, ".doc"): "DOC",
    (OLE, ".ppt"): "PPT",
}

_BINARY = frozenset(
    ("DWG", "BMP", "MrSID", "GRIB", "LAS", "Windows program")
)  # a table may begin with the same letters
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\0", SQLITE),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"fgb\x03fgb", "FlatGeobuf"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"AC10", "DWG"),
    (b"AutoCAD Binary DXF", "DXF"),
    (b"%PDF-", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\0\x01\0\0Standard Jet DB", "Microsoft Access"),
    (b"\0\x01\0\0Standard ACE DB", "Microsoft Access"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"EHFA_HEADER_TAG", "ERDAS IMAGINE"),
    (b"msid", "MrSID"),
    (b"GRIB", "GRIB"),
    (b"LASF", "LAS"),
    (b"\x0e\x03\x13\x01", "HDF4"),
    (b"!Workspace", "MapInfo workspace"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "Linux program"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"CDF\x01", "NetCDF"),
    (b"CDF\x02", "NetCDF"),
    (b"CDF\x05", "NetCDF"),
    (b"PMTiles", "PMTiles"),
    (b"{\\rtf", "RTF"),
    (b"#!", "script"),
)

_ROOTS: dict[str, str] = {
    "kml": "KML",
    "placemark": "KML",
    "gpx": "GPX",
    "osm": "OpenStreetMap XML",
    "ogrvrtdatasource": "VRT",
    "vrtdataset": "VRT",
    "ogrwfsdatasource": "WFS connection",
    "gdal_wms": "WMS connection",
    "html": "HTML",
    "qgis": "QGIS project",
    "styledlayerdescriptor": "SLD",
    "sld:styledlayerdescriptor": "SLD",
    "svg": "SVG",
    "rss": "RSS",
    "feed": "Atom",
    "gmd:md_metadata": "ISO 19139 metadata",
    "mdb:md_metadata": "ISO 19115 metadata",
    "md_metadata": "ISO 19139 metadata",
    "xs:schema": "XML schema",
    "xsd:schema": "XML schema",
}
_ROOT = re.compile(r"<(?!\?|!)\s*([A-Za-z_][\w.\-]*(?::[A-Za-z_][\w.\-]*)?)([^>]{0,4000})")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def kind_of(head: bytes, size: int) -> str:
    """The kind of a file from its first bytes (``HEAD`` of them) and its size.

    Raises a refusal for XML with a document type declaration: entities can read local files and explode.
    """
    if size == 0 or not head.strip():
        return EMPTY
    for magic, kind in _MAGIC:
        if head.startswith(magic) and not (kind in _BINARY and b"\0" not in head[:64]):
            return _ole_kind(head) if kind == OLE else kind
    if head[257:262] == b"ustar":
        return "tar"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[6:15] == b"OSMHeader":
        return "OpenStreetMap PBF"
    if head[:4] == b"\0\0\x27\x0a":
        # .shp and .shx begin alike. The first record of a .shp is number 1; a .shx starts with the offset 50.
        return "Shapefile index" if head[100:104] == b"\0\0\0\x32" else SHAPEFILE
    if (text := _text(head)) is None:
        if _is_dbase(head, size):
            return "dBASE"
        # A table may hold a few NULs where its program wrote no value.
        few = head.count(b"\0") * 50 <= len(head)
        return "CSV" if few and _text_kind(head.replace(b"\0", b"").decode("latin-1")) == "CSV" else UNKNOWN
    return _text_kind(text)


def maker_of(kind: str, name: str) -> str:
    """A container by the program that writes such names: a 7-Zip called .mpk is a package of ArcGIS. For words only."""
    return _MAKERS.get((kind, "." + name.lower().rpartition(".")[2]), kind)


def _ole_kind(head: bytes) -> str:
    return next((kind for name, kind in _STREAMS if name.encode("utf-16-le") in head), OLE)


def _text(head: bytes) -> str | None:
    """The start of the file as text, None when it is binary; a character cut at the end does not matter."""
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(codec, "replace")
    if b"\0" in head:
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        return head.decode("utf-8" if error.start >= len(head) - 3 else "latin-1", "replace")


def _text_kind(text: str) -> str:
    start = text.lstrip(" \t\r\n")
    if re.match(r"!table\b", start, re.IGNORECASE):
        return "MapInfo TAB"
    if re.match(r"version[ \t]+\d+[ \t]*\r?\n", start, re.IGNORECASE):
        return "MapInfo MIF"
    if start[:1] in "{[" and start:
        return JSON
    if start.startswith("\x1e{"):
        return SEQUENCE
    if start.startswith("<"):
        return _xml_kind(start)
    if re.match(r"(?:PROJCS|GEOGCS|PROJCRS|GEOGCRS|COMPD_CS|COMPOUNDCRS|LOCAL_CS)\s*\[", start):
        return "projection file"
    if re.match(r"(?:999\s+[^\n]*\n\s*)*0\s*\r?\n\s*SECTION", start):
        return "DXF"
    if re.match(
        r"(?:SRID=\d+;)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*Z?M?\s*\(", start, re.IGNORECASE
    ):
        return "WKT"
    if re.match(r"(?i)(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:create|insert|begin|set|drop|pragma)\s", start):
        return "SQL"
    printable = sum(character.isprintable() or character in "\r\n\t" for character in start[:4096])
    lines = start[:4096].splitlines()[:20] or [""]
    # A title may stand above the table: then two of the lines below it have the mark.
    marked = any(mark in lines[0] or sum(mark in line for line in lines) > 1 for mark in ",;\t|")
    if printable >= 0.95 * len(start[:4096]) and marked:
        return "CSV"
    return "text" if printable >= 0.95 * len(start[:4096]) else UNKNOWN


def _xml_kind(text: str) -> str:
    plain = _COMMENT.sub("", text)
    if _DECLARATION.search(plain) and not re.match(r"<!DOCTYPE\s+(?:html|qgis)\b(?![^>]*\[)", plain, re.IGNORECASE):
        raise refuse("source-unsafe", reason="doctype")
    root = _ROOT.search(plain)
    if root is None:
        return "HTML" if plain[:9].lower() == "<!doctype" else "XML"
    name, attributes = root.group(1).lower(), root.group(2)
    if name == "qgis" and "projectname" not in attributes and ("style" in attributes.lower() or "<renderer" in plain):
        return "QGIS style"
    if name in _ROOTS:
        return _ROOTS[name]
    if name.rpartition(":")[2] == "kml" or "/kml/" in attributes:  # a Folder may be the root
        return "KML"
    if "opengis.net/gml" in attributes or name.startswith("gml:") or name.endswith("featurecollection"):
        return "GML"
    return "XML"


def _is_dbase(head: bytes, size: int) -> bool:
    if len(head) < 33 or head[0] not in {0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x83, 0x8B, 0xF5}:
        return False
    header = int.from_bytes(head[8:10], "little")
    return 33 <= header <= size and 1 <= head[2] <= 12
