"""Features of collections, asked for in the address."""

import pytest

from tests.ogc.schemathesis import asking
from tests.ogc.schemathesis.asking import IDS


@pytest.mark.parametrize("collection", IDS)
@pytest.mark.parametrize("mode", asking.MODES)
def test_items(operations, mode, collection):
    found = [each for each in operations("json") if each.label == f"GET /collections/{collection}/items"]
    report = asking.ask(found, 120, mode)
    assert not report.faults, report.told()
    assert report.asked == 120
    if mode == "allowed":  # an earlier or a later version need not be there
        assert set(report.statuses) <= {200, 404} and report.statuses[200] > 60
    else:
        # What was taken is judged by ``ask``: a lone q may be right, whatever it says.
        assert report.statuses[200] + report.statuses[304] < 5 and report.statuses[400] > 60
