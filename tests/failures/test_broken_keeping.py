"""A disk that fails under what the keeper makes of the log beside its answers: index, checkpoints,
snapshots, pruning. Serving goes on. The log tells once what does not work, and once that it works
again. A start that needs what cannot be read ends, and says which file it was."""

import errno
import random
import re
import secrets
import uuid

import pytest
from answered import SEGMENTS
from support.damage import flip_all_over
from support.scene import CANCELS
from support.server import wait_until
from support.shim import disk_shim
from worlds import SNAPSHOT, last_words, segment, verified

DAY = 86400
KEPT = 7 * DAY
CREATIONS = 10
INDEX, ANEW = "index a segment", "make the index anew"
CHECKPOINT, SNAP, PRUNE = "write a checkpoint", "write a snapshot", "prune"
SAYS = {errno.EIO: "(Input/output error|disk I/O error)", errno.EROFS: "Read-only file system",
        errno.ENOSPC: "(No space left on device|database or disk is full)"}

# What does not work; the files, the call on them that fails, and with what; what the log tells.
BREAKS = [
    (INDEX, "index.sqlite-wal", "pwrite", errno.ENOSPC, "/index.sqlite"),
    (INDEX, "index.sqlite-wal", "fdatasync", errno.EIO, "/index.sqlite"),
    (INDEX, segment(SEGMENTS), "pread", errno.EIO, f"cannot read .*/{segment(SEGMENTS)}"),
    (CHECKPOINT, "checkpoints*", "pwrite", errno.ENOSPC, "cannot write .*/checkpoints"),
    (CHECKPOINT, "checkpoints*", "fdatasync", errno.EIO, "cannot sync .*/checkpoints"),
    (CHECKPOINT, "checkpoints.tmp", "open", errno.EROFS, "cannot make .*/checkpoints.tmp"),
    (CHECKPOINT, "checkpoints.tmp", "rename", errno.EIO, "cannot rename .*/checkpoints.tmp"),
    (SNAP, "live.tmp", "pwrite", errno.ENOSPC, "cannot write .*/live.tmp"),
    (SNAP, "live.tmp", "fdatasync", errno.EIO, "cannot sync .*/live.tmp"),
    (PRUNE, "*.pruned.tmp", "fdatasync", errno.EIO, "cannot sync .*/0000000001.pruned.tmp"),
    (PRUNE, "*.segment", "unlink", errno.EIO, f"cannot remove .*/{segment(1)}"),
]

# A damaged index whose successor fails.
ANEW_BREAKS = [("index.sqlite", "fdatasync", errno.EIO), ("index.sqlite*", "pwrite", errno.ENOSPC)]

# What a start cannot read or write, and what it says. The last segments are read when the index
# went in the attempts before.
START_BREAKS = [("format", "pread", "cannot read .*/format"),
                ("checkpoints", "pread", "cannot read .*/checkpoints"),
                (SNAPSHOT, "pread", f"cannot read .*/{SNAPSHOT}"),
                (segment(SEGMENTS), "pread", f"cannot read .*/{segment(SEGMENTS)}"),
                ("index.sqlite*", "pread", "/index.sqlite: disk I/O error"),
                ("index.sqlite*", "pwrite", "/index.sqlite: disk I/O error"),
                (segment(SEGMENTS - 1), "pread", f"cannot read .*/{segment(SEGMENTS - 1)}")]

# What a start makes where it is missing, by the name it has until it is whole.
MADE_AT_START = {"checkpoints.tmp": "checkpoints", "live.tmp": SNAPSHOT}


class Broken:
    """A server on a disk that fails as long as the gate is there, and the one line about it."""

    def __init__(self, copied, folder, what, files, call, why, said):
        self.gate = folder / "gate"
        self.what = what
        shim = disk_shim(folder, files=files, fail=call, errno=int(why), **{"while": self.gate})
        kept = KEPT if what == PRUNE else 0
        every = 3600 if what == INDEX else 1  # a checkpoint reads the last segment, too
        self.server = copied(**shim, BATAL_LEDGER_TRANSACTION_KEPT_S=str(kept),
                             BATAL_LEDGER_CHECKPOINT_S=str(every))
        self.ledger = self.server.data / "ledger"
        self.fails = re.compile(rf"\[error\] ledger: cannot {what}: .*{said}: .*{SAYS[why]}")
        self.again = f"ledger: it works again to {what}\n"
        self.calls = []

    def is_told(self):
        return self.fails.search(self.server.whole_log_text())

    def wait_for_another_attempt(self):
        """What fails now is not what the log tells of."""
        before = self.gate.stat().st_size
        wait_until(lambda: self.gate.stat().st_size > before, f"another attempt to {self.what}")

    def mend(self):
        self.gate.unlink()
        wait_until(lambda: self.again in self.server.whole_log_text(), f"it to {self.what} again")
        text = self.server.whole_log_text()
        assert (len(self.fails.findall(text)), text.count(self.again)) == (1, 1), text
        assert text.count("ledger: cannot ") == 1, text
        assert self.what == ANEW or "anew" not in text, text

    def pay_and_cancel(self, scene):
        """With everything that a partner may do, while the disk fails."""
        scene.create("debit")
        for service in (CANCELS["debit"], "55"):
            call = service, scene.body(service), uuid.uuid4().hex
            first = scene.call(*call)
            assert first.status == 200, (call, first)
            self.calls.append((call, first))
        self.repeat(scene)

    def repeat(self, scene):
        """The cancel, word for word, and the query, which finds it cancelled."""
        for call, first in self.calls:
            again = scene.caller.call(*call)
            assert (again.status, again.body) == (200, first.body), (call, again)

    def assert_nothing_lost(self, answered, payments):
        """By a server on a good disk, and by whoever verifies the log."""
        assert verified(self.server)[0] == 0
        self.server.environment.pop("LD_PRELOAD")
        self.server.log.unlink()
        with self.server as server:
            if self.what == PRUNE:
                server.advance(10 * DAY)
            else:
                answered.assert_all_there(server)
            payments.assert_all_there()
            self.repeat(payments.scene)
            text = server.whole_log_text()
            assert not re.search(r"\[error\]|anew|damaged|are indexed", text), text


@pytest.mark.parametrize("row", BREAKS, ids=lambda row: " ".join(map(str, row[:4])))
def test_what_fails_is_made_up_for(answered, copied, tmp_path, row):
    broken = Broken(copied, tmp_path, *row)
    what, files, call = row[:3]
    if files in MADE_AT_START:
        (broken.ledger / MADE_AT_START[files]).unlink()
        broken.gate.touch()
    with broken.server as server:
        payments = answered.payments(server)
        if what in (INDEX, CHECKPOINT):
            make_a_checkpoint(broken, payments)
        broken.gate.touch()
        if what == PRUNE:
            server.advance(10 * DAY)
        payments.create_until(broken.is_told)
        broken.pay_and_cancel(payments.scene)
        unanswered = 0 if what == PRUNE else answered.ask_all(server)
        assert unanswered == 0 or call == "pread"
        broken.wait_for_another_attempt()
        broken.mend()
        payments.assert_all_there()
        broken.repeat(payments.scene)
    broken.assert_nothing_lost(answered, payments)
    for temporary, name in MADE_AT_START.items():
        assert (broken.ledger / name).exists() and not (broken.ledger / temporary).exists()
    assert (broken.ledger / segment(1)).exists() == (what != PRUNE)


def make_a_checkpoint(broken, payments):
    """So that the next one is added to the file; where it cannot be made, that is told."""
    file = broken.ledger / "checkpoints"
    before = file.read_text() if file.exists() else ""
    payments.create()
    wait_until(lambda: broken.is_told() or file.read_text() != before, "a checkpoint")


@pytest.mark.parametrize("row", ANEW_BREAKS, ids=lambda row: " ".join(map(str, row)))
def test_an_index_that_cannot_be_made_anew(answered, copied, tmp_path, row):
    """Only what needs it waits for it, and gets no answer meanwhile: now and then a new name, too,
    that a filter takes for an old one."""
    seed = secrets.randbits(32)
    print("seed", seed)
    broken = Broken(copied, tmp_path, ANEW, *row, "/index.sqlite")
    with broken.server as server:
        payments = answered.payments(server)
        flip_all_over(broken.ledger / "index.sqlite", random.Random(seed))
        broken.gate.touch()
        assert answered.ask_all(server) > 0
        wait_until(broken.is_told, "an attempt to make it")
        for _ in range(CREATIONS):
            payments.create()
        assert len(payments.accepted) > CREATIONS / 2
        broken.wait_for_another_attempt()
        broken.mend()
        wait_until(lambda: answered.ask_all(server) == 0, "the index to be made anew")
        broken.pay_and_cancel(payments.scene)
    broken.assert_nothing_lost(answered, payments)


def test_starts_that_cannot_read_or_write(answered, copied, tmp_path):
    """They name the file, and once the disk is good again, all is there."""
    server = copied()
    for files, call, said in START_BREAKS:
        server.environment.update(disk_shim(tmp_path, files=files, fail=call))
        assert re.search(rf"{said}.*Input/output error", last_words(server))
    server.environment.pop("LD_PRELOAD")
    with server:
        answered.assert_all_there(server)
    assert verified(server)[0] == 0
