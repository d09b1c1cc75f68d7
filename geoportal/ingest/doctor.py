"""Which of the walls around the ingest child hold on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geoportal

NAMES = ("seccomp", "landlock", "netns")

# Each cut is tried where it is used: in a fresh process with one thread, which ends right after. The sockets are
# tried, not believed.
_TRIAL = """
import json, socket, sys
from pathlib import Path
from geoportal.ingest import lockdown

def connects():
    try:
        with socket.socket() as trial:
            trial.connect(("127.0.0.1", int(sys.argv[2])))
        return True
    except OSError:
        return False

name = sys.argv[1]
cut = {
    "seccomp": lockdown.seccomp,
    "netns": lockdown.leave_network,
    "landlock": lambda: lockdown.landlock(lockdown.readable_folders(), []),
}[name]
said = cut()
hidden = True
if name == "landlock":
    try:
        hidden = not Path("/etc/passwd").read_bytes()
    except OSError:
        hidden = True
print(json.dumps(bool(said and hidden and (name == "landlock" or not connects()))))
"""


def cuts() -> dict[str, bool]:
    """For seccomp, landlock and netns: does it hold here, tried in a process of its own (0.1 s each)."""
    import socket

    root = str(Path(geoportal.__file__).parent.parent)
    held = {}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        for name in NAMES:
            trial = subprocess.run(
                [sys.executable, "-c", _TRIAL, name, port],
                env={"PYTHONPATH": root},
                capture_output=True,
                timeout=60,
                check=False,
            )
            held[name] = trial.returncode == 0 and json.loads(trial.stdout or b"false") is True
    return held
