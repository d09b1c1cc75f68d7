"""Snapshots: what is published is seen at the next request, whole, and nobody changes a configuration."""

import copy
import gc
import threading
import weakref

import orjson
import pytest
import shapely

from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.app import RESOURCES, ogc_routes
from geoportal.ogc.engine import Engine
from geoportal.ogc.features import LayerProvider
from geoportal.store import datasets
from tests.ogc.world import make_layer, points

FORMS = ("json", "html", "jsonld")


class FrozenDict(dict):
    def _refuse(self, *_: object, **__: object) -> None:
        raise AssertionError("a configuration was changed")

    __setitem__ = __delitem__ = pop = popitem = clear = update = setdefault = __ior__ = _refuse

    def __deepcopy__(self, memo: object) -> dict:
        return {name: copy.deepcopy(value) for name, value in self.items()}


class FrozenList(list):
    def _refuse(self, *_: object, **__: object) -> None:
        raise AssertionError("a configuration was changed")

    __setitem__ = __delitem__ = append = extend = insert = pop = remove = clear = sort = reverse = __iadd__ = _refuse

    def __deepcopy__(self, memo: object) -> list:
        return [copy.deepcopy(value) for value in self]


def frozen(value):
    if isinstance(value, dict):
        return FrozenDict({name: frozen(item) for name, item in value.items()})
    return FrozenList(map(frozen, value)) if isinstance(value, list) else value


QUERIES = {
    "items": (
        "",
        "limit=3&offset=2",
        "bbox=116,-1,118,1",
        "crs=http://www.opengis.net/def/crs/EPSG/0/32750",
        "sortby=-urut",
        "limit=0",
    ),
    "item": ("", "crs=http://www.opengis.net/def/crs/EPSG/0/3857", "crs=x"),
}


def test_no_route_changes_a_configuration(new_world):
    world = new_world(freeze=frozen)
    world.publish("desa", points(12), downloads=True)
    world.publish("desa", points(15), downloads=True)
    world.publish("rahasia", points(3), access=Classification.PRIVATE)
    headers = world.token(Classification.PRIVATE)
    for resource in RESOURCES:
        path = resource.path.replace("{collection}", "desa").replace("{item:path}", "0002")
        for form in resource.offers:
            for language in ("id", "en"):
                for query in QUERIES.get(resource.name, ("",)):
                    for header in ({}, headers):
                        response = world.client.get(
                            f"{path}?f={form}&lang={language}&{query}".rstrip("&"), headers=header
                        )
                        assert response.status_code in (200, 400), response.text
    assert world.json("/ogc/collections/desa/items?version=1")["numberMatched"] == 12
    assert isinstance(
        world.engine.snapshot(PUBLIC_AUDIENCE).config["resources"]["desa"]["providers"][0]["crs"], FrozenList
    )


def test_a_layer_published_after_the_start_has_pages(world):
    world.get("/ogc/collections?f=html")
    world.publish("satu", points(3), title="Satu")
    world.get("/ogc/collections/satu?f=html&lang=id")
    world.get("/ogc/collections/satu?f=html&lang=en")
    world.publish("dua", points(4), title="Dua", english="Two")
    for path in ("", "/schema", "/queryables", "/sortables", "/items", "/items/0001"):
        for form in ("html", "json"):
            world.get(f"/ogc/collections/dua{path}?f={form}")
    page = world.get("/ogc/collections/dua?f=html&lang=en").text
    assert "Two" in page and "Dua" not in page.replace("dua", "")
    assert "Two" in world.get("/ogc/collections?f=html&lang=en").text


def test_a_new_version_and_a_new_record_are_seen_at_once(world):
    world.publish("desa", points(3), title="Lama")
    assert world.json("/ogc/collections/desa/items")["numberMatched"] == 3
    world.publish("desa", points(8), title="Baru")
    assert world.json("/ogc/collections/desa/items")["numberMatched"] == 8
    assert world.json("/ogc/collections/desa")["title"] == "Baru"
    assert "Lama" not in world.get("/ogc/collections/desa?f=html").text
    etag = world.get("/ogc/collections/desa").headers["etag"]
    with world.node.register.begin() as conn:
        datasets.add_record(conn, "desa", Record(LocalText("Diperbaiki", "Corrected")))
    again = world.get("/ogc/collections/desa", headers={"if-none-match": etag})
    assert again.json()["title"] == "Diperbaiki"


def test_an_older_version_stays_readable_and_a_walk_stays_with_its_version(world):
    world.publish("desa", points(25, word="lama"))
    first = world.json("/ogc/collections/desa/items?limit=10")
    world.publish("desa", points(40, word="baru"))
    found, document = [feature["properties"]["nama"] for feature in first["features"]], first
    while following := [link["href"] for link in document["links"] if link["rel"] == "next"]:
        document = world.json(following[0].removeprefix("http://127.0.0.1:8080"))
        found += [feature["properties"]["nama"] for feature in document["features"]]
    assert found == [f"lama {number}" for number in range(1, 26)]
    assert world.json("/ogc/collections/desa/items/0030?version=2")["properties"]["nama"] == "baru 30"
    world.get("/ogc/collections/desa/items/0030?version=1", 404)
    world.get("/ogc/collections/desa/items?version=3", 404)
    assert "lama 1" in world.get("/ogc/collections/desa/items?version=1&f=html").text


def test_a_broken_layer_leaves_the_others_alone(world, caplog):
    good = world.publish("baik", points(3))
    bad = world.publish("rusak", points(3))
    (world.node.derived(bad) / "fragments.bin").write_bytes(b"x")
    world.publish("baik", points(5))
    with caplog.at_level("ERROR", "geoportal.ogc"):
        world.client.app.router.routes[:] = ogc_routes(world.node, Engine(world.node))  # a worker that starts now
        assert [one["id"] for one in world.json("/ogc/collections")["collections"]] == ["baik"]
    assert "rusak version 1 cannot be served" in caplog.text
    assert world.json("/ogc/collections/baik/items")["numberMatched"] == 5
    for form in FORMS:
        world.get(f"/ogc/collections?f={form}")
    assert "rusak" not in world.get("/ogc/openapi?f=json").text
    problem = world.get("/ogc/collections/rusak/items", 503).json()
    assert problem["type"].endswith("/masalah/unavailable")
    assert good.dataset_id == "baik"


def test_a_broken_layer_is_tried_again(world, monkeypatch):
    bad = world.publish("rusak", points(3))
    kept = (world.node.derived(bad) / "summary.json").read_bytes()
    (world.node.derived(bad) / "summary.json").write_bytes(b"{}")
    world.get("/ogc/collections/rusak/items", 503)
    (world.node.derived(bad) / "summary.json").write_bytes(kept)
    monkeypatch.setattr("geoportal.ogc.engine.RETRY_S", 0.0)
    assert world.json("/ogc/collections/rusak/items")["numberMatched"] == 3


def test_a_provider_that_fails_is_500_with_an_id_and_changes_nothing(new_world, monkeypatch, caplog):
    world = new_world(freeze=frozen)
    world.publish("desa", points(3))
    before = orjson.dumps(world.engine.snapshot(PUBLIC_AUDIENCE).config)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/var/lib/secret/path broke")

    monkeypatch.setattr(LayerProvider, "query", fail)
    with caplog.at_level("ERROR", "geoportal.ogc"):
        response = world.get("/ogc/collections/desa/items", 500)
    assert "secret" not in response.text
    assert response.json()["type"].endswith("/masalah/internal-error")
    assert response.json()["description"].rsplit(" ", 1)[1].strip(".") in caplog.text
    monkeypatch.undo()
    assert orjson.dumps(world.engine.snapshot(PUBLIC_AUDIENCE).config) == before
    assert world.json("/ogc/collections/desa/items")["numberMatched"] == 3
    assert len(world.json("/ogc/collections")["collections"]) == 1


@pytest.mark.parametrize(
    ("resource", "module", "name", "path"),
    [
        ("landing", "pygeoapi.api", "landing_page", "/ogc"),
        ("conformance", "pygeoapi.api", "conformance", "/ogc/conformance"),
        ("openapi", "pygeoapi.api", "openapi_", "/ogc/openapi"),
        ("collections", "pygeoapi.api", "describe_collections", "/ogc/collections"),
        ("collection", "pygeoapi.api", "describe_collections", "/ogc/collections/desa"),
        ("schema", "pygeoapi.api", "get_collection_schema", "/ogc/collections/desa/schema"),
        ("queryables", "pygeoapi.api.itemtypes", "get_collection_queryables", "/ogc/collections/desa/queryables"),
        ("sortables", "pygeoapi.api.itemtypes", "get_collection_queryables", "/ogc/collections/desa/sortables"),
        ("items", "pygeoapi.api.itemtypes", "get_collection_items", "/ogc/collections/desa/items"),
        ("item", "pygeoapi.api.itemtypes", "get_collection_item", "/ogc/collections/desa/items/0001"),
    ],
)
def test_it_is_pygeoapi_that_answers(world, monkeypatch, resource, module, name, path):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("pygeoapi is gone")

    world.publish("desa", points(3))
    monkeypatch.setattr(f"{module}.{name}", fail)
    for form in ("json", "html"):
        world.get(f"{path}?f={form}", 500)


def test_unchanged_layers_are_taken_over_and_retired_ones_let_go(world):
    world.publish("tetap", points(3))
    world.publish("ganti", points(3))
    view = world.engine.snapshot(PUBLIC_AUDIENCE)
    kept, retired = view.sources["tetap"], weakref.ref(view.sources["ganti"].serving.spatial.boxes)
    del view
    world.publish("ganti", points(4))
    new = world.engine.snapshot(PUBLIC_AUDIENCE)
    assert new.sources["tetap"] is kept
    world.json("/ogc/collections/ganti/items")
    gc.collect()
    assert retired() is None


def test_equal_sights_share_one_view(world):
    world.publish("desa", points(3))
    government = world.node.audience(world.token(Classification.GOVERNMENT)["authorization"])
    private = world.node.audience(world.token(Classification.PRIVATE)["authorization"])
    views = {id(world.engine.snapshot(audience)) for audience in (PUBLIC_AUDIENCE, government, private)}
    assert len(views) == 1


def test_many_threads_over_many_publishes_see_whole_versions_only(world):
    """Every page set comes from one version; none fails; after a publish returns nobody sees the version before."""
    world.publish("desa", points(5, word="v1"))
    floor, faults, stop = [1], [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            least = floor[0]
            response = world.client.get("/ogc/collections/desa/items?limit=100")
            if response.status_code != 200:
                faults.append(response.text)
                continue
            document = response.json()
            words = {feature["properties"]["nama"].split()[0] for feature in document["features"]}
            version = int(next(iter(words))[1:])
            if len(words) != 1 or document["numberMatched"] != 4 + version or version < least:
                faults.append((words, document["numberMatched"], least))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(2, 8):
        world.publish("desa", points(4 + version, word=f"v{version}"))
        floor[0] = version
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults


def test_languages_do_not_mix_on_one_view(world):
    """Upstream leaves the JSON-LD head of one request on the shared object, where another request may pick it up."""
    world.publish("desa", points(3), title="Desa", english="Villages")
    faults = []

    def read(language: str, word: str) -> None:
        for _ in range(30):
            for path in ("/ogc/collections/desa?f=jsonld", "/ogc/collections?f=jsonld"):
                document = world.json(f"{path}&lang={language}")
                dataset = document["dataset"] if isinstance(document["dataset"], dict) else document["dataset"][0]
                if (
                    dataset["name"] != word
                    or document["name"] != {"id": "Geoportal Uji", "en": "Test Geoportal"}[language]
                ):
                    faults.append((language, document["name"], dataset["name"]))

    threads = [threading.Thread(target=read, args=pair) for pair in (("id", "Desa"), ("en", "Villages")) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_an_empty_node_answers(world):
    for path in ("/ogc", "/ogc/", "/ogc/conformance", "/ogc/collections", "/ogc/openapi"):
        for form in ("json", "html"):
            world.get(f"{path}?f={form}")
    assert world.json("/ogc/collections")["collections"] == []
    assert world.json("/ogc/collections")["links"]


def test_a_node_of_another_region(new_world):
    """Nothing of Kukar stands in code: other candidates, another extent, other languages first."""
    world = new_world(
        title={"id": "Simpul Lain", "en": "Another Node"},
        extent=(10.0, 59.0, 11.0, 60.0),
        crs_candidates=("EPSG:25832",),
        languages=("en", "id"),
    )
    world.publish("oslo", make_layer([{"kode": "1"}], [shapely.Point(10.7, 59.9)]))
    assert "http://www.opengis.net/def/crs/EPSG/0/25832" in world.json("/ogc/collections/oslo")["crs"]
    response = world.get("/ogc")
    assert (response.json()["title"], response.headers["content-language"]) == ("Another Node", "en-US")
    assert world.get("/ogc", headers={"accept-language": "id"}).json()["title"] == "Simpul Lain"
