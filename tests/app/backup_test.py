"""Backup while serving, the drill of a restore, and backups that are damaged."""

import io
import os
import shutil
import stat
import tarfile
import uuid

import pytest
from support.private_disk import PrivateDisk
from support.runner import Runners
from support.server import run, wait_until
from support.world import World

CALLERS = 4
ANSWERED_BEFORE_BACKUP = 60
SMALL_SEGMENTS = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20)}
NOTE = "n" * 50_000  # in a call, so that a segment is full soon
WEEK_S = 7 * 24 * 3600


def done(*arguments):
    """What a command that must succeed has printed."""
    finished = run(*arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def refused(*arguments):
    """The one line of a command that must fail."""
    finished = run(*arguments)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.count("\n") == 1, finished.stderr
    return finished.stderr


def fill_segments(world, count):
    """Large payments, cancelled at once, until the log has that many segments."""
    scene = world.scene()
    ledger = world.server.data / "ledger"
    while len(list(ledger.glob("*.segment"))) < count:
        scene.create("debit", note=NOTE)
        scene.act("cancel")


def test_the_drill(tmp_path):
    """docs/operations.md: a backup under load, the data lost, and all that was answered before the
    backup is back."""
    backup = tmp_path / "ledger.tar"
    with World(tmp_path, environment=SMALL_SEGMENTS) as world:
        fill_segments(world, 3)
        data = ["--data", world.server.data]
        with Runners(world, CALLERS) as runners:
            runners.wait_for(ANSWERED_BEFORE_BACKUP)
            before = runners.answered()
            done("ledger", "backup", backup, *data)
            runners.wait_for(CALLERS)
        head = tmp_path / "head"
        head.write_text(done("ledger", "checkpoint", *data))
        world.server.kill()
        shutil.rmtree(world.server.data / "ledger")

        printed = done("ledger", "restore", backup, *data)
        assert "segments     3, and 0 pruned" in printed
        assert "; 0 after it" in printed
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert not list(world.server.data.glob("*.tmp"))
        world.server.start()
        runners.assert_still_there(before)
        world.server.stop()
        assert done("ledger", "verify", *data) != ""


def test_what_was_told_after_the_backup_is_missed_by_a_head(tmp_path):
    backup, head = tmp_path / "ledger.tar", tmp_path / "head"
    with World(tmp_path, environment={"BATAL_LEDGER_CHECKPOINT_S": "1"}) as world:
        data = ["--data", world.server.data]
        scene = world.scene()
        scene.create("debit")
        done("ledger", "backup", backup, *data)
        scene.act("cancel")
        wait_until(lambda: "sequence=2 " in run("ledger", "checkpoint", *data).stdout,
                   "a checkpoint of the cancel")
        head.write_text(done("ledger", "checkpoint", *data))
        assert done("ledger", "verify", *data, "--head", head)
    shutil.rmtree(world.server.data / "ledger")
    done("ledger", "restore", backup, *data)
    assert done("ledger", "verify", *data)
    said = refused("ledger", "verify", *data, "--head", head)
    assert "ends with record 1, but the checkpoint of" in said
    assert f"in {head} covers records up to 2" in said


def test_what_was_pruned_stays_attested_in_a_backup(tmp_path):
    backup = tmp_path / "ledger.tar"
    environment = {**SMALL_SEGMENTS, "BATAL_LEDGER_TRANSACTION_KEPT_S": str(WEEK_S)}
    with World(tmp_path, environment=environment) as world:
        data = ["--data", world.server.data]
        fill_segments(world, 3)
        world.server.advance(2 * WEEK_S)
        ledger = world.server.data / "ledger"
        scene = world.scene()

        def is_pruned():
            scene.create("debit")
            return len(list(ledger.glob("*.pruned"))) == 2
        wait_until(is_pruned, "two segments to be pruned")
        assert ", and 2 pruned" in done("ledger", "verify", *data)
        assert ", and 2 pruned" in done("ledger", "backup", backup, *data)
        made = scene.names.values["referenceNo"]
        world.server.kill()
        shutil.rmtree(ledger)
        assert ", and 2 pruned" in done("ledger", "restore", backup, *data)
        world.server.start()
        world.server.advance(2 * WEEK_S)
        answer = scene.query("debit", originalReferenceNo=made)
        assert answer.status == 200


def test_verify_raises_no_false_alarm_while_the_ledger_works(tmp_path):
    environment = {**SMALL_SEGMENTS, "BATAL_LEDGER_CHECKPOINT_S": "1"}
    with World(tmp_path, environment=environment) as world:
        head = tmp_path / "head"
        with Runners(world, CALLERS) as runners:
            for _ in range(15):
                runners.wait_for(CALLERS)
                done("ledger", "verify", "--data", world.server.data)
            wait_until(lambda: run("ledger", "checkpoint", "--data", world.server.data).stdout,
                       "a checkpoint")
            head.write_text(done("ledger", "checkpoint", "--data", world.server.data))
            done("ledger", "verify", "--data", world.server.data, "--head", head)
        key = head.read_text().split("key=")[1].split()[0]
        printed = done("ledger", "verify", "--data", world.server.data, "--public-key", key)
        assert "macs         not checked" in printed


@pytest.fixture(name="made", scope="module")
def made_backup(tmp_path_factory):
    """A backup, and the key that its ledger was sealed with."""
    folder = tmp_path_factory.mktemp("backup")
    with World(folder) as world:
        scene = world.scene()
        for _ in range(3):
            scene.create("debit")
            scene.act("cancel")
        done("ledger", "backup", folder / "ledger.tar", "--data", world.server.data)
    return folder / "ledger.tar", folder / "data.audit.key"


def test_a_backup_holds_what_its_header_says(made):
    with tarfile.open(made[0]) as tar:
        names = tar.getnames()
        assert names == ["format", "0000000001.segment", "checkpoints"]
        assert {member.mode for member in tar.getmembers()} == {0o600}
        assert tar.getmember("0000000001.segment").size < 100_000, "without the zeros"


def test_a_backup_never_overwrites_and_takes_its_name_last(made, tmp_path):
    backup, key = made
    there = tmp_path / "there.tar"
    there.write_text("mine")
    arguments = ["--folder", backup.parent / "data/ledger", "--audit-key", key]
    assert f"{there} exists, and is not overwritten" in refused("ledger", "backup", there,
                                                               *arguments)
    assert there.read_text() == "mine"
    (tmp_path / "new.tar.tmp").write_text("of a backup that was killed")
    done("ledger", "backup", tmp_path / "new.tar", *arguments)
    assert sorted(os.listdir(tmp_path)) == ["new.tar", "there.tar"]


def test_a_backup_that_finds_no_room_leaves_nothing(made):
    backup, key = made
    with PrivateDisk(1) as disk:
        disk.fill("ballast")
        said = refused("ledger", "backup", disk.path / "new.tar", "--folder",
                       backup.parent / "data/ledger", "--audit-key", key)
        assert "No space left on device" in said
        assert os.listdir(disk.path) == ["ballast"]


def test_a_restore_into_what_is_not_empty_is_refused(made, tmp_path):
    backup, key = made
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/mine").write_text("")
    said = refused("ledger", "restore", backup, "--folder", tmp_path / "ledger", "--audit-key", key)
    assert f"{tmp_path / 'ledger'} is not empty" in said
    assert os.listdir(tmp_path / "ledger") == ["mine"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_restore_makes_the_folder_or_fills_an_empty_one(made, tmp_path, is_there):
    backup, key = made
    if is_there:
        (tmp_path / "ledger").mkdir()
    leftover = tmp_path / "ledger.restore.tmp"
    leftover.mkdir()
    (leftover / "0000000009.segment").write_text("of a restore that was killed")
    where = ["--folder", f"{tmp_path}/ledger/", "--audit-key", key]
    done("ledger", "restore", backup, *where)
    assert os.listdir(tmp_path) == ["ledger"]
    assert sorted(os.listdir(tmp_path / "ledger")) == ["0000000001.segment", "checkpoints",
                                                       "format", "lock"]
    done("ledger", "verify", *where)


def test_a_restore_needs_the_ledgers_key(made, tmp_path):
    other = tmp_path / "other.key"
    other.write_text("11" * 32 + "\n")
    said = refused("ledger", "restore", made[0], "--folder", tmp_path / "ledger", "--audit-key",
                   other)
    assert "was made with audit key" in said
    assert os.listdir(tmp_path) == ["other.key"]


def rewritten(change):
    """The backup's entries, changed as [(TarInfo, bytes)], as the bytes of another archive."""
    def damage(content):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            entries = [(member, tar.extractfile(member).read()) for member in tar.getmembers()]
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for member, text in change(entries):
                if member.isfile():
                    member.size = len(text)
                tar.addfile(member, io.BytesIO(text))
        return out.getvalue()
    return damage


def renamed(name):
    def change(entries):
        entries[1][0].name = name
        return entries
    return rewritten(change)


def with_link(entries):
    link = tarfile.TarInfo("0000000002.segment")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return [*entries, (link, b"")]


def flipped(at):
    def damage(content):
        content = bytearray(content)
        content[at] ^= 0x40
        return bytes(content)
    return damage


def cut_to(share):
    return lambda content: content[:int(len(content) * share)]


def without_checkpoint(entries):
    return [*entries[:2], (entries[2][0], b"")]


def without_last_record(entries):
    """As if the backup had been made earlier."""
    segment = entries[1][1]
    at, frames = 4096, []
    while at < len(segment):
        frames.append(at)
        at += (64 + int.from_bytes(segment[at + 4:at + 8], "little") + 7) // 8 * 8
    return [entries[0], (entries[1][0], segment[:frames[-1]]), entries[2]]


SEGMENT_AT = 3 * 512  # behind the format's header and text, and the segment's header
DAMAGE = {
    "empty": (lambda content: b"", "is no whole backup of a ledger"),
    "text": (lambda content: b"no archive\n" * 100, "is no whole backup of a ledger"),
    "cut inside of a record": (cut_to(0.4), "it is cut short inside of 0000000001.segment"),
    "cut behind the segment": (lambda content: content[:content.index(b"checkpoints\0")],
                               "it holds no checkpoints"),
    "header of an entry": (flipped(512 * 2 + 3), "is no whole backup of a ledger"),
    "header of the segment": (flipped(SEGMENT_AT + 20), "has a broken header, at byte 0"),
    "record": (flipped(SEGMENT_AT + 4096 + 80), "record 1 was changed: its CRC does not fit"),
    "format": (flipped(512 + 20), "is not the format file of a ledger"),
    "name that leads out": (renamed("../0000000001.segment"), "it holds ../0000000001.segment"),
    "whole path": (renamed("/etc/0000000001.segment"), "it holds /etc/0000000001.segment"),
    "other name": (renamed("index.sqlite"), "it holds index.sqlite"),
    "link": (rewritten(with_link), "0000000002.segment in it is no file"),
    "twice": (rewritten(lambda entries: [entries[0], *entries]), "format is in it twice"),
    "no segment": (rewritten(lambda entries: [entries[0], entries[2]]),
                   "0000000001.segment is missing"),
    "no checkpoint": (rewritten(without_checkpoint), "does not end with the checkpoint"),
    "no last record": (rewritten(without_last_record),
                       "ends with record 5, but the checkpoint of"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_backup_is_named_and_leaves_nothing(made, tmp_path, kind):
    backup, key = made
    damage, said = DAMAGE[kind]
    bad = tmp_path / "bad.tar"
    bad.write_bytes(damage(backup.read_bytes()))
    line = refused("ledger", "restore", bad, "--folder", tmp_path / "ledger", "--audit-key", key)
    assert said in line
    assert str(bad) in line
    assert os.listdir(tmp_path) == ["bad.tar"]


def test_any_byte_lost_at_the_end_is_noticed_or_harmless(made, tmp_path):
    """Cut at every block: what passes has lost only the zeros behind the last entry."""
    backup, key = made
    content = backup.read_bytes()
    end = content.index(b"batal-checkpoint")
    end = content.index(b"\n", end) + 1
    bad = tmp_path / "bad.tar"
    for size in range(0, len(content), 512):
        bad.write_bytes(content[:size])
        target = tmp_path / uuid.uuid4().hex
        finished = run("ledger", "restore", bad, "--folder", target, "--audit-key", key)
        assert (finished.returncode == 0) == (size >= end), (size, end, finished.stderr)
        assert target.exists() == (finished.returncode == 0)
