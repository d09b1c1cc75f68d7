"""Schema, queryables and sortables (OGC 23-058r2, 19-079r2): valid, true of every feature, and no promise that the data
break.

The oracles are jsonschema, SQLite's own types, and the served features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
import shapely

from geoportal.language import catalogue
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText
from geoportal.ogc.domains import Lists
from geoportal.ogc.engine import edition
from geoportal.ogc.schemas import GEOMETRIES, KINDS, RELATION
from geoportal.ogc.units import ucum
from tests.ogc.world import BASE, World, make_layer, make_world, points

Validator = jsonschema.Draft202012Validator
AT = shapely.Point(117, -0.4)
KEYWORDS = {
    "title",
    "description",
    "type",
    "format",
    "enum",
    "pattern",
    "maxLength",
    "minimum",
    "maximum",
    "readOnly",
    "contentEncoding",
}
TYPES = {"integer": int, "number": (int, float), "string": str, "boolean": bool}


def record(**more: Any) -> Record:
    return Record(LocalText("Uji", "Test"), **more)


def publish_many(world: World) -> None:
    """Layers of every kind that a schema has to tell apart."""
    world.publish("titik", points(30), title="Titik")
    rows = [{"kode": n, "nama": f"n{n}"} for n in range(1, 4)]
    world.publish("angka", make_layer(rows, [AT] * 3))  # the key is a number
    world.publish("baris", make_layer(rows, [AT] * 3), key=None)  # ids are row numbers
    world.publish("bentrok", make_layer([{"id": "a", "geom": 1.5}], [AT]), key=None)
    mixed = [AT, shapely.LineString([(116, 0), (117, 1)]), None]
    world.publish("campur", make_layer([{"kode": str(n)} for n in range(3)], mixed))
    times = [
        {"kode": "1", "mulai": "2026-01-01", "akhir": "2026-02-01", "saat": "2026-01-01T00:00:00Z", "jam": "08:30:00"},
        {"kode": "2", "mulai": "2026-03-01", "akhir": None, "saat": None, "jam": None},
    ]
    world.publish(
        "waktu",
        make_layer(times, [AT] * 2, types={"mulai": "date", "akhir": "date", "saat": "date-time", "jam": "time"}),
        record=record(time=("mulai", "akhir")),
    )
    world.publish(
        "json",
        make_layer([{"kode": "1", "daftar": "[1]"}, {"kode": "2", "daftar": None}], [AT] * 2, types={"daftar": "json"}),
    )
    world.publish("tabel", make_layer([{"kode": "1", "nama": "x"}], [None]))
    world.publish(
        "kosong",
        make_layer([{"kode": "1"}], [AT]).__class__(
            "kosong", points(1).frame.iloc[:0], "EPSG:4326", points(1).fields, None
        ),
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Layers of many kinds; nothing in it is changed."""
    made = make_world(tmp_path_factory.mktemp("skema"))
    publish_many(made)
    yield made
    made.client.close()
    made.node.close()


ALL = ("titik", "angka", "baris", "bentrok", "campur", "waktu", "json", "tabel", "kosong")


def document(world: World, dataset: str, kind: str, language: str = "id") -> dict[str, Any]:
    return world.json(f"/ogc/collections/{dataset}/{kind}?f=json&lang={language}")


def named(schema: dict[str, Any], role: str) -> list[str]:
    return [name for name, entry in schema["properties"].items() if entry.get("x-ogc-role") == role]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dataset", ALL)
def test_documents_are_valid_and_what_the_standard_asks_for(many, dataset, kind):
    """/conf/schemas/basic-schema-inspection, role, role-id, property-seq and unit; roles of advanced-property-roles."""
    found = document(many, dataset, kind)
    Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema" and found["type"] == "object"
    assert found["$id"] == f"{BASE}/ogc/collections/{dataset}/{kind}"
    again = many.get(found["$id"].removeprefix(BASE), headers={"accept": "application/schema+json"})
    assert again.headers["content-type"] == "application/schema+json"
    assert again.json() == found
    assert found["additionalProperties"] is False
    places = [entry["x-ogc-propertySeq"] for entry in found["properties"].values()]
    assert places == list(range(1, len(places) + 1))
    for name, entry in found["properties"].items():
        spatial = entry.get("format", "").startswith("geometry-")
        assert spatial != ("type" in entry) and entry["title"], name
        assert all(word in KEYWORDS or word.startswith("x-ogc-") for word in entry), entry
        if "x-ogc-unit" in entry:
            assert entry["type"] in ("integer", "number") and entry["x-ogc-unitLang"] == "UCUM"
        if entry.get("x-ogc-role", "").startswith("primary-i"):
            assert entry["format"] in ("date", "date-time")
    ids = named(found, "id")
    assert len(ids) == 1 if kind == "schema" else len(ids) <= 1
    assert all(found["properties"][name]["type"] in ("string", "integer") for name in ids)
    assert len(named(found, "primary-geometry")) <= (kind != "sortables")


@pytest.mark.parametrize("dataset", ALL)
def test_every_feature_fits_its_schema(many, dataset):
    """/conf/returnables-and-receivables/response-1: id and geometry by their roles, the rest by name; null is
    missing.
    """
    fits(many, dataset)


def fits(world: World, dataset: str) -> int:
    """How many features of a collection were held against its schema."""
    schema = document(world, dataset, "schema")
    check = Validator(schema, format_checker=jsonschema.FormatChecker(["date", "regex"]))
    (identity,) = named(schema, "id")
    geometry = (named(schema, "primary-geometry") or [None])[0]
    found = world.json(f"/ogc/collections/{dataset}/items?limit=10000")["features"]
    assert len(found) == world.json(f"/ogc/collections/{dataset}/items?resulttype=hits")["numberMatched"]
    for feature in found:
        assert set(feature["properties"]) <= set(schema["properties"])
        logical = {name: value for name, value in feature["properties"].items() if value is not None}
        assert str(logical.setdefault(identity, feature["id"])) == feature["id"]
        if feature["geometry"] is not None:
            logical[geometry] = feature["geometry"]
            form = schema["properties"][geometry]["format"]
            kind = feature["geometry"]["type"].lower()
            assert form == "geometry-any" or kind in form.removeprefix("geometry-").split("-or-")
        errors = [error.message for error in check.iter_errors(logical)]
        assert errors == [], (dataset, feature["id"])
    return len(found)


def test_the_id_is_told_where_no_field_of_text_is_it(many):
    assert named(document(many, "titik", "schema"), "id") == ["kode"]
    assert document(many, "titik", "schema")["required"] == ["kode"]
    for dataset, name in (("angka", "id"), ("baris", "id"), ("bentrok", "fid")):
        entry = document(many, dataset, "schema")["properties"][name]
        assert entry["readOnly"] is True and entry["type"] == "string" and entry["x-ogc-role"] == "id"
        assert name in document(many, dataset, "schema")["required"]
        assert name not in document(many, dataset, "queryables")["properties"]
    assert document(many, "angka", "queryables")["properties"]["kode"]["x-ogc-role"] == "id"


def test_forms_of_geometry(many):
    forms = {
        dataset: [
            entry["format"] for entry in document(many, dataset, "schema")["properties"].values() if "type" not in entry
        ]
        for dataset in ALL
    }
    assert forms["titik"] == ["geometry-point"] and forms["campur"] == ["geometry-any"]
    assert forms["tabel"] == forms["kosong"] == []
    standard = {f"geometry-{name.lower()}" for name in GEOMETRIES}
    assert set(GEOMETRIES.values()) == standard
    # Where a field is called geom, the geometry still has its name; where geometry is taken, filters know it as geom.
    assert "geometry" in document(many, "bentrok", "queryables")["properties"]


LINE = shapely.LineString([(116, 0), (117, 1)])
AREA = AT.buffer(0.01)


@pytest.mark.parametrize(
    ("geometries", "form"),
    [
        ([AREA, shapely.MultiPolygon([AREA])], "geometry-polygon-or-multipolygon"),
        ([shapely.force_3d(AREA, 5.0), None, shapely.MultiPolygon([AREA])], "geometry-polygon-or-multipolygon"),
        ([LINE, shapely.MultiLineString([LINE])], "geometry-linestring-or-multilinestring"),
        ([AT, shapely.MultiPoint([AT])], "geometry-point-or-multipoint"),
        ([shapely.GeometryCollection([AT, LINE])], "geometry-geometrycollection"),
        ([AT, AREA], "geometry-any"),
        ([AREA, shapely.MultiPolygon([AREA]), LINE], "geometry-any"),
    ],
)
def test_mixed_geometries_of_one_family_have_its_form(world, geometries, form):
    """A client such as QGIS opens a layer of polygons and multipolygons as one."""
    world.publish("uji", make_layer([{"kode": str(n)} for n in range(len(geometries))], geometries))
    for kind in ("schema", "queryables"):
        assert document(world, "uji", kind)["properties"]["geometry"]["format"] == form
    assert fits(world, "uji") == len(geometries)


def test_a_field_called_geometry_does_not_hide_the_geometry(world):
    layer = make_layer([{"kode": "1", "bentuk": "bulat"}], [AT])
    frame = layer.frame.rename_geometry("place").rename(columns={"bentuk": "geometry"})
    fields = tuple(field if field.name != "bentuk" else type(field)("geometry", "string") for field in layer.fields)
    world.publish("aneh", type(layer)("aneh", frame, layer.crs, fields, "Point"))
    found = document(world, "aneh", "queryables")["properties"]
    assert found["geometry"]["type"] == "string" and found["geom"]["format"] == "geometry-point"
    assert world.json("/ogc/collections/aneh/items?filter=S_INTERSECTS(geom,POINT(117 -0.4))")["numberMatched"] == 1
    assert world.json("/ogc/collections/aneh/items?filter=geometry='bulat'")["numberMatched"] == 1


@pytest.mark.parametrize(
    ("time", "roles"),
    [
        (("mulai",), {"mulai": "primary-instant"}),
        (("saat",), {"saat": "primary-instant"}),
        (("mulai", "akhir"), {"mulai": "primary-interval-start", "akhir": "primary-interval-end"}),
        (("mulai", "saat"), {}),  # one counts days, the other seconds
        (("hilang",), {}),
        (("jam",), {}),
        ((), {}),
    ],
)
def test_the_time_of_the_record_has_its_role(world, time, roles):
    rows = [
        {"kode": "1", "mulai": "2026-01-01", "akhir": "2026-02-01", "saat": "2026-01-01T00:00:00Z", "jam": "08:30:00"}
    ]
    types = {"mulai": "date", "akhir": "date", "saat": "date-time", "jam": "time"}
    world.publish("waktu", make_layer(rows, [AT], types=types), record=record(time=time))
    for kind in KINDS:
        found = document(world, "waktu", kind)["properties"]
        given = {name: entry["x-ogc-role"] for name, entry in found.items() if "x-ogc-role" in entry}
        assert {name: role for name, role in given.items() if role.startswith("primary-i")} == roles


def specified(*fields: FieldSpecification, profile: str = "bebas", **more: Any) -> Specification:
    return Specification("uji", profile, key="kode", fields=fields, **more)


ROWS = [
    {"kode": "A-1", "kelas": "rendah", "n": 1, "luas": 0.5, "isi": "x", "kata": "satu dua"},
    {"kode": "A-2", "kelas": "tinggi", "n": 3, "luas": 9.5, "isi": None, "kata": "tiga"},
]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (FieldSpecification("kelas", codes=("rendah", "sedang", "tinggi")), {"enum": ["rendah", "sedang", "tinggi"]}),
        (FieldSpecification("kelas", codes=("rendah", "sedang")), {}),  # 'tinggi' is published all the same
        (FieldSpecification("n", codes=("1", "2", "3")), {"enum": [1, 2, 3]}),
        (FieldSpecification("n", codes=("satu", "1", "3")), {}),
        (FieldSpecification("luas", codes=("0.5", "9.5")), {"enum": [0.5, 9.5]}),
        (
            FieldSpecification("KELAS_LAMA", aliases=("kelas",), codes=("rendah", "tinggi")),
            {"enum": ["rendah", "tinggi"]},
        ),
        (FieldSpecification("kode", pattern=r"^A-\d$"), {"pattern": r"^A-\d$"}),
        (FieldSpecification("kode", pattern=r"A-\d|B"), {"pattern": r"^(?:A-\d|B)$"}),  # it must match as a whole
        (FieldSpecification("kode", pattern=r"A-1"), {}),
        (FieldSpecification("kode", pattern=r"(?i)a-\d"), {}),  # no such thing in ECMA-262
        (FieldSpecification("kode", pattern=r"A-\d\Z"), {}),
        (FieldSpecification("n", pattern=r"\d"), {}),  # a number has no pattern
        (FieldSpecification("isi", pattern=r"x"), {"pattern": "^(?:x)$"}),
        (FieldSpecification("kata", length=8), {"maxLength": 8}),
        (FieldSpecification("kata", length=7), {}),
        (FieldSpecification("n", minimum=1.0, maximum=3.0), {"minimum": 1, "maximum": 3}),
        (FieldSpecification("n", minimum=2.0, maximum=3.0), {"maximum": 3}),
        (FieldSpecification("luas", minimum=-1.5, maximum=9.0), {"minimum": -1.5}),
        (FieldSpecification("kata", minimum=1.0), {}),
    ],
)
def test_a_domain_is_told_where_every_value_keeps_to_it(world, field, expected):
    world.publish("uji", make_layer(ROWS, [AT] * 2), specification=specified(field))
    name = field.name if field.name != "KELAS_LAMA" else "kelas"
    for kind in KINDS:
        entry = document(world, "uji", kind)["properties"][name]
        words = ("enum", "pattern", "maxLength", "minimum", "maximum")
        assert {word: entry[word] for word in words if word in entry} == expected, kind
    assert fits(world, "uji") == 2


def test_required_is_what_the_specification_asks_for_and_no_feature_lacks(world):
    fields = (FieldSpecification("kelas", required=True), FieldSpecification("isi", required=True))
    world.publish("uji", make_layer(ROWS, [AT] * 2), specification=specified(*fields, geometry=("Point",)))
    assert document(world, "uji", "schema")["required"] == ["geometry", "kode", "kelas"]
    assert "required" not in document(world, "uji", "queryables")
    world.publish("lubang", make_layer(ROWS, [AT, None]), specification=specified(*fields, geometry=("Point",)))
    assert document(world, "lubang", "schema")["required"] == ["kode", "kelas"]


CODES = """kode,nama,jenis,induk,edisi
64.02,Kabupaten Uji,kabupaten,64,Kepmen 2/2026
64.02.01,Satu,kecamatan,64.02,Kepmen 2/2026
64.02.02,Dua,kecamatan,64.02,Kepmen 2/2026
64.02.01.2001,Desa,desa,64.02.01,Kepmen 2/2026
64.03.01,Tetangga,kecamatan,64.03,Kepmen 2/2026
64.02.09,Dahulu,kecamatan,64.02,Kepmen 1/2020
"""


@pytest.mark.parametrize(
    ("values", "edition", "expected"),
    [
        (("64.02.01", "64.02.02"), None, ["64.02.01", "64.02.02"]),
        (("64.02.01", None), None, ["64.02.01", "64.02.02"]),  # of the region and the level, the newest edition
        (("64.02.01", "64.03.01"), None, None),  # one lies outside of the node's region
        (("64.02.01", "64.02.99"), None, None),  # on no list
        (("64.02.09", "64.02.09"), "1/2020", ["64.02.09"]),
        (("64.02.01", "64.02.02"), "3/2030", None),  # an edition that the node does not have
    ],
)
def test_region_codes_come_from_the_list_of_the_node(world, tmp_path, values, edition, expected):
    config = tmp_path / "config"
    (config / "codes").mkdir(parents=True)
    (config / "codes" / "wilayah.csv").write_text(CODES)
    settings = world.node.settings.model_copy(
        update={"config": config, "node": world.node.settings.node.model_copy(update={"region_code": "64.02"})}
    )
    world.node.settings = settings
    rows = [{"kode": str(n), "kec": value} for n, value in enumerate(values)]
    field = FieldSpecification("kec", means="region-code")
    world.publish("uji", make_layer(rows, [AT] * 2), specification=specified(field, code_edition=edition))
    assert document(world, "uji", "queryables")["properties"]["kec"].get("enum") == expected


def test_other_code_lists_are_another_edition(tmp_path):
    """Schemas are made of the lists too: a node that starts with other ones must not answer with the old ETags."""
    (tmp_path / "codes").mkdir()
    digests = [Lists(tmp_path, "64.02").digest(), Lists(tmp_path, "64.03").digest()]
    for text in (CODES, CODES.replace("Satu", "Dua")):
        (tmp_path / "codes" / "wilayah.csv").write_text(text)
        digests.append(Lists(tmp_path, "64.02").digest())
    (tmp_path / "kugi.yaml").write_text("domains: {}")
    digests.append(Lists(tmp_path, "64.02").digest())
    assert len(set(digests)) == 5
    assert edition({}, Lists(tmp_path, "64.02")) != edition({}, Lists(tmp_path, "64.03"))


def test_printed_values_of_kugi_are_codes_in_a_layer_of_kugi(world, tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    (config / "kugi.yaml").write_text(
        "domains:\n  TIPADM:\n    '1': {id: Desa, en: Village}\n    '2': {id: Kelurahan, en: Ward}\n"
    )
    world.node.settings = world.node.settings.model_copy(update={"config": config})
    rows = [{"kode": "1", "TIPADM": 1}, {"kode": "2", "TIPADM": 2}]
    world.publish("kugi", make_layer(rows, [AT] * 2), specification=specified(profile="kugi"))
    world.publish("bebas", make_layer(rows, [AT] * 2), specification=specified())
    assert document(world, "kugi", "schema")["properties"]["TIPADM"]["enum"] == [1, 2]
    assert "enum" not in document(world, "bebas", "schema")["properties"]["TIPADM"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ha", "har"),
        ("km²", "km2"),
        ("M", "m"),
        ("°", "deg"),
        ("%", "%"),
        ("jiwa", "{jiwa}"),
        ("jiwa/km²", "{jiwa}/km2"),
        ("Rp", "{Rp}"),
        ("mW", "mW"),
        ("MW", "MW"),
        ("orang per hari", None),  # UCUM has no blanks
        ("{x}", None),
        ("", None),
        ("m/", None),
    ],
)
def test_units_are_ucum(written, code):
    assert ucum(written) == code


def test_units_stand_at_numbers_alone(world):
    meanings = {name: FieldMeaning(LocalText(name, name), "ha") for name in ("luas", "kata")}
    world.publish("uji", make_layer(ROWS, [AT] * 2), record=record(fields=meanings))
    found = document(world, "uji", "schema")["properties"]
    assert (found["luas"]["x-ogc-unit"], found["luas"]["x-ogc-unitLang"]) == ("har", "UCUM")
    assert "x-ogc-unit" not in found["kata"]


@pytest.mark.parametrize("dataset", ALL)
def test_types_are_those_of_the_stored_values(many, dataset):
    """Against SQLite's own word for the type of each value, and the JSON of the features."""
    storage = {"integer": {"integer"}, "number": {"real", "integer"}, "boolean": {"integer"}, "string": {"text"}}
    source = many.engine.snapshot(many.engine.node.audience(None)).sources[dataset]
    features = many.json(f"/ogc/collections/{dataset}/items?limit=100")["features"]
    for name, entry in document(many, dataset, "queryables")["properties"].items():
        if "type" not in entry:
            continue
        column = source.serving.summary.field_named(name).column
        with source.serving.connections.use() as connection:
            kinds = {kind for (kind,) in connection.execute(f"SELECT DISTINCT typeof({column}) FROM rows")}
        assert kinds <= storage[entry["type"]] | {"null"}, name
        for feature in features:
            value = feature["properties"][name]
            assert value is None or isinstance(value, TYPES[entry["type"]])
            assert isinstance(value, bool) == (entry["type"] == "boolean" and value is not None)


@pytest.mark.parametrize("dataset", ALL)
def test_what_is_told_can_be_asked_for_and_nothing_else(many, dataset):
    """Queryables in parameters and filters, sortables in sortby; whatever is in neither is 400."""
    at = f"/ogc/collections/{dataset}/items"
    queryables = document(many, dataset, "queryables")["properties"]
    samples = {"integer": "1", "number": "1.5", "string": "x", "boolean": "true"}
    dated = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "08:30:00"}
    for name, entry in queryables.items():
        if "type" in entry:
            many.get(at, params={name: dated.get(entry.get("format"), samples[entry["type"]])})
        many.get(at, params={"filter": f'"{name}" IS NULL'})
    sortables = document(many, dataset, "sortables")["properties"]
    assert set(sortables) == {name for name, entry in queryables.items() if "type" in entry}
    for name in sortables:
        assert sortables[name]["type"] not in ("object", "array")
        many.get(at, params={"sortby": f"-{name}"})
    others = set(document(many, dataset, "schema")["properties"]) - set(queryables) | {"tidakada"}
    for name in others:
        many.get(at, 400, params={name: "1"})
        many.get(at, 400, params={"filter": f'"{name}" IS NULL AND "{name}" = 1'})
    for name in others | (set(queryables) - set(sortables)):
        many.get(at, 400, params={"sortby": name})


def test_features_link_to_what_they_can_be_asked_by(many):
    """OGC 19-079r2 /req/queryables/queryables-link B: as a Link header."""
    for path in ("/items", "/items?f=html", "/items?kode=0001", "/items?resulttype=hits"):
        header = many.get(f"/ogc/collections/titik{path}").headers["link"]
        links = dict(re.findall(r'<([^>]*)>; rel="([^"]*)"', header))
        assert links == {f"{BASE}/ogc/collections/titik/{kind}": f"{RELATION}{kind}" for kind in KINDS}
    assert "link" not in many.get("/ogc/collections").headers


@pytest.mark.parametrize("dataset", ALL)
def test_collections_link_to_their_documents(many, dataset):
    for links in (
        many.json(f"/ogc/collections/{dataset}")["links"],
        next(one for one in many.json("/ogc/collections")["collections"] if one["id"] == dataset)["links"],
    ):
        for kind in KINDS:
            found = {link["type"]: link["href"] for link in links if link["rel"] == f"{RELATION}{kind}"}
            assert set(found) == {"application/schema+json", "text/html"}, kind
            for media_type, href in found.items():
                sent = many.get(href.removeprefix(BASE)).headers["content-type"]
                assert sent.startswith(media_type)


def test_documents_speak_both_languages(many):
    indonesian, english = (document(many, "titik", "schema", code) for code in ("id", "en"))
    assert indonesian["properties"]["nama"]["title"] == "Nama" and english["properties"]["nama"]["title"] == "Label"
    assert indonesian["properties"]["geometry"]["title"] == "Geometri"
    assert english["description"].startswith("About") and indonesian["$id"] == english["$id"]


class Table(HTMLParser):
    """The rows of a page's table, and its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.heading = ""
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self._in = tag if tag in ("td", "th", "h1") else self._in

    def handle_endtag(self, tag: str) -> None:
        self._in = None if tag == self._in else self._in

    def handle_data(self, data: str) -> None:
        if self._in == "h1":
            self.heading += data.strip()
        elif self._in and self.rows:
            self.rows[-1][-1] += data


@pytest.mark.parametrize(("language", "heading"), [("id", "Properti untuk mengurutkan"), ("en", "Sortables")])
def test_pages_list_the_same_properties_as_the_documents(many, language, heading):
    for dataset in ALL:
        for kind in KINDS:
            page = Table(many.get(f"/ogc/collections/{dataset}/{kind}?f=html&lang={language}").text)
            names = [" ".join(row[0].split()) for row in page.rows[1:]]
            assert names == list(document(many, dataset, kind)["properties"]), (dataset, kind)
            if kind == "sortables":
                assert page.heading == heading


def test_pages_show_values_units_and_roles(world):
    fields = (
        FieldSpecification("kelas", required=True, codes=("rendah", "<b>", "tinggi", *(f"c{n}" for n in range(20)))),
        FieldSpecification("n", minimum=0.0, maximum=1500.0),
        FieldSpecification("kode", pattern=r"^A-\d$", length=3),
    )
    meanings = {"luas": FieldMeaning(LocalText("Luas", "Area"), "ha")}
    world.publish("uji", make_layer(ROWS, [AT] * 2), specification=specified(*fields), record=record(fields=meanings))
    text = world.get("/ogc/collections/uji/schema?f=html&lang=en").text
    rows = {row[0].strip(): [" ".join(cell.split()) for cell in row] for row in Table(text).rows}
    assert rows["Name"] == ["Name", "Meaning", "Type", "Values", "Unit"]
    assert rows["kelas"][3].startswith("always there") and rows["kelas"][3].endswith("and 11 more")
    assert "<b>" in rows["kelas"][3] and "<b>," not in text.replace("&lt;b&gt;", "")
    assert rows["n"][3] == "0 to 1,500" and rows["luas"] == ["luas", "Area", "Number", "", "Unit: ha"]
    assert rows["kode"][1:4] == ["kode id of the feature", "Text", r"always there at most 3 characters like ^A-\d$"]
    assert "0 sampai 1.500" in world.get("/ogc/collections/uji/schema?f=html&lang=id").text


def test_a_page_without_rows_says_so(world):
    layer = make_layer([{"isi": "[1]"}], [None], types={"isi": "json"})
    world.publish("daftar", layer, key=None)
    for kind, key in (
        ("queryables", "Nothing can be asked of the features of this collection."),
        ("sortables", "The features of this collection cannot be sorted."),
    ):
        for language in ("id", "en"):
            text = world.get(f"/ogc/collections/daftar/{kind}?f=html&lang={language}").text
            assert catalogue("messages", language).gettext(key) in text and "<table" not in text
        assert document(world, "daftar", kind)["properties"] == {}
