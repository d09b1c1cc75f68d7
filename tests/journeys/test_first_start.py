"""The first start loads the demonstration once; the second finds everything as it was left."""

import json
from pathlib import Path

from tests.journeys.test_live_publishing import ask
from tests.processes import run_cli, serving


def collections(url: str) -> set[str]:
    """The ids of all collections that the public sees."""
    status, body = ask(url, "/ogc/collections")
    assert status == 200, body
    return {collection["id"] for collection in body["collections"]}


def test_demonstration_is_loaded_once(tmp_path: Path):
    data = tmp_path / "data"
    with serving(data, demo=True) as node:
        shown = collections(node.url)
        assert {"kecamatan", "desa", "ibu_kota_kecamatan"} <= shown
        assert run_cli("withdraw", "desa", data=data).returncode == 0
    before = json.loads(run_cli("list", "--json", data=data).stdout)
    with serving(data, demo=True) as node:
        assert collections(node.url) == shown - {"desa"}
    assert json.loads(run_cli("list", "--json", data=data).stdout) == before
