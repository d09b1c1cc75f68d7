import pytest
import sqlalchemy as sa

from geoportal.errors import NotFound
from geoportal.model.access import Classification
from geoportal.model.report import Gate, Report, Verdict
from geoportal.store import datasets, tables, versions
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY


@pytest.fixture
def made(register):
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
        datasets.create(conn, "e", RECORD, Classification.PUBLIC, SPECIFICATION)
    return register


def add(register, dataset_id="d", digest="a" * 64, report=REPORT, source_name="Desa é.zip", **more):
    with register.begin() as conn:
        return versions.add_version(
            conn,
            dataset_id,
            digest=digest,
            actor_name="ani",
            source_name=source_name,
            summary=SUMMARY,
            report=report,
            **more,
        )


def test_a_version_says_what_was_kept(made, watch):
    kept = add(made, note="dari lapangan")
    with made.read() as conn:
        assert versions.version(conn, "d", 1) == kept
    assert (kept.number, kept.digest, kept.created_at, kept.created_by) == (1, "a" * 64, watch.now, "ani")
    assert (kept.source_name, kept.note, kept.same_as) == ("Desa é.zip", "dari lapangan", None)
    assert (kept.features, kept.crs, kept.geometry_type) == (3, "EPSG:4326", "Point")
    assert (kept.verdict, kept.gate, kept.spec) == (Verdict.ACCEPT, Gate.PASS, "titik")
    assert add(made, report=Report()).gate is None


def test_numbers_count_within_a_dataset(made):
    assert [add(made, dataset_id).number for dataset_id in "dded"] == [1, 2, 1, 3]


def test_the_same_bytes_are_a_new_version_that_says_so(made):
    found = [add(made, digest=digest * 64) for digest in "abaab"]
    assert [(version.number, version.same_as) for version in found] == [(1, None), (2, None), (3, 1), (4, 1), (5, 2)]
    assert add(made, "e").same_as is None


def test_the_same_key_is_the_same_version(made):
    first = add(made, idempotency_key="k1")
    assert add(made, idempotency_key="k1", digest="b" * 64, note="lain") == first
    assert add(made, idempotency_key="k2").number == 2
    assert add(made, "e", idempotency_key="k1").number == 1
    with made.read() as conn:
        assert versions.version_by_key(conn, "d", "k1") == first
        assert versions.version_by_key(conn, "d", "k3") is None


def test_what_is_not_there_is_said(made):
    with pytest.raises(NotFound):
        add(made, "none")
    with made.read() as conn, pytest.raises(NotFound):
        versions.version(conn, "d", 1)


def test_a_name_in_a_broken_encoding_is_kept_readable(made):
    kept = add(made, source_name="caf\udce9.zip", note="\ud800", idempotency_key="\udc00")
    assert (kept.source_name, kept.note) == ("caf?.zip", "?")


@pytest.mark.parametrize("statement", [sa.update(tables.versions).values(features=9), sa.delete(tables.versions)])
def test_a_version_is_never_changed_or_deleted(made, statement):
    add(made)
    with pytest.raises(sa.exc.IntegrityError, match="never changed or deleted"), made.begin() as conn:
        conn.execute(statement)
