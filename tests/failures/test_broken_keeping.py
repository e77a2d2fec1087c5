"""A disk that fails under what is made of the log beside its answers: index, checkpoints, snapshots,
pruning. Serving goes on, the log tells once what does not work, and once that it works again."""

import errno
import os
import re

import pytest
from support.server import wait_until
from support.shim import disk_shim
from worlds import verified

DAY = 86400
LIVE = 10
GIVEN_UP = "its call gets no answer"

# What does not work, and the calls that fail: on which files, and which.
BREAKS = [
    ("index a segment", "index.sqlite*", "pwrite"),
    ("index a segment", f"{LIVE:010}.segment", "pread"),
    ("write a checkpoint", "checkpoints", "pwrite"),
    ("write a checkpoint", "checkpoints", "fdatasync"),
    ("write a checkpoint", "checkpoints.tmp", "open"),
    ("write a checkpoint", "checkpoints.tmp", "rename"),
    ("write a snapshot", "live.tmp", "open"),
    ("write a snapshot", "live.tmp", "pwrite"),
    ("write a snapshot", "live.tmp", "fdatasync"),
    ("write a snapshot", "live.tmp", "rename"),
    ("prune", "*.pruned.tmp", "pwrite"),
    ("prune", "*.pruned.tmp", "fdatasync"),
    ("prune", "*.pruned.tmp", "rename"),
    ("prune", "*.segment", "unlink"),
]


def bring_about(what, server, payments):
    """Makes the server do it, sooner or later."""
    if what == "prune":
        server.advance(10 * DAY)
    elif what != "write a snapshot":
        payments.create_until_segment(LIVE + 1)


@pytest.mark.parametrize("what, files, call", BREAKS)
def test_what_fails_is_made_up_for(answered, copied, tmp_path, what, files, call):
    gate = tmp_path / "gate"
    gate.touch()
    server = copied(**disk_shim(tmp_path, files=files, fail=call, **{"while": gate}),
                    BATAL_LEDGER_TRANSACTION_KEPT_S=str(7 * DAY) if what == "prune" else "0")
    if what == "write a snapshot":
        (server.data / "ledger/live.snapshot").unlink()
    with server:
        payments = answered.payments(server)
        payments.create()
        bring_about(what, server, payments)
        fails = rf"\[error\] ledger: cannot {what}: .*{os.strerror(errno.EIO)}"
        wait_until(lambda: re.search(fails, server.log_text()), f"a failure to {what}")
        assert payments.create()[1].status == 200
        pruned = what == "prune"
        assert pruned or answered.ask_all(server) == 0 or GIVEN_UP in server.log_text()
        gate.unlink()
        again = f"ledger: it works again to {what}"
        wait_until(lambda: again in server.log_text(), f"it to work again to {what}")
        text = server.whole_log_text()
        assert (len(re.findall(fails, text)), text.count(again)) == (1, 1)
        if not pruned:
            answered.assert_all_there(server)
            payments.assert_all_there()
    assert verified(server)[0] == 0
    server.log.unlink()
    with server:
        assert "anew" not in server.log_text() and "damaged" not in server.log_text()
        if not pruned:
            answered.assert_all_there(server)
    made = {"write a snapshot": "live.snapshot", "prune": "0000000001.pruned",
            "write a checkpoint": "checkpoints", "index a segment": "index.sqlite"}
    assert (server.data / "ledger" / made[what]).exists()
