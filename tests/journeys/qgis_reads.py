"""Run by QGIS's own Python, not by ours: open collections of a node as OAPIF layers and tell what is in them, as JSON.

python3 qgis_reads.py URL '{"collection": {"box": [w, s, e, n], "expression": "..."}}'
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsRectangle,
    QgsVectorLayer,
)


def told(url, collection, box, expression):
    """Count, extent, CRS, fields and the names found by box and by expression, as QGIS sees them."""
    uri = QgsDataSourceUri()
    uri.setParam("url", url)
    uri.setParam("typename", collection)
    uri.setParam("pagingEnabled", "true")
    uri.setParam("maxNumFeatures", "")
    layer = QgsVectorLayer(uri.uri(False), collection, "OAPIF")
    if not layer.isValid():
        return {"error": layer.error().summary()}
    everything = list(layer.getFeatures())
    extent = QgsRectangle()
    extent.setMinimal()
    for feature in everything:
        if feature.hasGeometry():
            extent.combineExtentWith(feature.geometry().boundingBox())
    found = {}
    if box is not None:
        request = QgsFeatureRequest(QgsRectangle(*box)).setFlags(QgsFeatureRequest.ExactIntersect)
        found["box"] = len(list(layer.getFeatures(request)))
    if expression is not None:
        found["expression"] = len(list(layer.getFeatures(QgsFeatureRequest().setFilterExpression(expression))))
    return {
        "features": len(everything),
        "crs": layer.crs().authid(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "fields": [field.name() for field in layer.fields()],
        "types": {field.name(): field.typeName() for field in layer.fields()},
        **found,
    }


def main():
    """Open every collection that is named, one after the other."""
    url, asked = sys.argv[1], json.loads(sys.argv[2])
    application = QgsApplication([], False)
    application.initQgis()
    answer = {name: told(url, name, each.get("box"), each.get("expression")) for name, each in asked.items()}
    print("ANSWER" + json.dumps(answer), flush=True)
    # QGIS of Debian 12 may fall over its own threads while it ends; the answer is out.
    os._exit(0)


main()
