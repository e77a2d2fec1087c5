#!/usr/bin/python3
"""Says how much of the code the tests have run, and whether that is enough.

    tests/coverage/report.py [FILE]    FILE: what gcovr --json wrote; without it gcovr is asked

Of payment/, snap/ and services/ every function and every branch must have been run, but for those
that unreachable.toml explains; of the whole at least 90 % of the lines. Ends with "N hold, N do
not": a file of those rooms, an explanation that explains something, and the whole count one each.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
IN_FULL = ("src/payment/", "src/snap/", "src/services/")
WHOLE_MIN = 0.9


@dataclass(frozen=True)
class Line:
    """A line that was run, with the branches and functions on it that were not."""

    file: str
    number: int
    text: str
    missed: int
    last_only: bool  # all that was missed is the line's last branch

    def __str__(self):
        return f"{self.file}:{self.number}: {self.missed} not taken: {self.text.strip()}"


@dataclass
class Explanation:
    file: str
    line: str
    why: str
    branches: int = 1
    last: bool = False

    def covers(self, line):
        return (fnmatch.fnmatch(line.file, self.file) and self.line in line.text
                and line.missed <= self.branches and (line.last_only or not self.last))


def measured():
    done = subprocess.run(["gcovr", "--config", FOLDER / "gcovr.cfg", "--json", "-"], cwd=ROOT,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def explanations():
    return [Explanation(**row) for row in
            tomllib.loads((FOLDER / "unreachable.toml").read_text())["branch"]]


def missed_lines(file, texts):
    """What was missed where. What stands on a line that was never run is not counted: that line is
    behind a branch or a function that is."""
    idle = defaultdict(int)
    for function in file["functions"]:
        idle[function["lineno"]] += function["execution_count"] == 0
    for line in file["lines"]:
        number, branches = line["line_number"], line["branches"] if line["count"] else []
        untaken = [index for index, branch in enumerate(branches) if branch["count"] == 0]
        if untaken or idle[number]:
            yield Line(file["file"], number, texts[number - 1], len(untaken) + idle[number],
                       untaken == [len(branches) - 1] and not idle[number])


def code_lines(file):
    return [line for line in file["lines"]
            if not line.get("gcovr/noncode") and not line.get("gcovr/excluded")]


def share(counts):
    return sum(count > 0 for count in counts) / len(counts) if counts else 1.0


def room_of(name):
    return "/".join(name.split("/")[:2])


def table(files):
    """(room, lines, share of them, branches, share of them) for each room, and for all."""
    rooms = defaultdict(lambda: ([], []))
    for file in files:
        for lines, branches in (rooms[room_of(file["file"])], rooms["all"]):
            for line in code_lines(file):
                lines.append(line["count"])
                branches += [branch["count"] for branch in line["branches"]]
    for room, (lines, branches) in sorted(rooms.items(), key=lambda row: (row[0] == "all", row[0])):
        yield room, len(lines), share(lines), len(branches), share(branches)


def judge(files, known, text_of):
    """(how many hold, the complaints)"""
    in_full = [file for file in files if file["file"].startswith(IN_FULL)]
    used, good, complaints = set(), 0, []
    for file in in_full:
        lines = list(missed_lines(file, text_of(file["file"])))
        reasons = [next((i for i, it in enumerate(known) if it.covers(line)), None)
                   for line in lines]
        used.update(reasons)
        unexplained = [str(line) for line, reason in zip(lines, reasons) if reason is None]
        good += not unexplained
        if unexplained:
            complaints.append("\n".join(unexplained))
    stale = [it for i, it in enumerate(known) if i not in used]
    complaints += [f"unreachable.toml: explains nothing: {it.file}: {it.line}" for it in stale]
    whole = share([line["count"] for file in files for line in code_lines(file)])
    if not in_full:
        complaints.append(f"nothing of {', '.join(IN_FULL)} was measured")
    if whole < WHOLE_MIN:
        complaints.append(f"{whole:.1%} of all lines were run, {WHOLE_MIN:.0%} are asked for")
    return good + len(known) - len(stale) + (whole >= WHOLE_MIN), complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, help="what gcovr --json wrote")
    given = parser.parse_args().file
    files = (json.loads(given.read_text()) if given else measured())["files"]
    print(f"{'room':16} {'lines':>7} {'run':>7} {'branches':>9} {'taken':>7}")
    for room, lines, run, branches, taken in table(files):
        print(f"{room:16} {lines:7} {run:7.1%} {branches:9} {taken:7.1%}")
    good, complaints = judge(files, explanations(),
                             lambda name: (ROOT / name).read_text().splitlines())
    print(*complaints, f"{good} hold, {len(complaints)} do not", sep="\n")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
