import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from geoportal.errors import BadRequest, Unavailable
from geoportal.ingest import sandbox
from geoportal.ingest.processes import ForkServer
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, children_of, rules
from tests.processes import ROOT

VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
BAD = str(Path(__file__).with_name("bad_jobs.py"))


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """``bad("segfault")``: from now on the child does that instead of its job."""
    servers: list[ForkServer] = []

    def replace(job: str) -> ForkServer:
        servers.append(ForkServer((BAD, job)))
        monkeypatch.setattr(sandbox, "_server", servers[-1])
        return servers[-1]

    yield replace
    for server in servers:
        server.close()


def test_a_good_file_comes_back_as_report_and_layer(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.geojson(tmp_path / "desa.geojson", makers.point(nama="Loa Kulu"))
    report, staged = inspect(path)
    assert report.verdict is Verdict.ACCEPT
    assert staged is not None and staged.path.name == "layer.gpkg"
    assert staged.summary.name == "desa" and staged.summary.features == 1
    assert staged.source.read_bytes() == path.read_bytes()


def test_the_same_file_gives_the_same_bytes(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg", makers.frame(500))
    first, second = (inspect(path)[1] for _ in range(2))
    assert first is not None and second is not None and first.digest == second.digest
    assert first.path.read_bytes() == second.path.read_bytes()


def test_nothing_is_staged_when_nothing_is_to_be_written(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(makers.geopackage(tmp_path / "a.gpkg"), write=False)
    assert report.verdict is Verdict.ACCEPT and staged is None


def test_the_officer_gives_a_missing_reference_system(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.zipped_shapefile(tmp_path, leave_out=(".prj",))
    report, staged = inspect(path)
    assert "crs-missing" in rules(report) and staged is None
    report, staged = inspect(path, crs="epsg:32750")
    assert "crs-missing" not in rules(report)
    assert staged is not None and staged.summary.crs == "EPSG:32750"


def test_a_stated_reference_system_is_not_overruled(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg")
    report, staged = inspect(path, crs="EPSG:23837")
    assert rules(report)["crs-conflict"] == {"stated": "EPSG:32750", "given": "EPSG:23837"}
    assert staged is None
    report, staged = inspect(path, crs="EPSG:32750")
    assert "crs-conflict" not in rules(report) and staged is not None


def test_a_reference_system_that_does_not_exist_is_a_bad_request(tmp_path: Path, inspect: Inspect) -> None:
    with pytest.raises(BadRequest):
        inspect(makers.geopackage(tmp_path / "a.gpkg"), crs="EPSG:1")


def test_several_layers_are_all_checked_and_none_is_chosen_for_the_officer(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg", layer="desa")
    makers.geopackage(path, makers.frame(2), layer="jalan", append=True)
    report, staged = inspect(path)
    assert [(layer.name, layer.features) for layer in report.layers] == [("desa", 3), ("jalan", 2)]
    assert rules(report)["layers-several"] == {"names": ["desa", "jalan"]} and staged is None
    report, staged = inspect(path, layer="jalan")
    assert [layer.name for layer in report.layers] == ["jalan"] and "layers-several" not in rules(report)
    assert staged is not None and staged.summary.features == 2
    report, staged = inspect(path, layer="sungai")
    assert rules(report)["layer-not-found"]["names"] == ["desa", "jalan"] and staged is None


@pytest.mark.parametrize(
    ("job", "rule", "limits"),
    [
        ("segfault", "source-crashed", {}),
        ("killed", "source-crashed", {}),
        ("garbage", "source-crashed", {}),
        ("unknown_rule", "source-crashed", {}),
        ("lying_count", "source-crashed", {}),
        ("link_as_output", "source-crashed", {}),
        ("hang", "source-too-slow", {"wall_s": 1}),
        ("spin", "source-too-slow", {"cpu_s": 1}),
        ("flood", "source-too-large", {}),
        ("hog", "source-too-large", {}),
    ],
)
def test_an_accident_is_a_report(
    job: str, rule: str, limits: dict[str, int], tmp_path: Path, bad: object, inspect: Inspect
) -> None:
    server = bad(job)  # type: ignore[operator]
    path = makers.geojson(tmp_path / "a.geojson", makers.point())
    started = time.monotonic()
    report, staged = inspect(path, limits=limits)
    assert set(rules(report)) == {rule} and report.verdict is Verdict.REJECT and staged is None
    assert time.monotonic() - started < 30
    assert not list(tmp_path.glob("staging-*/layer.gpkg"))
    assert server.pid is not None and _eventually(lambda: children_of(server.pid) == [])


def test_the_server_has_one_thread_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inspect: Inspect
) -> None:
    sandbox.close()
    monkeypatch.setenv("GEOPORTAL_SECRET", "rahasia")
    monkeypatch.setenv("PROJ_DATA", "/nowhere")
    report, _ = inspect(makers.geojson(tmp_path / "a.geojson", makers.point()))
    assert report.verdict is Verdict.ACCEPT
    process = Path(f"/proc/{sandbox._server.pid}")
    assert len(list((process / "task").iterdir())) == 1
    environment = (process / "environ").read_bytes()
    assert b"rahasia" not in environment and b"/nowhere" not in environment


def test_a_killed_server_is_started_again(tmp_path: Path, inspect: Inspect) -> None:
    path = makers.geojson(tmp_path / "a.geojson", makers.point())
    inspect(path)
    pid = sandbox._server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    report, _ = inspect(path)
    assert report.verdict is Verdict.ACCEPT and sandbox._server.pid not in (None, pid)


def test_a_server_that_cannot_start_is_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inspect: Inspect
) -> None:
    monkeypatch.setattr(sandbox, "_server", ForkServer(("-c", "raise SystemExit(3)")))
    with pytest.raises(Unavailable):
        inspect(makers.geojson(tmp_path / "a.geojson", makers.point()))


def test_many_threads_share_one_server(tmp_path: Path, inspect: Inspect) -> None:
    paths = [makers.geojson(tmp_path / f"{n}.geojson", *[makers.point()] * (n + 1)) for n in range(6)]
    found: dict[int, int] = {}

    def look(number: int) -> None:
        report, _ = inspect(paths[number])
        found[number] = report.layers[0].features

    threads = [threading.Thread(target=look, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {n: n + 1 for n in range(6)}


def test_a_grandchild_dies_with_the_child() -> None:
    server = ForkServer((BAD, "grandchild"))
    try:
        assert server.ask(b"", 10, 100).answer == b"done"
        assert server.pid is not None and _eventually(lambda: children_of(server.pid) == [])
        assert _eventually(lambda: not _runs("bad_jobs.py", but=server.pid))
    finally:
        server.close()


def test_kill_9_of_the_parent_leaves_nobody(tmp_path: Path) -> None:
    script = (
        "import sys, threading, time\n"
        "from geoportal.ingest.processes import ForkServer\n"
        f"server = ForkServer(({BAD!r}, 'hang'))\n"
        "threading.Thread(target=server.ask, args=(b'', 500, 100)).start()\n"
        "while server.pid is None: time.sleep(0.01)\n"
        "print(server.pid, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert _eventually(lambda: len(children_of(server)) == 1)
        (child,) = children_of(server)
        parent.kill()
    assert _eventually(lambda: not Path(f"/proc/{server}").exists() and not Path(f"/proc/{child}").exists())


def test_the_walls(tmp_path: Path, canary: tuple[int, list[bytes]]) -> None:
    port, visits = canary
    for name in ("source", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "source" / "file").write_bytes(b"source")
    (tmp_path / "secret").write_bytes(b"secret")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        server = ForkServer((BAD, "locked"))
        try:
            request = {"folder": str(tmp_path), "port": port, "unix": str(tmp_path / "socket")}
            ending = server.ask(json.dumps(request).encode(), 30, 10000)
        finally:
            server.close()
    said = json.loads(ending.answer)
    assert said["allowed"] == {"read the source": True, "write to work": True}
    if "landlock" not in said["held"] or "seccomp" not in said["held"]:
        pytest.skip(f"only {said['held']} can be had here")
    assert said["worked"] == []
    assert visits == []


def test_a_linked_reference_system_makes_no_request(
    tmp_path: Path, canary: tuple[int, list[bytes]], inspect: Inspect
) -> None:
    port, visits = canary
    link = {"type": "link", "properties": {"href": f"http://127.0.0.1:{port}/crs", "type": "ogcwkt"}}
    (tmp_path / "files").mkdir()
    top = makers.geojson(tmp_path / "files" / "top.geojson", makers.point(), crs=link)
    geometry = {"type": "Point", "coordinates": [117, 0], "crs": link}
    inner = makers.geojson(tmp_path / "files" / "inner.geojson", makers.feature(geometry))
    shouted = makers.geojson(tmp_path / "files" / "shouted.geojson", makers.point(), CRS=link)
    for path in (top, inner, shouted):
        report, staged = inspect(path)
        assert rules(report)["source-unsafe"]["reason"] == "link-crs" and staged is None
    assert visits == []

    server = ForkServer((BAD, "linked_crs"))  # and without our own look at the file
    try:
        request = {"folder": str(tmp_path / "files"), "files": ["top.geojson", "inner.geojson"]}
        ending = server.ask(json.dumps(request).encode(), 60, 100000)
    finally:
        server.close()
    assert json.loads(ending.answer)["drivers"] == ["GeoJSON", "GPKG"]
    assert visits == []

    code = f"from pyogrio.raw import read_arrow; read_arrow({str(top)!r})"  # the canary is alive: unguarded, GDAL comes
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
    assert visits and visits[0].startswith(b"GET /crs")


def test_another_driver_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "vrt.geojson").write_text(VRT.format(tmp_path / "other.csv"))
    makers.geojson(tmp_path / "good.geojson", makers.point())
    server = ForkServer((BAD, "linked_crs"))
    try:
        request = {"folder": str(tmp_path), "files": ["vrt.geojson", "other.csv", "good.geojson"]}
        said = json.loads(server.ask(json.dumps(request).encode(), 60, 100000).answer)["said"]
    finally:
        server.close()
    assert said == {"vrt.geojson": "DataSourceError", "other.csv": "DataSourceError", "good.geojson": 1}


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "zip", "json", "shp"])
@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (VRT.format("/etc/passwd"), "format-not-supported"),
        ("<VRTDataset rasterXSize='1' rasterYSize='1'/>", "format-not-supported"),
        ('{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}', "source-unsafe"),
        ("<OGRWFSDataSource><URL>http://127.0.0.1/</URL></OGRWFSDataSource>", "format-not-supported"),
        ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><kml>&e;</kml>", "source-unsafe"),
        ("#!/bin/sh\nexit 1\n", "format-not-supported"),
    ],
)  # fmt: skip
def test_a_disguise_is_seen_through(content: str, rule: str, suffix: str, tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / f"file.{suffix}"
    path.write_text(content)
    report, staged = inspect(path)
    assert set(rules(report)) == {rule} and staged is None
    assert "root:" not in json.dumps(report.as_dict())


def test_only_regular_files_of_sensible_size_are_taken_in(tmp_path: Path, inspect: Inspect) -> None:
    os.mkfifo(tmp_path / "pipe.geojson")
    for path in (tmp_path, tmp_path / "pipe.geojson", Path("/dev/zero"), tmp_path / "missing.geojson"):
        report, staged = inspect(path)
        assert set(rules(report)) == {"source-unreadable"} and staged is None
    large = tmp_path / "large.geojson"
    with large.open("wb") as stream:
        stream.truncate(3 << 20)
    report, _ = inspect(large, limits={"max_mb": 2})
    assert rules(report) == {"source-too-large": {"reason": "file", "limit_mb": 2}}


def test_a_loose_shapefile_brings_its_parts(tmp_path: Path, inspect: Inspect) -> None:
    shp = makers.shapefile(tmp_path / "data", "Batas Desa")
    (shp.parent / "Batas Desa.xlsx").write_bytes(b"not a part")
    report, staged = inspect(shp)
    assert report.verdict is Verdict.ACCEPT
    assert staged is not None and staged.summary.name == "Batas Desa" and staged.summary.crs == "EPSG:32750"
    assert staged.source.suffix == ".zip"


def test_memory_is_limited_in_the_real_child(tmp_path: Path, inspect: Inspect) -> None:
    body = json.dumps({"type": "MultiPoint", "coordinates": [[117.0, 0.0]] * 1_000_000})
    path = tmp_path / "large.geojson"
    path.write_text(
        f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{}}, "geometry": {body}}}]}}'
    )
    report, staged = inspect(path, limits={"memory_mb": 256})
    assert set(rules(report)) == {"source-too-large"}, rules(report)
    assert staged is None


def _eventually(condition: object, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def _runs(script: str, but: int) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != but:
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if script.encode() in line and b"grandchild" in line:
                return True
    return False
