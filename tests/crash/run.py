#!/usr/bin/python3
"""Kills a server under load again and again, and holds every answer against the log.

    tests/crash/run.py [--kills N] [--seed S] [--first F]

A dozen clients (stories.py) create, cancel, capture, report and ask, with retries, calls in doubt
and cancels that overtake their creation. After a random number of answers the server gets SIGKILL,
and some starts get it too, before they are ready. After each restart

- the log holds every accepted call exactly once, and follows from what was in it before (book.py);
- what refusals and queries told stands in it;
- every answer that was accepted since the last restart, and some of the older, comes again byte for
  byte when its call is repeated.

A data folder serves for KILLS_PER_FOLDER kills; then all clients come to their ends, the server is
stopped, and the log is read once more as a whole: it holds exactly what was accepted. Each folder
has its own random numbers, made of the seed and its number: --first F begins with folder F.
"""

import argparse
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from book import Book  # noqa: E402
from calls import Broken  # noqa: E402
from crowd import Crowd  # noqa: E402
from stories import Teller  # noqa: E402
from support.server import Server, binary  # noqa: E402

KILLS_PER_FOLDER = 50
FOLDERS_PER_LINE = 10  # of progress shown
CLIENTS = 12
ANSWERS_MEAN = 120  # between two kills
ANSWERS_MAX = 400
DELAY_MAX_S = 0.003  # from the last of them to the kill
KILLED_IN_RECOVERY = 0.35  # of the starts
FIRST_START_S = 0.5  # about as long as one takes that makes keys
REPEATED_MAX = 40  # old answers, at each restart
ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20), "BATAL_HTTP_LOOPS": "2"}


class Folder:
    """One data folder, its clients, and its kills."""

    def __init__(self, path, seed, number, figures):
        self.rng = random.Random(f"{seed}/{number}")
        self.server = Server(path, environment=ENVIRONMENT)
        self.number = number
        self.figures = figures
        self.book = Book()
        self.accepted = []  # calls whose answers have been checked
        self.refused = []  # all (call, status, body) that changed nothing
        self.start_s = 0.1

    def run(self, kills):
        done = self.kill_in_recovery(kills, FIRST_START_S)
        self.start()
        caller = self.server.demo_caller()
        tellers = [Teller(random.Random(self.rng.random()), f"{self.number}-{i}", caller)
                   for i in range(CLIENTS)]
        self.crowd = Crowd(self.server, [teller.script() for teller in tellers])
        self.crowd.figures = self.figures
        self.crowd.begin()
        while done < kills:
            answers = min(1 + int(self.rng.expovariate(1 / ANSWERS_MEAN)), ANSWERS_MAX)
            self.crowd.go_on(answers, self.rng.uniform(0, DELAY_MAX_S), self.server.kill)
            done += 1
            self.figures["kills"] += 1
            done += self.kill_in_recovery(kills - done, self.start_s)
            self.start()
            self.check()
        for teller in tellers:
            teller.ending = True
        self.crowd.finish()
        self.server.stop()
        self.check_whole()
        self.figures["folders"] += 1

    def start(self):
        began = time.monotonic()
        self.server.start()
        self.start_s = 0.7 * self.start_s + 0.3 * (time.monotonic() - began)

    def kill_in_recovery(self, kills_max, within):
        """Starts that are killed within so many seconds. Returns their number."""
        done = 0
        while done < kills_max and self.rng.random() < KILLED_IN_RECOVERY:
            self.server.launch()
            time.sleep(self.rng.uniform(0, within))
            ready = self.server.was_ready_when_killed()
            self.figures["kills"] += 1
            self.figures["kills during recovery"] += not ready
            done += 1
        return done

    def check(self):
        """After a restart; all that was sent before it is decided now, or never will be."""
        crowd = self.crowd
        self.book.take(self.shown(), crowd.calls, crowd.life)
        new = self.check_answers()
        for call in crowd.touched:
            call.doubt_life = None
        crowd.begin()
        old = self.rng.sample(self.accepted, min(REPEATED_MAX, len(self.accepted)))
        crowd.repeat(new + old)
        self.accepted += new

    def check_answers(self):
        """Returns the calls accepted since the last time."""
        new = []
        for call, status, body in self.crowd.answered:
            if status == 200 and not call.is_query:
                self.book.holds_accepted(call)
                new.append(call)
            else:
                self.book.holds_refused(call, status, body)
                self.refused.append((call, status, body))
        return list(dict.fromkeys(new))

    def check_whole(self):
        whole = Book()
        whole.take(self.shown(), self.crowd.calls, None)
        for call in self.crowd.calls.values():
            if call.first:
                whole.holds_accepted(call)
        for answer in self.refused:
            whole.holds_refused(*answer)
        self.figures["records"] += whole.sequence
        self.figures["segments"] += len(list((self.server.data / "ledger").glob("*.segment")))

    def shown(self):
        done = subprocess.run([binary(), "ledger", "show", "--data", self.server.data],
                              capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Broken(f"ledger show: {done.stderr.decode()}")
        return done.stdout


def run_folder(options, number, figures):
    """None, or what is broken. A folder with something broken is kept."""
    path = tempfile.mkdtemp(prefix="batal-crash-")
    folder = Folder(path, options.seed, number, figures)
    try:
        folder.run(min(KILLS_PER_FOLDER, options.kills - figures["kills"]))
    except (Broken, AssertionError, OSError) as broken:
        return (f"seed {options.seed}, folder {number}, kill {figures['kills']} "
                f"({path}):\n{type(broken).__name__}: {broken}")
    finally:
        if folder.server.process is not None:
            folder.server.kill()
    shutil.rmtree(path)
    return None


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS_PER_FOLDER)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--first", type=int, default=0, help="number of the first folder")
    return parser.parse_args()


def main():
    options = parsed_arguments()
    print(f"seed {options.seed}", flush=True)
    figures, number, began, broken = Counter(), options.first, time.monotonic(), None
    while figures["kills"] < options.kills and broken is None:
        broken = run_folder(options, number, figures)
        number += 1
        if (number - options.first) % FOLDERS_PER_LINE == 0:
            print(f"{figures['kills']} kills, {time.monotonic() - began:.0f} s", flush=True)
    seconds = time.monotonic() - began
    print(", ".join(f"{count} {what}" for what, count in figures.items()), end="")
    print(f"; {seconds:.0f} s, {figures['kills'] / seconds:.1f} kills/s")
    if broken:
        print(broken)
    print(f"{max(0, figures['kills'] - bool(broken))} kills passed, {int(bool(broken))} failed")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
