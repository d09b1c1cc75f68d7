"""Items in the layer's own reference system hold what the download of the layer holds."""

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from geoportal.serving.listing import FOLDER
from tests.ogc.formats.layers import LAYERS
from tests.ogc.world import World, make_world

KEPT = ("desa", "utm", "petak", "petak-utm", "campur", "tinggi", "salah", "tabel")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory):
    made = make_world(tmp_path_factory.mktemp("berkas"))
    for dataset_id in KEPT:
        layer, key = LAYERS[dataset_id]
        made.publish(dataset_id, layer(), key=key, downloads=True)
    yield made
    made.client.close()
    made.node.close()


def both(node: World, dataset_id: str, form: str) -> tuple[bytes, bytes]:
    """The download, and the items in the reference system of the source: in CRS84 they have nine decimals."""
    (path,) = Path(node.node.settings.storage.data).rglob(f"{FOLDER}/{dataset_id}.{form}")
    document = node.json(f"/ogc/collections/{dataset_id}")
    crs = document["storageCrs"].replace("OGC/1.3/CRS84", "EPSG/0/4326")
    return path.read_bytes(), node.get(f"/ogc/collections/{dataset_id}/items?f={form}&limit=1000&crs={crs}").content


def lines(body: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))


def by_key(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row["kode"])


def flipped(coordinates):
    return coordinates[:, [1, 0, *range(2, coordinates.shape[1])]]


@pytest.mark.parametrize("dataset_id", KEPT)
def test_csv(node, dataset_id):
    download, items = both(node, dataset_id, "csv")
    kept, mine = by_key(lines(download)), by_key(lines(items))
    if "id" not in kept[0]:
        for row in mine:
            row.pop("id", None)
    assert list(mine[0]) == list(kept[0])
    turned = LAYERS[dataset_id][0]().crs == "EPSG:4326"  # the answer says so (Content-Crs); a file has x before y
    for row, other in zip(mine, kept, strict=True):
        wkt, other_wkt = row.pop("wkt", ""), other.pop("wkt", "")
        assert row == other
        assert bool(wkt) == bool(other_wkt)
        if wkt:  # served polygons are right-handed, the source's need not be
            shape = shapely.from_wkt(wkt)
            if turned:
                shape = shapely.transform(shape, flipped, include_z=shape.has_z)
            assert shapely.orient_polygons(shapely.from_wkt(other_wkt)) == shape


@pytest.mark.parametrize("dataset_id", KEPT)
def test_parquet(node, dataset_id):
    download, items = (pq.read_table(io.BytesIO(body)) for body in both(node, dataset_id, "parquet"))
    mine = items.drop_columns(["id"]) if "id" in items.column_names else items
    assert mine.schema.equals(download.schema.remove_metadata(), check_metadata=False)
    for row, other in zip(by_key(mine.to_pylist()), by_key(download.to_pylist()), strict=True):
        place, other_place = row.pop("geometry", None), other.pop("geometry", None)
        assert row == other
        assert (place is None) == (other_place is None)
        if place is not None:
            assert shapely.orient_polygons(shapely.from_wkb(other_place)) == shapely.from_wkb(place)


@pytest.mark.parametrize("dataset_id", [name for name in KEPT if name != "tabel"])  # a table has no such download
def test_flatgeobuf(node, tmp_path, dataset_id):
    found = []
    for number, body in enumerate(both(node, dataset_id, "fgb")):
        (tmp_path / f"{number}.fgb").write_bytes(body)
        meta, _, wkb, columns = pyogrio.raw.read(tmp_path / f"{number}.fgb", datetime_as_string=True)
        names = meta["fields"].tolist()
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        for row, place in zip(rows, wkb, strict=True):
            row["geometry"] = place and shapely.orient_polygons(shapely.from_wkb(place))
        found.append((meta, by_key(rows)))
    (kept, download), (mine, items) = found
    assert mine["fields"].tolist() == kept["fields"].tolist()
    assert [str(each) for each in mine["dtypes"]] == [str(each) for each in kept["dtypes"]]
    assert mine["crs"] == kept["crs"]
    for row, other in zip(items, download, strict=True):
        assert {name: str(value) for name, value in row.items()} == {name: str(value) for name, value in other.items()}
