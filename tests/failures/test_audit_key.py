"""The audit key is missing, another, broken, or where it may not be: the start says so and touches
nothing, and makes no new key for a ledger that has one."""

import re
import shutil

import pytest
from support.server import Server, run
from test_damage import fingerprints
from worlds import last_words

ANOTHER = "0123456789abcdef" * 4


def missing(server):
    server.audit_key.unlink()


def another(server):
    server.audit_key.write_text(ANOTHER + "\n")


def too_short(server):
    server.audit_key.write_text(ANOTHER[:-1] + "\n")


def no_digits(server):
    server.audit_key.write_text("x" + ANOTHER[1:] + "\n")


def empty(server):
    server.audit_key.write_text("")


def a_folder(server):
    server.audit_key.unlink()
    server.audit_key.mkdir()


NO_KEY = r"data.audit.key is no audit key: it must be one line of 64 hexadecimal digits$"
WRONG = {
    missing: r"data.audit.key is missing: it is the audit key that .*/ledger was made with",
    another: r"/ledger was made with audit key [0-9a-f]{16}, but the key given is [0-9a-f]{16}$",
    too_short: NO_KEY, no_digits: NO_KEY, empty: NO_KEY,
    a_folder: r"cannot read .*data.audit.key: Is a directory$",
}


@pytest.mark.parametrize("spoil", WRONG)
def test_a_wrong_key(answered, copied, spoil):
    server = copied()
    ledger = server.data / "ledger"
    key = server.audit_key.read_text()
    before = fingerprints(ledger)
    spoil(server)
    assert re.search(WRONG[spoil], last_words(server))
    assert fingerprints(ledger) == before
    if spoil == missing:
        assert not server.audit_key.exists()
    if server.audit_key.is_dir():
        server.audit_key.rmdir()
    server.audit_key.write_text(key)
    with server:
        answered.assert_all_there(server)


def test_another_key_finds_changes_nobody_made(copied):
    """`ledger verify` is told the wrong key: it says so, and does not blame the records."""
    server = copied()
    another(server)
    done = run("ledger", "verify", "--data", server.data)
    assert done.returncode == 1 and "audit key" in done.stderr, done.stderr


@pytest.mark.parametrize("where", ["key", "ledger/key", "../data/key", "deep/er/../key"])
def test_a_key_inside_the_data_folder(copied, where):
    server = copied()
    inside = server.data / where
    server.environment["BATAL_LEDGER_AUDIT_KEY_FILE"] = str(inside)
    said = last_words(server, status=2)
    assert re.search(r"ledger.audit_key_file: .*key lies inside the data folder", said)
    assert not inside.exists()


def test_a_key_elsewhere(answered, copied, tmp_path):
    server = copied()
    elsewhere = tmp_path / "keys/audit"
    elsewhere.parent.mkdir()
    shutil.move(server.audit_key, elsewhere)
    server.environment["BATAL_LEDGER_AUDIT_KEY_FILE"] = str(elsewhere)
    with server:
        answered.assert_all_there(server)
    assert not server.audit_key.exists()


def test_the_first_start_makes_one(tmp_path):
    """For its owner alone, and only where there is no ledger yet."""
    with Server(tmp_path) as server:
        text = server.audit_key.read_text()
        assert re.fullmatch(r"[0-9a-f]{64}\n", text)
        assert server.audit_key.stat().st_mode & 0o777 == 0o600
    with server:
        assert server.audit_key.read_text() == text
