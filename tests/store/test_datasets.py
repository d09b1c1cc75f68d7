from dataclasses import replace

import pytest

from geoportal.errors import Conflict, Invalid, NotFound
from geoportal.model.access import Classification
from geoportal.model.dataset import Stage
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.store import datasets
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY

PUBLIC, GOVERNMENT, PRIVATE = Classification.PUBLIC, Classification.GOVERNMENT, Classification.PRIVATE


def add_version(conn, dataset_id="d", digest="a" * 64):
    return datasets.add_version(
        conn, dataset_id, digest=digest, actor_name="ani", source_name="d.zip", summary=SUMMARY, report=REPORT
    )


@pytest.fixture
def made(register):
    """Dataset ``d`` with three versions, nothing published."""
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, PUBLIC, SPECIFICATION)
        for digest in "abc":
            add_version(conn, digest=digest * 64)
    return register


def published(register, number, build, **more):
    with register.begin() as conn:
        return datasets.publish(conn, "d", number, build, "ani", **more)


def history(register):
    with register.read() as conn:
        return [(past.version.number, past.build) for past in datasets.published_history(conn, "d")]


def moved(register, change):
    before = register.generation()
    with register.begin() as conn:
        change(conn)
    return register.generation() - before


def test_what_is_created_is_found_again(register, watch):
    with register.begin() as conn:
        made = datasets.create(
            conn, "desa_kukar-1", RECORD, GOVERNMENT, SPECIFICATION, ["Dinas B", "Dinas A", "Dinas B"]
        )
    with register.read() as conn:
        assert datasets.get(conn, "desa_kukar-1") == datasets.find(conn, "desa_kukar-1") == made
    assert (made.record, made.specification, made.revision) == (RECORD, SPECIFICATION, 1)
    assert (made.stage, made.published_version, made.created_at) == (Stage.DRAFT, None, watch.now)
    assert (made.classification, made.opd) == (GOVERNMENT, ("Dinas A", "Dinas B"))


def test_what_is_not_there_is_said(register):
    with register.begin() as conn:
        assert datasets.find(conn, "none") is None
        for change in (
            lambda: datasets.get(conn, "none"),
            lambda: datasets.set_access(conn, "none", PRIVATE),
            lambda: datasets.set_specification(conn, "none", SPECIFICATION),
            lambda: datasets.add_record(conn, "none", RECORD),
            lambda: datasets.publish(conn, "none", 1, "b", "ani"),
            lambda: datasets.withdraw(conn, "none"),
        ):
            with pytest.raises(NotFound):
                change()
        assert datasets.publication(conn, "none") is None
        assert datasets.published_history(conn, "none") == []


def test_an_id_is_given_once_and_is_never_a_path(register):
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, PUBLIC, SPECIFICATION)
        with pytest.raises(Conflict):
            datasets.create(conn, "d", RECORD, PUBLIC, SPECIFICATION)
        for bad in ("../d", "D", "", "katalog", "d" * 65):
            with pytest.raises(Invalid):
                datasets.create(conn, bad, RECORD, PUBLIC, SPECIFICATION)
        with pytest.raises(Invalid):
            datasets.create(conn, "e", RECORD, PUBLIC, SPECIFICATION, "Bappeda")


def test_all_are_listed_by_id(register):
    with register.begin() as conn:
        for dataset_id in ("b", "c", "a"):
            datasets.create(conn, dataset_id, RECORD, PUBLIC, SPECIFICATION)
    with register.read() as conn:
        assert [dataset.dataset_id for dataset in datasets.list_all(conn)] == ["a", "b", "c"]


def test_a_record_has_revisions_and_the_newest_holds(made):
    published(made, 1, "b1")
    second = replace(RECORD, title=LocalText("Judul baru"))
    with made.begin() as conn:
        assert datasets.add_record(conn, "d", second) == 2
    with made.read() as conn:
        dataset, publication = datasets.get(conn, "d"), datasets.publication(conn, "d")
        kept = conn.exec_driver_sql("SELECT revision FROM records ORDER BY revision").scalars().all()
    assert (dataset.record, dataset.revision) == (publication.record, publication.revision) == (second, 2)
    assert kept == [1, 2]


def test_nothing_is_public_before_it_is_published(made):
    with made.read() as conn:
        assert datasets.publications(conn) == []
        assert datasets.publication(conn, "d") is None
        assert datasets.publication(conn, "d", 1) is None


def test_a_publication_says_all_that_readers_need(made, watch):
    watch.turn(hours=1)
    given = published(made, 2, "b2", override="mendesak")
    with made.read() as conn:
        dataset = datasets.get(conn, "d")
        assert datasets.publication(conn, "d") == given
        assert datasets.publications(conn) == [given]
        assert given.version == datasets.version(conn, "d", 2)
    assert (given.build, given.override, given.published_by, given.published_at) == ("b2", "mendesak", "ani", watch.now)
    assert (given.record, given.specification, given.classification, given.older) == (RECORD, SPECIFICATION, PUBLIC, ())
    assert (dataset.stage, dataset.published_version) == (Stage.PUBLISHED, 2)


def test_only_versions_that_exist_are_published(made):
    with made.begin() as conn, pytest.raises(NotFound):
        datasets.publish(conn, "d", 4, "b", "ani")


def test_what_was_out_stays_in_reach(made):
    for number, build in ((1, "b1"), (2, "b2"), (3, "b3")):
        published(made, number, build)
    assert history(made) == [(3, "b3"), (2, "b2"), (1, "b1")]
    with made.read() as conn:
        current = datasets.publication(conn, "d")
        older = datasets.publication(conn, "d", 1)
        assert datasets.publication(conn, "d", 9) is None
    assert (current.version.number, current.older) == (3, (1, 2))
    assert (older.version.number, older.build, older.older) == (1, "b1", (2, 3))


def test_a_rollback_is_a_new_publication_of_an_older_number(made):
    published(made, 1, "b1")
    published(made, 2, "b2")
    back = published(made, 1, "b1-again")
    assert (back.version.number, back.older) == (1, (2,))
    assert history(made) == [(1, "b1-again"), (2, "b2")]


def test_the_same_version_built_anew_replaces_its_build(made):
    published(made, 1, "b1")
    published(made, 1, "b1-again")
    assert history(made) == [(1, "b1-again")]


def test_withdrawing_hides_all_that_was_ever_out(made):
    published(made, 1, "b1")
    published(made, 2, "b2")
    with made.begin() as conn:
        datasets.withdraw(conn, "d")
        with pytest.raises(Conflict):
            datasets.withdraw(conn, "d")
    with made.read() as conn:
        dataset = datasets.get(conn, "d")
        assert datasets.publications(conn) == []
        assert [datasets.publication(conn, "d", number) for number in (None, 1, 2)] == [None] * 3
        assert len(datasets.versions(conn, "d")) == 3
    assert (dataset.stage, dataset.published_version, history(made)) == (Stage.WITHDRAWN, None, [])
    again = published(made, 3, "b3")
    assert again.older == ()
    assert history(made) == [(3, "b3")]


def test_the_access_of_today_guards_what_was_published_yesterday(made):
    published(made, 1, "b1")
    published(made, 2, "b2")
    with made.begin() as conn:
        datasets.set_access(conn, "d", GOVERNMENT, ["Bappeda"])
    with made.read() as conn:
        past = [*datasets.publications(conn), *datasets.published_history(conn, "d")]
    assert {(publication.classification, publication.opd) for publication in past} == {(GOVERNMENT, ("Bappeda",))}


def test_a_publication_keeps_the_specification_that_it_was_built_under(made):
    other = replace(SPECIFICATION, key="nama")
    published(made, 1, "b1")
    with made.begin() as conn:
        assert datasets.set_specification(conn, "d", other).specification == other
        assert datasets.publication(conn, "d").specification == SPECIFICATION
    assert published(made, 2, "b2").specification == other


def test_the_generation_moves_with_what_readers_can_see_and_with_nothing_else(register):
    unseen = [
        lambda conn: datasets.create(conn, "d", RECORD, PUBLIC, SPECIFICATION),
        lambda conn: add_version(conn),
        lambda conn: datasets.add_record(conn, "d", RECORD),
        lambda conn: datasets.set_access(conn, "d", PRIVATE),
        lambda conn: datasets.set_specification(conn, "d", SPECIFICATION),
    ]
    assert [moved(register, change) for change in unseen] == [0, 0, 0, 0, 0]
    seen = [
        lambda conn: datasets.publish(conn, "d", 1, "b1", "ani"),
        lambda conn: datasets.add_record(conn, "d", RECORD),
        lambda conn: datasets.set_access(conn, "d", PUBLIC),
        lambda conn: datasets.withdraw(conn, "d"),
    ]
    assert [moved(register, change) for change in seen] == [1, 1, 1, 1]
    assert [moved(register, change) for change in unseen[1:]] == [0, 0, 0, 0]


def test_order_is_by_number_also_when_the_clock_goes_back(made, watch):
    published(made, 1, "b1")
    watch.turn(days=-400)
    published(made, 2, "b2")
    with made.begin() as conn:
        assert add_version(conn).number == 4
    assert history(made) == [(2, "b2"), (1, "b1")]


def test_a_build_is_in_use_while_readers_may_be_on_it(made, watch):
    a, b, c = ("a" * 64), ("b" * 64), ("c" * 64)
    published(made, 1, "b1")
    published(made, 1, "b1-again")
    published(made, 2, "b2")
    with made.read() as conn:
        assert datasets.builds_in_use(conn) == {(a, "b1"), (a, "b1-again"), (b, "b2")}
    watch.turn(hours=25)
    with made.read() as conn:
        assert datasets.builds_in_use(conn) == {(a, "b1-again"), (b, "b2")}
    with made.begin() as conn:
        datasets.withdraw(conn, "d")
        assert (b, "b2") in datasets.builds_in_use(conn)
    watch.turn(hours=25)
    published(made, 3, "b3")
    with made.read() as conn:
        assert datasets.builds_in_use(conn) == {(c, "b3")}


def test_many_datasets_keep_their_own_numbers_and_histories(made):
    with made.begin() as conn:
        datasets.create(conn, "other", Record(LocalText("Lain")), PRIVATE, SPECIFICATION)
        assert add_version(conn, "other").number == 1
        datasets.publish(conn, "other", 1, "o1", "budi")
    published(made, 1, "b1")
    published(made, 3, "b3")
    with made.read() as conn:
        found = [(p.dataset_id, p.version.number, p.older, p.record.title.id) for p in datasets.publications(conn)]
        assert datasets.sealed(conn) == {("d", "a" * 64), ("d", "b" * 64), ("d", "c" * 64), ("other", "a" * 64)}
    assert found == [("d", 3, (1,), RECORD.title.id), ("other", 1, (), "Lain")]
