"""The programs that agencies use, on every layer of the demonstration: what they read equals the sealed source."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from tests.processes import ServedNode, serving

QGIS_PYTHON = "/usr/bin/python3"
INNER = ("geometry", "fid", "_geoportal_id")
"""Columns of the sealed file that are no attributes."""


@dataclass(frozen=True)
class Source:
    """A published layer as it was sealed: the frame in its own reference system, and in CRS84."""

    name: str
    frame: Any
    degrees: Any

    @property
    def placed(self) -> bool:
        return isinstance(self.frame, geopandas.GeoDataFrame)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The south-western quarter of the extent, and a little: some features lie across its edge."""
        west, south, east, north = self.degrees.total_bounds
        return tuple(round(value, 6) for value in (west, south, (west + east) / 2, (south + north) / 2))

    def within(self, box: tuple[float, ...]) -> int:
        shapes = self.degrees.geometry.to_numpy()
        return int((shapely.intersects(shapes, shapely.box(*box)) | shapely.is_missing(shapes)).sum())

    def question(self) -> tuple[str, str, int]:
        """A column of text, a value that some features have in it, and how many have it."""
        for column in self.frame.columns:
            if column in INNER or self.frame[column].dtype.kind not in "OT":
                continue
            counts = self.frame[column].value_counts()
            values = [
                value for value in counts.index if isinstance(value, str) and value.isprintable() and value.isascii()
            ]
            if values:
                return column, values[0], int(counts[values[0]])
        raise AssertionError(f"{self.name} has no column of words")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, demo_data: Any) -> Iterator[ServedNode]:
    data = demo_data(tmp_path_factory.mktemp("klien") / "data")
    with serving(data, workers=2, demo=False) as served:
        yield served


@pytest.fixture(scope="module")
def sources(node: ServedNode) -> dict[str, Source]:
    from geoportal.model.access import PUBLIC_AUDIENCE
    from geoportal.node import Node
    from geoportal.settings import Settings, StorageSettings

    opened = Node(Settings(storage=StorageSettings(data=node.data)))
    found = {}
    for one in opened.publications(PUBLIC_AUDIENCE):
        path = opened.files.folder(one.dataset_id, one.version.digest) / "layer.gpkg"
        frame = pyogrio.read_dataframe(path)
        placed = isinstance(frame, geopandas.GeoDataFrame) and frame.crs is not None
        found[one.dataset_id] = Source(one.dataset_id, frame, frame.to_crs("OGC:CRS84") if placed else frame)
    opened.close()
    assert len(found) >= 10
    return found


def asked(node: ServedNode, path: str) -> Any:
    from urllib.request import urlopen

    with urlopen(f"{node.url}{path}") as answer:
        return json.load(answer)


def test_our_gdal_reads_all_and_pushes_boxes_and_filters_down(node: ServedNode, sources: dict[str, Source]) -> None:
    """GDAL as pyogrio brings it: counts, extents, reference system, values; -where and -spat equal the source."""
    for name, source in sources.items():
        read = pyogrio.read_dataframe(f"OAPIF:{node.url}/ogc", layer=name)
        assert len(read) == len(source.frame), name
        column, value, count = source.question()
        chosen = pyogrio.read_dataframe(
            f"OAPIF:{node.url}/ogc", layer=name, where=f""""{column}" = '{value}'""", columns=[column]
        )
        assert len(chosen) == count, (name, column, value)
        assert sorted(map(str, read[column])) == sorted(map(str, source.frame[column])), (name, column)
        if not source.placed:
            continue
        assert read.crs is not None
        bounds = read.to_crs("OGC:CRS84").total_bounds
        assert np.allclose(bounds, source.degrees.total_bounds, atol=1e-8), name
        inside = pyogrio.read_dataframe(f"OAPIF:{node.url}/ogc", layer=name, bbox=source.box)
        if read.crs.to_epsg() == 4326 or read.crs.to_authority() == ("OGC", "CRS84"):
            assert len(inside) == source.within(source.box), name


def test_gdal_sends_what_it_filters_by(node: ServedNode, sources: dict[str, Source]) -> None:
    """Comparisons travel as CQL2 to the node, so that no whole layer does: GDAL asks for it in the request."""
    source = sources["desa"]
    column, value, count = source.question()
    where = f"\"{column}\" >= '{value}' AND \"{column}\" <= '{value}'"
    address = f"OAPIF:{node.url}/ogc"
    script = f"import pyogrio; print(len(pyogrio.read_dataframe({address!r}, layer='desa', where={where!r})))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        env={"CPL_DEBUG": "ON"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.strip()) == count
    assert "filter=" in done.stderr and "filter-lang=cql-text" in done.stderr, done.stderr[-2000:]


def test_old_gdal_reads_all(node: ServedNode, sources: dict[str, Source], ogrinfo: str) -> None:
    """GDAL of the operating system: as many features, in the extent of the source."""
    for name, source in sources.items():
        done = subprocess.run(
            [ogrinfo, "-ro", "-so", f"OAPIF:{node.url}/ogc", name],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert "ERROR" not in done.stderr, (name, done.stderr)
        assert f"Feature Count: {len(source.frame)}" in done.stdout, (name, done.stdout)


def test_geopandas_reads_the_items_themselves(node: ServedNode, sources: dict[str, Source]) -> None:
    for name, source in sources.items():
        url = f"{node.url}/ogc/collections/{name}/items?limit=10000"
        read = geopandas.read_file(url) if source.placed else None
        found = asked(node, f"/ogc/collections/{name}/items?limit=10000")
        assert found["numberMatched"] == found["numberReturned"] == len(source.frame), name
        if read is None:
            continue
        assert len(read) == len(source.frame) and read.crs.to_epsg() == 4326, name
        theirs = shapely.normalize(shapely.set_precision(shapely.force_2d(source.degrees.geometry.to_numpy()), 1e-7))
        ours = shapely.normalize(shapely.set_precision(shapely.force_2d(read.geometry.to_numpy()), 1e-7))
        missing = shapely.is_missing(theirs)
        assert (missing == (shapely.is_missing(ours) | shapely.is_empty(ours))).all()
        away = shapely.hausdorff_distance(theirs[~missing], ours[~missing])
        assert not len(away) or away.max() < 1e-6, name


def test_owslib_walks_the_node(node: ServedNode, sources: dict[str, Source]) -> None:
    from owslib.ogcapi.features import Features

    service = Features(f"{node.url}/ogc")
    assert service.conformance()["conformsTo"]
    assert set(service.feature_collections()) >= set(sources)
    for name, source in sources.items():
        described = service.collection(name)
        assert described["id"] == name
        items = service.collection_items(name, limit=3)
        assert items["numberMatched"] == len(source.frame), name
        queryables = service.collection_queryables(name)
        column, value, count = source.question()
        assert column in queryables["properties"]
        chosen = service.collection_items(name, filter=f"\"{column}\" = '{value}'", limit=1)
        assert chosen["numberMatched"] == count, name
        if source.placed:
            box = described["extent"]["spatial"]["bbox"][0]
            assert np.allclose(box, source.degrees.total_bounds, atol=1e-8), name
            assert service.collection_items(name, bbox=list(source.box), limit=1)["numberMatched"] == source.within(
                source.box
            ), name
        fid = items["features"][0]["id"]
        assert service.collection_item(name, quote(fid, safe=""))["id"] == fid


def test_qgis_reads_all(node: ServedNode, sources: dict[str, Source]) -> None:
    """QGIS 3.22 or newer, headless: counts, extents, reference systems, a box and an expression on every layer."""
    _need_qgis()
    questions: dict[str, dict[str, Any]] = {}
    for name, source in sources.items():
        column, value, _ = source.question()
        questions[name] = {"expression": f"\"{column}\" = '{value}'", "box": source.box if source.placed else None}
    done = subprocess.run(
        [QGIS_PYTHON, str(Path(__file__).with_name("qgis_reads.py")), f"{node.url}/ogc", json.dumps(questions)],
        capture_output=True,
        text=True,
        timeout=280,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("ANSWER")), None)
    assert line, done.stderr[-3000:]
    answers = json.loads(line.removeprefix("ANSWER"))
    for name, source in sources.items():
        answer = answers[name]
        assert "error" not in answer, (name, answer)
        assert answer["features"] == len(source.frame), (name, answer)
        assert answer["expression"] == source.question()[2], (name, answer)
        assert {column for column in source.frame.columns if column not in INNER} <= set(answer["fields"])
        if source.placed:
            assert answer["crs"] in ("OGC:CRS84", "EPSG:4326"), (name, answer)
            assert np.allclose(answer["extent"], source.degrees.total_bounds, atol=1e-8), (name, answer)
            shapes = source.degrees.geometry.to_numpy()
            exact = int(shapely.intersects(shapes, shapely.box(*source.box)).sum())
            assert answer["box"] == exact, (name, answer, exact)


def _need_qgis() -> None:
    from tests.conftest import COMPLETE

    known = subprocess.run([QGIS_PYTHON, "-c", "import qgis.core"], capture_output=True, timeout=60, check=False)
    if known.returncode:
        (pytest.fail if COMPLETE else pytest.skip)("QGIS is not installed (python3-qgis)")
