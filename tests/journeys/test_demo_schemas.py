"""The demonstration: valid schemas, features that fit them, and a declaration that every layer of it proves."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.node import Node
from geoportal.ogc.app import ogc_routes
from geoportal.ogc.conformance import CLASSES, COMMON, SPEC, proven
from geoportal.ogc.engine import Engine
from geoportal.ogc.schemas import KINDS
from geoportal.settings import load_settings
from tests.ogc.test_conformance import ISSUE
from tests.ogc.test_schemas import fits
from tests.ogc.world import BASE, World


@pytest.fixture(scope="module")
def demo(demo_data, tmp_path_factory) -> Iterator[World]:
    data = demo_data(tmp_path_factory.mktemp("contoh"))
    settings, _ = load_settings({"storage": {"data": data}, "web": {"base_url": BASE}}, environ={})
    node = Node(settings)
    engine = Engine(node)
    app = Starlette(routes=ogc_routes(node, engine))
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        yield World(node, engine, client)
    node.close()


def datasets(demo: World) -> list[str]:
    return [one["id"] for one in demo.json("/ogc/collections")["collections"]]


def test_every_document_is_valid_and_every_feature_fits(demo):
    held = {}
    for dataset in datasets(demo):
        for kind in KINDS:
            jsonschema.Draft202012Validator.check_schema(demo.json(f"/ogc/collections/{dataset}/{kind}"))
        held[dataset] = fits(demo, dataset)
    assert len(held) > 10 and min(held.values()) > 0 and sum(held.values()) > 500


def test_code_lists_and_patterns_of_the_specifications_are_told(demo):
    """All layers were published through their gate, so whatever their specifications say of values holds."""
    told = 0
    for dataset in datasets(demo):
        publication = demo.engine.snapshot(PUBLIC_AUDIENCE).sources[dataset].publication
        entries = demo.json(f"/ogc/collections/{dataset}/schema")["properties"]
        for field in publication.specification.fields:
            assert entries[field.name].get("enum", []) == list(field.codes)
            assert entries[field.name].get("pattern") == field.pattern
            assert entries[field.name].get("maxLength") == field.length
            told += bool(field.codes) + bool(field.pattern)
    assert told > 20


def test_all_classes_are_declared(demo):
    found = set(demo.json("/ogc/conformance")["conformsTo"])
    assert found >= {f"{SPEC}{name}" for name in ISSUE}
    assert found == {*COMMON, *(each.uri for each in CLASSES)}
    for source in demo.engine.snapshot(PUBLIC_AUDIENCE).sources.values():
        assert all(proven(source).values())
