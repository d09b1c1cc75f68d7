"""The gate: what does not meet its profile stays in, unless somebody who may says why; then the reason goes with it.

One served node; each test has datasets of its own.
"""

import http.client
import io
import json
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from geoportal.checks.texts import title
from tests.processes import ServedNode, run_cli, serving

REASON = 'Banjir Loa Kulu: <b>segera</b> & "sementara", surat 7/2026 {0} %s'
SQUARE = [[[116, 0], [116.1, 0], [116.1, 0.1], [116, 0.1], [116, 0]]]
BOWTIES = [[[[116, y], [116.1, y + 0.1], [116.1, y], [116, y + 0.1], [116, y]]] for y in (0, 0.2)]


class Text(HTMLParser):
    """The text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.parts).split())


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[ServedNode]:
    with serving(tmp_path_factory.mktemp("gate") / "data", workers=1) as served:
        yield served


@pytest.fixture
def layer(tmp_path: Path):
    """``layer(rings, ...)``: a GeoJSON file with one polygon a ring list."""

    def write(*polygons: list, name: str = "batas") -> Path:
        features = [
            {"type": "Feature", "properties": {"kode": str(n)}, "geometry": {"type": "Polygon", "coordinates": rings}}
            for n, rings in enumerate(polygons)
        ]
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return write


def get(node: ServedNode, path: str, accept: str = "*/*") -> tuple[int, bytes]:
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def cli(node: ServedNode, *arguments: object, code: int = 0) -> dict:
    done = run_cli(*arguments, "--json", data=node.data)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def said(node: ServedNode, *arguments: object, code: int = 0) -> str:
    done = run_cli(*arguments, data=node.data)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def submitted(node: ServedNode, dataset: str, path: Path, spec: str = "batas") -> None:
    cli(node, "submit", path, "--dataset", dataset, "--spec", spec)


def everywhere(dataset: str, number: int = 1) -> list[str]:
    """Every address under which a published version would answer."""
    collection = f"/ogc/collections/{dataset}"
    return [
        collection, f"{collection}/items", f"{collection}/items/1", f"{collection}/schema", f"{collection}/queryables",
        f"/dataset/{dataset}", f"/dataset/{dataset}/v/{number}", f"/dataset/{dataset}/mutu", f"/peta/{dataset}",
        f"/dataset/{dataset}/map.svg", f"/dataset/{dataset}/thumb.svg",
        f"/berkas/{dataset}/{number}/{dataset}.gpkg", f"/berkas/{dataset}/{number}/{dataset}.geojson",
    ]  # fmt: skip


def test_a_faulty_layer_is_refused_with_a_list_and_leaves_no_trace(node, layer):
    submitted(node, "ditolak_gerbang", layer(SQUARE, *BOWTIES))
    refused = cli(node, "publish", "ditolak_gerbang", code=1)
    assert (refused["error"], refused["dataset"], refused["version"]) == ("not-publishable", "ditolak_gerbang", 1)
    assert refused["rules"] == ["geometry-invalid"]
    assert refused["report"]["gate"] == "blocked"
    (finding,) = [item for item in refused["report"]["findings"] if item["severity"] == "blocking"]
    assert (finding["rule"], finding["count"]) == ("geometry-invalid", 2)
    assert finding["message"] and finding["hint"] and len(finding["occurrences"]) == 2

    for path in everywhere("ditolak_gerbang"):
        assert get(node, path)[0] == 404, path
    for path in ("/katalog", "/", "/ogc/collections?f=json", "/ogc/openapi?f=json", "/katalog?f=json"):
        status, body = get(node, path)
        assert status == 200 and b"ditolak_gerbang" not in body, path
    built = node.data / "derived"
    assert not built.exists() or not list(built.rglob("ditolak_gerbang.*"))


def test_the_refusal_says_what_blocks_how_often_and_what_to_do(node, layer):
    submitted(node, "ditolak", layer(SQUARE, *BOWTIES))
    for language, what, following in (
        ("id", "belum memenuhi profilnya", "Langkah berikutnya"),
        ("en", "does not meet its profile", "What to do next"),
    ):
        told = said(node, "publish", "ditolak", "--lang", language, code=1)
        assert what in told and following in told
        blocking = next(line for line in told.splitlines() if line.startswith("[X]"))
        assert "2" in blocking and blocking.endswith("[geometry-invalid]")
        for command in (
            "geoportal repair batas.geojson --spec batas",
            "geoportal check batas.geojson --spec batas --map",
            "geoportal publish ditolak --override",
        ):
            assert command in told


def test_an_exception_publishes_and_its_reason_goes_wherever_the_data_goes(node, layer):
    submitted(node, "darurat", layer(SQUARE, *BOWTIES))
    done = cli(node, "publish", "darurat", "--override", REASON)
    overruled = [{"rule": "geometry-invalid", "count": 2}]
    assert done["override"] == REASON
    assert (done["exception"]["reason"], done["exception"]["overruled"]) == (REASON, overruled)
    assert set(done["exception"]) == {"reason", "by", "at", "overruled"}
    assert (done["exception"]["by"], done["exception"]["at"][:4]) == ("local-admin", done["published_at"][:4])
    assert get(node, "/ogc/collections/darurat")[0] == 200

    # record
    assert cli(node, "record", "show", "darurat")["exception"] == done["exception"]
    for command in (("record", "show", "darurat"), ("record", "export", "darurat"), ("show", "darurat")):
        assert REASON in said(node, *command)

    # event log: who, as what, when, why, what
    events = cli(node, "show", "darurat")["events"]
    (given,) = [event for event in events if event["action"] == "gate:override"]
    assert given["facts"] == {"version": 1, "reason": REASON, "overruled": [["geometry-invalid", 2]]}
    assert (given["actor"], given["role"]) == ("local-admin", "admin") and given["system_user"]
    (published,) = [event for event in events if event["action"] == "dataset:publish"]
    assert published["facts"]["override"] == REASON and published["sequence"] == given["sequence"] + 1

    # pages, in both languages, and their twins
    for path in ("/dataset/darurat", "/dataset/darurat/mutu"):
        for language, sentence, rule in (
            ("id", "Terbit dengan pengecualian oleh local-admin, ", f"{title('geometry-invalid', 'id')} (2)"),
            ("en", "Published with an exception by local-admin, ", f"{title('geometry-invalid', 'en')} (2)"),
        ):
            page = Text(get(node, f"{path}?lang={language}", "text/html")[1].decode())
            assert sentence in str(page) and rule in str(page), (path, language)
            assert REASON in str(page), path
        html = get(node, path, "text/html")[1].decode()
        assert "<b>segera" not in html and "&lt;b&gt;segera" in html
        twin = get(node, f"{path}?f=json")[1]
        assert json.loads(twin)["exception"] == done["exception"]
        assert b"system_user" not in twin

    # OGC API
    for language, sentence in (("id", "Terbit dengan pengecualian"), ("en", "Published with an exception")):
        collection = json.loads(get(node, f"/ogc/collections/darurat?f=json&lang={language}")[1])
        assert sentence in collection["description"] and REASON in collection["description"]
        assert f"{node.url}/dataset/darurat/mutu?version=1" in [link["href"] for link in collection["links"]]
    html = get(node, "/ogc/collections/darurat?f=html", "text/html")[1].decode()
    assert "<b>segera" not in html and REASON in str(Text(html))

    # files
    archive = zipfile.ZipFile(io.BytesIO(get(node, "/berkas/darurat/1/darurat.shp.zip")[1]))
    record = json.loads(archive.read("metadata.json"))["properties"]
    assert REASON in record["exception"] and "Geometri tidak sah (2)" in record["exception"]
    assert REASON in record["translations"]["en"]["exception"]
    paper = archive.read("BACA_SAYA.txt").decode("utf-8-sig")
    assert "Terbit dengan pengecualian" in paper and "Published with an exception" in paper and REASON in paper
    assert REASON in json.loads(get(node, "/berkas/darurat/1/darurat.geojson")[1])["metadata"]["exception"]


def test_an_open_gate_needs_no_exception_and_keeps_none(node, layer):
    submitted(node, "baik", layer(SQUARE, name="baik"))
    told = said(node, "publish", "baik", "--override", "untuk berjaga-jaga", "--lang", "en")
    assert "no exception was needed" in told
    document = cli(node, "show", "baik")
    assert document["exception"] is None and "berjaga" not in json.dumps(document)
    assert b"exception" in get(node, "/dataset/baik/mutu?f=json")[1]
    assert json.loads(get(node, "/dataset/baik/mutu?f=json")[1])["exception"] is None
    assert b"berjaga" not in get(node, "/dataset/baik/mutu")[1]


def test_a_reason_is_words_in_one_line(node, layer):
    submitted(node, "alasan", layer(SQUARE, *BOWTIES))
    cli(node, "publish", "alasan", "--override", "\u200b ...", code=2)
    assert get(node, "/ogc/collections/alasan")[0] == 404
    done = cli(node, "publish", "alasan", "--override", "satu\n\tdua\u202e \x1b[31mtiga  ")
    assert done["override"] == "satu dua [31mtiga"


def test_each_version_meets_the_gate_for_itself_and_rolling_back_keeps_who_and_why(node, layer):
    submitted(node, "riwayat", layer(SQUARE, *BOWTIES))
    first = cli(node, "publish", "riwayat", "--override", "alasan pertama")["exception"]
    submitted(node, "riwayat", layer(*BOWTIES, name="lagi"))
    assert cli(node, "publish", "riwayat", code=1)["rules"] == ["geometry-invalid"]
    assert cli(node, "show", "riwayat")["published_version"] == 1

    submitted(node, "riwayat", layer(SQUARE, name="baik"))
    assert cli(node, "publish", "riwayat")["exception"] is None
    assert b"alasan pertama" not in get(node, "/dataset/riwayat/mutu")[1]
    assert b"alasan pertama" in get(node, "/dataset/riwayat/mutu?version=1")[1]

    back = cli(node, "rollback", "riwayat")
    assert (back["version"], back["exception"]) == (1, first)
    assert b"alasan pertama" in get(node, "/dataset/riwayat/mutu")[1]
    given = [event for event in cli(node, "show", "riwayat")["events"] if event["action"] == "gate:override"]
    assert len(given) == 1, "going back gives no new exception"


def test_a_file_that_is_rejected_has_no_version_that_a_reason_could_let_through(node, tmp_path):
    broken = tmp_path / "rusak.geojson"
    broken.write_text('{"type":"FeatureCollection","features":[')
    cli(node, "submit", broken, "--dataset", "rusak", "--spec", "bebas", code=1)
    cli(node, "publish", "rusak", "--override", "perintah pimpinan", code=4)
    assert get(node, "/ogc/collections/rusak")[0] == 404
