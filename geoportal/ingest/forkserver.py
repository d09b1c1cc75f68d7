"""A process with a single thread that has imported everything and forks one child a file: 10 ms instead of two seconds.

Started by ``processes.ForkServer`` with one end of a socket. A message brings three pipes: the request (JSON) for the
child, the answer (JSON) from the child, and the status, in which the server says how the child ended. The server
never reads a file and never sees an answer. It ends the whole group of a child at its deadline, when the status pipe
has no reader any more, and when the parent is gone; and it ends with the parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from geoportal.ingest.lockdown import die_with_parent

Job = Callable[[bytes], bytes]
"""What a child does: a request in, an answer out."""

_MESSAGE = 4096
_PARENT_CHECK_S = 1.0
_LOCKDOWN_FAILED = 77


@dataclass(slots=True)
class _Child:
    pid: int
    status: int  # the pipe in which its end is told
    deadline: float
    ended_by: str | None = None


def serve(control: socket.socket, job: Job) -> None:
    """Fork a child for each message on ``control`` until the other end is gone. ``job`` runs in the child, which must
    lock itself.
    """
    parent = os.getppid()
    children: dict[int, _Child] = {}
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGTERM):
        # Ctrl-C goes to the whole terminal; the parent decides, and this process ends with it.
        signal.signal(ignored, signal.SIG_IGN)
    try:
        while os.getppid() == parent:
            poll = select.poll()
            poll.register(control, select.POLLIN)
            poll.register(woken, select.POLLIN)
            for child in children.values():
                poll.register(child.status, 0)  # only POLLERR: nobody waits for this child any more
            now = time.monotonic()
            wait = min([_PARENT_CHECK_S, *(child.deadline - now for child in children.values())])
            ready = dict(poll.poll(max(0.0, wait) * 1000 + 1))
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
            _reap(children)
            for child in children.values():
                if ready.get(child.status, 0) & (select.POLLERR | select.POLLHUP):
                    _end(child, "abandoned")
                elif time.monotonic() >= child.deadline:
                    _end(child, "wall")
            if control.fileno() in ready and not _accept(control, job, children):
                return
    finally:
        for child in children.values():
            _end(child, "parent")


def _accept(control: socket.socket, job: Job, children: dict[int, _Child]) -> bool:
    """Take one message and fork; False when the parent is gone."""
    try:
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE, 3)
    except OSError:
        return False
    if not message:
        return False
    request, answer, status = descriptors
    deadline = time.monotonic() + float(json.loads(message)["wall_s"])
    pid = os.fork()
    if pid == 0:
        _run(control, job, request, answer, [status, *(child.status for child in children.values())])
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # in both processes: whoever comes first
    os.close(request)
    os.close(answer)
    children[pid] = _Child(pid, status, deadline)
    return True


def _run(control: socket.socket, job: Job, request: int, answer: int, others: list[int]) -> None:
    """The child: own group, dies with the server, silent, does its job and exits without any clean-up of the
    server's.
    """
    code = 1
    try:
        server = os.getppid()
        die_with_parent()
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        if os.getppid() != server:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        control.close()
        for descriptor in others:
            os.close(descriptor)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        _prefer_for_oom()
        with os.fdopen(request, "rb") as stream:
            text = stream.read()
        result = job(text)
        with os.fdopen(answer, "wb") as stream:
            stream.write(result)
        code = 0
    except BaseException:  # a forked child never returns into the code of its server
        code = 1
    finally:
        os._exit(code)


def _prefer_for_oom() -> None:
    """When memory runs out, the machine shall end this process and no other."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as stream:  # noqa: PTH123  (before any import of the job)
        stream.write("1000")


def _reap(children: dict[int, _Child]) -> None:
    for pid, child in list(children.items()):
        # Look first, take later: while the dead leader is not taken, its group's number belongs to nobody else.
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            continue
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        said = {
            "exit": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "ended_by": child.ended_by,
            "memory_mb": used.ru_maxrss >> 10,
        }
        with contextlib.suppress(OSError):
            os.write(child.status, json.dumps(said).encode())
        os.close(child.status)
        del children[pid]


def _end(child: _Child, why: str) -> None:
    child.ended_by = child.ended_by or why
    child.deadline = time.monotonic() + _PARENT_CHECK_S  # until it is reaped
    for kill in (os.killpg, os.kill):  # the group may not be made yet
        with contextlib.suppress(OSError):
            kill(child.pid, signal.SIGKILL)


def main() -> None:
    """Run the server on the socket whose number is the first argument."""
    from geoportal.ingest import sandbox

    sandbox.prepare()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        try:
            control.send(b"ready")
        except OSError:  # whoever started this server is gone already: nothing is left to do
            return
        serve(control, sandbox.run_request)


if __name__ == "__main__":
    main()
