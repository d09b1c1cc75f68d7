import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.refusal import note_of
from geoportal.ingest.sniff import kind_of


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
        (b"AC1032rest", "DWG"),
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
