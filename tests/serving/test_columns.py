import base64
from datetime import UTC, date, datetime, time, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from geoportal.serving.columns import json_values, knows_zone

WITA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("kind", "series", "wanted"),
    [
        ("integer", pd.Series([1, -2, 2**62]), [1, -2, 2**62]),
        ("integer", pd.Series([1, None, 3], dtype="Int64"), [1, None, 3]),
        ("integer", pd.Series([1.0, np.nan, 2.5]), [1, None, 2.5]),
        ("integer", pd.Series([2**64 - 1], dtype="uint64"), [2**64 - 1]),
        ("number", pd.Series([1.5, np.nan, np.inf, -np.inf]), [1.5, None, None, None]),
        ("number", pd.Series([1.1, 0.3], dtype="float32"), [1.1, 0.3]),
        ("number", pd.Series([1, 2]), [1.0, 2.0]),
        ("boolean", pd.Series([True, False]), [True, False]),
        ("boolean", pd.Series([True, None], dtype="boolean"), [True, None]),
        ("boolean", pd.Series([1, 0]), [True, False]),
        ("string", pd.Series(["<b>", "", None, "Sumber Sari ‘½’"]), ["<b>", "", None, "Sumber Sari ‘½’"]),
        ("string", pd.Series(["a\ud800b"], dtype=object), ["a\ufffdb"]),
        ("string", pd.Series([6402, None, 0, ""], dtype=object), ["6402", None, "0", ""]),
        ("date", pd.Series([date(2024, 2, 29), None], dtype=object), ["2024-02-29", None]),
        ("date", pd.Series(["2024-02-29"]).astype("datetime64[ms]"), ["2024-02-29"]),
        ("date", pd.Series([datetime(2024, 2, 29, 12, tzinfo=UTC)], dtype=object), ["2024-02-29"]),
        ("date-time", pd.Series(["2024-02-29T01:02:03", None]).astype("datetime64[ms]"), ["2024-02-29T01:02:03", None]),
        ("date-time", pd.Series(["2024-02-29T01:02:03.250"]).astype("datetime64[ms]"), ["2024-02-29T01:02:03.25"]),
        (
            "date-time",
            pd.Series(pd.to_datetime(["2024-02-29T01:02:03+08:00", None], utc=True)),
            ["2024-02-28T17:02:03Z", None],
        ),
        (
            "date-time",
            pd.Series([datetime(2024, 2, 29, 1, tzinfo=WITA), datetime(2024, 2, 29, 1, tzinfo=UTC)], dtype=object),
            ["2024-02-28T17:00:00Z", "2024-02-29T01:00:00Z"],
        ),
        ("date-time", pd.Series(["2024-02-29T01:00:00+08:00", "kemarin"]), ["2024-02-28T17:00:00Z", "kemarin"]),
        ("time", pd.Series([time(7, 30), None], dtype=object), ["07:30:00", None]),
        ("binary", pd.Series([b"\x00\xff", None], dtype=object), [base64.b64encode(b"\x00\xff").decode(), None]),
        (
            "json",
            pd.Series(['{"a":[1,null]}', "[1.5]", None, "bukan json"]),
            [{"a": [1, None]}, [1.5], None, "bukan json"],
        ),
        ("json", pd.Series([{"a": 1}, [1, 2], np.array([3, 4])], dtype=object), [{"a": 1}, [1, 2], [3, 4]]),
    ],
)
def test_values_as_json_has_them(kind, series, wanted):
    found = json_values(series, kind)
    assert found == wanted
    assert [type(value) for value in found] == [type(value) for value in wanted]


def test_json_nested_too_deep_to_write_stays_text():
    text = "[" * 600 + "]" * 600
    assert json_values(pd.Series([text]), "json") == [text]


def test_a_zone_is_known_or_not():
    assert knows_zone([None, "2024-02-29T01:00:00Z"])
    assert not knows_zone([None, "2024-02-29T01:00:00"])
