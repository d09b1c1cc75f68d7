from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from geoportal.maps.values import LONGEST, absent, quantity, readable


@pytest.mark.parametrize(
    ("values", "unit", "indonesian", "english"),
    [
        ([445.7, 2345.678], "km²", ["445,7 km²", "2.345,7 km²"], ["445.7 km²", "2,345.7 km²"]),
        (
            [4050000000, 3800000000],
            "Rp",
            ["Rp 4.050.000.000", "Rp 3.800.000.000"],
            ["Rp 4,050,000,000", "Rp 3,800,000,000"],
        ),
        ([2015, 31204], None, ["2015", "31.204"], ["2015", "31,204"]),
        ([640201, 640202], None, ["640201", "640202"], ["640201", "640202"]),
        ([True, False], None, ["Ya", "Tidak"], ["Yes", "No"]),
        ([dt.date(2026, 8, 17)], None, ["17 Agu 2026"], ["17 Aug 2026"]),
        ([1.5, float("nan"), float("inf")], None, ["1,5", None, "∞"], ["1.5", None, "∞"]),
        ([0.0000123], None, ["0,000012"], ["0.000012"]),
        (["a", "", "  ", None], None, ["a", None, None, None], ["a", None, None, None]),
        ([b"\x00\x01"], None, ["2 bita"], ["2 bytes"]),
        ([Decimal("1.25")], "m", ["1,25 m"], ["1.25 m"]),
    ],
)
def test_values_read_as_people_write_them(values: list, unit: str | None, indonesian: list, english: list) -> None:
    assert readable(pd.Series(values), "id", unit) == indonesian
    assert readable(pd.Series(values), "en", unit) == english


def test_midnights_only_are_dates_and_instants_have_a_time() -> None:
    days = pd.Series(pd.to_datetime(["2026-11-24", None]))
    assert readable(days, "id") == ["24 Nov 2026", None]
    instants = pd.Series(pd.to_datetime(["2026-11-24 10:32", "2026-11-25 00:00"], format="mixed"))
    assert readable(instants, "id") == ["24 Nov 2026, 10.32", "25 Nov 2026, 00.00"]
    assert readable(instants.dt.tz_localize("Asia/Makassar"), "en")[0] == "24 Nov 2026, 10:32 WITA"


def test_any_object_becomes_bounded_text() -> None:
    values = [{"a": 1}, [1, 2], "x" * 999, dt.timedelta(1), dt.time(3), 2**70]
    written = readable(pd.Series(values, dtype=object), "id")
    assert all(isinstance(text, str) and len(text) <= LONGEST for text in written)


def test_absent_knows_every_kind_of_nothing() -> None:
    assert absent(pd.Series(["", " ", None, "x"])).tolist() == [True, True, True, False]
    assert absent(pd.Series([1.0, np.nan])).tolist() == [False, True]
    assert absent(pd.Series(pd.array([1, None], dtype="Int64"))).tolist() == [False, True]


def test_quantity_groups_from_five_digits_on() -> None:
    assert quantity(9999, "id") == "9999"
    assert quantity(10000, "id") == "10.000"
    assert quantity(-12345.5, "en") == "-12,345.5"
