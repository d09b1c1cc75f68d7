"""All places come from the child to the parent, and the parent believes only what it has looked at."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import shapely

from geoportal.ingest.faults import FAULTS_FILE, asked, collect_faults, outline_of, write_faults
from geoportal.ingest.sandbox import all_faults, inspect_in_child
from geoportal.model.region import Region
from geoportal.model.report import SAMPLE, Report
from geoportal.settings import IngestSettings
from tests.factories import make_layer
from tests.reports.reported import BATAS, overlapping, report_of

BIG = 1 << 30


@pytest.fixture
def left(tmp_path):
    """What a child leaves: the report as the pipe brings it, and the folder with the rest."""
    layer = overlapping(SAMPLE + 20)
    report = report_of(layer)
    write_faults(report, [outline_of(layer)], tmp_path)
    return Report.from_dict(json.loads(json.dumps(report.as_dict()))), tmp_path


def test_all_places_arrive_with_their_shapes(left):
    report, folder = left
    overlap = next(f for f in report.findings if f.rule == "coverage-overlap")
    assert overlap.count == SAMPLE + 19 and len(overlap.occurrences) == SAMPLE
    faults = collect_faults(folder, report, BIG)
    told = next(f for f in faults.report.findings if f.rule == "coverage-overlap")
    assert faults.complete and len(told.occurrences) == told.count == SAMPLE + 19
    assert all(shapely.geometry.shape(item.geometry).area == pytest.approx(1000) for item in told.occurrences)
    assert [f.as_dict() for f in faults.report.findings] == [f.as_dict() for f in report.findings]
    (outline,) = faults.outlines
    assert shapely.total_bounds(outline.frame.geometry.to_numpy()).tolist() == [*report.layers[0].extent]
    assert outline.crs == "EPSG:32750"


def damaged(lines):
    place = next(n for n, line in enumerate(lines) if b'"where":[' in line)
    one = json.loads(lines[place])
    yield "no end", lines[:-1]
    yield "another report", [lines[0].replace(b"coverage-overlap", b"coverage-gap"), *lines[1:]]
    yield "no JSON", [*lines[:place], b"{", *lines[place:]]
    for name, change in {
        "a text for a number": {"where": ["1", 2]},
        "three numbers": {"where": [1, 2, 3]},
        "a list for a text": {"feature": ["x"]},
        "a finding that is not there": {"f": 99},
        "a finding before the first": {"f": -1},
        "parameters that are none": {"params": []},
        "no such geometry": {"geometry": {"type": "Circle", "coordinates": [1, 2]}},
        "a flat polygon": {"geometry": {"type": "Polygon", "coordinates": [1, 2]}},
        "another place than in the report": {"where": [1.0, 2.0]},
    }.items():
        yield name, [*lines[:place], json.dumps({**one, **change}).encode(), *lines[place + 1 :]]
    yield "not finite", [*lines[:place], json.dumps(one).replace("[", "[1e999,", 1).encode(), *lines[place + 1 :]]
    outline = json.loads(lines[1])["outline"]
    for name, change in {"a layer that is not there": {"layer": "x"}, "an odd line": {"lines": [[1, 2, 3]]}}.items():
        yield name, [lines[0], json.dumps({"outline": {**outline, **change}}).encode(), *lines[2:]]


def test_what_is_damaged_is_not_believed(left):
    report, folder = left
    lines = (folder / FAULTS_FILE).read_bytes().splitlines()
    for name, changed in damaged(lines):
        (folder / FAULTS_FILE).write_bytes(b"\n".join(changed) + b"\n")
        faults = collect_faults(folder, report, BIG)
        assert faults.report == report and not faults.complete and not faults.outlines, name


def test_a_file_that_is_none_is_not_opened(left, tmp_path):
    report, folder = left
    file = folder / FAULTS_FILE
    assert not collect_faults(folder, report, 100).complete  # larger than a child may write
    moved = file.rename(tmp_path / "elsewhere")
    file.symlink_to(moved)
    assert not collect_faults(folder, report, BIG).complete
    file.unlink()
    os.link(moved, file)
    assert not collect_faults(folder, report, BIG).complete
    file.unlink()
    os.mkfifo(file)
    assert not collect_faults(folder, report, BIG).complete


def test_a_file_that_is_missing_matters_only_where_there_is_more(tmp_path):
    report = report_of(overlapping(3), sample=SAMPLE)
    assert collect_faults(tmp_path, report, BIG).complete


def test_too_little_memory_for_all_places_leaves_a_sample():
    def ask(*, sample):
        if sample is None:
            raise MemoryError
        return report_of(overlapping(3), sample=sample)

    outlines = []
    assert asked(ask, overlapping(3), outlines).findings and len(outlines) == 1
    assert asked(ask, overlapping(3), None).findings


def test_outlines_are_thinned_and_never_fail():
    angles = np.linspace(0, 2 * np.pi, 400_000)
    circle = shapely.Polygon(np.column_stack([np.cos(angles), np.sin(angles)]))
    (line,) = json.loads(outline_of(make_layer([circle])))["lines"]
    assert 100 < len(line) // 2 <= 120_000
    assert shapely.hausdorff_distance(shapely.LineString(np.reshape(line, (-1, 2))), circle.exterior) < 1e-3
    odd = make_layer([None, "POINT EMPTY", "POINT (1 2)", "GEOMETRYCOLLECTION (POINT (3 4), LINESTRING (0 0, 1 1))"])
    assert json.loads(outline_of(odd))["points"] == [[1, 2], [3, 4]]
    many = make_layer([shapely.LineString([(n, 0), (n, 1)]) for n in range(25_000)])
    assert len(json.loads(outline_of(many))["lines"]) == 20_000
    assert json.loads(outline_of(make_layer(None, None, a=[1])))["lines"] == []


def test_the_child_leaves_them_when_it_is_asked(tmp_path):
    """Also what the reader noted, and also where no reference system is known."""
    geojson = tmp_path / "a.csv"
    rows = [f'"POLYGON(({n} 0,{n + 1.5} 0,{n + 1.5} 1,{n} 1,{n} 0))",{n}' for n in range(SAMPLE + 10)]
    geojson.write_text("WKT,kode\n" + "\n".join(rows))
    limits = IngestSettings()
    spec = replace(BATAS, severities={"coverage-overlap": "warning"})
    for faults in (False, True):
        report, _ = inspect_in_child(
            geojson, spec, Region(), staging=tmp_path / "s", limits=limits, write=False, faults=faults
        )
        read = all_faults(tmp_path / "s", report, limits)
        assert bool(read.outlines) is faults
    assert report.layers[0].crs is None
    assert {f.rule for f in report.findings} == {f.rule for f in read.report.findings}
    assert read.complete
