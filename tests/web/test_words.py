"""Words, numbers, days and places; the language of a visitor; scores and schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from geoportal.model.report import Report, Severity
from geoportal.web.cards import shortened
from geoportal.web.encoding import compressed, wanted
from geoportal.web.freshness import add_months, freshness_of
from geoportal.web.quality import quality_of
from geoportal.web.visitor import accepted_language, prefers_html, weighted
from geoportal.web.wording import Wording
from tests.web import nodes

ID, EN = (Wording(language, ZoneInfo("Asia/Makassar")) for language in ("id", "en"))
NOON = datetime(2026, 11, 24, 2, 32, tzinfo=UTC)


def test_numbers_sizes_and_places():
    assert ID.number(1234567.5, 1) == "1.234.567,5" and EN.number(1234567.5, 1) == "1,234,567.5"
    assert [ID.size(n) for n in (0, 999, 41_000, 4_200_000, 150_000_000)] == [
        "0 B",
        "999 B",
        "41 KB",
        "4,2 MB",
        "150 MB",
    ]
    assert ID.place(116.98, -0.42, 2) == "0,42° LS, 116,98° BT" and EN.place(-1, 2, 0) == "2° N, 1° W"


def test_days_and_times():
    assert ID.day("2026-08-17") == "17 Agu 2026" and EN.day("2026-08-17") == "17 Aug 2026"
    assert ID.long_day(date(2026, 5, 1)) == "1 Mei 2026" and ID.day("kemarin") == "kemarin" and ID.day(None) == ""
    assert ID.instant(NOON) == "24 Nov 2026, 10.32 WITA"
    assert ID.day(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)) == "25 Nov 2026", "a day of the node's zone"


def test_counts_tell_one_from_many():
    assert EN.n("count.datasets", 1) == "1 dataset" and EN.n("count.datasets", 2) == "2 datasets"
    assert ID.n("count.datasets", 1200) == "1.200 dataset"


def test_rich_texts_escape_what_is_put_in():
    assert "&lt;b&gt;" in ID.rich("connect.qgis", title="<b>") and "<strong>" in ID.rich("connect.qgis", title="x")


def test_unknown_codes_stay_as_they_are():
    assert ID.code("topic", "boundaries") == "Batas wilayah" and ID.code("topic", "baru") == "baru"
    assert ID.code("topic", None) == ""


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "id"),
        ("en", "en"),
        ("en-GB,id;q=0.5", "en"),
        ("fr, id;q=0.4, en;q=0.3", "id"),
        ("xx", "id"),
        ("en;q=x", "id"),
    ],
)
def test_accepted_language(header, language):
    assert accepted_language(header, ("id", "en")) == language


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("", True),
        ("*/*", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json", False),
        ("application/problem+json, text/html;q=0.5", False),
        ("text/html, application/json;q=0.9", True),
        ("image/png", False),
    ],
)
def test_pages_or_data(accept, page):
    assert prefers_html(accept) is page


def test_weights():
    assert weighted("a;q=0.5, B , ;q=1,c;q=nan") == [("a", 0.5), ("b", 1.0), ("c", 0.0)]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0.2, gzip", "gzip"),
        ("identity", None),
        ("br;q=0", None),
        ("*", "br"),
    ],
)
def test_encodings(header, encoding):
    assert wanted(header) == encoding


def test_compression_is_used_where_it_helps():
    body = b"peta " * 1000
    for name in ("br", "gzip"):
        smaller, used = compressed(body, name)
        assert used == name and len(smaller) < 200
    assert compressed(b"kecil", "br") == (b"kecil", None)
    assert compressed(body, None) == (body, None)


@pytest.mark.parametrize(
    ("content", "rhythm", "today", "late"),
    [
        ("2026-05-24", "biannually", date(2026, 11, 24), 0),
        ("2026-05-24", "biannually", date(2026, 11, 25), 1),
        ("2026-11-20", "daily", date(2026, 11, 24), 3),
        ("2024-02-29", "annually", date(2025, 3, 1), 1),
    ],
)
def test_lateness(content, rhythm, today, late):
    record = nodes.record_of(content_date=content, update_frequency=rhythm)
    assert freshness_of(record, today).late_days == late


@pytest.mark.parametrize(
    ("content", "rhythm"), [(None, "daily"), ("x", "daily"), ("2026-01-01", "asNeeded"), ("2026-01-01", None)]
)
def test_no_promise_no_lateness(content, rhythm):
    assert freshness_of(nodes.record_of(content_date=content, update_frequency=rhythm), date(2030, 1, 1)) is None


def test_months_end_where_they_end():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28) and add_months(date(2026, 11, 30), 3) == date(
        2027, 2, 28
    )


def test_scores_are_never_rounded_up():
    layer = nodes.points(1)
    one = nodes.finding("key-duplicate", Severity.WARNING)
    assert quality_of(nodes.report_on(layer)).score == 100
    assert quality_of(nodes.report_on(layer, [one])).score == 90
    assert quality_of(nodes.report_on(nodes.points(3), [one])).score == 96  # 3.3 points are lost
    assert quality_of(nodes.report_on(layer, [nodes.finding("field-null", Severity.INFO)])).score == 100
    blocked = quality_of(nodes.report_on(layer, [nodes.finding(severity=Severity.BLOCKING)]))
    assert blocked.state == "blocked" and blocked.blocking_places == 1


def test_unchecked_is_no_score():
    assert quality_of(Report()).score is None and quality_of(Report()).state == "unchecked"


def test_long_texts_end_at_a_sentence():
    text = "Satu kalimat yang cukup panjang untuk dibaca. " + "kata " * 60
    assert shortened(text, 100) == "Satu kalimat yang cukup panjang untuk dibaca."
    assert shortened("kata " * 60, 50).endswith("kata …") and shortened("pendek") == "pendek"
