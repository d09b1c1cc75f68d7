"""One node for each file of tests: files run side by side."""

from collections.abc import Callable, Iterator

import pytest

from tests.ogc.schemathesis import asking, layers
from tests.ogc.world import World, make_world


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The node that is asked. Nothing changes in it."""
    made = layers.fill(make_world(tmp_path_factory.mktemp("ditanya")))
    yield made
    made.client.close()
    made.node.close()


@pytest.fixture(scope="module")
def operations(asked: World) -> Callable[[str], list[asking.APIOperation]]:
    """``operations("json")``: those of the definition in 3.0; ``oas31`` for 3.1."""
    return lambda form: asking.operations_of(asked.json(f"/ogc/openapi?f={form}"), asked.client.app)
