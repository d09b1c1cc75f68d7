"""Reports: the fault map, its marks and the list; refused versions on show, and what they do not open."""

from __future__ import annotations

import sqlite3

import pytest
import shapely

from geoportal.model.access import PUBLIC_AUDIENCE, Audience, Classification
from geoportal.store import datasets
from geoportal.web.backdrop import MOST_CORNERS, backdrop, read_shapes
from geoportal.web.faultmap import NEAR_PX, Spot, marks_of
from tests.web import nodes
from tests.web.conftest import Portal, client_of
from tests.web.test_pages import read

REPORT = "/dataset/contoh_ditolak/mutu"


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    """A node with an exhibit for everybody, one that is guarded, one that passed its gate, and an ordinary dataset."""
    node = nodes.make_node(tmp_path_factory.mktemp("pameran"))
    nodes.publish(node, "puskesmas", nodes.points(3), report=nodes.report_on(nodes.points(3), [nodes.finding()]))
    nodes.exhibit(node)
    nodes.exhibit(node, "rahasia_pamer", access=Classification.PRIVATE, title="XQPAMERQX")
    nodes.exhibit(node, "lulus", blocked=False)
    nodes.exhibit(node, "draf_biasa", exhibit=False)
    with client_of(node) as client:
        yield Portal(node, client, nodes.token(node, *Classification))
    node.close()


def test_an_exhibit_opens_its_report_and_nothing_else(museum):
    answer = museum.client.get(REPORT)
    text = " ".join(" ".join(read(answer.text).text).split())
    assert answer.status_code == 200
    assert text.index("Belum dapat diterbitkan") < text.index("Geometri tidak sah")
    assert "Contoh laporan. Versi ini ditolak" in text and '<meta name="robots" content="noindex">' in answer.text
    hrefs = [a["href"] for a in read(answer.text).having("a")]
    assert not [href for href in hrefs if href.startswith("/dataset/contoh_ditolak") and "/mutu" not in href]
    assert not [href for href in hrefs if "collections/contoh_ditolak" in href]
    closed = ("", "/v/1", "/map.svg", "/thumb.svg", "/mutu?version=1")
    paths = [f"/dataset/contoh_ditolak{rest}" for rest in closed]
    paths += ["/peta/contoh_ditolak", "/berkas/contoh_ditolak/1/contoh_ditolak.gpkg"]
    paths += ["/ogc/collections/contoh_ditolak", "/ogc/collections/contoh_ditolak/items"]
    for path in paths:
        assert museum.client.get(path).status_code == 404, path
    assert "Batas Ditolak" not in museum.client.get("/katalog").text
    assert "contoh_ditolak" not in museum.client.get("/ogc/collections?f=json").text


def test_it_is_linked_from_home_and_about(museum):
    for path in ("/", "/tentang"):
        html = museum.client.get(path).text
        assert read(html).having("a", href=REPORT) and "XQPAMERQX" not in html and "lulus/mutu" not in html


@pytest.mark.parametrize("dataset_id", ["rahasia_pamer", "lulus", "draf_biasa"])
def test_other_drafts_are_as_if_they_were_not(museum, dataset_id):
    headers = {"accept": "text/html"}
    missing = museum.client.get("/dataset/hilang/mutu", headers=headers)
    hidden = museum.client.get(f"/dataset/{dataset_id}/mutu", headers=headers)
    assert hidden.status_code == missing.status_code == 404 and hidden.content == missing.content


def test_a_guarded_exhibit_is_seen_by_whom_it_may_concern(museum):
    assert museum.client.get("/dataset/rahasia_pamer/mutu", headers=museum.token).status_code == 200
    assert {e.dataset_id for e in museum.node.exhibits(PUBLIC_AUDIENCE)} == {"contoh_ditolak"}
    everything = museum.node.exhibits(Audience(frozenset(Classification)))
    assert {e.dataset_id for e in everything} == {"contoh_ditolak", "rahasia_pamer"}


def test_what_was_published_and_withdrawn_is_no_exhibit(tmp_path):
    node = nodes.make_node(tmp_path)
    layer = nodes.points(2)
    blocked = nodes.report_on(layer, [nodes.finding(severity=nodes.Severity.BLOCKING)])
    nodes.publish(node, "pernah", layer, record=nodes.record_of(exhibit=True), report=blocked, override="uji")
    with node.register.begin() as conn:
        datasets.withdraw(conn, "pernah")
    assert node.exhibits(PUBLIC_AUDIENCE) == []
    node.close()


def test_marks_and_rows_lead_to_each_other(museum):
    for path in (REPORT, "/dataset/puskesmas/mutu"):
        page = read(museum.client.get(path).text)
        ids = {a["id"] for _, a in page.tags if a.get("id")}
        links = {a["href"][1:] for _, a in page.tags if (a.get("href") or "").startswith("#")}
        marks = [a for _, a in page.tags if (a.get("class") or "").startswith("spot")]
        rows = [a["id"] for _, a in page.tags if (a.get("id") or "").startswith("lokasi-")]
        assert marks and rows and links <= ids
        assert all(f"titik-{n}" in ids for n in (a["href"][1:].split("-")[1] for a in marks))
        assert all(mark["aria-label"] for mark in marks)


def test_marks_have_the_shape_of_their_severity_and_near_ones_become_one(museum):
    page = read(museum.client.get(REPORT).text)
    kinds = [a["class"].split()[1] for _, a in page.tags if (a.get("class") or "").startswith("spot")]
    assert kinds == ["is-warning", "is-blocking"], "the heaviest is drawn last; a note without a place has no mark"
    text = " ".join(" ".join(page.text).split())
    assert "4×" in text and "Beberapa lokasi berdekatan" in text and "2 km" in text
    assert "Masih ada 36 lokasi lain" in text


def test_findings_are_sieved_by_links(museum):
    page = read(museum.client.get(REPORT).text)
    sieves = [a["href"] for a in page.having("a", rel="nofollow")]
    assert sieves == [REPORT, *(f"{REPORT}?berat={level}" for level in ("blocking", "warning", "info"))]
    warned = museum.client.get(f"{REPORT}?berat=warning").text
    text = " ".join(" ".join(read(warned).text).split())
    assert "1 temuan di 1 lokasi" in text and "Geometri tidak sah" not in text and "aturan lulus" in text
    assert museum.client.get(f"{REPORT}?berat=x").status_code == 200


def test_the_report_has_a_twin_for_programs(museum):
    answer = museum.client.get(f"{REPORT}?f=json")
    found = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert found["gate"] == "blocked" and found["dataset"] == "contoh_ditolak" and found["version"] == 1
    assert found["findings"][0]["rule"] == "geometry-invalid" and found["findings"][0]["message"]
    assert museum.client.get("/dataset/rahasia_pamer/mutu?f=json").status_code == 404


def test_hostile_values_stay_text_on_the_map(museum):
    html = museum.client.get(REPORT).text
    assert "<script>alert" not in html and not [a for a in read(html).having("script") if "src" not in a]


def spot(number, x, y, severity="warning"):
    return Spot(number, severity, x, y, f"lokasi {number}")


def test_two_near_places_step_aside_three_become_a_disc():
    marks, of_place = marks_of([spot(1, 100, 100), spot(2, 104, 100, "blocking"), spot(3, 300, 300)])
    assert [(m.number, m.together) for m in marks] == [(1, 1), (3, 1), (2, 1)]
    first, second = (next(m for m in marks if m.number == n) for n in (1, 2))
    assert second.x - first.x >= NEAR_PX and of_place == {1: "titik-1", 2: "titik-2", 3: "titik-3"}
    marks, of_place = marks_of([spot(n, 100 + n, 100, "info" if n < 9 else "blocking") for n in range(1, 10)])
    assert [(m.number, m.together, m.severity) for m in marks] == [(9, 9, "blocking")]
    assert set(of_place.values()) == {"titik-9"} and marks[0].label.endswith("…")


def sealed(folder, shapes, crs="EPSG:4326"):
    import geopandas

    path = folder / f"{len(list(folder.iterdir()))}.gpkg"
    geopandas.GeoDataFrame({"a": range(len(shapes))}, geometry=shapes, crs=crs).to_file(path, layer="layer")
    return path


def test_the_drawing_has_all_kinds_of_shapes_and_stays_light(tmp_path):
    many = [shapely.Point(116 + n % 50 / 50, n // 50 / 50).buffer(0.012, 60) for n in range(900)]
    path = sealed(tmp_path, [*many, shapely.LineString([(116, -1), (117, 1)]), shapely.Point(116.2, 0.3), None])
    drawn = backdrop(path, "EPSG:4326", None, tmp_path / "none.json")
    assert drawn.areas and drawn.lines and drawn.dots and not drawn.land and drawn.degrees
    numbers = sum(part.replace("-", " ").count(" ") for part in (drawn.areas, drawn.lines))
    assert numbers < 2 * MOST_CORNERS and drawn.scale_km in (10, 20, 30, 50), (numbers, drawn.scale_km)
    west, north = drawn.pixel(116.0, 1.0)
    east, south = drawn.pixel(117.0, -1.0)
    assert west < east and north < south


def test_a_layer_whose_place_nobody_knows_is_drawn_as_it_stands(tmp_path):
    path = sealed(tmp_path, [shapely.box(0, 0, 500, 900)], "EPSG:32750")
    drawn = backdrop(path, None, (115, -1, 117, 1), tmp_path / "none.json")
    assert drawn.areas and not drawn.degrees and not drawn.scale_px
    assert drawn.pixel(250, 0)[1] > drawn.pixel(250, 900)[1]


def test_features_gone_astray_do_not_shrink_the_region(tmp_path):
    region = (115.0, -1.0, 117.0, 1.0)
    path = sealed(tmp_path, [shapely.box(116, 0, 116.5, 0.5), shapely.box(20, 60, 21, 61)])
    drawn = backdrop(path, "EPSG:4326", region, tmp_path / "none.json")
    assert drawn.scale > 100, "pixels per degree"
    x, y = drawn.pixel(20.5, 60.5)
    assert 0 < x < drawn.width and 0 < y < drawn.height, "its mark stands at the edge"


def test_tables_and_broken_files_have_no_drawing(tmp_path):
    path = tmp_path / "layer.gpkg"
    path.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    assert backdrop(path, "EPSG:4326", None, tmp_path) is None
    table = tmp_path / "table.gpkg"
    with sqlite3.connect(table) as conn:
        conn.execute("CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT)")
    conn.close()
    assert len(read_shapes(table)) == 0 and backdrop(table, None, None, tmp_path) is None


def test_the_report_says_its_score_and_leads_to_what_comes_first(museum):
    html = museum.client.get(REPORT).text
    summary = museum.client.get(REPORT, params={"f": "json"}).json()["summary"]
    assert summary["first"][0]["severity"] == "blocking" and f"Nilai {summary['score']} dari 100." in html
    assert museum.client.get("/tentang").text.count('id="mutu"') == 1
    measured = museum.client.get(REPORT, params={"f": "json"}).json()["quality"]
    assert {"DQ_TopologicalConsistency"} <= {one["element"] for one in measured}
    assert [one["conforms"] for one in measured].count(False) == 1  # the one that blocks
    lead = [a["href"] for a in read(html).having("a") if a["href"].startswith("#")]
    for number, step in enumerate(summary["first"], start=1):
        anchor = step["rule"] if number == 1 else f"{step['rule']}-{number}"
        assert f"#{anchor}" in lead and f'id="{anchor}"' in html
    assert "Kerjakan dahulu:" not in museum.client.get(REPORT, params={"berat": "info"}).text
