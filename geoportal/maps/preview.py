"""The interactive map of a layer, made by folium: for the portal, the desk and notebooks alike."""

from __future__ import annotations

from typing import Any, Final

import folium
import numpy as np
import shapely
from folium.plugins import Fullscreen

from geoportal.language import text
from geoportal.maps import ground as earth
from geoportal.maps.attributes import Values
from geoportal.maps.drawing import LINE, POINT, Drawing, Extent, Shapes
from geoportal.maps.elements import Dots, FeaturePopup, Furniture, Legend, Names, Sheet, Swatch
from geoportal.maps.escape import inert, shortened
from geoportal.maps.generalise import heart, is_ribbon, middle
from geoportal.maps.ground import Ground
from geoportal.maps.moving_ground import decimals_of, geometries, ground_names, lay_borders, lay_ground
from geoportal.maps.names import broken
from geoportal.maps.plan import Plan, plan, span
from geoportal.maps.style import Classes, Entry, classify, mixed, rim
from geoportal.maps.window import Window
from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.model.region import Region
from geoportal.model.text import LocalText

LABELLED_AREAS: Final = 300
LABELLED_POINTS: Final = 60
LONGEST_NAME: Final = 40
FRAME: Final = (764, 520)
LEGEND_BOX: Final = (0.36, 0.36)
MARKED: Final = {"color": earth.INK, "weight": 2.4, "fillColor": "#E3A917", "fillOpacity": 0.9}
SOMEWHERE: Final[Extent] = (95.0, -11.0, 141.0, 6.0)
"""Indonesia: shown when neither the layer nor the region says where to look."""


def preview(
    layer: Layer,
    record: Record | None = None,
    *,
    region: Region | None = None,
    language: str = "id",
    version: int | None = None,
    credits: LocalText | None = None,
    ground: Ground | None = None,
) -> folium.Map:
    """A folium map of the layer on a ground of our own: classes, legend, pop-ups with readable labels, scale, source.

    Nothing of the layer is trusted: every text is inert before folium sees it, property keys are invented. At most
    2,000 features and about 1 MB of data; what is left out is said in the legend. Without a CRS nothing is drawn: it is
    never guessed. Never raises for bad data.
    """
    record = record or Record(title=LocalText.of(layer.name or text("maps", "layer.untitled", language)))
    return compose(
        plan(layer, record),
        layer,
        record,
        region=region,
        language=language,
        version=version,
        credits=credits,
        ground=ground,
    )


def compose(
    planned: Plan,
    layer: Layer,
    record: Record,
    *,
    region: Region | None,
    language: str,
    version: int | None,
    credits: LocalText | None,
    ground: Ground | None,
) -> folium.Map:
    """The map of a plan in one language: ``preview`` for whoever needs several."""
    drawing, shapes = planned.drawing, planned.shapes
    values = Values(layer, record, drawing.rows, language)
    classes = classify(layer, record, language, areas=bool(drawing.areas))
    land = earth.under(drawing, ground)
    extent = earth.view(drawing, land) or (region.extent if region else None) or SOMEWHERE
    title = record.title.in_language(language) or layer.name
    heading = (
        text("maps", "map.label", language, title=title)
        if version is None
        else text("maps", "page.title", language, title=title, version=version)
    )
    sheet = Sheet(language, inert(heading), inert(text("maps", "noscript", language)))
    chart = folium.Map(
        location=[(extent[1] + extent[3]) / 2, (extent[0] + extent[2]) / 2],
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        minZoom=2,
        maxZoom=18,
    )
    sheet.add_child(chart)
    sheet.surroundings = "" if land or planned.lines else "darat"
    covered = land is not None and earth.covered(drawing, land)
    lay_ground(chart, extent, land, covered=covered, areas=bool(drawing.areas))
    if planned.lines:
        lay_borders(chart, planned.lines, span(extent), classes.themed, land, covered=covered)
    south_west, north_east = (extent[1], extent[0]), (extent[3], extent[2])
    chart.fit_bounds([south_west, north_east], padding=(22, 22), max_zoom=14)
    _lay_features(chart, planned, classes, values)
    words = {
        "map": inert(text("maps", "map.label", language, title=title)),
        "zoomIn": inert(text("maps", "zoom.in", language)),
        "zoomOut": inert(text("maps", "zoom.out", language)),
        "equator": inert(text("maps", "equator", language)),
    }
    Fullscreen(
        position="topright",
        title=inert(text("maps", "fullscreen.enter", language)),
        title_cancel=inert(text("maps", "fullscreen.leave", language)),
        force_separate_button=True,
    ).add_to(chart)
    Furniture(words, earth.EQUATOR).add_to(chart)
    if drawing.areas and not planned.lines:
        Dots(_small(drawing, shapes, classes)).add_to(chart)
    names = _names(drawing, shapes, values)
    if land:
        names += ground_names(land, language)
    if names:
        Names(names).add_to(chart)
    sources = [
        credits.in_language(language) if credits else "",
        title,
        text("maps", "source.version", language, number=version) if version is not None else "",
        record.licence or "",
        land.source.in_language(language) if land else "",
    ]
    notes = drawing.omissions.sentences(language)
    if planned.coarse:
        notes.append(text("maps", "note.simplified", language))
    Legend(
        label=inert(text("maps", "legend", language)),
        title=inert(shortened(classes.title, 120)),
        swatches=[_swatch(entry, classes.themed, bool(drawing.areas)) for entry in classes.entries if len(drawing)],
        shape="area" if drawing.areas else "line" if (drawing.dimension == LINE).any() else "point",
        notes=[inert(note) for note in notes],
        source=" · ".join(inert(shortened(part, 160)) for part in sources if part),
        chip=inert(text("maps", "synthetic", language)) if record.synthetic else None,
        corner=free_corner(extent, shapes),
    ).add_to(chart)
    number_elements(sheet)
    return chart


def _lay_features(chart: folium.Map, planned: Plan, classes: Classes, values: Values) -> None:
    """The layer itself, with pop-ups."""
    drawing, shapes, mosaic = planned.drawing, planned.shapes, planned.lines is not None
    if not len(drawing):
        return
    entries = [classes.entries[position] for position in classes.of_feature[drawing.rows]]
    radius = 8.0 if len(drawing) <= 60 else 5.5 if len(drawing) <= 400 else 3.5
    thickness = 2.4 if len(drawing) <= 500 else 1.5
    ribbon = is_ribbon(shapes[: drawing.areas], span(drawing.extent) / 130)
    looks = [
        _look(entry, int(dimension), mosaic, radius, thickness, ribbon)
        for entry, dimension in zip(entries, drawing.dimension, strict=True)
    ]
    features = [
        {"type": "Feature", "id": str(place), "properties": properties, "geometry": geometry}
        for place, (properties, geometry) in enumerate(
            zip(values.properties, geometries(shapes, decimals_of(span(drawing.extent))), strict=True)
        )
    ]
    collection = folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: looks[int(feature["id"])],
        highlight_function=lambda feature: {"weight": 3, "color": earth.INK},
        marker=folium.CircleMarker(radius=radius) if (drawing.dimension == POINT).any() else None,
        name="layer",
        smooth_factor=0,
    )
    words = {"none": values.none, "more": values.more, "close": values.close}
    FeaturePopup(values.labels, words, MARKED).add_to(collection)
    collection.add_to(chart)


def _look(entry: Entry, dimension: int, mosaic: bool, radius: float, thickness: float, ribbon: bool) -> dict[str, Any]:
    """Leaflet's path options of one feature; the same keys for all, so that a marked feature can be reset."""
    look: dict[str, Any] = {"fillColor": entry.colour, "fillOpacity": 1, "opacity": 1, "dashArray": None}
    if dimension == POINT:
        ring = 2.2 if radius > 6 else 1.4 if radius > 4 else 0.8
        return look | {"fill": True, "radius": radius, "color": rim(entry.colour), "weight": ring}
    if dimension == LINE:
        return look | {"color": entry.colour, "weight": thickness, "fillOpacity": 0, "fillColor": "none"}
    if entry.missing:
        return look | {"color": earth.BORDER, "weight": 0.8, "dashArray": "4 3"}
    if mosaic:
        # Its borders are drawn apart, once; this covers the hairline that is left between two areas side by side.
        return look | {"color": entry.colour, "weight": 0.8}
    edge = mixed(entry.colour, earth.INK, 0.92 if ribbon else 0.7)
    return look | {"color": edge, "weight": 0.6 if ribbon else 1, "fillOpacity": 0.9}


def _swatch(entry: Entry, themed: bool, areas: bool) -> Swatch:
    edge = mixed(entry.colour, earth.INK, 0.6)
    count = f"{entry.count}" if themed else ""
    return Swatch(inert(entry.label), count, entry.colour, edge, entry.missing)


def _names(drawing: Drawing, shapes: Shapes, values: Values) -> list[tuple[float, float, str, float, str]]:
    """Where names stand: in the heart of areas, beside points; only where the record says which field is the name."""
    areas = drawing.areas
    if not any(values.named):
        return []
    names = []
    if 0 < areas <= LABELLED_AREAS:
        hearts = heart(shapes[:areas])
        bounds = shapely.bounds(shapes[:areas])
        for place in range(areas):
            names.append((hearts[place], float(bounds[place, 2] - bounds[place, 0]), place))
    points = np.flatnonzero(drawing.dimension == POINT)
    if 0 < len(points) <= LABELLED_POINTS:
        names += [(point, 0.0, int(place)) for point, place in zip(middle(shapes[points]), points, strict=True)]
    return [
        (round(point.y, 5), round(point.x, 5), _lines(values.plain[place], width), round(width, 5), "")
        for point, width, place in names
        if values.named[place]
    ]


def _lines(name: str, width: float) -> str:
    """A name as inert HTML; names of areas break in two."""
    short = shortened(name, LONGEST_NAME)
    return "<br>".join(inert(line) for line in (broken(short) if width else (short,)))


def _small(drawing: Drawing, shapes: Shapes, classes: Classes) -> list[tuple[float, float, str, str, float]]:
    """A dot for each area, shown while the area itself is too small to see."""
    bounds = shapely.bounds(shapes[: drawing.areas])
    middles = middle(shapes[: drawing.areas])
    size = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    return [
        (round(point.y, 5), round(point.x, 5), colour, rim(colour), round(float(wide), 6))
        for point, colour, wide in zip(middles, classes.colours(drawing.rows), size, strict=False)
    ]


def free_corner(extent: Extent, shapes: Shapes) -> str:
    """The corner that the layer leaves freest, for the legend: bottom right unless another is clearly freer."""
    if not len(shapes):
        return "kanan-bawah"
    window = Window.around(extent, *FRAME, margin=22)
    places = shapely.get_coordinates(window.pixels(shapes)) / FRAME
    wide, high = LEGEND_BOX
    right, left = places[:, 0] > 1 - wide, places[:, 0] < wide
    low, top = places[:, 1] > 1 - high, places[:, 1] < high
    crowd = {
        "kanan-bawah": int((right & low).sum()),
        "kiri-bawah": int((left & low).sum()),
        "kiri-atas": int((left & top).sum()),
    }
    best = min(crowd, key=lambda corner: crowd[corner])
    return best if crowd[best] < 0.7 * crowd["kanan-bawah"] else "kanan-bawah"


def number_elements(sheet: Sheet) -> None:
    """Give all elements counted names instead of random ones, so that the same layer gives the same bytes."""
    waiting: list[Any] = [sheet]
    count = 0
    while waiting:
        element = waiting.pop()
        element._id = f"{count}"
        count += 1
        waiting.extend(element._children.values())
