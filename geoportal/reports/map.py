"""The fault map (peta temuan): where a report found something, as one page that opens without a network.

Made by folium on our own sheet; Leaflet and its clustering lie inside the page, which a policy forbids to fetch
anything. Outlines of the layers in grey, shared ground and gaps as areas, and a mark for every place by severity:
shape, colour and word. A reference system that is unknown is not guessed: the map is then drawn in plain coordinates
and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.plugins import MarkerCluster
from folium.template import Template

from geoportal.checks import texts
from geoportal.errors import Unavailable
from geoportal.language import number, text
from geoportal.maps.elements import Sheet
from geoportal.maps.escape import inert, visible
from geoportal.maps.pages import FONTS, VENDOR, inline_policy, localise
from geoportal.maps.preview import SOMEWHERE, free_corner, number_elements
from geoportal.model.layer import Layer
from geoportal.model.report import Finding, Occurrence, Report, Severity
from geoportal.reports.ground import Ground, box_around, outlines_on
from geoportal.reports.marks import COLOURS, mark
from geoportal.reports.places import where
from geoportal.reports.summary import score_line, sentence, summarise
from geoportal.reports.target import write_text

HERE: Final = Path(__file__).parent
ASSETS: Final = HERE.parent / "web" / "static" / "vendor"
MOST_PLACES: Final = 4000
"""Marks on one map; the rest is in the fault GeoPackage."""
LEAST_EACH: Final = 50
MOST_CORNERS: Final = 150_000
"""Corners of all shapes of places together; beyond that a place is its mark alone."""
DOMAIN: Final = "reports"
_LINK: Final = re.compile(
    rf'<script src="{VENDOR}([^"]+)"></script>|<link rel="stylesheet" href="{VENDOR}([^"]+)"\s*/?>'
)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_PICTURE: Final = re.compile(r"url\(\s*['\"]?(?!data:|#)[^)]*\)")


def write_map(report: Report, outlines: Sequence[Layer], target: Path, *, title: str, language: str) -> None:
    """Write the fault map of a report as one page; BadRequest where ``target`` is a folder."""
    write_text(target, standalone(fault_map(report, outlines, title=title, language=language)))


def fault_map(report: Report, outlines: Sequence[Layer], *, title: str, language: str) -> folium.Map:
    """The fault map as a folium map. ``report`` holds all its places; ``outlines`` are its layers, thinned or whole.

    Nothing of the file is trusted; never raises for bad data.
    """
    ground = Ground(report)
    drawn = outlines_on(ground, outlines)
    places = _placed(report, _chosen(report), ground, language)
    extent = box_around(drawn.coordinates, [row[1:3] for row in places])
    heading = text(DOMAIN, "map.title", language, title=visible(title))
    sheet = Sheet(language, inert(heading), inert(text(DOMAIN, "map.noscript", language)))
    sheet.style_sheet += (HERE / "map.css").read_text("utf-8")
    west, south, east, north = extent or (SOMEWHERE if ground.on_earth else (0.0, 0.0, 1.0, 1.0))
    chart = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        crs="EPSG3857" if ground.on_earth else "Simple",
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        minZoom=2 if ground.on_earth else -30,
        maxZoom=22 if ground.on_earth else 30,
    )
    sheet.add_child(chart)
    shown = {row[0] for row in places}
    everything = np.array([shapely.multipoints(drawn.coordinates)])
    corner = free_corner(extent, everything) if ground.on_earth and extent else "kanan-bawah"
    _Legend(report, shown, _notes(report, places, ground, language), corner, language).add_to(chart)
    _Faults(
        {
            "words": _words(heading, language),
            "marks": {str(level): mark(level) for level in Severity},
            "colours": {str(level): colour for level, colour in COLOURS.items()},
            "onEarth": ground.on_earth,
            "box": [[south, west], [north, east]],
            "closest": 17 if ground.on_earth else 20,
            "legendLeft": corner.startswith("kiri"),
            "layers": len(report.layers),
            "findings": [_told(finding, language) for finding in report.findings],
            "lines": [ground.flat(line) for line in drawn.lines],
            "points": ground.flat(drawn.points),
            "places": places,
        }
    ).add_to(chart)
    number_elements(sheet)
    return chart


def _chosen(report: Report) -> list[tuple[int, Occurrence]]:
    """The places that are drawn, by the number of their finding: all, or of each finding its share of what fits."""
    counts = [sum(item.where is not None for item in finding.occurrences) for finding in report.findings]
    total, left = sum(counts), MOST_PLACES
    chosen: list[tuple[int, Occurrence]] = []
    for at, finding in enumerate(report.findings):
        fair = counts[at] if total <= MOST_PLACES else max(LEAST_EACH, MOST_PLACES * counts[at] // total)
        own = [item for item in finding.occurrences if item.where is not None][: min(fair, left)]
        left -= len(own)
        chosen += [(at, item) for item in own]
    return chosen


def _placed(report: Report, chosen: Sequence[tuple[int, Occurrence]], ground: Ground, language: str) -> list[list[Any]]:
    """The rows of the script: ``[finding, x, y, feature, related, sentence, coordinates, shape]``."""
    rows: list[list[Any]] = []
    corners = 0
    for at, finding in enumerate(report.findings):
        own = [item for number_, item in chosen if number_ == at]
        points, shapes = ground.points(finding.layer, own), ground.place(finding.layer, _shapes(own))
        for item, point, shape in zip(own, points, shapes, strict=True):
            if point is None:
                continue
            corners += shapely.get_num_coordinates(shape)
            drawn = json.loads(shapely.to_geojson(shape)) if shape is not None and corners <= MOST_CORNERS else None
            x, y = ground.flat([point.x, point.y])
            rows.append(
                [
                    *(at, x, y, _plain(item.feature), _plain(item.related)),
                    visible(texts.occurrence(finding, item, language)),
                    where(item, language),
                    drawn,
                ]
            )
    return rows


def _shapes(items: Sequence[Occurrence]) -> Any:
    """The shapes of places, None for a place that is a point."""
    given = [json.dumps(item.geometry) if item.geometry else None for item in items]
    return np.asarray(shapely.from_geojson(np.array([*given, None], dtype=object), on_invalid="ignore")[:-1])


def _plain(value: str | None) -> str | None:
    return None if value is None else visible(value)


def _told(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "severity": str(finding.severity),
        "title": texts.title(finding.rule, language),
        "message": visible(texts.message(finding, language)),
        "hint": visible(texts.hint(finding, language)),
        "layer": _plain(finding.layer),
    }


def _words(heading: str, language: str) -> dict[str, str]:
    keys = {"hint": "hint", "feature": "feature", "related": "related", "layer": "layer", "place": "place",
            "close": "map.close"}  # fmt: skip
    words = {name: text(DOMAIN, key, language) for name, key in keys.items()}
    words |= {str(level): text(DOMAIN, f"severity.{level}", language) for level in Severity}
    words |= {"zoomIn": text("maps", "zoom.in", language), "zoomOut": text("maps", "zoom.out", language)}
    return words | {"map": heading}


def _notes(report: Report, places: Sequence[Sequence[Any]], ground: Ground, language: str) -> list[str]:
    """What the reader of the map must know: what is not on it, and in which coordinates it is drawn."""
    notes = []
    if not ground.on_earth:
        notes.append(text(DOMAIN, "map.plain", language))
    notes += [text(DOMAIN, "map.unplaced", language, layer=name) for name in sorted(ground.unplaced)]
    with_place = sum(item.where is not None for finding in report.findings for item in finding.occurrences)
    total = sum(finding.count for finding in report.findings)
    if (more := with_place - len(places)) > 0:
        notes.append(text(DOMAIN, "map.more", language, shown=number(len(places), language), n=number(more, language)))
    if (without := total - with_place) > 0:
        key = "map.placeless.one" if without == 1 else "map.placeless"
        notes.append(text(DOMAIN, key, language, n=number(without, language)))
    return notes


class _Legend(MacroElement):
    """The judgement, a switch for each finding, and what marks and areas mean. Texts of files are inert."""

    _template = Template(
        """
{% macro html(this, kwargs) %}
<section class="legenda {{ this.corner }}" aria-label="{{ this.label }}">
<p class="penilaian"><b>{{ this.score }}</b> {{ this.sentence }}</p>
{% if this.switches %}<h2>{{ this.heading }}</h2>
<fieldset class="tampil"><legend class="tersembunyi">{{ this.show }}</legend>
{% for item in this.switches %}<label><input type="checkbox" data-temuan="{{ item.number }}" autocomplete="off"
{%- if item.checked %} checked{% endif %}{% if not item.placed %} disabled{% endif %}>{{ item.mark }}<span>
<span class="tersembunyi">{{ item.severity }}: </span>{{ item.title }}</span>
<span class="jumlah">{{ item.count }}</span></label>
{% endfor %}</fieldset>{% endif %}
<ul class="kunci">
<li><span class="kelompok {{ this.worst }}" aria-hidden="true">9</span><span>{{ this.cluster }}</span></li>
<li><svg width="24" height="16" viewBox="0 0 24 16" aria-hidden="true"><path d="M2 13 7 3l12 1 3 9Z" fill="#F0B323"
 fill-opacity=".45" stroke="#F0B323" stroke-width="2" stroke-dasharray="4 2"/></svg><span>{{ this.area }}</span></li>
<li><svg width="24" height="16" viewBox="0 0 24 16" aria-hidden="true"><path d="M2 12 9 5l6 5 7-7" fill="none"
 stroke="#74655A" stroke-width="1.5"/></svg><span>{{ this.outline }}</span></li>
</ul>
{% for note in this.notes %}<p>{{ note }}</p>
{% endfor %}</section>
{% endmacro %}
"""
    )

    def __init__(self, report: Report, placed: set[int], notes: Sequence[str], corner: str, language: str) -> None:
        super().__init__()
        self._name, self.corner = "Legend", corner
        summary = summarise(report)
        worst = next((level for level in Severity if summary.findings[level]), Severity.INFO)
        self.label, self.heading = text("maps", "legend", language), text(DOMAIN, "map.findings", language)
        self.show, self.worst = text(DOMAIN, "map.show", language), str(worst)
        self.score, self.sentence = score_line(summary, language), sentence(summary, language)
        self.cluster, self.area = text(DOMAIN, "map.cluster", language), text(DOMAIN, "map.area", language)
        self.outline = text(DOMAIN, "map.outline", language)
        self.notes = [inert(note) for note in notes]
        # Notes stand in nobody's way: they are off while there is something to mend.
        least = worst if worst is Severity.INFO else Severity.WARNING
        self.switches = [
            {
                "number": at,
                "mark": mark(finding.severity),
                "severity": text(DOMAIN, f"severity.{finding.severity}", language),
                "title": inert(texts.title(finding.rule, language)),
                "count": number(finding.count, language),
                "placed": at in placed,
                "checked": at in placed and (finding.severity is not Severity.INFO or least is Severity.INFO),
            }
            for at, finding in enumerate(report.findings)
        ]


class _Faults(JSCSSMixin, MacroElement):
    """The marks and shapes. The data is one JavaScript string, in which nothing can end a script or be a template."""

    _template = Template("{% macro script(this, kwargs) %}{{ this.script() }}{% endmacro %}")
    default_js = MarkerCluster.default_js
    default_css = MarkerCluster.default_css

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Faults"
        self.data = data

    def script(self) -> str:
        """The script with its data."""
        said = json.dumps(json.dumps(self.data, ensure_ascii=True, separators=(",", ":"), allow_nan=False))
        for character in "<>&'{}$`":
            said = said.replace(character, f"\\u{ord(character):04x}")
        code = (HERE / "map.js").read_text("utf-8")
        map_name = self._parent.get_name() if self._parent else ""
        return code.replace("(MAP, JSON.parse(DATA))", f"({map_name}, JSON.parse({said}))")


def standalone(chart: folium.Map) -> str:
    """The page of a map with everything inside it, and a policy that forbids to fetch anything.

    Unavailable where the assets of the portal are not there: ``make`` fetches them.
    """
    page = localise(chart).replace(FONTS, "")

    def laid_in(match: re.Match[str]) -> str:
        script, style = match.groups()
        try:
            content = (ASSETS / (script or style)).read_text("utf-8")
        except OSError:
            raise Unavailable("the scripts of the map are not here; `make assets` fetches them", say="assets") from None
        if script:
            return f"<script>{content}</script>"
        return f"<style>{_PICTURE.sub('url(data:,)', _COMMENT.sub('', content))}</style>"

    page = _LINK.sub(laid_in, page)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{inline_policy(page)}">'
    return page.replace("<head>", f"<head>\n{meta}", 1)
