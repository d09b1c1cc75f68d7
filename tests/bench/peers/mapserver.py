"""MapServer on FlatGeobuf: two FastCGI processes behind nginx, OGC API by its map file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.bench.peers import nginx
from tests.bench.peers.machine import Absent, stop, until
from tests.bench.peers.peer import Peer, Place, reachable
from tests.bench.peers.workloads import Dialect

TEMPLATES = "/usr/share/mapserver/ogcapi/templates/html-bootstrap4/"
CONFIGURATION = """CONFIG
  ENV
    OGCAPI_HTML_TEMPLATE_DIRECTORY "{templates}"
  END
  MAPS
    bench "{map}"
  END
END
"""
MAP = """MAP
  NAME "bench"
  EXTENT 115.43 -1.31 117.66 1.18
  PROJECTION
    "init=epsg:4326"
  END
  WEB
    METADATA
      "ows_title" "bench"
      "ows_enable_request" "*"
      "ows_onlineresource" "http://127.0.0.1/"
      "oga_onlineresource" "http://127.0.0.1/bench/ogcapi"
      "ows_srs" "EPSG:4326"
      "oga_max_limit" "10000"
    END
  END
{layers}
END
"""
LAYER = """  LAYER
    NAME "{name}"
    TYPE POLYGON
    STATUS ON
    CONNECTIONTYPE FLATGEOBUF
    DATA "{data}"
    TEMPLATE "none"
    PROJECTION
      "init=epsg:4326"
    END
    METADATA
      "ows_title" "{name}"
      "ows_description" "{name}"
      "gml_include_items" "all"
      "gml_featureid" "{key}"
      "ows_geomtype" "Polygon"
      "oga_max_limit" "10000"
    END
  END
"""


def started(place: Place) -> Peer:
    """MapServer over FlatGeobuf copies of the layers, which ogr2ogr makes with their index."""
    program = shutil.which("mapserv") or shutil.which("/usr/lib/cgi-bin/mapserv")
    if not program:
        raise Absent("apt-get install cgi-mapserver")
    if not shutil.which("ogr2ogr"):
        raise Absent("apt-get install gdal-bin")
    folder = place.make("mapserver")
    layers = []
    for name, key in (("buildings", "id"), ("villages", "kode")):
        data = folder / f"{name}-{place.scale:g}.fgb"
        if not data.exists():
            part = data.with_suffix(".part.fgb")
            part.unlink(missing_ok=True)
            command = ["ogr2ogr", "-f", "FlatGeobuf", part, place.data[name], name, "-nln", name]
            subprocess.run(list(map(str, command)), check=True, capture_output=True)
            part.rename(data)
        layers.append(LAYER.format(name=name, key=key, data=data))
    mapped, configuration = folder / "bench.map", folder / "mapserver.conf"
    mapped.write_text(MAP.format(layers="".join(layers)))
    configuration.write_text(CONFIGURATION.format(templates=TEMPLATES, map=mapped))
    environment = {"PATH": os.environ["PATH"], "MAPSERVER_CONFIG_FILE": str(configuration)}
    processes, port = nginx.fastcgi(place, "mapserver", Path(program), environment, {"PATH_INFO": "$uri"})
    base = f"http://127.0.0.1:{port}"
    try:
        ask = f"{base}/bench/ogcapi/collections/buildings?f=json"
        until(lambda: reachable(ask), 20, "MapServer", folder / "error.log", *processes)
    except Absent:
        for process in processes:
            stop(process)
        raise
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stdout.split(" OUTPUT")[0]
    # 8.0 ignores filters by attribute and answers with every feature.
    dialect = Dialect(root="/bench/ogcapi", by_attribute=False)
    return Peer("mapserver-fgb", said, base, dialect, processes)
