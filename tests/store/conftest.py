from pathlib import Path

import pytest

from geoportal.store.files import Files
from geoportal.store.register import Register
from tests.store.things import Watch, register_in


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def register(data_dir: Path, watch: Watch) -> Register:
    return register_in(data_dir, watch)


@pytest.fixture
def files(data_dir: Path) -> Files:
    return Files(data_dir)
