"""The index of values tells what SQL tells, for every type of field and every value that can be asked for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.errors import BadRequest
from geoportal.serving import attributes
from tests.serving.samples import polygons, served

SIZE = 400


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    random = np.random.default_rng(5)
    days = pd.Series(pd.to_datetime(random.integers(0, 40, SIZE), unit="D")).where(random.random(SIZE) < 0.8)
    columns = {
        "kelas": pd.Series(random.choice(["a", "A", "á", "", "a ", "0", "1"], SIZE), dtype=object),
        "panjang": pd.Series(["x" * 301, "y"] * (SIZE // 2), dtype=object),
        "lantai": random.integers(-3, 4, SIZE),
        "tinggi": random.choice([0.0, -0.0, 1.5, 2**53, np.nan, 1e308, 0.1], SIZE),
        "raksasa": np.array([2**63 + number % 3 for number in range(SIZE)], dtype=np.uint64),
        "pagar": random.random(SIZE) < 0.5,
        "hari": days.dt.date,
        "saat": days,
        "kosong": pd.Series([None] * SIZE, dtype=object),
    }
    return served(tmp_path_factory.mktemp("values"), polygons(SIZE), columns, types={"hari": "date"})


def by_sql(serving, properties: Sequence[tuple[str, object]], offset: int, limit: int):
    asked = attributes.question(serving.summary, properties, [])
    rows, matched = attributes.page(serving.connections, asked, offset, limit)
    return rows.tolist(), matched


ASKED = {
    "kelas": ["a", "A", "á", "a\u0301", "", "a ", "0", "b", "\x00"],
    "panjang": ["x" * 301, "y"],
    "lantai": ["0", "-3", "3", "99", "+1", str(2**63), str(-(2**63)), str(2**70)],
    "tinggi": ["0", "-0", "1.5", str(2**53), str(2**53 + 1), "1e308", "0.1", "0.10000000000000001", "7"],
    "raksasa": [str(2**63), str(2**63 + 1), "5"],
    "pagar": ["true", "false"],
    "hari": ["1970-01-03", "1999-01-01"],
    "saat": ["1970-01-03T00:00:00", "1970-01-03T00:00:00Z", "1970-01-03T07:00:00+07:00"],
    "kosong": ["", "a"],
}


@pytest.mark.parametrize("name", ASKED)
def test_a_value_has_the_rows_that_sql_finds(serving, name):
    for value in ASKED[name]:
        for offset, limit in ((0, SIZE), (3, 5), (SIZE, 1), (0, 0)):
            rows, matched = serving.select(properties=[(name, value)], offset=offset, limit=limit)
            assert (rows.tolist(), matched) == by_sql(serving, [(name, value)], offset, limit), value


def test_several_values_hold_together(serving):
    found = 0
    for lantai in range(-3, 4):
        for pagar in ("true", "false"):
            properties = [("lantai", str(lantai)), ("pagar", pagar), ("kelas", "a")]
            rows, matched = serving.select(properties=properties, limit=7)
            assert (rows.tolist(), matched) == by_sql(serving, properties, 0, 7)
            found += matched
    assert found


def test_what_is_looked_up_asks_no_sql(serving):
    assert serving.looks_up([("kelas", "a"), ("pagar", "true"), ("saat", "1970-01-03T00:00:00")])
    assert not serving.looks_up([("panjang", "y")]), "long texts have no index"
    assert not serving.looks_up([("raksasa", "5")]), "numbers beyond 64 bits are not whole numbers to SQLite"
    assert not serving.looks_up([("tiada", "5")])


def test_a_value_of_another_type_is_refused_as_before(serving):
    for name, value in (("lantai", "x"), ("pagar", "ya"), ("hari", "kemarin"), ("tinggi", "nan")):
        with pytest.raises(BadRequest) as error:
            serving.select(properties=[(name, value)])
        assert error.value.facts["parameter"] == name


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_values_of_any_column(tmp_path_factory, data):
    kind, values = data.draw(
        st.sampled_from(
            [
                ("text", st.text(max_size=5)),
                ("whole", st.integers(-(2**63), 2**63 - 1)),
                ("real", st.floats(allow_nan=False, allow_infinity=False)),
                ("day", st.dates(datetime.date(1800, 1, 1))),
            ]
        )
    )
    found = data.draw(st.lists(values, min_size=1, max_size=12))
    column = np.array(found) if kind in ("whole", "real") else pd.Series(found, dtype=object)
    types = {"n": "date"} if kind == "day" else None
    serving = served(tmp_path_factory.mktemp(kind), polygons(len(found)), {"n": column}, types=types)
    assert serving.looks_up([("n", "")])
    for value in found:
        asked = value.isoformat() if kind == "day" else repr(value) if kind != "text" else value
        rows, matched = serving.select(properties=[("n", asked)], limit=99)
        assert rows.tolist() == [row for row, other in enumerate(found) if other == value]
        assert matched == len(rows)
