"""What `make assets` put into static/vendor/: whole, licensed, and quiet in a browser's console."""

import hashlib
import json
import re
import runpy

from tests.processes import ROOT

VENDOR = ROOT / "geoportal/web/static/vendor"
ASSETS = runpy.run_path(str(ROOT / ".ci/assets.py"))
LISTED = json.loads((VENDOR / "manifest.json").read_text("utf-8"))


def test_exactly_the_listed_files_are_there():
    wanted = {f"{folder}/{name}" for folder, _, files in ASSETS["FILES"] for name in files.values()}
    assert {entry["file"] for entry in LISTED} == wanted
    assert {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} == wanted | {
        "manifest.json"
    }


def test_files_are_those_of_the_manifest_and_of_the_lock():
    locked = json.loads((ROOT / "geoportal/web/package-lock.json").read_text("utf-8"))["packages"]
    for entry in LISTED:
        assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]
        assert locked[f"node_modules/{entry['package']}"]["version"] == entry["version"]


def test_each_package_brings_its_licence():
    packages = {entry["package"] for entry in LISTED}
    with_licence = {entry["package"] for entry in LISTED if re.search(r"LICENSE|OFL", entry["file"])}
    assert packages == with_licence


def test_no_file_asks_for_one_that_is_not_served():
    for sheet in VENDOR.rglob("*.css"):
        for link in ASSETS["CSS_URL"].findall(sheet.read_bytes()):
            assert (sheet.parent / link.decode()).is_file(), f"{sheet.name}: {link!r}"
    for path in [*VENDOR.rglob("*.js"), *VENDOR.rglob("*.css")]:
        assert b"sourceMappingURL" not in path.read_bytes(), path.name


def test_source_maps_are_cut_and_nothing_else():
    cut = ASSETS["SOURCE_MAP"].sub
    assert cut(b"", b"a();\n//# sourceMappingURL=a.js.map\n") == b"a();\n"
    assert cut(b"", b".a{b:c}\n\n/*# sourceMappingURL=a.css.map*/") == b".a{b:c}\n\n"
    assert cut(b"", b'x = "//# not a map"; y();\n') == b'x = "//# not a map"; y();\n'
