"""That faults are found: a node that does not what its definition says is told on, whatever it does wrong."""

import copy

import pytest

from tests.ogc.schemathesis import asking

ITEMS = "/collections/titik/items"


def _without_status(document):
    del document["paths"][ITEMS]["get"]["responses"]["404"]


def _without_type(document):
    del document["components"]["responses"]["Items"]["content"]["application/geo+json"]


def _with_other_schema(document):
    document["components"]["schemas"]["FeatureCollection"]["required"].append("bounds")


def _with_a_bound_too_many(document):
    document["paths"][ITEMS]["get"]["parameters"] = [{"$ref": "#/components/parameters/offset"}]
    document["components"]["parameters"]["offset"]["schema"]["maximum"] = 5


def _with_a_bound_too_few(document):
    document["paths"][ITEMS]["get"]["parameters"] = [{"$ref": "#/components/parameters/offset"}]
    del document["components"]["parameters"]["offset"]["schema"]["minimum"]


@pytest.mark.parametrize(
    ("change", "mode", "fault"),
    [
        (_without_status, "allowed", "UndefinedStatusCode"),
        (_without_type, "allowed", "UndefinedContentType"),
        (_with_other_schema, "allowed", "JsonSchemaError"),
        (_with_a_bound_too_many, "forbidden", "AcceptedNegativeData"),
        (_with_a_bound_too_few, "allowed", "RejectedPositiveData"),
    ],
)
def test_a_false_definition_is_found_out(asked, change, mode, fault):
    false = copy.deepcopy(asked.json("/ogc/openapi"))
    change(false)
    operations = asking.operations_of(false, asked.client.app)
    report = asking.ask([each for each in operations if each.label == f"GET {ITEMS}"], 120, mode)
    assert fault in {kind[1] for kind in report.faults}
