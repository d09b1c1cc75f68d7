"""A file that is not read is named, and the officer is told what to do, in both languages."""

import zipfile
from pathlib import Path

import pytest

from geoportal.checks import texts
from geoportal.language import LANGUAGES
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FILES: dict[str, tuple[bytes, str, str]] = {
    "peta.rar": (b"Rar!\x1a\x07\x01\0", "RAR", "zip"),
    "peta.7z": (b"7z\xbc\xaf\x27\x1c\0\0", "7-Zip", "zip"),
    "peta.tar.gz": (b"\x1f\x8b\x08\0\0", "gzip", "zip"),
    "peta.tar": (b"a".ljust(257, b"\0") + b"ustar\x0000", "tar", "zip"),
    "denah.dwg": (b"AC1032\0\0", "DWG", "AutoCAD DXF"),
    "rtrw.qgs": (b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis projectname='x'>", "QGIS project",
                 "Export"),
    "desa.qml": (b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis styleCategories='All'>",
                 "QGIS style", "Export"),
    "desa.sld": (b"<StyledLayerDescriptor version='1.0.0'>", "SLD", "Export"),
    "rtrw.mpk": (b"7z\xbc\xaf\x27\x1c\0\0", "ArcGIS package", "Export Features"),
    "rtrw.mxd": (OLE, "ArcGIS document", "Export Features"),
    "kebun.mdb": (b"\0\x01\0\0Standard Jet DB\0", "Microsoft Access", "File Geodatabase"),
    "surat.pdf": (b"%PDF-1.7\n", "PDF", "GeoPackage"),
    "tabel.xls": (OLE + "Workbook".encode("utf-16-le"), "XLS", ".xlsx"),
    "foto.png": (b"\x89PNG\r\n\x1a\n", "PNG", "Georeferencer"),
    "foto.jpg": (b"\xff\xd8\xff\xe0", "JPEG", "Georeferencer"),
    "desa.shx": (b"\0\0\x27\x0a" + bytes(96) + b"\0\0\0\x32", "Shapefile index", ".shp"),
    "desa.dbf": (b"\x03\x7e\x0b\x18" + bytes(4) + b"\x41\0\x15\0" + bytes(60), "dBASE", ".shp"),
    "desa.prj": (b'GEOGCS["GCS_WGS_1984",DATUM["x"]]', "projection file", ".shp"),
    "hujan.nc": (b"CDF\x01\0", "NetCDF", "GeoTIFF"),
    "hujan.h5": (b"\x89HDF\r\n\x1a\n", "HDF5", "GeoTIFF"),
    "map.osm": (b"<?xml version='1.0'?><osm version='0.6'>", "OpenStreetMap XML", "OpenStreetMap"),
    "map.pbf": (b"\0\0\0\x0d\x0a\x09OSMHeader\x18", "OpenStreetMap PBF", "OpenStreetMap"),
    "pasang.exe": (b"MZ\x90\0\x03\0", "Windows program", ""),
    "sumber.vrt": (b"<OGRVRTDataSource>", "VRT", "Export"),
}  # fmt: skip
ZIPS: dict[str, tuple[dict[str, bytes], str]] = {
    "surat.docx": ({"[Content_Types].xml": b"x", "word/document.xml": b"x"}, "DOCX"),
    "paparan.pptx": ({"[Content_Types].xml": b"x", "ppt/presentation.xml": b"x"}, "PPTX"),
    "tabel.ods": ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"x"}, "ODS"),
    "surat.odt": ({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"x"}, "ODT"),
    "rtrw.qgz": ({"rtrw.qgs": b"<qgis/>", "rtrw.qgd": b"x"}, "QGIS project"),
    "rtrw.ppkx": ({"esriinfo/item.pkinfo": b"<x/>", "p20/x.aprx": b"x"}, "ArcGIS package"),
    "isi.zip": ({"a/gambar.dwg": b"AC1032\0"}, "DWG"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_with_its_way_out(name: str, tmp_path: Path, inspect: Inspect) -> None:
    content, kind, word = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    report, staged = inspect(path)
    assert report.verdict is Verdict.REJECT and staged is None
    assert rules(report) == {"format-not-supported": {"kind": kind}}
    (finding,) = report.findings
    for language in LANGUAGES:
        assert word in texts.hint(finding, language)
        assert texts.word("kind", kind, language) in texts.message(finding, language)
        assert texts.hint(finding, language) != texts.advice("format-not-supported", language)
    assert texts.hint(finding, "id") != texts.hint(finding, "en")


@pytest.mark.parametrize("name", ZIPS)
def test_a_container_is_named_by_what_is_in_it(name: str, tmp_path: Path, inspect: Inspect) -> None:
    members, kind = ZIPS[name]
    report, _ = inspect(makers.zipped(tmp_path / name, members))
    assert rules(report) == {"format-not-supported": {"kind": kind}}
    assert texts.hint(report.findings[0], "id") != texts.advice("format-not-supported", "id")


def test_a_kind_has_a_word_wherever_it_has_a_way_out() -> None:
    from babel.messages.pofile import read_po

    from geoportal.language import LOCALE

    for language in LANGUAGES:
        with (LOCALE / language / "LC_MESSAGES" / "rules.po").open("rb") as source:
            keys = {str(item.id) for item in read_po(source)}
        ways = {key.removeprefix("way-out.") for key in keys if key.startswith("way-out.")}
        words = {key.partition(".")[2] for key in keys if key.startswith(("kind.", "reason."))}
        # A reason may also be told by a sentence of its own.
        words |= {key.partition(".message.")[2] for key in keys if ".message." in key}
        # crs-mixed is no kind of mistake: it says of any of them that it concerns a part of the layer.
        assert ways - words <= {"file", "crs-mixed"}, ways - words


def test_a_file_beyond_the_setting_names_the_limit(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(b"{" + bytes(2 << 20))
    report, _ = inspect(path, limits={"max_mb": 1})
    (finding,) = report.findings
    assert finding.params == {"reason": "file", "limit_mb": 1}
    assert "1 MB" in texts.message(finding, "id") and "ingest.max_mb" in texts.hint(finding, "id")


def test_a_zip_that_unpacks_beyond_the_setting_is_refused_unread(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("desa.shp", bytes(range(256)) * 6000)
    report, _ = inspect(path, limits={"max_mb": 1})
    assert rules(report) == {"archive-unsafe": {"reason": "too-large", "member": None}}
