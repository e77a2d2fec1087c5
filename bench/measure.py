"""How every series measures: one contender, started, warmed up, played one load, and stopped."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from contenders import Batal, Fastify, Redis
from generator import CORE, play
from world import World, success

SERVER_CORE = 0
CALLS_PER_SECOND_MAX = 110_000


@dataclass(frozen=True)
class Load:
    """Requests to be played for `seconds`, those of `warm_up` for `warm_up_s` before; what each
    answer must be; and how many records the ledger must have more for so many answers of either
    file. Closed loop, or so many calls a second."""
    warm_up: Path
    requests: Path
    seconds: float
    warm_up_s: float
    connections: int = 64
    rate: float = 0
    again: bool = False  # from the first request on when they are out
    whole: bool = False  # to the end of the requests, however long it takes
    expect: str = "2005700"
    status: int = 200
    changes: Callable[[int], int] = lambda answers: answers


class Lab:
    """What the series share: options, a folder on the disk that is measured, and cancels."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = Path(folder)

    def wants(self, name):
        return not self.options.only or any(part in name for part in self.options.only)

    @property
    def counts(self):
        """So many requests last for the warm-up, and for the measured time."""
        return [int(seconds * CALLS_PER_SECOND_MAX)
                for seconds in (self.options.warm_up, self.options.seconds)]

    def world(self, name, kind="debit", make=World):
        return make(self.folder / name, play, kind, {SERVER_CORE})

    def load(self, warm_up, requests, **more):
        options = self.options
        return Load(warm_up, requests, **{"seconds": options.seconds, "warm_up_s": options.warm_up,
                                          "connections": options.connections, **more})

    @cached_property
    def cancels(self):
        """A world of debit payments, and the load that cancels each once."""
        return self.world_to_cancel("debit")

    def world_to_cancel(self, kind):
        world = self.world(f"{kind}-to-cancel", kind)
        warm_up, measured = self.counts
        world.fill(warm_up + measured)
        files = world.write_cancels(range(warm_up), range(warm_up, warm_up + measured))
        return world, self.load(*files, expect=success(world.kind.cancel))

    def measure(self, kind, world, load, cores=(SERVER_CORE,), is_counted=True):
        """A row of figures. Counted are the records of the ledger, afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            keeps = issubclass(kind, Batal)
            contender = kind(folder, free_port(), list(cores), *([world] if keeps else []))
            if isinstance(contender, Fastify):
                contender.secret = world.caller.partner.client_secret
            contender.start()
            try:
                seen, changes = self.play(contender, load)
            finally:
                contender.stop()
            if keeps and is_counted:
                check_ledger(contender, world.changes + changes)
        seen["cpu_us"] = 1e6 * seen["cpu_s"] / seen["answers"]
        seen["core_us"] = 1e6 * seen["core_s"] / seen["answers"]
        return seen

    def play(self, contender, load):
        """The row, and how many records the ledger must have more."""
        os.sync()  # what was prepared is not to be written back beside the load
        if isinstance(contender, Redis):
            return contender.play(load.connections, load.seconds, CORE), 0
        keeps = isinstance(contender, Batal)
        how = {"expect": load.expect, "status": load.status, "connections": load.connections}
        if load.again or not keeps:
            how["again"] = True
        warm = play(contender.address, load.warm_up, seconds=load.warm_up_s, **how)
        answered(contender, warm, load.whole)
        before = contender.cpu()
        seen = play(contender.address, load.requests, seconds=load.seconds,
                    **({"rate": load.rate} if load.rate else {}), **how)
        after = contender.cpu()
        answered(contender, seen, load.whole)
        seen |= {"rate": seen["answers"] / seen["seconds"], "cpu_s": after[0] - before[0],
                 "core_s": after[1] - before[1]}
        if keeps:
            seen["sealed"], seen["indexed"] = contender.sealed_and_indexed()
            seen |= contender.started()
        return seen, load.changes(warm["answers"]) + load.changes(seen["answers"])


def check_ledger(contender, expected):
    kept = contender.changes_kept()
    if kept != expected:
        sys.exit(f"{contender.name}: the ledger holds {kept} creations and cancels, and should "
                 f"hold {expected}")


def answered(contender, seen, whole=False):
    if seen["wrong"] or seen["ran_out"] != whole:
        sys.exit(f"{contender.name}: {seen}\na run with wrong answers, or too few requests, "
                 "counts for nothing")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_cores():
    """Leaves this process, and what it starts, on the generator's core."""
    if CORE == SERVER_CORE or SERVER_CORE not in os.sched_getaffinity(0):
        sys.exit(f"needs core {SERVER_CORE} for the server, and another for the load")
    os.sched_setaffinity(0, {CORE})
