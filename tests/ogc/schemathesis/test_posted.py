"""Features of collections, asked for by a filter in a body."""

import pytest

from tests.ogc.schemathesis import asking
from tests.ogc.schemathesis.asking import IDS


@pytest.mark.parametrize("collection", IDS)
@pytest.mark.parametrize("mode", asking.MODES)
def test_posted(operations, mode, collection):
    found = [each for each in operations("json") if each.label == f"POST /collections/{collection}/items"]
    report = asking.ask(found, 50, mode)
    assert not report.faults, report.told()
    assert report.asked == 50
    assert report.statuses[200] > 25 if mode == "allowed" else not report.statuses[200]
