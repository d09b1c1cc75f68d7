"""The node of another region, from an empty folder to its pages: nothing of the region that the project was made for
is left on any of them.
"""

import html
import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from tests.processes import ServedNode, run_cli, serving
from tests.test_region import of_the_region

NAME, CODE = "Kota Bontang", "64.74"
DATASET = "kelurahan"
MOST_PAGES = 800
BINARY = ("/static/", "/berkas/")


@dataclass(frozen=True)
class Other:
    """The served node, the folder of its configuration, and what ``setup`` said."""

    served: ServedNode
    config: Path
    said: dict


@pytest.fixture(scope="module")
def other(tmp_path_factory, shared) -> Iterator[Other]:
    folder = tmp_path_factory.mktemp("other")
    config, data, real = folder / "config", folder / "data", shared / "data" / "real"
    more = {"GEOPORTAL_CONFIG": str(config)}
    (folder / "logo.svg").write_text(LOGO)
    answers = (
        *("--region-code", "6474", "--boundary", real / "kaltim_kabupaten.geojson"),
        *("--codes", real / "kode_wilayah_kaltim.csv", "--codes-edition", "Kepmendagri 300.2.2-2138/2025"),
        *("--organisation", "Kantor Uji", "--administrator", "Pengelola Uji", "--logo", folder / "logo.svg"),
    )
    done = run_cli("setup", "--yes", "--json", "--config", config, *answers, data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    for command in (
        ("submit", real / "bontang_kelurahan.gdb.zip", "--dataset", DATASET, "--title", f"Kelurahan {NAME}"),
        ("publish", DATASET),
    ):
        run = run_cli(*command, data=data, **more)
        assert run.returncode == 0, run.stdout + run.stderr
    with serving(data, workers=1, **more) as served:
        yield Other(served, config, json.loads(done.stdout))


LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" onload="alert(1)"><script>alert(2)</script>
<circle cx="24" cy="24" r="20" fill="#123456"/></svg>"""


def get(node: ServedNode, path: str, **headers: str) -> tuple[int, str, str]:
    """Status, media type and text of an answer."""
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


class Links(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


def walked(node: ServedNode, *starts: str) -> dict[str, tuple[int, str]]:
    """Every page and document that links lead to: path -> status and text."""
    found: dict[str, tuple[int, str]] = {}
    open_ = list(starts)
    while open_:
        path = open_.pop()
        if path in found or path.startswith(BINARY) or path.endswith(".svg"):
            continue
        assert len(found) < MOST_PAGES, "links without an end"
        status, kind, text = get(node, path, Accept="text/html, application/json;q=0.9")
        found[path] = status, text
        links = Links(text).found if "html" in kind else re.findall(r'"href":\s*"([^"]+)"', text)
        for link in links:
            full = urlsplit(urljoin(node.url + path, html.unescape(link)))
            # One of each page: a filter, a place or another page of a list shows no other words.
            plain = set(dict(parse_qsl(full.query))) <= {"lang", "f"} and "f=jsonld" not in full.query
            in_language = full.path.startswith("/ogc") or "lang=" in full.query
            if f"{full.scheme}://{full.netloc}" == node.url and plain and in_language:
                open_.append(full.path + (f"?{full.query}" if full.query else ""))
    return found


def test_setup_proposes_what_follows_from_the_boundary(other):
    values = other.said["values"]
    assert values["region-code"] == CODE
    assert values["region-name"] == NAME
    assert values["extent"] == [117.3883, 0.0215, 117.5645, 0.2042]
    assert values["timezone"] == "Asia/Makassar"
    assert values["title"] == f"Geoportal {NAME}"
    assert values["demo"] is False
    # North of the equator and east of 117 degrees: one hemisphere and one TM-3 zone.
    assert {"EPSG:32650", "EPSG:9480", "EPSG:23838", "EPSG:4326", "EPSG:9470"} <= set(values["crs"])
    assert not {"EPSG:32750", "EPSG:9490", "EPSG:23837"} & set(values["crs"])


def test_the_code_list_is_that_of_the_region(other):
    rows = (other.config / "local" / "codes" / f"wilayah_{CODE}.csv").read_text("utf-8").splitlines()
    assert rows[0] == "kode,nama,jenis,induk,edisi"
    assert rows[1] == f"{CODE},Kota Bontang,kota,64,Kepmendagri 300.2.2-2138/2025"
    assert len(rows) == 1 + 1 + 3 + 15


@pytest.mark.parametrize(
    "path",
    ["/", "/katalog", f"/dataset/{DATASET}", f"/peta/{DATASET}", "/tentang", "/pengembang", "/bantuan", "/ogc?f=html"],
)
@pytest.mark.parametrize("language", ["id", "en"])
def test_pages_speak_of_the_region(other, path, language):
    joint = "&" if "?" in path else "?"
    status, _, text = get(other.served, f"{path}{joint}lang={language}", Accept="text/html")
    assert status == 200
    assert NAME in html.unescape(text)


def test_the_api_gives_the_layer(other):
    status, _, text = get(other.served, f"/ogc/collections/{DATASET}/items?f=json&limit=100")
    assert status == 200
    content = json.loads(text)
    assert content["numberMatched"] == len(content["features"]) == 15
    _, _, landing = get(other.served, "/ogc?f=json")
    assert NAME in landing


def test_data_of_the_region_is_not_taken_for_foreign(other, shared):
    done = run_cli(
        "check",
        shared / "data" / "real" / "bontang_kelurahan.gdb.zip",
        "--json",
        data=other.served.data,
        GEOPORTAL_CONFIG=str(other.config),
    )
    assert done.returncode == 0
    assert "layer-outside-region" not in {f["rule"] for f in json.loads(done.stdout)["findings"]}
    away = run_cli(
        "check",
        shared / "data" / "real" / "osm_jakarta_kecamatan_shp.zip",
        *("--spec", "bebas", "--json"),
        data=other.served.data,
        GEOPORTAL_CONFIG=str(other.config),
    )
    assert NAME in away.stdout, "the finding that it lies outside names this region"


def test_the_logo_is_shown_and_holds_no_script(other):
    status, _, text = get(other.served, "/emblem.svg")
    assert status == 200
    assert "#123456" in text
    assert "script" not in text
    assert "onload" not in text


def test_no_page_names_the_other_region(other):
    """Every page and document that can be reached by links, both languages, of the portal and of the API."""
    pages = walked(
        other.served, "/?lang=id", "/?lang=en", "/ogc?f=json", "/ogc?f=html", "/ogc/openapi?f=json", "/lapor"
    )
    assert len(pages) > 100
    faulty = {path: status for path, (status, _) in pages.items() if status >= 500}
    assert not faulty
    named = {path: of_the_region().findall(text) for path, (_, text) in pages.items() if of_the_region().search(text)}
    assert not named
    assert any("lang=en" in path for path in pages)
    print(f"{len(pages)} pages and documents, none names the other region")
