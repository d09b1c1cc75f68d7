"""Fixtures that all tests share. Nothing here opens a file of the product or imports it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.guard.sitecustomize import guard
from tests.processes import ROOT, ServedNode, loaded_demo, run_cli, serving

# Set by .ci/test where it could install what is missing: then a test that cannot run is a failure.
COMPLETE = bool(os.environ.get("CI") or os.environ.get("TESTS_COMPLETE"))


def pytest_configure(config: pytest.Config) -> None:
    """Cut the network and forget settings of the caller before any test module is imported."""
    guard()
    for name in [name for name in os.environ if name.startswith("GEOPORTAL_")]:
        del os.environ[name]


LONGEST = (
    "test_sudden_death.py",
    "test_step_c.py",
    "test_every_page.py",
    "test_live_publishing.py",
    "test_gate.py",
    "test_samples.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, so that no process is left with one of them at the end of a run."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def need(tool: str) -> str:
    """The path of a program that a test uses; without it the test is skipped, or fails where it should be there."""
    path = shutil.which(tool)
    if path is None:
        (pytest.fail if COMPLETE else pytest.skip)(f"{tool} is not installed")
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of sample data and oracles beside the project; it is not part of the project."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder.name}/ beside the project")
    return folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data directory."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def geoportal(data_dir: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``geoportal("submit", file, "--dataset", "x")``: the command line on ``data_dir``, or on ``data=``."""

    def run(*arguments: object, data: Path = data_dir, **named: Any) -> subprocess.CompletedProcess[str]:
        return run_cli(*arguments, data=data, **named)

    return run


@pytest.fixture
def serve_node(data_dir: Path) -> Iterator[Callable[..., ServedNode]]:
    """``serve_node(data, workers=2, demo=False)``: a running node; each is stopped, and must stop well, at the end."""
    with ExitStack() as stack:

        def serve(data: Path = data_dir, **named: Any) -> ServedNode:
            return stack.enter_context(serving(data, **named))

        yield serve


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """``demo_data(target)``: a copy of a data directory with the demonstration in it, an affair of half a second.

    The demonstration is loaded once for all processes of the run; serve the copy with ``demo=False``.
    """
    base = tmp_path_factory.getbasetemp()
    loaded = loaded_demo((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo")

    def copy(target: Path) -> Path:
        shutil.copytree(loaded, target, dirs_exist_ok=True, symlinks=True)
        return target

    return copy


@pytest.fixture(scope="session")
def ogrinfo() -> str:
    """The path of GDAL's ogrinfo: a foreign client."""
    return need("ogrinfo")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium (a Playwright Browser); each test opens its own context."""
    path = need("chromium")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            env={**os.environ, "HOME": home},
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        try:
            yield browser
        finally:
            browser.close()
