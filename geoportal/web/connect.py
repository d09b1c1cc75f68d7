"""How to connect applications to the node: a sentence and a text to copy, made from the node's own address."""

from __future__ import annotations

from geoportal.web.addresses import API, address, collection
from geoportal.web.parts import Step
from geoportal.web.wording import Wording


def steps(words: Wording, base_url: str, dataset_id: str, title: str, version: int | None = None) -> tuple[Step, ...]:
    """The steps for one dataset; ``version`` names an earlier version that is to be read, None the newest."""
    server = f"{base_url}{API}"
    items = f"{base_url}{collection(dataset_id, 'items')}"
    if version:
        items = f"{items}?version={version}"
        file = f"{base_url}{address('download', id=dataset_id, n=version, name=f'{dataset_id}.gpkg')}"
        python = f'import geopandas as gpd\n\ndata = gpd.read_file("{file}")'
        r = f'library(sf)\n\ndata <- read_sf("/vsicurl/{file}")'
    else:
        python = f'import geopandas as gpd\n\ndata = gpd.read_file("OAPIF:{server}", layer="{dataset_id}")'
        r = f'library(sf)\n\ndata <- read_sf("OAPIF:{server}", layer = "{dataset_id}")'
    texts = (("qgis", server), ("arcgis", server), ("python", python), ("r", r), ("url", items))
    return tuple(
        Step(
            key=key,
            title=words.t(f"connect.{key}.title"),
            sentence=words.rich(f"connect.{key}", title=title),
            copy=copy,
            lines=copy.count("\n") + 1,
        )
        for key, copy in texts
        if not (version and key in ("qgis", "arcgis"))
    )
