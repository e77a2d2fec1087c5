"""Cancels at fixed rates, open loop: parts of the most that a closed loop has reached just before.

Latencies count from the moment a call was due (load/load.cpp). Beside them stands what the disk
alone takes for a page of 4 KiB (append.py), in the same round. Open loop goes over CONNECTIONS at
least, for over few the load would wait for the server after all.
"""

from dataclasses import replace

from append import bare_append
from contenders import Batal
from measure import SERVER_CORE
from series.series import Ratio, Series

PARTS = (0.1, 0.25, 0.5, 0.75, 0.9)
APPEND = "a bare append, synced"
MOST = "closed loop"
APPENDS_MAX = 8
CONNECTIONS = 256


def name_of(part):
    return f"open loop at {part} of that"


class Rates(Series):
    chart_title = "p99 in microseconds, median"
    chart_figure = "p99_us"

    def rows(self):
        world, load = self.lab.cancels
        yield APPEND, bare_append(self.lab.folder, SERVER_CORE)
        most = self.lab.measure(Batal, world, load)
        yield MOST, most
        many = max(CONNECTIONS, load.connections)
        for part in PARTS:
            at_rate = replace(load, connections=many, rate=part * most["rate"])
            yield name_of(part), self.lab.measure(Batal, world, at_rate)

    def ratios(self, _names):
        return [Ratio(f"p99, {name_of(part)} / {APPEND}", name_of(part), APPEND, "p99_us",
                      at_most=APPENDS_MAX if part == 0.5 else None) for part in PARTS]
