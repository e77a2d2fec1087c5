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

Clients fill a folder's log until it has FULL segments: so kills meet segments that are sealed and
indexed, and snapshots; a checkpoint is signed every second. Before some starts the index or the
snapshot, which are made of the log, is damaged or gone (worthless.py). Every third folder is pruned
after a day: now and then all clients come to the ends of their stories and the clock moves on by
more than the longest life and the keeping, so that all there is may go.

A data folder serves for KILLS_PER_FOLDER kills; then all clients come to their ends, the server is
stopped, and the log is read once more as a whole: it holds exactly what was accepted, and `ledger
verify` finds nothing. Each folder has its own random numbers, made of the seed and its number:
--first F begins with folder F.
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

from book import Book, check  # noqa: E402
from calls import Broken  # noqa: E402
from crowd import Crowd  # noqa: E402
from stories import NOTE, Teller  # noqa: E402
from support.server import Server, binary, run  # noqa: E402
from worthless import spoil_something  # noqa: E402

KILLS_PER_FOLDER = 50
FOLDERS_PER_LINE = 10  # of progress shown
CLIENTS = 12
ANSWERS_MEAN = 120  # between two kills
ANSWERS_MAX = 400
DELAY_MAX_S = 0.003  # from the last of them to the kill
KILLED_IN_RECOVERY = 0.35  # of the starts
FIRST_START_S = 0.5  # about as long as one takes that makes keys
REPEATED_MAX = 40  # old answers, at each restart
LOOKED_AT_MAX = 10  # old transactions, at each restart
FULL = 10  # segments; a snapshot is made of eight that are sealed
FILLING = 5  # times the answers, and all with large bodies, until then
SPOILED = 0.2  # of the starts
DAY_S = 86400
PRUNED = 3  # each so manieth folder
MOVED_EVERY = 10  # kills
MOVED_S = 10 * DAY_S  # holds live for seven days
ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20), "BATAL_HTTP_LOOPS": "2",
               "BATAL_LEDGER_CHECKPOINT_S": "1",
               "BATAL_HTTP_IDLE_MS": "3600000"}  # however slow the machine
PRUNING = {"BATAL_LEDGER_IDENTITY_KEPT_S": str(DAY_S),
           "BATAL_LEDGER_TRANSACTION_KEPT_S": str(DAY_S)}


class Folder:
    """One data folder, its clients, and its kills."""

    def __init__(self, path, seed, number, figures):
        self.rng = random.Random(f"{seed}/{number}")
        self.is_pruned = number % PRUNED == 1
        settings = {**ENVIRONMENT, **(PRUNING if self.is_pruned else {})}
        self.server = Server(path, environment=settings)
        self.ledger = self.server.data / "ledger"
        self.number = number
        self.figures = figures
        self.book = Book(DAY_S if self.is_pruned else None)
        self.accepted = []  # calls whose answers have been checked
        self.refused = []  # all (call, status, body) that changed nothing
        self.start_s = 0.1
        self.moved_s = 0
        self.past_keeping = set()  # reference numbers
        self.spoiled = []  # since the last start that served, for the report

    def run(self, kills):
        done = self.kill_in_recovery(kills, FIRST_START_S)
        self.start()
        caller = self.server.demo_caller()
        tellers = [Teller(random.Random(self.rng.random()), f"{self.number}-{i}", caller)
                   for i in range(CLIENTS)]
        self.crowd = Crowd(self.server, tellers)
        self.crowd.figures = self.figures
        self.crowd.begin()
        move_at = MOVED_EVERY
        while done < kills:
            done += self.go_on_and_kill() + self.kill_in_recovery(kills - done - 1, self.start_s)
            self.start()
            self.check()
            if self.is_pruned and done >= move_at:
                self.move_on()
                move_at = done + MOVED_EVERY
        self.crowd.finish()
        self.server.stop()
        self.check_whole()
        self.figures["folders"] += 1

    def go_on_and_kill(self):
        filling = self.segments() < FULL
        for teller in self.crowd.tellers:
            teller.notes = 1 if filling else NOTE
        answers = min(1 + int(self.rng.expovariate(1 / ANSWERS_MEAN)), ANSWERS_MAX)
        self.crowd.go_on(answers * (FILLING if filling else 1), self.rng.uniform(0, DELAY_MAX_S),
                         self.server.kill)
        self.figures["kills"] += 1
        return 1

    def segments(self):
        """Pruned ones included."""
        return max(int(file.stem) for file in self.ledger.glob("*.segment"))

    def start(self):
        self.spoil()
        began = time.monotonic()
        self.server.start()
        self.start_s = 0.7 * self.start_s + 0.3 * (time.monotonic() - began)
        self.server.advance(self.moved_s)

    def spoil(self):
        if self.rng.random() < SPOILED:
            what = spoil_something(self.ledger, self.rng)
            self.figures["spoiled"] += what is not None
            self.spoiled.append(what)

    def kill_in_recovery(self, kills_max, within):
        """Starts that are killed within so many seconds. Returns their number."""
        done = 0
        while done < kills_max and self.rng.random() < KILLED_IN_RECOVERY:
            self.spoil()
            self.server.launch()
            ready = self.server.was_ready_when_killed(self.rng.uniform(0, within))
            self.figures["kills"] += 1
            self.figures["kills during recovery"] += not ready
            done += 1
        return done

    def check(self):
        """After a restart; all that was sent before it is decided now, or never will be."""
        crowd = self.crowd
        new = self.check_log()
        for call in crowd.touched:
            call.doubt_life = None
        crowd.begin()
        old = self.rng.sample(self.accepted, min(REPEATED_MAX, len(self.accepted)))
        crowd.repeat(new + old)
        self.look_back()
        self.accepted += new
        self.spoiled = []

    def check_log(self):
        """Returns the calls accepted since the last time."""
        self.book.take(self.shown(), self.crowd.calls, self.crowd.life, self.server.now())
        new = []
        for call, status, body in self.crowd.answered:
            if status == 200 and not call.is_query:
                self.book.holds_accepted(call)
                new.append(call)
            else:
                self.book.holds_refused(call, status, body)
                self.refused.append((call, status, body))
        self.crowd.answered = []
        return list(dict.fromkeys(new))

    def look_back(self):
        """Transactions of any age are as the log says, or not found once past their keeping."""
        known = list(self.book.transactions.values())
        for transaction in self.rng.sample(known, min(LOOKED_AT_MAX, len(known))):
            status = self.crowd.status_of(transaction)
            gone = transaction.constant["referenceNo"] in self.past_keeping
            states = ["not found"] if gone else [*transaction.states, "expired"]
            check(status in states, f"{status}, not {states}:", transaction.constant)

    def move_on(self):
        """All stories end, and the clock moves on past everything's keeping."""
        self.crowd.finish()
        self.check_log()
        self.past_keeping = set(self.book.transactions)
        self.accepted = []
        self.moved_s += MOVED_S
        self.server.advance(MOVED_S)
        self.crowd.start_anew()

    def check_whole(self):
        whole = Book()
        if self.is_pruned:  # what began before is not all there
            whole = self.book
        whole.take(self.shown(), self.crowd.calls, None, self.server.now())
        for call in self.crowd.calls.values():
            if call.first:
                whole.holds_accepted(call)
        for answer in self.refused:
            whole.holds_refused(*answer)
        said = run("ledger", "verify", "--data", self.server.data)
        check(said.returncode == 0, "ledger verify:", said.stderr)
        self.figures["records"] += whole.sequence
        self.figures["segments"] += self.segments()
        self.figures["pruned"] += len(list(self.ledger.glob("*.pruned")))
        self.figures["snapshots"] += (self.ledger / "live.snapshot").exists()

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
                f"({path}), spoiled {folder.spoiled}:\n{type(broken).__name__}: {broken}")
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
