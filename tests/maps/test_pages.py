from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import folium
import numpy as np
import pytest
import shapely
from folium.plugins import MeasureControl

from geoportal.language import LANGUAGES, catalogue
from geoportal.maps.ground import read_ground
from geoportal.maps.pages import LOCAL, content_security_policy, localise, write_previews
from geoportal.maps.preview import preview
from geoportal.model.layer import ID_COLUMN, Field, Layer
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.region import Region
from geoportal.model.text import LocalText
from tests.factories import make_layer, squares
from tests.maps.payloads import PAYLOADS, hostile_layer, hostile_record
from tests.processes import ROOT

REGION = Region(LocalText("Wilayah", "Region"), "00", (115.0, -1.0, 117.0, 1.0))
CREDITS = LocalText("Geoportal Uji", "Test Geoportal")


def write(layer: Layer, record: Record, target: Path, **more: Any) -> Path:
    write_previews(
        layer,
        record,
        target,
        region=REGION,
        languages=LANGUAGES,
        dataset_id="uji",
        version=3,
        credits=CREDITS,
        **more,
    )
    return target


def villages() -> tuple[Layer, Record]:
    layer = make_layer(squares(4, 3), nama=[f"Desa {n}" for n in range(12)], luas=[n * 1000.5 for n in range(12)])
    record = Record(
        title=LocalText("Batas desa", "Village boundaries"),
        licence="CC-BY-4.0",
        label="nama",
        synthetic=True,
        fields={"luas": FieldMeaning(LocalText("Luas", "Area"), "km²")},
        style=Style("luas", "sequential"),
    )
    return layer, record


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def test_a_page_asks_only_for_files_that_the_node_has(tmp_path: Path) -> None:
    target = write(*villages(), tmp_path)
    for language in LANGUAGES:
        page = (target / f"preview.{language}.html").read_text("utf-8")
        asked = [tag["src"] for tag in Tags(page).of("script") if "src" in tag]
        asked += [tag["href"] for tag in Tags(page).of("link")]
        asked += re.findall(r'url\("([^"]+)"\)', page)
        assert len(asked) >= 6
        for address in asked:
            assert address is not None and address.startswith("/static/vendor/")
            assert (ROOT / "geoportal/web" / address.lstrip("/")).is_file()
        assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_every_file_that_may_be_asked_for_exists() -> None:
    for file in filter(None, LOCAL.values()):
        assert (ROOT / "geoportal/web/static/vendor" / file).is_file()


def test_a_plugin_that_nobody_vetted_stops_the_build() -> None:
    chart = preview(*villages())
    MeasureControl().add_to(chart)
    with pytest.raises(KeyError):
        localise(chart)
    with pytest.raises(TypeError):
        localise(folium.Map())


def test_the_policy_names_exactly_the_inline_parts_of_the_page(tmp_path: Path) -> None:
    target = write(*villages(), tmp_path)
    page = (target / "preview.id.html").read_bytes().decode()
    policy = json.loads((target / "preview.id.json").read_text("utf-8"))["csp"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    assert directives["default-src"] == ["'none'"]
    assert directives["img-src"] == ["'self'", "data:"]
    for name in ("base-uri", "form-action"):
        assert directives[name] == ["'none'"]
    assert directives["font-src"] == directives["frame-ancestors"] == ["'self'"]
    assert "unsafe" not in policy and "*" not in policy
    for tag in ("script", "style"):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
        assert set(directives[f"{tag}-src"]) == {"'self'", *(f"'sha256-{digest}'" for digest in digests)}
    assert "\r" not in page
    assert content_security_policy(page) == policy


def test_a_page_can_be_read_and_zoomed_by_everybody(tmp_path: Path) -> None:
    target = write(*villages(), tmp_path)
    for language, title in (("id", "Peta Batas desa, versi 3"), ("en", "Map of Village boundaries, version 3")):
        page = (target / f"preview.{language}.html").read_text("utf-8")
        tags = Tags(page)
        assert tags.of("html") == [{"lang": language}]
        assert f"<title>{title}</title>" in page
        assert [meta["content"] for meta in tags.of("meta") if meta.get("name") == "viewport"] == [
            "width=device-width, initial-scale=1"
        ]
        assert len(tags.of("main")) == len(tags.of("h1")) == len(tags.of("noscript")) == 1
        assert not [tag for tag, attributes in tags.seen if "style" in attributes]
        assert not [tag for tag, attributes in tags.seen for name in attributes if name.startswith("on")]


def test_the_legend_says_what_is_counted_and_the_source_who_made_it(tmp_path: Path) -> None:
    page = (write(*villages(), tmp_path) / "preview.id.html").read_text("utf-8")
    assert "<h2>Luas (km²)</h2>" in page
    assert page.count("<li>") == 4
    assert "Data contoh (sintetis)" in page
    assert "Geoportal Uji · Batas desa · versi 3 · CC-BY-4.0" in page


def test_the_same_layer_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = write(*villages(), tmp_path / "a"), write(*villages(), tmp_path / "b")
    names = sorted(file.name for file in first.iterdir())
    assert names == [
        "legend.json",
        "map.svg",
        "preview.en.html",
        "preview.en.json",
        "preview.id.html",
        "preview.id.json",
        "thumb.svg",
    ]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_nothing_hostile_reaches_a_page_as_markup_code_or_template(tmp_path: Path) -> None:
    target = write(hostile_layer(), hostile_record(), tmp_path)
    harmless = write(make_layer(squares(4, 5), a=["x"] * 20), hostile_record("a", "a"), tmp_path / "harmless")
    for language in LANGUAGES:
        page = (target / f"preview.{language}.html").read_text("utf-8")
        plain = (harmless / f"preview.{language}.html").read_text("utf-8")
        assert sorted({tag for tag, _ in Tags(page).seen}) == sorted({tag for tag, _ in Tags(plain).seen})
        assert "1337" not in page and "<Sheet" not in page and "get_root" in page
        for payload in PAYLOADS:
            assert payload not in page or not set(payload) & set("<>\"'`${}\u202e\u2028")
        assert not re.search(r"`[^`]*__xss", page)
        assert "\u202e" not in page and "\u2028" not in page


def test_property_keys_are_invented_and_hidden_columns_stay_hidden() -> None:
    layer = hostile_layer()
    frame = layer.frame.assign(**{ID_COLUMN: "rahasia-id"})
    layer = Layer(layer.name, frame, layer.crs, layer.fields, layer.geometry_type)
    page = localise(preview(layer, hostile_record()))
    features = re.search(r"geo_json_\d+_add\((\{.*\"n\": .*\})\);", page)
    assert features is not None
    properties = [feature["properties"] for feature in json.loads(features[1])["features"]]
    assert len(properties) == len(PAYLOADS)
    assert {re.sub(r"\d+", "", key) for each in properties for key in each} == {"f", "n"}
    assert "rahasia-id" not in page


def test_a_page_stays_within_its_weight_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(6402)
    count = 100_000
    layer = make_layer(
        shapely.points(rng.uniform(115, 117, count), rng.uniform(-1, 1, count)),
        **{f"kolom{n}": np.full(count, "isi yang panjang " * 12) for n in range(4)},
    )
    target = write(layer, Record(title=LocalText.of("Banyak")), tmp_path)
    page = (target / "preview.id.html").read_text("utf-8")
    assert len(page.encode()) < 1_100_000
    assert re.search(r"[\d.]+ dari 100\.000 unsur digambar", page)


def test_heavy_borders_are_simplified_and_the_reader_is_told(tmp_path: Path) -> None:
    layer = make_layer([shapely.Point(n, 0).buffer(0.5, quad_segs=10_000) for n in range(5)])
    page = (write(layer, Record(title=LocalText.of("Berat")), tmp_path) / "preview.id.html").read_text("utf-8")
    assert len(page.encode()) < 700_000
    assert "Bentuk disederhanakan untuk peta ini." in page


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [None, None],
        None,
        ["POINT(nan nan)", "LINESTRING(0 0,nan 1)"],
        [
            "POINT(116 0)",
            "LINESTRING(116 0,117 1)",
            shapely.box(116, 0, 117, 1),
            "GEOMETRYCOLLECTION(POINT(1 1))",
            None,
        ],
        ["POLYGON((0 0,0 0,0 0,0 0))", "LINESTRING(1 1,1 1)"],
        [shapely.box(-180, -90, 180, 90)],
        [shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)],
        ["POLYGON((0 0,1 1,1 0,0 1,0 0))"] * 3,
        ["POINT Z(116 0 5)", "MULTIPOINT(116 0,117 1)"],
    ],
)
def test_no_layer_is_too_odd_for_a_map(tmp_path: Path, shapes: Any) -> None:
    count = 2 if shapes is None else len(shapes)
    layer = make_layer(shapes, "EPSG:4326", a=[float(n) for n in range(count)], b=[None] * count)
    for palette in ("single", "sequential", "qualitative"):
        record = Record(title=LocalText("n" * 200, "t" * 200), label="a", style=Style("a", palette))
        target = write(layer, record, tmp_path / palette)
        assert {file.suffix for file in target.iterdir()} == {".html", ".json", ".svg"}


def test_a_notebook_needs_a_layer_only() -> None:
    layer = make_layer([shapely.Point(116, 0)], layer_name="uji <b>")
    chart = preview(layer)
    assert isinstance(chart, folium.Map)
    shown = chart._repr_html_()
    assert "uji &amp;amp;lt;b" in shown or "uji &amp;lt;b" in shown
    bare = Layer("", layer.frame, layer.crs, (), None)
    assert isinstance(preview(bare, language="en"), folium.Map)
    typed = Layer("x", layer.frame, layer.crs, (Field("tidak ada", "string"),), "Point")
    assert isinstance(preview(typed), folium.Map)


def test_the_land_of_the_region_lies_under_points_and_is_credited(tmp_path: Path) -> None:
    layer = make_layer([shapely.Point(116.2, 0.1), shapely.Point(117.2, -0.6)], nama=["a", "b"])
    ground = read_ground(ROOT / "config/ground.geojson")
    page = (write(layer, Record(title=LocalText.of("Titik")), tmp_path, ground=ground) / "preview.id.html").read_text()
    assert '"pane": "land"' in page
    assert "peta dasar: data contoh (sintetis)" in page
    assert '"pane": "around"' in page and '"pane": "shade"' in page


def test_both_languages_have_the_same_texts() -> None:
    keys = [set(catalogue("maps", language)._catalog) for language in LANGUAGES]  # type: ignore[union-attr]
    assert keys[0] == keys[1] and len(keys[0]) > 30
