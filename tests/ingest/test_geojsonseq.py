import json
from pathlib import Path
from typing import Any

import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

ROWS: list[dict[str, Any]] = [
    {"id": "a", **makers.point(116.99, -0.42, kode="0012", n=1, d="2024-01-31", daftar=[1, 2], besar=2**60)},
    {"id": "b", **makers.point(117.01, -0.52, kode="64.02", n=None, d=None, daftar=None, besar=1)},
]
LINES = [json.dumps(row) for row in ROWS]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\r\n".join([*LINES, "", ""]),
        "".join(f"\x1e{line}\n" for line in LINES),
        "\x1e".join(LINES),
        "".join(f"\x1e{json.dumps(row, indent=1)}\n" for row in ROWS),
        "\ufeff" + "\n".join(LINES),
    ],
)
def test_features_line_by_line_and_as_a_sequence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "desa.geojsonl"
    path.write_text(text, "utf-8", newline="")
    layer = read_layer(path)
    assert layer.name == "desa" and layer.ids == ("a", "b") and layer.crs == "OGC:CRS84" and layer.notes == ()
    types = {field.name: field.type for field in layer.fields}
    assert types == {"kode": "string", "n": "integer", "d": "date", "daftar": "json", "besar": "integer"}
    assert layer.frame["kode"].tolist() == ["0012", "64.02"] and layer.frame["besar"].tolist() == [2**60, 1]
    assert layer.frame.geometry[0].coords[0] == (116.99, -0.42)


def test_bare_geometries_are_features_without_values(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"type":"Point","coordinates":[1,2]}\n{"type":"LineString","coordinates":[[1,2],[3,4]]}\n')
    layer = read_layer(path)
    assert [shape.wkt for shape in layer.frame.geometry] == ["POINT (1 2)", "LINESTRING (1 2, 3 4)"]
    assert layer.fields == ()


def test_it_comes_through_the_child_alone_and_in_a_zip(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "desa.geojsonl"
    path.write_text("\n".join(LINES))
    for given in (path, makers.zipped(tmp_path / "a.zip", {"desa.geojsonl": path.read_bytes()})):
        report, staged = inspect(given)
        assert staged is not None and report.verdict is Verdict.ACCEPT, rules(report)
        assert (report.layers[0].name, report.layers[0].features) == ("desa", 2)


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        (LINES[0] + "\n" + LINES[1][:-5], "source-unreadable", "truncated"),
        (LINES[0] + "\nhalo\n" + LINES[1], "source-unreadable", "not-json"),
        (LINES[0] + "\n" + LINES[1] + "\nhalo", "source-unreadable", "not-json"),
        (LINES[0] + "\n" + LINES[1].replace("-0.52", "NaN"), "source-unsafe", "not-a-number"),
        (
            LINES[0] + '\n{"type":"Feature","crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/"}}}',
            None,
            None,
        ),
        (LINES[0] + "\n" + '{"type":"FeatureCollection","features":[]}', "format-not-supported", None),
        (LINES[0] + '\n{"a":' + "[" * 200, "source-unsafe", "nesting"),
    ],
)
def test_what_is_not_one_is_refused(text: str, rule: str | None, reason: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(UnreadableSource) as caught:
        find_sources(path, tmp_path)
    found, params = note_of(caught.value)
    assert (found, params.get("reason")) == (rule or "source-unsafe", reason if rule else "link-crs")
