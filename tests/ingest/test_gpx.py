import json
from pathlib import Path

import pandas as pd
import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest.conftest import Inspect, rules


def gpx(path: Path, body: str) -> Path:
    head = '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
    path.write_text(f"{head}<metadata><name>x</name></metadata>{body}</gpx>", "utf-8")
    return path


def point(tag: str, lat: float | str, lon: float | str, inner: str = "") -> str:
    return f'<{tag} lat="{lat}" lon="{lon}">{inner}</{tag}>'


def track(*segments: str) -> str:
    return "<trk><name>Patroli</name>" + "".join(f"<trkseg>{points}</trkseg>" for points in segments) + "</trk>"


TIMED = "".join(
    point("trkpt", -0.5 - n / 10, 117, f"<ele>{n}.5</ele><time>2024-01-31T08:0{n}:00Z</time>") for n in range(3)
)


def test_waypoints_with_all_they_say(tmp_path: Path) -> None:
    body = point(
        "wpt",
        -0.4212345678901234,
        116.98765432109876,
        """<ele>12.5</ele><time>2024-01-31T08:00:00Z</time><name>Posko &amp; gudang</name><sym>Flag</sym><sat>7</sat>
        <link href="https://contoh.id/1"><text>Foto</text></link><link href="https://contoh.id/2"/>
        <extensions><g:E xmlns:g="urn:g"><g:Depth>3</g:Depth><g:Cat>A</g:Cat><g:Cat>B</g:Cat></g:E></extensions>""",
    )
    layer = read_layer(gpx(tmp_path / "a.gpx", body + point("wpt", 1, 2)))
    first = layer.frame.iloc[0]
    assert (first.geometry.x, first.geometry.y) == (116.98765432109876, -0.4212345678901234)
    assert first["ele"] == 12.5 and first["sat"] == 7 and first["name"] == "Posko & gudang"
    assert first["time"] == pd.Timestamp("2024-01-31T08:00:00Z") and first["link_text"] == "Foto"
    assert json.loads(first["link"]) == ["https://contoh.id/1", "https://contoh.id/2"]
    assert first["E_Depth"] == "3" and json.loads(first["E_Cat"]) == ["A", "B"]
    assert layer.crs == "EPSG:4326" and layer.notes == () and layer.geometry_type == "Point"


def test_empty_kinds_are_left_out_and_points_wait_until_asked_for(tmp_path: Path, inspect: Inspect) -> None:
    path = gpx(tmp_path / "a.gpx", track(TIMED))
    report, staged = inspect(path)
    assert staged is not None and report.verdict is Verdict.ACCEPT
    assert [layer.name for layer in report.layers] == ["tracks"]
    assert rules(report)["track-points-apart"] == {"layer": "track_points"}
    report, staged = inspect(path, layer="track_points")
    assert staged is not None and report.layers[0].features == 3
    layer = read_layer(path, layer="track_points")
    assert layer.frame["time"].tolist()[1] == pd.Timestamp("2024-01-31T08:01:00Z")
    assert layer.frame[["track", "segment", "point"]].to_numpy().tolist() == [[1, 1, 1], [1, 1, 2], [1, 1, 3]]
    assert layer.frame["ele"].tolist() == [0.5, 1.5, 2.5]


def test_points_that_say_nothing_of_their_own_are_no_layer(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", track(point("trkpt", 1, 2) + point("trkpt", 3, 4)))
    assert [source.name for source in find_sources(path, tmp_path)] == ["tracks"]
    assert read_layer(path).notes == ()


def test_tracks_routes_heights_and_short_segments(tmp_path: Path, inspect: Inspect) -> None:
    route = "<rte><name>R</name>" + point("rtept", 0, 1) + point("rtept", 1, 2) + "</rte>"
    partial = point("trkpt", 0, 0, "<ele>5</ele>") + point("trkpt", 1, 1)
    path = gpx(tmp_path / "a.gpx", route + track(TIMED) + track(TIMED, point("trkpt", 9, 9)) + track(partial))
    report, _ = inspect(path)
    assert [(layer.name, layer.features) for layer in report.layers] == [("routes", 1), ("tracks", 3)]
    assert rules(report)["content-not-kept"]["things"] == {"short-segments": 1, "partial-heights": 1}
    layer = read_layer(path, layer="tracks")
    assert [shape.wkt for shape in layer.frame.geometry][::2] == [
        "MULTILINESTRING Z ((117 -0.5 0.5, 117 -0.6 1.5, 117 -0.7 2.5))",
        "MULTILINESTRING ((0 0, 1 1))",
    ]
    assert read_layer(path, layer="routes").frame.geometry[0].wkt == "LINESTRING (1 0, 2 1)"


def test_an_empty_track_stays_a_feature(tmp_path: Path) -> None:
    layer = read_layer(gpx(tmp_path / "a.gpx", "<trk><name>kosong</name></trk>" + track(TIMED)), layer="tracks")
    assert [shape.is_empty for shape in layer.frame.geometry] == [True, False]


@pytest.mark.parametrize(("lat", "lon"), [("x", "1"), ("", "1"), ("1_0", "2")])
def test_a_point_without_place_is_named(lat: str, lon: str, tmp_path: Path) -> None:
    layer = read_layer(gpx(tmp_path / "a.gpx", point("wpt", lat, lon) + point("wpt", 1, 2)))
    assert layer.frame.geometry[0] is None and dict(layer.notes)["reader-message"]["features"] == ["1"]
    whole = track(point("trkpt", lat, lon) + point("trkpt", 1, 2))
    layer = read_layer(gpx(tmp_path / "b.gpx", whole + track(TIMED)), layer="tracks")
    assert layer.frame.geometry.isna().tolist() == [True, False]


@pytest.mark.parametrize("lat", ["nan", "Infinity", "1e999"])
def test_what_is_no_number_is_refused(lat: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        find_sources(gpx(tmp_path / "a.gpx", point("wpt", lat, 1)), tmp_path)
    assert note_of(caught.value) == ("source-unsafe", {"reason": "not-a-number"})


def test_nothing_in_it_and_a_document_type(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        find_sources(gpx(tmp_path / "a.gpx", ""), tmp_path)
    assert note_of(caught.value)[0] == "no-layer"
    bad = tmp_path / "b.gpx"
    bad.write_text('<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx>&x;</gpx>')
    with pytest.raises(UnreadableSource) as caught:
        find_sources(bad, tmp_path)
    assert note_of(caught.value) == ("source-unsafe", {"reason": "doctype"})
