"""The page of the API definition in Chromium, without any network but the node's own."""

import pytest

from tests.processes import free_port, serving
from tests.web import nodes


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("definisi")
    node = nodes.make_node(folder)
    nodes.fill(node)
    node.close()
    with serving(folder / "data", workers=1, port=free_port()) as running:
        yield running


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_shows_every_operation(served, chromium, language):
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    faults, foreign = [], []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((served.url, "data:", "blob:")) else foreign.append(r.url))
    try:
        page.goto(f"{served.url}/ogc/openapi?f=html&lang={language}")
        page.wait_for_selector(".opblock-tag")
        assert page.locator("h1").first.inner_text() == {"id": "Definisi API", "en": "API definition"}[language]
        written = page.request.get(f"{served.url}/ogc/openapi?lang={language}").json()
        tags = [tag["name"] for tag in written["tags"]]
        assert page.locator(".opblock-tag").count() == len(tags) > 3
        tag = tags[-1]
        page.locator(f'.opblock-tag[data-tag="{tag}"]').click()
        section = page.locator(".opblock-tag-section").last.locator(".opblock")
        section.first.wait_for()
        operations = [o for path in written["paths"].values() for o in path.values() if tag in o["tags"]]
        assert section.count() == len(operations) > 5
        section.filter(has_text="/items").first.locator(".opblock-summary-control").click()
        page.wait_for_selector(".opblock.is-open .parameter__name")
        assert "bbox" in " ".join(page.locator(".opblock.is-open .parameter__name").all_inner_texts())
        assert page.locator(".errors-wrapper").count() == 0
        chips = page.locator(".forms a")
        assert [page.request.get(served.url + chip.get_attribute("href")).status for chip in chips.all()] == [200, 200]
        assert (faults, foreign) == ([], [])
    finally:
        page.context.close()
