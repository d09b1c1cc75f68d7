"""What must hold for every layer, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geoportal.checks import texts, validate
from geoportal.model.layer import Layer
from geoportal.model.report import Report
from geoportal.model.specification import FieldSpecification, Specification
from tests.checks.examples import BOWTIE, REGION, SQUARE
from tests.factories import make_layer

WHOLE = Specification(
    "uji", "batas", key="kode", geometry=("Polygon",), expected_features=3,
    fields=(
        FieldSpecification("nama", "text", required=True, unique=True, pattern="[a-z]+", length=3, codes=("a", "b")),
    ),
)  # fmt: skip
WITHOUT_KEY = Specification("uji", "bebas")

near = st.integers(0, 6).map(lambda step: step / 50)
places = st.tuples(near.map(lambda x: 116 + x), near.map(lambda y: y - 0.5))
wild = st.floats(allow_nan=True, allow_infinity=True, width=64)


@st.composite
def boxes(draw: st.DrawFn) -> Any:
    (x, y), width, height = draw(places), draw(st.integers(1, 4)) / 50, draw(st.integers(1, 4)) / 50
    return shapely.box(x, y, x + width, y + height)


@st.composite
def rings(draw: st.DrawFn) -> Any:
    corners = draw(st.lists(places, min_size=3, max_size=6))
    return shapely.Polygon(corners)


@st.composite
def wild_lines(draw: st.DrawFn) -> Any:
    with np.errstate(all="ignore"):
        return shapely.linestrings(draw(st.lists(st.tuples(wild, wild), min_size=2, max_size=3)))


fixed = st.sampled_from(
    [None, "POINT EMPTY", "GEOMETRYCOLLECTION (POINT (116 0))", "LINESTRING (116 0, 116 0)", SQUARE, BOWTIE]
)
shapes = st.one_of(boxes(), rings(), places.map(shapely.Point), fixed)
names = st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["a", "b", "a\u200b"]))
layers = st.lists(st.tuples(shapes, names), max_size=9)
kinds = st.sampled_from(["EPSG:4326", "EPSG:32750", "EPSG:3857", None])
relaxed = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def built(rows: list[tuple[Any, Any]], keys: list[str], crs: str | None = "EPSG:4326") -> Layer:
    return make_layer([shape for shape, _ in rows], crs, ids=keys, kode=keys, nama=[name for _, name in rows])


@relaxed
@given(layers, kinds)
def test_findings_lie_inside_the_layer(rows: list[tuple[Any, Any]], crs: str | None) -> None:
    report = validate(built(rows, [str(n) for n in range(len(rows))], crs), WHOLE, REGION)
    assert not [item for item in report.findings if item.rule == "check-failed"]
    extent = report.layers[0].extent
    for finding in report.findings:
        assert finding.count >= 1
        assert len(finding.occurrences) <= min(finding.count, 50)
        for place in finding.occurrences:
            if place.where is not None:
                assert extent is not None
                assert extent[0] <= place.where[0] <= extent[2] and extent[1] <= place.where[1] <= extent[3]


@relaxed
@given(layers, st.randoms(use_true_random=False))
def test_the_order_of_features_changes_nothing(rows: list[tuple[Any, Any]], shuffle: Any) -> None:
    keyed = list(enumerate(rows))
    shuffle.shuffle(keyed)
    for spec in (WHOLE, WITHOUT_KEY, None):
        straight = validate(built(rows, [f"k{n}" for n in range(len(rows))]), spec, REGION)
        mixed = validate(built([row for _, row in keyed], [f"k{n}" for n, _ in keyed]), spec, REGION)
        assert mixed.findings == straight.findings
        assert mixed.layers[0].extent == straight.layers[0].extent


@relaxed
@given(st.lists(st.tuples(st.one_of(shapes, wild_lines()), names), max_size=5), kinds)
@example([(shapely.Point(1e308, -1e308), "a"), (shapely.Point(116, 0), "b")], "EPSG:3857")
def test_a_report_is_json_and_comes_back(rows: list[tuple[Any, Any]], crs: str | None) -> None:
    layer = built(rows, [str(n) for n in range(len(rows))], crs)
    for spec in (WHOLE, WITHOUT_KEY, None):
        report = validate(layer, spec, REGION)
        assert not [item for item in report.findings if item.rule == "check-failed"]
        text = json.dumps(report.as_dict(), allow_nan=False)
        assert Report.from_dict(json.loads(text)) == report
        assert validate(layer, spec, REGION).as_dict() == report.as_dict()
        for language in ("id", "en"):
            json.dumps(texts.report_json(report, language), allow_nan=False).encode()
