"""Makes `support` importable for all Python tests, and the fixtures they share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.world import World  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A sandbox server with two partners for one module. When the module is done, the log must hold
    exactly the calls that were accepted: whatever was refused has left it untouched."""
    with World(tmp_path_factory.mktemp("world")) as made:
        yield made
        made.check_log()
