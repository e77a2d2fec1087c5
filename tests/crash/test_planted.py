"""The crash proof finds what is broken: run against servers with a planted fault, it fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.server import binary

RUN = Path(__file__).with_name("run.py")
SEED = "1"
KILLS = "60"  # it ends at the first fault that it finds

# A program that stands in for batal: {prepare} is done to the last segment before each start, and
# the lines of `ledger show` pass through {shown}.
STAND_IN = """#!/usr/bin/python3
import os, subprocess, sys
from pathlib import Path
BATAL = {batal!r}
def prepare(segment):
    {prepare}
def shown(lines):
    {shown}
if sys.argv[1] == "ledger":
    done = subprocess.run([BATAL, *sys.argv[1:]], stdout=subprocess.PIPE, check=True)
    sys.stdout.buffer.write(b"".join(shown(done.stdout.splitlines(True))))
else:
    segments = sorted(Path(sys.argv[sys.argv.index("--data") + 1], "ledger").glob("*.segment"))
    if segments:
        prepare(segments[-1])
    os.execv(BATAL, [BATAL, *sys.argv[1:]])
"""
TEAR = """data = segment.read_bytes().rstrip(b"\\0")
    with open(segment, "r+b") as file:
        file.seek(max(4096, len(data) - 40))
        file.write(bytes(40))"""
FORGET = """return [line if b"notFoundYet" not in line else
            line[:line.index(b'"record"')] + b'"record":"timeMark"}\\n' for line in lines]"""
FAULTS = {
    "the last record is torn off": (TEAR, "return lines"),
    "a record is missing": ("pass", "return lines[:20] + lines[21:]"),
    "not found yet is forgotten": ("pass", FORGET),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(tmp_path, name):
    prepare, shown = FAULTS[name]
    stand_in = tmp_path / "batal"
    stand_in.write_text(STAND_IN.format(batal=binary(), prepare=prepare, shown=shown))
    stand_in.chmod(0o755)
    done = subprocess.run([sys.executable, RUN, "--kills", KILLS, "--seed", SEED],
                          env={**os.environ, "BATAL": str(stand_in), "TMPDIR": str(tmp_path)},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith(f"seed {SEED}\n")
    where = rf"^seed {SEED}, folder 0, kill \d+ .*\n(Broken|StartFailed): "
    assert re.search(where, done.stdout, re.M), done
    assert re.search(r"\n\d+ kills passed, 1 failed\n$", done.stdout), done
