"""What the client would rather have: q values, parameters, wildcards, and nothing that makes pygeoapi stumble."""

import pytest

from geoportal.ogc.negotiation import choose_coding, choose_format, choose_language, language_code, wishes

OFFERS = {
    "json": ("application/geo+json", "application/json"),
    "html": ("text/html",),
    "jsonld": ("application/ld+json",),
}
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "json"),
        ("*/*", "json"),
        (CHROME, "html"),
        ("application/geo+json", "json"),
        ("application/json", "json"),
        ("application/geo+json;charset=utf-8", "json"),
        ("text/*", "html"),
        ("text/html;q=0,*/*", "json"),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=0,application/geo+json;q=0,text/html;q=0,application/ld+json;q=0,*/*", None),
        ("text/html;q=0.3,application/ld+json;q=0.7", "jsonld"),
        ("application/ld+json,application/json", "jsonld"),
        ("text/html;q=0.2, application/*;q=0.1, application/ld+json;q=0.9", "jsonld"),
        ("text/html;q=0.9, application/*;q=0.1", "html"),
        ("image/png", None),
        ("text/html;q=2", "json"),
        ("text/html;q=-1", "json"),
        ("text/html;q=nan", "json"),
        ("text/html;q=", "json"),
        (",,;;q=0,", "json"),
        ("TEXT/HTML", "html"),
        ("text/html ; level=1 ; q=0.9", "html"),
        ("x" * 100000, None),
    ],
)
def test_format(accept, chosen):
    assert choose_format(accept, OFFERS) == chosen


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "id"),
        ("en", "en"),
        ("en-GB,en;q=0.9,id;q=0.8", "en"),
        ("id-ID,en;q=0.9", "id"),
        ("in", "id"),
        ("fr,en;q=0.5,id;q=0.7", "id"),
        ("en;q=0", "id"),
        ("id;q=0,en;q=0", "id"),
        ("*", "id"),
        ("en;q=1/0", "id"),
        ("fr", "id"),
        (";;;", "id"),
    ],
)
def test_language(header, chosen):
    assert choose_language(header, ("id", "en")) == chosen


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip;q=0", None),
        ("br;q=0.5,gzip;q=1.0", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("deflate", None),
    ],
)
def test_coding(header, chosen):
    assert choose_coding(header, ("zstd", "br", "gzip")) == chosen


def test_wishes_and_codes():
    assert [(wish.value, wish.weight) for wish in wishes("a/b;q=0.5, c/d")] == [("a/b", 0.5), ("c/d", 1.0)]
    assert [language_code(tag) for tag in ("id_ID", "EN-us", " in ", "")] == ["id", "en", "id", ""]


ITEMS = "/ogc/collections/desa/items"


@pytest.mark.parametrize(
    ("path", "accept", "media_type"),
    [
        (ITEMS, "application/geo+json", "application/geo+json"),
        (ITEMS, "application/json", "application/geo+json"),
        (ITEMS, CHROME, "text/html; charset=utf-8"),
        (ITEMS, "application/ld+json", "application/ld+json"),
        (ITEMS, "text/html;q=0,*/*;q=0.1", "application/geo+json"),
        (f"{ITEMS}/0001", "application/geo+json;q=0.5,text/html;q=0.4", "application/geo+json"),
        ("/ogc", "text/html", "text/html; charset=utf-8"),
        ("/ogc", "application/json", "application/json"),
        (
            "/ogc/openapi",
            "application/vnd.oai.openapi+json;version=3.0",
            "application/vnd.oai.openapi+json;version=3.0",
        ),
        ("/ogc/collections/desa/schema", "application/schema+json", "application/schema+json"),
        ("/ogc/collections/desa/queryables", "application/json", "application/schema+json"),
    ],
)
def test_the_media_type_is_what_was_asked_for(village, path, accept, media_type):
    assert village.get(path, headers={"accept": accept}).headers["content-type"] == media_type


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "*/*;q=0", "application/xml"])
def test_what_is_not_there_is_406(village, accept):
    problem = village.get(ITEMS, 406, headers={"accept": accept})
    assert problem.headers["content-type"] == "application/problem+json"
    assert "application/geo+json" in problem.json()["description"]


def test_f_wins_over_accept_and_self_says_what_it_is(village):
    document = village.json(f"{ITEMS}?f=json", headers={"accept": "text/html"})
    rels = {(link["rel"], link["type"]) for link in document["links"]}
    assert ("self", "application/geo+json") in rels
    assert {("alternate", "text/html"), ("alternate", "application/ld+json")} <= rels
    assert village.get(ITEMS, headers={"accept": "application/json"}).json()["links"][0]["rel"] == "self"


@pytest.mark.parametrize(
    "value", ["en;q=0", "en;q=0, id;q=0", "*;q=0", "xx", "en;q=nan", "\xff", "en" * 5000, "-", "_"]
)
def test_no_language_header_stumbles(village, value):
    response = village.get(ITEMS, headers={"accept-language": value.encode("latin-1")})
    assert response.headers["content-language"] in ("id-ID", "en-US")


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "", "id-ID"),
        ("", "en", "en-US"),
        ("lang=id", "en", "id-ID"),
        ("lang=en-US", "id", "en-US"),
        ("lang=en_GB", "id", "en-US"),
        ("lang=in", "en", "id-ID"),
    ],
)
def test_lang_wins_over_the_header(village, query, header, language):
    for path in ("/ogc/collections/desa", ITEMS, f"{ITEMS}/0001"):
        response = village.get(f"{path}?{query}".rstrip("?"), headers={"accept-language": header})
        assert response.headers["content-language"] == language
    title = village.json(f"/ogc/collections/desa?{query}".rstrip("?"), headers={"accept-language": header})["title"]
    assert title == {"id-ID": "Desa", "en-US": "Villages"}[language]


@pytest.mark.parametrize("value", ["xx", "", "en;q=0", "%00", "indonesia"])
def test_a_language_that_is_not_there_is_refused_by_name(village, value):
    """As with f: whoever names a form of the answer gets that form or is told what there is."""
    for path in ("/ogc", "/ogc/collections/desa", ITEMS, f"{ITEMS}/0001"):
        problem = village.json(f"{path}?lang={value}", 400, headers={"accept-language": "en"})
        assert problem["detail"].startswith("lang: ") and problem["detail"].endswith("id, en.")


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("GeoJSON", "json"),
        ("JSON", "json"),
        ("Html", "html"),
        ("CSV", "csv"),
        ("JSON-LD", "jsonld"),
        ("FlatGeobuf", "fgb"),
        ("GeoParquet", "parquet"),
        ("shp", None),
        ("", None),
    ],
)
def test_a_format_under_another_name_is_refused_with_the_one_that_was_meant(village, named, meant):
    for language, asks in (("id", "Maksud Anda f="), ("en", "Did you mean f=")):
        told = village.json(f"/ogc/collections/desa/items?f={named}&lang={language}", 400)["detail"]
        assert told.endswith(f"{asks}{meant}?") if meant else asks not in told
    if meant:
        village.get(f"/ogc/collections/desa/items?f={meant}")
