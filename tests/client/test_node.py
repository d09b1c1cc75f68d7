"""The client against a real node: what it reads is what was published, for whoever asks."""

import subprocess
import sys
from collections.abc import Iterator

import geopandas
import numpy as np
import pytest
import shapely

from geoportal.client import RemoteNode
from geoportal.errors import BadRequest, NotAllowed, NotFound, NotSignedIn, Unavailable
from tests.processes import ROOT, ServedNode, environment, run_cli, serving

EASTINGS, NORTHINGS = np.arange(250) * 100.0 + 500_000.125, np.arange(250) * 10.0 + 9_940_000.5


@pytest.fixture(scope="module")
def frame() -> geopandas.GeoDataFrame:
    """Points in UTM 50S with a key, a number with gaps and a yes-or-no."""
    return geopandas.GeoDataFrame(
        {
            "kode": [f"{row:03d}" for row in range(250)],
            "nama": [f"Titik {row} é" for row in range(250)],
            "jumlah": [None if row % 50 == 0 else row for row in range(250)],
            "kelompok": ["genap" if row % 2 == 0 else "ganjil" for row in range(250)],
        },
        geometry=shapely.points(EASTINGS, NORTHINGS),
        crs="EPSG:32750",
    ).astype({"jumlah": "Int64"})


@pytest.fixture(scope="module")
def served(tmp_path_factory, frame) -> Iterator[ServedNode]:
    folder = tmp_path_factory.mktemp("client")
    frame.to_file(folder / "titik.gpkg")
    data = folder / "data"
    for dataset, access in (("titik", "PUBLIC"), ("rahasia", "PRIVATE")):
        for done in (
            run_cli("submit", folder / "titik.gpkg", "--dataset", dataset, "--access", access, data=data),
            run_cli("publish", dataset, data=data),
        ):
            assert done.returncode == 0, done.stdout + done.stderr
    with serving(data, workers=1) as node:
        yield node


@pytest.fixture
def remote(served) -> RemoteNode:
    return RemoteNode(served.url)


def test_what_is_there_is_found(remote):
    assert [dataset.id for dataset in remote.datasets()] == ["titik"]
    assert [dataset.id for dataset in remote.search("TITIK")] == ["titik"]
    assert remote.search("titik lain") == []
    assert remote.search(bbox=(117.0, -1.0, 117.1, -0.5)) != []
    assert remote.search(bbox=(100.0, 1.0, 101.0, 2.0)) == []


def test_a_dataset_tells_of_itself(remote):
    found = remote.dataset("titik")
    assert found.crs == "EPSG:32750"
    assert found.version == 1
    assert found.fields == {"kode": "string", "nama": "string", "jumlah": "integer", "kelompok": "string"}
    assert found.extent == pytest.approx((117.0, -0.543, 117.224, -0.52), abs=0.01)
    assert {"gpkg", "geojson"} <= {file.format for file in found.files}
    assert remote.versions("titik") == [1]


def test_all_pages_make_one_frame(remote, frame):
    told = []
    read = remote.read("titik", page_size=40, progress=lambda done, total: told.append((done, total)))
    assert told == [(40 * page, 250) for page in range(1, 7)] + [(250, 250)]
    assert read["kode"].tolist() == frame["kode"].tolist()
    assert read["nama"].tolist() == frame["nama"].tolist()
    assert read["jumlah"].isna().sum() == 5
    assert read["jumlah"].dropna().tolist() == frame["jumlah"].dropna().tolist()
    assert read.index.is_unique
    assert read.crs == "OGC:CRS84"
    # 9 decimals of a degree are a tenth of a millimetre.
    back = read.to_crs("EPSG:32750")
    assert shapely.distance(back.geometry.to_numpy(), frame.geometry.to_numpy()).max() < 0.001


def test_in_its_own_system_the_numbers_are_the_producers(remote, frame):
    read = remote.read("titik", crs="EPSG:32750")
    assert (shapely.get_coordinates(read.geometry) == shapely.get_coordinates(frame.geometry)).all()
    assert read.crs == "EPSG:32750"


def test_x_stands_before_y_also_where_the_system_says_latitude_first(remote):
    plain, geographic = remote.read("titik", limit=5), remote.read("titik", limit=5, crs="EPSG:4326")
    assert shapely.get_coordinates(geographic.geometry) == pytest.approx(shapely.get_coordinates(plain.geometry))
    assert geographic.crs == "EPSG:4326"


def test_a_part_can_be_asked_for(remote):
    some = remote.read("titik", where={"kelompok": "genap"}, properties=["kode"], limit=3)
    assert list(some.columns) == ["kode", "geometry"]
    assert some["kode"].tolist() == ["000", "002", "004"]
    assert len(remote.read("titik", bbox=(117.0, -1.0, 117.01, 0.0))) == 12
    none = remote.read("titik", bbox=(100.0, 1.0, 101.0, 2.0))
    assert len(none) == 0
    assert list(none.columns) == ["kode", "nama", "jumlah", "kelompok", "geometry"]


def test_a_column_that_is_not_there_is_named(remote):
    with pytest.raises(BadRequest, match="luas"):
        remote.read("titik", where={"luas": 1})


def test_a_file_comes_whole_and_goes_on_where_it_stopped(remote, served, tmp_path):
    whole = remote.download("titik", "gpkg", tmp_path).read_bytes()
    assert len(geopandas.read_file(tmp_path / "titik.gpkg")) == 250
    with remote._transport.opened("/berkas/titik/1/titik.gpkg", {}) as answer:
        etag = answer.headers["ETag"]
    again = tmp_path / "lagi.gpkg"
    again.with_name("lagi.gpkg.part").write_bytes(whole[:5000])
    again.with_name("lagi.gpkg.etag").write_text(etag)
    told = []
    assert remote.download("titik", "gpkg", again, progress=lambda done, total: told.append(total)) == again
    assert again.read_bytes() == whole
    assert set(told) == {len(whole)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lagi.gpkg", "titik.gpkg"]


def test_a_beginning_of_another_file_is_not_gone_on_with(remote, tmp_path):
    whole = remote.download("titik", "geojson", tmp_path / "a.geojson").read_bytes()
    (tmp_path / "b.geojson.part").write_bytes(b"x" * 100)
    (tmp_path / "b.geojson.etag").write_text('"of-before"')
    assert remote.download("titik", "geojson", tmp_path / "b.geojson").read_bytes() == whole


def test_a_format_that_is_not_offered_is_said_with_those_that_are(remote, tmp_path):
    with pytest.raises(NotFound, match="gpkg"):
        remote.download("titik", "dwg", tmp_path)


def test_what_one_may_not_see_is_not_there(remote, served):
    with pytest.raises(NotFound) as hidden:
        remote.read("rahasia")
    with pytest.raises(NotFound) as missing:
        remote.read("tidak_ada")
    assert hidden.value.detail == missing.value.detail
    made = run_cli("token", "add", "Uji", "--class", "PRIVATE", data=served.data)
    known = RemoteNode(served.url, made.stdout.strip())
    assert {dataset.id for dataset in known.datasets()} == {"rahasia", "titik"}
    assert len(known.read("rahasia")) == 250
    assert made.stdout.strip() not in repr(known)


def test_a_wrong_token_is_said(served):
    with pytest.raises(NotSignedIn):
        RemoteNode(served.url, "gp_0_0").datasets()


def test_links_that_lead_to_another_name_are_not_followed(served):
    with pytest.raises(NotAllowed, match="localhost"):
        RemoteNode(served.url.replace("127.0.0.1", "localhost")).read("titik", page_size=10)


def test_a_node_that_is_not_there():
    pauses = []
    with pytest.raises(Unavailable):
        RemoteNode("http://127.0.0.1:9", tries=4, pause=pauses.append).datasets()
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("url", ["geoportal.example", "ftp://a.b", "http://", "https://u:p@a.b", "https://a.b/?x=1"])
def test_what_is_no_address(url):
    with pytest.raises(BadRequest):
        RemoteNode(url)


def test_it_starts_light(tmp_path):
    script = (
        "import sys, geoportal.client; print(*[n for n in ('geopandas', 'pandas', 'pygeoapi') if n in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment(tmp_path), cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []
