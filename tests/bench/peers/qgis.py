"""QGIS Server on GeoPackages: two FastCGI processes behind nginx; filters go to its WFS, for its OGC API has none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import quote

from tests.bench.peers import nginx
from tests.bench.peers.indexed import geopackages
from tests.bench.peers.machine import Absent, stop, until
from tests.bench.peers.peer import Peer, Place, reachable
from tests.bench.peers.workloads import Dialect, Filter

PYTHON = Path("/usr/bin/python3")
"""QGIS's Python package is Debian's, for Debian's Python."""

PROGRAM = Path("/usr/lib/cgi-bin/qgis_mapserv.fcgi")
PROJECT = """
import sys
from qgis.core import QgsApplication, QgsProject, QgsVectorLayer, Qgis
target, *layers = sys.argv[1:]
application = QgsApplication([], False)
application.initQgis()
project, ids = QgsProject.instance(), []
for pair in layers:
    name, path = pair.split("=", 1)
    layer = QgsVectorLayer(path + "|layername=" + name, name, "ogr")
    assert layer.isValid(), path
    layer.setShortName(name)
    project.addMapLayer(layer)
    ids.append(layer.id())
    project.writeEntry("WFSLayersPrecision", "/" + layer.id(), 7)
project.setCrs(layer.crs())
project.writeEntry("WFSLayers", "/", ids)
project.writeEntry("WFSMaxFeatures", "/", 0)
assert project.write(target)
print(Qgis.QGIS_VERSION)
"""


def started(place: Place) -> Peer:
    """QGIS Server over the GeoPackages of the run."""
    if not PROGRAM.exists():
        raise Absent("apt-get install qgis-server")
    folder = place.make("qgis")
    project, script = folder / "bench.qgs", folder / "project.py"
    script.write_text(PROJECT)
    home = {"PATH": os.environ["PATH"], "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    layers = [f"{name}={path}" for name, path in geopackages(place).items()]
    made = subprocess.run(
        [PYTHON, script, project, *layers], env=home, cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise Absent(f"apt-get install python3-qgis: {made.stderr[-300:]}")
    environment = home | {
        "QGIS_PROJECT_FILE": str(project),
        "QGIS_SERVER_LOG_LEVEL": "2",
        "QGIS_SERVER_LOG_STDERR": "1",
        "QGIS_SERVER_PARALLEL_RENDERING": "0",
        "QGIS_OPTIONS_PATH": str(folder),
        "QGIS_SERVER_API_WFS3_MAX_LIMIT": "10000",
    }
    parameters = {"QGIS_PROJECT_FILE": str(project)}
    processes, port = nginx.fastcgi(place, "qgis", PROGRAM, environment, parameters)
    base = f"http://127.0.0.1:{port}"
    try:
        ask = f"{base}/wfs3/collections/buildings/items?limit=1"
        until(lambda: reachable(ask), 60, "QGIS Server", folder / "program.log", *processes)
    except Absent:
        for process in processes:
            stop(process)
        raise
    dialect = Dialect(
        root="/wfs3", json="", metadata="", metadata_suffix=".json", filtered=_filtered, filtered_at="/ows/"
    )
    return Peer("qgis-gpkg", f"QGIS Server {made.stdout.strip().splitlines()[-1]}", base, dialect, processes)


def _filtered(each: Filter) -> str:
    """Its WFS takes the expression of the desktop program."""
    return (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=buildings&OUTPUTFORMAT=GeoJSON&SRSNAME=EPSG:4326"
        f"&MAXFEATURES=100&EXP_FILTER={quote(each.qgis())}"
    )
