"""What caches, browsers and careful clients live by: ETag, 304, Vary, HEAD, OPTIONS, CORS, codings, problem
documents.
"""

import gzip

import brotli
import pytest
import zstandard

from geoportal.errors import error_classes
from geoportal.language import has_text
from geoportal.ogc.app import RESOURCES, ogc_routes
from geoportal.ogc.engine import Engine
from tests.ogc.world import points

ITEMS = "/ogc/collections/desa/items"
PATHS = [resource.path.replace("{collection}", "desa").replace("{item:path}", "0001") for resource in RESOURCES]


@pytest.mark.parametrize("path", PATHS)
def test_the_same_etag_is_the_same_bytes(village, path):
    for form in ("json", "html"):
        first = village.get(f"{path}?f={form}")
        etag = first.headers["etag"]
        assert etag.startswith('"') and etag.endswith('"')
        assert village.get(f"{path}?f={form}").content == first.content
        assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
        assert first.headers["vary"] == "Accept, Accept-Language, Accept-Encoding, Authorization"
        for known in (etag, f"W/{etag}", f'"other", {etag}'):
            again = village.get(f"{path}?f={form}", 304, headers={"if-none-match": known})
            assert (again.content, again.headers["etag"]) == (b"", etag)
        assert village.get(f"{path}?f={form}", headers={"if-none-match": '"other"'}).content


def test_different_answers_have_different_etags(village):
    asked = [
        ("", {}),
        ("?limit=3", {}),
        ("?limit=4", {}),
        ("?f=html", {}),
        ("?f=jsonld", {}),
        ("?lang=en", {}),
        ("?crs=http://www.opengis.net/def/crs/EPSG/0/3857", {}),
        ("", {"accept-encoding": "gzip"}),
        ("", {"accept-encoding": "br"}),
        ("/0001", {}),
        ("/0002", {}),
    ]
    tags = [
        village.get(ITEMS + query, headers={"accept-encoding": "identity"} | headers).headers["etag"]
        for query, headers in asked
    ]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((f"{ITEMS}?limit=3&offset=1&f=json", {}), (f"{ITEMS}?offset=1&f=json&limit=3&limit=3", {})),
        (
            (f"{ITEMS}?limit=3&f=json", {"accept-language": "id"}),
            (f"{ITEMS}?limit=3", {"accept": "application/geo+json"}),
        ),
        (
            (f"{ITEMS}?f=html", {"accept-language": "en"}),
            (ITEMS, {"accept": "text/html", "accept-language": "en-GB"}),
        ),
        (("/ogc?f=html", {}), ("/ogc/", {"accept": "text/html"})),
        (("/ogc?f=html&lang=en", {}), ("/ogc", {"accept": "text/html", "accept-language": "en"})),
        (("/ogc/collections/desa?lang=id&f=json", {}), ("/ogc/collections/desa", {})),
        (("/ogc/collections/desa/queryables?f=json", {}), ("/ogc/collections/desa/queryables", {})),
    ],
)
def test_one_question_asked_in_two_ways_is_one_answer(world, one, other):
    """In either order of asking, on workers that have kept nothing yet: equal ETags must mean equal bytes."""
    world.publish("desa", points(12))
    found = []
    for first, second in ((one, other), (other, one)):
        engine = Engine(world.node)
        world.client.app.router.routes[:] = ogc_routes(world.node, engine)
        answers = [world.get(path, headers=headers) for path, headers in (first, second)]
        assert answers[0].headers["etag"] == answers[1].headers["etag"]
        found += [answer.content for answer in answers]
    assert len(set(found)) == 1


def test_an_etag_changes_with_its_own_dataset_only(world):
    world.publish("satu", points(3))
    before = world.get("/ogc/collections/satu/items").headers["etag"]
    listed = world.get("/ogc/collections").headers["etag"]
    world.publish("dua", points(3))
    world.get("/ogc/collections/satu/items", 304, headers={"if-none-match": before})
    assert world.get("/ogc/collections", headers={"if-none-match": listed}).status_code == 200
    world.publish("satu", points(4))
    after = world.get("/ogc/collections/satu/items", headers={"if-none-match": before})
    assert after.json()["numberMatched"] == 4


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(village, path):
    plain = {"accept-encoding": "identity"}
    got, headed = village.get(path, headers=plain), village.client.head(path, headers=plain)
    assert headed.status_code == 200 and headed.content == b""
    assert {name: value for name, value in headed.headers.items() if name != "date"} == {
        name: value for name, value in got.headers.items() if name != "date"
    }
    assert int(headed.headers["content-length"]) == len(got.content)


@pytest.mark.parametrize("path", [*PATHS, "/ogc/nothing/here"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(village, path, method):
    response = village.client.request(method, path, content=b'{"op":"="')
    asks_only = path.endswith("/items")  # a POST there is a question with its filter in the body
    assert response.status_code == (415 if asks_only and method == "POST" else 405)
    if response.status_code == 415:
        return
    assert response.headers["allow"] == "GET, HEAD, OPTIONS" + (", POST" if asks_only else "")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 405


def test_any_page_may_read_what_is_public(village):
    answer = village.get(ITEMS, headers={"origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = village.client.options(
        ITEMS, headers={"origin": "https://example.org", "access-control-request-method": "GET"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
    assert "authorization" not in preflight.headers["access-control-allow-headers"].lower()
    assert village.client.options(ITEMS).headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("coding", "undo"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompress(body, max_output_size=10_000_000)),
    ],
)
def test_codings(village, coding, undo):
    path = f"{ITEMS}?limit=100"
    plain = village.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with village.client.stream("GET", path, headers={"accept-encoding": coding}) as response:
        raw = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == coding
        assert int(response.headers["content-length"]) == len(raw) < len(plain.content)
    assert undo(raw) == plain.content
    refused = village.get(path, headers={"accept-encoding": f"{coding};q=0"})
    assert "content-encoding" not in refused.headers


def test_an_error_is_readable_in_every_coding(village):
    for coding in ("gzip", "br", "zstd", "gzip;q=0"):
        response = village.get(f"{ITEMS}?tidak=ada", 400, headers={"accept-encoding": coding})
        assert response.json()["code"] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ITEMS}?tidak=ada", 400),
        (f"{ITEMS}/tidak", 404),
        ("/ogc/collections/tidak", 404),
        ("/ogc/collections/Desa", 404),
        ("/ogc/collections/de%2Fsa", 404),
        ("/ogc/collections/%2e%2e", 404),
        ("/ogc/tidak", 404),
        ("/ogc/collections/desa/tiles", 404),
        ("/ogc/collections/desa/items/0001/x", 404),
        ("/ogc/admin/config", 404),
        ("/ogc/stac", 404),
        ("/ogc/processes", 404),
        ("/ogc/jobs", 404),
        ("/ogc/asyncapi", 404),
        ("/ogc/static/css/default.css", 404),
        ("/ogc/openapi?ui=redoc", 400),
    ],
)
def test_problems(village, path, status):
    codes = {cls.code for cls in error_classes()}
    for language in ("id", "en"):
        response = village.get(path, status, headers={"accept-language": language})
        problem = response.json()
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers
        assert set(problem) == {"type", "title", "status", "detail", "instance", "code", "description"}
        code = problem["type"].removeprefix("http://127.0.0.1:8080/masalah/")
        assert code in codes and has_text("errors", f"{code}.title", language)
        assert problem["title"] != f"{code}.title"
        assert problem["status"] == status
        assert response.headers["content-language"].startswith(language)
        page = village.get(path, status, headers={"accept": "text/html", "accept-language": language})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert problem["title"] in page.text
    assert village.get(path, status, headers={"accept-language": "en"}).json()["detail"] == problem["description"]


@pytest.mark.parametrize(
    "path", ["/ogc/collections/", "/ogc/collections/desa/", "/ogc/collections/desa/items/", "/ogc/conformance///"]
)
def test_a_final_slash_leads_to_the_resource(village, path):
    response = village.get(f"{path}?limit=3", 308)
    assert response.headers["location"] == f"{path.rstrip('/')}?limit=3"


def test_both_landing_pages_are_one(village):
    assert village.get("/ogc").content == village.get("/ogc/").content


def test_no_header_tells_what_runs_here(village):
    for path in PATHS:
        headers = village.get(path).headers
        assert not {"x-powered-by", "server"} & set(headers)
        assert "pygeoapi" not in str(headers)
        assert headers["x-content-type-options"] == "nosniff"
