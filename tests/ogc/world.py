"""A real node in a temporary folder, filled with layers made by code, and its ``/ogc`` as a program would call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas
import orjson
import shapely
from starlette.testclient import TestClient

from geoportal.model.access import Audience, Classification
from geoportal.model.dataset import Publication
from geoportal.model.layer import Field, Layer, LayerSummary
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.report import Report
from geoportal.model.specification import Specification
from geoportal.model.text import LocalText
from geoportal.node import Node
from geoportal.ogc.app import ogc_routes
from geoportal.ogc.engine import Engine
from geoportal.ogc.short.front import Fronted
from geoportal.serving.build import build
from geoportal.serving.downloads import build_downloads
from geoportal.settings import NodeSettings, Settings, StorageSettings, WebSettings
from geoportal.store import datasets, people

BASE = "http://127.0.0.1:8080"
TYPES = {"O": "string", "str": "string", "int64": "integer", "float64": "number", "bool": "boolean", "string": "string"}


def make_layer(
    rows: Sequence[Mapping[str, Any]],
    geometries: Sequence[shapely.Geometry | None],
    crs: str = "EPSG:4326",
    types: Mapping[str, str] | None = None,
    name: str = "layer",
) -> Layer:
    """A layer of these attributes and geometries, x before y in ``crs``."""
    frame = geopandas.GeoDataFrame(list(rows), geometry=list(geometries), crs=crs)
    fields = tuple(
        Field(column, (types or {}).get(column) or TYPES[str(frame[column].dtype)])
        for column in frame.columns
        if column != "geometry"
    )
    kinds = {geometry.geom_type for geometry in geometries if geometry is not None}
    kind = kinds.pop() if len(kinds) == 1 else ("Unknown" if kinds else None)
    return Layer(name, frame, crs, fields, kind)


def points(count: int, *, word: str = "titik", crs: str = "EPSG:4326") -> Layer:
    """``count`` points on a small grid around Tenggarong, with a key, a name, a number and a yes-or-no."""
    rows = [
        {
            "kode": f"{number:04}",
            "nama": f"{word} {number}",
            "nilai": number * 1.5,
            "urut": number,
            "aktif": number % 2 == 0,
        }
        for number in range(1, count + 1)
    ]
    places = [shapely.Point(116.9 + number % 50 * 0.001, -0.4 + number // 50 * 0.001) for number in range(1, count + 1)]
    layer = make_layer(rows, places)
    if crs == "EPSG:4326":
        return layer
    frame = layer.frame.to_crs(crs)
    return Layer(layer.name, frame, crs, layer.fields, layer.geometry_type)


@dataclass
class World:
    """A node with its ``/ogc`` application, in process."""

    node: Node
    engine: Engine
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    def publish(
        self,
        dataset_id: str,
        layer: Layer,
        *,
        title: str | None = None,
        english: str | None = None,
        access: Classification = Classification.PUBLIC,
        key: str | None = "kode",
        record: Record | None = None,
        downloads: bool = False,
        specification: Specification | None = None,
    ) -> Publication:
        """Put a layer out as the next version of a dataset, through the real store and the real serving files."""
        record = record or Record(
            title=LocalText(title or dataset_id, english or title or dataset_id),
            abstract=LocalText(f"Tentang {title or dataset_id}", f"About {english or title or dataset_id}"),
            keywords={"id": ("uji", title or dataset_id), "en": ("test", english or dataset_id)},
            licence="CC-BY-4.0",
            fields={
                "nama": FieldMeaning(LocalText("Nama", "Label")),
                "nilai": FieldMeaning(LocalText("Nilai", "Value"), "ha"),
            },
        )
        node = self.node
        specification = specification or Specification("bebas", "bebas", key=key)
        summary = LayerSummary(layer.name, len(layer), layer.crs, None, layer.geometry_type, layer.fields)
        with node.files.registering(), node.files.staging() as staging:
            source, gpkg = staging / "masukan.txt", staging / "layer.gpkg"
            source.write_text(
                f"{dataset_id} {len(layer)} {title} {layer.frame.to_csv() if len(layer) < 500 else len(layer)}"
            )
            gpkg.write_bytes(b"sealed elsewhere")
            digest = node.files.seal(dataset_id, source, "masukan.txt", gpkg, Report())
            name, folder = node.files.new_build(digest)
            build(layer, folder, key=key)
            if downloads:
                build_downloads(layer, folder, dataset_id, record)
            node.files.finish_build(digest, name)
            with node.register.begin() as conn:
                if datasets.find(conn, dataset_id) is None:
                    datasets.create(conn, dataset_id, record, access, specification)
                else:
                    datasets.add_record(conn, dataset_id, record)
                version = datasets.add_version(
                    conn,
                    dataset_id,
                    digest=digest,
                    actor_name="uji",
                    source_name="masukan.txt",
                    summary=summary,
                    report=Report(),
                )
                return datasets.publish(conn, dataset_id, version.number, name, "uji")

    def withdraw(self, dataset_id: str) -> None:
        """Take a dataset out of sight."""
        with self.node.register.begin() as conn:
            datasets.withdraw(conn, dataset_id)

    def token(
        self, *classes: Classification, datasets_: frozenset[str] = frozenset(), opd: str | None = None
    ) -> dict[str, str]:
        """The header of somebody who may see these classes."""
        with self.node.register.begin() as conn:
            name = f"t{len(people.list_tokens(conn))}"
            text = people.add_token(conn, name, Audience(frozenset(classes), datasets_, opd), 1)
        return {"authorization": f"Bearer {text}"}

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """The response to GET, which must have this status."""
        response = self.client.get(path, **options)
        assert response.status_code == status, f"{path}: {response.status_code} {response.text[:400]}"
        return response

    def json(self, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON of a GET."""
        return orjson.loads(self.get(path, status, **options).content)


def make_settings(folder: Path, **node: Any) -> Settings:
    """Settings of a node that lies in ``folder``."""
    named = {
        "title": {"id": "Geoportal Uji", "en": "Test Geoportal"},
        "organisation": {"id": "Dinas Uji", "en": "Office of Tests"},
        "extent": (115.4411, -1.135, 117.612, 1.4725),
        "crs_candidates": ("EPSG:32750", "EPSG:9470", "EPSG:23837", "EPSG:9490"),
        **node,
    }
    return Settings(node=NodeSettings(**named), storage=StorageSettings(data=folder), web=WebSettings(base_url=BASE))


def make_world(folder: Path, freeze: Any = dict, **node: Any) -> World:
    """An empty node in ``folder`` with its ``/ogc``."""
    opened = Node(make_settings(folder, **node))
    engine = Engine(opened, freeze=freeze)
    app = Fronted(routes=ogc_routes(opened, engine))
    app.router.redirect_slashes = False
    app.front(opened, engine)
    return World(opened, engine, TestClient(app, base_url=BASE, follow_redirects=False))
