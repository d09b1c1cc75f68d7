"""What schemathesis has no need of chance for: each value at its bounds, each parameter left out, doubled or alone."""

import pytest

from tests.ogc.schemathesis import asking


@pytest.mark.parametrize("mode", asking.MODES)
def test_boundaries(asked, mode):
    schema = asking.schema_of(asked.json("/ogc/openapi"), asked.client.app)
    report = asking.ask_boundaries(schema, mode)
    assert not report.faults, report.told()
    assert report.asked > 400
    if mode == "allowed":
        assert set(report.statuses) <= {200, 404} and report.statuses[200] > 400
    else:  # methods that are not there are asked for too
        assert set(report.statuses) <= {400, 405} and report.statuses[400] > 400
