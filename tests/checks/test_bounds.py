from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks.bounds import _exists
from geoportal.model.specification import Comparison
from tests.checks.asking import ask, facts, table
from tests.checks.examples import field, spec


@pytest.mark.parametrize("values", [[1, 2, 3], [1.0, 2.0, 3.0], ["1", "2", "3.0"]])
def test_ends_are_inside(values: list[Any]) -> None:
    assert ask("field-range", table(n=values), field("n", minimum=1, maximum=3)) is None
    assert facts(ask("field-range", table(n=values), field("n", minimum=1.5)), "reason") == ["minimum"]
    found = ask("field-range", table(n=values), field("n", maximum=2))
    assert found is not None and facts(found, "value") in (["3"], ["3.0"])


def test_what_is_no_number_is_not_out_of_bounds() -> None:
    assert ask("field-range", table(n=["-", None, "dua", "2"]), field("n", minimum=1, maximum=3)) is None
    assert ask("field-range", table(n=[np.nan, 2.0]), field("n", minimum=1)) is None


@pytest.mark.parametrize(
    ("left", "operator", "right", "broken"),
    [
        ([9, 10], "<=", [10, 10], []),
        (["9", "10"], "<", [10, 9], ["2"]),  # a number beside a text is compared as one
        (["9", "10"], "<", ["10", "9"], ["1"]),  # texts are texts
        ([1.0, np.nan], "=", [2.0, 2.0], ["1"]),
        (["64.02.01", "64.02.02", None], "starts-with", ["64.02", "64.03", "64.02"], ["2"]),
        (["a", " "], "=", ["b", "b"], ["1"]),
    ],
)
def test_comparisons(left: list[Any], operator: str, right: list[Any], broken: list[str]) -> None:
    found = ask("fields-disagree", table(a=left, b=right), spec(comparisons=(Comparison("a", operator, "b"),)))
    assert [place.feature for place in found.occurrences] == broken if found else not broken


def test_dates_are_compared_as_dates() -> None:
    dates = table(a=pandas.to_datetime(["2024-02-01", "2024-02-01"]), b=["2024-01-31", "2024-10-01"])
    found = ask("fields-disagree", dates, spec(comparisons=(Comparison("a", "<=", "b"),)))
    assert found is not None and [place.feature for place in found.occurrences] == ["1"]
    assert ask("fields-disagree", dates, spec(comparisons=(Comparison("a", "<=", "tiada"),))) is None


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        (["2024-04-03", "2024-02-29"], []),
        (["2024-02-30"], ["date-none"]),
        (["1899-12-30", "2024-01-01", "2203-01-01"], ["date-year", "date-year"]),
        (["03/04/2024", "05/06/2023"], ["date-order", "date-order"]),
        (["03/04/2024", "25/06/2023"], []),  # the second shows that days come first
        (["03/04/2024", "25/06/2023", "06/25/2023"], ["date-order"]),  # both orders: the first may be either
        (["05/05/2024"], []),  # either way it is the same day
        (["31/02/2024", "25/06/2023"], ["date-none"]),
        (["64.02.08", "64.02.09"], []),  # codes of kecamatan
        (["2024-01-01"] * 3 + ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "kemarin"], ["date-unreadable"]),
        (["2024-01-01", "kemarin"], []),  # not mostly dates
    ],
)
def test_dates_in_texts(values: list[str], reasons: list[str]) -> None:
    assert facts(ask("date-implausible", table(kapan=values)), "reason") == reasons


def test_a_field_that_is_called_one_of_dates_is_asked_whole() -> None:
    said = field("kapan", type="date")
    assert facts(ask("date-implausible", table(kapan=["2024-01-01", "kemarin"]), said), "reason") == ["date-unreadable"]
    real = table(kapan=pandas.to_datetime(["2024-01-01", "1899-12-30"]))
    found = ask("date-implausible", real)
    assert facts(found, "reason") == ["date-year"] and found is not None and found.params["reasons"] == {"date-year": 1}


@given(st.integers(1900, 2099), st.integers(0, 13), st.integers(0, 32))
def test_the_calendar(year: int, month: int, day: int) -> None:
    try:
        datetime.date(year, month, day)
        there = True
    except ValueError:
        there = False
    assert _exists(year, month, day) is there
