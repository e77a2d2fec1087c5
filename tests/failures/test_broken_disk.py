"""A disk that fails to write or to sync: nobody is told anything that is not so, the process ends,
and the next start finds out what happened."""

import errno
import os
import uuid

import pytest
from support.server import wait_until
from support.shim import disk_shim
from support.wire import Wire
from support.world import World

WAITING = 8
CREATIONS_MAX = 50

# The call that fails, which of them, with what, and by which service calls wait meanwhile.
BREAKS = [("fdatasync", 1, errno.EIO, "54"), ("fdatasync", 2, errno.EIO, "47"),
          ("fdatasync", 7, errno.EIO, "63"), ("fdatasync", 3, errno.ENOSPC, "54"),
          ("pwrite", 2, errno.EIO, "27"),
          ("pwrite", 7, errno.EROFS, "63"), ("pwrite", 3, errno.EDQUOT, "47")]


def shimmed(folder, **settings):
    return {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20), **disk_shim(folder, **settings)}


class Waiting:
    """Calls that have passed their checks and wait for the disk, each on its own connection."""

    def __init__(self, world, service):
        self.world = world
        self.scene = world.scene()
        self.service = service
        self.calls = []
        self.wires = []

    def add(self):
        """The rule of the sandbox, which delays it by nothing, tells that it has been taken."""
        server, caller = self.world.server, self.scene.caller
        body = self.scene.body(self.service, self.scene.names.renewed())
        call = self.service, body, uuid.uuid4().hex
        server.admin.fault("delay", externalId=call[2], delayMs=0)
        wire = Wire(server.address)
        wire.send(caller.sign(caller.prepare(*call)).render())
        self.calls.append(call)
        self.wires.append(wire)

    def wait(self):
        admin = self.world.server.admin
        wait_until(lambda: admin.call("GET", "/sandbox/faults").json == {"faults": []},
                   "all calls to be taken")

    def codes(self):
        return [wire.receive().json["responseCode"] for wire in self.wires]


def repeat(world, calls):
    """Each is accepted now, if it was not before, and always answered the same."""
    scene = world.scene()
    for service, body, external_id in calls:
        first = scene.call(service, body, external_id)
        again = scene.caller.call(service, body, external_id)
        assert (first.status, again.status, again.body) == (200, 200, first.body)


@pytest.mark.parametrize("call, number, why, service", BREAKS)
def test_calls_that_wait(tmp_path, call, number, why, service):
    """One call waits in a held sync, the others behind it; then the disk fails."""
    hold = tmp_path / "hold"
    shim = shimmed(tmp_path, hold=hold, fail=f"{call} {number}", errno=int(why))
    with World(tmp_path, environment=shim) as world:
        held_fails = call == "fdatasync"
        create_alone(world, number - 1 if held_fails else number - 2)
        waiting = Waiting(world, service)
        hold.touch()
        waiting.add()
        wait_until((tmp_path / "hold.held").exists, "the sync to be held")
        for _ in range(WAITING):
            waiting.add()
        waiting.wait()
        hold.unlink()
        held, *others = waiting.codes()
        assert others == [f"504{service}00"] * WAITING
        assert held == f"{504 if held_fails else 200}{service}00"
        assert_ended(world.server, why)
        world.server.environment.pop("LD_PRELOAD")
        world.server.start()
        repeat(world, waiting.calls)
        world.check_log()


def create_alone(world, count):
    """Each takes one write and one sync."""
    scene = world.scene()
    for _ in range(count):
        scene.create("debit")


def assert_ended(server, why):
    assert server.ended() == 1
    said = server.log_text()
    assert os.strerror(why) in said and "nobody knows what is on disk" in said


@pytest.mark.parametrize("call", ["fdatasync 1", "fdatasync 20", "pwrite 1", "pwrite 20"])
def test_one_after_the_other(tmp_path, call):
    """Whatever was accepted before the failure is there after it."""
    shim = shimmed(tmp_path, fail=call)
    with World(tmp_path, environment=shim) as world:
        scene = world.scene()
        answered, in_doubt = [], None
        for _ in range(CREATIONS_MAX):
            call = "54", scene.body("54", scene.names.renewed()), uuid.uuid4().hex
            answer = scene.call(*call)
            if answer.status != 200:
                in_doubt = call
                break
            answered.append((call, answer.body))
        assert answer.json["responseCode"] == "5045400"
        assert_ended(world.server, errno.EIO)
        world.server.environment.pop("LD_PRELOAD")
        world.server.start()
        for call, body in answered:
            again = scene.caller.call(*call)
            assert (again.status, again.body) == (200, body)
        assert scene.call(*in_doubt).status == 200
        world.check_log()
