"""Nodes for the portal's tests: real stores and real serving files of small layers, with drawings written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import geopandas
import shapely

from geoportal.model.access import Audience, Classification
from geoportal.model.dataset import Publication
from geoportal.model.layer import Field, Layer, LayerSummary
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.report import Element, Finding, Occurrence, Report, Severity
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText
from geoportal.node import Node
from geoportal.settings import PROJECT, Settings
from geoportal.store import datasets, people

HOST = "127.0.0.1"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 764 520"><path d="M9 9h700v400H9z" fill="#58A0A2"/></svg>'
PREVIEW = '<!doctype html><html lang="{language}"><title>{title}</title><div id="map"></div></html>'
LEGEND = {
    "title": "Jenis <b>",
    "shape": "point",
    "entries": [
        {"label": "Rawat inap", "colour": "#2B5D8A", "count": 1200, "missing": False},
        {"label": "Tanpa isi", "colour": '"/><script>', "count": 1, "missing": True},
    ],
    "notes": ["2 unsur tanpa letak"],
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
SPECIFICATION = Specification(
    name="uji",
    profile="titik",
    title=LocalText("Titik uji", "Test points"),
    key="kode",
    fields=(FieldSpecification("kode", "text", required=True, unique=True), FieldSpecification("nama", "text")),
)

HIDDEN = {"rahasia_satu": "XQPRIVATQX", "rahasia_dua": "XQGOVERNQX"}
"""Guarded datasets, each with a word that stands nowhere else."""

EVIL = "<script>alert(1)</script>\"'`${alert(2)}{{ 7*7 }}"


def make_node(folder: Path, region_code: str | None = None, **web: Any) -> Node:
    """A node with an empty data directory and the project's configuration of producers and places."""
    settings = Settings.model_validate(
        {
            "node": {
                "title": {"id": "Geoportal Uji", "en": "Test Geoportal"},
                "region_name": {"id": "Kutai Kartanegara", "en": "Kutai Kartanegara"},
                "organisation": {"id": "Diskominfo", "en": "Diskominfo"},
                "region_code": region_code,
            },
            "storage": {"data": folder / "data"},
            "web": {"host": HOST, "port": 18080, "workers": 1, **web},
            "config": PROJECT / "config",
        }
    )
    return Node(settings)


def points(count: int, name: str = "unsur") -> Layer:
    """A layer of points near the equator with a key and a name."""
    frame = geopandas.GeoDataFrame(
        {"kode": [f"{row:03d}" for row in range(1, count + 1)], "nama": [f"{name} {row}" for row in range(count)]},
        geometry=shapely.points([(116.5 + row / 100, -0.4 + row / 200) for row in range(count)]),
        crs="EPSG:4326",
    )
    return Layer(
        name="layer",
        frame=frame,
        crs="EPSG:4326",
        fields=(Field("kode", "string", 13), Field("nama", "string", 50)),
        geometry_type="Point",
    )


def report_on(layer: Layer, findings: Iterable[Finding] = (), spec: str | None = "uji") -> Report:
    """A report that says that three rules were looked at, and what was found."""
    found = tuple(findings)
    checked = {"geometry-invalid", "geometry-missing", "key-duplicate", *(finding.rule for finding in found)}
    return Report((summary_of(layer),), found, spec, tuple(sorted(checked)))


def summary_of(layer: Layer) -> LayerSummary:
    """What a report says of a layer."""
    west, south, east, north = (float(value) for value in layer.frame.total_bounds)
    extent = (west, south, east, north)
    return LayerSummary("layer", len(layer), layer.crs, extent, layer.geometry_type, layer.fields)


def finding(
    rule: str = "geometry-invalid",
    severity: Severity = Severity.WARNING,
    count: int = 1,
    places: Sequence[Occurrence] = (Occurrence("001", (116.5, -0.4)),),
    **params: Any,
) -> Finding:
    """A finding of a rule in some places."""
    return Finding(rule, severity, Element.TOPOLOGICAL_CONSISTENCY, count, "layer", None, params, tuple(places))


def record_of(title: str = "Puskesmas", **facts: Any) -> Record:
    """A record with what most pages show."""
    written: dict[str, Any] = {
        "title": LocalText(title, f"{title} (en)"),
        "abstract": LocalText(f"Letak {title}.", f"Places of {title}."),
        "keywords": {"id": ("uji",), "en": ("test",)},
        "topic": "health",
        "producer": "kesehatan",
        "licence": "CC-BY-4.0",
        "content_date": "2026-11-01",
        "update_frequency": "biannually",
        "scale_denominator": 10000,
        "lineage": LocalText("Survei lapangan.", "Field survey."),
        "fields": {"kode": FieldMeaning(LocalText("Kode", "Code")), "nama": FieldMeaning(LocalText("Nama", "Name"))},
    }
    return Record(**written | facts)


def publish(
    node: Node,
    dataset_id: str,
    layer: Layer | None = None,
    *,
    record: Record | None = None,
    access: Classification = Classification.PUBLIC,
    report: Report | None = None,
    specification: Specification = SPECIFICATION,
    note: str | None = None,
    override: str | None = None,
    pictures: Literal["by hand", "real", "none"] = "by hand",
) -> Publication:
    """Seal, build and publish the next version of a dataset, as the actions do, without the child process."""
    from geoportal.maps.pages import write_previews
    from geoportal.serving.build import build
    from geoportal.serving.downloads import build_downloads

    layer = layer if layer is not None else points(3)
    record = record or record_of()
    report = report or report_on(layer)
    with node.files.registering(), node.files.staging() as staging:
        source = staging / "sumber.geojson"
        layer.frame.to_file(source, driver="GeoJSON")
        gpkg = staging / "layer.gpkg"
        layer.frame.to_file(gpkg, layer="layer", driver="GPKG")
        digest = node.files.seal(dataset_id, source, "sumber.geojson", gpkg, report)
        name, folder = node.files.new_build(digest)
        build(layer, folder, key=specification.key)
        build_downloads(layer, folder, dataset_id, record)
        if pictures == "by hand":
            draw(folder, record)
        elif pictures == "real":
            write_previews(
                layer,
                record,
                folder,
                region=node.region,
                languages=node.settings.node.languages,
                dataset_id=dataset_id,
                version=1,
                credits=node.settings.node.title.local(),
            )
        node.files.finish_build(digest, name)
        with node.register.begin() as conn:
            if datasets.find(conn, dataset_id) is None:
                datasets.create(conn, dataset_id, record, access, specification)
            version = datasets.add_version(
                conn,
                dataset_id,
                digest=digest,
                actor_name="uji",
                source_name="sumber.geojson",
                summary=summary_of(layer),
                report=report,
                note=note,
            )
            return datasets.publish(conn, dataset_id, version.number, name, "uji", override=override)


def exhibit(
    node: Node,
    dataset_id: str = "contoh_ditolak",
    *,
    access: Classification = Classification.PUBLIC,
    blocked: bool = True,
    **facts: Any,
) -> None:
    """Keep a draft that its gate refused and mark it as an exhibit: squares in UTM with faults of each severity."""
    squares = [shapely.box(x, y, x + 9000, y + 9000) for x in (480_000, 490_000) for y in (9_930_000, 9_940_000)]
    frame = geopandas.GeoDataFrame({"kode": list("1234")}, geometry=squares, crs="EPSG:32750")
    layer = Layer("layer", frame, "EPSG:32750", (Field("kode", "string", 13),), "Polygon")
    near = [Occurrence(str(n), (480_500.0 + 40 * n, 9_930_500.0), params={"reason": "x"}) for n in (1, 2, 3, 4)]
    twice = Occurrence("2", (498_000.0, 9_948_000.0), "4", {"value": EVIL})
    found = [
        finding("geometry-invalid", Severity.BLOCKING if blocked else Severity.WARNING, 40, near),
        finding("key-duplicate", Severity.WARNING, 1, [twice]),
        finding("geometry-simple-and-multi", Severity.INFO, 1, []),
    ]
    report = report_on(layer, found)
    with node.files.registering(), node.files.staging() as staging:
        source, gpkg = staging / "sumber.geojson", staging / "layer.gpkg"
        source.write_text("{}", "utf-8")
        frame.to_file(gpkg, layer="layer", driver="GPKG")
        digest = node.files.seal(dataset_id, source, "sumber.geojson", gpkg, report)
        with node.register.begin() as conn:
            record = record_of(**{"title": "Batas Ditolak", "exhibit": True, **facts})
            datasets.create(conn, dataset_id, record, access, SPECIFICATION)
            what = {"digest": digest, "actor_name": "uji", "source_name": "sumber.geojson"}
            datasets.add_version(conn, dataset_id, summary=summary_of(layer), report=report, **what)


def draw(folder: Path, record: Record) -> None:
    """Write the drawings and map pages that the maps room would write."""
    (folder / "map.svg").write_text(SVG, "utf-8")
    (folder / "thumb.svg").write_text(SVG, "utf-8")
    (folder / "legend.json").write_text(json.dumps({"id": LEGEND, "en": LEGEND}), "utf-8")
    for language in ("id", "en"):
        page = PREVIEW.format(language=language, title="Peta")
        (folder / f"preview.{language}.html").write_text(page, "utf-8")
        (folder / f"preview.{language}.json").write_text(json.dumps({"csp": POLICY}), "utf-8")


def token(node: Node, *classes: Classification, name: str = "uji") -> dict[str, str]:
    """The header of somebody who may see these classes."""
    with node.register.begin() as conn:
        clear = people.add_token(conn, name, Audience(frozenset(classes)), 1)
    return {"authorization": f"Bearer {clear}"}


def fill(node: Node) -> None:
    """Two versions of an open dataset, a hostile one that was let through, one without drawings, two guarded."""
    publish(node, "puskesmas", points(2), record=record_of("Puskesmas"))
    layer = points(3)
    found = [
        finding("key-duplicate", Severity.WARNING, 30, [Occurrence("001", (116.5, -0.4), "002", {"value": "7"})]),
        finding("geometry-simple-and-multi", Severity.INFO, 1, []),
    ]
    publish(
        node,
        "puskesmas",
        layer,
        record=record_of("Puskesmas"),
        report=report_on(layer, found),
        note="Satu puskesmas baru",
    )
    evil = points(2, EVIL)
    record = record_of(
        EVIL,
        abstract=LocalText(EVIL * 30, EVIL),
        keywords={"id": (EVIL,), "en": (EVIL,)},
        lineage=LocalText(EVIL),
        producer=EVIL,
        licence=EVIL,
        topic=EVIL,
        update_frequency=EVIL,
        content_date="2026-13-99",
        synthetic=True,
    )
    hostile = finding("geometry-invalid", Severity.WARNING, 1, [Occurrence(EVIL, None, EVIL)], value=EVIL)
    publish(
        node,
        "jahat",
        evil,
        record=record,
        note=EVIL,
        override=EVIL,
        report=report_on(evil, [hostile]),
    )
    publish(node, "tanpa_gambar", record=record_of("Tanpa Gambar", topic="structure"), pictures="none")
    for (dataset_id, word), access in zip(
        HIDDEN.items(), (Classification.PRIVATE, Classification.GOVERNMENT), strict=True
    ):
        publish(
            node,
            dataset_id,
            points(4, word),
            record=record_of(
                word,
                abstract=LocalText(f"Isi {word}", f"About {word}"),
                keywords={"id": (word,), "en": (word,)},
                topic="farming",
                producer="pertanian",
            ),
            access=access,
            note=word,
        )
