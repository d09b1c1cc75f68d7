import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.refusal import note_of
from geoportal.ingest.sniff import kind_of, maker_of


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"SQLite format 3\0rest", "SQLite"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\0\0\x27\x0a" + bytes(96) + b"\0\0\0\x01", "Shapefile"),
        (b"\0\0\x27\x0a" + bytes(96) + b"\0\0\0\x32", "Shapefile index"),
        (b'{"type": "FeatureCollection"}', "JSON"),
        (b"\xef\xbb\xbf \n[1]", "JSON"),
        (b'\x1e{"type": "Feature"}', "GeoJSON text sequence"),
        (b"fgb\x03fgb\x00rest", "FlatGeobuf"),
        (b"PAR1rest", "Parquet"),
        (b"II*\0rest", "TIFF"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"AC1032\0rest", "DWG"),
        (b"AC1032;nama\n1;2\n", "CSV"),
        (b"BMW,kode\n1,2\n", "CSV"),
        (b"BM\x36\0\x0c\0\0\0\0\0\x36\0", "BMP"),
        (b"MM\0*rest", "TIFF"),
        (b"AutoCAD Binary DXF\r\n\x1a\0", "DXF"),
        (b"\0\x01\0\0Standard Jet DB\0", "Microsoft Access"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100) + "Workbook".encode("utf-16-le"), "XLS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100) + "WordDocument".encode("utf-16-le"), "DOC"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "Microsoft Office 97-2003"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"CDF\x02\0", "NetCDF"),
        (b"\0\0\0\x0d\x0a\x09OSMHeader\x18", "OpenStreetMap PBF"),
        (b"desa.txt" + bytes(249) + b"ustar\x0000", "tar"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b'PROJCS["WGS_1984_UTM_Zone_50S",GEOGCS["x"]]', "projection file"),
        (b"<osm version='0.6'>", "OpenStreetMap XML"),
        (b'<qgis projectname="RTRW" version="3.34">', "QGIS project"),
        (
            b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'><qgis styleCategories='AllStyleCategories'>",
            "QGIS style",
        ),
        (b'<StyledLayerDescriptor xmlns="http://www.opengis.net/sld">', "SLD"),
        (b"  0\nSECTION\n  2\nHEADER\n", "DXF"),
        (b"999\ncomment\n0\nSECTION\n", "DXF"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0"?><!-- <gml> --><kml xmlns="http://www.opengis.net/kml/2.2">', "KML"),
        (b'<x:FeatureCollection xmlns:x="a" xmlns:gml="http://www.opengis.net/gml">', "GML"),
        (b"<gpx version='1.1'>", "GPX"),
        (b"<OGRVRTDataSource>", "VRT"),
        (b"<!DOCTYPE html><html>", "HTML"),
        ('<?xml version="1.0" encoding="UTF-16"?><kml/>'.encode("utf-16"), "KML"),
        (b"kode;nama\n1;2\n", "CSV"),
        ("kode,nama\n1,M\xe9xico\n".encode("latin-1"), "CSV"),
        (b"POLYGON((0 0, 1 1, 0 1, 0 0))", "WKT"),
        (b"CREATE TABLE x (y);", "SQL"),
        (b"just words", "text"),
        (b"\x03\x7e\x0b\x18" + bytes(4) + b"\x41\0\x15\0" + bytes(60), "dBASE"),
        (b"\x01\x02\x03\x04" * 20, "unknown"),
    ],
)
def test_content_decides(content: bytes, kind: str) -> None:
    assert kind_of(content, len(content)) == kind


@pytest.mark.parametrize(
    ("kind", "name", "maker"),
    [
        ("7-Zip", "Peta RTRW.mpk", "ArcGIS package"),
        ("7-Zip", "data.7z", "7-Zip"),
        ("Microsoft Office 97-2003", "jalan.lyr", "ArcGIS document"),
        ("Microsoft Office 97-2003", "tanpa akhiran", "Microsoft Office 97-2003"),
        ("PDF", "peta.mpk", "PDF"),
    ],
)
def test_a_name_only_helps_to_say_who_made_a_container(kind: str, name: str, maker: str) -> None:
    assert maker_of(kind, name) == maker


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>',
        b'<?xml version="1.0"?>\n<!doctype gml><gml/>',
        b'<!-- harmless --><!ENTITY lol "lol"><kml/>',
        b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html/>',
        '<!DOCTYPE kml SYSTEM "http://x/y.dtd"><kml/>'.encode("utf-16"),
    ],
)
def test_xml_with_a_document_type_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableSource) as caught:
        kind_of(content, len(content))
    assert note_of(caught.value) == ("source-unsafe", {"reason": "doctype"})
