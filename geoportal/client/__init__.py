"""A small client for any node: find datasets, read them as GeoDataFrames, download their files.

For notebooks and scripts on another machine. It speaks the node's OGC API with the standard library alone, sends a
token to that node and to nobody else, and imports geopandas only when a layer is read. May import ``errors``. Start
reading at ``RemoteNode`` in ``node``.
"""

from __future__ import annotations

from geoportal.client.dataset import RemoteDataset
from geoportal.client.node import RemoteNode

__all__ = ["RemoteDataset", "RemoteNode"]
