"""Downloads: whole, in ranges, unchanged, refused (RFC 9110 13 and 14)."""

from __future__ import annotations

import json
import sqlite3

import pytest

from geoportal.model.access import PUBLIC_AUDIENCE
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
