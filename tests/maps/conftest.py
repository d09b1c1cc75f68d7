"""A small server for preview pages as the portal serves them: with their own policy, framed and alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.processes import ROOT

STATIC = ROOT / "geoportal" / "web" / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """``(address, folder)``: ``folder/<name>`` is at ``/peta/<name>/<language>``, in a frame at ``/bingkai/...``."""
    folder = tmp_path / "derived"
    folder.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def send(self, body: bytes, media_type: str, **headers: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            if parts[0] == "static" and (file := STATIC.joinpath(*parts[1:])).is_file():
                self.send(file.read_bytes(), TYPES.get(file.suffix, "text/plain"), Access_Control_Allow_Origin="*")
            elif parts[0] == "peta":
                html = (folder / parts[1] / f"preview.{parts[2]}.html").read_bytes()
                policy = json.loads((folder / parts[1] / f"preview.{parts[2]}.json").read_text("utf-8"))["csp"]
                self.send(html, "text/html; charset=utf-8", Content_Security_Policy=policy)
            elif parts[0] == "gambar":
                self.send((folder / parts[1] / parts[2]).read_bytes(), "image/svg+xml")
            elif parts[0] == "bingkai":
                address = "/peta/" + "/".join(parts[1:])
                frame = f'<iframe title="Peta" sandbox="allow-scripts" width="764" height="520" src="{address}">'
                self.send(f'<!doctype html><html lang="id"><title>Uji</title>{frame}</iframe>'.encode(), "text/html")
            elif parts[0] == "favicon.ico":
                self.send(b"", "image/x-icon")
            else:
                self.send_error(404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", folder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
