"""The set-up page: there for whoever holds a living key, for one save, and for nobody else."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from geoportal.actions import configuration, setup_key
from geoportal.actions.questions import QUESTIONS
from geoportal.store import events, people
from tests.web.conftest import Portal
from tests.web.nodes import EVIL

ORIGIN = {"origin": "http://127.0.0.1:18080"}
ANSWERS = {
    "region-code": "1101",
    "region-name": "Daerah Uji",
    "extent": "97.0, 2.3, 97.9, 3.7",
    "languages": "id, en",
    "administrator": "Siti Aminah",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@pytest.fixture
def key(empty: Portal, config: Path) -> str:
    return setup_key.issue(empty.node.data, config, 5)


def page(portal: Portal, key: str, language: str = "id"):
    return portal.client.get(f"/siapkan?kunci={key}&lang={language}")


def send(portal: Portal, key: str, step: str, answers: dict[str, str] | None = None, **headers: str):
    form = {"langkah": step, **(ANSWERS if answers is None else answers)}
    return portal.client.post(f"/siapkan?kunci={key}&lang=id", data=form, headers=ORIGIN | headers)


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_key_the_page_does_not_exist(empty, key, method):
    ask = getattr(empty.client, method)
    for path in ("/siapkan?lang=id", "/siapkan?kunci=&lang=id", f"/siapkan?kunci={key}x&lang=id"):
        answer = ask(path)
        assert answer.status_code == 404
        assert key not in answer.text
    assert empty.client.get("/siapkan?lang=id").text == empty.client.get("/tidak/ada?lang=id").text


def test_an_expired_or_withdrawn_key_opens_nothing(empty, key):
    path = empty.node.data / setup_key.NAME
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "until": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}))
    assert page(empty, key).status_code == 404
    assert setup_key.state(empty.node.data) == "closed"
    path.write_text(json.dumps(facts))
    assert page(empty, key).status_code == 200
    setup_key.withdraw(empty.node.data)
    assert page(empty, key).status_code == 404


def test_a_new_key_ends_the_old_one(empty, key, config):
    newer = setup_key.issue(empty.node.data, config, 5)
    assert page(empty, key).status_code == 404
    assert page(empty, newer).status_code == 200


def test_the_key_is_kept_as_a_hash_for_the_owner_alone(empty, key):
    path = empty.node.data / setup_key.NAME
    assert key not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_form_asks_everything_and_is_kept_by_nobody(empty, key, language):
    answer = page(empty, key, language)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    for question in QUESTIONS:
        assert f'name="{question.name}"' in answer.text
    assert "setup.q." not in answer.text and "setup.h." not in answer.text and "setup.group" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert "style=" not in answer.text and "<script>" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://a.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(empty, key, config, headers):
    assert send(empty, key, "simpan", **headers).status_code == 403
    assert not (config / "local.yaml").exists()
    assert page(empty, key).status_code == 200, "the key is not used up by it"


def test_mistakes_are_shown_beside_the_fields_with_what_was_written(empty, key, config):
    wrong = {**ANSWERS, "email": EVIL, "extent": "2.3, 97.0, 3.7, 97.9", "crs": "EPSG:1"}
    answer = send(empty, key, "simpan", wrong)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 3
    assert "bujur dahulu" in answer.text
    assert 'value="Daerah Uji"' in answer.text
    assert "<script>alert(1)" not in answer.text
    assert not (config / "local.yaml").exists()


def test_the_result_is_shown_before_it_is_written(empty, key, config):
    answer = send(empty, key, "periksa")
    assert answer.status_code == 200
    assert "Geoportal Daerah Uji" in answer.text
    assert "EPSG:32647" in answer.text, "proposed from the extent"
    assert "Asia/Jakarta" in answer.text
    assert not (config / "local.yaml").exists()
    kept = dict(re.findall(r'<input type="hidden" name="([a-z-]+)" value="([^"]*)">', answer.text))
    assert set(kept) == {question.name for question in QUESTIONS}
    back = send(empty, key, "ubah", kept)
    assert 'value="Daerah Uji"' in back.text and "<form" in back.text
    saved = send(empty, key, "simpan", kept)
    assert saved.status_code == 200
    node = yaml.safe_load((config / "local.yaml").read_text())["node"]
    assert node["region_code"] == "11.01"
    assert node["title"] == {"id": "Geoportal Daerah Uji", "en": "Daerah Uji Geoportal"}


def test_a_save_shows_the_token_once_and_ends_the_key(empty, key, config):
    answer = send(empty, key, "simpan")
    token = re.search(r"gp_[0-9a-f]{8}_[\w-]{43}", answer.text)
    assert token
    assert empty.node.audience(f"Bearer {token[0]}").classes
    assert setup_key.state(empty.node.data) == "saved"
    assert page(empty, key).status_code == 404
    assert send(empty, key, "simpan").status_code == 404
    with empty.node.register.read() as conn:
        assert [known.name for known in people.list_tokens(conn)] == ["Siti Aminah"]
        told = [event for event in events.list_recent(conn) if event.action == "node:configure"]
    assert [event.actor for event in told] == ["setup-page"]
    assert token[0] not in json.dumps(dict(told[0].facts))


def test_of_two_saves_at_once_one_writes(empty, key, config):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: send(empty, key, "simpan", {**ANSWERS, "title": f"SIG {n}"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]


def test_a_save_that_fails_leaves_the_key(empty, key, config):
    with configuration._locked(config):
        assert send(empty, key, "simpan").status_code == 409
    assert not (config / "local.yaml").exists()
    assert page(empty, key).status_code == 200
    assert send(empty, key, "simpan").status_code == 200


def test_names_with_markup_stay_text(empty, key, config):
    answer = send(empty, key, "periksa", {**ANSWERS, "title": "SIG <img src=x onerror=alert(1)> {{ 7*7 }}"})
    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    assert "{{ 7*7 }}" in answer.text
