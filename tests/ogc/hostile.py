"""Requests that nobody means well with: the same ones in every run."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from geoportal.ogc.app import RESOURCES

SEED = 20261124
COLLECTIONS = ("desa", "lintas", "tabel", "tersembunyi", "tidakada", "..", "%00", "desa%2Fitems", "DESA", "")

VALUES = (
    "",
    "0",
    "-1",
    "1e999",
    "-0",
    "NaN",
    "inf",
    "9" * 30,
    "1_0",
    "٣",
    "true",
    "null",
    "[]",
    "{}",
    "%00",
    "%",
    "%ff%fe",
    "%ED%A0%80",
    "'",
    '"',
    "'; DROP TABLE rows; --",
    "' OR '1'='1",
    "1) UNION SELECT name FROM sqlite_master --",
    "../../../etc/passwd",
    "\\\\x\\y",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${7*7}",
    "{% debug %}",
    "%s%s%n",
    "(a+)+!",
    "a" * 3000,
    "\u202e",
    "\u0000",
    "\r\nX-Evil: 1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "gopher://x",
    "CRS84",
    "EPSG:4326",
    "urn:ogc:def:crs:EPSG::4326",
    "http://www.opengis.net/def/crs/EPSG/0/999999",
    "http://www.opengis.net/def/crs/EPSG/0/4979",
    "http://www.opengis.net/def/crs/EPSG/0/-1",
)
BOXES = (
    "0,0,0,0",
    "180,-90,-180,90",
    "-1e308,-1e308,1e308,1e308",
    "1,2,3",
    "1,2,3,4,5",
    "1,2,3,4,5,6",
    "1,2,6,4,5,3",
    ",,,",
    "nan,nan,nan,nan",
    "0,0,1e999,1",
    "90,180,-90,-180",
    "1e-320,0,1,1",
    "0,0,0,0,0,0,0,0",
    "0 0 1 1",
    "0;0;1;1",
    "-200,-100,200,100",
    "1,1,0,0",
)
TIMES = (
    "/",
    "../..",
    "..",
    "2026",
    "0000-01-01",
    "9999-12-31T23:59:60Z",
    "-2026-01-01",
    "2026-13-01",
    "2026-02-30",
    "2026-01-01T25:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "2026-01-01/2025-01-01",
    "2026-01-01/2026-01-02/2026-01-03",
    "99999-01-01",
    "2026-01-01T00:00:00.123456789123Z",
    "0001-01-01T00:00:00+14:00",
    "now",
    "2026-01-01T00:00:00",
    "P1D/2026-01-01",
)
FILTERS = (
    "(",
    ")",
    "urut",
    "urut=",
    "urut>'a'",
    "tidakada=1",
    "urut=1;",
    "urut=1 --",
    "1=1",
    "urut / 0 = 1",
    "urut ^ 9999 = 1",
    "urut % 0 = 1",
    "NOT " * 40 + "urut=1",
    "(" * 200 + "urut=1" + ")" * 200,
    " AND ".join(["urut=1"] * 300),
    "urut IN (" + ",".join("1" * 600) + ")",
    "S_INTERSECTS(geometry, POINT(1 2))",
    "S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1)))",
    "S_INTERSECTS(geometry, POINT(nan nan))",
    "S_INTERSECTS(nama, POINT(1 1))",
    "S_INTERSECTS(geometry, BBOX(1,1,0,0))",
    "S_INTERSECTS(geometry, BBOX(0,0,1))",
    "S_DWITHIN(geometry,1)",
    "S_WITHIN(geometry, GEOMETRYCOLLECTION EMPTY)",
    "S_CROSSES(geometry, POLYGON EMPTY)",
    "T_AFTER(nama, DATE('x'))",
    "T_AFTER(nama, DATE('2026-99-99'))",
    "T_DURING(urut, INTERVAL('..','..'))",
    "CASEI(urut) = 1",
    "CASEI(nama) LIKE CASEI('%%%%%')",
    "ACCENTI(nama) = ACCENTI('É')",
    "nama LIKE '" + "%a" * 200 + "'",
    "nama LIKE '\\'",
    "\"nama\"='x'",
    "nama = 'x' OR sleep(5)",
    "load_extension('x') = 1",
    "A_CONTAINS(nama, ('a'))",
    "urut BETWEEN 5 AND",
    "x" * 7000,
    "urut = 99999999999999999999999999",
    "urut = 1e400",
    "nama = '\u0000'",
    "S_INTERSECTS(geometry, POLYGON((" + ",".join(["0 0", "1 0", "1 1"] * 500) + ",0 0)))",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b"{}",
    b'{"op":"="}',
    b'{"op":"=","args":[]}',
    b'{"op":"=","args":[{"property":"urut"},NaN]}',
    b'{"op":"and","args":' * 500,
    b"[" * 100_000,
    b'{"op":"=","args":[{"property":"urut"},{"property":"urut"}]}',
    b'{"op":"drop","args":[1]}',
    b'{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":["a"]}]}',
    b'{"a":1,"a":2}',
    b" " * 70_000,
    b"<xml/>",
    b'{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,0],[1e999,1],[0,1],[0,0]]]}]}',
    b'{"op":"in","args":[{"property":"urut"},[' + b",".join([b"1"] * 5000) + b"]]}",
    b'{"op":"like","args":[{"property":"nama"},5]}',
)
HEADERS = {
    "accept": (
        "*/*;q=0",
        "text/html;q=0",
        ";;;",
        ",",
        "a/b/c",
        "text/html;q=abc",
        "*" * 3000,
        "application/json;q=1e5",
        "text/html;q=-1",
        "\u00ff",
    ),
    "accept-language": ("en;q=0", "*", "xx", "id;q=NaN", "-" * 500, "en-" * 300, "id_ID@x", ";q=1", "../../etc"),
    "accept-encoding": ("gzip;q=0", "*;q=0", "identity;q=0", "br;q=2", "x" * 2000, "zstd, br, gzip;q=0.0001", ",,,"),
    "if-none-match": ("*", '"', '"x', 'W/"x"', ",", '"' * 999, "\u00ff"),
    "authorization": (
        "Bearer",
        "Bearer ",
        "Bearer " + "x" * 3000,
        "Basic eDp4",
        "x",
        "Bearer a b c",
        "bearer ../../x",
        "Bearer \u00ff",
    ),
    "content-type": (
        "",
        "application/json",
        "application/json; charset=utf-16",
        "text/plain",
        "multipart/form-data; boundary=",
        "a" * 500,
        "application/geo+json",
    ),
    "range": ("bytes=0-1", "bytes=-1", "x"),
    "x-forwarded-host": ("evil.example",),
    "cookie": ("session=x", "=;=;"),
    "transfer-encoding": ("gzip",),
}


EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
GOOD: Mapping[str, tuple[str, ...]] = {
    "f": tuple(sorted({name for resource in RESOURCES for name in resource.offers})),
    "lang": ("id", "en", "en-GB"),
    "limit": ("1", "10000", "999999999"),
    "offset": ("0", "59", "9" * 15),
    "bbox": ("-180,-90,180,90", "170,-90,-170,90", "116,-1,0,118,1,9", "0,0,0,0"),
    "bbox-crs": (f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}32750"),
    "crs": (f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}32750", f"{EPSG}9470"),
    "datetime": ("2026-01-01", "../..", "1999-01-01/.."),
    "sortby": ("urut", "-nama,urut"),
    "properties": ("nama", "kode,urut"),
    "skipGeometry": ("true", "false"),
    "resulttype": ("hits", "results"),
    "filter": ("urut>5", "S_INTERSECTS(geometry, BBOX(-180,-90,180,90))", "nama IS NULL"),
    "filter-lang": ("cql2-text", "cql2-json"),
    "filter-crs": (f"{EPSG}4326",),
    "version": ("1", "2"),
    "nama": ("titik 7",),
    "urut": ("7",),
    "q": ("titik", "titik -7"),
}
"""What is meant well: beside it the hostile goes deeper than the first check."""


@dataclass(frozen=True, slots=True)
class Request:
    """One hostile request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


def requests(count: int) -> Iterator[Request]:
    """``count`` of them: each list once in its place, then mixtures by a fixed seed."""
    items = "/ogc/collections/desa/items"
    single = {"bbox": BOXES, "datetime": TIMES, "filter": FILTERS}
    names = sorted(
        {name for r in RESOURCES for name in r.known}
        | {"f", "lang", "urut", "nama", "nilai", "aktif", "x" * 80, "bbox[]"}
    )
    fixed = [
        *(Request("GET", f"{items}?{name}={quote(value)}") for name, values in single.items() for value in values),
        *(Request("GET", f"{items}?{quote(name)}={value}") for name in names for value in map(_quoted, VALUES)),
        *(Request("POST", items, {"content-type": "application/json"}, body) for body in BODIES),
        *(Request("GET", items, {name: value}) for name, values in HEADERS.items() for value in values),
        *(Request(method, items) for method in ("TRACE", "CONNECT", "PROPFIND", "X", "get")),
        *(
            Request("GET", f"/ogc/collections/{name}{rest}")
            for name in COLLECTIONS
            for rest in ("", "/items", "/items/%2e%2e", "/schema")
        ),
        Request("GET", items + "?" + "&".join(f"a{n}=1" for n in range(500))),
        Request("GET", items + "?" + "&" * 5000),
        Request("GET", "/ogc/" + "a/" * 3000),
    ]
    yield from fixed
    chance = random.Random(SEED)
    for _ in range(max(0, count - len(fixed))):
        yield _mixed(chance, names)


def _mixed(chance: random.Random, names: list[str]) -> Request:
    resource = chance.choice(
        RESOURCES if chance.random() < 0.4 else [r for r in RESOURCES if r.name in ("items", "item")]
    )
    collection = chance.choice(COLLECTIONS) if chance.random() < 0.3 else chance.choice(COLLECTIONS[:3])
    item = _quoted(chance.choice(VALUES))[:2000] if chance.random() < 0.5 else "0007"
    path = resource.path.replace("{collection}", collection).replace("{item:path}", item)
    asked = dict(_pair(chance, names, sorted(resource.known | {"f", "lang"})) for _ in range(chance.randint(0, 4)))
    headers = {name: chance.choice(values) for name, values in HEADERS.items() if chance.random() < 0.1}
    method = chance.choices(("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"), (20, 3, 3, 1, 1, 1))[0]
    body = chance.choice(BODIES) if method in ("POST", "PUT") else None
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return Request(method, f"{path}?{query}" if query else path, headers, body)


def _pair(chance: random.Random, names: list[str], known: list[str]) -> tuple[str, str]:
    """A parameter: in two of three cases one that the resource takes, and a value that it would."""
    if chance.random() < 0.67:
        name = chance.choice(known)
        return name, quote(chance.choice(GOOD.get(name, ("1",))))
    name = chance.choice(names)
    values: tuple[str, ...] = {"bbox": BOXES, "datetime": TIMES, "filter": FILTERS}.get(name, VALUES)
    value = _quoted(chance.choice(values))
    if chance.random() < 0.3:
        at = chance.randint(0, len(value))
        value = value[:at] + quote(chance.choice(string.printable + "é村\u202e")) + value[at:]
    return quote(name), value


def _quoted(value: str) -> str:
    """A value for a query; what is percent-encoded already stays."""
    return quote(value, safe="%") if value.startswith("%") else quote(value)
