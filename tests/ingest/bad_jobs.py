"""Fork servers whose child misbehaves: ``ForkServer((this file, "segfault"))``. Run by the tests of the sandbox,
never by the product.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geoportal.ingest import forkserver, lockdown


def segfault(request: bytes) -> bytes:
    ctypes.string_at(0)
    return b""


def killed(request: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def hang(request: bytes) -> bytes:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(1000)
    return b""


def spin(request: bytes) -> bytes:
    lockdown.limit_resources(
        lockdown.Limits(memory=8 << 30, file_size=1 << 30, cpu_s=json.loads(request)["limits"]["cpu_s"])
    )
    while True:
        pass


def flood(request: bytes) -> bytes:
    return b" " * (200 << 20)


def garbage(request: bytes) -> bytes:
    return b"\x80\x04K\x01."  # a pickle


def unknown_rule(request: bytes) -> bytes:
    finding = {
        "rule": "<script>",
        "severity": "info",
        "element": "usability",
        "layer": None,
        "count": 1,
        "intake": None,
    }
    finding |= {"params": {}, "occurrences": [], "occurrences_total": 1}
    report = {"verdict": "accept", "gate": None, "spec": None, "layers": [], "findings": [finding], "checked": []}
    return json.dumps({"report": report, "written": None}).encode()


def lying_count(request: bytes) -> bytes:
    layer = {"name": "x", "features": "<b>1</b>", "crs": None, "extent": None, "geometry_type": None, "fields": []}
    report = {"verdict": "accept", "gate": None, "spec": None, "layers": [layer], "findings": [], "checked": []}
    return json.dumps({"report": report, "written": None}).encode()


def link_as_output(request: bytes) -> bytes:
    staging = Path(json.loads(request)["staging"])
    (staging / "out" / "layer.gpkg").symlink_to("/etc/passwd")
    layer = {"name": "x", "features": 1, "crs": "EPSG:4326", "extent": None, "geometry_type": "Point", "fields": []}
    report = {"verdict": "accept", "gate": None, "spec": None, "layers": [layer], "findings": [], "checked": []}
    return json.dumps({"report": report, "written": "x"}).encode()


def grandchild(request: bytes) -> bytes:
    if os.fork() == 0:
        time.sleep(1000)
        os._exit(0)
    return b"done"


def hog(request: bytes) -> bytes:
    lockdown.limit_resources(lockdown.Limits(memory=1 << 30, file_size=1 << 30, cpu_s=50))
    try:
        kept = [bytearray(64 << 20) for _ in range(1000)]
    except MemoryError:
        kept = []
        return json.dumps({"failure": "memory"}).encode()
    return str(len(kept)).encode()


def locked(request: bytes) -> bytes:
    """Locks itself as the product does, then tries to get out: which attempts worked."""
    asked = json.loads(request)
    folder, port = Path(asked["folder"]), asked["port"]
    limits = lockdown.Limits(memory=8 << 30, file_size=1 << 20, cpu_s=50)
    held = lockdown.lock_down([folder / "source"], [folder / "work"], limits)

    def connect(kind: socket.SocketKind, family: int = socket.AF_INET) -> None:
        with socket.socket(family, kind) as out:
            out.connect(("127.0.0.1", port) if family == socket.AF_INET else asked["unix"])
            out.send(b"x")

    attempts: dict[str, Callable[[], Any]] = {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "list /": lambda: list(Path("/").iterdir()),
        "list the folder above": lambda: list(folder.iterdir()),
        "read beside": lambda: (folder / "secret").read_bytes(),
        "read by link": lambda: (folder / "work" / "link").read_bytes(),
        "write beside": lambda: (folder / "written").write_bytes(b"x"),
        "write the source": lambda: (folder / "source" / "file").write_bytes(b"x"),
        "write too much": lambda: (folder / "work" / "large").write_bytes(bytes(2 << 20)),
        "tcp": lambda: connect(socket.SOCK_STREAM),
        "udp": lambda: connect(socket.SOCK_DGRAM),
        "unix socket": lambda: connect(socket.SOCK_STREAM, socket.AF_UNIX),
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "kill the server": lambda: os.kill(os.getppid(), 0),
        "raise a limit": lambda: __import__("resource").setrlimit(7, (4096, 4096)),
    }
    (folder / "work" / "link").symlink_to("/etc/passwd")
    worked = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except (OSError, ValueError, subprocess.SubprocessError):
            continue
        worked.append(name)
    allowed = {
        "read the source": (folder / "source" / "file").read_bytes() == b"source",
        "write to work": (folder / "work" / "small").write_bytes(b"x") == 1,
    }
    return json.dumps({"held": sorted(held), "worked": worked, "allowed": allowed}).encode()


def linked_crs(request: bytes) -> bytes:
    """Opens a file with GDAL's GeoJSON driver, past our own look at it: only the walls stand between the link and the
    network.
    """
    from pyogrio.raw import read_arrow

    from geoportal.ingest import gdal

    asked = json.loads(request)
    folder = Path(asked["folder"])
    lockdown.lock_down([folder], [], lockdown.Limits(memory=8 << 30, file_size=1 << 20, cpu_s=50))
    gdal.keep_drivers({"GeoJSON", "GPKG"})
    said = {}
    for name in asked["files"]:
        try:
            said[name] = read_arrow(str(folder / name))[1].num_rows
        except Exception as error:
            said[name] = type(error).__name__
    return json.dumps({"said": said, "drivers": gdal.drivers()}).encode()


if __name__ == "__main__":
    if sys.argv[1] == "linked_crs":
        import pyogrio.raw  # noqa: F401  (nothing can be imported after the lock)

        from geoportal.ingest import gdal

        gdal.drivers()
    with socket.socket(fileno=int(sys.argv[2])) as control:
        control.send(b"ready")
        forkserver.serve(control, globals()[sys.argv[1]])
