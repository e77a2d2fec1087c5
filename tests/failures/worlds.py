"""Worlds on a disk of their own, calls with large bodies, and what a server says that cannot start.
"""

import uuid

import pytest
from support.server import StartFailed, run
from support.world import World

# Segments are small and bodies large, so that a segment is full soon.
ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20), "BATAL_LEDGER_CHECKPOINT_S": "1"}
NOTE = "n" * 60_000
CALLS_MAX = 1000
SNAPSHOT = "live.snapshot"


def world_on(disk, folder, **options):
    """All of its data on that disk, its output in the folder, where there is always room for it."""
    world = World(disk.path, disk=disk, **options)
    world.server.log = folder / "server.log"
    return world


def world_in(folder, **environment):
    return World(folder, environment={**ENVIRONMENT, **environment})


def last_words(server, status=1):
    """The one line in which a start that fails says why."""
    server.log.unlink(missing_ok=True)
    with pytest.raises(StartFailed, match=f"^ended with {status} before ready\n"):
        server.start()
    said = [line for line in server.log_text().splitlines() if line.startswith("batal: ")]
    assert len(said) == 1, server.log_text()
    return said[0]


def verified(server):
    """What `ledger verify` says: its status and its text."""
    done = run("ledger", "verify", "--data", server.data)
    return done.returncode, done.stdout + done.stderr


def segment(number):
    return f"{number:010}.segment"


class Payments:
    """Creations with large bodies, one after the other, and their answers."""

    def __init__(self, server, scene):
        self.server = server
        self.scene = scene
        self.accepted = []

    def create(self):
        call = ("54", {**self.scene.body("54", self.scene.names.renewed()), "note": NOTE},
                uuid.uuid4().hex)
        answer = self.scene.call(*call)
        if answer.status == 200:
            self.accepted.append((call, answer))
        return call, answer

    def create_until_refused(self):
        for _ in range(CALLS_MAX):
            call, answer = self.create()
            if answer.status != 200:
                return call, answer
        raise AssertionError(f"{CALLS_MAX} large calls were taken")

    def create_until(self, condition):
        """All are accepted meanwhile."""
        for _ in range(CALLS_MAX):
            if condition():
                return
            call, answer = self.create()
            assert answer.status == 200, (call[2], answer, self.server.log_text())
        raise AssertionError(f"not so after {CALLS_MAX} large calls\n{self.server.log_text()}")

    def create_until_segment(self, number):
        file = self.server.data / "ledger" / segment(number)
        self.create_until(file.exists)

    def assert_all_there(self):
        for call, first in self.accepted:
            again = self.scene.caller.call(*call)
            assert (again.status, again.body) == (200, first.body)
            query = self.scene.query("debit", originalReferenceNo=first.json["referenceNo"])
            assert query.json["latestTransactionStatus"] == "03"
