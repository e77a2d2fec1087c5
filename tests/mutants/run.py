#!/usr/bin/python3
"""Breaks the code on purpose, one line at a time, and shows which test notices.

    tests/mutants/run.py [--only PATTERN] [--list]

mutants.toml lists the mutations. All work is done on a copy of the tree in a temporary folder: it
must pass unmutated; then each mutation is applied alone, only what its killer needs is built, and
its killer is run. Where that one does not notice, all other tests are asked. Ends with
"N killed, N failed, N survived as explained". Failed: a mutant that survives without a word in the
list about why it may, one that is said to survive and does not, one that does not apply or compile.
Of the whole list no more than 5 % may be said to survive.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("mutants.toml")
NOT_COPIED = shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", ".pytest_cache")
TEST_S = 600  # a mutant may loop for ever
SAID_MAX = 4000  # characters shown of what went wrong
OVER_HTTP = ["tests/cases"]
SURVIVORS_MAX = 0.05


@dataclass
class Mutant:
    file: str  # below src/
    find: str  # a fragment that stands in the file exactly once
    put: str
    why: str  # what the mutant does wrong
    killer: str  # "payment_test Transition.*", or the id of a pytest over HTTP
    survives: str = ""  # why no test can notice, where none can

    def __str__(self):
        return f"{self.file}: {self.why}"

    def applied(self, text):
        """The mutated text; none if the fragment does not stand there exactly once."""
        return text.replace(self.find, self.put) if text.count(self.find) == 1 else None


class Tree:
    """The copy that is mutated, with a build folder of its own."""

    def __init__(self, folder):
        self.root = folder / "tree"
        self.build = self.root / "build"
        shutil.copytree(ROOT, self.root, ignore=NOT_COPIED)
        self.rooms = sorted({file.parent.name for file in self.root.glob("tests/*/*_test.cpp")})
        # The compiler's cache must know a file again in the next temporary folder.
        self.environment = {**os.environ, "CCACHE_BASEDIR": str(self.root), "CCACHE_NOHASHDIR": "1",
                            "BATAL": str(self.build / "batal")}

    def configure(self):
        return self.run("cmake", "--preset", "release", "-B", self.build,
                        "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O0")

    def make(self, *targets):
        return self.run("ninja", "-C", self.build, *targets)

    def pytest(self, *arguments):
        return self.run(sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=line",
                        "-p", "no:cacheprovider", *arguments)

    def run(self, *command):
        """(status, all that was said). A process that hangs is ended with all its children."""
        process = subprocess.Popen([str(word) for word in command], cwd=self.root, text=True,
                                   env=self.environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        limit = None if command[0] in ("cmake", "ninja") else TEST_S
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
        return process.returncode, said


@dataclass(frozen=True)
class Test:
    """A unit test binary with a filter, or Python tests over HTTP."""

    what: str
    filter: str = "*"

    @staticmethod
    def named(killer):
        return Test(killer) if killer.startswith("tests/") else Test(*killer.split(maxsplit=1))

    @property
    def over_http(self):
        return self.what.startswith("tests/")

    @property
    def target(self):
        return "batal" if self.over_http else self.what

    def run(self, tree):
        if self.over_http:
            return tree.pytest(self.what)
        return tree.run(tree.build / self.what, f"--gtest_filter={self.filter}", "--gtest_brief=1")

    def names_nothing(self, tree):
        _, said = tree.run(tree.build / self.what, f"--gtest_filter={self.filter}",
                           "--gtest_list_tests")
        return "\n  " not in said

    def failure(self, tree):
        """What noticed: the first test that failed; none if all passed."""
        status, said = self.run(tree)
        if status == 0:
            return None
        found = re.search(r"^\[  FAILED  \] ([\w/.]+)|^(?:FAILED|ERROR) \S*?::(.*?)(?: - |$)", said,
                          re.M)
        if found:
            return f"{self.what.split('::')[0]} {found[1] or found[2]}"
        if status < 0:
            return f"{self.what}, ended by signal {-status}"
        raise RuntimeError(f"{self.what} did not run:\n{said[-SAID_MAX:]}")


def load(pattern):
    mutants = [Mutant(**row) for row in tomllib.loads(LIST.read_text())["mutant"]]
    survivors = sum(mutant.survives != "" for mutant in mutants)
    if survivors > SURVIVORS_MAX * len(mutants):
        sys.exit(f"{survivors} of {len(mutants)} mutants are said to survive: too many")
    return [mutant for mutant in mutants if re.search(pattern, str(mutant))]


def baseline(tree, mutants):
    """What is wrong with the unmutated tree or the list; nothing if all is well."""
    status, said = tree.configure()
    if status != 0:
        return [f"the tree does not configure\n{said}"]
    killers = {Test.named(mutant.killer) for mutant in mutants}
    status, said = tree.make(*sorted({killer.target for killer in killers}))
    if status != 0:
        return [f"the tree does not build\n{said[-SAID_MAX:]}"]
    unit = [killer for killer in killers if not killer.over_http]
    wrong = [f"no such test: {killer}" for killer in unit if killer.names_nothing(tree)]
    wrong += [f"fails unmutated: {failure}" for killer in unit if (failure := killer.failure(tree))]
    over_http = sorted({killer.what for killer in killers if killer.over_http})
    if over_http:
        status, said = tree.pytest(*over_http)
        wrong += [said[-SAID_MAX:]] if status != 0 else []
    return wrong


def others(tree):
    return [*(Test(f"{room}_test") for room in tree.rooms), *map(Test, OVER_HTTP)]


KILLED, SURVIVED, BROKEN = "killed", "survived", "broken"


def fate(tree, mutant):
    """(KILLED, SURVIVED or BROKEN; by what or why)"""
    file = tree.root / "src" / mutant.file
    original = file.read_text()
    mutated = mutant.applied(original)
    if mutated is None:
        return BROKEN, "DOES NOT APPLY"
    killer = Test.named(mutant.killer)
    file.write_text(mutated)
    try:
        for test in [killer, *others(tree)]:
            status, said = tree.make(test.target)
            if status != 0:
                return BROKEN, f"DOES NOT COMPILE\n{said[-SAID_MAX:]}"
            if failure := test.failure(tree):
                return KILLED, failure
        return SURVIVED, f"nothing: {mutant.survives or 'IT SURVIVED'}"
    finally:
        file.write_text(original)


def show_list(mutants):
    stale = 0
    for mutant in mutants:
        applies = mutant.applied((ROOT / "src" / mutant.file).read_text()) is not None
        stale += not applies
        print(f"{mutant} | {mutant.killer}{'' if applies else ' | DOES NOT APPLY'}")
    print(f"{len(mutants)} mutants, {stale} that do not apply")
    return 1 if stale else 0


def is_as_told(mutant, end):
    return end == (SURVIVED if mutant.survives else KILLED)


def summary(mutants, ends):
    """(number of failures, the last line)"""
    as_told = [end for mutant, end in zip(mutants, ends) if is_as_told(mutant, end)]
    failed = len(ends) - len(as_told)
    return failed, (f"{ends.count(KILLED)} killed, {failed} failed, "
                    f"{as_told.count(SURVIVED)} survived as explained")


def try_all(mutants):
    with tempfile.TemporaryDirectory(prefix="batal-mutants-") as folder:
        tree = Tree(Path(folder))
        if wrong := baseline(tree, mutants):
            print("\n".join(wrong))
            return 1
        ends = []
        print("mutant | killed by | seconds")
        for mutant in mutants:
            begin = time.monotonic()
            end, by = fate(tree, mutant)
            ends.append(end)
            if mutant.survives and end == KILLED:
                by += ", THOUGH IT IS SAID TO SURVIVE"
            print(f"{mutant} | {by} | {time.monotonic() - begin:.1f}", flush=True)
    failed, line = summary(mutants, ends)
    print(line)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PATTERN",
                        help="only mutants whose file and reason match this regular expression")
    parser.add_argument("--list", action="store_true",
                        help="list them, and say which do not apply")
    arguments = parser.parse_args()
    mutants = load(arguments.only)
    if not mutants:
        parser.error("no mutant matches")
    sys.exit(show_list(mutants) if arguments.list else try_all(mutants))


if __name__ == "__main__":
    main()
