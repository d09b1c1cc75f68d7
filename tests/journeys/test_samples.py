"""The samples of the handbook, taken from its pages as a reader would copy them, and run against a live node."""

from __future__ import annotations

import contextlib
import functools
import html
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.processes import ROOT, ServedNode, environment, run_cli, serving

CHAPTERS = ("petugas", "instansi", "pengelola")
FEATURES = 12
OUT = {"publish_good": 2, "publish_again": 3, "rollback": 2, "override": 1}
"""The version that readers see after a step of the officer's way."""
LIMIT_S = 120
SAMPLE = re.compile(r'<pre id="contoh-([a-z_]+)" tabindex="0" data-kind="([a-z]+)" data-exit="(\d)">(.*?)</pre>', re.S)


@dataclass(frozen=True)
class Copied:
    """A sample as it stands on a page."""

    key: str
    kind: str
    exit_code: int
    text: str


def layer(folder: Path, name: str) -> Path:
    """Squares in a row, with a code and a name."""
    squares = [
        {
            "type": "Feature",
            "properties": {"KODE": f"64.02.{number:02d}", "NAMA": f"{name} {number}"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, -0.5], [w + 0.05, -0.5], [w + 0.05, -0.45], [w, -0.45], [w, -0.5]]],
            },
        }
        for number, w in enumerate((116.2 + 0.06 * step for step in range(FEATURES)), 1)
    ]
    path = folder / f"{name}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": squares}), "utf-8")
    return path


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[ServedNode]:
    folder = tmp_path_factory.mktemp("samples")
    data = folder / "data"
    for name, access in (("wilayah", "PUBLIC"), ("dijaga", "GOVERNMENT")):
        for arguments in (
            ("submit", layer(folder, name), "--dataset", name, "--access", access),
            ("publish", name),
        ):
            done = run_cli(*arguments, data=data)
            assert done.returncode == 0, done.stdout + done.stderr
    with serving(data, workers=2) as served:
        yield served


def page(node: ServedNode, chapter: str, language: str = "id") -> str:
    with urlopen(Request(f"{node.url}/bantuan/{chapter}?lang={language}"), timeout=30) as answer:
        return answer.read().decode("utf-8")


@pytest.fixture(scope="module")
def samples(node: ServedNode) -> dict[str, Copied]:
    """All samples of all chapters by key, in the order of the pages."""
    found = {}
    for chapter in CHAPTERS:
        for key, kind, code, text in SAMPLE.findall(page(node, chapter)):
            found[key] = Copied(key, kind, int(code), html.unescape(text))
    return found


@pytest.fixture(scope="module")
def desk(node: ServedNode, tmp_path_factory) -> Path:
    """A folder like that of the project: with its programs, and with the node's data in var."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (folder / "var").symlink_to(node.data)
    return folder


def shell(text: str, folder: Path, node: ServedNode, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=environment(node.data, GEOPORTAL_WEB__BASE_URL=node.url, **more),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def status(node: ServedNode, path: str) -> int:
    with contextlib.suppress(OSError):
        try:
            with urlopen(node.url + path, timeout=30) as answer:
                return int(answer.status)
        except OSError as error:
            return int(getattr(error, "code", 0))
    return 0


def of_kind(samples: dict[str, Copied], kind: str) -> list[Copied]:
    found = [sample for sample in samples.values() if sample.kind == kind]
    assert found, f"no sample of kind {kind}"
    return found


def test_every_sample_is_of_a_kind_that_is_run_here(samples):
    assert len(samples) > 30
    kinds = {"terminal", "operator", "start", "backup", "curl", "python", "r", "html", "gdal", "address"}
    assert {sample.kind for sample in samples.values()} == kinds


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_samples_are_the_same_in_both_languages(node, chapter):
    assert SAMPLE.findall(page(node, chapter, "id")) == SAMPLE.findall(page(node, chapter, "en"))


def test_the_officers_way_works_as_it_is_typed(node, samples, desk):
    steps = of_kind(samples, "terminal")
    assert next(step.key for step in steps) == "set_up"
    ready = steps[0].text
    expected = {
        "check": "crs-missing",
        "check_crs": "geometry-missing",
        "submit_bad": "key-duplicate",
        "publish_bad": "latihan",
        "publish_good": f"{node.url}/ogc/collections/latihan",
        "show": "* ",
    }
    for step in steps[1:]:
        done = shell(f"{ready}\n{step.text}", desk, node)
        said = done.stdout + done.stderr
        assert done.returncode == step.exit_code, f"{step.key}: {step.text}\n{said}"
        assert expected.get(step.key, "") in said, f"{step.key}\n{said}"
        assert "layer-outside-region" not in said, f"the practice file lies in the region\n{said}"
        if step.key == "publish_bad":
            assert status(node, "/dataset/latihan") == 404
        if step.key in OUT:
            assert version_of(node) == OUT[step.key]
        if step.key == "override":
            assert "Rapat koordinasi" in urlopen(f"{node.url}/dataset/latihan", timeout=30).read().decode()
    assert status(node, "/dataset/latihan") == 404, "withdrawn at the end"


def version_of(node: ServedNode) -> int:
    text = urlopen(f"{node.url}/dataset/latihan", timeout=30).read().decode("utf-8")
    found = re.search(r"/berkas/latihan/(\d+)/", text)
    assert found, "the page offers a file of the version"
    return int(found[1])


def test_operators_commands(node, samples, desk):
    ready = samples["set_up"].text
    for sample in of_kind(samples, "operator"):
        done = shell(f"{ready}\n{sample.text}", desk, node)
        assert done.returncode == 0, f"{sample.text}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_ways_to_start(samples, node):
    for sample in of_kind(samples, "start"):
        assert sample.text.startswith("make run")
        done = shell(sample.text.replace("make run", "make -n run", 1), ROOT, node)
        assert done.returncode == 0 and "geoportal serve" in done.stdout, done.stderr


def test_the_backup_is_whole(samples, node, tmp_path):
    copy, place, fresh = tmp_path / "data", tmp_path / "place", tmp_path / "fresh"
    shutil.copytree(node.data, copy, ignore=shutil.ignore_patterns("*.sock", "serve.*"))
    place.mkdir()
    for sample in of_kind(samples, "backup"):
        done = shell(sample.text, place, node, GEOPORTAL_DATA=str(copy))
        assert done.returncode == 0, done.stderr
    with tarfile.open(next(place.iterdir())) as archive:
        archive.extractall(fresh, filter="data")
    listed = run_cli("list", "--json", data=fresh)
    assert {row["id"] for row in json.loads(listed.stdout)["datasets"]} >= {"wilayah", "dijaga"}


def curl_keys() -> list[str]:
    from geoportal.language import catalogue
    from geoportal.web.handbook import CHAPTERS as ALL
    from geoportal.web.handbook import DOMAIN

    texts = "".join(
        catalogue(DOMAIN, "id").gettext(f"{name}.{section}") for name, sections in ALL.items() for section in sections
    )
    return re.findall(r"\{sample_(curl_[a-z_]+)\}", texts)


@pytest.fixture(scope="module")
def token(node: ServedNode) -> str:
    done = run_cli("token", "add", "contoh", "--class", "GOVERNMENT", data=node.data)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("key", curl_keys())
def test_curl(node, samples, tmp_path, token, key):
    done = shell(samples[key].text, tmp_path, node, TOKEN=token)
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "data.geojson"
    answer = json.loads(kept.read_text("utf-8") if kept.exists() else done.stdout)
    if key == "curl_token":
        assert {item["id"] for item in answer["collections"]} >= {"wilayah", "dijaga"}
    elif key == "curl_schema":
        assert {"KODE", "NAMA"} <= answer["properties"].keys()
    else:
        assert 1 <= answer["numberReturned"] == len(answer["features"])
    if key == "curl_bbox":
        assert answer["numberMatched"] < FEATURES
    if key == "curl_filter":
        assert answer["numberMatched"] == 1
    if key == "curl_crs":
        assert (
            abs(answer["features"][0]["geometry"]["coordinates"][0][0][0]) <= 180 or "EPSG/0/4" not in samples[key].text
        )
    if key == "curl_etag":
        before = kept.read_bytes()
        again = shell(samples[key].text.replace("curl ", "curl -w '%{http_code}' ", 1), tmp_path, node)
        assert again.stdout == "304" and kept.read_bytes() == before


@pytest.mark.parametrize("key", ["python_geopandas", "python_client", "python_pages"])
def test_python(node, samples, tmp_path, key):
    assert samples[key].kind == "python"
    script = tmp_path / "contoh.py"
    script.write_text(samples[key].text, "utf-8")
    done = subprocess.run(
        [sys.executable, script], env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True,
        timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == str(FEATURES), done.stdout


def test_r(node, samples, tmp_path):
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed here: the sample for R is not run")
    (tmp_path / "contoh.R").write_text(samples["r"].text, "utf-8")
    done = subprocess.run(
        [program, "contoh.R"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr


def test_gdal_and_the_address_for_qgis(node, samples, tmp_path, ogrinfo):
    """QGIS opens the address by the same driver of GDAL that ogrinfo uses, with the same question."""
    for sample in of_kind(samples, "gdal"):
        done = shell(sample.text, tmp_path, node)
        assert done.returncode == 0 and f"Feature Count: {FEATURES}" in done.stdout, done.stdout + done.stderr
    for sample in of_kind(samples, "address"):
        done = subprocess.run(
            [ogrinfo, "-ro", f"OAPIF:{sample.text}"], capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0 and "wilayah" in done.stdout and "dijaga" not in done.stdout, done.stderr


def test_javascript_on_a_site_of_ones_own(node, samples, tmp_path, chromium):
    (tmp_path / "peta.html").write_text(samples["javascript"].text, "utf-8")
    handler = functools.partial(Quiet, directory=os.fspath(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = chromium.new_context()
        try:
            tab, faults = context.new_page(), []
            tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
            tab.on("pageerror", lambda error: faults.append(str(error)))
            tab.goto(f"http://127.0.0.1:{server.server_port}/peta.html")
            tab.wait_for_selector("path.leaflet-interactive", timeout=20_000, state="attached")
            assert tab.locator("path.leaflet-interactive").count() == FEATURES
            assert not [fault for fault in faults if "favicon" not in fault and "404" not in fault], faults
        finally:
            context.close()
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The site of somebody else."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""
