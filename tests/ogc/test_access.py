"""What one may not see does not exist: in no route, no format, no list, no page, no cache, for nobody before or
after.
"""

import re
from collections.abc import Iterator

import pytest
import shapely

from geoportal.errors import NotAllowed
from geoportal.model.access import PUBLIC_AUDIENCE, Audience, Classification
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.app import RESOURCES
from geoportal.ogc.features import LayerProvider
from geoportal.ogc.visit import Visit, visit_under_way, visiting
from geoportal.store import datasets, people
from tests.ogc.world import World, make_layer, make_world, points

WORD = "ZXQRAHASIA"
FORMS = ("json", "html", "jsonld")
WITH_COLLECTION = [resource for resource in RESOURCES if "{collection}" in resource.path]
WITHOUT = [resource for resource in RESOURCES if "{collection}" not in resource.path]


def secret_record() -> Record:
    return Record(
        title=LocalText(f"Judul {WORD}", f"Title {WORD}"),
        abstract=LocalText(f"Abstrak {WORD}", f"Abstract {WORD}"),
        keywords={"id": (WORD,), "en": (WORD,)},
    )


def guard(world: World) -> World:
    world.publish("terbuka", points(12), title="Terbuka", english="Open")
    layer = make_layer([{"kode": "1", f"k_{WORD.lower()}": WORD}], [shapely.Point(117, 0)])
    world.publish("rahasia", layer, record=secret_record(), access=Classification.PRIVATE, downloads=True)
    return world


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tests that change nothing but tokens."""
    world = guard(make_world(tmp_path_factory.mktemp("guarded")))
    yield world
    world.client.close()
    world.node.close()


@pytest.fixture
def own(world: World) -> World:
    """For tests that change what is published, or the code."""
    return guard(world)


def path_of(resource, dataset: str, item: str = "1") -> str:
    return resource.path.replace("{collection}", dataset).replace("{item:path}", item)


@pytest.mark.parametrize("resource", WITH_COLLECTION, ids=lambda resource: resource.name)
@pytest.mark.parametrize("form", [*FORMS, None, "nonsense"])
def test_hidden_and_missing_give_equal_bytes(guarded, resource, form):
    query = "" if form is None else f"?f={form}"
    for method in ("GET", "HEAD"):
        answers = []
        for dataset in ("rahasia", "tidakad"):
            response = guarded.client.request(
                method, path_of(resource, dataset) + query, headers={"accept-encoding": "identity"}
            )
            headers = {name: value for name, value in response.headers.items() if name != "date"}
            answers.append((response.status_code, headers, response.content.replace(dataset.encode(), b"X")))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert guarded.client.get(path_of(resource, "rahasia") + "?tidak=ada").status_code == 404
    assert (
        guarded.client.options(path_of(resource, "rahasia")).headers
        == guarded.client.options(path_of(resource, "tidakad")).headers
    )


@pytest.mark.parametrize(
    ("resource", "form"),
    [(resource, form) for resource in WITHOUT for form in resource.offers],
    ids=lambda part: getattr(part, "name", part),
)
def test_a_hidden_layer_stands_in_no_list(guarded, resource, form):
    for language in ("id", "en"):
        body = guarded.get(f"{resource.path}?f={form}&lang={language}").text
        assert WORD.lower() not in body.lower()
        assert "rahasia" not in body
        assert ("terbuka" in body) or resource.name == "conformance" or form != "json" or resource.name == "landing"


def test_two_audiences_in_turn_see_their_own(guarded):
    """Upstream keeps one translated configuration for the process: whoever came first decided what pages show (seam
    S2).
    """
    mine = guarded.token(Classification.PRIVATE)
    paths = [path_of(resource, "rahasia") for resource in WITH_COLLECTION] + [resource.path for resource in WITHOUT]
    for _ in range(2):
        for form in FORMS:
            for path in paths:
                inside = guarded.client.get(f"{path}?f={form}", headers=mine)
                outside = guarded.client.get(f"{path}?f={form}")
                assert WORD.lower() not in outside.text.lower() and "rahasia" not in outside.text.replace(path, "")
                if (
                    inside.status_code == 200
                    and "conformance" not in path
                    and not re.fullmatch(r"/ogc(/openapi)?", path)
                ):
                    assert WORD in inside.text or "rahasia" in inside.text


def test_who_may_sees_it_everywhere_and_no_cache_keeps_it(guarded):
    mine = guarded.token(Classification.PRIVATE)
    for resource in WITH_COLLECTION:
        for form in resource.offers:
            response = guarded.get(f"{path_of(resource, 'rahasia')}?f={form}", headers=mine)
            assert response.headers["cache-control"] == "private, no-store"
            assert "etag" not in response.headers
            assert "access-control-allow-origin" not in response.headers
            assert "Authorization" in response.headers["vary"]
    assert WORD in guarded.get("/ogc/openapi?f=json", headers=mine).text
    assert WORD in guarded.get("/ogc?f=html", headers=mine).text
    assert WORD in guarded.get("/ogc/collections", headers=mine).text


def test_other_classes_and_other_datasets_do_not_open_it(guarded):
    for header in (
        guarded.token(Classification.GOVERNMENT, Classification.IGSTRATEGIS),
        guarded.token(Classification.PRIVATE, datasets_=frozenset({"terbuka"})),
    ):
        assert WORD not in guarded.get("/ogc/collections", headers=header).text
        guarded.get("/ogc/collections/rahasia/items", 404, headers=header)


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer", "Basic YTpi", "gp_x", "Bearer gp_aaaaaaaa_" + "b" * 43]
)
def test_a_wrong_token_is_401_and_never_anonymous(guarded, header):
    response = guarded.get("/ogc/collections", 401, headers={"authorization": header})
    assert response.headers["www-authenticate"].startswith("Bearer")
    problem = response.json()
    assert (problem["status"], problem["type"]) == (401, "http://127.0.0.1:8080/masalah/not-signed-in")
    assert response.headers["cache-control"] == "private, no-store"


def test_cookies_say_nothing(guarded):
    token = guarded.token(Classification.PRIVATE)["authorization"].removeprefix("Bearer ")
    for cookie in (f"token={token}", f"Authorization=Bearer {token}", "lang=en"):
        response = guarded.get("/ogc/collections", headers={"cookie": cookie})
        assert WORD not in response.text
        assert response.headers["content-language"] == "id-ID"
        assert "cookie" not in response.headers["vary"].lower()


def test_a_private_answer_is_no_304_for_others(guarded):
    mine = guarded.token(Classification.PRIVATE)
    public = guarded.get("/ogc/collections")
    again = guarded.get("/ogc/collections", headers=mine | {"if-none-match": public.headers["etag"]})
    assert WORD in again.text


def test_withdrawing_and_revoking_act_at_once(own):
    mine = own.token(Classification.PRIVATE)
    own.get("/ogc/collections/rahasia/items", headers=mine)
    with own.node.register.begin() as conn:
        people.revoke_token(conn, "t0")
    own.get("/ogc/collections/rahasia/items", 401, headers=mine)
    own.get("/ogc/collections/terbuka/items")
    own.withdraw("terbuka")
    own.get("/ogc/collections/terbuka/items", 404)
    assert own.json("/ogc/collections")["collections"] == []


def test_the_class_of_a_dataset_holds_for_its_older_versions(world):
    world.publish("lama", points(3))
    world.publish("lama", points(5))
    assert world.json("/ogc/collections/lama/items?version=1")["numberMatched"] == 3
    with world.node.register.begin() as conn:
        datasets.set_access(conn, "lama", Classification.PRIVATE, ())
    for version in ("", "?version=1", "?version=2", "?version=9"):
        world.get(f"/ogc/collections/lama/items{version}", 404)
    mine = world.token(Classification.PRIVATE)
    assert world.json("/ogc/collections/lama/items?version=1", headers=mine)["numberMatched"] == 3


def test_the_class_that_holds_is_the_newest(tmp_path):
    """Opened to all, shut again, given to an agency, in either order, while others read: the layer itself is the same,
    so it stays open, but never under the class that it had when it was opened.
    """
    world = make_world(tmp_path)
    world.publish("terbuka", points(2))
    world.publish("dibahas", points(3), access=Classification.GOVERNMENT)
    pages = [
        f"/ogc/{path}"
        for path in ("collections/dibahas/items", "collections/dibahas/items/0001", "collections/dibahas")
    ]
    public: dict[str, str] = {}
    of_all, of_one = world.token(Classification.GOVERNMENT), world.token(Classification.GOVERNMENT, opd="Bappeda")
    for classification, opd, seen in (
        (Classification.GOVERNMENT, (), (404, 200, 200)),
        (Classification.PUBLIC, (), (200, 200, 200)),
        (Classification.GOVERNMENT, ("Bappeda",), (404, 404, 200)),
        (Classification.PRIVATE, (), (404, 404, 404)),
        (Classification.PUBLIC, (), (200, 200, 200)),
        (Classification.GOVERNMENT, (), (404, 200, 200)),
    ):
        with world.node.register.begin() as conn:
            datasets.set_access(conn, "dibahas", classification, opd)
        world.node.register.heal()
        for headers, status in zip((public, of_all, of_one), seen, strict=True):
            for page in pages:
                assert world.client.get(page, headers=headers).status_code == status, (classification, opd, page)
            document = world.json("/ogc/openapi", headers=headers)
            assert ("/collections/dibahas" in document["paths"]) == (status == 200)
            listed = world.json("/ogc/collections", headers=headers)["collections"]
            assert ("dibahas" in [one["id"] for one in listed]) == (status == 200)


def test_a_provider_without_a_visit_or_a_grant_serves_nothing(guarded):
    """The third layer: a configuration that holds a layer by mistake still does not serve it."""
    everything = guarded.engine.snapshot(Audience(frozenset(Classification)))
    definition = everything.config["resources"]["rahasia"]["providers"][0]
    with pytest.raises(NotAllowed):
        visit_under_way()
    with pytest.raises(NotAllowed):
        LayerProvider(definition)
    sources = everything.handles
    with visiting(Visit(PUBLIC_AUDIENCE, sources=sources)), pytest.raises(NotAllowed):
        LayerProvider(definition)
    with visiting(Visit(Audience(frozenset({Classification.PRIVATE})), sources={})), pytest.raises(NotAllowed):
        LayerProvider(definition)
    with visiting(Visit(Audience(frozenset({Classification.PRIVATE})), sources=sources)):
        assert LayerProvider(definition).query()["numberMatched"] == 1


def test_a_view_that_shows_too_much_still_serves_nothing(own, monkeypatch, caplog):
    """Were the view wrong, the register is asked again, and after it the provider."""
    everything = own.engine.snapshot(Audience(frozenset(Classification)))
    monkeypatch.setattr(own.engine, "snapshot", lambda audience: everything)
    own.get("/ogc/collections/rahasia/items", 404)
    public = own.node.publication(Audience(frozenset(Classification)), "rahasia")
    monkeypatch.setattr(own.node, "publication", lambda *_: public)
    with caplog.at_level("ERROR", "geoportal.ogc"):
        assert WORD not in own.get("/ogc/collections/rahasia/items", 404).text
    assert "not granted" in caplog.text
