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
import time
from pathlib import Path

import psutil

from tests.journeys.test_live_publishing import ask
from tests.processes import PROGRAM, ROOT, ServedNode, environment, of_session, run_cli, start

CYCLES = int(os.environ.get("SUDDEN_DEATHS", "15"))
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
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env=environment(data),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ended_within(self, seconds: float) -> float | None:
        """How long the command took, when it came to its end before that many seconds were over; else None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
            return time.monotonic() - self.begun
        return None

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
        victim = Victim(data, layer(tmp_path / "first.geojson", 5))
        code, acknowledged = victim.wait()
        duration = time.monotonic() - victim.begun
        assert (code, len(acknowledged)) == (0, 2)
        inside, deaths = 0, 0
        versions = {acknowledged[0]["version"]: 5}
        published = 1
        # A death counts when it came inside the command. How long the command takes depends on what else the machine
        # does, and is learnt anew from each that came to its end before its death; those are checked like the others.
        while inside < CYCLES:
            cycle = deaths
            deaths += 1
            assert deaths <= 5 * CYCLES, f"only {inside} of {deaths - 1} deaths came inside the command"
            features = 6 + cycle
            what = choice.choice(["command", "child", "server"])
            victim = Victim(data, layer(tmp_path / f"{cycle}.geojson", features))
            moment = choice.uniform(0, duration)
            took = victim.ended_within(moment)
            if took is not None:
                duration = took
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
            assert serving_now(node) == known[listed["published_version"]]
            versions = known
            published = listed["published_version"]
        doctor = json.loads(run_cli("doctor", "--json", data=data).stdout)
        state = {check["check"]: check["ok"] for check in doctor["checks"]}
        assert state["register"] and state["versions"] and state["builds"], doctor
        print(f"{deaths} deaths, {inside} inside the command, {len(versions)} versions kept")
    finally:
        if node.process.poll() is None:
            node.stop()
