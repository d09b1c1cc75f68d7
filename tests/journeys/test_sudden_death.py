"""kill -9 of the command line, its child or the server, at any moment: the node comes back with whole versions, and
loses none.

A version is acknowledged when the command that kept it exits with 0. After each death the node is started again and
asked.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil

from tests.journeys.test_live_publishing import ask
from tests.processes import PROGRAM, ROOT, ServedNode, environment, of_session, run_cli, start

CYCLES = int(os.environ.get("SUDDEN_DEATHS", "24"))
SEED = 6402


def layer(path: Path, features: int) -> Path:
    """A file with that many points; the number tells the versions apart."""
    content = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"n": n, "of": features},
                "geometry": {"type": "Point", "coordinates": [116 + n / 1000, -0.5]},
            }
            for n in range(features)
        ],
    }
    path.write_text(json.dumps(content))
    return path


class Victim:
    """The command of an officer: submit, then publish; in a session of its own so that its children can be found."""

    def __init__(self, data: Path, source: Path) -> None:
        line = f'"{PROGRAM}" submit --json --dataset d "{source}" && "{PROGRAM}" publish --json d'
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env=environment(data),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self, what: str, choice: random.Random) -> bool:
        """Kill the command, or one of its children; False when there was nothing left to kill."""
        family = [p for p in of_session(self.process.pid) if p.pid != self.process.pid]
        if not family:
            return False
        victim = choice.choice(family[1:]) if what == "child" and len(family) > 1 else family[0]
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
            return True
        return False

    def wait(self) -> tuple[int, list[dict]]:
        """The exit code, and the versions that were acknowledged before the end."""
        out, err = self.process.communicate(timeout=60)
        assert "Traceback" not in err, err
        acknowledged, decoder = [], json.JSONDecoder()
        while out.strip():
            with contextlib.suppress(ValueError):
                document, end = decoder.raw_decode(out.lstrip())
                if "error" not in document:  # a child that was killed is told as an error: nothing was promised
                    acknowledged.append(document)
                out = out.lstrip()[end:]
                continue
            break
        left = of_session(self.process.pid)
        deadline = time.monotonic() + 5
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = of_session(self.process.pid)
        assert not left, f"left behind: {left}"
        return self.process.returncode, acknowledged


def serving_now(node: ServedNode) -> int:
    """How many features the node shows, having checked that each of them is of one and the same version."""
    status, body = ask(node.url, "/ogc/collections/d/items?limit=1000")
    assert status == 200, body
    kinds = {feature["properties"]["of"] for feature in body["features"]}
    assert kinds == {body["numberMatched"]} == {len(body["features"])}
    return body["numberMatched"]


def test_no_acknowledged_version_is_lost(tmp_path: Path):
    choice = random.Random(SEED)
    data = tmp_path / "data"
    node = start(data, workers=2)
    try:
        begun = time.monotonic()
        victim = Victim(data, layer(tmp_path / "first.geojson", 5))
        code, acknowledged = victim.wait()
        duration = time.monotonic() - begun
        assert (code, len(acknowledged)) == (0, 2)
        shown, inside = {5}, 0
        versions = {acknowledged[0]["version"]: 5}
        published = 1
        for cycle in range(CYCLES):
            features = 6 + cycle
            what = choice.choice(["command", "child", "server"])
            victim = Victim(data, layer(tmp_path / f"{cycle}.geojson", features))
            moment = choice.uniform(0, duration)
            timer = threading.Event()
            timer.wait(moment)
            if what == "server":
                inside += victim.process.poll() is None
                node.process.kill()
                node.process.wait(10)
                code, acknowledged = victim.wait()
                node = start(data, workers=2)
            else:
                inside += victim.kill(what, choice)
                code, acknowledged = victim.wait()
            for document in acknowledged:
                versions.setdefault(document["version"], features)
                if "published_at" in document:
                    published = document["version"]
            listed = json.loads(run_cli("show", "d", "--json", data=data).stdout)
            known = {version["version"]: version["features"] for version in listed["versions"]}
            assert versions.items() <= known.items(), "an acknowledged version is gone"
            assert listed["published_version"] >= published
            shown.add(features)
            assert serving_now(node) == known[listed["published_version"]]
            versions = known
            published = listed["published_version"]
        doctor = json.loads(run_cli("doctor", "--json", data=data).stdout)
        state = {check["check"]: check["ok"] for check in doctor["checks"]}
        assert state["register"] and state["versions"] and state["builds"], doctor
        print(f"{CYCLES} deaths, {inside} inside the command, {len(versions)} versions kept")
        assert inside >= 0.6 * CYCLES
    finally:
        if node.process.poll() is None:
            node.stop()
