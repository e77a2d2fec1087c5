"""A full disk: what needs a record is told that it was not done, all else is answered, and making
room is enough."""

import uuid

import pytest
from support.private_disk import PrivateDisk
from support.server import wait_until
from worlds import last_words, world_on

DISK_MIB = 64
ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20)}
NOTE = "n" * 60_000  # in each call, so that a segment is full soon
CALLS_MAX = 400
NOT_DONE = "5005401"


@pytest.fixture(name="disk")
def made_disk():
    with PrivateDisk(DISK_MIB) as disk:
        yield disk


class Payments:
    """Creations with large bodies, one after the other."""

    def __init__(self, world):
        self.scene = world.scene()
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
        raise AssertionError(f"{CALLS_MAX} large calls were taken by a full disk")

    def assert_all_there(self):
        for call, first in self.accepted:
            again = self.scene.caller.call(*call)
            assert (again.status, again.body) == (200, first.body)
            query = self.scene.query("debit", originalReferenceNo=first.json["referenceNo"])
            assert query.json["latestTransactionStatus"] == "03"


def test_until_there_is_room_again(disk, tmp_path):
    with world_on(disk, tmp_path, environment=ENVIRONMENT) as world:
        payments = Payments(world)
        payments.create()
        ballast = disk.fill()
        refused, answer = payments.create_until_refused()
        assert answer.json == {"responseCode": NOT_DONE,
                               "responseMessage": "Internal Server Error"}
        assert len(payments.accepted) > 50
        payments.assert_all_there()
        made = payments.accepted[0][1].json["referenceNo"]
        report = world.server.admin.change("first", made, "pay")
        assert (report.status, set(report.json)) == (500, {"error"})
        assert world.server.admin.call("GET", "/readyz", token=False).status == 200
        assert payments.scene.caller.call(*refused).json["responseCode"] == NOT_DONE
        ballast.unlink()
        wait_until(lambda: payments.scene.call(*refused).status == 200, "the room to be found")
        payments.create()
        payments.assert_all_there()
        world.check_log()


def test_a_kill_on_a_full_disk(disk, tmp_path):
    """The next start needs room, says so, and then everything that was answered is there."""
    with world_on(disk, tmp_path, environment=ENVIRONMENT) as world:
        payments = Payments(world)
        ballast = disk.fill()
        refused, _ = payments.create_until_refused()
        world.server.kill()
        disk.fill(ballast.name)
        assert last_words(world.server).endswith(": No space left on device")
        ballast.unlink()
        world.server.start()
        payments.assert_all_there()
        assert payments.scene.call(*refused).status == 200
        world.check_log()
