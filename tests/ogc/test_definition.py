"""The API definition: whole in itself, valid OpenAPI 3.0, and true of what is served."""

import json
import re

import jsonschema
import pytest
import shapely
from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR, OPENAPI_31_VALIDATOR

from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.ogc.app import RESOURCES
from geoportal.ogc.definition import MEDIA_TYPE, MEDIA_TYPE_31, document, path_of
from geoportal.ogc.dialect import in_31
from geoportal.ogc.visit import Visit, visiting
from tests.ogc.world import World, make_layer, make_world, points


@pytest.fixture(scope="module")
def definition(village: World) -> dict:
    return village.json("/ogc/openapi")


def resolved(document: dict, value: dict) -> dict:
    """A parameter, an answer or a header, looked up where it is only named."""
    while "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def plain(value: object) -> object:
    """Schemas of OpenAPI 3.0 as JSON Schema: ``nullable`` is OpenAPI's word."""
    if isinstance(value, dict):
        found = {name: plain(item) for name, item in value.items() if name != "nullable"}
        return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found
    return [plain(item) for item in value] if isinstance(value, list) else value


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


@pytest.mark.parametrize(("form", "validator"), [("json", OPENAPI_30_VALIDATOR), ("oas31", OPENAPI_31_VALIDATOR)])
def test_it_is_valid(village, form, validator):
    """Against the schemas that the OpenAPI Initiative gives out for 3.0 and 3.1."""
    found = village.json(f"/ogc/openapi?f={form}")
    validator.validate(found)
    ids = [operation["operationId"] for path in found["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    for path, operations in found["paths"].items():
        for operation in operations.values():
            named = [resolved(found, parameter) for parameter in operation["parameters"]]
            keys = [(parameter["name"], parameter["in"]) for parameter in named]
            assert len(keys) == len(set(keys)), path
            assert {name for name, place in keys if place == "path"} == set(re.findall(r"\{(\w+)\}", path))
            assert "default" not in operation["responses"]


def test_the_schema_for_3_0_refuses_what_is_3_1(village):
    """That the two really differ, so that the test before says something."""
    old, new = village.json("/ogc/openapi"), village.json("/ogc/openapi?f=oas31")
    assert old["openapi"].startswith("3.0.") and new["openapi"] == "3.1.0"
    assert not OPENAPI_30_VALIDATOR.is_valid(new) and not OPENAPI_31_VALIDATOR.is_valid(old)
    assert "nullable" in json.dumps(old) and "nullable" not in json.dumps(new)
    assert old["paths"].keys() == new["paths"].keys()
    jsonschema.Draft202012Validator.check_schema({"$defs": new["components"]["schemas"]})


def test_both_versions_say_the_same_of_answers(village):
    """Each schema of either accepts and refuses the same documents, read by the rules of its own version."""
    samples = {
        "Feature": (
            [
                {"type": "Feature", "geometry": None, "properties": None},
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {}},
            ],
            [
                {"type": "Feature", "properties": {}},
                {"type": "Feature", "geometry": 5, "properties": {}},
                {"type": "Feature", "geometry": {"type": "Circle"}, "properties": {}},
            ],
        ),
        "Extent": ([{"temporal": {"interval": [[None, "2026-01-01T00:00:00Z"]]}}], [{"temporal": {"interval": [[5]]}}]),
        "Problem": ([], [{"code": "x"}]),
    }
    for form, taken in (("json", plain), ("oas31", lambda document: document)):
        whole = taken(village.json(f"/ogc/openapi?f={form}"))
        for name, (good, bad) in samples.items():
            schema = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
            judge = jsonschema.Draft202012Validator(schema)
            assert all(judge.is_valid(sample) for sample in good), (form, name)
            assert not any(judge.is_valid(sample) for sample in bad), (form, name)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", MEDIA_TYPE),
        ("application/vnd.oai.openapi+json", MEDIA_TYPE),
        ("application/vnd.oai.openapi+json;version=3.0", MEDIA_TYPE),
        ("application/vnd.oai.openapi+json;version=3.1", MEDIA_TYPE_31),
        ('application/vnd.oai.openapi+json; version="3.1"; q=0.9, text/html;q=0.5', MEDIA_TYPE_31),
        ("application/vnd.oai.openapi+json;version=3.0;q=0.5, application/openapi+json;version=3.1", MEDIA_TYPE_31),
        ("application/vnd.oai.openapi+json;version=3.1;q=0, application/*", MEDIA_TYPE),
        ("application/vnd.oai.openapi+json;version=2.0, */*;q=0.1", MEDIA_TYPE),
        ("application/json", MEDIA_TYPE),
    ],
)
def test_the_version_is_negotiated(village, accept, media_type):
    answer = village.get("/ogc/openapi", headers={"accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.json()["openapi"][:3] == media_type[-3:]


def test_a_version_that_is_not_there_is_refused(village):
    village.get("/ogc/openapi", 406, headers={"accept": "application/vnd.oai.openapi+json;version=2.0"})
    village.get("/ogc/openapi?f=oas2", 400)


@pytest.mark.parametrize("form", ["json", "oas31"])
def test_operations_are_what_the_router_does(village, form):
    """The paths and methods of the document against those of the Starlette router, asked one by one: whatever is not
    refused with 405 is an operation, save HEAD and OPTIONS, which are wherever GET is.
    """
    found = village.json(f"/ogc/openapi?f={form}")
    written = {(method.upper(), path) for path, operations in found["paths"].items() for method in operations}
    served = set()
    for route in village.client.app.routes:
        path = route.path.replace("{collection}", "desa").replace("{item:path}", "{featureId}")
        path = path.removeprefix("/ogc").rstrip("/") or "/"
        if "{rest:path}" in path:
            path = "/tidak/ada"
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"):
            answer = village.client.request(method, f"/ogc{path.replace('{featureId}', '0001')}")
            if answer.status_code not in (404, 405):
                served.add((method, path))
            if answer.status_code == 405:
                assert method not in answer.headers["allow"].split(", ")
    assert written == served
    assert ("POST", "/collections/desa/items") in served and len(served) > 10


def test_parameters_of_items_are_those_that_work(definition, village):
    operation = definition["paths"]["/collections/desa/items"]["get"]
    names = {}
    for parameter in operation["parameters"]:
        parameter = resolved(definition, parameter)
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
            "as-of": "9999-12-31",
        }.get(name, value)
        village.get(f"/ogc/collections/desa/items?{name}={value}")
    village.get("/ogc/collections/desa/items?tidakada=1", 400)


def test_media_types_are_those_that_are_sent(definition, village):
    """Each form that ``f`` may name is sent with a type that is written down, and each that is written is sent."""
    for path, operations in definition["paths"].items():
        content = resolved(definition, operations["get"]["responses"]["200"])["content"]
        forms = next(p for p in operations["get"]["parameters"] if p.get("name") == "f")["schema"]["enum"]
        sent = set()
        for form in forms:
            response = village.get(f"/ogc{path.replace('{featureId}', '0001')}?f={form}")
            kind = response.headers["content-type"]
            sent.add(kind if kind in content else kind.partition(";")[0])
        assert sent == set(content), path
        village.get(f"/ogc{path.replace('{featureId}', '0001')}?f=lain", 400)


def test_headers_are_those_that_are_written(definition, village):
    """Every header that an answer of the engine has is told of, save those that HTTP itself gives to all."""
    usual = {"content-type", "content-length", "content-encoding", "x-content-type-options", "content-security-policy"}
    asked = [("200", f"?f={form}") for form in ("json", "html")] + [("400", "?tidak=ada"), ("406", "")]
    for path, operations in definition["paths"].items():
        for status, query in asked:
            accept = {"accept": "image/png"} if status == "406" else {}
            answer = village.get(f"/ogc{path.replace('{featureId}', '0001')}{query}", int(status), headers=accept)
            written = resolved(definition, operations["get"]["responses"][status])["headers"]
            found = {name for name in answer.headers if not name.startswith("access-control-")} - usual
            assert found <= {name.lower() for name in written}, (path, status)


def test_it_speaks_both_languages(village):
    english = village.json("/ogc/openapi?lang=en")
    assert english["info"]["title"] == "Test Geoportal"
    assert english["paths"]["/collections/desa/items"]["get"]["summary"] == "Features of Villages"
    assert village.json("/ogc/openapi?lang=id")["paths"]["/collections/desa/items"]["get"]["summary"] == "Unsur Desa"


def test_answers_fit_their_schemas(definition, village):
    """Each JSON answer against the schema that the definition gives for it."""
    whole = plain(definition)
    for path, operations in definition["paths"].items():
        for media_type, content in resolved(whole, operations["get"]["responses"]["200"])["content"].items():
            if "json" in media_type:
                answer = village.json(f"/ogc{path.replace('{featureId}', '0001')}", headers={"accept": media_type})
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
    ("route", "path"),
    [
        ("/ogc", "/"),
        ("/ogc/conformance", "/conformance"),
        ("/ogc/collections/{collection}", "/collections/x"),
        ("/ogc/collections/{collection}/items/{item:path}", "/collections/x/items/{featureId}"),
        ("/ogc/collections/{collection}/a/{b}/{c:int}", "/collections/x/a/{b}/{c}"),
    ],
)
def test_paths(route, path):
    assert path_of(route, "x") == path


def test_it_is_the_same_in_how_many_questions_pygeoapi_is_asked(tmp_path, monkeypatch):
    """Collection by collection, or all at once: the same bytes, in the order of the collections."""
    world = make_world(tmp_path)
    for name in ("batas", "jalan", "server", "features", "stac"):  # the last three are tags of pygeoapi's own too
        world.publish(name, points(3))
    view = world.engine.snapshot(PUBLIC_AUDIENCE)
    found = {"json": [world.get("/ogc/openapi?f=json").content], "oas31": [world.get("/ogc/openapi?f=oas31").content]}
    for at_once in (1, 2, 1000):
        monkeypatch.setattr("geoportal.ogc.definition.AT_ONCE", at_once)
        for form, version in (("json", "3.0"), ("oas31", "3.1")):
            with visiting(Visit(language="id", sources=view.handles, layers=view.sources, site=world.engine.site)):
                found[form].append(document(view.for_request(), "id", RESOURCES, version=version))
    for bodies in found.values():
        assert len(set(bodies)) == 1
        told = json.loads(bodies[0])
        asked = [path.split("/")[2] for path in told["paths"] if path.startswith("/collections/")]
        assert list(dict.fromkeys(asked)) == ["batas", "features", "jalan", "server", "stac"]
        tags = [tag["name"] for tag in told["tags"]]
        assert len(tags) == len(set(tags)) and set(tags) == {"server", *asked}
    assert in_31(json.loads(found["json"][0])) == json.loads(found["oas31"][0]), "no path has a schema to be rewritten"


def test_no_parameter_brings_a_value_of_its_own(new_world):
    """A page of a definition writes examples into its form: one click would ask for the first code of every list."""
    world = new_world()
    rows = [{"kode": str(n), "jenjang": ("SD", "SMP")[n % 2], "nama": f"Sekolah {n}"} for n in range(4)]
    fields = (FieldSpecification("jenjang", "text", codes=("SD", "SMP", "SMA")),)
    world.publish(
        "sekolah",
        make_layer(rows, [shapely.Point(117, n / 10) for n in range(4)]),
        specification=Specification("bebas", "bebas", key="kode", fields=fields),
    )
    for language, said in (("id", "Misalnya: `SD`, `SMP`, `SMA`"), ("en", "For example: `SD`, `SMP`, `SMA`")):
        for form in ("json", "oas31"):
            found = world.json(f"/ogc/openapi?f={form}&lang={language}")
            optional = 0
            for path, operations in found["paths"].items():
                for operation in operations.values():
                    for parameter in (resolved(found, each) for each in operation["parameters"]):
                        if parameter["required"]:
                            continue
                        optional += 1
                        schema = parameter["schema"]
                        holders = (parameter, schema, schema.get("items", {}))
                        assert not any(word in each for each in holders for word in ("example", "examples")), path
            assert optional > 30
            named = {
                each["name"]: each
                for each in found["paths"]["/collections/sekolah/items"]["get"]["parameters"]
                if "name" in each
            }
            assert said in named["jenjang"]["description"]
            assert "`" not in named["nama"]["description"] and named["nama"]["description"]
