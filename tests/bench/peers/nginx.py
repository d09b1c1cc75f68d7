"""nginx: the limit (our own answers as files), and the door in front of FastCGI servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.bench.peers.load import Client
from tests.bench.peers.machine import Absent, free_port, start, until
from tests.bench.peers.peer import ACCEPT, Peer, Place
from tests.bench.peers.workloads import TITLES, Asked, Dialect

WORKERS = 2
CONFIGURATION = """
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=10000 inactive=10m;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {locations}
    }}
}}
"""


def program() -> str:
    """Where nginx is; Absent with the command that brings it."""
    for name in ("nginx", "/usr/sbin/nginx"):
        if found := shutil.which(name):
            return found
    raise Absent("apt-get install nginx-light")


def version() -> str:
    """What nginx calls itself."""
    return subprocess.run([program(), "-v"], capture_output=True, text=True, check=True).stderr.strip().split(": ")[-1]


def served(folder: Path, locations: str) -> tuple[subprocess.Popen[bytes], int]:
    """nginx with these locations on a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    text = CONFIGURATION.format(
        workers=WORKERS,
        folder=folder.absolute(),
        user="user root;" if os.geteuid() == 0 else "",
        port=port,
        locations=locations,
    )
    (folder / "nginx.conf").write_text(text)
    log = folder / "nginx.log"
    log.unlink(missing_ok=True)
    server = start([program(), "-p", folder.absolute(), "-c", (folder / "nginx.conf").absolute()], log)
    until(lambda: _listens(port), 10, "nginx", log, server)
    return server, port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fastcgi(
    place: Place,
    name: str,
    program_: Path,
    environment: Mapping[str, str],
    parameters: Mapping[str, str],
    workers: int = WORKERS,
) -> tuple[list[subprocess.Popen[bytes]], int]:
    """A FastCGI program in ``workers`` processes on one socket, behind nginx; the processes and the port."""
    folder = place.make(name)
    path = folder.absolute() / "socket"
    path.unlink(missing_ok=True)
    log = folder / "program.log"
    log.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(4096)
        # A FastCGI program takes its connections from the socket that it is given as standard input.
        programs = [start([program_], log, env=environment, cwd=folder, stdin=listener) for _ in range(workers)]
    lines = "".join(f"fastcgi_param {key} {value};\n" for key, value in parameters.items())
    location = f"location / {{ include /etc/nginx/fastcgi_params; {lines} fastcgi_pass unix:{path}; }}"
    server, port = served(folder, location)
    return [server, *programs], port


class Files(Dialect):
    """The addresses of answers that were written down."""

    def addresses(self, workload: str, asked: Asked) -> list[str] | None:
        """One file for each request."""
        many = {"W3": asked.boxes, "W4": asked.ids, "W5": asked.codes, "W8": "abc", "WC": asked.filters}
        return [f"/{workload}/{number}" for number in range(len(many.get(workload, "a")))]

    def page(self, asked: Asked, number: int) -> str:
        """One file for each page of the whole layer."""
        return f"/W9/{number}"


def dumped(ours: Peer, asked: Asked, folder: Path) -> None:
    """Write every answer of ours into a file, compressed where the workload asks for it."""
    shutil.rmtree(folder, ignore_errors=True)
    client = Client(ours.base, ACCEPT)
    for workload in TITLES:
        (folder / workload).mkdir(parents=True)
        if workload == "W9":
            pages = -(-asked.count // ours.dialect.whole)
            addresses = [ours.dialect.page(asked, number) for number in range(pages)]
        else:
            addresses = ours.dialect.addresses(workload, asked) or []
        for number, address in enumerate(addresses):
            answer = client.get(address, "gzip" if workload == "W2z" else "")
            if answer.status != 200:
                raise RuntimeError(f"{address}: {answer.status} {answer.body[:300]!r}")
            (folder / workload / str(number)).write_bytes(answer.body)
    client.close()


def limit(place: Place) -> Peer:
    """nginx with the answers of ours as files."""
    root = (place.folder / "answers").absolute()
    locations = (
        f"root {root}; default_type application/geo+json;\n"
        f"location /W2z/ {{ add_header Content-Encoding gzip; }}\nlocation / {{ }}"
    )
    server, port = served(place.make("nginx"), locations)
    return Peer("nginx", version(), f"http://127.0.0.1:{port}", Files(), [server], note="our answers as files")
