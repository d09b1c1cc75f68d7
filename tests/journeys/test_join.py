"""A table of people becomes a map: polygons go out, tables with codes in several notations follow, readers get a map.

The machine in between is the real one: command line, child, register, server.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import openpyxl

from tests.processes import ServedNode

CODES = {"64.02.01": "Muara Muntai", "64.02.02": "Loa Kulu", "64.02.03": "Loa Janan", "64.02.10": "Kembang Janggut"}
ROWS = [
    ("64.02.01", "Muara Muntai", 20000), ("640202", "Loa Kulu", 50000), ("64 02 03", "Loa Janan", 60000),
    ("64.02.1", "Kembang Janggut", 25000), ("Jumlah", None, 155000),
]  # fmt: skip


def polygons(folder: Path) -> Path:
    """Four squares with codes, in a row from west to east."""
    features = []
    for n, (code, name) in enumerate(CODES.items()):
        west = 116 + n / 10
        ring = [[west, 0.0], [west + 0.1, 0.0], [west + 0.1, 0.1], [west, 0.1], [west, 0.0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"kode": code, "nama": name}, "geometry": geometry})
    path = folder / "kecamatan.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def ask(url: str, accept: str = "application/geo+json") -> tuple[str, bytes]:
    with urlopen(Request(url, headers={"Accept": accept, "Accept-Language": "id"}), timeout=60) as answer:
        return answer.headers.get_content_type(), answer.read()


def items(node: ServedNode, dataset: str, query: str = "") -> list[dict[str, Any]]:
    _, body = ask(f"{node.url}/ogc/collections/{dataset}/items?limit=100{query}")
    return json.loads(body)["features"]


def test_a_table_becomes_a_map(
    tmp_path: Path, geoportal: Callable[..., Any], serve_node: Callable[..., ServedNode]
) -> None:
    done = geoportal("submit", polygons(tmp_path), "--dataset", "kecamatan", "--spec", "batas")
    assert done.returncode == 0, done.stderr
    assert geoportal("publish", "kecamatan").returncode == 0
    record = tmp_path / "record.json"
    record.write_text('{"title": "Kecamatan", "synthetic": true}')
    assert geoportal("record", "import", "kecamatan", record).returncode == 0

    csv = tmp_path / "penduduk.csv"
    rows = "".join(f"{code};{name or ''};{people}\r\n" for code, name, people in ROWS)
    csv.write_bytes(f"Penduduk per kecamatan;;\r\nkode;nama;jumlah\r\n{rows}".encode("utf-8-sig"))
    book = openpyxl.Workbook()
    for row in [("Kode Wilayah", "nama", "jumlah"), *ROWS]:
        book.active.append(row)
    book.save(tmp_path / "penduduk.xlsx")

    said = geoportal("check", csv, "--lang", "id")
    assert said.returncode == 0 and "kecamatan:kode" in said.stdout
    for dataset, path in (("penduduk", csv), ("penduduk_xlsx", tmp_path / "penduduk.xlsx")):
        said = geoportal("submit", path, "--dataset", dataset, "--lang", "en")
        assert said.returncode == 0, said.stderr
        assert "3 of 5 rows got their place from kecamatan version 1" in said.stdout
        assert "64.02.1 > 64.02.10" in said.stdout and "Jumlah" in said.stdout
        # What is made of invented shapes is invented itself, and says where they come from.
        assert "SYNTHETIC" in said.stdout
        kept = json.loads(geoportal("record", "show", dataset, "--json").stdout)["record"]
        assert kept["synthetic"] is True and "kecamatan, version 1" in kept["lineage"]["en"]
        assert geoportal("publish", dataset).returncode == 0
    plain = geoportal("submit", csv, "--dataset", "tabel", "--join", "none")
    assert plain.returncode == 0 and geoportal("publish", "tabel").returncode == 0
    strict = geoportal("submit", csv, "--dataset", "ketat", "--spec", "batas")
    assert strict.returncode == 0 and geoportal("publish", "ketat").returncode == 1

    node = serve_node(workers=1)
    for dataset, code in (("penduduk", "kode"), ("penduduk_xlsx", "Kode Wilayah")):
        found = items(node, dataset)
        assert [item["properties"][code] for item in found] == [row[0] for row in ROWS]
        assert [item["properties"]["jumlah"] for item in found] == [row[2] for row in ROWS]
        west = [item["geometry"] and min(x for x, _ in item["geometry"]["coordinates"][0]) for item in found]
        assert west == [116.0, 116.1, 116.2, None, None]
        in_box = [item for item in items(node, dataset, "&bbox=116.11,0.01,116.12,0.02") if item["geometry"]]
        assert [item["properties"]["jumlah"] for item in in_box] == [50000]
    assert [item["geometry"] for item in items(node, "tabel")] == [None] * 5
    for address in ("/dataset/tabel", "/peta/tabel", "/ogc/collections/tabel/items", "/dataset/penduduk/mutu"):
        kind, page = ask(node.url + address, "text/html")
        assert (kind == "text/html" and b"tabel" in page) or b"penduduk" in page
    _, page = ask(f"{node.url}/dataset/penduduk/mutu", "text/html")
    assert "64.02.1" in page.decode()
    _, packed = ask(f"{node.url}/berkas/tabel/1/tabel.csv")
    assert "Loa Kulu" in packed.decode("utf-8-sig")
    _, packed = ask(f"{node.url}/berkas/penduduk/1/penduduk.shp.zip")
    assert any(name.endswith(".shp") for name in zipfile.ZipFile(io.BytesIO(packed)).namelist())
