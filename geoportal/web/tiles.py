"""Base maps of other hosts in the preview maps: put in when a page is served, so that settings alone decide.

Without any in the settings (``maps.tiles``) a page and its policy stay as they were written: nothing foreign is asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from geoportal.language import text
from geoportal.settings import TileLayer

HEAD_END = b"</head>"
IMAGES = "img-src "
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What could end a script element or a line of it, as JSON escapes."""


def with_tiles(page: bytes, policy: str, tiles: Sequence[TileLayer], language: str) -> tuple[bytes, str]:
    """The page of a map that offers these base maps, and its policy with their hosts among the sources of images.

    A data block, which no policy counts as a script, carries them to ``/static/tiles.js``.
    """
    if not tiles:
        return page, policy
    offered = {
        "ground": text("maps", "tiles.ground", language),
        "layers": [
            {"name": each.name, "url": each.url, "attribution": each.attribution, "maxZoom": each.max_zoom}
            for each in tiles
        ],
    }
    data = "".join(UNSAFE.get(letter, letter) for letter in json.dumps(offered, ensure_ascii=False))
    block = f'<script type="application/json" id="ubin">{data}</script><script src="/static/tiles.js"></script>'
    head, end, rest = page.partition(HEAD_END)
    origins = " ".join(dict.fromkeys(each.origin for each in tiles))
    parts = [part.strip() for part in policy.split(";")]
    if not end or sum(part.startswith(IMAGES) for part in parts) != 1:
        return page, policy  # a page of another make keeps what it was written with
    widened = "; ".join(f"{part} {origins}" if part.startswith(IMAGES) else part for part in parts)
    return head + block.encode() + end + rest, widened
