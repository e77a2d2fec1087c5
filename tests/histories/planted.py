#!/usr/bin/python3
"""Plants bugs into the server and shows that the proof `histories` finds each.

    tests/histories/planted.py [--only PATTERN] [--list] [--seed S] [--count N]

bugs.toml lists the bugs. The sources that they spoil are compiled once with all of them in, and
linked with the rest of build/release, which must be up to date, to a server of its own in a
temporary folder; there each bug is switched on alone. With none on, `histories` must find nothing;
with one on, it runs until it has found a violation, for N histories at most. Ends with "N bugs
found, N not found", and with status 1 if one is not found, does not apply or does not compile.
"""

import argparse
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build/release"
HELPER = '#include "histories/planted.h"'
SAID_MAX = 4000  # characters shown of what went wrong
UNSPOILT = 100  # histories that must pass with no bug on
RUN_S = 1200


@dataclass
class Bug:
    name: str
    why: str
    edit: list  # of {file, find, put}

    def __str__(self):
        return f"{self.name}: {self.why}"


class Failed(Exception):
    """Nothing can be said about the bugs."""


def load():
    return [Bug(**row) for row in tomllib.loads((HERE / "bugs.toml").read_text())["bug"]]


def spoilt(bugs):
    """(file below src/ -> its text with all bugs in it, edits that do not apply)"""
    texts, stale = {}, []
    for bug in bugs:
        for edit in bug.edit:
            file = edit["file"]
            text = texts.get(file) or (ROOT / "src" / file).read_text()
            if text.count(edit["find"]) != 1:
                stale.append(f"{bug.name} does not apply to {file}")
            else:
                texts[file] = text.replace(edit["find"], edit["put"])
    return texts, stale


def run(command, **options):
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    return done.returncode, done.stdout


def must_run(command):
    status, said = run(command, cwd=BUILD)
    if status != 0:
        raise Failed(said[-SAID_MAX:])
    return said


def compiled(folder, commands, file, text):
    """The object of a spoilt source, made by the command that makes the sound one. The source
    always has the same place, by which the compiler's cache knows it again."""
    made = folder / f"{file.replace('/', '_')}.o"
    source = BUILD / "planted" / file.replace("/", "_")
    source.parent.mkdir(exist_ok=True)
    fresh = source.with_suffix(f".{os.getpid()}")
    fresh.write_text(f"{HELPER}\n{text}")
    fresh.replace(source)
    words = next(words for words in commands if words[-1] == str(ROOT / "src" / file))
    before = words[:words.index("-MD")]  # what follows says where things are put
    must_run([*before, f"-I{ROOT / 'tests'}", "-o", str(made), "-c", str(source)])
    return str(made)


def build(folder, texts):
    """The server with the spoilt objects: none of the sound ones is taken out of the libraries,
    for there is nothing left that only they define."""
    lines = must_run(["ninja", "-t", "commands", "batal"]).splitlines()
    commands = [[word for word in shlex.split(line) if word not in (":", "&&")] for line in lines]
    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(lambda item: compiled(folder, commands, *item), texts.items()))
    link = commands[-1]
    link[link.index("-o") + 1] = str(folder / "batal")
    link[link.index("-o"):link.index("-o")] = objects
    must_run(link)
    return folder / "batal"


def histories(server, bug, seed, count):
    """(histories that passed, that failed, all that was said) with the bug of that name on."""
    environment = {**os.environ, "BATAL": str(server), "PLANTED_BUG": bug}
    _, said = run([BUILD / "histories", "--seed", str(seed), "--count", str(count),
                   "--workers", "1", "--stop-at-first"], env=environment, timeout=RUN_S)
    counts = re.search(r"^(\d+) histories passed, (\d+) failed$", said, re.M)
    if counts is None or "the run was broken off" in said:
        raise Failed(f"histories did not run with {bug or 'no bug'} on:\n{said[-SAID_MAX:]}")
    return int(counts[1]), int(counts[2]), said


def find_all(folder, bugs, wanted, seed, count):
    texts, stale = spoilt(bugs)
    if stale:
        raise Failed("\n".join(stale))
    begin = time.monotonic()
    server = build(folder, texts)
    print(f"seed {seed}; built in {time.monotonic() - begin:.0f} s")
    passed, failed, said = histories(server, "", seed, UNSPOILT)
    if failed:
        raise Failed(f"found without any bug on\n{said[-SAID_MAX:]}")
    print(f"no bug: {passed} histories passed\nbug | found after histories | seconds", flush=True)
    found = sum(is_found(server, bug, seed, count) for bug in wanted)
    print(f"{found} bugs found, {len(wanted) - found} not found")
    return 0 if found == len(wanted) else 1


def is_found(server, bug, seed, count):
    begin = time.monotonic()
    passed, failed, _ = histories(server, bug.name, seed, count)
    after = passed + failed if failed else "NOT FOUND"
    print(f"{bug} | {after} | {time.monotonic() - begin:.1f}", flush=True)
    return failed > 0


def show_list(bugs):
    _, stale = spoilt(bugs)
    print("\n".join([*map(str, bugs), *stale]))
    print(f"{len(bugs)} bugs, {len(stale)} that do not apply")
    return 1 if stale else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PATTERN",
                        help="only bugs whose name and reason match this regular expression")
    parser.add_argument("--list", action="store_true",
                        help="list them, and say which do not apply")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--count", type=int, default=5000, metavar="N",
                        help="histories at most until a bug must be found")
    arguments = parser.parse_args()
    bugs = load()
    wanted = [bug for bug in bugs if re.search(arguments.only, str(bug))]
    if not wanted:
        parser.error("no bug matches")
    if arguments.list:
        sys.exit(show_list(bugs))
    try:
        with tempfile.TemporaryDirectory(prefix="batal-planted-") as folder:
            sys.exit(find_all(Path(folder), bugs, wanted, arguments.seed, arguments.count))
    except Failed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
