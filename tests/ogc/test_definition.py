"""The API definition: whole in itself, valid OpenAPI 3.0, and true of what is served."""

import json

import jsonschema
import pytest
from pygeoapi.openapi import SCHEMASDIR

from geoportal.model.access import Classification
from geoportal.ogc.definition import kind_of
from tests.ogc.world import World, points


@pytest.fixture(scope="module")
def definition(village: World) -> dict:
    return village.json("/ogc/openapi")


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in ([item] if name == "$ref" else references(item))]
    return [found for item in value for found in references(item)] if isinstance(value, list) else []


def test_every_reference_resolves_inside(definition):
    found = references(definition)
    assert len(found) > 50
    for reference in found:
        assert reference.startswith("#/"), reference
        target = definition
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_it_is_valid(definition):
    schema = json.loads((SCHEMASDIR / "openapi" / "openapi-3.0.x.json").read_text("utf-8"))
    jsonschema.validate(definition, schema)
    ids = [operation["operationId"] for path in definition["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_it_promises_only_what_there_is(definition, village):
    for path, operations in definition["paths"].items():
        assert set(operations) == ({"get", "post"} if path.endswith("/items") else {"get"}), path
    for path in definition["paths"]:
        target = "/ogc" + path.replace("{featureId}", "0001")
        assert village.client.get(target).status_code == 200, path
    text = json.dumps(definition)
    for word in ("processes", "TileMatrixSets", "vendorSpecific", "csv", "stac"):
        assert word not in text


def test_parameters_of_items_are_those_that_work(definition, village):
    operation = definition["paths"]["/collections/desa/items"]["get"]
    names = {}
    for parameter in operation["parameters"]:
        if "$ref" in parameter:
            parameter = definition["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        names[parameter["name"]] = parameter["schema"]
    assert {"kode", "nama", "nilai", "urut", "aktif", "bbox", "crs", "version"} <= set(names)
    assert names["limit"]["maximum"] == 10000 and names["limit"]["default"] == 10
    samples = {"string": "x", "integer": "1", "number": "1.5", "boolean": "true", "array": None}
    for name, schema in names.items():
        value = schema["enum"][0] if "enum" in schema else samples[schema["type"]]
        if name in ("bbox-crs",):
            continue
        value = {
            "bbox": "0,0,1,1",
            "datetime": "2026-01-01T00:00:00Z",
            "properties": "nama",
            "sortby": "-urut",
            "filter": "urut=1",
        }.get(name, value)
        village.get(f"/ogc/collections/desa/items?{name}={value}")
    village.get("/ogc/collections/desa/items?tidakada=1", 400)


def test_media_types_are_those_that_are_sent(definition, village):
    for path, operations in definition["paths"].items():
        content = definition["components"]["responses"][
            operations["get"]["responses"]["200"]["$ref"].rsplit("/", 1)[1]
        ]["content"]
        for form in ("json", "html", "jsonld"):
            response = village.client.get(f"/ogc{path.replace('{featureId}', '0001')}?f={form}")
            sent = response.headers["content-type"].removesuffix("; charset=utf-8")
            assert (sent in content) == (response.status_code == 200), (path, form, sent)


def test_it_speaks_both_languages(village):
    english = village.json("/ogc/openapi?lang=en")
    assert english["info"]["title"] == "Test Geoportal"
    assert english["paths"]["/collections/desa/items"]["get"]["summary"] == "Features of Villages"
    assert village.json("/ogc/openapi?lang=id")["paths"]["/collections/desa/items"]["get"]["summary"] == "Unsur Desa"


def test_answers_fit_their_schemas(definition, village):
    """Each JSON answer against the schema that the definition gives for it (nullable is OpenAPI's word, so it is
    taken out first).
    """

    def plain(value: object) -> object:
        if isinstance(value, dict):
            found = {name: plain(item) for name, item in value.items() if name != "nullable"}
            return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found
        return [plain(item) for item in value] if isinstance(value, list) else value

    whole = plain(definition)
    for path, operations in definition["paths"].items():
        name = operations["get"]["responses"]["200"]["$ref"].rsplit("/", 1)[1]
        for media_type, content in whole["components"]["responses"][name]["content"].items():
            if media_type.endswith("json") and "ld+json" not in media_type:
                answer = village.json(f"/ogc{path.replace('{featureId}', '0001')}")
                jsonschema.validate(answer, {**content["schema"], "components": whole["components"]})
    problem = village.json("/ogc/collections/desa/items?x=1", 400)
    jsonschema.validate(problem, {"$ref": "#/components/schemas/Problem", "components": whole["components"]})


def test_each_audience_has_its_own(world):
    world.publish("terbuka", points(3))
    world.publish("tertutup", points(3), access=Classification.GOVERNMENT)
    mine = world.token(Classification.GOVERNMENT)
    assert "/collections/tertutup/items" in world.json("/ogc/openapi", headers=mine)["paths"]
    assert "tertutup" not in world.get("/ogc/openapi").text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", ""),
        ("/conformance", "conformance"),
        ("/collections", "collections"),
        ("/collections/x", "collection"),
        ("/collections/items", "collection"),
        ("/collections/items/items", "items"),
        ("/collections/items/items/{featureId}", "item"),
        ("/collections/x/schema", "schema"),
    ],
)
def test_kinds(path, kind):
    assert kind_of(path) == kind
