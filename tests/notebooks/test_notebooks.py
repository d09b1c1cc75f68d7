"""The notebooks run from the first cell to the last, headless, against a live node with the demonstration."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.processes import ROOT, ServedNode, serving

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_A_CELL = 180
# The kernel speaks over loopback ports that jupyter opens without a certificate, and says so at every start.
KERNEL_TALK = ("default::DeprecationWarning", "default::RuntimeWarning", "default::UserWarning")


@pytest.fixture(scope="module")
def demo(tmp_path_factory, demo_data: Callable[[Path], Path]) -> Iterator[ServedNode]:
    data = demo_data(tmp_path_factory.mktemp("notebooks") / "data")
    with serving(data, workers=1) as node:
        yield node


def run(path: Path, **environment: str) -> Any:
    """The notebook with its outputs; CellExecutionError names the cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources={"metadata": {"path": ROOT}}
    )
    with client.setup_kernel(env=environment):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    return notebook


def shown(notebook: Any, kind: str = "text/plain") -> str:
    """All that the cells printed or showed."""
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            parts.append(output.get("text", ""))
            parts.append(output.get("data", {}).get(kind, ""))
    return "\n".join(parts)


def test_there_are_two():
    assert [path.name[:3] for path in NOTEBOOKS] == ["01-", "02-"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_git_holds_no_outputs(path):
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_explanations_stand_in_both_languages(path):
    content = json.loads(path.read_text("utf-8"))
    told = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "markdown"]
    assert len(told) >= 6
    for text in told:
        assert re.search(r"^\*[A-Z`].*\*$", text, re.MULTILINE), f"no English in: {text[:60]}"


@pytest.mark.filterwarnings(*KERNEL_TALK)
def test_find_and_map(demo):
    path = next(path for path in NOTEBOOKS if path.name.startswith("01-"))
    notebook = run(path, GEOPORTAL_URL=demo.url)
    said = shown(notebook)
    assert "20 dari 20 unsur" in said
    assert "kecamatan.gpkg" in said
    chart = shown(notebook, "text/html")
    assert "leaflet" in chart
    fetched = re.findall(r"(?:src|href)=(?:&quot;|\")(https?://[^&\"]+)", chart)
    assert fetched
    assert all(address.startswith(demo.url) for address in fetched), "a map that works without any other host"


@pytest.mark.filterwarnings(*KERNEL_TALK)
def test_check_and_repair(demo):
    path = next(path for path in NOTEBOOKS if path.name.startswith("02-"))
    notebook = run(path, GEOPORTAL_URL=demo.url)
    said = shown(notebook)
    assert "blocked" in said
    assert re.search(r"geometry-invalid\s+1\s+0", said), "one invalid geometry before, none after"
    assert re.search(r"key-duplicate\s+1\s+1", said), "what no program may decide stays"
    assert shown(notebook, "image/svg+xml").count("<svg") == 2
