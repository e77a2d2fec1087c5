"""Worlds on a disk of their own, and what a server says that cannot start."""

import pytest
from support.server import StartFailed
from support.world import World


def world_on(disk, folder, **options):
    """All of its data on that disk, its output in the folder, where there is always room for it."""
    world = World(disk.path, **options)
    world.server.log = folder / "server.log"
    return world


def last_words(server):
    """The one line in which a start that fails with status 1 says why."""
    server.log.unlink(missing_ok=True)
    with pytest.raises(StartFailed, match="^ended with 1 before ready\n"):
        server.start()
    said = [line for line in server.log_text().splitlines() if line.startswith("batal: ")]
    assert len(said) == 1, server.log_text()
    return said[0]
