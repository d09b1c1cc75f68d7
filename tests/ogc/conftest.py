"""One world a test, or one a module where nothing in it changes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ogc.world import World, make_world, points


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """``new_world(freeze=..., title=...)``: an empty node; closed after the test."""
    made: list[World] = []

    def new(**options: object) -> World:
        made.append(make_world(tmp_path / f"data{len(made)}", **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for world in made:
        world.client.close()
        world.node.close()


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """An empty node."""
    return new_world()


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A node with one dataset of 237 points, ``desa``. Only for tests that change nothing."""
    made = make_world(tmp_path_factory.mktemp("desa"))
    made.publish("desa", points(237), title="Desa", english="Villages", downloads=True)
    yield made
    made.client.close()
    made.node.close()
