"""What a web worker is made of: it serves every kind of answer without the heavy libraries of the build side."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ogc.world import BASE, make_world, points
from tests.processes import ROOT

HEAVY = ("geopandas", "pandas", "folium", "mapnik", "rasterio", "pyogrio", "fiona", "osgeo", "flask", "matplotlib")

LAYER = "/ogc/collections/titik"
QUESTIONS = [
    "/",
    "/katalog",
    "/dataset/titik?lang=id",
    "/pengembang",
    "/ogc?f=json",
    "/ogc?f=html",
    "/ogc/conformance?f=json",
    "/ogc/openapi?f=json",
    "/ogc/openapi?f=html",
    "/ogc/collections?f=json",
    "/ogc/collections?f=html&limit=1",
    "/ogc/collections?f=jsonld",
    f"{LAYER}?f=json",
    f"{LAYER}/schema?f=json",
    f"{LAYER}/queryables?f=json",
    f"{LAYER}/items?f=json",
    f"{LAYER}/items?f=html",
    f"{LAYER}/items?f=jsonld",
    f"{LAYER}/items?f=json&bbox=116,-1,118,1&limit=5",
    f"{LAYER}/items?f=json&sortby=-urut&properties=nama",
    f"{LAYER}/items?f=json&filter=nilai%20%3E%203%20AND%20S_INTERSECTS(geometry,BBOX(116,-1,118,1))",
    "/ogc/collections/lain/items?f=json&crs=http://www.opengis.net/def/crs/EPSG/0/32750",
    f"{LAYER}/items/0001?f=json",
    f"{LAYER}/items/0001?f=html",
]

ASK = """
import json, sys
from pathlib import Path
from starlette.testclient import TestClient
from geoportal.node import Node
from geoportal.settings import NodeSettings, Settings, StorageSettings, WebSettings
from geoportal.web.app import create_app

folder, base, questions, heavy = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
settings = Settings(
    node=NodeSettings(), storage=StorageSettings(data=Path(folder)), web=WebSettings(base_url=base)
)
client = TestClient(create_app(Node(settings)), base_url=base)
forms = json.loads(client.get(f"{base}/ogc/openapi?f=json").content)["paths"]["/collections/titik/items"]["get"]
forms = next(one for one in forms["parameters"] if one.get("name") == "f")["schema"]["enum"]
statuses = {}
for question in [*questions, *(f"/ogc/collections/titik/items?f={form}&limit=20" for form in forms)]:
    statuses[question] = client.get(question).status_code
    loaded = [name for name in heavy if name in sys.modules]
    if loaded:
        break
private = 0
for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
    if line.startswith(("Private_Clean:", "Private_Dirty:")):
        private += int(line.split()[1])
print(json.dumps({"statuses": statuses, "loaded": loaded, "private_mb": private / 1024}))
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory) -> dict:
    folder: Path = tmp_path_factory.mktemp("worker") / "data"
    made = make_world(folder)
    made.publish("titik", points(200), downloads=True)
    made.publish("lain", points(5, crs="EPSG:32750"))
    made.node.close()
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(folder), BASE, json.dumps(QUESTIONS), json.dumps(HEAVY)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_question_is_answered(worker: dict):
    assert {question: status for question, status in worker["statuses"].items() if status != 200} == {}


def test_no_library_of_the_build_side_was_loaded(worker: dict):
    assert worker["loaded"] == [], f"after {list(worker['statuses'])[-1]}"


def test_a_worker_keeps_less_than_150_mb_for_itself(worker: dict):
    """All that is not shared with another process, in a process that has no other of its kind to share with."""
    assert worker["private_mb"] < 150
