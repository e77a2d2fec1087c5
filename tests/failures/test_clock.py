"""The machine's clock steps forth and back (libfaketime): what was told to be expired stays so, and
the log's time never goes back."""

import uuid
from pathlib import Path

import pytest
from support.scene import CANCELS, CREATES
from support.world import LIFE, World

HOUR = 3600
LIBRARY = "libfaketimeMT.so.1"


class Clock:
    """The clock of a server's process, ahead of ours or behind it by some seconds."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.environment = {
            "LD_PRELOAD": str(next(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))),
            "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, server, offset):
        """What begins now, and the next start, see this clock."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset:+d}s\n")
        new.rename(self.file)
        server.offset = offset


@pytest.fixture(name="world")
def made_world(tmp_path):
    clock = Clock(tmp_path)
    clock.file.write_text("+0s\n")
    with World(tmp_path, environment=clock.environment) as world:
        world.clock = clock
        yield world


def create_all(world, life):
    scene = world.scene()
    for kind in CREATES:
        scene.create(kind, kind, **{LIFE[kind]: f"{{now+{life}}}"})
    return scene


def assert_expired(scene):
    for kind in CREATES:
        assert scene.status(kind) == "08"
        made = scene.made(kind)
        scene.names.values.update(made)
        refused = scene.call(CANCELS[kind], scene.body(CANCELS[kind]), uuid.uuid4().hex)
        assert refused.json["responseMessage"] == "Transaction Not Permitted.[expired]."


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_forth_and_back(world, how):
    """Told to be expired, with the clock an hour ahead; then the clock goes back, and back again
    over a restart."""
    scene = create_all(world, 1800)
    lasting = create_all(world, 4 * HOUR)
    world.clock.set(world.server, HOUR)
    assert_expired(scene)
    world.clock.set(world.server, 0)
    assert_expired(scene)
    assert_goes_on(world, lasting)
    restart_at(world, how, 0)
    assert "ahead of the clock" in world.server.log_text()
    assert_expired(scene)
    assert_goes_on(world, lasting)
    restart_at(world, how, -HOUR)
    assert_expired(scene)
    assert_goes_on(world, lasting)
    check_times(world, how)


def restart_at(world, how, offset):
    getattr(world.server, how)()
    world.server.log.unlink()
    world.clock.set(world.server, offset)
    world.server.start()
    world.server.offset = offset


def assert_goes_on(world, lasting):
    """What has not expired can be cancelled, and what is new lives from the log's own time on."""
    for kind in CREATES:
        assert lasting.status(kind) in ("03", "01")
    scene = world.scene()
    scene.create("debit", **{LIFE["debit"]: f"{{now+{4 * HOUR}}}"})
    scene.act("cancel")
    assert scene.status() == "05"


def check_times(world, how):
    getattr(world.server, how)()
    times = [record["at"] for record in world.server.events()]
    assert times == sorted(times)
    world.server.start()
    world.check_log()
