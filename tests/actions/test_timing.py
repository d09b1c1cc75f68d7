"""The fields that a record names as the time of its features: looked at when it is edited and when it goes out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from geoportal.actions.describe import describe, record_of
from geoportal.actions.publish import publish, rollback
from geoportal.actions.submit import submit
from geoportal.cli.sentences import told
from geoportal.errors import InvalidSpecification
from geoportal.model.access import Actor, Role
from tests.web.nodes import make_node

ADMIN = Actor("wati", Role.ADMIN)
POINT = {"type": "Point", "coordinates": [117.0, -0.4]}
WITH = {"kode": "1", "tanggal": "2026-01-31", "sampai": "2026-02-28", "urut": 7}


@pytest.fixture
def node(tmp_path):
    made = make_node(tmp_path / "simpul")
    yield made
    made.close()


def give(node, folder: Path, **properties) -> int:
    """Submit a file with one feature; the number of its version."""
    path = folder / f"{len(list(folder.iterdir()))}.geojson"
    feature = {"type": "Feature", "properties": properties, "geometry": POINT}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return submit(node, ADMIN, "izin", path).version.number


def name(node, *time: str) -> tuple[str, ...]:
    """Make these fields the time of the dataset; the keys of the record that changed."""
    _, record, _ = record_of(node, "izin")
    return describe(node, ADMIN, "izin", replace(record, time=time))[1]


def test_dates_can_be_named_and_taken_back(node, tmp_path):
    give(node, tmp_path, **WITH)
    assert name(node, "tanggal") == ("time",)
    assert name(node, "tanggal") == ()
    assert name(node, "tanggal", "sampai") == ("time",)
    assert record_of(node, "izin")[1].time == ("tanggal", "sampai")
    assert publish(node, ADMIN, "izin").record.time == ("tanggal", "sampai")
    assert name(node) == ("time",)
    assert record_of(node, "izin")[1].time == ()


@pytest.mark.parametrize(
    ("time", "field", "sentences"),
    [
        (("tangal",), "tangal", ("has no field tangal", "tidak memiliki kolom tangal")),
        (("tanggal", "urut"), "urut", ("holds integer, not dates", "isinya integer, bukan tanggal")),
        (("kode",), "kode", ("holds string, not dates", "isinya string, bukan tanggal")),
    ],
)
def test_what_holds_no_dates_is_refused_in_both_languages(node, tmp_path, time, field, sentences):
    give(node, tmp_path, **WITH)
    with pytest.raises(InvalidSpecification) as refused:
        name(node, *time)
    assert record_of(node, "izin")[0] == 1
    assert repr(field) in refused.value.detail
    for language, sentence in zip(("en", "id"), sentences, strict=True):
        (line,) = told(refused.value, language)
        assert sentence in line
        assert "tanggal, sampai" in line, "the fields that would do"


def test_a_version_that_lost_the_field_does_not_go_out_and_the_record_can_follow_it(node, tmp_path):
    give(node, tmp_path, **WITH)
    name(node, "tanggal")
    publish(node, ADMIN, "izin")
    give(node, tmp_path, kode="1", berlaku="2026-01-31")
    with pytest.raises(InvalidSpecification, match="version 2 of izin has no field 'tanggal'"):
        publish(node, ADMIN, "izin")
    assert name(node, "berlaku") == ("time",), "the newest version has it"
    assert name(node, "sampai") == ("time",), "what is out has it"
    assert name(node, "berlaku") == ("time",)
    assert publish(node, ADMIN, "izin").version.number == 2
    assert rollback(node, ADMIN, "izin").version.number == 1, "the way back is never barred by a record"


def test_without_a_version_nothing_can_be_compared():
    from geoportal.actions.timing import ensure_times
    from geoportal.model.record import Record
    from geoportal.model.text import LocalText

    ensure_times(None, Record(LocalText("x"), time=("tanggal",)), "izin", [])
