"""The index and the snapshot are made from the log, so nothing that happens to them may matter:
they are made anew, and meanwhile an answer is right or stays out."""

import random
import re
import secrets
import shutil
import sqlite3

import pytest
from support.damage import PAGE, cut_somewhere, flip_all_over, flip_somewhere, remove
from support.server import wait_until
from support.shim import disk_shim
from worlds import SNAPSHOT, last_words, verified

NEW = 20  # creations
ANEW = "it is made anew from the log"
REMADE_S = 60


def sql(statement):
    def change(file, _):
        connection = sqlite3.connect(file)
        connection.executescript(statement)
        connection.close()
    return change


def of_another(file, _):
    file.unlink()
    sql("CREATE TABLE mine (text); INSERT INTO mine VALUES ('not yours')")(file, _)


# What is done to the index of a stopped server, and whether its start must notice.
DAMAGES = {
    "missing": (remove, None),
    "empty": (lambda file, _: file.write_bytes(b""), None),
    "text": (lambda file, _: file.write_text("x" * 100_000), "file is not a database"),
    "bytes all over": (flip_all_over, ""),
    "cut off": (cut_somewhere, None),
    "foreign": (of_another, "is no index of a ledger"),
    "newer": (sql("UPDATE ledger SET format = 2"), "has format 2"),
    "of another ledger": (sql("UPDATE ledger SET ledger = randomblob(16)"), "is damaged"),
    "a segment is forgotten": (sql("DELETE FROM segments WHERE number = 3"), "is damaged"),
    "a run is forgotten": (sql("DELETE FROM runs WHERE id = (SELECT max(id) FROM runs)"),
                           "is damaged"),
    "a filter is forgotten": (sql("DELETE FROM filters"), "is damaged"),
    "without a log of its own": (sql("PRAGMA journal_mode = DELETE"), "no write-ahead log"),
}


def spoil_wal(ledger):
    """A write-ahead log that is none, and one that is of another file."""
    (ledger / "index.sqlite-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(range(256)) * 100)
    (ledger / "index.sqlite-shm").write_bytes(b"x" * 32768)


def assert_good_at_last(answered, server):
    """Every answer is right, sooner or later."""
    wait_until(lambda: answered.ask_all(server) == 0, "the index to be made anew", REMADE_S)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_while_stopped(answered, copied, name):
    damage, said = DAMAGES[name]
    seed = secrets.randbits(32)
    print("seed", seed)
    server = copied()
    damage(server.data / "ledger/index.sqlite", random.Random(seed))
    with server:
        text = server.log_text()
        if said is not None:
            assert re.search(rf"\[warning\] ledger: .*index.sqlite: .*{said}.*: {ANEW}", text)
        answered.assert_all_there(server)
        answered.scene(server).create("debit")
    assert verified(server)[0] == 0
    server.log.unlink()
    with server:
        assert ANEW not in server.log_text()


def test_files_beside_it_while_stopped(answered, copied):
    server = copied()
    spoil_wal(server.data / "ledger")
    with server:
        assert_good_at_last(answered, server)
    assert verified(server)[0] == 0


@pytest.mark.parametrize("damage", [flip_all_over, flip_somewhere])
def test_damage_that_only_a_look_up_notices(answered, copied, damage):
    """Nothing has been read but what the start reads, and then the bytes change."""
    seed = secrets.randbits(32)
    print("seed", seed)
    server = copied()
    with server:
        damage(server.data / "ledger/index.sqlite", random.Random(seed))
        assert_good_at_last(answered, server)
        if damage is flip_all_over:
            assert re.search(r"\[error\] ledger: .*index.sqlite: ", server.log_text())
        answered.scene(server).create("debit")
    with server:
        answered.assert_all_there(server)
    assert verified(server)[0] == 0


@pytest.mark.parametrize("file", ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"])
def test_damage_while_it_is_used(answered, copied, file):
    """Again and again, between calls that look up and calls that fill the log."""
    seed = secrets.randbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    server = copied()
    damaged = server.data / "ledger" / file
    with server:
        payments = answered.payments(server)
        for number in (11, 12):
            payments.create_until_segment(number)
            if damaged.exists() and damaged.stat().st_size > PAGE:
                flip_all_over(damaged, rng)
            answered.ask_all(server)
        payments.create()
    with server:
        assert_good_at_last(answered, server)
        payments.assert_all_there()
    assert verified(server)[0] == 0


def test_removed_while_it_is_used(answered, copied):
    server = copied()
    with server:
        payments = answered.payments(server)
        for file in (server.data / "ledger").glob("index.sqlite*"):
            file.unlink()
        answered.assert_all_there(server)
        payments.create_until_segment(11)
        answered.assert_all_there(server)
    with server:
        answered.assert_all_there(server)
        payments.assert_all_there()


def test_it_cannot_be_read(answered, copied, tmp_path):
    """As on a bad sector: no answer, and once it can be read again, the right one. What is new
    needs no index, but for the few that its filter takes for known."""
    gate = tmp_path / "gate"
    server = copied(**disk_shim(tmp_path, files="index.sqlite*", fail="pread",
                                **{"while": gate}))
    with server:
        gate.touch()
        assert answered.ask_all(server) > 0
        assert re.search(r"\[error\] ledger: .*index.sqlite: disk I/O error", server.log_text())
        scene = answered.scene(server)
        new = [scene.call("54", scene.body("54", scene.names.renewed()), secrets.token_hex(16))
               for _ in range(NEW)]
        assert {answer.status for answer in new} <= {200, 504}
        assert sum(answer.status == 200 for answer in new) > NEW / 2
        gate.unlink()
        assert_good_at_last(answered, server)
    assert verified(server)[0] == 0


def test_it_cannot_be_made(answered, copied, tmp_path):
    """Without an index there is no start."""
    server = copied(**disk_shim(tmp_path, files="index.sqlite*", fail="pwrite"))
    (server.data / "ledger/index.sqlite").unlink()
    assert "index.sqlite: disk I/O error (Input/output error)" in last_words(server)
    server.environment.pop("LD_PRELOAD")
    with server:
        answered.assert_all_there(server)


# What is done to the snapshot of a stopped server.
SNAPSHOTS = {
    "bytes all over": flip_all_over,
    "one byte": flip_somewhere,
    "cut off": cut_somewhere,
    "empty": lambda file, _: file.write_bytes(b""),
    "text": lambda file, _: file.write_text("x" * 1000),
}


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_damaged_snapshot(answered, copied, name):
    seed = secrets.randbits(32)
    print("seed", seed)
    server = copied()
    snapshot = server.data / "ledger" / SNAPSHOT
    SNAPSHOTS[name](snapshot, random.Random(seed))
    with server:
        assert re.search(rf"\[warning\] ledger: .*{SNAPSHOT} is damaged: the log is read instead",
                         server.log_text())
        answered.assert_all_there(server)
        server.log.unlink()
    with server:
        answered.assert_all_there(server)
    assert verified(server)[0] == 0


def test_a_snapshot_of_another_ledger_or_none(answered, copied, tmp_path):
    server = copied()
    snapshot = server.data / "ledger" / SNAPSHOT
    kept = tmp_path / "kept"
    shutil.copy(snapshot, kept)
    snapshot.unlink()
    with server:
        assert "damaged" not in server.log_text()
        answered.assert_all_there(server)
    data = bytearray(kept.read_bytes())
    data[20] ^= 1
    snapshot.write_bytes(data)
    with server:
        assert "is damaged: the log is read instead" in server.log_text()
        answered.assert_all_there(server)
