"""`batal ledger verify`, `checkpoint` and `export` as a shell sees them."""

import csv
import io
import json
import os
import pty
import re
import shutil
import sqlite3
import stat
import subprocess

import pytest
from support.server import binary, run, wait_until
from support.world import World

OVERTAKEN = "overtaken-1"


@pytest.fixture(name="made", scope="module")
def made_ledger(tmp_path_factory):
    """The data folder of a stopped server, with records of every kind in its ledger."""
    folder = tmp_path_factory.mktemp("ledger")
    with World(folder, environment={"BATAL_LEDGER_CHECKPOINT_S": "1"}) as world:
        scene = world.scene()
        scene.create("debit", "paid")
        scene.act("pay", "paid")
        scene.act("refund", "paid")
        scene.create("va", "account")
        scene.act("cancel", "account")
        body = {"originalExternalId": OVERTAKEN, "originalPartnerReferenceNo": "never made",
                "reason": 'it said "no", twice,\nand left'}
        assert scene.call("57", body).json["responseCode"] == "4045701"
        scene.create("debit", "late", **{"validUpTo": "{now+60}"})
        world.server.advance(120)
        assert scene.status("late") == "08"
        wait_until(lambda: run("ledger", "checkpoint", "--data", world.server.data).stdout,
                   "a checkpoint")
    return world.server.data


def shown(data):
    return run("ledger", "show", "--data", data).stdout


def snake(name):
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def flat(line):
    """A JSON line as a row: {column: text}."""
    found = json.loads(line)
    request = found.pop("request", None)
    transaction = found.pop("transaction", {})
    row = {snake(name): str(value) for name, value in found.items()}
    if request is not None:
        row["request"] = json.dumps(request, separators=(",", ":"), ensure_ascii=False)
    if transaction:
        transaction["creationExternalId"] = transaction.pop("externalId")
        row["amount_hundredths"] = transaction["amount"].replace(".", "")
        row |= {snake(name): value for name, value in transaction.items()}
    return row


def test_records_of_every_kind_are_there_to_be_exported(made):
    records = [json.loads(line) for line in shown(made).splitlines()]
    assert {record["record"] for record in records} == {"event", "notFoundYet", "timeMark"}


def test_export_to_json_lines_is_what_show_prints(made, tmp_path):
    assert run("ledger", "export", "--format", "jsonl", "--data", made).stdout == shown(made)
    out = tmp_path / "events.jsonl"
    done = run("ledger", "export", "--format", "jsonl", "--data", made, "--output", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.read_text() == shown(made)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_export_to_csv(made, tmp_path):
    out = tmp_path / "events.csv"
    done = run("ledger", "export", "--format", "csv", "--folder", made / "ledger", "--output", out)
    assert done.returncode == 0, done.stderr
    text = out.read_bytes().decode()
    assert text.count("\r\n") >= len(shown(made).splitlines()) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    told = [{name: value for name, value in row.items() if value} for row in rows]
    assert told == [flat(line) for line in shown(made).splitlines()]


def test_export_to_sqlite(made, tmp_path):
    out = tmp_path / "events.db"
    done = run("ledger", "export", "--format", "sqlite", "--data", made, "--output", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert os.listdir(tmp_path) == ["events.db"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    database = sqlite3.connect(out)
    database.row_factory = sqlite3.Row
    rows = [{name: str(row[name]) for name in row.keys() if row[name] is not None}
            for row in database.execute("SELECT * FROM events ORDER BY sequence")]
    assert rows == [flat(line) for line in shown(made).splitlines()]
    totals = database.execute("SELECT SUM(amount_hundredths) FROM events WHERE action = 'create'")
    assert totals.fetchone()[0] == 3_000_000
    for column in ("reference_no", "external_id", "at"):
        plan = database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM events WHERE {column} = 'x'")
        assert f"USING INDEX events_{column}" in plan.fetchone()["detail"]


@pytest.mark.parametrize("form", ["jsonl", "csv", "sqlite"])
def test_an_export_never_overwrites_and_leaves_nothing_when_it_fails(made, tmp_path, form):
    out = tmp_path / "out"
    out.write_text("mine")
    done = run("ledger", "export", "--format", form, "--data", made, "--output", out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"batal: {out} exists, and is not overwritten\n"
    damaged = tmp_path / "damaged"
    shutil.copytree(made / "ledger", damaged)
    with (damaged / "0000000001.segment").open("r+b") as segment:
        segment.seek(4096 + 80)
        segment.write(b"changed")
    done = run("ledger", "export", "--format", form, "--folder", damaged, "--output",
               tmp_path / "new")
    assert done.returncode == 1
    assert "is corrupt: record 1 at byte 4096 is broken" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["damaged", "out"]


def test_a_changed_event_is_named(made, tmp_path):
    """One digit of an amount, on disk, without its CRC."""
    damaged = tmp_path / "ledger"
    shutil.copytree(made / "ledger", damaged)
    segment = damaged / "0000000001.segment"
    content = segment.read_bytes()
    at = content.index(b"10000.00")
    segment.write_bytes(content[:at] + b"9" + content[at + 1:])
    done = run("ledger", "verify", "--folder", damaged, "--audit-key", f"{made}.audit.key")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"batal: {segment} at byte 4096: record 1 was changed: "
                           "its CRC does not fit\n")


def test_the_newest_checkpoint_is_printed_and_its_public_key_serves(made):
    line = run("ledger", "checkpoint", "--data", made).stdout
    lines = (made / "ledger/checkpoints").read_text().splitlines(keepends=True)
    assert line == lines[-1]
    key = re.search("key=([0-9a-f]{64})", line)[1]
    done = run("ledger", "verify", "--data", made, "--public-key", key)
    assert done.returncode == 0, done.stderr
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert run("ledger", "verify", "--data", made, "--public-key", wrong).returncode == 1


def test_a_ledger_without_a_checkpoint_says_so(tmp_path):
    with World(tmp_path) as world:
        pass
    done = run("ledger", "checkpoint", "--data", world.server.data)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"batal: {world.server.data}/ledger has no checkpoint yet\n"


def test_a_public_key_alone_passes_nothing_that_no_checkpoint_covers(made, tmp_path):
    """Whoever changes a record can remove the checkpoints, too."""
    damaged = tmp_path / "ledger"
    key = re.search("key=([0-9a-f]{64})", run("ledger", "checkpoint", "--data", made).stdout)[1]
    shutil.copytree(made / "ledger", damaged)
    (damaged / "checkpoints").unlink()
    done = run("ledger", "verify", "--folder", damaged, "--public-key", key)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"batal: nothing of {damaged} was checked by a signature: no checkpoint "
                           f"covers any of its {len(shown(made).splitlines())} records, and their "
                           "MACs cannot be checked without the audit key\n")
    assert run("ledger", "verify", "--folder", damaged, "--audit-key",
               f"{made}.audit.key").returncode == 0


def test_a_folder_without_a_ledger_has_no_checkpoint(tmp_path):
    done = run("ledger", "checkpoint", "--data", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"batal: {tmp_path}/nowhere/ledger holds no ledger\n"


@pytest.mark.parametrize("deed", ["verify", "backup"])
def test_the_key_of_another_ledger_is_told(made, tmp_path, deed):
    other = tmp_path / "other.key"
    other.write_text("11" * 32 + "\n")
    files = [tmp_path / "ledger.tar"] if deed == "backup" else []
    done = run("ledger", deed, *files, "--data", made, "--audit-key", other)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"batal: {made}/ledger was made with audit key [0-9a-f]{{16}}, but the key "
                        "given is [0-9a-f]{16}\n", done.stderr)


@pytest.mark.parametrize("at", [52, 4095])
def test_what_is_written_behind_a_headers_fields_is_named(made, tmp_path, at):
    damaged = tmp_path / "ledger"
    shutil.copytree(made / "ledger", damaged)
    segment = damaged / "0000000001.segment"
    with segment.open("r+b") as file:
        file.seek(at)
        file.write(b"x")
    done = run("ledger", "verify", "--folder", damaged, "--audit-key", f"{made}.audit.key")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"batal: {segment} at byte {at}: the header was changed: zeros belong "
                           "behind its fields\n")


@pytest.mark.parametrize("arguments, said", [
    (["verify", "--folder", "x"], "--folder needs --audit-key"),
    (["verify", "--public-key", "x"], "--public-key must be 64 hexadecimal digits"),
    (["verify", "--public-key", "x", "--audit-key", "y"], "excludes"),
    (["backup"], "file is required"),
    (["restore", "--data", "x"], "file is required"),
    (["export"], "--format is required"),
    (["export", "--format", "xml"], "xml not in"),
    (["export", "--format", "sqlite"], "--format sqlite needs --output"),
])
def test_arguments_that_do_not_fit_are_told(arguments, said):
    done = run("ledger", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_audit_key_is_found_where_the_server_finds_it(made, tmp_path):
    key = tmp_path / "key"
    shutil.copy(f"{made}.audit.key", key)
    where = ["ledger", "verify", "--folder", made / "ledger"]
    assert run(*where, "--audit-key", key).returncode == 0
    environment = {**os.environ, "BATAL_LEDGER_AUDIT_KEY_FILE": str(key)}
    assert run(*where, env=environment).returncode == 0
    assert run("ledger", "verify", "--data", f"{made}/").returncode == 0


def test_the_folder_is_found_where_the_server_finds_it(made, tmp_path):
    shutil.copytree(made / "ledger", tmp_path / "moved")
    moved = {"BATAL_LEDGER_FOLDER": str(tmp_path / "moved")}

    def verify(environment, *arguments):
        return run("ledger", "verify", *arguments, env={**os.environ, **environment}).returncode
    assert verify({"BATAL_DATA": str(made)}) == 0
    assert verify({"BATAL_DATA": str(made), **moved}) == 0
    assert verify({"BATAL_DATA": str(tmp_path)}) == 1
    assert verify({"BATAL_DATA": str(tmp_path)}, "--data", made) == 0
    (tmp_path / "moved" / "format").unlink()
    assert verify({"BATAL_DATA": str(made), **moved}) == 1
    assert verify(moved, "--data", made) == 1, "each setting by itself, as the server does"
    assert verify(moved, "--folder", made / "ledger", "--audit-key", f"{made}.audit.key") == 0


@pytest.mark.parametrize("variable", ["BATAL_DATA", "BATAL_LEDGER_FOLDER",
                                      "BATAL_LEDGER_AUDIT_KEY_FILE"])
def test_a_variable_without_a_value_is_told(variable):
    done = run("ledger", "verify", env={**os.environ, variable: ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"batal: {variable}: must not be empty\n"


def on_a_terminal(*arguments):
    """What a command writes to a terminal on its stderr."""
    ours, its = pty.openpty()
    done = subprocess.run([binary(), *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=its,
                          timeout=60, check=False)
    os.close(its)
    assert done.returncode == 0
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return written.decode()


def test_long_commands_show_on_a_terminal_how_far_they_are(made, tmp_path):
    backup, data = tmp_path / "ledger.tar", ["--data", made]
    for deed, arguments in [
            ("verify", data), ("backup", [backup, *data]),
            ("restore", [backup, "--folder", tmp_path / "new", "--audit-key",
                         f"{made}.audit.key"]),
            ("export", ["--format", "jsonl", *data])]:
        lines = on_a_terminal("ledger", deed, *arguments).split("\r\x1b[K")
        assert re.fullmatch(deed + r": \d+\.\d of \d+\.\d MB, \d+ %, \d+\.\d MB/s", lines[1]), lines
        assert lines[0] == lines[-1] == "", "the line is cleared"


@pytest.mark.parametrize("deed", ["verify", "checkpoint"])
def test_without_a_terminal_nothing_is_shown(made, deed):
    assert run("ledger", deed, "--data", made).stderr == ""
