"""Properties of every repair: undo is exact, twice is once, nothing gets worse; and what is asked instead of done."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import shapely
import shapely.affinity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoportal.model.report import Gate
from geoportal.repairs import REPAIRS, Kind, Wishes, mend
from geoportal.repairs.draft import Change
from geoportal.repairs.table import Proposal, Repair, Stage, Task
from tests.factories import make_layer, squares
from tests.repairs.conftest import FREE, REGION, STRICT, Mend, assert_kept_promises

NESTED = "MULTIPOLYGON (((116 0, 116.1 0, 116.1 0.1, 116 0.1, 116 0)), ((116.01 0.01, 116.011 0.01, 116.011 0.011, 116.01 0.011, 116.01 0.01)))"  # noqa: E501
BOWTIE = "POLYGON ((116 0, 116.1 0.1, 116.1 0, 116 0.1, 116 0))"
TWISTED = "POLYGON ((116 0, 116.1 0, 116.1 0.1, 116.0 0.1, 116.05 0.09999, 116.051 0.10001, 116 0.1, 116 0))"
CLOCKWISE = "POLYGON ((116.2 0, 116.2 0.1, 116.3 0.1, 116.3 0, 116.2 0))"
STUTTER = "POLYGON ((116.4 0, 116.5 0, 116.5 0, 116.5 0.1, 116.4 0.1, 116.4 0.1, 116.4 0))"
SPIKE = "POLYGON ((116.6 0, 116.7 0, 116.7 0.1, 116.65 0.1, 116.65 0.2, 116.6499999 0.1, 116.6 0.1, 116.6 0))"
HOLED = "POLYGON ((116.8 0, 116.9 0, 116.9 0.1, 116.8 0.1, 116.8 0), (116.85 0.05, 116.85 0.050001, 116.850001 0.050001, 116.85 0.05))"  # noqa: E501
HIGH = "POLYGON Z ((117 0 5, 117.1 0 5, 117.1 0.1 6, 117 0.1 7, 117 0 5))"
LINE = "LINESTRING (116 0.5, 116.1 0.5, 116.1 0.5, 116.2 0.6)"
MESSY = (NESTED, BOWTIE, TWISTED, CLOCKWISE, STUTTER, SPIKE, HOLED, HIGH, LINE, None, "POLYGON EMPTY", "POINT (116 0)",
         "GEOMETRYCOLLECTION (POINT (116 0), POINT (116.1 0))", "POLYGON ((116 0, 116.1 0, 116 0))",
         "GEOMETRYCOLLECTION (POLYGON ((116 0, 116.1 0, 116.1 0.1, 116 0)), POINT (116.1 0))")  # fmt: skip
TEXTS = st.one_of(st.none(), st.sampled_from(["Loa Kulu", " Loa Kulu", "Tenggarong\x00", "é", "Ã©", "\u200b", "  "]))
NUMBERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
INSTANTS = st.sampled_from([pandas.NaT, pandas.Timestamp("2026-11-24T10:00:00.125Z")])
WORDS = st.sets(
    st.sampled_from(
        ["make-valid", "drop-empty", "keep-first", "keep-main-kind", "force-2d", "drop-slivers", "reread-text"]
    )
)


@st.composite
def layers(draw: st.DrawFn) -> Any:
    """A layer of messy shapes that may come twice, with values of all kinds."""
    size = draw(st.integers(1, 6))
    boxes = squares(2, 2, 0.05)
    shapes = [draw(st.sampled_from([*MESSY, *boxes])) for _ in range(size)]
    return make_layer(
        shapes,
        draw(st.sampled_from(["EPSG:4326", "OGC:CRS84", None])),
        ids=draw(st.sampled_from([None, [f"f{size - n}" for n in range(size)]])),
        nama=pandas.Series([draw(TEXTS) for _ in range(size)], dtype="str"),
        jumlah=pandas.Series([draw(NUMBERS) for _ in range(size)], dtype="Int64"),
        luas=[draw(st.floats(allow_nan=True, allow_infinity=True)) for _ in range(size)],
        ya=[draw(st.booleans()) for _ in range(size)],
        saat=pandas.Series([draw(INSTANTS) for _ in range(size)], dtype="datetime64[ms, UTC]"),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers(), WORDS, st.sampled_from([FREE, STRICT]))
def test_undo_is_exact_twice_is_once_and_no_rule_gets_worse(layer: Any, words: set[str], spec: Any) -> None:
    wishes = Wishes(confirmed=frozenset(words))
    done = mend(layer, spec, REGION, wishes=wishes)
    with tempfile.TemporaryDirectory() as folder:
        assert_kept_promises(layer, done, spec, wishes, Path(folder))


def test_a_layer_without_faults_is_left_alone(mended: Mend) -> None:
    layer = make_layer(squares(3, 3))
    clockwise = make_layer([shapely.orient_polygons(shape) for shape in squares(3, 3)])
    assert mended(clockwise).receipts == ()
    done = mended(layer)
    assert {receipt.rule for receipt in done.receipts} <= {"ring-orientation"}
    assert done.passes and done.after.gate is Gate.PASS


def test_nested_shells_are_joined_and_the_area_is_told(mended: Mend) -> None:
    done = mended(make_layer([NESTED]))
    receipt = next(item for item in done.receipts if item.rule == "geometry-invalid")
    assert receipt.kind is Kind.GEOMETRY and receipt.feature == "1" and receipt.row == 0
    assert receipt.area_delta_m2 == pytest.approx(-((0.001 * 111_195) ** 2), rel=0.02)
    assert done.layer.frame.geometry.iloc[0].geom_type == "MultiPolygon", "what was multi stays so"
    assert done.passes


def test_a_bow_tie_is_a_question_until_it_is_confirmed(mended: Mend) -> None:
    layer = make_layer([BOWTIE])
    asked = mended(layer)
    assert [(item.rule, item.key) for item in asked.questions] == [("geometry-invalid", "make-valid")]
    assert asked.questions[0].choices[0].option == "--yes make-valid"
    assert asked.layer is layer and not asked.passes
    done = mended(layer, "make-valid")
    assert done.passes and done.layer.frame.geometry.is_valid.all()


def test_a_shape_of_which_nothing_would_be_left_stays(mended: Mend) -> None:
    done = mended(make_layer(["POLYGON ((116 0, 116.1 0, 116 0))", *squares(1, 1)]), "make-valid")
    assert len(done.layer) == 2
    assert "geometry-invalid" in {item.rule for item in done.left}


def test_empty_features_go_only_after_a_word(mended: Mend) -> None:
    layer = make_layer([*squares(2, 1), None, "POLYGON EMPTY"], nama=["a", "b", "c", "d"])
    asked = mended(layer)
    assert len(asked.layer) == 4
    (question,) = asked.questions
    assert question.key == "drop-empty" and question.count == 2 and question.params["features"] == ["3", "4"]
    strict = mended(layer, spec=STRICT)
    assert len(strict.layer) == 4 and strict.after.gate is Gate.BLOCKED
    assert [item.key for item in strict.questions] == ["drop-empty"]
    strict = mended(layer, "drop-empty", spec=STRICT)
    assert len(strict.layer) == 2 and strict.after.gate is Gate.PASS
    dropped = [item for item in strict.receipts if item.kind is Kind.DROP]
    assert [item.before["values"] for item in dropped] == [{"nama": "c"}, {"nama": "d"}]
    assert len(mended(layer, "drop-empty").layer) == 2


def test_a_layer_of_nothing_but_empties_is_not_emptied(mended: Mend) -> None:
    assert len(mended(make_layer([None, None]), "drop-empty", spec=STRICT).layer) == 2


def test_twins_in_all_things_go_others_are_asked(mended: Mend) -> None:
    square = squares(1, 1)[0]
    turned = shapely.Polygon([*square.exterior.coords[2:], *square.exterior.coords[1:3]])
    layer = make_layer([square, square, turned, square], kode=["1", "1", "1", "2"])
    done = mended(layer)
    assert list(done.layer.frame["kode"]) == ["1", "2"]
    gone = [item for item in done.receipts if item.kind is Kind.DROP]
    assert [(item.feature, item.facts["same_as"]) for item in gone] == [("2", "1"), ("3", "1")]
    assert [item.key for item in done.questions] == ["keep-first"]
    assert list(mended(layer, "keep-first").layer.frame["kode"]) == ["1"]


@pytest.fixture
def clumsy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repair of rings that also moves the feature called "2" onto its neighbour."""

    def turn(task: Task) -> Proposal:
        shapes = shapely.orient_polygons(task.context.geometry)
        shapes[1] = shapely.affinity.translate(shapes[1], xoff=-0.005)
        return Proposal(Change(np.arange(len(shapes)), shapes))

    monkeypatch.setitem(REPAIRS, "ring-orientation", Repair("ring-orientation", Stage.SHAPES, turn, False))


@pytest.mark.usefixtures("clumsy")
def test_what_makes_another_rule_worse_is_taken_back_for_the_features_concerned(mended: Mend) -> None:
    shapes = [*squares(2, 1, 0.01), shapely.box(117, 0, 117.1, 0.1)]
    layer = make_layer([shapely.Polygon(shape.exterior.coords[::-1]) for shape in shapes])
    done = mend(layer, FREE, REGION)
    assert {receipt.feature for receipt in done.receipts} == {"3"}
    left = next(item for item in done.left if item.rule == "ring-orientation")
    assert left.reason == "worse" and left.params["rules"] == ["coverage-overlap"]


def test_only_the_rules_that_are_chosen_are_mended(mended: Mend) -> None:
    layer = make_layer([CLOCKWISE, STUTTER])
    done = mended(layer, only=frozenset({"ring-orientation"}))
    assert {receipt.rule for receipt in done.receipts} == {"ring-orientation"}
    assert "not-chosen" in {item.reason for item in done.left}


def test_the_original_comes_back_with_dates_bytes_and_order(mended: Mend) -> None:
    from dataclasses import replace

    from geoportal.model.layer import Field

    day = datetime.date(2026, 11, 24)
    layer = make_layer(
        [None, NESTED, None],
        hari=pandas.Series([day, None, day], dtype=object),
        isi=pandas.Series([b"\x00\xff", None, b""], dtype=object),
    )
    layer = replace(layer, fields=(Field("hari", "date"), Field("isi", "binary")))
    done = mended(layer, "drop-empty", spec=STRICT)  # which compares what undo gives with the original
    assert len(done.layer) == 1


def test_heights_go_only_on_request(mended: Mend) -> None:
    layer = make_layer([HIGH])
    assert not any(item.rule == "force-2d" for item in mended(layer).receipts)
    flat = mended(layer, "force-2d")
    assert not flat.layer.frame.geometry.has_z.any()


def test_a_column_without_any_number_does_not_stand_in_the_way(mended: Mend) -> None:
    layer = make_layer([*squares(1, 1), None], jumlah=pandas.Series([None, 5], dtype="Int64"))
    done = mended(layer, "drop-empty", spec=STRICT)
    assert len(done.layer) == 1 and "check-failed" not in {finding.rule for finding in done.after.findings}
