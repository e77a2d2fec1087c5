"""A full disk: what needs a record is told that it was not done, all else is answered, and making
room is enough."""

import re

import pytest
from support.private_disk import PrivateDisk
from support.server import wait_until
from worlds import ENVIRONMENT, Payments, last_words, verified, world_on

DISK_MIB = 64
NOT_DONE = "5005401"
INDEX_FAILS = r"\[error\] ledger: cannot index a segment: .*(No space left on device|disk is full)"
INDEX_WORKS = "ledger: it works again to index a segment"


@pytest.fixture(name="disk")
def made_disk():
    with PrivateDisk(DISK_MIB) as disk:
        yield disk


def test_until_there_is_room_again(disk, tmp_path):
    with world_on(disk, tmp_path, environment=ENVIRONMENT) as world:
        payments = Payments(world.server, world.scene())
        payments.create_until_segment(3)
        ballast = disk.fill()
        refused, answer = payments.create_until_refused()
        assert answer.json == {"responseCode": NOT_DONE,
                               "responseMessage": "Internal Server Error"}
        wait_until(lambda: re.search(INDEX_FAILS, world.server.log_text()), "the index to fail")
        payments.assert_all_there()
        made = payments.accepted[0][1].json["referenceNo"]
        report = world.server.admin.change("first", made, "pay")
        assert (report.status, set(report.json)) == (500, {"error"})
        assert world.server.admin.call("GET", "/readyz", token=False).status == 200
        assert payments.scene.caller.call(*refused).json["responseCode"] == NOT_DONE
        ballast.unlink()
        wait_until(lambda: payments.scene.call(*refused).status == 200, "the room to be found")
        payments.create()
        wait_until(lambda: INDEX_WORKS in world.server.log_text(), "the index to catch up")
        payments.assert_all_there()
        assert "anew" not in world.server.whole_log_text(), "the index was good all the time"
        world.check_log()
        assert verified(world.server)[0] == 0


def test_a_kill_on_a_full_disk(disk, tmp_path):
    """The next start needs room, says so, and then everything that was answered is there."""
    with world_on(disk, tmp_path, environment=ENVIRONMENT) as world:
        payments = Payments(world.server, world.scene())
        ballast = disk.fill()
        refused, _ = payments.create_until_refused()
        world.server.kill()
        disk.fill(ballast.name)
        assert re.search(r": (No space left on device|.*disk is full)$", last_words(world.server))
        ballast.unlink()
        world.server.start()
        payments.assert_all_there()
        assert payments.scene.call(*refused).status == 200
        world.check_log()
