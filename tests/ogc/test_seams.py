"""The seams hold: upstream is the one we know, our symbols stand in its place, and each does what it is for."""

import gettext
import json
from datetime import UTC, datetime
from importlib import import_module

import orjson
import pytest

from geoportal.errors import GeoportalError
from geoportal.ogc import seams
from geoportal.ogc.instants import checked_datetime, interval_of
from geoportal.ogc.region import AskedBox, kept_box, region_of
from geoportal.ogc.splice import Features, as_json, held, timestamp

INSTANT = datetime(2026, 11, 24, 3, 4, 5, 678, tzinfo=UTC)


def test_pygeoapi_is_the_one_that_the_seams_were_cut_for():
    assert seams.changed() == [], "read the functions named again, then renew their digests in ogc/seams.py"
    assert {watch.seam for watch in seams.WATCHES} == {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S9", "S10"}


def test_a_change_upstream_is_noticed(monkeypatch, caplog):
    monkeypatch.setattr(seams, "WATCHES", (*seams.WATCHES, seams.Watch("S1", "pygeoapi.util", "to_json", "0" * 16)))
    assert seams.changed() == ["S1 pygeoapi.util.to_json"]
    monkeypatch.setattr(seams, "_ORIGINALS", {})
    monkeypatch.setattr(seams, "REPLACED", ())
    with caplog.at_level("WARNING", "geoportal.ogc"):
        seams.install()
    assert "S1 pygeoapi.util.to_json" in caplog.text


def test_a_symbol_that_is_gone_stops_the_start(monkeypatch):
    monkeypatch.setattr(seams, "_ORIGINALS", {})
    monkeypatch.setattr(seams, "REPLACED", (("S1", "pygeoapi.api", "no_such_thing", as_json),))
    with pytest.raises(GeoportalError, match="no_such_thing"):
        seams.install()


def test_every_symbol_is_replaced_and_the_original_is_kept(village):
    for _, module, name, ours in seams.REPLACED:
        assert getattr(import_module(module), name) is ours
        assert seams.original(module, name) is not ours
    assert import_module("pygeoapi.plugin").PLUGINS["formatter"] == {}


def page(*texts: bytes) -> dict:
    return {
        "type": "FeatureCollection",
        "features": Features(texts, INSTANT, 4),
        "numberMatched": 9,
        "links": [{"rel": "next", "href": "http://h/items?offset=2"}, {"rel": "self", "href": "http://h/items"}],
        "timeStamp": "now",
    }


def test_features_are_spliced_untouched():
    texts = [b'{"type":"Feature","id":"1","x":1.10}', b'{"type":"Feature","id":"2","s":"<&>"}']
    body = as_json(page(*texts))
    assert b'"features":[' + b",".join(texts) + b"]}" in body
    document = json.loads(body)
    assert document["timeStamp"] == timestamp(INSTANT) == "2026-11-24T03:04:05.000678Z"
    assert [link["href"] for link in document["links"]] == ["http://h/items?offset=2&version=4", "http://h/items"]
    assert json.loads(as_json(page()))["features"] == []


@pytest.mark.parametrize(("offset", "kept"), [(8, True), (9, False), (20, False)])
def test_no_next_page_behind_the_last(offset, kept):
    document = {**page(b"{}"), "links": [{"rel": "next", "href": f"http://h/items?limit=1&offset={offset}"}]}
    assert bool(json.loads(as_json(document))["links"]) == kept


def test_features_are_decoded_once_and_in_place():
    features = Features([b'{"id":"1"}', b'{"id":"2"}'], INSTANT, 1)
    assert len(features) == 2 and features and features.raw is not None and features.size_bytes == 20
    assert features[0]["id"] == "1" and features.raw is None
    assert features[0] is features[0]
    features[1] = {"id": "changed"}
    features.insert(0, {"id": "0"})
    del features[1]
    assert [feature["id"] for feature in features] == ["0", "changed"]
    assert [feature["id"] for feature in features[1:]] == ["changed"]
    assert (
        json.loads(as_json({"type": "FeatureCollection", "features": features, "links": []}))["features"][1]["id"]
        == "changed"
    )
    assert not isinstance(features, list), "a serialiser would read an empty list"


def test_json_never_holds_what_is_no_json():
    assert orjson.loads(as_json({"a": float("nan"), "b": float("inf")})) == {"a": None, "b": None}
    assert b"<b>&" in as_json({"a": "<b>&"})
    assert as_json({"a": datetime(2026, 1, 1, tzinfo=UTC)}) == b'{"a":"2026-01-01T00:00:00+00:00"}'
    with pytest.raises(TypeError):
        as_json({"a": object()})


@pytest.mark.parametrize(
    ("href", "wanted"),
    [
        ("http://h/i?offset=1", "http://h/i?offset=1&version=3"),
        ("http://h/i", "http://h/i?version=3"),
        ("http://h/i?version=2&offset=1", "http://h/i?version=2&offset=1"),
        ("http://h/i?x=version", "http://h/i?x=version&version=3"),
    ],
)
def test_paging_links_hold_their_version(href, wanted):
    assert held(href, 3) == wanted


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T00:00:00Z",
        "2026-11-24T00:00:00.123456789+08:00",
        "2026-11-24",
        "2026-11",
        "2026",
        "2026-01-01/2026-12-31",
        "../2026-01-01",
        "2026-01-01/..",
        "/2026-01-01",
        "2026-01-01/",
        "../..",
        "1990-12-31T23:59:60Z",
        "0001-01-01/9999-12-31",
    ],
)
def test_times_that_make_sense(value):
    assert checked_datetime({}, value) == value
    assert checked_datetime({"temporal": {"begin": None, "end": None}}, value) == value
    assert checked_datetime({}, None) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "a",
        "2026-1-1",
        "2026-02-30",
        "2026-11-24T25:00:00Z",
        "2026-11-24T00:00:00",
        "20261124",
        "2026/2025",
        "a/b/c",
        "2026-01-01/2026-01-02/2026-01-03",
        "٢٠٢٦",
        "0000-01-01",
        "0001-01-01T00:00:00+23:59",
        "9" * 9000,
        "2026-01-01\n",
    ],
)
def test_times_that_make_none(value):
    with pytest.raises(ValueError, match="datetime"):
        checked_datetime({}, value)


def test_intervals():
    first, last = interval_of("2026-02")
    assert first is not None and last is not None
    assert (first.day, last.day, last.hour) == (1, 28, 23)
    assert interval_of("2024-01-01/..")[1] is None


def test_boxes_stay_as_they_were_asked():
    degrees = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    epsg = "http://www.opengis.net/def/crs/EPSG/0/{}"
    box = kept_box([1, 2, 3, 4], degrees, epsg.format(32750))
    assert (list(box), box.crs) == ([1, 2, 3, 4], degrees)
    assert region_of(box).degrees == ((1, 2, 3, 4),)
    assert region_of(AskedBox([2, 1, 4, 3], epsg.format(4326))).degrees == ((1, 2, 3, 4),)
    assert region_of(AskedBox([170, -1, -170, 1], degrees)).degrees == ((170, -1, 180, 1), (-180, -1, -170, 1))
    assert region_of(AskedBox([1, 2, 5, 3, 4, 6], degrees)).heights == (5, 6)
    assert region_of(AskedBox([1, 2, 3, 4], epsg.format(32750))).elsewhere == (((1, 2, 3, 4),), epsg.format(32750))


def test_texts_are_never_stale_and_nothing_is_kept():
    from pygeoapi import l10n

    before = len(l10n._gettext_cache)
    assert l10n.translate("Collections", l10n.str2locale("id-ID")) == "Koleksi"
    assert l10n.translate("Collections", l10n.str2locale("en-US")) == "Collections"
    for number in range(50):
        assert l10n.translate(f"a title {number}", l10n.str2locale("id-ID")) == f"a title {number}"
    assert l10n.translate("", l10n.str2locale("id-ID")) == "", "gettext would give the header of the catalogue"
    assert len(l10n._gettext_cache) == before
    assert isinstance(import_module("pygeoapi.util").Translations.load("x", ["id"]), gettext.NullTranslations)
