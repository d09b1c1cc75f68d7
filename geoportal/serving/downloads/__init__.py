"""Downloads of a version as files (CONTRACT 2): written at publish beside the serving files, read back, and listed.

Each format is a module that writes a ``contents.Contents`` to a file and opens that file again as its receivers will:
``geopackage``, ``shapefile``, ``geojson``, ``sheet`` (CSV), ``kml``, ``flatgeobuf``, ``parquet``. All formats hold the
same features; what one of them cannot keep is a note in the list beside the files (``serving.listing``). Build side:
writers load pyogrio, pyarrow and fiona.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.serving.listing import FOLDER

if TYPE_CHECKING:
    from geoportal.serving.downloads.making import build_downloads

__all__ = ["FOLDER", "build_downloads"]


def __getattr__(name: str) -> Any:
    """``build_downloads`` loads the writers when it is asked for: a web worker writes CSV by the same rules and needs
    none of them.
    """
    if name == "build_downloads":
        from geoportal.serving.downloads.making import build_downloads

        return build_downloads
    raise AttributeError(name)
