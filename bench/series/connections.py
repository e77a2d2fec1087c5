"""Cancels, closed loop, over few connections and over many."""

from dataclasses import replace

from contenders import Batal, Nginx
from series.series import Ratio, Series

COUNTS = (1, 16, 64, 256)
KINDS = (Nginx, Batal)


def name_of(kind, count):
    return f"{kind.name}, {count}"


class Connections(Series):
    def rows(self):
        world, load = self.lab.cancels
        for count in COUNTS:
            for kind in KINDS:
                name = name_of(kind, count)
                if self.lab.wants(name):
                    yield name, self.lab.measure(kind, world, replace(load, connections=count))

    def ratios(self, _names):
        return [Ratio(f"CPU of {name_of(Batal, count)} / CPU of {name_of(Nginx, count)}",
                      name_of(Batal, count), name_of(Nginx, count), "cpu_us") for count in COUNTS]
