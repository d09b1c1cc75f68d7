"""Publishing as an action: who may overrule the gate, what is kept of it, and what no reason can lift."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from geoportal.actions import publish as acts
from geoportal.actions.submit import submit
from geoportal.errors import BadRequest, Conflict, NotAllowed, NotPublishable
from geoportal.model.access import Actor, Role
from geoportal.model.report import Element, Finding, Report, Severity
from geoportal.store import datasets, events
from geoportal.store.waivers import Waiver, waiver_of
from tests.web.nodes import make_node

BOWTIE = [[[116, 0], [116.1, 0.1], [116.1, 0], [116, 0.1], [116, 0]]]
ADMIN = Actor("wati", Role.ADMIN)
STEWARD = Actor("sari", Role.STEWARD)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A node with a dataset whose only version does not meet its profile."""
    folder = tmp_path_factory.mktemp("tindakan")
    node = make_node(folder)
    path: Path = folder / "batas.geojson"
    feature = {"type": "Feature", "properties": {"kode": "1"}, "geometry": {"type": "Polygon", "coordinates": BOWTIE}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    submit(node, ADMIN, "batas", path, spec="batas")
    yield node
    node.close()


@pytest.fixture
def let_through(faulty):
    """The same node with that version published under a reason, whatever ran before."""
    acts.publish(faulty, STEWARD, "batas", override="rapat 24 November")
    return faulty


def trail(node) -> list[str]:
    with node.register.read() as conn:
        return [event.action for event in events.list_recent(conn)]


@pytest.mark.parametrize("role", [Role.USER, Role.PRODUCER, Role.SUPERVISOR])
def test_who_may_not_overrule_changes_nothing(faulty, role):
    before = trail(faulty)
    for reason in (None, "mendesak"):
        with pytest.raises(NotAllowed):
            acts.publish(faulty, Actor("budi", role), "batas", override=reason)
    assert trail(faulty) == before


def test_to_publish_is_not_yet_to_overrule(faulty, monkeypatch):
    """The two rights are two: whoever has the first alone is refused at the second."""
    from geoportal.model import access

    may_publish = {access.Action.DATASET_PUBLISH: frozenset({Role.PRODUCER})}
    monkeypatch.setattr(access, "PERMISSIONS", access.PERMISSIONS | may_publish)
    producer = Actor("budi", Role.PRODUCER)
    with pytest.raises(NotPublishable):
        acts.publish(faulty, producer, "batas")
    with pytest.raises(NotAllowed, match="gate:override"):
        acts.publish(faulty, producer, "batas", override="mendesak")


def test_a_version_that_could_not_be_read_safely_is_published_under_no_reason(faulty, monkeypatch):
    rejected = Finding("file-damaged", Severity.BLOCKING, Element.USABILITY, 1, None, Severity.BLOCKING)
    before = trail(faulty)
    unread = Finding("file-damaged", Severity.WARNING, Element.USABILITY, 1, None, Severity.BLOCKING)
    for finding in (rejected, unread):
        monkeypatch.setattr(acts, "judge", lambda *_, found=finding: Report(findings=(found,), spec="batas"))
        with pytest.raises(NotPublishable) as refused:
            acts.publish(faulty, ADMIN, "batas", override="perintah pimpinan")
        assert refused.value.facts["say"] == "reject"
    assert trail(faulty) == before


def test_a_waiver_is_read_from_the_trail_that_nobody_can_change(faulty):
    publication = acts.publish(faulty, STEWARD, "batas", override="rapat 24 November")
    waiver = faulty.waiver(publication)
    assert waiver is not None
    assert (waiver.reason, waiver.by) == ("rapat 24 November", "sari")
    assert waiver.overruled == (("geometry-invalid", 1),)
    with faulty.register.read() as conn:
        assert events.broken_at(conn) is None
        published, given = events.list_recent(conn, "batas")[:2]
    assert (published.action, given.action) == ("dataset:publish", "gate:override")
    assert (given.actor, given.role, given.at) == ("sari", "steward", waiver.at)

    # A second reason for the same version is the one that holds; a publication without one has none.
    later = acts.publish(faulty, ADMIN, "batas", override="rapat kedua")
    told = faulty.waiver(later)
    assert told is not None and (told.reason, told.by) == ("rapat kedua", "wati")
    assert faulty.waiver(publication) == waiver
    assert faulty.waiver(replace(later, override=None)) is None


def test_a_register_from_before_the_trail_told_of_waivers_still_says_who_and_why(let_through):
    with let_through.register.read() as conn:
        current = datasets.publication(conn, "batas")
        assert current is not None
        old = replace(current, override="alasan lama", published_by="rina")
        assert waiver_of(conn, old) == Waiver("alasan lama", "rina", old.published_at)


def test_after_a_withdrawal_the_gate_is_asked_again(let_through):
    acts.withdraw(let_through, ADMIN, "batas")
    with pytest.raises(NotPublishable):
        acts.publish(let_through, ADMIN, "batas")
    with pytest.raises(Conflict):
        acts.rollback(let_through, ADMIN, "batas")


@pytest.mark.parametrize("text", ["", " \t", "\u200b\u2060", "-- !", "\x00"])
def test_a_reason_is_words(text):
    with pytest.raises(BadRequest):
        acts.reason_in(text)


def test_a_reason_is_one_line_of_what_can_be_seen():
    assert acts.reason_in(" satu\r\n dua\u202etiga\u0000 ") == "satu dua tiga"
    assert acts.reason_in("x" * acts.LONGEST_REASON) == "x" * acts.LONGEST_REASON
    with pytest.raises(BadRequest, match="1001"):
        acts.reason_in("x" * (acts.LONGEST_REASON + 1))
