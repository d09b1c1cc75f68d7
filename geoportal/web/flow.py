"""Long answers at the pace of who reads them.

granian takes the parts of an answer as fast as they are made and keeps them until the client has read them, by ASGI and
by RSGI alike: 2.8 held 1 GB for one client that did not read. A file it reads only as the client does. So a long answer
goes through a pipe that granian reads as a file: what makes it waits while the pipe is full.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

HELD_BYTES = 262_144
"""Up to so many bytes an answer is put together first. More than a pipe takes (64 KiB): when they are through it,
granian has opened it.
"""
OPENED_WITHIN_S = 60.0
"""After that nobody will: the client had gone before."""


class Flow:
    """A pipe to write an answer into, under ``path`` for the server."""

    def __init__(self) -> None:
        """Open both ends. ``closed`` is whether one of them has gone."""
        self._loop = asyncio.get_running_loop()
        self._lost = self._loop.create_future()
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._late: asyncio.TimerHandle | None = self._loop.call_later(OPENED_WITHIN_S, self.close)
        self._waiting: asyncio.Future[None] | None = None
        self.closed = False

    @property
    def path(self) -> str:
        """Where the server finds the pipe."""
        return f"/proc/self/fd/{self._reader}"

    async def write(self, part: bytes) -> None:
        """Write a part when there is room for it; nothing when nobody reads any more."""
        if self.closed:
            await asyncio.sleep(0)  # let the one who makes the parts be told
        left = memoryview(part)
        while left and not self.closed:
            try:
                left = left[os.write(self._writer, left) :]
            except BlockingIOError:
                await self._room()
            except BrokenPipeError:
                self.close()
        if self._late is not None:  # the first part was longer than the pipe: the server has opened it
            self._leave()

    async def _room(self) -> None:
        self._waiting = self._loop.create_future()
        self._loop.add_writer(self._writer, self._waiting.set_result, None)
        try:
            await self._waiting
        finally:
            if not self.closed:
                self._loop.remove_writer(self._writer)
            self._waiting = None

    async def lost(self) -> None:
        """Wait until nobody reads any more."""
        await asyncio.shield(self._lost)

    def close(self) -> None:
        """No more is written; what was, is still read."""
        if self.closed:
            return
        self.closed = True
        if self._waiting is not None:
            self._loop.remove_writer(self._writer)
            if not self._waiting.done():
                self._waiting.set_result(None)
        os.close(self._writer)
        self._leave()
        if not self._lost.done():
            self._lost.set_result(None)

    def _leave(self) -> None:
        """Let the server be the only one who reads."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
            os.close(self._reader)


def break_off(client: str) -> None:
    """End the connection of ``client``, "host:port", without an end of its answer."""
    wanted = place_of(client)
    for open_file in Path("/proc/self/fd").iterdir():
        try:
            handle = int(open_file.name)
            if not stat.S_ISSOCK(os.fstat(handle).st_mode):
                continue
            with socket.socket(fileno=os.dup(handle)) as one:
                if one.family in (socket.AF_INET, socket.AF_INET6) and _same(one.getpeername(), wanted):
                    one.shutdown(socket.SHUT_RDWR)
        except OSError:  # closed meanwhile, or nobody at its other end
            continue


def place_of(text: str) -> tuple[str, int]:
    """Host and port of "host:port"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0


def _same(peer: tuple[str, int, *tuple[int, ...]], wanted: tuple[str, int]) -> bool:
    return peer[1] == wanted[1] and peer[0].removeprefix("::ffff:") == wanted[0].removeprefix("::ffff:")
