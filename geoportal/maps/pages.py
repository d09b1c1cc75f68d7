"""The preview pages of a version: written once, served for ever, with assets from the node itself and a policy of their
own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import folium
from branca.element import CssLink, JavascriptLink

from geoportal.maps.elements import Sheet
from geoportal.maps.ground import Ground
from geoportal.maps.plan import plan
from geoportal.maps.preview import compose
from geoportal.maps.thumbnail import write_thumbnail
from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.model.region import Region
from geoportal.model.text import LocalText

VENDOR: Final = "/static/vendor/"
# What folium may ask for and where the node has it; None is not needed by our maps. Whoever uses a further plug-in
# looks at its code first (MeasureControl evaluates strings) and adds it here.
LOCAL: Final[dict[str, str | None]] = {
    "leaflet": "leaflet/leaflet.js",
    "leaflet_css": "leaflet/leaflet.css",
    "markerclusterjs": "markercluster/leaflet.markercluster.js",
    "markerclustercss": "markercluster/MarkerCluster.css",
    "markerclusterdefaultcss": "markercluster/MarkerCluster.Default.css",
    "Control.Fullscreen.js": "fullscreen/Control.FullScreen.js",
    "Control.FullScreen.css": "fullscreen/Control.FullScreen.css",
    "d3": "d3/d3.min.js",
    "jquery": None,
    "bootstrap": None,
    "bootstrap_css": None,
    "glyphicons_css": None,
    "awesome_markers": None,
    "awesome_markers_css": None,
    "awesome_markers_font_css": None,
    "awesome_rotate_css": None,
}
FONTS: Final = """
@font-face { font-family: "Plus Jakarta Sans"; font-weight: 200 800; font-display: swap;
  src: url("/static/vendor/fonts/plus-jakarta-sans-latin-wght-normal.woff2") format("woff2"); }
@font-face { font-family: "Source Sans 3"; font-weight: 200 900; font-display: swap;
  src: url("/static/vendor/fonts/source-sans-3-latin-wght-normal.woff2") format("woff2"); }
"""
# folium forbids zooming (WCAG 2.2, 1.4.4): its viewport is replaced by one that allows it.
VIEWPORT: Final = re.compile(r'<meta name="viewport" content="[^"]*"\s*/?>')
ZOOMABLE: Final = '<meta name="viewport" content="width=device-width, initial-scale=1">'
INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def write_previews(
    layer: Layer,
    record: Record,
    target: Path,
    *,
    region: Region,
    languages: Iterable[str],
    dataset_id: str,
    version: int,
    credits: LocalText,
    ground: Ground | None = None,
) -> None:
    """Write the maps of a version into ``target``: ``preview.<language>.html`` with ``preview.<language>.json`` (its
    policy, ``csp``), and the still pictures ``map.svg`` and ``thumb.svg``.
    """
    target.mkdir(parents=True, exist_ok=True)
    planned = plan(layer, record)
    for language in languages:
        chart = compose(
            planned,
            layer,
            record,
            region=region,
            language=language,
            version=version,
            credits=credits,
            ground=ground,
        )
        page = localise(chart)
        policy = {"csp": content_security_policy(page), "dataset": dataset_id, "version": version}
        (target / f"preview.{language}.html").write_text(page, "utf-8", newline="\n")
        (target / f"preview.{language}.json").write_text(json.dumps(policy, indent=1) + "\n", "utf-8")
    write_thumbnail(layer, record, target, region=region, ground=ground)


def localise(chart: folium.Map) -> str:
    """The page of a map with every script and style from the node itself; a plug-in that nobody vetted is a KeyError.

    The links exist only once folium has rendered, so they are changed there and the page is written from its template
    again.
    """
    sheet = chart.get_root()
    if not isinstance(sheet, Sheet):
        raise TypeError("only a map made by preview() has a page")
    sheet.style_sheet = FONTS + sheet.style_sheet
    sheet.render()
    for name, link in list(sheet.header._children.items()):
        if isinstance(link, JavascriptLink | CssLink):
            file = LOCAL[name]
            if file is None:
                del sheet.header._children[name]
            else:
                link.url = VENDOR + file
    page: str = sheet._template.render(this=sheet, kwargs={})
    page, replaced = VIEWPORT.subn(ZOOMABLE, page)
    if replaced != 1:
        raise ValueError(f"the page has {replaced} viewports instead of one: has folium changed?")
    return page


def content_security_policy(page: str) -> str:
    """The policy under which this very page works and nothing else does: our own files and its inline parts by their
    hashes.

    'self' is needed beside the hashes, which do not cover files. It holds in a sandboxed frame too.
    """
    parts = _hashes(page)
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *parts["script"]]),
            " ".join(["style-src 'self'", *parts["style"]]),
            "img-src 'self' data:",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        ]
    )


def inline_policy(page: str) -> str:
    """The policy of a page that stands alone, in a file of its own: its inline parts by their hashes, and nothing else
    may run or be fetched.
    """
    parts = _hashes(page)
    sources = [" ".join([f"{kind}-src", *parts[kind]]) for kind in ("script", "style")]
    return "; ".join(["default-src 'none'", *sources, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _hashes(page: str) -> dict[str, list[str]]:
    """The hashes of the inline scripts and styles of a page, each once."""
    parts: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        source = f"'sha256-{digest}'"
        if source not in parts[kind]:
            parts[kind].append(source)
    return parts
