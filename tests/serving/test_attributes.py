import threading
import time
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.errors import BadRequest, Unavailable
from geoportal.serving.attributes import stored_instant
from geoportal.serving.connections import Connections
from tests.serving.samples import layer, polygons, served

SIZE = 4000
TYPES = {"hari": "date", "jam": "time"}


@pytest.fixture(scope="module")
def columns():
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "jenis": rng.choice(np.array(["rumah", "Rumah", "ruko", "o'brien", "", "é", None], dtype=object), SIZE),
            "lantai": pd.array(rng.choice([1, 2, 3, 2**53 + 1, None], SIZE), dtype="Int64"),
            "tinggi": np.where(rng.random(SIZE) < 0.2, np.nan, rng.choice([0.1, -2.5, 3.0, 1e300], SIZE)),
            "berpagar": pd.array(rng.choice([True, False, None], SIZE), dtype="boolean"),
            "hari": rng.choice(np.array(["2024-02-29", "1999-12-31", None], dtype=object), SIZE),
            "jam": rng.choice(np.array(["07:30:00", "23:59:59", None], dtype=object), SIZE),
            "saat": pd.to_datetime(
                rng.choice(np.array(["2024-02-29T01:00:00Z", "2024-02-29T01:00:00.5Z", None], dtype=object), SIZE),
                format="ISO8601",
                utc=True,
            ),
        }
    )


@pytest.fixture(scope="module")
def serving(tmp_path_factory, columns):
    made = layer(
        polygons(SIZE),
        {name: columns[name] for name in columns},
        types=TYPES | {"lantai": "integer", "berpagar": "boolean"},
    )
    return served(tmp_path_factory.mktemp("rows"), made)


ASKED = [
    ("jenis", "rumah", "rumah"),
    ("jenis", "o'brien", "o'brien"),
    ("jenis", "", ""),
    ("jenis", "tidak ada", "tidak ada"),
    ("lantai", "2", 2),
    ("lantai", " +3 ".strip(), 3),
    ("lantai", str(2**53 + 1), 2**53 + 1),
    ("lantai", str(2**53), 2**53),
    ("lantai", str(10**30), 10**30),
    ("tinggi", "0.1", 0.1),
    ("tinggi", "-25e-1", -2.5),
    ("tinggi", "3", 3.0),
    ("berpagar", "true", True),
    ("berpagar", "FALSE", False),
    ("hari", "2024-02-29", "2024-02-29"),
    ("jam", "07:30", "07:30:00"),
    ("saat", "2024-02-29T09:00:00+08:00", pd.Timestamp("2024-02-29T01:00:00Z")),
    ("saat", "2024-02-29T01:00:00.500Z", pd.Timestamp("2024-02-29T01:00:00.5Z")),
]


@pytest.mark.parametrize(("name", "value", "meant"), ASKED)
def test_exact_values(serving, columns, name, value, meant):
    wanted = np.flatnonzero((columns[name] == meant).fillna(False)).tolist()
    rows, matched = serving.select(properties=[(name, value)], limit=SIZE)
    assert (rows.tolist(), matched) == (wanted, len(wanted))
    assert serving.select(properties=[(name, value)], limit=3)[1] == len(wanted)
    assert serving.select(properties=[(name, value)], offset=5, limit=3)[0].tolist() == wanted[5:8]
    assert serving.select(properties=[(name, value)], offset=10**20, limit=3)[1] == len(wanted)
    assert serving.select(properties=[(name, value)], limit=0)[1] == len(wanted)


def test_values_may_come_as_values(serving):
    for name, text, value in [("lantai", "2", 2), ("tinggi", "0.1", 0.1), ("berpagar", "true", True)]:
        assert serving.select(properties=[(name, value)])[1] == serving.select(properties=[(name, text)])[1] > 0


def test_all_values_must_hold(serving, columns):
    wanted = np.flatnonzero(((columns["jenis"] == "ruko") & (columns["lantai"] == 2)).fillna(False)).tolist()
    rows, _ = serving.select(properties=[("jenis", "ruko"), ("lantai", "2")], limit=SIZE)
    assert rows.tolist() == wanted
    assert serving.select(properties=[("jenis", "ruko"), ("jenis", "rumah")])[1] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lantai", "abc"),
        ("lantai", "1.5"),
        ("lantai", "1_000"),
        ("lantai", "٣"),
        ("lantai", ""),
        ("lantai", "9" * 5000),
        ("tinggi", "nan"),
        ("tinggi", "inf"),
        ("tinggi", "1e999"),
        ("tinggi", "0x1"),
        ("berpagar", "ya"),
        ("hari", "29-02-2024"),
        ("hari", "2023-02-29"),
        ("jam", "25:00"),
        ("saat", "kemarin"),
        ("jenis", "\ud800"),
        ("tidak_ada", "1"),
        ("c0", "1"),
        ("row", "1"),
        ("fid", "1"),
        ("jenis = 'x' OR 1", "1"),
    ],
)
def test_a_value_or_name_that_does_not_fit_is_named(serving, name, value):
    with pytest.raises(BadRequest) as error:
        serving.select(properties=[(name, value)])
    assert error.value.facts["parameter"] == name
    assert name in error.value.detail


def test_an_order_by_a_field_that_is_not_there(serving):
    with pytest.raises(BadRequest) as error:
        serving.select(sortby=[("tidak_ada", 1)])
    assert error.value.facts["parameter"] == "sortby"


def ordered(values, direction):
    """Rows in the order asked for, in plain Python: no value last, ties in layer order."""

    def key(row):
        return values[row].encode() if isinstance(values[row], str) else values[row]

    valued = [row for row in range(SIZE) if not pd.isna(values[row])]
    return sorted(valued, key=key, reverse=direction < 0) + [row for row in range(SIZE) if pd.isna(values[row])]


@pytest.mark.parametrize("name", ["jenis", "lantai", "tinggi", "berpagar", "hari", "jam", "saat"])
@pytest.mark.parametrize("direction", [1, -1])
def test_orders(serving, columns, name, direction):
    wanted = ordered(columns[name].tolist(), direction)
    rows, matched = serving.select(sortby=[(name, direction)], limit=SIZE)
    assert rows.tolist() == wanted
    assert matched == SIZE
    pages = [serving.select(sortby=[(name, direction)], offset=at, limit=501)[0].tolist() for at in range(0, SIZE, 501)]
    assert [row for page in pages for row in page] == wanted


def test_an_order_of_two_fields(serving, columns):
    rows, _ = serving.select(sortby=[("hari", 1), ("tinggi", -1)], limit=SIZE)
    frame = columns.assign(
        row=range(SIZE), none=columns["hari"].isna(), absent=columns["tinggi"].isna(), turned=-columns["tinggi"]
    )
    assert rows.tolist() == frame.sort_values(["none", "hari", "absent", "turned", "row"])["row"].tolist()


@pytest.mark.parametrize("few", [1, 10**6])
def test_box_values_and_order_together(serving, columns, few, monkeypatch):
    """Both ways of cutting the rows of a box out of SQL's, whatever their number."""
    monkeypatch.setattr("geoportal.serving.attributes.FEW", few)
    monkeypatch.setattr("geoportal.serving.fragments.FEW", few)
    monkeypatch.setattr("geoportal.serving.attributes._BATCH", 100)
    box = (115.6, -1, 117.2, 1)
    inside = serving.select(box, limit=SIZE)[0].tolist()
    assert 100 < len(inside) < SIZE
    for properties, orders in [
        ([("jenis", "rumah")], []),
        ([("jenis", "rumah")], [("tinggi", -1)]),
        ([], [("saat", 1)]),
        ([("lantai", "1"), ("berpagar", "true")], [("jenis", -1)]),
        ([("jenis", "tidak ada")], [("jenis", 1)]),
    ]:
        chosen = serving.select(properties=properties, sortby=orders, limit=SIZE)[0].tolist()
        wanted = [row for row in chosen if row in set(inside)]
        for offset, limit in [(0, SIZE), (0, 10), (7, 25), (len(wanted), 5), (0, 0)]:
            rows, matched = serving.select(box, properties, orders, offset, limit)
            assert (rows.tolist(), matched) == (wanted[offset : offset + limit], len(wanted))


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_text_is_only_a_value(tmp_path_factory, data):
    texts = data.draw(st.lists(st.text(), min_size=1, max_size=6))
    serving = served(tmp_path_factory.mktemp("text"), polygons(len(texts)), {"n": pd.Series(texts, dtype=object)})
    for text in texts:
        rows, _ = serving.select(properties=[("n", text)])
        assert rows.tolist() == [row for row, value in enumerate(texts) if value == text]


def test_negative_offsets_and_limits(serving):
    for name in ("offset", "limit"):
        with pytest.raises(BadRequest) as error:
            serving.select(**{name: -1})
        assert error.value.facts["parameter"] == name


def test_instants_sort_as_text():
    instants = [datetime(2024, 2, 29, 1, 0, 0, us, tzinfo=UTC) for us in (0, 1, 10, 500_000, 999_999)]
    texts = [stored_instant(instant) for instant in instants]
    assert texts == sorted(texts)
    assert texts[3] == "2024-02-29T01:00:00.5"


def test_a_statement_that_takes_too_long_is_stopped(tmp_path, serving):
    served(tmp_path / "s", polygons(50), {"n": range(50)})
    connections = Connections(tmp_path / "s" / "rows.sqlite", limit_s=0.2)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    started = time.monotonic()
    with pytest.raises(Unavailable), connections.use() as connection:
        connection.execute(endless).fetchone()
    assert time.monotonic() - started < 2
    with connections.use() as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (50,)


def test_readers_cannot_write(serving):
    for statement in ("DELETE FROM rows", "CREATE TABLE x (y)", "PRAGMA user_version = 5; DROP TABLE rows"):
        with (
            serving.connections.use() as connection,
            pytest.raises(Exception, match=r"readonly|read-only|one statement"),
        ):
            connection.execute(statement)


def test_more_threads_than_connections(tmp_path):
    served(tmp_path / "s", polygons(50), {"n": range(50)})
    connections = Connections(tmp_path / "s" / "rows.sqlite", most=2)
    found = []

    def ask():
        for _ in range(20):
            with connections.use() as connection:
                found.append(connection.execute("SELECT count(*) FROM rows").fetchone()[0])

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [50] * 240
