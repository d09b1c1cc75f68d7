"""What an asker may not see does not exist: on no page, in no count, under no address, in no header."""

from __future__ import annotations

import pytest

from geoportal.web.addresses import ADDRESSES
from tests.web.nodes import HIDDEN

IDS = {
    "home": {},
    "catalogue": {},
    "dataset": {"id": "{id}"},
    "version": {"id": "{id}", "n": "1"},
    "report": {"id": "{id}"},
    "thumbnail": {"id": "{id}"},
    "picture": {"id": "{id}"},
    "map": {"id": "{id}"},
    "download": {"id": "{id}", "n": "1", "name": "{id}.gpkg"},
    "producer": {"id": "pertanian"},
    "developers": {},
    "about": {},
    "help": {},
    "rule": {"id": "geometry-invalid"},
    "problem": {"code": "not-found"},
    "feedback": {},
    "feedback_status": {"number": "{id}"},
    "setup": {},
    "static": {"path": "geoportal.css"},
    "robots": {},
    "favicon": {},
    "emblem": {},
    "live": {},
    "ready": {},
}
OF_A_DATASET = ("dataset", "version", "report", "thumbnail", "picture", "map", "download")


def filled(name: str, dataset_id: str) -> str:
    ids = {key: value.format(id=dataset_id) for key, value in IDS[name].items()}
    return ADDRESSES[name].replace(":path", "").format(**ids)


def test_every_route_has_a_row():
    assert IDS.keys() == ADDRESSES.keys()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_no_route_speaks_of_a_hidden_dataset(portal, name, accept, method):
    for dataset_id, word in HIDDEN.items():
        for query in ("", f"?q={dataset_id[:4]}", "?version=1", "?lang=en"):
            answer = portal.client.request(method, filled(name, dataset_id) + query, headers={"accept": accept})
            told = answer.text + " ".join(f"{key}: {value}" for key, value in answer.headers.items())
            assert word.lower() not in told.lower()
            assert "pertanian" not in told or name == "producer"


@pytest.mark.parametrize("accept", ["text/html", "application/problem+json", "*/*"])
@pytest.mark.parametrize("name", OF_A_DATASET)
def test_hidden_and_missing_are_the_same_bytes(portal, name, accept):
    missing_id = "hilang_satu"
    missing = portal.client.get(filled(name, missing_id), headers={"accept": accept})
    assert missing.status_code == 404
    for dataset_id in HIDDEN:
        hidden = portal.client.get(filled(name, dataset_id), headers={"accept": accept})
        assert hidden.status_code == 404
        assert hidden.content.replace(dataset_id.encode(), missing_id.encode()) == missing.content
        assert ("problem+json" in accept) or hidden.content == missing.content
        same = {"content-length", "date"} if "problem+json" in accept else {"date"}
        heads = [{k: v for k, v in answer.headers.items() if k not in same} for answer in (hidden, missing)]
        assert heads[0] == heads[1]


def test_a_page_of_nowhere_is_the_same_page(portal):
    nowhere = portal.client.get("/tidak/ada/di/sini", headers={"accept": "text/html"})
    hidden = portal.client.get("/dataset/rahasia_satu", headers={"accept": "text/html"})
    assert nowhere.content == hidden.content


def test_a_token_opens_what_it_names(portal):
    for dataset_id, word in HIDDEN.items():
        for name in OF_A_DATASET:
            answer = portal.client.get(filled(name, dataset_id), headers=portal.token)
            assert answer.status_code == 200, name
            assert answer.headers["cache-control"] == "private, no-store"
            assert "etag" not in answer.headers or name == "download"
        assert word in portal.client.get(filled("dataset", dataset_id), headers=portal.token).text
        assert word in portal.client.get(f"/katalog?q={word}", headers=portal.token).text
        assert word in portal.client.get("/produsen/pertanian", headers=portal.token).text
    catalogue = portal.client.get("/katalog", headers=portal.token).text
    assert "5 dataset" in catalogue and "3 dataset" in portal.client.get("/katalog").text
    assert "Pemerintah" in catalogue and "Privat" in catalogue


def test_counts_and_facets_are_of_what_is_seen(portal):
    assert "tema=farming" not in portal.client.get("/katalog").text
    assert "tema=farming" in portal.client.get("/katalog", headers=portal.token).text
    assert portal.client.get("/produsen/pertanian").status_code == 404


@pytest.mark.parametrize("path", ["/", "/katalog", "/dataset/puskesmas", "/tidak/ada", "/static/geoportal.css"])
@pytest.mark.parametrize("header", ["Bearer gp_salah", "Bearer", "Basic YTpi", "gp_x"])
def test_a_wrong_token_is_refused_everywhere(portal, path, header):
    answer = portal.client.get(path, headers={"authorization": header, "accept": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "/masalah/not-signed-in"


def test_public_pages_may_be_kept_and_are_asked_for_again(portal):
    answer = portal.client.get("/dataset/puskesmas")
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert {"Accept-Language", "Authorization", "Accept", "Cookie"} <= set(answer.headers["vary"].split(", "))
    again = portal.client.get("/dataset/puskesmas", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content
    other = portal.client.get("/dataset/puskesmas?lang=en")
    assert other.headers["etag"] != answer.headers["etag"]
