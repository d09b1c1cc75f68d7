import pytest
import sqlalchemy as sa

from geoportal.model.access import Action, Actor, Role
from geoportal.store import events, tables

ANI = Actor("ani", Role.PRODUCER, opd="Dinas Éling", system_user="ani\udce9")


def record(register, action=Action.DATASET_SUBMIT, dataset_id="d", **facts):
    with register.begin() as conn:
        return events.record(conn, ANI, action, dataset_id, **facts)


def forge(register, statement):
    """Change the table as somebody would who holds the file."""
    with register.begin() as conn:
        for verb in ("update", "delete"):
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS events_no_{verb}")
        conn.exec_driver_sql(statement)


def broken(register):
    with register.read() as conn:
        return events.broken_at(conn)


def test_an_event_says_who_did_what_when(register, watch):
    told = record(register, version=3, note="é", reason=None)
    with register.read() as conn:
        assert events.list_recent(conn) == [told]
    assert (told.sequence, told.at, told.actor, told.role) == (1, watch.now, "ani", "producer")
    assert (told.action, told.dataset_id, told.opd, told.system_user) == ("dataset:submit", "d", "Dinas Éling", "ani?")
    assert told.facts == {"version": 3, "note": "é", "reason": None}


def test_the_newest_come_first_of_one_dataset_or_of_all(register):
    for dataset_id in ("d", "e", None, "d"):
        record(register, dataset_id=dataset_id)
    with register.read() as conn:
        assert [event.sequence for event in events.list_recent(conn)] == [4, 3, 2, 1]
        assert [event.sequence for event in events.list_recent(conn, "d")] == [4, 1]
        assert [event.sequence for event in events.list_recent(conn, limit=2)] == [4, 3]


def test_an_event_goes_with_its_change_or_not_at_all(register):
    with pytest.raises(ZeroDivisionError), register.begin() as conn:
        events.record(conn, ANI, Action.DATASET_SUBMIT)
        _ = 1 / 0
    with register.read() as conn:
        assert events.list_recent(conn) == []


@pytest.mark.parametrize("statement", [sa.update(tables.events).values(actor="budi"), sa.delete(tables.events)])
def test_the_trail_is_only_added_to(register, statement):
    record(register)
    with pytest.raises(sa.exc.IntegrityError, match="never changed or deleted"), register.begin() as conn:
        conn.execute(statement)


def test_order_does_not_follow_the_clock(register, watch):
    record(register)
    watch.turn(days=-1)
    record(register)
    with register.read() as conn:
        assert [event.sequence for event in events.list_recent(conn)] == [2, 1]
    assert broken(register) is None


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE events SET actor = 'budi' WHERE sequence = 2", 2),
        ("UPDATE events SET facts = '{\"n\": 9}' WHERE sequence = 3", 3),
        ("UPDATE events SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 1", 1),
        ("DELETE FROM events WHERE sequence = 2", 2),
        ("DELETE FROM events WHERE sequence = 1", 1),
        ("UPDATE events SET hash = prev_hash WHERE sequence = 4", 4),
    ],
)
def test_what_was_altered_shows(register, statement, at):
    for number in range(4):
        record(register, n=number)
    assert broken(register) is None
    forge(register, statement)
    assert broken(register) == at


def test_facts_are_json_and_no_number_that_is_none(register):
    with pytest.raises(ValueError, match="JSON compliant"):
        record(register, area=float("nan"))
