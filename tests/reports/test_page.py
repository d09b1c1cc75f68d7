"""The page to print: complete without a script, escaped, and the same words in list and picture."""

import re
from dataclasses import replace

import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe

from geoportal.checks import texts
from geoportal.language import LANGUAGES
from geoportal.model.report import Report, Severity
from geoportal.reports.page import SHOWN_PLACES, page
from geoportal.reports.summary import summarise
from tests.factories import make_layer
from tests.reports.reported import overlapping, report_of

PAYLOAD = "</li><script>window.xss=1</script>"


def made(layer, language="id", title="uji.geojson", report=None):
    return page(report or report_of(layer), [layer], title=title, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_everything_once_in_each_language(language):
    layer = overlapping()
    report, said = report_of(layer), made(layer, language)
    plain = re.sub(r"<[^>]+>", " ", said).replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">")
    for finding in report.findings:
        assert texts.title(finding.rule, language) in plain and texts.message(finding, language) in plain
        assert texts.hint(finding, language) in plain
    assert str(summarise(report).score) in plain
    assert (
        not re.search(r"\b(page|grade|score|place|element|severity)\.[a-z]", plain) and "{" not in plain.split("}")[-1]
    )


def test_nothing_is_fetched_and_nothing_runs():
    said = made(overlapping())
    assert "http" not in said.replace("http-equiv", "") and "<script" not in said and "url(" not in said
    assert "default-src 'none'" in said


def test_names_and_ids_are_escaped():
    layer = replace(overlapping(prefix=PAYLOAD), name=PAYLOAD)
    said = made(layer, title=PAYLOAD)
    assert "<script" not in said and "&lt;script&gt;" in said


def test_marks_carry_the_numbers_of_the_list():
    layer = overlapping(2)
    said = made(layer)
    (mark,) = re.findall(r'<text y="[\d.]+"[^>]*>(\d+)</text>', said)
    assert f'<span class="no">{mark}</span>' in said and "<title>Unsur 0 dan 1</title>" in said


def test_long_lists_end_and_say_so():
    report = report_of(overlapping(60))
    said = made(overlapping(60), "en", report=report)
    assert f"and {59 - SHOWN_PLACES[Severity.WARNING]} more places" in said
    assert said.count('<span class="no">') == sum(
        min(len(f.occurrences), SHOWN_PLACES[f.severity]) for f in report.findings
    )


def test_an_unknown_system_is_said_beside_the_picture():
    layer = make_layer([shapely.box(0, 0, 5, 5), "POLYGON((0 0,9 9,9 0,0 9,0 0))"], None)
    said = made(layer, "en", report=report_of(layer, None))
    assert "unknown and was not guessed" in said and "<svg viewBox" in said


def test_a_report_on_nothing():
    assert "No score." in page(Report(), [], title="x", language="en")


@pytest.mark.parametrize("width", [1280, 360])
def test_it_fits_a_phone_and_paper(chromium, tmp_path, width):
    file = tmp_path / "laporan.html"
    file.write_text(made(overlapping(40, prefix="kode-yang-panjang-sekali-" * 3)), "utf-8")
    with chromium.new_context(
        viewport={"width": width, "height": 800}, offline=True, java_script_enabled=True
    ) as context:
        opened, asked = context.new_page(), []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(file.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert asked == [file.as_uri()]
        if width == 1280:
            assert opened.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_it_is_accessible(chromium, tmp_path):
    file = tmp_path / "lembar.html"
    file.write_text(made(overlapping(3)), "utf-8")
    for width in (1280, 360):
        with chromium.new_context(viewport={"width": width, "height": 800}, bypass_csp=True) as context:
            opened = context.new_page()
            opened.goto(file.as_uri())
            found = Axe().run(opened).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
