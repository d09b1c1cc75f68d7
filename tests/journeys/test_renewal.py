"""A node whose derived folders were written by the version before starts, and serves all of it, by itself."""

import json
import urllib.request

from geoportal.serving.wholeness import FORMAT


def test_an_upgraded_node_serves_what_it_served(demo_data, data_dir, serve_node):
    demo_data(data_dir)
    summaries = list((data_dir / "derived").glob("*/*/summary.json"))
    for path in summaries:
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"format": 1}))
    node = serve_node(data=data_dir)
    with urllib.request.urlopen(f"{node.url}/ogc/collections?f=json") as answer:
        collections = [one["id"] for one in json.load(answer)["collections"]]
    assert collections
    for name in collections:
        with urllib.request.urlopen(f"{node.url}/ogc/collections/{name}/items?f=json&limit=1") as answer:
            assert json.load(answer)["numberReturned"] == 1, name
    assert {json.loads(path.read_bytes())["format"] for path in summaries} == {FORMAT}
    assert node.log().count("dibangun ulang.") >= len(collections), "a line of progress for each"
