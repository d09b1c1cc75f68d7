"""The style of a fault GeoPackage for QGIS: one QML a table, by severity, with colour and shape (``layer_styles``)."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from geoportal.language import text
from geoportal.model.report import Severity
from geoportal.reports.marks import COLOURS, EDGES, QGIS_FILLS, QGIS_LINES, QGIS_MARKERS

STYLE_NAME: Final = "geoportal"
CREATE: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
  ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)"""
"""The table as QGIS makes it: a project that opens the file finds the style there and uses it."""
REGISTER: Final = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)"
    " VALUES ('layer_styles', 'attributes', 'layer_styles', '')"
)
INSERT: Final = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,"
    " styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '')"
)


def style_of(kind: str, language: str) -> str:
    """The QML of a table of points, lines or areas (``kind``: titik, garis, luas)."""
    symbols, categories = [], []
    for number, severity in enumerate(Severity):
        label = text("reports", f"severity.{severity}", language)
        categories.append(
            f'<category render="true" symbol="{number}" value={quoteattr(str(severity))} label={quoteattr(label)}/>'
        )
        symbol, layer, options = _SYMBOLS[kind](severity)
        told = "".join(
            f'<Option type="QString" name={quoteattr(name)} value={quoteattr(value)}/>'
            for name, value in options.items()
        )
        # Since 3.24 QGIS reads Option, before that prop.
        props = "".join(f"<prop k={quoteattr(name)} v={quoteattr(value)}/>" for name, value in options.items())
        symbols.append(
            f'<symbol type="{symbol}" name="{number}" alpha="1" clip_to_extent="1" force_rhr="0">'
            f'<layer class="{layer}" enabled="1" locked="0" pass="{2 - number}">'
            f'<Option type="Map">{told}</Option>{props}</layer></symbol>'
        )
    return (
        '<!DOCTYPE qgis>\n<qgis version="3.28.0" styleCategories="Symbology">'
        '<renderer-v2 type="categorizedSymbol" attr="severity" enableorderby="0" forceraster="0" symbollevels="1">'
        f"<categories>{''.join(categories)}</categories><symbols>{''.join(symbols)}</symbols>"
        "</renderer-v2><blendMode>0</blendMode><layerOpacity>1</layerOpacity></qgis>"
    )


def _colour(code: str, alpha: int = 255) -> str:
    """A colour as QGIS writes it: red, green, blue, alpha."""
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _point(severity: Severity) -> tuple[str, str, dict[str, str]]:
    return (
        "marker",
        "SimpleMarker",
        {
            "name": QGIS_MARKERS[severity],
            "color": _colour(COLOURS[severity]),
            "outline_color": _colour(EDGES[severity]),
            "outline_style": "solid",
            "outline_width": "0.3",
            "outline_width_unit": "MM",
            "size": "2.8" if severity is Severity.INFO else "3.8",
            "size_unit": "MM",
        },
    )


def _line(severity: Severity) -> tuple[str, str, dict[str, str]]:
    return (
        "line",
        "SimpleLine",
        {
            "line_color": _colour(COLOURS[severity]),
            "line_style": QGIS_LINES[severity],
            "line_width": "0.9",
            "line_width_unit": "MM",
            "capstyle": "round",
            "joinstyle": "round",
        },
    )


def _area(severity: Severity) -> tuple[str, str, dict[str, str]]:
    return (
        "fill",
        "SimpleFill",
        {
            "color": _colour(COLOURS[severity], 200),
            "style": QGIS_FILLS[severity],
            "outline_color": _colour(COLOURS[severity]),
            "outline_style": QGIS_LINES[severity],
            "outline_width": "0.5",
            "outline_width_unit": "MM",
        },
    )


_SYMBOLS: Final = {"titik": _point, "garis": _line, "luas": _area}
