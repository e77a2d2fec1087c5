"""Cancels, and the start, with ever more transactions in the ledger.

A ledger is filled through its server, at full speed. As many payments as a round cancels live long,
evenly spread; all others expire after a minute, as payments do that nobody makes: so the sizes
differ in the ledger's past, not in what is live. A round cancels as many payments of each size, by
their reference numbers, on a copy of its folder. Sealed segments are linked into the copy, for
nobody ever writes to one.

The ledgers are counted after the last round only: that takes minutes.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from contenders import Batal
from series.series import Ratio, Series
from world import CREATED, LIFE_S, WHOLE_S, World, records

LIVE_MAX = 100_000  # of each size; a round cancels all, each fourth of them to warm up
SHORT_LIFE_S = 60  # from the signing of a batch; 20 must be left when it is played
BATCH = 100_000
QUIET_S, QUIET_CPU_S = 2, 0.1
RATE_KEPT = 0.9
TICKS = os.sysconf("SC_CLK_TCK")


class GrownWorld(World):
    """`size` creations, of which those in `lasting` do not expire."""

    def grow(self, size, lasting):
        service = self.kind.create
        with self.serve() as server:
            self.take_caller(server)
            for begin in range(0, size, BATCH):
                numbers = range(begin, min(begin + BATCH, size))
                file = self.write("create", ((service, f"create-{i}", self.creation(
                    i, LIFE_S if i in lasting else SHORT_LIFE_S)) for i in numbers))
                self.play_all(server, file, service, len(numbers))
                print(f"  {numbers[-1] + 1:,} of {size:,} created", file=sys.stderr)
            time.sleep(SHORT_LIFE_S)
            wait_until_quiet(server.process.pid)
        self.references, expired = self.left(lasting)
        if expired != size - len(lasting) or len(self.references) != len(lasting):
            sys.exit(f"of {size} payments {expired} have expired and {len(self.references)} last")

    def left(self, lasting):
        """The reference numbers of what lasts, and how many have expired."""
        references, expired = {}, 0
        for line in records(self.base / "data"):
            if b'"action":"expire"' in line:
                expired += 1
            elif b'"action":"create"' in line and (found := CREATED.search(line)):
                if int(found[1]) in lasting:
                    references[int(found[1])] = found[2].decode()
        return references, expired

    def copy(self):
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        newest = max((self.base / "data/ledger").glob("*.segment"))

        def take(source, target):
            is_sealed = source.endswith(".segment") and Path(source) != newest
            (os.link if is_sealed else shutil.copy2)(source, target)

        shutil.copytree(self.base, run, copy_function=take)
        return run


def cpu_seconds(pid):
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def wait_until_quiet(pid):
    """Until a server has done what it still does after the load: sweeps, seals and indexes."""
    before = 0
    while (now := cpu_seconds(pid)) - before > QUIET_CPU_S:
        before = now
        time.sleep(QUIET_S)


def name_of(size):
    return f"{size:,} transactions"


class Growth(Series):
    chart_title = "cancels a second, median"
    chart_figure = "rate"
    more_columns = (("start s", "start_s", 9, 2), ("RSS MiB", "rss_mib", 9, 0))

    def __init__(self, lab):
        super().__init__(lab)
        self.sizes = sorted(lab.options.sizes)
        self.loads = {size: self.prepare(size) for size in self.sizes}
        self.rounds_left = lab.options.rounds

    def prepare(self, size):
        world = self.lab.world(f"grown-{size}", make=GrownWorld)
        live = min(LIVE_MAX, self.sizes[0])
        lasting = range(0, size, size // live)[:live]
        world.grow(size, lasting)
        files = world.write_cancels(lasting[::4], [i for n, i in enumerate(lasting) if n % 4])
        return world, self.lab.load(*files, seconds=WHOLE_S, warm_up_s=WHOLE_S, whole=True)

    def rows(self):
        self.rounds_left -= 1
        for size, (world, load) in self.loads.items():
            yield name_of(size), self.lab.measure(Batal, world, load,
                                                  is_counted=self.rounds_left == 0)

    def ratios(self, _names):
        most, least = name_of(self.sizes[-1]), name_of(self.sizes[0])
        return [Ratio(f"cancels/s with {most} / {least}", most, least, "rate",
                      at_least=RATE_KEPT),
                Ratio(f"CPU with {most} / {least}", most, least, "cpu_us")]
