"""Our application under several servers, with 1,000 connections at once: ``python -m tests.bench.servers``.

Each variant serves the same data with two workers. Besides the requests of 1,000 open connections it is asked while
2,000 more connections stay silent after half a request line (slow loris). uvicorn takes part where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CONNECTIONS, EACH, SILENT = 1000, 10, 2000
GRANIAN = ["-m", "granian", "--interface", "asgi", "--factory", "--workers", "2", "--no-ws", "--log-level", "error"]
APP = "geoportal.web.app:create"
MANY = ["--backlog", "4096", "--backpressure", "16384"]
VARIANTS = {
    "granian": GRANIAN,
    "granian, more room": [*GRANIAN, *MANY],
    "granian, mt, more room": [*GRANIAN, *MANY, "--runtime-mode", "mt"],
    "granian, mt, 2 threads, more room": [*GRANIAN, *MANY, "--runtime-mode", "mt", "--runtime-threads", "2"],
    "uvicorn": ["-m", "uvicorn", "--factory", "--workers", "2", "--log-level", "error", "--backlog", "4096"],
}


async def _one(port: int, path: str, times: list[float], faults: list[str]) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(EACH):
            start = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            async with asyncio.timeout(20):
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
                await reader.readexactly(int(fields[b"content-length"]))
            if not head.startswith(b"HTTP/1.1 200"):
                raise OSError(head.split(b"\r\n")[0])
            times.append(time.perf_counter() - start)
        writer.close()
    except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError) as error:
        faults.append(type(error).__name__)


async def _silent(port: int, count: int) -> list[asyncio.StreamWriter]:
    held = []
    for _ in range(count):
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, TimeoutError):
            break
        writer.write(b"GET /ogc HTTP/1.1\r\nHost: ")
        held.append(writer)
    return held


async def _load(port: int, path: str, silent: int) -> tuple[float, float, int, int]:
    """Median and p99 in ms, faults, and requests a second."""
    held = await _silent(port, silent)
    times: list[float] = []
    faults: list[str] = []
    start = time.perf_counter()
    await asyncio.gather(*(_one(port, path, times, faults) for _ in range(CONNECTIONS)))
    took = time.perf_counter() - start
    for writer in held:
        writer.close()
    times.sort()
    if not times:
        return float("nan"), float("nan"), len(faults), 0
    return times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3, len(faults), round(len(times) / took)


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.servers")
    asked.add_argument("data", type=Path, help="a data directory with something published")
    asked.add_argument("path", help="what is asked for, such as /ogc/collections/x/items?f=json")
    asked.add_argument("--port", type=int, default=8897)
    options = asked.parse_args()
    print("| server | p50 ms | p99 ms | faults | requests/s | with silent ones: p99 ms | faults |\n" + "|---" * 7 + "|")
    for name, command in VARIANTS.items():
        if importlib.util.find_spec(command[1]) is None:
            continue
        environment = os.environ | {
            "GEOPORTAL_DATA": str(options.data.absolute()),
            "GEOPORTAL_PORT": str(options.port),
            "GEOPORTAL_HOST": "127.0.0.1",
        }
        (options.data / "run").mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, *command, "--host", "127.0.0.1", "--port", str(options.port), APP],
            env=environment,
            start_new_session=True,
        )
        try:
            asyncio.run(_up(options.port))
            plain = asyncio.run(_load(options.port, options.path, 0))
            slow = asyncio.run(_load(options.port, options.path, SILENT))
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        print(
            f"| {name} | {plain[0]:.0f} | {plain[1]:.0f} | {plain[2]} | {plain[3]} | {slow[1]:.0f} | {slow[2]} |",
            flush=True,
        )


async def _up(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await asyncio.sleep(2)  # the other worker
            return
        except OSError:
            await asyncio.sleep(0.2)
    raise TimeoutError("the server did not come up")


if __name__ == "__main__":
    main()
