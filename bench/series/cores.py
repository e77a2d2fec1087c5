"""CPU of a cancel where the server has one core and one loop, and where it has two of each.

The generator stays on the second core and never sleeps, so the rates do not compare: only the CPU
of a cancel does. Closed loop, and at one fixed rate, a part of the lower of the two: fewer cancels
share a sync where less is asked.
"""

from dataclasses import replace

from contenders import Batal
from generator import CORE
from measure import SERVER_CORE
from series.series import Ratio, Series

ONE, TWO = "one core, one loop", "two cores, two loops"
PLACES = {ONE: [SERVER_CORE], TWO: [SERVER_CORE, CORE]}
RATIO_MAX = 1.15


FIXED, PART = ", fixed rate", 0.75


class Cores(Series):
    def rows(self):
        world, load = self.lab.cancels
        rates = []
        for name, cores in PLACES.items():
            yield name, (row := self.row(world, load, cores))
            rates.append(row["rate"])
        for name, cores in PLACES.items():
            yield name + FIXED, self.row(world, replace(load, rate=PART * min(rates)), cores)

    def row(self, world, load, cores):
        row = self.lab.measure(Batal, world, load, cores)
        if CORE in cores:
            row["core_us"] = None  # the generator's time as well
        return row

    def ratios(self, _names):
        return [Ratio(f"CPU with {TWO} / {ONE}", TWO, ONE, "cpu_us", at_most=RATIO_MAX),
                Ratio("the same at a fixed rate", TWO + FIXED, ONE + FIXED, "cpu_us")]
