"""A disk that fails where the log goes on to its next segment. While the segment is only being
made, nothing was told and nothing ends: calls that need room are told that they were not done.
Once it takes its place, a failure leaves in doubt what is on the disk, and the process ends."""

import errno
import os
import re

import pytest
from support.server import wait_until
from support.shim import disk_shim
from worlds import Payments, last_words, segment, verified, world_in

NOT_DONE = "5005401"

# The call on the file that is being made which fails.
MAKER = ["open", "pwrite", "pwrite 3", "fdatasync"]

# The file, the call and the first that fails: a file is filled in sixteen pieces, then gets its
# head.
TAKES_PLACE = [("next.tmp", "pwrite 17"), ("next.tmp", "fdatasync 17"), ("next.tmp", "rename"),
               ("ledger", "fsync")]


@pytest.mark.parametrize("call", MAKER)
def test_while_it_is_made(tmp_path, call):
    gate = tmp_path / "gate"
    gate.touch()
    shim = disk_shim(tmp_path, files="next.tmp", fail=call, **{"while": gate})
    with world_in(tmp_path, **shim) as world:
        payments = Payments(world.server, world.scene())
        payments.create()
        refused, answer = payments.create_until_refused()
        assert answer.json["responseCode"] == NOT_DONE
        said = rf"ledger: no next segment: cannot \w+ .*next.tmp: {os.strerror(errno.EIO)}"
        assert len(re.findall(said, world.server.log_text())) == 1
        payments.assert_all_there()
        assert payments.scene.caller.call(*refused).json["responseCode"] == NOT_DONE
        gate.unlink()
        wait_until(lambda: payments.scene.call(*refused).status == 200, "the next segment")
        assert "the next segment is made, records are taken again" in world.server.log_text()
        payments.create_until_segment(2)
        payments.assert_all_there()
        world.check_log()
        assert verified(world.server)[0] == 0


@pytest.mark.parametrize("name, call", TAKES_PLACE)
def test_when_it_takes_its_place(tmp_path, name, call):
    gate = tmp_path / "gate"
    counts = call[-1].isdigit()
    shim = disk_shim(tmp_path, files=name, fail=call, **({} if counts else {"while": gate}))
    with world_in(tmp_path, **shim) as world:
        payments = Payments(world.server, world.scene())
        payments.create()
        gate.touch()
        in_doubt, answer = payments.create_until_refused()
        assert answer.json["responseCode"] == "5045400"
        assert len(payments.accepted) > 50
        assert world.server.ended() == 1
        said = rf"nothing is decided any more: cannot \w+ .*{name}: {os.strerror(errno.EIO)}"
        assert re.search(said, world.server.log_text())
        world.server.environment.pop("LD_PRELOAD")
        world.server.start()
        payments.assert_all_there()
        assert payments.scene.call(*in_doubt).status == 200
        payments.create_until_segment(2)
        world.check_log()
        assert verified(world.server)[0] == 0


def test_a_start_without_room_for_its_segment(tmp_path):
    """It names the file, and changes nothing."""
    with world_in(tmp_path) as world:
        payments = Payments(world.server, world.scene())
        payments.create()
        world.server.kill()
        first = world.server.data / "ledger" / segment(1)
        before = first.read_bytes()
        for call in ("open", "pwrite", "fdatasync", "rename"):
            shim = disk_shim(tmp_path, files="recovered.tmp", fail=call, errno=int(errno.ENOSPC))
            world.server.environment.update(shim)
            said = last_words(world.server)
            world.server.environment.pop("LD_PRELOAD")
            assert re.search(rf"cannot \w+ .*recovered.tmp: {os.strerror(errno.ENOSPC)}", said)
            assert first.read_bytes() == before
        world.server.start()
        payments.assert_all_there()
        assert payments.create()[1].status == 200
