"""Nothing particular to a region stands in the package: names, codes and extents come from config (CONTRACT 6)."""

import re

import pytest
import yaml

from tests.processes import ROOT

PACKAGE = ROOT / "geoportal"
KINDS = {".py", ".html", ".js", ".css", ".svg", ".po", ".json", ".yaml", ".md", ".txt", ".xml", ".jinja", ".j2"}
READ = sorted(
    path
    for path in PACKAGE.rglob("*")
    if path.suffix in KINDS and "vendor" not in path.parts and path.name != "package-lock.json"
)


def of_the_region() -> re.Pattern[str]:
    """The names of the region and its parts and its code, as the configuration and the code list have them."""
    node = yaml.safe_load((ROOT / "config" / "geoportal.yaml").read_text("utf-8"))["node"]
    rows = (ROOT / "config" / "codes" / f"wilayah_{node['region_code']}.csv").read_text("utf-8").splitlines()[1:]
    districts = [row.split(",")[1] for row in rows if row.split(",")[2] == "kecamatan"]
    names = [node["region_name"]["id"], *node["region_name"]["id"].split(), *districts, "Kukar", "Mahakam"]
    code = re.escape(node["region_code"])
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b|(?<![\d.]){code}(?![\d])", re.IGNORECASE)


@pytest.mark.parametrize("path", READ, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_of_the_package_names_the_region(path):
    found = of_the_region().findall(path.read_text("utf-8", "replace"))
    assert not found, "it belongs into config/, or reaches the text as a parameter"


def test_no_file_of_the_package_holds_its_extent():
    """Four numbers in a row that make a box touching the region and little else."""
    west, south, east, north = yaml.safe_load((ROOT / "config" / "geoportal.yaml").read_text("utf-8"))["node"]["extent"]
    number = r"(-?\d+(?:\.\d+)?)"
    boxes = re.compile(rf"{number}\s*,\s*{number}\s*,\s*{number}\s*,\s*{number}")
    found = []
    for path in READ:
        if path.suffix not in {".py", ".html", ".js", ".yaml", ".po"}:
            continue
        for box in boxes.findall(path.read_text("utf-8", "replace")):
            w, s, e, n = map(float, box)
            small = 0 < e - w < 10 and 0 < n - s < 10
            if small and w <= east and west <= e and s <= north and south <= n:
                found.append(f"{path.relative_to(ROOT).as_posix()}: {box}")
    assert not found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("di Kutai Kartanegara", True),
        ("kode 64.02.05", True),
        ("64.02", True),
        ("164.02", False),
        ("64.021", False),
        ("0.64.02", False),
        ("kode 11.01.05", False),
        ("MAHAKAM", True),
    ],
)
def test_what_counts_as_a_name_of_the_region(text, named):
    assert bool(of_the_region().search(text)) == named


def test_the_texts_are_read():
    assert len(READ) > 200
    assert any(path.suffix == ".po" for path in READ)
