"""``geoportal feedback``: staff read and answer at the terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from geoportal.store.messages import Draft, Kind, add
from tests.store.things import register_in
from tests.web import nodes


@pytest.fixture
def told(tmp_path, data_dir):
    """A report with a hostile text and a request, in a data directory."""
    register = register_in(data_dir)
    with register.begin() as conn:
        report = add(conn, Draft(Kind.MISTAKE, "Salah\x1b[31m\nbaris dua", "id", contact="w@x.id", place=(116.5, -0.4)))
        request = add(conn, Draft(Kind.ACCESS, "RTRW", "id", wanted="izin", sender="Siti", agency="OPD", contact="1"))
    register.close()
    return report.number, request.number


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_way_of_a_report(geoportal, told):
    report, request = told
    listed = answer(geoportal("feedback", "list", "--json"))["messages"]
    assert {row["number"] for row in listed} == {report, request}
    assert all(row["due"] > row["created_at"][:10] for row in listed)
    plain = geoportal("feedback", "list", "--lang", "en").stdout
    assert "WITA" in plain and "late" not in plain
    assert "answer by" in plain
    assert report in plain and "\x1b" not in plain and "request for access" in plain
    shown = geoportal("feedback", "show", report.lower(), "--lang", "id").stdout
    assert "w@x.id" in shown and "116.500000, -0.400000" in shown and "\x1b" not in shown and "| baris dua" in shown
    assert geoportal("feedback", "answer", report, "--status", "fixed").returncode == 7, "an end needs a note"
    assert geoportal("feedback", "answer", report, "--status", "granted", "--note", "x").returncode == 7
    assert geoportal("feedback", "answer", "L-2026-0000-0000", "--status", "checking").returncode == 4
    done = answer(geoportal("feedback", "answer", report, "--status", "fixed", "--note", "Dibetulkan.", "--json"))
    assert (
        done["status"] == "fixed" and done["answers"][0]["note"] == "Dibetulkan." and done["address"].endswith(report)
    )
    assert [row["number"] for row in answer(geoportal("feedback", "list", "--json"))["messages"]] == [request]
    assert len(answer(geoportal("feedback", "list", "--all", "--json"))["messages"]) == 2
    assert [row["kind"] for row in answer(geoportal("feedback", "list", "--kind", "access", "--json"))["messages"]] == [
        "access"
    ]


def test_forgetting(geoportal, told):
    _, request = told
    done = answer(geoportal("feedback", "forget", request, "--json"))
    assert (done["sender"], done["agency"], done["contact"], done["wanted"]) == (None, None, None, "izin")


def test_an_empty_node_says_so(geoportal, data_dir):
    register_in(data_dir).close()
    assert "Tidak ada laporan" in geoportal("feedback", "list", "--lang", "id").stdout


def test_a_node_of_before_takes_reports(tmp_path):
    """A data directory that the program of revision 0002 left is brought up by opening it."""
    from tests.store.test_migrations import FIRST_ROWS, at_revision

    (tmp_path / "data").mkdir()
    before = at_revision(tmp_path / "data", "0002")
    with before.begin() as conn:
        for statement in FIRST_ROWS:
            conn.exec_driver_sql(statement)
    before.close()
    node = nodes.make_node(tmp_path)
    with node.register.begin() as conn:
        kept = add(conn, Draft(Kind.MISTAKE, "x", "id", dataset_id="d"))
        assert kept.draft.dataset_id == "d"
    node.close()


def test_a_broken_promise_is_said(geoportal, data_dir):
    register = register_in(data_dir)
    register._clock = lambda: datetime(2020, 1, 1, tzinfo=UTC)
    with register.begin() as conn:
        add(conn, Draft(Kind.MISTAKE, "lama", "id"))
    register.close()
    assert "2020-01-08 lewat" in geoportal("feedback", "list", "--lang", "id").stdout
