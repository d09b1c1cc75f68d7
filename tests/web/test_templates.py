"""Each page has a dataclass and a template of the same name, and both speak of the same things."""

from __future__ import annotations

import dataclasses
import re

import pytest
from jinja2 import nodes

from geoportal.language import has_text
from geoportal.web import pages
from geoportal.web.pages import Page
from geoportal.web.site import TEMPLATES, site_of

KINDS = [kind for kind in vars(pages).values() if isinstance(kind, type) and issubclass(kind, Page)]
PAGES = [kind for kind in KINDS if kind is not Page]
SHARED = {"base.html", "components.html", "icons.html"}
TEXT = re.compile(r"""\b(?:t|w\.n|w\.rich|words\.(?:t|n|rich))\(\s*["']([a-z][a-zA-Z0-9.-]*[a-z-])["']\s*[,)]""")


@pytest.fixture(scope="module")
def environment(kept_portal):
    return site_of(kept_portal.node).templates


def tree(environment, name):
    return environment.parse(environment.loader.get_source(environment, name)[0])


def test_every_template_belongs_to_a_page():
    assert {path.name for path in TEMPLATES.iterdir()} == {page.template() for page in PAGES} | SHARED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_template_shows_what_the_page_holds(environment, page):
    used = {
        found.attr
        for found in tree(environment, page.template()).find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name) and found.node.name == "page"
    }
    fields = {field.name for field in dataclasses.fields(page)}
    inherited = set() if "{% block title %}" in (TEMPLATES / page.template()).read_text("utf-8") else {"title"}
    assert used | inherited == fields


@pytest.mark.parametrize("page", KINDS, ids=lambda page: page.__name__)
def test_pages_are_frozen_facts(page):
    assert page.__dataclass_params__.frozen and "__slots__" in vars(page) and page.__doc__


def test_every_text_that_is_asked_for_exists():
    sources = [*TEMPLATES.iterdir(), *TEMPLATES.parent.glob("*.py")]
    keys = {key for source in sources for key in TEXT.findall(source.read_text("utf-8"))}
    assert len(keys) > 100
    missing = [key for key in sorted(keys) for language in ("id", "en") if not has_text("portal", key, language)]
    assert not missing


def test_the_style_sheet_is_small_and_alone():
    static = TEMPLATES.parent / "static"
    assert (static / "geoportal.css").stat().st_size <= 40_000
    assert (static / "geoportal.js").stat().st_size <= 2_000


def test_every_icon_that_is_asked_for_is_drawn(environment):
    from geoportal.web.portal import TOPIC_ICONS

    drawn = set(re.findall(r'^  "([a-z]+)":', (TEMPLATES / "icons.html").read_text("utf-8"), re.M))
    asked = set(TOPIC_ICONS.values()) | {"lapis"}
    for path in TEMPLATES.iterdir():
        asked |= set(re.findall(r'ikon\("([a-z]+)"\)', path.read_text("utf-8")))
    assert asked <= drawn
