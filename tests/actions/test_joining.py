"""Tables that join by code: automatic where there is no doubt, forced where an officer says so, and never a leak."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pytest
import shapely

from geoportal.actions.joining import parse_join
from geoportal.actions.publish import publish, withdraw
from geoportal.actions.submit import Submission, submit
from geoportal.errors import BadRequest, Conflict, NotAllowed, NotFound, NotPublishable
from geoportal.ingest import sandbox
from geoportal.model.access import Actor, Classification, Role
from geoportal.model.report import Finding, Gate, Severity
from geoportal.model.specification import Specification, TableJoin
from geoportal.node import Node
from geoportal.settings import load_settings
from geoportal.store import datasets, events

ADMIN = Actor("uji", Role.ADMIN)
PRODUCER = Actor("dinas", Role.PRODUCER)
KECAMATAN = ["64.02.01", "64.02.02", "64.02.03", "64.02.04"]
DESA = [f"64.02.0{k}.200{d}" for k in (1, 2) for d in (1, 2)]


def opened(data: Path) -> Node:
    """A node on ``data`` that joins tables to kecamatan and desa."""
    settings, _ = load_settings(
        {
            "storage": {"data": data, "reserve_mb": 0},
            "node": {"demo": False, "region_layers": ["kecamatan", "desa"]},
        },
        environ={},
    )
    return Node(settings)


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    sandbox.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = opened(tmp_path / "data")
    yield node
    node.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with both region layers out; it is relocatable, so tests take copies."""
    folder = tmp_path_factory.mktemp("wilayah")
    node = opened(folder / "data")
    region(node, folder, "kecamatan", KECAMATAN)
    region(node, folder, "desa", DESA)
    node.close()
    return folder / "data"


@pytest.fixture(scope="module")
def government(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one region layer that a single agency may see."""
    folder = tmp_path_factory.mktemp("tertutup")
    node = opened(folder / "data")
    region(node, folder, "kecamatan", KECAMATAN, access=Classification.GOVERNMENT, opd=["bappeda"])
    node.close()
    return folder / "data"


@contextmanager
def copied(source: Path, target: Path) -> Iterator[Node]:
    shutil.copytree(source, target)
    node = opened(target)
    yield node
    node.close()


def region(node: Node, folder: Path, name: str, codes: list[str], **submitted: Any) -> None:
    """Publish squares with these codes as a region layer, in a projected system."""
    west = 500000 + 100000 * (name == "desa")
    squares = [shapely.box(west + 1000 * n, 9950000, west + 1000 * (n + 1), 9951000) for n in range(len(codes))]
    frame = geopandas.GeoDataFrame({"kode": codes, "nama": codes}, geometry=squares, crs="EPSG:32750")
    path = folder / f"{name}.gpkg"
    path.unlink(missing_ok=True)
    frame.to_file(path, layer=name, driver="GPKG")
    spec = Specification(name, "batas", key="kode")
    submit(node, ADMIN, name, path, spec=spec, **submitted)
    publish(node, ADMIN, name)


@pytest.fixture
def regions(published: Path, tmp_path: Path) -> Iterator[Node]:
    with copied(published, tmp_path / "data") as node:
        yield node


def table(folder: Path, text: str) -> Path:
    path = folder / "tabel.csv"
    path.write_text(text)
    return path


def found(done: Submission) -> dict[str, Finding]:
    return {finding.rule: finding for finding in done.report.findings}


POPULATION = "kode;nama;jumlah\n64.02.01;A;10\n640202;B;20\n64-02-03;C;30\n64.02.99;D;1\n"


def test_a_table_is_joined_where_there_is_no_doubt(regions: Node, tmp_path: Path) -> None:
    done = submit(regions, ADMIN, "penduduk", table(tmp_path, POPULATION))
    layer = regions.files.open_layer("penduduk", done.version.digest)
    assert layer.crs == "EPSG:32750" and layer.geometry_type == "Polygon"
    assert [field.name for field in layer.fields] == ["kode", "nama", "jumlah"]
    assert layer.frame["kode"].tolist() == ["64.02.01", "640202", "64-02-03", "64.02.99"]
    assert layer.frame["jumlah"].tolist() == [10, 20, 30, 1]
    assert [g and g.bounds[0] for g in layer.frame.geometry] == [500000, 501000, 502000, None]
    joined = found(done)["table-joined"]
    assert joined.count == 3 and joined.severity is Severity.INFO
    facts = {"dataset": "kecamatan", "version": 1, "column": "kode", "key": "kode"}
    assert {name: joined.params[name] for name in facts} == facts
    unmatched = found(done)["join-unmatched"]
    assert unmatched.count == 1 and unmatched.severity is Severity.WARNING
    (place,) = unmatched.occurrences
    assert (place.feature, place.params["value"]) == ("4", "64.02.99")
    assert found(done)["join-missing"].params["values"] == ["64.02.04"]
    with regions.register.read() as conn:
        event = events.list_recent(conn, "penduduk", 1)[0]
        digest = datasets.publication(conn, "kecamatan").version.digest
    assert event.facts["joined"] == {**facts, "digest": digest}


@pytest.mark.parametrize(
    ("codes", "matched", "suggestion"),
    [
        (["6402.01", "64 02 02", "640203"], 3, None),
        (["64.02.O1", "64.02.02", "64.02.03"], 2, "64.02.01"),
        (["64.02.01", "64.02.02", "64.02.3"], 2, None),
    ],
)
def test_ways_to_write_a_code(
    regions: Node, tmp_path: Path, codes: list[str], matched: int, suggestion: str | None
) -> None:
    rows = "".join(f"{code},{n}\n" for n, code in enumerate(codes))
    done = submit(regions, ADMIN, "t", table(tmp_path, f"kode,jumlah\n{rows}"))
    assert found(done)["table-joined"].count == matched
    if matched < 3:
        assert found(done)["join-unmatched"].occurrences[0].params["suggestion"] == suggestion


def test_a_zero_that_excel_took_is_suggested(node: Node, tmp_path: Path) -> None:
    region(node, tmp_path, "kecamatan", ["64.01", "64.02", "64.10"])
    book = openpyxl.Workbook()
    for row in (["kode", "jumlah"], [64.01, 1], [64.02, 2], [64.1, 3]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    done = submit(node, ADMIN, "t", tmp_path / "a.xlsx")
    assert found(done)["table-joined"].count == 2
    assert found(done)["join-unmatched"].params["suggestions"] == ["64.1 > 64.10"]


def test_numbers_become_text_codes(regions: Node, tmp_path: Path) -> None:
    done = submit(regions, ADMIN, "t", table(tmp_path, "wilayah,jumlah\n640201,1\n640202,2\n"))
    layer = regions.files.open_layer("t", done.version.digest)
    assert layer.frame["wilayah"].tolist() == ["640201", "640202"] and layer.fields[0].type == "string"


def test_bps_codes_are_other_codes(regions: Node, tmp_path: Path) -> None:
    done = submit(regions, ADMIN, "t", table(tmp_path, "kode_bps,jumlah\n6402012001,1\n6402012002,2\n"))
    assert done.version.geometry_type is None and "table-joined" not in found(done)
    seven = submit(regions, ADMIN, "u", table(tmp_path, "kode,jumlah\n6402010,1\n6402020,2\n"))
    assert seven.version.geometry_type is None
    with pytest.raises(BadRequest) as error:
        submit(regions, ADMIN, "v", table(tmp_path, "kode_bps,jumlah\n6402012001,1\n"), join="desa:kode_bps")
    assert error.value.facts["report"].findings[0].params["reason"] == "join-bps"


def test_two_columns_of_codes_are_a_choice(regions: Node, tmp_path: Path) -> None:
    text = "kode_kec,kode_desa,jumlah\n64.02.01,64.02.01.2001,1\n64.02.01,64.02.01.2002,2\n"
    done = submit(regions, ADMIN, "t", table(tmp_path, text))
    assert done.version.geometry_type is None
    assert found(done)["join-possible"].params["options"] == ["kecamatan:kode_kec", "desa:kode_desa"]
    chosen = submit(regions, ADMIN, "t", table(tmp_path, text), join="desa:kode_desa")
    assert found(chosen)["table-joined"].params["dataset"] == "desa" and "join-duplicate" not in found(chosen)
    twice = submit(regions, ADMIN, "u", table(tmp_path, text), join="kecamatan:KODE_KEC=kode")
    assert found(twice)["join-duplicate"].count == 1 and found(twice)["table-joined"].count == 2


def test_a_choice_holds_for_the_versions_to_come(regions: Node, tmp_path: Path) -> None:
    text = "kode_kec,kode_desa,jumlah\n64.02.01,64.02.01.2001,1\n64.02.01,64.02.01.2002,2\n"
    submit(regions, ADMIN, "t", table(tmp_path, text), join="desa:kode_desa")
    again = submit(regions, PRODUCER, "t", table(tmp_path, text.replace(",2\n", ",3\n")))
    assert found(again)["table-joined"].params["dataset"] == "desa"
    with regions.register.read() as conn:
        assert datasets.get(conn, "t").specification.join == TableJoin("desa", "kode_desa")


def test_none_keeps_a_plain_table_which_may_be_published(regions: Node, tmp_path: Path) -> None:
    done = submit(regions, ADMIN, "t", table(tmp_path, POPULATION), join="none")
    assert done.version.geometry_type is None and not {rule for rule in found(done) if rule.startswith("join")}
    out = publish(regions, ADMIN, "t")
    served = json.loads((regions.derived(out) / "summary.json").read_text())
    assert served["count"] == served["placeless"] == 4


def test_ordinary_files_and_tables_of_something_else_are_left_alone(regions: Node, tmp_path: Path) -> None:
    done = submit(regions, ADMIN, "t", table(tmp_path, "no,nama,jumlah\n1,A,6402\n2,B,7\n"))
    assert done.version.geometry_type is None and "join-possible" not in found(done)
    points = submit(regions, ADMIN, "p", table(tmp_path, "kode,lon,lat\n64.02.01,116.5,0\n"), crs="EPSG:4326")
    assert points.version.geometry_type == "Point" and "table-joined" not in found(points)


@pytest.mark.parametrize(
    ("join", "reason"),
    [
        ("kecamatan:kodee", "join-no-column"), ("kecamatan:kode=kodex", "join-no-key"),
        ("kecamatan:nama", "join-no-match"), ("desa", "join-no-match"),
    ],
)  # fmt: skip
def test_a_join_that_cannot_be_is_refused_with_its_reason(
    regions: Node, tmp_path: Path, join: str, reason: str
) -> None:
    with pytest.raises(BadRequest) as error:
        submit(regions, ADMIN, "t", table(tmp_path, POPULATION), join=join)
    (finding,) = [item for item in error.value.facts["report"].findings if item.rule == "join-impossible"]
    assert finding.params["reason"] == reason
    with regions.register.read() as conn:
        assert datasets.find(conn, "t") is None


def test_a_file_with_geometry_takes_no_other(regions: Node, tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        submit(
            regions, ADMIN, "t", table(tmp_path, "kode,lon,lat\n64.02.01,116.5,0\n"), crs="EPSG:4326", join="kecamatan"
        )


@pytest.mark.parametrize("text", ["", "Kecamatan", "../x", "kecamatan:", "kecamatan:a=", "a b"])
def test_words_that_are_no_join(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_join(text)


def test_how_a_join_is_written() -> None:
    assert parse_join("none") is None and parse_join("kec") == TableJoin("kec")
    assert parse_join("kec:Kode Desa=kd") == TableJoin("kec", "Kode Desa", "kd")


def test_profiles_of_boundaries_block_on_unmatched_rows(regions: Node, tmp_path: Path) -> None:
    spec = Specification("uji", "batas", severities={"join-unmatched": Severity.BLOCKING})
    done = submit(regions, ADMIN, "t", table(tmp_path, POPULATION), spec=spec)
    assert done.report.gate is Gate.BLOCKED
    with pytest.raises(NotPublishable) as error:
        publish(regions, ADMIN, "t")
    assert "join-unmatched" in {item.rule for item in error.value.facts["report"].blocking()}
    from_file = submit(regions, ADMIN, "u", table(tmp_path, POPULATION), spec="batas")
    assert "join-unmatched" in {item.rule for item in from_file.report.blocking()}


def test_a_specification_file_names_its_join(regions: Node, tmp_path: Path) -> None:
    spec = tmp_path / "penduduk.yaml"
    spec.write_text("profile: bebas\njoin: {dataset: desa, column: kode_desa}\n")
    text = "kode_kec,kode_desa,jumlah\n64.02.01,64.02.01.2001,1\n"
    done = submit(regions, ADMIN, "t", table(tmp_path, text), spec=spec)
    assert found(done)["table-joined"].params["dataset"] == "desa"
    spec.write_text("profile: bebas\njoin: kecamatan\n")
    done = submit(regions, ADMIN, "u", table(tmp_path, text), spec=spec)
    assert found(done)["table-joined"].params["dataset"] == "kecamatan"


# access: what one may not see, one does not get by a join -----------------------------------------------------------


@pytest.fixture
def closed(government: Path, tmp_path: Path) -> Iterator[Node]:
    with copied(government, tmp_path / "data") as node:
        yield node


def test_a_closed_layer_is_not_offered_to_a_public_table(closed: Node, tmp_path: Path) -> None:
    done = submit(closed, ADMIN, "t", table(tmp_path, POPULATION))
    assert done.version.geometry_type is None
    assert not {"table-joined", "join-possible"} & set(found(done))


def test_a_closed_layer_cannot_be_forced_into_a_wider_dataset(closed: Node, tmp_path: Path) -> None:
    path = table(tmp_path, POPULATION)
    with pytest.raises(NotAllowed):
        submit(closed, ADMIN, "t", path, join="kecamatan")
    with pytest.raises(NotFound):  # who may not know of it learns nothing
        submit(closed, PRODUCER, "t", path, join="kecamatan")
    for opd in ([], ["dinkes"], ["bappeda", "dinkes"]):
        with pytest.raises(NotAllowed):
            submit(closed, ADMIN, "t", path, join="kecamatan", access=Classification.GOVERNMENT, opd=opd)
    with pytest.raises(NotAllowed):
        submit(closed, ADMIN, "t", path, join="kecamatan", access=Classification.PRIVATE)


def test_a_joined_dataset_cannot_be_opened_wider_than_its_layer(closed: Node, tmp_path: Path) -> None:
    path = table(tmp_path, POPULATION)
    done = submit(closed, ADMIN, "t", path, access=Classification.GOVERNMENT, opd=["bappeda"])
    assert found(done)["table-joined"].count == 3
    publish(closed, ADMIN, "t")
    with pytest.raises(Conflict):
        submit(closed, ADMIN, "t", table(tmp_path, "nama,x\nA,1\n"), access=Classification.PUBLIC)
    with closed.register.read() as conn:
        assert datasets.get(conn, "t").classification is Classification.GOVERNMENT


def test_a_layer_that_was_closed_meanwhile_stops_publishing(regions: Node, tmp_path: Path) -> None:
    submit(regions, ADMIN, "t", table(tmp_path, POPULATION))
    region(regions, tmp_path, "kecamatan", KECAMATAN, access=Classification.PRIVATE)
    with pytest.raises(Conflict):
        publish(regions, ADMIN, "t")


def test_a_layer_that_is_not_published_does_not_exist(regions: Node, tmp_path: Path) -> None:
    withdraw(regions, ADMIN, "kecamatan")
    assert submit(regions, ADMIN, "t", table(tmp_path, POPULATION)).version.geometry_type is None
    with pytest.raises(NotFound):
        submit(regions, ADMIN, "t", table(tmp_path, POPULATION), join="kecamatan")
    with pytest.raises(NotFound):
        submit(regions, ADMIN, "t", table(tmp_path, POPULATION), join="tidak_ada")
