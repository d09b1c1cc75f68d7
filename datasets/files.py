"""Writers of the source files: the same layer gives the same bytes, whatever the clock says."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from datasets.drawn import CONTENT_DATE

NO_CLOCK = {"OGR_CURRENT_DATE": f"{CONTENT_DATE}T00:00:00.000Z"}


def write_geopackage(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GeoPackage with one layer of the file's name, dated by the content and not by the clock."""
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options(NO_CLOCK)
    try:
        layer.to_file(path, layer=path.stem, driver="GPKG", engine="pyogrio", use_arrow=True)
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(NO_CLOCK))


def write_shapefile(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One zip with a Shapefile, its .prj and .cpg."""
    with tempfile.TemporaryDirectory() as folder:
        layer.to_file(
            Path(folder) / f"{path.stem}.shp",
            driver="ESRI Shapefile",
            engine="pyogrio",
            encoding="UTF-8",
            DBF_DATE_LAST_UPDATE=str(CONTENT_DATE),
        )
        _zip(path, [(part.name, part.read_bytes()) for part in sorted(Path(folder).iterdir())])


def write_flatgeobuf(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One FlatGeobuf with its spatial index."""
    path.unlink(missing_ok=True)
    layer.to_file(path, layer=path.stem, driver="FlatGeobuf", engine="pyogrio")


def write_gml(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GML 3.2 without a schema beside it, as it is often sent; EPSG:4326 in its own axis order, latitude first."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        layer.to_file(whole, layer=path.stem, driver="GML", engine="pyogrio", FORMAT="GML3.2", XSISCHEMA="OFF")
        path.write_bytes(whole.read_bytes())


def write_gpx(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GPX 1.1 of waypoints: name, cmt, desc and type, as a receiver in the field would give them."""
    points = [
        f'<wpt lat="{row.geometry.y}" lon="{row.geometry.x}"><name>{escape(row.name_)}</name>'
        f"<cmt>{escape(row.cmt)}</cmt><desc>{escape(row.desc)}</desc><type>{escape(row.type)}</type></wpt>\n"
        for row in layer.rename(columns={"name": "name_"}).itertuples()
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="datasets/make.py"'
    space = ' xmlns="http://www.topografix.com/GPX/1/1">\n'
    path.write_text(head + space + "".join(points) + "</gpx>\n", encoding="utf-8", newline="\n")


def write_kml(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One KML 2.2 of lines with typed fields (a schema and extended data), name first."""
    fields = [name for name in layer.columns if name != "geometry"]
    kinds = {"i": "int", "f": "double"}
    schema = "".join(
        f'<SimpleField name="{name}" type="{kinds.get(layer[name].dtype.kind, "string")}"/>' for name in fields
    )
    marks = []
    for row in layer.itertuples():
        data = "".join(f'<SimpleData name="{name}">{escape(str(getattr(row, name)))}</SimpleData>' for name in fields)
        corners = " ".join(f"{x},{y}" for x, y in shapely.get_coordinates(row.geometry).tolist())
        marks.append(
            f'<Placemark><name>{escape(row.nama)}</name><ExtendedData><SchemaData schemaUrl="#{path.stem}">{data}'
            f"</SchemaData></ExtendedData><LineString><coordinates>{corners}</coordinates></LineString></Placemark>\n"
        )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    named = f'<name>{path.stem}</name>\n<Schema name="{path.stem}" id="{path.stem}">{schema}</Schema>\n'
    path.write_text(f"{head}{named}{''.join(marks)}</Document></kml>\n", encoding="utf-8", newline="\n")


def write_parquet(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GeoParquet 1.1 with WKB geometry."""
    layer.to_parquet(path, index=False, compression="gzip", schema_version="1.1.0")


def write_geojson(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GeoJSON (RFC 7946: CRS84) with a feature on each line, so that a change reads well in a diff."""
    fields = [name for name in layer.columns if name != "geometry"]
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": dict(zip(fields, values, strict=True)),
                "geometry": json.loads(shapely.to_geojson(shape)) if shape is not None else None,
            },
            ensure_ascii=False,
        )
        for values, shape in zip(layer[fields].itertuples(index=False), layer.geometry, strict=True)
    ]
    body = ",\n".join(lines)
    path.write_text(
        f'{{"type": "FeatureCollection", "name": "{path.stem}", "features": [\n{body}\n]}}\n',
        encoding="utf-8",
        newline="\n",
    )


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """One CSV as an Indonesian spreadsheet writes it: semicolons and decimal commas; points as lon and lat."""
    placed = _with_coordinates(table, ("lon", "lat"))
    path.write_text(
        placed.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n"), encoding="utf-8", newline=""
    )


def write_xlsx(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One workbook of one sheet with the fewest parts that a spreadsheet opens; points as ``bujur`` and ``lintang``.

    Codes are text cells. Written by hand, since the libraries put the clock into it.
    """
    table = _with_coordinates(layer, ("bujur", "lintang"))
    rows = [_cells(1, table.columns), *(_cells(n, row) for n, row in enumerate(table.itertuples(index=False), start=2))]
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    word = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{word}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{word}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="{path.stem}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>',
    }
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    _zip(path, [(name, (head + content).encode()) for name, content in parts.items()])


def _cells(number: int, values: Iterable[Any]) -> str:
    cells = "".join(
        f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"
        for value in values
    )
    return f'<row r="{number}">{cells}</row>'


def _with_coordinates(table: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """The table with its points as two columns at the end; one without shapes as it is."""
    if not isinstance(table, gpd.GeoDataFrame):
        return table
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    return plain.assign(**{names[0]: table.geometry.x, names[1]: table.geometry.y})


def _zip(path: Path, parts: list[tuple[str, bytes]]) -> None:
    """An archive dated by the content. Stored: what deflate gives depends on the zlib at hand."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts:
            entry = zipfile.ZipInfo(name, CONTENT_DATE.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    path.write_bytes(whole.getvalue())
