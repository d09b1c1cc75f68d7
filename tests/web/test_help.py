"""The handbook and the pages of the rules: nothing is missing, nothing collides, nothing hostile gets into a sample."""

from __future__ import annotations

import io
import re
import zipfile
from string import Formatter

import geopandas
import pytest
import shapely

from geoportal.checks import RULES
from geoportal.checks.profiles import names_of, read_specification
from geoportal.checks.rules import severity_under
from geoportal.language import LANGUAGES, catalogue, has_text, text
from geoportal.model.access import Classification
from geoportal.model.region import Region
from geoportal.web import handbook
from geoportal.web.exercise import FILES, exercise, exercise_crs
from geoportal.web.handbook import CHAPTERS, DOMAIN, FORMATS
from geoportal.web.sketches import SKETCHES
from tests.web import nodes
from tests.web.conftest import Portal, client_of
from tests.web.nodes import EVIL, HIDDEN
from tests.web.test_pages import read

PRACTICE = set(FILES)
GAPS = {
    "base", "region", "crs", "days", "limit", "formats", "home", "catalogue", "developers", "report", "access", "rules",
    "terms", "officers", "agencies", "crs_rule",
}  # fmt: skip


def sections():
    return [(name, section) for name, found in CHAPTERS.items() for section in found]


def test_chapters_rules_and_files_share_addresses_without_colliding():
    names = [*CHAPTERS, *RULES, *PRACTICE]
    assert len(names) == len(set(names))
    assert set(handbook.ICONS) == set(CHAPTERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_is_written(language):
    keys = [f"{name}.{part}" for name in CHAPTERS for part in ("title", "lead", "short")]
    keys += [f"{name}.{section}{part}" for name, section in sections() for part in ("", ".title")]
    assert not [key for key in keys if not has_text(DOMAIN, key, language)]


def test_every_text_of_a_chapter_is_shown():
    known = {f"{name}.{section}" for name, section in sections()}
    keys = {key for key in catalogue(DOMAIN, "id")._catalog if isinstance(key, str) and key}
    loose = {key for key in keys if key.split(".")[0] in CHAPTERS and key.count(".") == 1} - known
    assert {key.split(".")[1] for key in loose} <= {"title", "lead", "short"}


@pytest.mark.parametrize(("name", "section"), sections())
def test_every_gap_is_filled(portal, name, section):
    gaps = {gap for _, gap, _, _ in Formatter().parse(catalogue(DOMAIN, "id").gettext(f"{name}.{section}")) if gap}
    samples = set(re.findall(r'id="contoh-([a-z_]+)"', portal.client.get(f"/bantuan/{name}").text))
    assert {gap for gap in gaps if not gap.startswith("sample_")} <= GAPS
    assert {gap.removeprefix("sample_") for gap in gaps if gap.startswith("sample_")} <= samples


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_an_example_of_both_kinds_in_both_languages(rule):
    for language in LANGUAGES:
        for part in ("bad", "good"):
            assert has_text(DOMAIN, f"rule.{rule}.{part}", language), f"write rule.{rule}.{part} in handbook.po"


def test_examples_are_of_rules_that_exist():
    keys = [key for key in catalogue(DOMAIN, "id")._catalog if isinstance(key, str) and key.startswith("rule.")]
    assert {key.split(".")[1] for key in keys} <= set(RULES)
    assert set(SKETCHES) <= set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_says_what_it_weighs_in_each_profile(portal, rule):
    answer = portal.client.get(f"/bantuan/{rule}")
    page = read(answer.text)
    said = " ".join(" ".join(page.text).split())
    for name in names_of(portal.node.profiles):
        profile = read_specification(name, portal.node.profiles)
        severity = severity_under(RULES[rule], profile)
        word = text("portal", f"severity.{severity}" if severity else "rule.off", "id")
        assert f"{profile.title.id} {name} {word}" in said
    assert len(page.having("svg", role="img")) == (2 if rule in SKETCHES else 0)


def test_formats_are_those_of_the_reader():
    from geoportal.ingest.formats import FINDERS

    assert set(FINDERS) <= set(FORMATS), "name the format in handbook.FORMATS and handbook.po"
    for kind in FORMATS:
        for language in LANGUAGES:
            assert has_text(DOMAIN, f"format.{kind}", language)


def test_the_overview_leads_to_every_task(portal):
    page = read(portal.client.get("/bantuan").text)
    links = {a["href"] for a in page.having("a")}
    for name, section in sections():
        assert name == "istilah" or f"/bantuan/{name}#{section}" in links
    assert {"/lapor", "/lapor?jenis=akses", *(f"/bantuan/{rule}" for rule in RULES)} <= links


def test_samples_name_this_node_and_a_dataset_that_exists(portal):
    html = portal.client.get("/bantuan/instansi").text
    assert "http://127.0.0.1:18080/ogc/collections/" in html
    named = set(re.findall(r"collections/([a-z_]+)/items", html))
    assert named and named <= {"puskesmas", "jahat", "tanpa_gambar"}
    assert not [word for word in (*HIDDEN, *HIDDEN.values()) if word in html]


def test_an_empty_node_has_a_handbook_too(empty):
    for name in CHAPTERS:
        answer = empty.client.get(f"/bantuan/{name}")
        assert answer.status_code == 200
        read(answer.text)
    assert "Belum ada dataset yang terbit" in empty.client.get("/bantuan/instansi").text


def test_a_guarded_dataset_is_in_no_sample_of_a_stranger(tmp_path):
    node = nodes.make_node(tmp_path)
    nodes.publish(node, "rahasia_satu", nodes.points(2), access=Classification.PRIVATE, pictures="none")
    token = nodes.token(node, Classification.PRIVATE)
    with client_of(node) as client:
        nobody, own = (client.get("/bantuan/instansi", headers=who) for who in ({}, token))
    node.close()
    assert "rahasia_satu" not in nobody.text and "rahasia_satu" in own.text
    assert own.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("value", ["$(reboot)", "a;b", "a`b`", 'a"b', "a'b", "a\nb", "-x", EVIL, "a" * 41, ""])
def test_a_value_that_could_do_something_is_in_no_command(tmp_path, value):
    node = nodes.make_node(tmp_path)
    layer = nodes.points(1)
    layer.frame["kode"] = layer.frame["nama"] = value
    nodes.publish(node, "uji", layer, pictures="none")
    with client_of(node) as client:
        html = Portal(node, client, {}).client.get("/bantuan/instansi").text
    node.close()
    assert "--data-urlencode" not in html and "bbox=" in html


def test_the_practice_file_is_bad_and_its_twin_is_good(portal, tmp_path):
    region = portal.node.region
    for name in FILES:
        answer = portal.client.get(f"/bantuan/{name}")
        assert answer.headers["content-type"] == "application/zip" and name in answer.headers["content-disposition"]
        assert answer.content == exercise(name, region), "the same bytes each time"
        assert (
            portal.client.get(f"/bantuan/{name}", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        )
        (tmp_path / name).write_bytes(answer.content)
    bad, good = (geopandas.read_file(f"/vsizip/{tmp_path / name}/sekolah.shp") for name in FILES)
    assert bad.crs is None and good.crs is None and len(bad) == len(good) == 6
    assert bad.geometry.isna().sum() == 1 and not good.geometry.isna().any()
    assert bad["KODE"].duplicated().sum() == 1 and not good["KODE"].duplicated().any()
    assert not any(
        item.endswith(".prj") for item in zipfile.ZipFile(io.BytesIO(exercise("latihan.zip", region))).namelist()
    )


@pytest.mark.parametrize(
    ("extent", "candidates", "crs"),
    [
        ((115.4, -1.1, 117.6, 1.5), ("EPSG:4326", "EPSG:32750", "EPSG:32650"), "EPSG:32650"),
        ((106.4, -7.2, 107.2, -6.0), ("EPSG:4326", "EPSG:32650", "EPSG:32748"), "EPSG:32748"),
        ((106.4, -7.2, 107.2, -6.0), ("EPSG:4326", "EPSG:99999999"), "EPSG:4326"),
        (None, (), "EPSG:4326"),
    ],
)
def test_the_practice_file_lies_in_the_region_of_the_node(tmp_path, extent, candidates, crs):
    region = Region(nodes.LocalText("Uji"), None, extent, candidates)
    assert exercise_crs(region) == crs
    (tmp_path / "x.zip").write_bytes(exercise("latihan-betul.zip", region))
    frame = geopandas.read_file(f"/vsizip/{tmp_path / 'x.zip'}/sekolah.shp").set_crs(crs).to_crs("EPSG:4326")
    assert extent is None or frame.within(shapely.box(*extent)).all()


def test_a_broken_profile_does_not_take_the_pages_down(tmp_path):
    import shutil

    folder = tmp_path / "config"
    shutil.copytree(nodes.PROJECT / "config", folder)
    (folder / "specifications" / "rusak.yaml").write_text("severities: {tidak-ada: info}\n", "utf-8")
    node = nodes.make_node(tmp_path)
    object.__setattr__(node.settings, "config", folder)
    with client_of(node) as client:
        html = client.get("/bantuan/coverage-gap").text
    node.close()
    assert "rusak" not in html and "Tidak diperiksa" in html
