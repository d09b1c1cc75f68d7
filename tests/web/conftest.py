"""A node with one dataset of each kind, and a browser-less client of its portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from geoportal.model.access import Classification
from geoportal.node import Node
from geoportal.web.app import create_app
from tests.web import nodes


@dataclass(frozen=True)
class Portal:
    """The node with a client that sends a good host name, and the header of somebody who may see everything."""

    node: Node
    client: TestClient
    token: dict[str, str]


@pytest.fixture(scope="session")
def kept_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    node = nodes.make_node(tmp_path_factory.mktemp("portal"))
    nodes.fill(node)
    with client_of(node) as client:
        yield Portal(node, client, nodes.token(node, *Classification))
    node.close()


@pytest.fixture
def portal(kept_portal: Portal) -> Portal:
    """The same node for all tests, with a client that has not chosen a language."""
    kept_portal.client.cookies.clear()
    return kept_portal


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Portal]:
    """A node without any dataset."""
    node = nodes.make_node(tmp_path)
    with client_of(node) as client:
        yield Portal(node, client, {})
    node.close()


def client_of(node: Node) -> TestClient:
    return TestClient(create_app(node), base_url=f"http://{nodes.HOST}:18080", raise_server_exceptions=False)
