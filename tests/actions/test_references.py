"""What a submitted layer is compared with: the code lists of the node. Personal data weigh where a dataset is open."""

import csv
import json
from dataclasses import replace

import pytest

from geoportal.actions.publish import judge
from geoportal.actions.submit import submit
from geoportal.model.access import Actor, Classification, Role
from geoportal.settings import PROJECT
from geoportal.store import datasets
from tests.web.nodes import make_node

ADMIN = Actor("wati", Role.ADMIN)
NIK = "6402061205900003"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = make_node(tmp_path_factory.mktemp("acuan"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Points with the codes of all districts of the project's list, one of them unknown, and an identity number."""
    (path,) = (PROJECT / "config" / "codes").glob("wilayah_*.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        codes = [row["kode"] for row in csv.DictReader(stream) if row["jenis"] == "kecamatan"]
    codes[-1] = f"{codes[-1].rpartition('.')[0]}.99"
    features = [
        {
            "type": "Feature",
            "properties": {"kode": code, "pemilik": NIK},
            "geometry": {"type": "Point", "coordinates": [116.5 + place / 100, -0.5]},
        }
        for place, code in enumerate(codes)
    ]
    target = tmp_path_factory.mktemp("berkas") / "titik.geojson"
    target.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return target


@pytest.mark.parametrize("access", [Classification.PUBLIC, Classification.GOVERNMENT])
def test_codes_are_compared_at_submit_and_again_at_the_gate(node, file, access):
    name = f"titik_{access.lower()}"
    sealed = submit(node, ADMIN, name, file, access=access).report
    with node.register.read() as conn:
        dataset = datasets.get(conn, name)
        version = datasets.versions(conn, name)[0]
    assert dataset.specification.open_data  # what the officer wrote stays as it is
    for report in (sealed, judge(node, dataset, version)):
        rules = {finding.rule: finding for finding in report.findings}
        assert rules["region-code-unknown"].count == 1
        assert ("personal-data-nik" in rules) is (access is Classification.PUBLIC)
        assert NIK not in json.dumps(report.as_dict())
    if access is not Classification.PUBLIC:
        opened = judge(node, replace(dataset, classification=Classification.PUBLIC), version)
        assert "personal-data-nik" in {finding.rule for finding in opened.findings}
