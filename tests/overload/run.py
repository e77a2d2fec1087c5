#!/usr/bin/python3
"""Ten times the load that a server can sustain, among thousands of connections that bring nothing.

    tests/overload/run.py [--seconds N] [--seed S] [--judge-times]

The server's disk is made slow (SYNC_MS for every sync) and its queue short, so that what it
sustains is little, and measured first: calls per second with as many callers as the queue takes.
Then IDLE idle connections, SLOW slow senders and HALF_OPEN half-open requests are opened, and ten
times that load is offered; every few seconds a sync takes longer than the answer deadline. Then

- every call of the load was answered with 200, 429xx00 or 504xx00, and some with each;
- the process never held more memory than `memory_max` says, which its limits bound;
- the server answers as before, and accepts what it can sustain;
- the log holds every call that was accepted, none that got 429, and nothing else but calls that
  got 504; each once.

--judge-times also fails where an accepted answer came later than the deadline and MARGIN_MS, or
where less was accepted than half of what is sustained: for machines that do nothing else.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from load import Load  # noqa: E402
from sitters import SittersProcess, raise_descriptors  # noqa: E402
from support.server import Server  # noqa: E402
from support.shim import disk_shim  # noqa: E402
from support.world import identities  # noqa: E402

IDLE, SLOW, HALF_OPEN = 10_000, 500, 500
TIMES = 10  # what is sustained
SYNC_MS = 20
QUEUE = 8  # commands
DEADLINE_MS = 1000
MARGIN_MS = 500
STALL_EVERY_S, STALL_S = 4, 1.3  # longer than the deadline
MEASURED_CALLS = 200
AFTERWARDS_CALLS = 100
HEAD_BYTES_MAX, BODY_BYTES_MAX = 16_384, 65_536
SETTINGS = {"ledger.queue_commands_max": QUEUE, "service.answer_deadline_ms": DEADLINE_MS,
            "http.read_ms": 3000, "http.idle_ms": 75_000, "http.loops": 2,
            "http.head_bytes_max": HEAD_BYTES_MAX, "http.body_bytes_max": BODY_BYTES_MAX}
# What one of each may take of the server's memory, in bytes.
CONNECTION = 4096
READER = HEAD_BYTES_MAX + BODY_BYTES_MAX + 8192  # lent while a request is read
SPARE_READERS = 2 * 256  # kept by the loops
RECORD = 1024  # its keys, and its transaction while it lives


class Overload:
    def __init__(self, folder, options):
        self.options = options
        self.hold = Path(folder) / "hold"
        self.server = Server(folder, environment={
            **{f"BATAL_{name.upper().replace('.', '_')}": str(value)
               for name, value in SETTINGS.items()},
            **disk_shim(folder, sync_us=SYNC_MS * 1000, hold=self.hold)})
        self.failures = []
        self.loads = {}
        self.sitters = None

    def run(self):
        raise_descriptors(20_000)
        with self.server:
            try:
                self.play()
            finally:
                if self.sitters is not None:
                    self.sitters.kill()
        self.check_log()

    def play(self):
        sustained = self.busy("before", MEASURED_CALLS)
        at_rest = self.memory("VmRSS")
        self.sitters = SittersProcess(self.server.address, {
            "idle": IDLE, "slow": SLOW, "half-open": HALF_OPEN}, self.options.seed)
        self.sitters.wait_until_open(120)
        load = self.overload(sustained)
        memory_max = self.memory_max(at_rest, load)
        most = self.memory("VmHWM")
        print(f"memory: {at_rest >> 20} MiB at rest, {most >> 20} at most, "
              f"{memory_max >> 20} allowed")
        self.expect(most <= memory_max, f"{most} bytes of memory, more than {memory_max}")
        seen, wrong = self.sitters.stop()
        print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
        self.expect(not wrong, f"{len(wrong)} idle ones wrongly ended: {wrong[:5]}")
        self.busy("afterwards", AFTERWARDS_CALLS)

    def busy(self, name, calls):
        """Calls that the server can sustain; returns how many a second."""
        load = self.new_load(name)
        seconds = load.keep_busy(QUEUE, calls)
        load.close()
        # A machine that others keep busy may sleep past a deadline.
        enough = calls if self.options.judge_times else calls / 2
        self.expect(load.statuses()[200] >= enough and not load.wrong,
                    f"{name}: {load.statuses()} {load.wrong[:5]}")
        print(f"{name}: {calls / seconds:.0f} calls/s sustained")
        return calls / seconds

    def overload(self, sustained):
        load = self.new_load("load")
        rate = TIMES * sustained
        count = int(rate * self.options.seconds)
        stalls = Stalls(self.hold)
        seconds = load.offer(rate, count, stalls.go_on)
        stalls.end()
        load.finish()
        load.close()
        statuses = load.statuses()
        slowest = max((call.seconds for call in load.sent if call.status == 200), default=0)
        print(f"load: {count} calls in {seconds:.1f} s, {count / seconds / sustained:.1f} times "
              f"what is sustained, over {load.connections} connections; answers {dict(statuses)}; "
              f"the slowest accepted one after {1000 * slowest:.0f} ms")
        self.expect(not load.wrong, f"{len(load.wrong)} other answers: {load.wrong[:5]}")
        self.expect({*statuses} == {200, 429, 504}, f"not all kinds of answers: {statuses}")
        if self.options.judge_times:
            self.judge_times(load, slowest, statuses[200] / seconds / sustained)
        return load

    def judge_times(self, load, slowest, share):
        late = sum(1000 * call.seconds > DEADLINE_MS + MARGIN_MS for call in load.sent)
        self.expect(1000 * slowest <= DEADLINE_MS + MARGIN_MS, f"accepted after {slowest} s")
        self.expect(share >= 0.5, f"only {share:.2f} of what is sustained was accepted")
        print(f"times: {late} answers later than {DEADLINE_MS + MARGIN_MS} ms; "
              f"{share:.2f} of what is sustained was accepted")

    def memory_max(self, at_rest, load):
        """What the limits allow to these connections and records."""
        begun = SLOW + HALF_OPEN + load.connections
        accepted = sum(call.status != 429 for call in load.sent)
        return (at_rest + (IDLE + begun) * CONNECTION + (begun + SPARE_READERS) * READER +
                accepted * RECORD + QUEUE * BODY_BYTES_MAX)

    def memory(self, line):
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.partition(line + ":")[2].split()[0]) * 1024

    def new_load(self, name):
        self.loads[name] = Load(self.server.demo_caller(), name)
        return self.loads[name]

    def check_log(self):
        logged = Counter((service, external_id)
                         for _, service, external_id in identities(self.server.events()))
        answers = {(call.service, call.external_id): call.status
                   for load in self.loads.values() for call in load.sent}
        accepted = {call for call, status in answers.items() if status == 200}
        turned_away = {call for call, status in answers.items() if status == 429}
        print(f"log: {len(logged)} calls, {len(accepted)} accepted, {len(turned_away)} told 429, "
              f"{len(logged.keys() - accepted)} told 504 and done")
        self.expect(accepted <= logged.keys(), f"lost: {sorted(accepted - logged.keys())[:5]}")
        self.expect(not turned_away & logged.keys(),
                    f"429 and done: {sorted(turned_away & logged.keys())[:5]}")
        self.expect(logged.keys() <= answers.keys(), "calls that nobody made")
        self.expect(max(logged.values()) == 1, "done twice")

    def expect(self, condition, text):
        if not condition:
            self.failures.append(text)


class Stalls:
    """Every few seconds a sync that takes longer than the answer deadline."""

    def __init__(self, hold):
        self.hold = hold
        self.next = time.monotonic() + 1

    def go_on(self):
        now = time.monotonic()
        if now >= self.next and not self.hold.exists():
            self.hold.touch()
        elif now >= self.next + STALL_S:
            self.hold.unlink()
            self.next += STALL_EVERY_S

    def end(self):
        self.hold.unlink(missing_ok=True)


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--judge-times", action="store_true")
    return parser.parse_args()


def main():
    options = parsed_arguments()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="batal-overload-") as folder:
        overload = Overload(folder, options)
        overload.run()
    for text in overload.failures:
        print(f"seed {options.seed}: {text}")
    print(f"{0 if overload.failures else 1} overload passed, {len(overload.failures)} failed")
    sys.exit(1 if overload.failures else 0)


if __name__ == "__main__":
    main()
