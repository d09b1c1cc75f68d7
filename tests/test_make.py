"""`make run` as a newcomer types it: what it starts, what it leaves."""

import os
import signal
import subprocess
import time
import urllib.request

from tests.processes import READY_WITHIN_S, ROOT, environment, free_port, of_session


def test_run_again_installs_nothing_and_leaves_nothing(tmp_path):
    port = free_port()
    clean = {name: value for name, value in environment(tmp_path).items() if not name.startswith("GEOPORTAL_")}
    output = tmp_path / "output"
    with output.open("wb") as stream:
        make = subprocess.Popen(
            ["make", "run", f"PORT={port}", f"DATA={tmp_path / 'a node'}", "WORKERS=2"],
            cwd=ROOT,
            env=clean | {"GEOPORTAL_NODE__DEMO": "false"},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + READY_WITHIN_S
        while f"Ready: http://127.0.0.1:{port}" not in output.read_text("utf-8"):
            assert make.poll() is None, output.read_text("utf-8")
            assert time.monotonic() < until, output.read_text("utf-8")
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ogc/collections?f=json", timeout=10) as answer:
            assert answer.status == 200
        assert (tmp_path / "a node" / "register.db").exists(), "DATA was not heeded"
        assert "Installing" not in output.read_text("utf-8")
        os.kill(make.pid, signal.SIGTERM)
        make.wait(20)
        until = time.monotonic() + 3
        while of_session(make.pid) and time.monotonic() < until:
            time.sleep(0.05)
        assert of_session(make.pid) == []
    finally:
        for left in of_session(make.pid):
            left.kill()
        make.wait(5)


def test_make_alone_tells_what_there_is():
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "check", "lock", "assets", "clean", "help"):
        assert f"  {target}\t" in told
