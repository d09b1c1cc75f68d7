"""Layers of the node and of the file that one is compared with: at submit, at the gate, at check; and never a leak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from typer.testing import CliRunner

from geoportal.actions.publish import judge, publish
from geoportal.actions.references import references_at
from geoportal.actions.submit import Submission, submit
from geoportal.cli.app import app
from geoportal.errors import Conflict, NotPublishable
from geoportal.ingest import sandbox
from geoportal.model.access import Actor, Classification, Role
from geoportal.model.report import Finding, Report, Severity
from geoportal.model.specification import CoveredBy, FieldSpecification, Specification
from geoportal.node import Node
from geoportal.settings import load_settings
from geoportal.store import datasets

ADMIN = Actor("uji", Role.ADMIN)
X, Y = 500_000, 9_950_000
BY_CODE = CoveredBy("kecamatan", "kec", "kode")


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    sandbox.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    settings, _ = load_settings(
        {
            "storage": {"data": tmp_path / "data", "reserve_mb": 0},
            "node": {"demo": False, "region_layers": ["kecamatan"]},
        },
        environ={},
    )
    node = Node(settings)
    yield node
    node.close()


def layer(path: Path, shapes: list[Any], name: str, **columns: Any) -> Path:
    """Shapes (metres from a corner) as a table of a GeoPackage."""
    moved = shapely.transform(shapes, lambda xy: xy + [X, Y])  # noqa: RUF005
    geopandas.GeoDataFrame(columns, geometry=list(moved), crs=32750).to_file(path, layer=name)
    return path


def districts(path: Path, name: str = "kecamatan") -> Path:
    return layer(path, [shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], name,
                 kode=["64.02.01", "64.02.02"])  # fmt: skip


def villages(path: Path, name: str = "desa", over: float = 50) -> Path:
    """Two villages; the second sticks out of its district by some metres."""
    shapes = [shapely.box(0, 0, 500, 500), shapely.box(1000 - over, 500, 1500, 900)]
    return layer(path, shapes, name, kode=["64.02.01.2001", "64.02.02.2001"], kec=["64.02.01", "64.02.02"])


def reference(node: Node, folder: Path, **submitted: Any) -> None:
    submit(
        node,
        ADMIN,
        "kecamatan",
        districts(folder / "kecamatan.gpkg"),
        spec=Specification("k", "batas", key="kode"),
        **submitted,
    )
    publish(node, ADMIN, "kecamatan")


def spec(*promises: CoveredBy, **parts: Any) -> Specification:
    return Specification("desa", "batas", key="kode", covered_by=promises or (BY_CODE,), **parts)


def found(report: Report) -> dict[str, Finding]:
    return {finding.rule: finding for finding in report.findings}


def judged(node: Node, name: str, done: Submission) -> Report:
    with node.register.read() as conn:
        return judge(node, datasets.get(conn, name), done.version)


def test_villages_are_compared_with_the_published_districts(node: Node, tmp_path: Path) -> None:
    reference(node, tmp_path)
    done = submit(node, ADMIN, "desa", villages(tmp_path / "desa.gpkg"), spec=spec())
    for report in (done.report, judged(node, "desa", done)):
        finding = found(report)["not-covered"]
        assert [(place.feature, place.related) for place in finding.occurrences] == [("64.02.02.2001", "64.02.02")]
        assert finding.occurrences[0].params["area_m2"] == pytest.approx(20_000, rel=0.01)
        assert "not-covered" in report.checked and "reference-missing" not in found(report)
    fits = submit(node, ADMIN, "desa", villages(tmp_path / "baik.gpkg", over=0))
    assert "not-covered" in fits.report.checked and "not-covered" not in found(fits.report)


def test_the_gate_holds_what_does_not_lie_in_the_layer_of_today(node: Node, tmp_path: Path) -> None:
    reference(node, tmp_path)
    strict = spec(severities={"not-covered": Severity.BLOCKING})
    submit(node, ADMIN, "desa", villages(tmp_path / "desa.gpkg"), spec=strict)
    with pytest.raises(NotPublishable):
        publish(node, ADMIN, "desa")
    wider = [shapely.box(-9, -9, 1000, 1000), shapely.box(900, 0, 2000, 1000)]
    submit(node, ADMIN, "kecamatan", layer(tmp_path / "b.gpkg", wider, "b", kode=["64.02.01", "64.02.02"]))
    publish(node, ADMIN, "kecamatan")
    assert publish(node, ADMIN, "desa").version.number == 1


def test_without_the_layer_nothing_has_passed(node: Node, tmp_path: Path) -> None:
    done = submit(node, ADMIN, "desa", villages(tmp_path / "desa.gpkg", over=0), spec=spec())
    assert "reference-missing" in found(done.report) and "not-covered" not in done.report.checked
    strict = spec(severities={"not-covered": Severity.BLOCKING})
    submit(node, ADMIN, "desa", villages(tmp_path / "desa.gpkg", over=0), spec=strict)
    with pytest.raises(NotPublishable) as caught:
        publish(node, ADMIN, "desa")
    assert "reference-missing" in str(caught.value)


def test_a_closed_layer_is_not_shown_through_what_sticks_out_of_it(node: Node, tmp_path: Path) -> None:
    reference(node, tmp_path, access=Classification.GOVERNMENT, opd=["bappeda"])
    public = submit(node, ADMIN, "desa", villages(tmp_path / "desa.gpkg"), spec=spec())
    assert found(public.report)["reference-missing"].occurrences[0].params["reason"] == "reference-not-there"
    other = submit(
        node,
        ADMIN,
        "desa2",
        villages(tmp_path / "desa.gpkg"),
        spec=spec(),
        access=Classification.GOVERNMENT,
        opd=["pupr"],
    )
    assert "reference-missing" in found(other.report)
    same = submit(
        node,
        ADMIN,
        "desa3",
        villages(tmp_path / "desa.gpkg"),
        spec=spec(),
        access=Classification.GOVERNMENT,
        opd=["bappeda"],
    )
    assert "not-covered" in found(same.report)
    assert "not-covered" in judged(node, "desa3", same).checked
    assert references_at(node.settings, spec()).layers == ()
    # Nor later, when the report that was made by it would be opened with the dataset.
    with pytest.raises(Conflict, match="its borders"):
        submit(node, ADMIN, "desa3", villages(tmp_path / "desa.gpkg"), access=Classification.PUBLIC)


def test_points_are_compared_by_the_codes_that_they_hold(node: Node, tmp_path: Path) -> None:
    reference(node, tmp_path)
    schools = layer(tmp_path / "sekolah.gpkg", [shapely.Point(10, 10), shapely.Point(20, 20)], "sekolah",
                    kode_kec=["64.02.01", "64.02.02"])  # fmt: skip
    asked = Specification("sekolah", "titik", fields=(FieldSpecification("kode_kec", means="region-code"),))
    done = submit(node, ADMIN, "sekolah", schools, spec=asked)
    for report in (done.report, judged(node, "sekolah", done)):
        finding = found(report)["point-in-other-region"]
        assert [(place.feature, place.related) for place in finding.occurrences] == [("2", "64.02.01")]


@pytest.mark.parametrize("over", [0, 50])
def test_another_layer_of_the_file_is_there_at_submit_and_remembered_at_the_gate(
    node: Node, tmp_path: Path, over: float
) -> None:
    file = districts(villages(tmp_path / "wilayah.gpkg", over=over), "batas_kecamatan")
    promise = CoveredBy("batas_kecamatan", "kec", "kode")
    done = submit(node, ADMIN, "desa", file, layer="desa", spec=spec(promise))
    for report in (done.report, judged(node, "desa", done)):
        assert ("not-covered" in found(report)) is bool(over)
        assert "not-covered" in report.checked and "reference-missing" not in found(report)
    # Under another specification the comparison was never made.
    other = Specification("lain", "batas", covered_by=(CoveredBy("tiada"),))
    submit(node, ADMIN, "desa", file, layer="desa", spec=other)
    assert "reference-missing" in found(judged(node, "desa", done))


def test_check_knows_the_public_layers_of_the_node(node: Node, tmp_path: Path) -> None:
    reference(node, tmp_path)
    (tmp_path / "desa.yaml").write_text(
        "profile: batas\nkey: kode\ncovered_by:\n  - {dataset: kecamatan, column: kec, key: kode}\n"
    )
    file = villages(tmp_path / "desa.gpkg")

    def check(*options: str) -> dict[str, Any]:
        answer = CliRunner().invoke(
            app, ["check", str(file), "--spec", str(tmp_path / "desa.yaml"), "--json", *options]
        )
        assert answer.exit_code == 0, answer.output
        return {item["rule"]: item for item in json.loads(answer.stdout)["findings"]}

    told = check("--data", str(node.settings.storage.data))
    assert told["not-covered"]["count"] == 1 and "reference-missing" not in told
    assert told["not-covered"]["occurrences"][0]["geometry"]["type"] == "MultiPolygon"
    alone = check("--data", str(tmp_path / "lain"))
    assert "reference-missing" in alone and "not-covered" not in alone
