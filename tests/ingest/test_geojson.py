import json
import random
from pathlib import Path
from typing import Any

import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest import geojson
from geoportal.ingest.geojson import Contents, look
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from tests.ingest import makers


def looked(tmp_path: Path, text: str | bytes) -> Contents:
    path = tmp_path / "a.geojson"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return look(path, 500)


def refused(tmp_path: Path, text: str | bytes) -> tuple[str, str | None]:
    with pytest.raises(UnreadableSource) as caught:
        looked(tmp_path, text)
    rule, params = note_of(caught.value)
    return rule, params.get("reason") or params.get("kind")


def collection(*features: Any, **members: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **members})


def test_ids_names_and_keys(tmp_path: Path) -> None:
    text = collection(
        makers.feature(None, {"a": 1, "b": {"c": [1]}}, id=7), makers.feature(None, {"d": 1}, id="x"), name="Desa"
    )
    found = looked(tmp_path, text)
    assert found == Contents("Desa", None, False, 2, ("7", "x"), ("a", "b", "d"))


@pytest.mark.parametrize("ids", [[1, 1], [1, None], ["1", 1], [True, False], [1.5, 2.5]])
def test_ids_count_only_when_complete_and_unique(ids: list[Any], tmp_path: Path) -> None:
    assert looked(tmp_path, collection(*[makers.feature(id=one) for one in ids])).ids is None


@pytest.mark.parametrize(
    ("member", "crs", "unknown"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4755"}}, "urn:ogc:def:crs:EPSG::4755", False),
        ({"type": "EPSG", "properties": {"code": 32750}}, "EPSG:32750", False),
        ("EPSG:9470", "EPSG:9470", False),
        (None, None, True),
        ({"type": "name", "properties": {}}, None, True),
    ],
)
def test_the_old_crs_member(member: Any, crs: str | None, unknown: bool, tmp_path: Path) -> None:
    found = looked(tmp_path, collection(makers.point(), crs=member))
    assert (found.crs, found.crs_unknown) == (crs, unknown)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[" * 100_000 + "]" * 100_000, ("source-unsafe", "nesting")),
        ('{"type":"FeatureCollection","features":[' + '{"a":' * 200, ("source-unsafe", "nesting")),
        (collection(makers.point()).replace("117.0", "NaN"), ("source-unsafe", "not-a-number")),
        (collection(makers.point()).replace("117.0", "-Infinity"), ("source-unsafe", "not-a-number")),
        (collection(makers.point()).replace("117.0", "1e999"), ("source-unsafe", "not-a-number")),
        (collection(makers.point())[:-5], ("source-unreadable", "truncated")),
        (collection(makers.point(nama="x")).replace('"x"', '"x'), ("source-unreadable", "truncated")),
        (collection(makers.point()) + "]", ("source-unreadable", "not-json")),
        (collection(makers.point(), makers.point()).replace("}, {", "} {"), ("source-unreadable", "not-json")),
        (collection(makers.point(), makers.point()).replace("}, {", "}, null, {"), ("source-unreadable", "not-json")),
        (collection(makers.point()).replace("117.0", "117,"), ("source-unreadable", "not-json")),
        (collection(makers.point(nama="Mé")).encode("utf-16"), ("source-unreadable", "encoding")),
        (b'{"type":"Feature","geometry":null,"properties":{"n":"M\xe9"}}', ("source-unreadable", "encoding")),
        ('{"type":"FeatureCollection"}', ("source-unreadable", "no-features")),
        ('{"type":"FeatureCollection","features":{}}', ("source-unreadable", "no-features")),
        ('{"type":"Topology","objects":{}}', ("format-not-supported", "TopoJSON")),
        ('{"type":"gdal_streamed_alg","command_line":"x"}', ("source-unsafe", "gdal-pipeline")),
        ('{"geometryType":"esriGeometryPoint","features":[]}', ("format-not-supported", "Esri JSON")),
        ('{"type":"Feature"}\n{"type":"Feature"}', ("format-not-supported", "GeoJSON text sequence")),
        ('{"a":1}', ("format-not-supported", "JSON")),
        ("[1,2]", ("format-not-supported", "JSON")),
        ('"{"', ("source-unreadable", "not-json")),
    ],
)
def test_what_is_refused(text: str | bytes, answer: tuple[str, str], tmp_path: Path) -> None:
    assert refused(tmp_path, text) == answer


def test_a_link_is_seen_wherever_gdal_would_follow_it(tmp_path: Path) -> None:
    link = {"type": "LINK", "properties": {"href": "http://127.0.0.1/"}}
    nested = {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2], "Crs": link}]}
    for text in (
        collection(crs=link),
        collection(makers.point(), CRS=link),
        collection(makers.feature(nested)),
        collection(makers.feature(crs=link)),
        json.dumps({"type": "Point", "coordinates": [1, 2], "crs": link}),
        collection(crs=link).replace('"crs"', '"\\u0063rs"'),
    ):
        assert refused(tmp_path, text) == ("source-unsafe", "link-crs")
    assert looked(tmp_path, collection(makers.point(crs=link))).features == 1  # an attribute of that name is data


def test_too_many_attributes(tmp_path: Path) -> None:
    text = collection(*[makers.feature(None, {f"k{n}{m}": 1 for m in range(100)}) for n in range(6)])
    with pytest.raises(UnreadableSource) as caught:
        looked(tmp_path, text)
    assert note_of(caught.value) == ("fields-too-many", {"count": 600, "limit": 500})


@pytest.mark.parametrize("chunk", [7, 16, 64])
def test_strings_are_followed_across_the_pieces_of_a_file(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geojson, "_CHUNK", chunk)
    random.seed(6402)
    alphabet = ['"', "\\", "{", "}", "[", "]", ",", " ", "a", "\\\\", "é"]
    for _ in range(60):
        texts = ["".join(random.choices(alphabet, k=random.randint(0, 30))) for _ in range(3)]
        features = [makers.feature(None, {text: text}, id=n) for n, text in enumerate(texts)]
        indent = random.choice([None, 1])
        body = json.dumps({"a": texts[0], "type": "FeatureCollection", "features": features, "z": texts}, indent=indent)
        found = looked(tmp_path, body)
        assert (found.features, found.ids) == (3, ("0", "1", "2"))
        assert found.keys == tuple(dict.fromkeys(texts))


def test_what_the_reader_cannot_keep_is_said(tmp_path):
    path = tmp_path / "unkept.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"big":9007199254740993,"nul":"a\\u0000b","mixed":1},'
        '"geometry":{"type":"Point","coordinates":[116.12345678901234567,0]}},'
        '{"type":"Feature","properties":{"big":-9223372036854775808,"nul":"x","mixed":"y"},'
        '"geometry":{"type":"Point","coordinates":[116,0.1]}}]}'
    )
    from geoportal.ingest.reader import read_layer

    (message,) = [params["message"] for rule, params in read_layer(path).notes if rule == "reader-message"]
    assert "rounded" in message and "big" in message
    assert "NUL" in message and "nul" in message
    assert "several kinds" in message and "mixed" in message


def test_integers_that_are_kept_exactly_are_not_complained_of(tmp_path):
    path = tmp_path / "kept.geojson"
    path.write_text(
        '{"type":"Feature","properties":{"big":9007199254740993},"geometry":{"type":"Point","coordinates":[116,0]}}'
    )
    from geoportal.ingest.reader import read_layer

    layer = read_layer(path)
    assert layer.frame["big"][0] == 9007199254740993
    assert not layer.notes


def test_a_page_of_an_answer_says_that_there_is_more(tmp_path: Path) -> None:
    for key in ("numberMatched", "totalFeatures"):
        layer = read_layer(makers.geojson(tmp_path / "a.geojson", makers.point(), **{key: 500, "numberReturned": 1}))
        assert layer.notes == (("answer-partial", {"held": 1, "matched": 500}),)
    for value in (1, "unknown", None, True):
        assert read_layer(makers.geojson(tmp_path / "b.geojson", makers.point(), numberMatched=value)).notes == ()
