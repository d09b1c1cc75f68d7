"""The same questions, fewer of them, from the definition in OpenAPI 3.1."""

import pytest

from tests.ogc.schemathesis import asking


@pytest.mark.parametrize("mode", asking.MODES)
def test_definition_in_3_1(operations, mode):
    asked = operations("oas31")
    report = asking.ask(asked, 6, mode)
    assert not report.faults, report.told()
    assert report.asked == 6 * len(asked) == 192
    assert {each.label for each in asked} == {each.label for each in operations("json")}
