"""The generator of load (load/load.cpp), as the programs of this folder run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build/release/batal_load"
CORE = max(os.sched_getaffinity(0))


def play(address, requests, expect="2005700", **options):
    """One run; what it says. Ends the program where a run cannot be made."""
    command = ["taskset", "-c", CORE, PROGRAM, "--to", "{}:{}".format(*address),
               "--requests", requests, "--expect", expect]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", value]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)
