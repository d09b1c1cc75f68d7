"""The copyable samples of the handbook, made for this node and for a dataset that the visitor may see.

A name or value that comes from somebody's file goes into a command only where it is plain letters, digits and spaces:
what people paste into a terminal must not be able to do anything else.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from geoportal.errors import GeoportalError
from geoportal.model.dataset import Publication
from geoportal.web.addresses import API, address, collection
from geoportal.web.exercise import exercise_crs
from geoportal.web.parts import Sample
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor

PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
PLAIN_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
PLAIN_HOST = re.compile(r"https?://[A-Za-z0-9.:\[\]/_-]+")
PAGE = 1000
LONGEST_LINE = 38
WEB = "3857"
Extent = tuple[float, float, float, float]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    """A published dataset with what a sample may ask of it: ``bbox`` in degrees holds at least one feature, ``crs`` is
    the URI of a system in metres.
    """

    dataset_id: str
    number: int
    field: str | None
    value: str | None
    bbox: Extent | None
    crs: str


def example_of(site: Site, visitor: Visitor) -> Example | None:
    """The dataset that the samples speak of, None where nothing is published for this visitor.

    The one of the first page of the portal, where it has a value that can be filtered by; else the first that has.
    """
    from geoportal.web.portal import region_publication

    everything = sorted(site.node.publications(visitor.audience), key=lambda p: p.dataset_id)
    first = region_publication(site, everything)
    ordered = ([first] if first else []) + everything
    found = [_example(site, publication) for publication in ordered[:12]]
    return next((item for item in found if item.field), next(iter(found), None))


def _example(site: Site, publication: Publication) -> Example:
    field, value, bbox = _first_feature(site.node.derived(publication))
    extent = site.shelf.facts(publication).extent
    crs = _metres(publication.version.crs, site.node.region.crs_candidates, extent)
    return Example(publication.dataset_id, publication.version.number, field, value, bbox, crs)


Told = tuple[str | None, str | None, Extent | None]


@lru_cache(maxsize=64)
def _first_feature(folder: Path) -> Told:
    """A field with a plain text value, and the box of the first feature of a build; Nones where it cannot be read."""
    from geoportal.serving.fragments import open_serving

    try:
        serving = open_serving(folder)
        feature = json.loads(serving.page([0])[0]) if serving.count else {}
    except (GeoportalError, OSError, ValueError, IndexError):
        log.exception("no sample can be made from %s", folder.name)
        return None, None, None
    pairs = [
        (name, value)
        for name, value in (feature.get("properties") or {}).items()
        if isinstance(value, str) and PLAIN_FIELD.fullmatch(name) and PLAIN_VALUE.fullmatch(value)
    ]
    field, value = min(pairs, key=lambda pair: len(pair[1]) < 3, default=(None, None))
    places = list(_places((feature.get("geometry") or {}).get("coordinates") or ()))
    if not places:
        return field, value, None
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return field, value, (_down(min(xs)), _down(min(ys)), _up(max(xs)), _up(max(ys)))


def _places(coordinates: object) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates, list | tuple):
        if len(coordinates) >= 2 and all(isinstance(part, int | float) for part in coordinates[:2]):
            yield float(coordinates[0]), float(coordinates[1])
        else:
            for part in coordinates:
                yield from _places(part)


def _down(value: float) -> float:
    return round(value - 0.001, 3)


def _up(value: float) -> float:
    return round(value + 0.001, 3)


def samples_for(site: Site, visitor: Visitor) -> dict[str, Sample]:
    """All samples by key; those that need a dataset are missing where there is none."""
    base = site.node.settings.base_url
    crs = exercise_crs(site.node.region)
    found = [*_terminal(base, crs), *_server(base)]
    if (example := example_of(site, visitor)) and PLAIN_HOST.fullmatch(base):
        found += _data(base, example)
    return {sample.key: sample for sample in found}


@lru_cache(maxsize=64)
def _metres(source: str | None, candidates: tuple[str, ...], extent: Extent | None) -> str:
    """The URI of a system in metres in which a layer is offered: one that is made for its place, else the web maps'."""
    from geoportal.serving.crs import offered

    for uri in offered(source, candidates, extent):
        authority, number = uri.split("/")[-3], uri.split("/")[-1]
        if authority == "EPSG" and number != WEB and _is_projected(int(number)):
            return uri
    return f"http://www.opengis.net/def/crs/EPSG/0/{WEB}"


def _is_projected(number: int) -> bool:
    from pyproj import CRS

    return CRS.from_epsg(number).is_projected


def _terminal(base: str, crs: str) -> list[Sample]:
    """The officer's way from a bad file to a published layer, in the order in which it works."""
    file, mended = (f"{base}{address('rule', id=name)}" for name in ("latihan.zip", "latihan-betul.zip"))
    rows = (
        ("set_up", 'export PATH="$PWD/.venv/bin:$PATH"\nexport GEOPORTAL_DATA=var', 0),
        ("fetch", f"curl -O {file}", 0),
        ("check", "geoportal check latihan.zip", 0),
        ("check_crs", f"geoportal check latihan.zip --crs {crs}", 0),
        ("specification", "printf 'profile: titik\\nkey: KODE\\n' > latihan.yaml", 0),
        (
            "submit_bad",
            f'geoportal submit latihan.zip --dataset latihan --title "Latihan" --crs {crs} --spec latihan.yaml',
            0,
        ),
        ("publish_bad", "geoportal publish latihan", 1),
        ("fetch_mended", f"curl -O {mended}", 0),
        (
            "submit_good",
            f'geoportal submit latihan-betul.zip --dataset latihan --crs {crs} --note "Kode kembar dibetulkan"',
            0,
        ),
        ("publish_good", "geoportal publish latihan", 0),
        ("show", "geoportal show latihan", 0),
        (
            "submit_again",
            f'geoportal submit latihan-betul.zip --dataset latihan --crs {crs} --note "Pembaruan November"',
            0,
        ),
        ("publish_again", "geoportal publish latihan", 0),
        ("rollback", "geoportal rollback latihan", 0),
        ("override", 'geoportal publish latihan --version 1 --override "Rapat koordinasi 24 November 2026"', 0),
        ("withdraw", "geoportal withdraw latihan", 0),
    )
    return [Sample(key, "terminal", _on_lines(text), code) for key, text, code in rows]


def _on_lines(command: str) -> str:
    """A long command with each option on a line of its own, so that a phone shows it without breaking a word."""
    return command if len(command) <= LONGEST_LINE else command.replace(" --", " \\\n  --")


def _server(base: str) -> list[Sample]:
    rows = (
        ("api", "address", f"{base}{API}"),
        ("settings", "operator", "geoportal settings"),
        ("doctor", "operator", "geoportal doctor"),
        ("feedback_list", "operator", "geoportal feedback list"),
        ("token_list", "operator", "geoportal token list"),
        ("token_add", "operator", 'geoportal token add "Bappeda" --class GOVERNMENT --days 90'),
        ("token_revoke", "operator", 'geoportal token revoke "Bappeda"'),
        ("make_run", "start", "make run"),
        ("make_run_more", "start", "make run PORT=9000 HOST=0.0.0.0 \\\n  DATA=/srv/geoportal WORKERS=2"),
        ("copy_data", "backup", 'tar -cf cadangan-geoportal.tar \\\n  -C "$GEOPORTAL_DATA" .'),
        ("curl_token", "curl", f'curl -H "Authorization: Bearer $TOKEN" \\\n  "{base}{API}/collections?f=json"'),
    )
    return [Sample(key, kind, _on_lines(text) if kind == "operator" else text) for key, kind, text in rows]


def _data(base: str, example: Example) -> Iterator[Sample]:
    items = f"{base}{collection(example.dataset_id, 'items')}"
    first = f"{items}?f=json&limit={PAGE}"
    yield Sample("curl_items", "curl", f'curl "{items}?f=json&limit=10"')
    yield Sample("curl_schema", "curl", f'curl "{base}{collection(example.dataset_id, "schema")}?f=json"')
    etag = f'curl --etag-save data.etag --etag-compare data.etag -o data.geojson \\\n  "{first}"'
    yield Sample("curl_etag", "curl", etag)
    yield Sample("curl_version", "curl", f'curl "{items}?f=json&limit=10&version={example.number}"')
    yield Sample("curl_crs", "curl", f'curl "{items}?f=json&limit=10&crs={example.crs}"')
    if example.bbox:
        box = ",".join(f"{edge:g}" for edge in example.bbox)
        yield Sample("curl_bbox", "curl", f'curl "{items}?f=json&limit=10&bbox={box}"')
    if example.field:
        filtered = f'curl -G "{items}" -d f=json \\\n  --data-urlencode "{example.field}={example.value}"'
        yield Sample("curl_filter", "curl", filtered)
    yield Sample("python_geopandas", "python", _geopandas(base, example.dataset_id))
    yield Sample("python_client", "python", _client(base, example.dataset_id))
    yield Sample("python_pages", "python", _pages(first))
    yield Sample(
        "r", "r", f'library(sf)\n\ndata <- read_sf("OAPIF:{base}{API}", layer = "{example.dataset_id}")\nplot(data)'
    )
    yield Sample("javascript", "html", _leaflet(base, first))
    yield Sample("gdal", "gdal", f'ogrinfo -ro -so \\\n  "OAPIF:{base}{API}" {example.dataset_id}')


def _geopandas(base: str, dataset_id: str) -> str:
    return (
        "import geopandas as gpd\n\n"
        f'data = gpd.read_file("OAPIF:{base}{API}", layer="{dataset_id}")\n'
        "print(len(data), data.crs)"
    )


def _client(base: str, dataset_id: str) -> str:
    return (
        "from geoportal.client import RemoteNode\n\n"
        f'node = RemoteNode("{base}")\n'
        f'data = node.read("{dataset_id}")\n'
        "print(len(data))"
    )


def _pages(first: str) -> str:
    return (
        "import json\nfrom urllib.request import urlopen\n\n"
        f'address = "{first}"\n'
        "features = []\n"
        "while address:\n"
        "    with urlopen(address) as answer:\n"
        "        page = json.load(answer)\n"
        '    features += page["features"]\n'
        '    links = {link["rel"]: link["href"] for link in page["links"]}\n'
        '    address = links.get("next")\n'
        'print(len(features), page["numberMatched"])'
    )


def _leaflet(base: str, first: str) -> str:
    library = f"{base}{address('static', path='vendor/leaflet/leaflet')}"
    return (
        "<!doctype html>\n"
        '<meta charset="utf-8">\n<title>Peta</title>\n'
        f'<link rel="stylesheet" href="{library}.css">\n'
        "<style>#peta { height: 90vh }</style>\n"
        '<div id="peta"></div>\n'
        f'<script src="{library}.js"></script>\n'
        "<script>\n"
        f'  fetch("{first}")\n'
        "    .then((answer) => answer.json())\n"
        "    .then((page) => {\n"
        '      const layer = L.geoJSON(page);\n      const map = L.map("peta").fitBounds(layer.getBounds());\n'
        "      layer.addTo(map);\n"
        "    });\n"
        "</script>"
    )
