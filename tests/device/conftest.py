"""A stage for whoever plays from end to end."""

import pytest

from tests.device.stage import open_stage


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Bundles are tried once, not in every test."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def stage(state):
    """`ondine play` in a world of its own."""
    with open_stage(state) as stage:
        yield stage
