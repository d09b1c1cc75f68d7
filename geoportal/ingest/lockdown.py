"""The walls around the child that opens foreign files: no network, one folder, limits on memory, time and file size.

Three cuts back each other up (STACK 4): seccomp refuses sockets and new programs, landlock leaves a few folders of
the file system, an empty network namespace has nothing to talk to. Containers often refuse one of them; with none of
the three, nothing is read (``LockdownFailed``). No library: plain system calls, so this module stays importable
everywhere and imports nothing that could itself be attacked.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 1, 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = 0b1101  # execute (of shared libraries), read file, read folder
_FILE_RIGHTS = 0b111  # what landlock accepts on a path that is no folder: execute, write, read

# Refused system calls by machine: socket, connect, bind, execve, execveat, ptrace, process_vm_readv/writev,
# io_uring_setup, pidfd_getfd, pidfd_send_signal, kill, bpf, mount, keyctl. abort() uses tgkill, which stays.
_ARCHITECTURES: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (41, 42, 49, 59, 322, 101, 310, 311, 425, 438, 424, 62, 321, 165, 250)),
    "aarch64": (0xC00000B7, (198, 203, 200, 221, 281, 117, 270, 271, 425, 438, 424, 129, 280, 40, 219)),
}


class LockdownFailed(Exception):
    """The machine offers no way to cut the network off a process, so foreign files cannot be opened safely."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: address space and largest file in bytes, processor seconds, open files."""

    memory: int
    file_size: int
    cpu_s: int
    open_files: int = 128


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the process that started it ends (Linux)."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_resources(limits: Limits) -> None:
    """Set the limits of this process; none of them can be raised again."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    # The soft limit ends the process with SIGXCPU, which tells "too slow" from a kill by somebody else.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_size, limits.file_size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave_network() -> bool:
    """Move this process into an empty network namespace. Only a process with a single thread may."""
    if not hasattr(os, "unshare"):
        return False
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except OSError:
        return False
    return True


def landlock(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Leave this process only these parts of the file system, and no TCP; False where the kernel has no landlock."""
    if sys.platform != "linux":
        return False
    libc = _libc()
    libc.syscall.restype = ctypes.c_long
    abi = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if abi < 1:
        return False
    everything = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)) - 1
    # Handled rights: files; TCP bind and connect (abi 4); abstract sockets and signals to the outside (abi 6).
    handled = struct.pack("QQQ", everything, 0b11, 0b11)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    rules = libc.syscall(_LANDLOCK_CREATE, handled, len(handled), 0)
    if rules < 0:
        return False
    try:
        for path, rights in [(p, _READ) for p in readable] + [(p, everything) for p in writable]:
            if not path.exists():
                continue
            parent = os.open(path, os.O_PATH)
            try:
                allowed = rights & (everything if path.is_dir() else _FILE_RIGHTS)
                if libc.syscall(_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", allowed, parent), 0):
                    return False
            finally:
                os.close(parent)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return bool(libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def seccomp() -> bool:
    """Refuse this process sockets, new programs and reaching into other processes; False where the kernel or machine
    cannot.
    """
    known = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    architecture, refused = known
    deny, allow = 0x00050000 | 1, 0x7FFF0000  # EPERM; go on

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    program = [step(0x20, 4), step(0x15, architecture, 1, 0), step(0x06, deny), step(0x20, 0)]
    program += [step(0x35, 0x40000000, 0, 1), step(0x06, deny)]  # the x32 calls have other numbers
    for call in refused:
        program += [step(0x15, call, 0, 1), step(0x06, deny)]
    code = b"".join([*program, step(0x06, allow)])
    buffer = ctypes.create_string_buffer(code, len(code))
    wrapped = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    libc = _libc()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, wrapped, 0, 0) == 0)


def readable_folders() -> list[Path]:
    """What the libraries of this interpreter need to read: themselves, their data, character sets and time zones."""
    folders = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]}
    system = ["/usr/share/zoneinfo", "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom", "/dev/null"]
    return [Path(name) for name in sorted(folders) + system]


def lock_down(readable: Iterable[Path], writable: Iterable[Path], limits: Limits) -> frozenset[str]:
    """Lock this process for good: the first thing that a forked child does. Returns the cuts that hold.

    Raises LockdownFailed when none of seccomp, landlock and the network namespace could be had.
    """
    os.umask(0o077)
    limit_resources(limits)
    held = set()
    # Seccomp is asked for first and set last: it is the cut that is nearly always allowed, but the other two need
    # calls it would refuse.
    if leave_network():
        held.add("netns")
    if landlock([*readable, *readable_folders()], writable):
        held.add("landlock")
    if seccomp():
        held.add("seccomp")
    if not held:
        raise LockdownFailed
    return frozenset(held)
