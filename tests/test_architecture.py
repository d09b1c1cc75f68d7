"""The house rules that a reader could break without noticing: direction, size, lightness, texts, foreign hosts."""

import ast
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from tests.processes import ROOT, environment

PACKAGE = ROOT / "geoportal"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
DOMAINS = sorted({path.stem for path in PACKAGE.glob("locale/*/LC_MESSAGES/*.po")})
LANGUAGES = ("id", "en")
SHOWN = sorted(
    path
    for path in PACKAGE.rglob("*")
    if path.suffix in {".html", ".xml", ".svg", ".css", ".js", ".jinja", ".j2"} and "vendor" not in path.parts
)
MOST_LINES = 400
# What a worker or a short command must not load before somebody asks for it: together a second and 150 MB.
HEAVY = ("geopandas", "pandas", "pyogrio", "fiona", "rasterio", "pyarrow", "folium", "branca", "mapnik")


# Hosts that hand out scripts, fonts, icons and base maps. folium's and pygeoapi's own links to them never reach a page.
DISTRIBUTORS = re.compile(
    r"\b(cdn\.|cdnjs|jsdelivr|unpkg|bootstrapcdn|googleapis|gstatic|fontawesome\.com|rawgit|code\.jquery"
    r"|tile\.openstreetmap|basemaps\.|arcgisonline|mapbox\.com|validator\.swagger)"
)
# A thing that a browser fetches by itself from a written address: not <a href>, not a namespace.
FETCHED = re.compile(
    r"""(?:\b(?:src|srcset|poster|data)\s*=\s*["']?|<link\b[^>]*\bhref\s*=\s*["']?|url\(\s*["']?|@import\s+["']|fetch\(\s*["'`])"""
    r"""(?:https?:)?//"""
)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_arrows_point_down():
    report = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.returncode == 0, report.stdout + report.stderr


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_fits_in_one_reading(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES, "split it by noun"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=named)
def test_a_package_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), "the docstring is the map of the package"


@pytest.mark.parametrize("module", ["geoportal", "geoportal.model", "geoportal.cli", "geoportal.web.app"])
def test_starts_light(module, tmp_path):
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [], f"import {module} loads them"


def test_all_texts_have_a_domain():
    assert DOMAINS, "no .po file at all: the tests below would test nothing"


@pytest.mark.parametrize("domain", DOMAINS)
def test_texts_stand_in_both_languages(domain):
    texts = {language: messages(domain, language) for language in LANGUAGES}
    first, second = (texts[language].keys() for language in LANGUAGES)
    assert first == second, f"in one language only: {sorted(first ^ second)}"
    for key in first:
        wanted = placeholders(texts["id"][key])
        for language in LANGUAGES:
            assert all(part.strip() for part in texts[language][key]), f"{key} is empty in {language}"
            assert placeholders(texts[language][key]) == wanted, f"{key} fills other gaps in {language}"


def messages(domain: str, language: str) -> dict[str, tuple[str, ...]]:
    """Key -> its text, or texts where there are plural forms; fuzzy ones do not count: gettext does not use them."""
    path = PACKAGE / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.exists():
        return {}
    with path.open("rb") as stream:
        catalogue: Catalog = read_po(stream, locale=language, domain=domain, abort_invalid=True)
    found = {}
    for message in catalogue:
        if message.id and not message.fuzzy:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return found


def placeholders(parts: tuple[str, ...]) -> set[str]:
    """The named gaps of a text: {name} and %(name)s."""
    text = " ".join(parts)
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} | set(re.findall(r"%\((\w+)\)", text))


def test_no_distributor_is_named():
    assert not hits(DISTRIBUTORS, [*MODULES, *SHOWN])


def test_pages_fetch_nothing_from_elsewhere():
    assert not hits(FETCHED, SHOWN)


def hits(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where ``pattern`` is found, as ``file: what``."""
    return [
        f"{named(path)}: {hit[0]}" for path in paths for hit in pattern.finditer(path.read_text("utf-8", "replace"))
    ]


@pytest.mark.parametrize(
    ("markup", "fetched"),
    [
        ('<script src="https://a.b/c.js">', True),
        ("<link rel=stylesheet href='//a.b/c.css'>", True),
        ("background: url(http://a.b/c)", True),
        ('<a href="https://a.b/">', False),
        ('<svg xmlns="http://www.w3.org/2000/svg">', False),
        ('<img src="/static/a.png">', False),
    ],
)
def test_what_counts_as_fetched(markup, fetched):
    assert bool(FETCHED.search(markup)) == fetched


@pytest.mark.parametrize(
    "lock",
    ["requirements.lock", "requirements-dev.lock", ".ci/uv.lock", ".ci/node.lock", "geoportal/web/package-lock.json"],
)
def test_locks_hold_names_versions_and_hashes_alone(lock):
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert "sha256:" in text or '"integrity": "sha512-' in text
