"""A ledger folder that is not as it was left: the start names what is wrong and touches nothing,
or, where only the end is torn, cuts that off and says so."""

import hashlib
import re
import shutil
import uuid

import pytest
from support.server import Server, run
from support.snap import Caller
from support.world import World
from worlds import last_words

ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20)}
NOTE = "n" * 60_000
CALLS_MAX = 400
CALLS_IN_THIRD = 10
HEADER_BYTES = 4096
FIRST, SECOND, THIRD = "0000000001.segment", "0000000002.segment", "0000000003.segment"


class Answered:
    """A stopped sandbox server's folder with three segments, and all that it has answered."""

    def __init__(self, folder):
        self.folder = folder
        self.calls = []
        with World(folder, environment=ENVIRONMENT) as world:
            self.partner = world.callers["first"].partner
            third = folder / "data/ledger" / THIRD
            while not third.exists():
                self.call(world.scene())
                assert len(self.calls) < CALLS_MAX
            for _ in range(CALLS_IN_THIRD):
                self.call(world.scene())

    def call(self, scene):
        call = "47", {**scene.body("47"), "note": NOTE}, uuid.uuid4().hex
        self.calls.append((call, scene.call(*call).body))

    def copy_to(self, folder):
        """A server on a copy of it, not started."""
        shutil.copytree(self.folder / "data", folder / "data", dirs_exist_ok=True)
        return Server(folder, environment=ENVIRONMENT)

    def assert_all_there(self, caller, lost=0):
        """All answers but the last few, which then are given anew."""
        for number, (call, body) in enumerate(self.calls):
            again = caller.call(*call)
            assert again.status == 200
            assert (again.body == body) == (number < len(self.calls) - lost)


@pytest.fixture(name="answered", scope="module")
def made_answered(tmp_path_factory):
    return Answered(tmp_path_factory.mktemp("answered"))


def used(file):
    """Where what is written in a segment ends."""
    return len(file.read_bytes().rstrip(b"\0"))


def flip(file, at):
    with open(file, "r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ 0x40]))


def flip_middle(name):
    return lambda ledger: flip(ledger / name, (HEADER_BYTES + used(ledger / name)) // 2)


def shorten(name, to):
    def cut(ledger):
        with open(ledger / name, "r+b") as file:
            file.truncate(to if to >= 0 else (ledger / name).stat().st_size + to)
    return cut


def newer_format(ledger):
    text = (ledger / "format").read_text()
    changed = re.sub(r"format \d+", "format 999", text)
    assert changed != text
    (ledger / "format").write_text(changed)


# What is done to the folder, and what the start then says; and whether `ledger show` finds it too.
DAMAGES = {
    "a frame of a sealed segment": (flip_middle(FIRST), rf"{FIRST} .*corrupt.* byte \d+", True),
    "a frame that later ones vouch for": (
        flip_middle(THIRD), rf"{THIRD} .*corrupt.* byte \d+", True),
    "a segment's header": (lambda ledger: flip(ledger / SECOND, 9), rf"{SECOND} ", True),
    "a segment missing in the middle": (
        lambda ledger: (ledger / SECOND).unlink(), rf"{SECOND} is missing", True),
    "the first segment missing": (
        lambda ledger: (ledger / FIRST).unlink(), rf"{FIRST} is missing", True),
    "a segment in another's place": (
        lambda ledger: shutil.copy(ledger / FIRST, ledger / SECOND), rf"{SECOND} ", True),
    "a sealed segment too short": (
        shorten(FIRST, -1), rf"{FIRST} .*corrupt.* ends at byte \d+", True),
    "the last segment too short": (
        shorten(THIRD, -1), rf"{THIRD} .*corrupt.* ends at byte \d+", True),
    "a segment without a whole header": (shorten(THIRD, 100), rf"{THIRD} ", True),
    "an empty segment": (shorten(THIRD, 0), rf"{THIRD} ", True),
    "a foreign file": (lambda ledger: (ledger / "notes.txt").write_text("mine"),
                       "notes.txt is no file of a ledger", False),
    "a newer format": (
        newer_format, "format is not the format file of a ledger, or of a newer", True),
    "no format file": (
        lambda ledger: (ledger / "format").unlink(), "format is missing|holds no ledger", True),
}


def fingerprints(ledger):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in ledger.iterdir() if not file.name.endswith(".tmp")}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_told_is_broken(answered, tmp_path, name):
    damage, said, shown = DAMAGES[name]
    server = answered.copy_to(tmp_path)
    ledger = server.data / "ledger"
    damage(ledger)
    before = fingerprints(ledger)
    assert re.search(said, last_words(server))
    assert fingerprints(ledger) == before
    show = run("ledger", "show", "--data", server.data)
    assert (show.returncode == 1) == shown, show.stderr
    assert not shown or re.search(said, show.stderr), show.stderr


def test_the_other_mode(answered, tmp_path):
    server = answered.copy_to(tmp_path)
    server.sandbox = False
    before = fingerprints(server.data / "ledger")
    assert "is a sandbox ledger and cannot be opened in production mode" in last_words(server)
    assert fingerprints(server.data / "ledger") == before
    server.sandbox = True
    with server:
        answered.assert_all_there(Caller(server, answered.partner))


@pytest.mark.parametrize("back", [1, 20, 200])
def test_the_last_record_is_torn(answered, tmp_path, back):
    """Nobody vouches for it, so it may never have been told: it is cut off, with a warning."""
    server = answered.copy_to(tmp_path)
    last = server.data / "ledger" / THIRD
    flip(last, used(last) - back)
    show = run("ledger", "show", "--data", server.data)
    assert show.returncode == 0 and "torn tail" in show.stderr and THIRD in show.stderr
    with server:
        assert re.search(rf"cut a torn tail of \d+ bytes off .*{THIRD} at byte \d+",
                         server.log_text())
        answered.assert_all_there(Caller(server, answered.partner), lost=1)
        server.stop()
        server.log.unlink()
        server.start()
        assert "cut a torn tail" not in server.log_text()


def test_a_second_process(answered, tmp_path):
    with answered.copy_to(tmp_path) as server:
        other = Server(tmp_path, environment=ENVIRONMENT)
        other.log = tmp_path / "other.log"
        assert "ledger is in use by another batal" in last_words(other)
        answered.assert_all_there(Caller(server, answered.partner))
        server.kill()
        with other:
            answered.assert_all_there(Caller(other, answered.partner))
        server.start()
