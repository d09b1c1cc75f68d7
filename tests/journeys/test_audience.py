"""What one may not see does not exist: every route that the router has, asked by three visitors, searched for two
words.

The demonstration holds a GOVERNMENT and a PRIVATE dataset, each with a word of its own in title, abstract, keywords
and values.
"""

import http.client
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from starlette.routing import Route

from datasets.make import guarded_word
from geoportal.actions.demo import declared_folders
from geoportal.catalogue.declaration import read_declaration
from geoportal.checks import RULES
from geoportal.errors import error_classes
from geoportal.model.access import Classification
from geoportal.node import Node
from geoportal.settings import load_settings
from geoportal.web.app import create_app
from tests.processes import ServedNode, run_cli, serving

OPEN = ("desa", "ibu_kota_kecamatan", "kecamatan")
"""What the routes are filled with; the demonstration holds more."""
ALL_OPEN = tuple(
    declared.id
    for declared in map(read_declaration, declared_folders())
    if declared.access is Classification.PUBLIC and not declared.exhibit
)
GOVERNMENT, PRIVATE = "lokasi_izin_contoh", "aset_daerah_contoh"
WORDS = {GOVERNMENT: guarded_word(GOVERNMENT), PRIVATE: guarded_word(PRIVATE)}
NOBODY = "tidak_ada_sama_sekali"
DATASETS = (*OPEN, GOVERNMENT, PRIVATE, NOBODY)
OF_DATASETS = {"dataset", "version", "report", "thumbnail", "picture", "map", "download"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: str
    body: bytes

    def says(self, word: str) -> bool:
        """Whether the word stands anywhere in headers or body, in any case, plain or as JSON or entities would write
        it.
        """
        return word.lower() in self.headers.lower() or word.lower().encode() in self.body.lower()


def ask(url: str, path: str, method: str = "GET", token: str | None = None, **headers: str) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, str(answer.headers), answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory, demo_data) -> Iterator[ServedNode]:
    with serving(demo_data(tmp_path_factory.mktemp("audience") / "data"), workers=2) as served:
        yield served


@pytest.fixture(scope="module")
def tokens(node: ServedNode) -> dict[str, str]:
    """A token for each class, made on the command line while the node runs."""
    made = {}
    for name in ("GOVERNMENT", "PRIVATE"):
        done = run_cli("token", "add", name.lower(), "--class", name, data=node.data)
        assert done.returncode == 0, done.stderr
        made[name] = done.stdout.strip()
        assert re.fullmatch(r"gp_[0-9a-f]+_[\w-]{43}", made[name])
    return made


@pytest.fixture(scope="module")
def routes(tmp_path_factory) -> list[Route]:
    """The routes of the application, from the router itself."""
    data = tmp_path_factory.mktemp("routes")
    built = Node(load_settings({"storage": {"data": data}}, {})[0])
    try:
        app = create_app(built)
        while not hasattr(app, "routes"):
            app = app.app
        found = list(app.routes)
    finally:
        built.close()
    assert all(isinstance(route, Route) for route in found)
    return found


def fillings(route: Route) -> Iterator[dict[str, str]]:
    """Every way in which this test fills the parameters of a route; an unknown parameter is an error, so that none is
    forgotten.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name in route.param_convertors:
        if (name == "id" and route.name in OF_DATASETS) or name == "collection":
            values[name] = DATASETS
        elif name == "id" and route.name == "producer":
            values[name] = ("setda_tapem", "dpmptsp", "bpkad", NOBODY)
        elif name == "id" and route.name == "rule":
            values[name] = (*sorted(RULES)[:5], NOBODY)
        elif name == "n":
            values[name] = ("1", "2")
        elif name == "name":
            values[name] = ("",)
        elif name == "item":
            values[name] = ("1", *(f"{word}-001" for word in WORDS.values()), "64.02.01")
        elif name == "code":
            values[name] = (*(cls.code for cls in error_classes()), "x")
        elif name == "number":
            values[name] = ("L-2026-0000-0000",)
        elif name == "path":
            values[name] = ("geoportal.css", "x")
        elif name == "rest":
            values[name] = ("collections/x/y",)
        else:
            raise AssertionError(f"{route.path}: this test does not know how to fill {name!r}")
    for combination in itertools.product(*values.values()):
        filled = dict(zip(values, combination, strict=True))
        if "name" in filled:
            for extension in ("gpkg", "geojson", "csv"):
                yield {**filled, "name": f"{filled['id']}.{extension}"}
        else:
            yield filled


def paths_of(route: Route) -> Iterator[str]:
    for filled in fillings(route):
        path = re.sub(r"\{(\w+)(:\w+)?\}", lambda match, f=filled: quote(f[match[1]]), route.path)
        queries = (
            ("", "?f=json", "?f=html", "?f=jsonld", "?f=html&lang=en") if path.startswith("/ogc") else ("", "?lang=en")
        )
        for query in queries:
            yield path + query


@pytest.fixture(scope="module")
def paths(routes) -> list[str]:
    return sorted({path for route in routes for path in paths_of(route)})


def asks_for(path: str, dataset: str) -> bool:
    return dataset in path or WORDS.get(dataset, "-") in path


def test_nobody_finds_a_word_of_what_is_guarded(node: ServedNode, tokens, paths):
    assert len(paths) > 200
    found = []
    for path in paths:
        if any(word in path for word in WORDS.values()):
            continue  # the word is in the question; whether the answer knows it is asked below
        for method in ("GET", "HEAD"):
            answer = ask(node.url, path, method)
            assert answer.status < 500, (path, answer.body)
            found += [(method, path) for word in WORDS.values() if answer.says(word)]
            if any(asks_for(path, dataset) for dataset in WORDS):
                assert answer.status in (404, 406), (method, path, answer.status)
            else:
                found += [(method, path, dataset) for dataset in WORDS if answer.says(dataset)]
    assert not found


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}, {"Accept": "text/html"}])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_hidden_and_missing_are_told_the_same(node: ServedNode, tokens, paths, headers, method):
    different = []
    for path in paths:
        for dataset in WORDS:
            if dataset not in path or f"{NOBODY}" in path:
                continue
            hidden = ask(node.url, path, method, **headers)
            missing = ask(node.url, path.replace(dataset, NOBODY), method, **headers)
            one = (hidden.status, scrubbed(hidden.body, dataset), scrubbed(hidden.headers.encode(), dataset))
            other = (missing.status, scrubbed(missing.body, NOBODY), scrubbed(missing.headers.encode(), NOBODY))
            if one != other:
                different.append((path, one, other))
    assert not different


def scrubbed(content: bytes, dataset: str) -> bytes:
    """Content without the id that was asked for, and without what differs from answer to answer."""
    content = content.replace(dataset.encode(), b"ID")
    content = re.sub(rb"(?mi)^(date|content-length|x-request-id): .*$", b"", content)
    return re.sub(rb'"[0-9a-f]{16,64}"', b'"TAG"', content)


@pytest.mark.parametrize("dataset", list(WORDS))
def test_a_token_opens_everything_of_its_class_and_nothing_of_the_other(node: ServedNode, tokens, dataset):
    own = tokens["GOVERNMENT" if dataset == GOVERNMENT else "PRIVATE"]
    foreign = next(word for other, word in WORDS.items() if other != dataset)
    word = WORDS[dataset]
    for path in (
        "/katalog",
        f"/dataset/{dataset}",
        f"/peta/{dataset}",
        f"/berkas/{dataset}/1/{dataset}.geojson",
        f"/berkas/{dataset}/1/{dataset}.gpkg",
        "/ogc/collections?f=json",
        "/ogc/collections?f=html",
        f"/ogc/collections/{dataset}?f=json",
        f"/ogc/collections/{dataset}?f=html",
        f"/ogc/collections/{dataset}/items?f=json&limit=100",
        f"/ogc/collections/{dataset}/items?f=html",
        f"/ogc/collections/{dataset}/items?f=jsonld",
        f"/ogc/collections/{dataset}/items/{word}-001?f=json",
        "/ogc/openapi?f=json",
    ):
        answer = ask(node.url, path, token=own)
        assert answer.status == 200, (path, answer.status, answer.body[:300])
        assert answer.says(word), path
        assert not answer.says(foreign), path
        assert "no-store" in answer.headers.lower(), (path, answer.headers)
        tag = re.search(r"(?mi)^etag: (.*)$", answer.headers)
        if tag:
            again = ask(node.url, path, **{"If-None-Match": tag[1].strip()})
            assert again.status in (200, 404), (path, "a tag of the guarded answer tells nobody else anything")
            assert not again.says(word)


def test_counts_are_those_of_the_visitor(node: ServedNode, tokens):
    def collections(**who: str) -> list[str]:
        body = json.loads(ask(node.url, "/ogc/collections?f=json", **who).body)
        assert body.get("numberMatched", len(body["collections"])) == len(body["collections"])
        return sorted(collection["id"] for collection in body["collections"])

    assert collections() == sorted(ALL_OPEN)
    assert collections(token=tokens["PRIVATE"]) == sorted([*ALL_OPEN, PRIVATE])
    assert collections(token=tokens["GOVERNMENT"]) == sorted([*ALL_OPEN, GOVERNMENT])


def test_a_search_for_the_word_finds_nothing_for_nobody(node: ServedNode, tokens):
    for word in WORDS.values():
        nobody = ask(node.url, f"/katalog?q={word}&lang=en").body.decode()
        nonsense = ask(node.url, f"/katalog?q={'X' * len(word)}&lang=en").body.decode()
        assert nobody.replace(word, "?") == nonsense.replace("X" * len(word), "?")


def test_a_revoked_or_wrong_token_opens_nothing(node: ServedNode):
    made = run_cli("token", "add", "sementara", "--class", "PRIVATE", data=node.data).stdout.strip()
    path = f"/ogc/collections/{PRIVATE}?f=json"
    assert ask(node.url, path, token=made).status == 200
    assert run_cli("token", "revoke", "sementara", data=node.data).returncode == 0
    for token in (made, made[:-1] + "x", "gp_x", "x" * 5000):
        answers = [ask(node.url, path, token=token) for _ in range(6)]
        assert {answer.status for answer in answers} == {401}
        assert not any(answer.says(word) for answer in answers for word in WORDS.values())


def test_the_secret_is_kept_nowhere(node: ServedNode, tokens):
    for token in tokens.values():
        secret = token.rsplit("_", 1)[1].encode()
        for path in Path(node.data).rglob("*"):
            if path.is_file():
                assert secret not in path.read_bytes(), path
        assert secret not in node.log().encode()
