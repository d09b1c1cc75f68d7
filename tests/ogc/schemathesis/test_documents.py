"""Everything but features: landing page, definition, collections, schemas."""

import pytest

from tests.ogc.schemathesis import asking


@pytest.mark.parametrize("mode", asking.MODES)
def test_documents(operations, mode):
    asked = [operation for operation in operations("json") if "/items" not in operation.path]
    report = asking.ask(asked, 10, mode)
    assert not report.faults, report.told()
    assert report.asked == 10 * len(asked) == 200
    good = 200 if mode == "allowed" else 400
    assert set(report.statuses) <= {good, 404}  # the version that a schema is asked of need not be there
    assert report.statuses[good] > 150
