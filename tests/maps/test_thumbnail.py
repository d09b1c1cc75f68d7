from __future__ import annotations

import json
import re
from pathlib import Path
from xml.dom.minidom import parseString

import geopandas
import numpy as np
import pytest
import shapely

from geoportal.catalogue.declaration import read_declaration
from geoportal.maps.ground import read_ground
from geoportal.maps.svg import PHONE, areas_path, dots_path, lines_path
from geoportal.maps.thumbnail import write_thumbnail
from geoportal.model.layer import Layer
from geoportal.model.record import Record, Style
from geoportal.model.text import LocalText
from tests.factories import make_layer, squares
from tests.maps.payloads import PAYLOADS, hostile_layer, hostile_record
from tests.processes import ROOT

DEMONSTRATION = ("kecamatan", "desa", "ibu_kota_kecamatan", "aset_daerah_contoh", "lokasi_izin_contoh")
DRAWN = {"svg", "g", "path", "text"}


def check(target: Path) -> tuple[str, str]:
    """Both pictures: light, well-formed, without anything that runs or refers to another file."""
    pictures = []
    for name, size, most in (("map.svg", (764, 520), 60_000), ("thumb.svg", (192, 132), 6_000)):
        written = (target / name).read_bytes()
        assert len(written) <= most
        tree = parseString(written).documentElement
        assert (tree.getAttribute("width"), tree.getAttribute("height")) == tuple(map(str, size))
        for element in [tree, *tree.getElementsByTagName("*")]:
            if element.tagName == "style":
                assert element.toxml() == PHONE
                continue
            assert element.tagName in DRAWN
            for attribute, _ in element.attributes.items():
                assert not re.match(r"on|style|href|xlink|id$", attribute)
                assert "url(" not in element.getAttribute(attribute)
        pictures.append(written.decode())
    return pictures[0], pictures[1]


def read(name: str) -> tuple[Layer, Record]:
    folder = ROOT / "datasets" / name
    declared = read_declaration(folder)
    frame = geopandas.read_file(folder / declared.source)
    return Layer(name, frame, frame.crs.to_wkt(), (), frame.geom_type.iloc[0]), declared.record()


@pytest.mark.parametrize("name", DEMONSTRATION)
def test_the_demonstration_datasets_are_drawn_within_their_weight(tmp_path: Path, name: str) -> None:
    write_thumbnail(*read(name), tmp_path, ground=read_ground(ROOT / "config/ground.geojson"))
    large, _ = check(tmp_path)
    legend = json.loads((tmp_path / "legend.json").read_text("utf-8"))
    assert set(legend) == {"id", "en"}
    for entry in legend["id"]["entries"]:
        assert f'"{entry["colour"]}"' in large
        assert isinstance(entry["count"], int) and entry["label"]
    assert legend["id"]["chip"] == "Data contoh (sintetis)"


def test_the_names_of_few_areas_are_drawn_and_those_of_many_are_not(tmp_path: Path) -> None:
    write_thumbnail(*read("kecamatan"), tmp_path)
    large, small = check(tmp_path)
    names = re.findall(r"<text [^>]*>([^<]+)</text>", large)
    assert {"Tabang", "Kenohan", "Anggana"} <= set(names)
    assert "<text" not in small
    many = make_layer(squares(8, 8), nama=[f"Desa {n}" for n in range(64)])
    write_thumbnail(many, Record(title=LocalText.of("x"), label="nama"), tmp_path)
    assert "Desa" not in check(tmp_path)[0]


def test_hostile_names_are_text(tmp_path: Path) -> None:
    areas = [shapely.box(115 + n, -1, 116 + n, 1) for n in range(6)]
    layer = make_layer(areas, nama=["<script>x()", "a&b<c>\"'", "${x}", "{{7*7}}", "]]>", "\u202eabc"])
    write_thumbnail(layer, Record(title=LocalText.of("x"), label="nama"), tmp_path)
    drawn = [
        "".join(node.data for node in text.childNodes)
        for text in parseString(check(tmp_path)[0]).getElementsByTagName("text")
    ]
    assert {"<script>x()", "a&b<c>\"'", "${x}", "{{7*7}}", "]]>", "⟨U+202E⟩abc"} <= set(drawn)
    write_thumbnail(hostile_layer(), hostile_record(), tmp_path)
    check(tmp_path)
    legend = json.loads((tmp_path / "legend.json").read_text("utf-8"))
    assert legend["id"]["entries"][0]["label"].startswith(PAYLOADS[0])


@pytest.mark.parametrize(
    "layer",
    [
        make_layer([]),
        make_layer([None]),
        make_layer(None, None, a=[1]),
        make_layer([shapely.Point(116, 0)], None),
        make_layer([shapely.Point(116, 0)]),
        make_layer([shapely.box(-180, -90, 180, 90)]),
        make_layer(["POLYGON((0 0,0 0,0 0,0 0))", "POLYGON((0 0,1 0,0 0,0 0))", "POLYGON((5 5,6 6,5 5,5 5))"]),
        make_layer([shapely.multipoints(np.random.default_rng(1).uniform(-1, 1, (60_000, 2)))]),
        make_layer([shapely.LineString(np.random.default_rng(1).uniform(-1, 1, (60_000, 2)))]),
        make_layer(shapely.points(np.random.default_rng(1).uniform(-1, 1, (30_000, 2)))),
        make_layer([shapely.Point(x, y).buffer(0.4) for x in range(60) for y in range(60)]),
    ],
    ids=["empty", "null", "table", "no-crs", "point", "world", "flat", "multipoint", "line", "points", "discs"],
)
def test_no_layer_is_too_odd_or_too_heavy(tmp_path: Path, layer: Layer) -> None:
    write_thumbnail(layer, Record(title=LocalText.of("x")), tmp_path)
    check(tmp_path)


def test_real_villages_fit(tmp_path: Path, shared: Path) -> None:
    frame = geopandas.read_file(shared / "data/real/kukar_desa.geojson")
    layer = Layer("desa", frame, "EPSG:4326", (), "Unknown")
    write_thumbnail(layer, Record(title=LocalText.of("Desa"), style=Style(colour="#0B4F5C")), tmp_path)
    large, _ = check(tmp_path)
    assert large.count("<path") >= 6


def test_paths_are_half_pixels_with_relative_moves() -> None:
    square = np.array([shapely.box(10, 10, 20, 20), shapely.box(30, 10, 40, 20)], dtype=object)
    data = areas_path(square)
    assert re.fullmatch(r"M[\d -]+l[\d -]+zm[\d -]+l[\d -]+z", data)
    assert lines_path(np.array([shapely.LineString([(0, 0), (1, 0), (2, 0), (2, 5)])])) == "M0 0l4 0 0 10"
    assert dots_path(np.array([shapely.Point(1, 1), shapely.Point(1.1, 1), shapely.Point(4, 1)]), 2) == "M2 2h0m6 0h0"
    assert areas_path(np.array([shapely.box(0, 0, 0.1, 0.1)])) == ""
    assert dots_path(np.array([], dtype=object), 1) == ""


def test_a_hole_turns_against_its_area() -> None:
    ring = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [shapely.box(2, 2, 8, 8).exterior])
    turns = []
    for start, rest in re.findall(r"[Mm]([\d -]+)l([\d -]+)z", areas_path(np.array([ring]))):
        del start
        moves = np.array([int(number) for number in re.findall(r"-?\d+", rest)]).reshape(-1, 2)
        corners = np.vstack([[0, 0], np.cumsum(moves, axis=0)])
        x, y = corners[:, 0], corners[:, 1]
        turns.append(np.sign((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()))
    assert sorted(turns) == [-1, 1]
