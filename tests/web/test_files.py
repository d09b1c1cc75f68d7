"""Downloads: whole, in ranges, unchanged, refused (RFC 9110 13 and 14)."""

from __future__ import annotations

import hashlib
import json
import sqlite3

import pytest

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.model.layer import Layer
from geoportal.serving.build import build
from geoportal.serving.downloads import build_downloads
from geoportal.web.answers import REVALIDATE
from geoportal.web.files import requested_range, version_number
from tests.web import nodes

GPKG = "/berkas/puskesmas/2/puskesmas.gpkg"


@pytest.fixture
def whole(portal):
    return portal.client.get(GPKG)


def test_a_file_is_what_lies_on_disk(portal, whole, tmp_path):
    publication = portal.node.publication(PUBLIC_AUDIENCE, "puskesmas")
    path = portal.node.derived(publication) / "berkas" / "puskesmas.gpkg"
    assert whole.status_code == 200 and whole.content == path.read_bytes()
    assert whole.headers["content-length"] == str(path.stat().st_size)
    assert whole.headers["content-type"] == "application/geopackage+sqlite3"
    assert whole.headers["content-disposition"] == 'attachment; filename="puskesmas-v2.gpkg"'
    assert whole.headers["accept-ranges"] == "bytes"
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(whole.content)
    with sqlite3.connect(copy) as base:
        assert base.execute("select count(*) from gpkg_contents").fetchone() == (1,)
    base.close()
    features = json.loads(portal.client.get("/berkas/puskesmas/1/puskesmas.geojson").content)["features"]
    assert len(features) == 2


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-0", 0, 0), ("0-99", 0, 99), ("100-", 100, -1), ("-10", -10, -1), ("5-99999999", 5, -1), ("-99999999", 0, -1)],
)
def test_a_range(portal, whole, asked, first, last):
    size = len(whole.content)
    first, last = first % size, last % size
    answer = portal.client.get(GPKG, headers={"range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == whole.content[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", f"bytes={10**17}-"])
def test_a_range_behind_the_end(portal, whole, asked):
    answer = portal.client.get(GPKG, headers={"range": asked})
    assert answer.status_code == 416 and not answer.content
    assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=a-b", "lines=1-2", "bytes=", "bytes=-", "bytes=0-1,5-9", "x", "bytes=" + "9" * 99 + "-"],
)
def test_a_range_without_sense_is_ignored(portal, whole, asked):
    answer = portal.client.get(GPKG, headers={"range": asked})
    assert answer.status_code == 200 and answer.content == whole.content


def test_unchanged(portal, whole):
    tag = whole.headers["etag"]
    assert not tag.startswith("W/")
    for header in (tag, f'"other", {tag}', "*", f"W/{tag}"):
        answer = portal.client.get(GPKG, headers={"if-none-match": header})
        assert answer.status_code == 304 and not answer.content and answer.headers["etag"] == tag
    assert portal.client.get(GPKG, headers={"if-none-match": '"other"'}).status_code == 200
    moment = whole.headers["last-modified"]
    assert portal.client.get(GPKG, headers={"if-modified-since": moment}).status_code == 304
    assert portal.client.get(GPKG, headers={"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}).status_code == 200
    assert portal.client.get(GPKG, headers={"if-modified-since": "never"}).status_code == 200


def test_if_range(portal, whole):
    tag = whole.headers["etag"]
    for condition, status in (
        (tag, 206),
        (whole.headers["last-modified"], 206),
        (f"W/{tag}", 200),
        ('"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("nonsense", 200),
    ):
        answer = portal.client.get(GPKG, headers={"range": "bytes=0-9", "if-range": condition})
        assert answer.status_code == status, condition


def test_head_says_the_same_without_a_body(portal, whole):
    answer = portal.client.head(GPKG, headers={"range": "bytes=0-9"})
    assert answer.status_code == 200 and not answer.content
    assert answer.headers["content-length"] == str(len(whole.content))
    assert answer.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/berkas/puskesmas/3/puskesmas.gpkg",
        "/berkas/puskesmas/0/puskesmas.gpkg",
        "/berkas/puskesmas/02/puskesmas.gpkg",
        f"/berkas/puskesmas/{'9' * 5000}/puskesmas.gpkg",
        "/berkas/puskesmas/-1/puskesmas.gpkg",
        "/berkas/puskesmas/2/puskesmas.sqlite",
        "/berkas/puskesmas/2/lain.gpkg",
        "/berkas/puskesmas/2/puskesmas.gpkg/",
        "/berkas/puskesmas/2/..%2Fsummary.json",
        "/berkas/puskesmas/2/..%2f..%2f..%2f..%2fregister.db",
        "/berkas/..%2fpuskesmas/2/puskesmas.gpkg",
    ],
)
def test_nothing_else_is_given_out(portal, path):
    assert portal.client.get(path).status_code == 404


def test_large_files_come_in_pieces(portal, monkeypatch, whole):
    monkeypatch.setattr("geoportal.web.files.CHUNK_BYTES", 1000)
    with portal.client.stream("GET", GPKG) as answer:
        pieces = list(answer.iter_raw())
    assert b"".join(pieces) == whole.content


def test_version_numbers_are_numbers():
    assert version_number("7") == 7
    assert requested_range("bytes=0-4", 5) == range(5)
    assert requested_range("bytes=0-4", 0) == range(0)
    assert requested_range("bytes=-4", 0) == range(0)


def test_drawings_are_shown_and_hold_no_script(portal):
    for name in ("thumb", "map"):
        answer = portal.client.get(f"/dataset/puskesmas/{name}.svg?version=1")
        assert answer.text == nodes.SVG and answer.headers["content-type"] == "image/svg+xml"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "sandbox" in answer.headers["content-security-policy"]
        tag = answer.headers["etag"]
        again = portal.client.get(f"/dataset/puskesmas/{name}.svg?version=1", headers={"if-none-match": tag})
        assert again.status_code == 304


def test_the_map_page_brings_its_own_policy(portal):
    for language in ("id", "en"):
        answer = portal.client.get(f"/peta/puskesmas?version=2&lang={language}")
        assert answer.text == nodes.PREVIEW.format(language=language, title="Peta")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(nodes.POLICY)
        assert "frame-ancestors 'self'" in policy and "sandbox allow-scripts" in policy
    assert portal.client.get("/peta/puskesmas?version=9").status_code == 404
    assert portal.client.get("/peta/puskesmas?version=x").status_code == 404


FORMATS = {
    "gpkg": "application/geopackage+sqlite3",
    "shp.zip": "application/zip",
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8; header=present",
    "kml": "application/vnd.google-earth.kml+xml",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_is_served_in_parts_under_its_digest(portal, extension):
    path = f"/berkas/puskesmas/2/puskesmas.{extension}"
    whole = portal.client.get(path, headers={"accept-encoding": "br, gzip"})
    assert whole.status_code == 200 and "content-encoding" not in whole.headers
    assert whole.headers["content-type"] == FORMATS[extension]
    assert whole.headers["content-disposition"] == f'attachment; filename="puskesmas-v2.{extension}"'
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["etag"] == f'"{hashlib.sha256(whole.content).hexdigest()[:40]}"'
    assert whole.headers["cache-control"] == REVALIDATE and whole.headers["vary"] == "Authorization"
    part = portal.client.get(path, headers={"range": "bytes=10-19", "if-range": whole.headers["etag"]})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    head = portal.client.head(path)
    assert not head.content and head.headers["content-length"] == str(len(whole.content))
    assert portal.client.get(path, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("extension", [*FORMATS, "json", "pmtiles"])
def test_a_guarded_file_is_for_those_who_may_see_it(portal, extension):
    for dataset_id in nodes.HIDDEN:
        path = f"/berkas/{dataset_id}/1/{dataset_id}.{extension}"
        assert portal.client.get(path).status_code == 404
        seen = portal.client.get(path, headers=portal.token)
        assert seen.status_code == (200 if extension in FORMATS else 404)
        if extension in FORMATS:
            assert seen.headers["cache-control"] == "private, no-store"
    seen = portal.client.get(f"/berkas/puskesmas/2/puskesmas.{extension}", headers=portal.token)
    if extension in FORMATS:
        assert seen.headers["cache-control"] == "private, no-store"


def test_the_list_itself_is_not_a_download(portal):
    for name in ("unduhan.json", "puskesmas.json", "puskesmas.unduhan.json"):
        assert portal.client.get(f"/berkas/puskesmas/2/{name}").status_code == 404


def test_the_page_shows_formats_with_systems_and_what_they_cannot_keep(portal):
    page = portal.client.get("/dataset/puskesmas?lang=id").text
    for extension in FORMATS:
        assert f'href="/berkas/puskesmas/2/puskesmas.{extension}"' in page
    assert "GeoPackage" in page and "· EPSG:4326" in page and "· WGS 84" in page
    assert "Yang perlu diketahui tiap format" in page and "Pemisahnya koma" in page
    assert "What to know of each format" in portal.client.get("/dataset/puskesmas?lang=en").text


def test_a_build_from_before_there_were_lists_keeps_working(empty):
    publication = nodes.publish(empty.node, "lama")
    folder = empty.node.derived(publication) / "berkas"
    for path in folder.iterdir():
        if path.suffix not in (".gpkg", ".geojson"):
            path.unlink()
    page = empty.client.get("/dataset/lama").text
    assert 'href="/berkas/lama/1/lama.gpkg"' in page and "lama.csv" not in page
    whole = empty.client.get("/berkas/lama/1/lama.gpkg")
    assert whole.status_code == 200 and whole.headers["etag"].startswith('"')
    other = empty.client.get("/berkas/lama/1/lama.geojson")
    assert other.headers["etag"] != whole.headers["etag"]
    assert empty.client.get("/berkas/lama/1/lama.csv").status_code == 404
    links = empty.client.get("/ogc/collections/lama?f=json").json()["links"]
    assert [link["href"].rpartition(".")[2] for link in links if link["rel"] == "enclosure"] == ["gpkg", "geojson"]


def test_a_format_that_is_missing_is_on_the_page_with_its_reason(empty):
    layer = nodes.points(2)
    table = Layer("layer", layer.frame.drop(columns="geometry"), None, layer.fields, None)
    publication = nodes.publish(empty.node, "tabel")
    folder = empty.node.derived(publication)
    build(table, folder, key="kode")
    build_downloads(table, folder, "tabel", publication.record)
    page = empty.client.get("/dataset/tabel?lang=id").text
    assert "tidak tersedia" in page and "Dataset ini tabel tanpa letak" in page and "tabel.kml" not in page


def test_collections_link_the_files_that_exist_with_type_and_length(portal):
    for headers, dataset_id in (({}, "puskesmas"), (portal.token, "rahasia_satu")):
        links = portal.client.get(f"/ogc/collections/{dataset_id}?f=json", headers=headers).json()["links"]
        found = {link["href"].partition(f"{dataset_id}.")[2]: link for link in links if link["rel"] == "enclosure"}
        assert list(found) == list(FORMATS)
        for extension, link in found.items():
            answer = portal.client.head(link["href"], headers=headers)
            assert answer.status_code == 200 and link["length"] == int(answer.headers["content-length"])
            assert link["type"] == FORMATS[extension] and "hreflang" not in link
