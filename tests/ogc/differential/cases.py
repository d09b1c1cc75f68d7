"""Every route, every form and every parameter: what both servers are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.ogc.differential.layers import EPSG, Sample


@dataclass(frozen=True, slots=True)
class Case:
    """One request. ``kind`` says how its answer is read, ``layer`` which sample it is about."""

    kind: str
    path: str
    layer: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __str__(self) -> str:
        more = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.method} {self.path} {more}".strip()


def cases(samples: Sequence[Sample]) -> list[Case]:
    """All of them."""
    found = [*_service(), *_titik(), *_lintas(), *_utm(), *_lain(), *_errors(), *_http()]
    for sample in samples:
        found += _collection(sample)
        found += _items(sample)
    return found


def _service() -> Iterator[Case]:
    for form in ("json", "html"):
        for lang in ("id", "en"):
            for kind, path in (
                ("landing", "/ogc"),
                ("conformance", "/ogc/conformance"),
                ("collections", "/ogc/collections"),
            ):
                yield Case(kind, f"{path}?f={form}&lang={lang}")
    yield Case("jsonld", "/ogc?f=jsonld")
    yield Case("jsonld", "/ogc/collections?f=jsonld")
    yield Case("openapi", "/ogc/openapi?f=json")
    yield Case("openapi", "/ogc/openapi?f=html")
    yield Case("collections", "/ogc/collections")
    yield Case("landing", "/ogc")


def _collection(sample: Sample) -> Iterator[Case]:
    at = f"/ogc/collections/{sample.id}"
    for form in ("json", "html"):
        yield Case("collection", f"{at}?f={form}&lang=en", sample.id)
        yield Case("schema", f"{at}/schema?f={form}", sample.id)
        yield Case("schema", f"{at}/queryables?f={form}", sample.id)
    yield Case("jsonld", f"{at}?f=jsonld", sample.id)
    yield Case("schema", f"{at}/queryables", sample.id)
    yield Case("error", f"{at}/sortables?f=json", sample.id)


def _items(sample: Sample) -> Iterator[Case]:
    at = f"/ogc/collections/{sample.id}/items"
    for query in ("", "?f=json&limit=2", "?f=json&limit=2&offset=1", "?limit=1000", "?offset=2", "?resulttype=hits"):
        yield Case("items", at + query, sample.id)
    for query in ("?skipGeometry=true", "?skipGeometry=false&limit=1", f"?properties={sample.key}&limit=3"):
        yield Case("items", at + query, sample.id)
    for query in ("?bbox=-180,-90,180,90&limit=1000", "?bbox=116,-1,117,1&limit=1000", "?bbox=0,0,1,1&limit=1000"):
        yield Case("items", at + query, sample.id)
    if sample.placed:
        yield Case("items", f"{at}?limit=5&crs={EPSG}4326", sample.id)
        yield Case("items", f"{at}?bbox=-1,116,1,117&bbox-crs={EPSG}4326&limit=1000", sample.id)
    for row in (sample.rows[0], sample.rows[-1]):
        key, value = sample.key, str(row[sample.key])
        yield Case("items", f"{at}?{key}={quote(value)}", sample.id)
        for form in ("json", "html", "jsonld"):
            kind = {"json": "item", "jsonld": "jsonld"}.get(form, "item")
            yield Case(kind, f"{at}/{quote(value, safe='')}?f={form}", sample.id)
        yield Case("item", f"{at}/{quote(value, safe='')}", sample.id)
        if sample.placed and sample.id != "lintas":
            for code in (4326, 3857, 32750):
                yield Case("item", f"{at}/{quote(value, safe='')}?crs={EPSG}{code}", sample.id)
    for form in ("html", "jsonld", "csv"):
        yield Case("jsonld" if form == "jsonld" else "items", f"{at}?f={form}&limit=2", sample.id)


def _titik() -> Iterator[Case]:
    at = "/ogc/collections/titik/items"
    for query in (
        "nama=biasa",
        "nama=" + quote("Kantor & Pasar"),
        "nama=" + quote("a<b"),
        "urut=3",
        "nilai=2.5",
        "urut=3&nama=biasa",
        "nama=tidak ada",
        "aktif=true",
        "tanggal=2026-03-15",
        "nilai=2.50",
        "urut=abc",
        "aktif=ya",
        "sortby=urut",
        "sortby=-urut",
        "sortby=tidakada",
        "properties=nama,urut",
        "properties=tidakada",
        "datetime=2026-03-15",
        "datetime=2026-01-01T00:00:00Z/2026-04-01T00:00:00Z",
        "datetime=../2025-01-01T00:00:00Z",
        "datetime=2026-06-01T00:00:00Z/..",
        "datetime=1999-01-01T00:00:00Z",
        "datetime=kemarin",
        "datetime=2026-06-01T00:00:00Z/2026-01-01T00:00:00Z",
        "filter=urut=3",
        "filter=urut%3E3&filter-lang=cql2-text",
        "filter=(((",
        "filter-lang=tidakada",
        "tidakada=1",
        "bbox=116,-1,116.6,1,117",
        "bbox=116,-1,0,116.6,1,5",
        f"bbox=12940000,-42000,12970000,-27000&bbox-crs={EPSG}3857",
        f"crs={EPSG}27700",
        f"bbox=0,0,1,1&bbox-crs={EPSG}27700",
        f"bbox-crs={EPSG}4326",
        "bbox=116.25,-0.375,116.25,-0.375",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=0,5,1,-5",
        "bbox=nan,nan,nan,nan",
        "bbox=0,0,inf,1",
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=20000",
        "offset=-1",
        "offset=x",
        "offset=6",
        "offset=99999999999999999999",
        "limit=1_0",
        "skipGeometry=maybe",
        "resulttype=apa",
        "f=tidakada",
        "lang=xx",
        "skipGeometry=true&properties=nama&limit=2&urut=2",
    ):
        yield Case("items", f"{at}?{query}", "titik")


def _lintas() -> Iterator[Case]:
    at = "/ogc/collections/lintas/items"
    for query in (
        "bbox=175,-25,-170,70",
        "bbox=179,55,-160,70",
        "bbox=160,-90,-160,-60",
        "bbox=-180,-90,180,-89",
        "bbox=170,40,171,41",
    ):
        yield Case("items", f"{at}?{query}", "lintas")
    yield Case("items", f"{at}?crs={EPSG}3857", "lintas")
    yield Case("item", f"{at}/antartika?crs={EPSG}3857", "lintas")
    yield Case("item", f"{at}/jauh?crs={EPSG}3857", "lintas")
    yield Case("item", f"{at}/nol?crs={EPSG}32750", "lintas")  # no place in that zone
    yield Case("items", f"{at}?offset=4&limit=2&crs={EPSG}32750", "lintas")


def _utm() -> Iterator[Case]:
    at = "/ogc/collections/utm/items"
    yield Case("items", f"{at}?bbox=115.499999,-1.100001,117.500001,1.400001", "utm")
    yield Case("items", f"{at}?bbox=116,-0.5,117,0.5", "utm")
    yield Case("items", f"{at}?crs={EPSG}32750", "utm")
    yield Case("items", f"{at}?crs={EPSG}3857", "utm")
    yield Case("items", f"{at}?bbox=400000,9990000,600000,10100000&bbox-crs={EPSG}32750", "utm")
    yield Case("items", f"{at}?bbox=0.1,116.4,0.2,116.6&bbox-crs={EPSG}4326&crs={EPSG}4326", "utm")


def _lain() -> Iterator[Case]:
    for query in (
        "kelas=3&limit=7&offset=14",
        "limit=237",
        "limit=236",
        "offset=230",
        "kelas=3&bbox=116,0,116.2,0.02",
        "offset=237",
    ):
        yield Case("items", f"/ogc/collections/banyak/items?{query}", "banyak")
    yield Case("items", "/ogc/collections/tabel/items?jiwa=20", "tabel")


def _errors() -> Iterator[Case]:
    for path in (
        "/collections/tidakada",
        "/collections/tidakada/items",
        "/collections/tidakada/items/1",
        "/nope",
        "/collections/tidakada/schema",
        "/collections/tidakada/queryables",
        "/collections/titik/items/tidakada",
        "/collections/titik/nope",
        "/collections/titik/items/%00",
    ):
        yield Case("error", f"/ogc{path}", path.split("/")[2] if path.count("/") > 2 else "")
    for path in (
        "",
        "/conformance",
        "/collections",
        "/collections/titik",
        "/collections/titik/schema",
        "/collections/titik/queryables",
        "/openapi",
        "/collections/titik/items/P1",
    ):
        yield Case("error", f"/ogc{path}?f=tidakada")
        yield Case("any", f"/ogc{path}?tidakada=1")
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        yield Case("error", "/ogc/collections", method=method)
        yield Case("error", "/ogc/collections/titik/items/P1", "titik", method=method)
    yield Case(
        "error", "/ogc/collections/titik/items", "titik", "POST", {"content-type": "application/geo+json"}, b"{}"
    )


def _http() -> Iterator[Case]:
    items = "/ogc/collections/titik/items"
    for path in ("/ogc", "/ogc/conformance", "/ogc/collections", items, f"{items}/P1", "/ogc/openapi"):
        yield Case("head", path, method="HEAD")
    for accept in (
        "text/html",
        "application/json",
        "application/geo+json",
        "application/ld+json",
        "*/*",
        "text/html;q=0.2, application/json;q=0.9",
        "image/png",
        "application/geo+json;q=0.9, text/html;q=0.1",
        "text/html;q=0",
    ):
        kind = "jsonld" if "ld+json" in accept else "items"
        yield Case(kind, f"{items}?limit=1", "titik", headers={"accept": accept})
        yield Case("item" if kind == "items" else kind, f"{items}/P1", "titik", headers={"accept": accept})
    for language in ("en", "id", "en-GB, id;q=0.5", "fr, en;q=0.4", "en;q=0"):
        yield Case("landing", "/ogc?f=json", headers={"accept-language": language})
