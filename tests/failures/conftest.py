"""The folder that the tests of damage are made on copies of."""

import shutil

import pytest
from answered import Answered


@pytest.fixture(name="answered", scope="session")
def made_answered(tmp_path_factory):
    """The snapshot covers eight segments, one is sealed after it, the last is the live one."""
    return Answered(tmp_path_factory.mktemp("answered"))


@pytest.fixture(name="copied")
def copied_until_it_is_over(answered, tmp_path):
    """Makes a server on a copy of that folder, not started."""
    yield lambda **environment: answered.copy_to(tmp_path, **environment)
    shutil.rmtree(tmp_path / "data/ledger")
