"""``geoportal setup --page`` beside a running node and alone: the link, the save, the restart that makes it hold."""

import http.client
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import yaml

from tests.processes import PROGRAM, ROOT, environment, free_port

WITHIN_S = 60
FORM = {"langkah": "simpan", "region-code": "1101", "region-name": "Daerah Uji", "title": "SIG Daerah Uji"}


def ask(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    headers = {"Accept": "text/html"}
    if form:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{parts.netloc}"}
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST" if form else "GET", target, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@contextmanager
def page_command(config: Path, data: Path, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it waits, and the link that it printed."""
    process = subprocess.Popen(
        [PROGRAM, "setup", "--page", "--config", config, "--lang", "id"],
        env=environment(data, PYTHONUNBUFFERED="1", **more),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(line.strip() for line in process.stdout if "kunci=" in line)
        yield process, link
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_beside_a_running_node(serve_node: Callable, data_dir: Path, tmp_path: Path):
    config = tmp_path / "config"
    config.mkdir()
    node = serve_node(data_dir, workers=2, GEOPORTAL_CONFIG=str(config))
    with page_command(config, data_dir) as (process, link):
        assert link.startswith(node.url)
        assert all(ask(link)[0] == 200 for _ in range(4)), "each worker knows the key"
        assert ask(link, FORM)[0] == 200
        assert process.wait(WITHIN_S) == 0
        assert ask(link)[0] == 404
    assert "SIG Daerah Uji" not in ask(f"{node.url}/?lang=id")[1], "a running node keeps its settings"
    node.stop()
    again = serve_node(data_dir, workers=1, GEOPORTAL_CONFIG=str(config))
    assert "SIG Daerah Uji" in ask(f"{again.url}/?lang=id")[1]


def test_alone_it_serves_the_page_and_ends(data_dir: Path, tmp_path: Path):
    config, port = tmp_path / "config", free_port()
    with page_command(config, data_dir, GEOPORTAL_PORT=str(port)) as (process, link):
        assert urlsplit(link).port == port
        assert ask(link)[0] == 200
        assert ask(link, FORM)[0] == 200
        assert process.wait(WITHIN_S) == 0
    assert yaml.safe_load((config / "local.yaml").read_text())["node"]["region_code"] == "11.01"
    with pytest.raises(OSError):
        ask(f"http://127.0.0.1:{port}/")


def test_the_link_ends_with_the_command(serve_node: Callable, data_dir: Path, tmp_path: Path):
    config = tmp_path / "config"
    config.mkdir()
    serve_node(data_dir, workers=1, GEOPORTAL_CONFIG=str(config))
    with page_command(config, data_dir) as (process, link):
        assert ask(link)[0] == 200
        process.terminate()
        process.wait(WITHIN_S)
        until = time.monotonic() + WITHIN_S
        while ask(link)[0] != 404 and time.monotonic() < until:
            time.sleep(0.05)
        assert ask(link)[0] == 404
    assert not (config / "local.yaml").exists()
