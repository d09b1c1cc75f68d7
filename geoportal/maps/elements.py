"""What folium has no element for: the sheet around a map, its legend, pop-ups, names and furniture.

Each is a folium element with a template of its own. Texts come in as inert HTML (``escape.inert``) and are shown as
such; no template writes a ``style`` attribute, so that a page needs no exception in its Content-Security-Policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from branca.element import Figure, MacroElement
from folium.template import Template

HERE: Final = Path(__file__).parent


@cache
def style_sheet() -> str:
    """The style of a preview page; part of the page, so that a published one never changes its looks."""
    return (HERE / "preview.css").read_text("utf-8")


class Sheet(Figure):
    """The page around a map: language, title, one main landmark, and a sentence for readers without scripts."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.language }}">
<head>
{{ this.header.render(**kwargs) }}
<title>{{ this.heading }}</title>
<style>{{ this.style_sheet }}</style>
</head>
<body>
<main class="peta {{ this.surroundings }}">
<h1 class="tersembunyi">{{ this.heading }}</h1>
{{ this.html.render(**kwargs) }}
<noscript><p class="tanpa-skrip">{{ this.without_script }}</p></noscript>
</main>
<script>
{{ this.script.render(**kwargs) }}
</script>
</body>
</html>
"""
    )

    def __init__(self, language: str, heading: str, without_script: str) -> None:
        """Heading and sentence are inert HTML."""
        super().__init__()
        self.language, self.heading, self.without_script = language, heading, without_script
        self.style_sheet = style_sheet()
        self.surroundings = ""


@dataclass(frozen=True, slots=True)
class Swatch:
    """One line of a legend: an inert label, its number of features as text, the colours of its swatch."""

    label: str
    count: str
    fill: str
    edge: str
    dashed: bool = False


class Legend(MacroElement):
    """The legend, the chip of sample data, notes and source: over the map where there is room, under it on phones."""

    _template = Template(
        """
{% macro html(this, kwargs) %}
{% if this.chip %}<p class="contoh"><svg width="14" height="14" viewBox="0 0 24 24" aria-hidden="true"><path
 d="M9 3h6M10 3v6L4.500 18.500A1.700 1.700 0 0 0 6 21h12a1.700 1.700 0 0 0 1.500-2.500L14 9V3M7.500 15h9" fill="none"
 stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>{{ this.chip }}</p>
{% endif %}
<section class="legenda {{ this.corner }}" aria-label="{{ this.label }}">
<h2>{{ this.title }}</h2>
<ul>
{% for swatch in this.swatches %}<li><svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">
{%- if this.shape == "area" -%}
<rect x=".5" y=".5" width="21" height="13" rx="2" fill="{{ swatch.fill }}" stroke="{{ swatch.edge }}"
{%- if swatch.dashed %} stroke-dasharray="3 2"{% endif %}/>
{%- elif this.shape == "line" -%}
<path d="M1 11 8 4l6 5 7-6" fill="none" stroke="{{ swatch.fill }}" stroke-width="2.5" stroke-linejoin="round"/>
{%- else -%}
<circle cx="11" cy="7" r="6" fill="{{ swatch.fill }}" stroke="{{ swatch.edge }}" stroke-width="1.5"/>
{%- endif -%}
</svg><span>{{ swatch.label }}
{%- if swatch.count %} <span class="jumlah">({{ swatch.count }})</span>{% endif %}</span></li>
{% endfor %}</ul>
{% for note in this.notes %}<p>{{ note }}</p>
{% endfor %}</section>
<p class="sumber">{{ this.source }}</p>
{% endmacro %}
"""
    )

    def __init__(
        self,
        *,
        label: str,
        title: str,
        swatches: Sequence[Swatch],
        shape: str,
        notes: Sequence[str],
        source: str,
        chip: str | None,
        corner: str,
    ) -> None:
        """Everything but ``shape`` (area, line, point) and ``corner`` (a class of the style sheet) is inert HTML."""
        super().__init__()
        self._name = "Legend"
        self.label, self.title, self.swatches, self.shape = label, title, list(swatches), shape
        self.notes, self.source, self.chip, self.corner = list(notes), source, chip, corner


class FeaturePopup(MacroElement):
    """A pop-up on every feature of a GeoJson layer: its heading and its fields by readable names.

    Property ``n`` is the heading, ``f0``, ``f1`` ... the values, all inert; an absent one is shown as ``words.none``.
    The open feature is marked.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
{{ this._parent.get_name() }}.eachLayer(function (shape) {
    if (shape.eachLayer) { shape.eachLayer(function (part) { part.feature = shape.feature; }); }
});
(function (features, labels, words, marked, room) {
    features.bindPopup(function (shape) {
        var values = shape.feature.properties, rows = '';
        labels.forEach(function (label, place) {
            var value = values['f' + place];
            if (value === undefined) { value = words.none; }
            rows += '<tr><th scope="row">' + label + '</th><td>' + value + '</td></tr>';
        });
        return '<h2>' + values.n + '</h2>' + (rows ? '<table>' + rows + '</table>' : '') + words.more;
    }, {
        minWidth: 160, maxWidth: Math.max(180, Math.min(300, room.x - 96)),
        maxHeight: Math.max(110, Math.min(260, room.y - 110)),
        autoPanPaddingTopLeft: [12, 54], autoPanPaddingBottomRight: [66, 12]
    });
    features.on('popupopen', function (event) {
        var shape = event.popup._source;
        if (shape && shape.setStyle) { shape.setStyle(marked); }
        var close = event.popup.getElement().querySelector('.leaflet-popup-close-button');
        if (close) { close.setAttribute('aria-label', words.close); }
    });
    features.on('popupclose', function (event) {
        var shape = event.popup._source;
        while (shape && !features.hasLayer(shape)) {
            shape = Object.values(shape._eventParents || {}).find(function (parent) { return parent.feature; });
        }
        if (shape) { features.resetStyle(shape); }
    });
})({{ this._parent.get_name() }}, {{ this.labels|tojson }}, {{ this.words|tojson }}, {{ this.marked|tojson }},
    {{ this._parent._parent.get_name() }}.getSize());
{% endmacro %}
"""
    )

    def __init__(self, labels: Sequence[str], words: dict[str, str], marked: dict[str, Any]) -> None:
        """Labels and ``words`` (none, more, close) are inert HTML; ``marked`` are Leaflet path options."""
        super().__init__()
        self._name = "FeaturePopup"
        self.labels, self.words, self.marked = list(labels), words, marked


class Dots(MacroElement):
    """A dot in place of each area that is too small to see at the present zoom.

    ``dots`` are ``[latitude, longitude, colour, rim, size in degrees]``.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
(function (map, dots) {
    var drawn = dots.map(function (dot) {
        return L.circleMarker([dot[0], dot[1]], {
            pane: 'edge', interactive: false, radius: 5.5, color: dot[3], weight: 1.4, fillColor: dot[2], fillOpacity: 1
        });
    });
    function place() {
        var pixels = 256 * Math.pow(2, map.getZoom()) / 360;
        drawn.forEach(function (dot, place) {
            if (dots[place][4] * pixels < 12) { dot.addTo(map); } else { dot.remove(); }
        });
    }
    map.on('zoomend', place);
    place();
})({{ this._parent.get_name() }}, {{ this.dots|tojson }});
{% endmacro %}
"""
    )

    def __init__(self, dots: Sequence[tuple[float, float, str, str, float]]) -> None:
        """Colours are ours, never from a file."""
        super().__init__()
        self._name = "Dots"
        self.dots = [list(dot) for dot in dots]


class Names(MacroElement):
    """Names on the map, the most important first.

    At each zoom those that would touch another one, or burst their area, are left out.
    ``names`` are ``[latitude, longitude, inert text, width of the area in degrees or 0 for a point, class]``; the class
    is empty for the layer's own names.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
(function (map, names) {
    var signs = names.map(function (name) {
        var html = '<span>' + name[2] + '</span>', kind = (name[3] ? 'nama ' : 'nama titik ') + name[4];
        var sign = L.marker([name[0], name[1]], {
            pane: 'names', interactive: false, keyboard: false,
            icon: L.divIcon({className: kind, html: html, iconSize: [0, 0]})
        }).addTo(map);
        return {sign: sign, span: name[3]};
    });
    function measure() {
        signs.forEach(function (each) {
            var word = each.sign.getElement().firstChild;
            each.wide = word.offsetWidth;
            each.high = word.offsetHeight + 4;
        });
        place();
    }
    function place() {
        var taken = [], zoom = map.getZoom();
        signs.forEach(function (each) {
            var at = map.project(each.sign.getLatLng(), zoom);
            if (!each.span) { taken.push([at.x - 5, at.y - 5, at.x + 5, at.y + 5, each]); }
        });
        signs.forEach(function (each) {
            var at = map.project(each.sign.getLatLng(), zoom), list = each.sign.getElement().classList;
            var roomy = !each.span || each.wide <= each.span * 256 * Math.pow(2, zoom) / 360 * 1.25;
            var starts = each.span ? [-each.wide / 2] : [10, -10 - each.wide];
            var chosen = !roomy ? -1 : starts.findIndex(function (start) {
                var own = [at.x + start, at.y - each.high / 2, at.x + start + each.wide, at.y + each.high / 2, each];
                var free = !taken.some(function (other) {
                    var beside = own[0] >= other[2] || other[0] >= own[2] || own[1] >= other[3] || other[1] >= own[3];
                    return other[4] !== each && !beside;
                });
                if (free) { taken.push(own); }
                return free;
            });
            list.toggle('tersimpan', chosen < 0);
            list.toggle('kiri', chosen === 1);
        });
    }
    map.on('zoomend', place);
    measure();
    if (document.fonts) { document.fonts.ready.then(measure); }
})({{ this._parent.get_name() }}, {{ this.names|tojson }});
{% endmacro %}
"""
    )

    def __init__(self, names: Sequence[tuple[float, float, str, float, str]]) -> None:
        """See the class; call after the map has a view, since names are measured when they are added."""
        super().__init__()
        self._name = "Names"
        self.names = [list(name) for name in names]


class Furniture(MacroElement):
    """What every map has besides its layer.

    Zoom, full screen where the frame allows it, a metric scale bar, the equator with its name, a target of 44 pixels
    round every point, and a name for those who do not see it.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
(function (map, words) {
    var box = map.getContainer();
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', words.map);
    var zoom = L.control.zoom({position: 'topright', zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut});
    zoom.addTo(map);
    var corner = zoom.getContainer().parentNode;
    corner.insertBefore(zoom.getContainer(), corner.firstChild);
    var full = box.querySelector('.fullscreen-icon');
    if (full && !document.fullscreenEnabled) { full.parentNode.remove(); }
    L.control.scale({position: 'bottomleft', imperial: false, maxWidth: 90}).addTo(map);
    L.polyline([[0, -540], [0, 540]], {
        pane: 'water', interactive: false, color: {{ this.equator|tojson }}, weight: 1.2, dashArray: '6 5'
    }).addTo(map);
    var sign = L.divIcon({className: 'khatulistiwa', html: '<span>' + words.equator + '</span>', iconSize: [0, 0]});
    var equator = L.marker([0, 0], {pane: 'water', interactive: false, keyboard: false, icon: sign}).addTo(map);
    function follow() { equator.setLatLng([0, map.containerPointToLatLng([8, 0]).lng]); }
    map.on('move zoom zoomend resize', follow);
    follow();
    // Leaflet focuses the map by script when it is clicked: a focus ring is for keys only.
    box.addEventListener('pointerdown', function () { box.classList.add('ditunjuk'); }, true);
    box.addEventListener('keydown', function () { box.classList.remove('ditunjuk'); }, true);
    map.on('click', function (event) {
        var nearest = null, reach = 22;
        map.eachLayer(function (shape) {
            if (!shape.feature || !(shape.getLatLng || shape.getBounds)) { return; }
            var middle = shape.getLatLng ? shape.getLatLng() : shape.getBounds().getCenter();
            var away = map.latLngToContainerPoint(middle).distanceTo(event.containerPoint);
            if (away < reach) { nearest = shape; reach = away; }
        });
        if (nearest) { nearest.fire('click', {latlng: event.latlng}, true); }
    });
})({{ this._parent.get_name() }}, {{ this.words|tojson }});
{% endmacro %}
"""
    )

    def __init__(self, words: dict[str, str], equator: str) -> None:
        """``words``: map, zoomIn, zoomOut, equator; inert HTML."""
        super().__init__()
        self._name = "Furniture"
        self.words, self.equator = words, equator
