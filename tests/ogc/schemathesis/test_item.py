"""Single features: ids that are there, and ids of any signs."""

import pytest

from tests.ogc.schemathesis import asking
from tests.ogc.schemathesis.asking import IDS


@pytest.mark.parametrize("collection", IDS)
@pytest.mark.parametrize("mode", asking.MODES)
def test_item(operations, mode, collection):
    found = [each for each in operations("json") if each.label.startswith(f"GET /collections/{collection}/items/")]
    report = asking.ask(found, 60, mode)
    assert not report.faults, report.told()
    assert report.asked == 60
    if mode == "allowed":
        assert set(report.statuses) <= {200, 404} and report.statuses[200] > 5 < report.statuses[404]
    else:
        assert not report.statuses[200]
