"""How the forms travel: negotiation, links, names, ETags, HEAD, codings, streams that never pass for whole."""

import subprocess
import sys
import zlib

import brotli
import pytest
import zstandard

from geoportal.model.access import Classification
from geoportal.ogc.formats import answers, sheet
from geoportal.ogc.formats.forms import FORMS
from geoportal.serving.build import build
from tests.ogc.formats.layers import squares
from tests.ogc.world import World, points

ITEMS = "/ogc/collections/desa/items"
TYPES = {form.name: form.media_type for form in FORMS.values()}


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("text/csv", "csv"),
        ("application/flatgeobuf", "fgb"),
        ("application/vnd.apache.parquet", "parquet"),
        ("application/fg+json", "jsonfg"),
        ("application/gml+xml", "gml"),
        ("application/gml+xml;version=3.2", "gml"),
        ("text/csv;q=0.5, application/gml+xml;q=0.9", "gml"),
        ("text/csv;q=0.2, application/geo+json;q=0.1", "csv"),
    ],
)
def test_a_form_is_chosen_by_the_accept_header(village, accept, chosen):
    response = village.get(f"{ITEMS}?limit=2", headers={"accept": accept})
    assert response.headers["content-type"] == TYPES[chosen]
    assert response.content == village.get(f"{ITEMS}?limit=2&f={chosen}").content.replace(b"?f=x", b"")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json, text/csv;q=0.9", ""])
def test_json_stays_the_first_choice(village, accept):
    assert village.get(ITEMS, headers={"accept": accept}).headers["content-type"] == "application/geo+json"


def test_one_feature_has_no_bulk_form(village):
    problem = village.json(f"{ITEMS}/0007?f=csv", 400)
    assert problem["description"].startswith("f")
    village.get(f"{ITEMS}/0007", 406, headers={"accept": "text/csv"})


def test_documents_link_to_the_forms_of_the_same_content(village):
    links = village.json(f"{ITEMS}?limit=3&sortby=-urut&lang=en")["links"]
    for form in FORMS.values():
        (link,) = [each for each in links if each["type"] == form.link_type]
        assert link["rel"] == "alternate"
        assert link["title"] == f"This document as {form.title}"
        response = village.get(link["href"])
        assert response.headers["content-type"] == form.media_type
        assert response.headers["ogc-numberreturned"] == "3"
        assert b"titik 237" in response.content
    single = [link["type"] for link in village.json(f"{ITEMS}/0007")["links"] if link["rel"] == "alternate"]
    assert set(single) == {"text/html", "application/ld+json", "application/fg+json", "application/gml+xml"}
    collection = [link for link in village.json("/ogc/collections/desa")["links"] if link["rel"] == "items"]
    assert [link["type"] for link in collection[-5:]] == [form.link_type for form in FORMS.values()]
    assert collection[0]["type"] == "application/geo+json"
    for link in collection[-5:]:
        assert village.get(link["href"]).headers["ogc-numbermatched"] == "237"
    (listed,) = village.json("/ogc/collections")["collections"]
    assert [link["href"] for link in listed["links"] if link["rel"] == "items"] == [link["href"] for link in collection]
    page = village.get(f"{ITEMS}?f=html&lang=en").text
    assert all(f"f={name}" in page for name in FORMS)
    assert "GeoParquet" in page
    page = village.get(f"{ITEMS}/0007?f=html").text
    assert "f=gml" in page
    assert "f=csv" not in page


@pytest.mark.parametrize("form", list(FORMS))
def test_headers_lead_through_all_pages_of_one_version(new_world, form):
    world: World = new_world()
    world.publish("desa", points(23))
    path, found, count = f"{ITEMS}?f={form}&limit=10&sortby=-urut", [], 0
    while path:
        response = world.get(path)
        count += int(response.headers["ogc-numberreturned"])
        found.append(response.headers["ogc-numbermatched"])
        links = response.links
        assert links["self"]["type"] == FORMS[form].link_type
        path = links["next"]["url"] if "next" in links else ""
        if count == 10:
            assert "version=1" in path
            world.publish("desa", points(5))
    assert (count, found) == (23, ["23", "23", "23"])


def test_a_filter_too_long_for_a_header_is_not_put_into_one(village):
    body = {"op": "in", "args": [{"property": "kode"}, [f"{number:04}" for number in range(1, 238)]]}
    response = village.client.post(f"{ITEMS}?f=csv&limit=5", json=body)
    assert response.headers["ogc-numbermatched"] == "237"
    assert "next" not in response.links
    assert len(response.headers["link"]) < 2000


@pytest.mark.parametrize("form", list(FORMS))
def test_names_etags_and_heads(village, form):
    path = f"{ITEMS}?f={form}&limit=50"
    first = village.get(path)
    kind = "attachment" if form in ("csv", "fgb", "parquet") else "inline"
    assert first.headers["content-disposition"] == f'{kind}; filename="desa.{FORMS[form].extension}"'
    again = village.get(path)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    same = village.client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = village.client.head(path)
    assert head.content == b""
    volatile = ("date",)
    assert {k: v for k, v in head.headers.items() if k not in volatile} == {
        k: v for k, v in first.headers.items() if k not in volatile
    }
    assert len({village.get(f"{ITEMS}?f={name}&limit=50").headers["etag"] for name in FORMS}) == len(FORMS)


def test_who_shows_a_token_gets_no_public_copy(village):
    headers = village.token()
    response = village.get(f"{ITEMS}?f=csv", headers=headers)
    assert response.headers["cache-control"] == "private, no-store"
    assert "etag" not in response.headers
    assert "access-control-allow-origin" not in response.headers


def test_hidden_data_are_hidden_in_every_form(new_world):
    world: World = new_world()
    world.publish("rahasia", points(3, word="TERSEMBUNYI"), access=Classification.GOVERNMENT)
    for form in FORMS:
        response = world.client.get(f"/ogc/collections/rahasia/items?f={form}")
        none = world.client.get(f"/ogc/collections/tidakada/items?f={form}")
        assert response.status_code == none.status_code == 404
        assert response.json()["description"] == none.json()["description"]
        shown = world.get(f"/ogc/collections/rahasia/items?f={form}", headers=world.token(Classification.GOVERNMENT))
        assert shown.headers["ogc-numbermatched"] == "3"


UNPACK = {
    "br": brotli.decompress,
    "gzip": lambda body: zlib.decompress(body, 31),
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


@pytest.mark.parametrize("coding", ["identity", *UNPACK])
@pytest.mark.parametrize("form", list(FORMS))
def test_a_long_body_streams_and_is_the_same(village, monkeypatch, form, coding):
    path, headers = f"{ITEMS}?f={form}&limit=237", {"accept-encoding": coding}
    whole = village.get(path, headers={"accept-encoding": "identity"})
    assert "content-length" in whole.headers
    monkeypatch.setattr(answers, "HELD_BYTES", 500)
    with village.client.stream("GET", path, headers=headers) as response:
        raw = b"".join(response.iter_raw())
    assert "content-length" not in response.headers
    coded = None if coding == "identity" or form == "parquet" else coding
    assert response.headers.get("content-encoding") == coded
    assert (UNPACK[coded](raw) if coded else raw) == whole.content
    assert response.headers["etag"].startswith(whole.headers["etag"][:33])
    kept = ("ogc-numbermatched", "link", "content-disposition", "content-type", "vary", "cache-control", "content-crs")
    assert [response.headers[name] for name in kept] == [whole.headers[name] for name in kept]
    head = village.client.head(path, headers=headers)
    assert head.content == b""
    assert head.headers == response.headers


def test_a_fault_before_the_stream_is_a_problem(village, monkeypatch):
    def fails(_):
        yield b"x" * 10
        raise RuntimeError("disk")

    monkeypatch.setattr(sheet, "write", fails)
    assert village.client.get(f"{ITEMS}?f=csv").status_code == 500


def test_a_fault_in_the_stream_breaks_it_off(village, monkeypatch):
    def fails(_):
        yield b"x" * 2_000_000
        raise RuntimeError("disk")

    monkeypatch.setattr(sheet, "write", fails)
    with pytest.raises(RuntimeError, match="disk"):
        village.client.get(f"{ITEMS}?f=csv")


def test_no_writer_loads_what_a_web_worker_must_not(tmp_path):
    script = """
import sys, tempfile, pathlib
sys.path.insert(0, ".")
import geoportal.ogc.app
late = ("pyarrow", "pyogrio", "fiona")
heavy = ("geopandas", "pandas", "folium", "mapnik", "rasterio", "pyogrio", "fiona")
assert not any(name in sys.modules for name in (*late, *heavy)), "at import"
folder = pathlib.Path(sys.argv[1])
from geoportal.serving.fragments import open_serving
from geoportal.ogc.formats import flatgeobuf, gml, jsonfg, parquet, sheet
from geoportal.ogc.formats.chosen import Chosen
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from types import SimpleNamespace as Some
serving = open_serving(folder)
source = Some(serving=serving, publication=Some(dataset_id="desa", record=Record(title=LocalText("x", "x"))))
chosen = Chosen(source, range(serving.count), serving.count)
for write in (sheet.write, flatgeobuf.write, parquet.write):
    assert b"".join(write(chosen))
assert b"".join(jsonfg.write(chosen, {}, "http://x")) and b"".join(gml.write(chosen, "http://x"))
print(*[name for name in heavy if name in sys.modules])
"""
    build(squares(), tmp_path, key="kode")
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
