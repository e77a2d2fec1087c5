"""What the series have in common.

A round is a dict of rows by name, a row a dict of figures by name (measure.py).
"""

from typing import NamedTuple


class Ratio(NamedTuple):
    """One figure of two rows, round by round; the median must keep to the bound, if there is
    one."""
    what: str
    upper: str
    lower: str
    figure: str
    at_most: float | None = None
    at_least: float | None = None


class Series:
    """`lab` (measure.py) is what it measures with. The chart shows one figure, a bar a row."""
    chart_title = "CPU microseconds per request, median"
    chart_figure = "cpu_us"
    more_columns = ()  # as table.COLUMNS

    def __init__(self, lab):
        self.lab = lab

    def rows(self):
        """Measures one round: (name, row) each."""
        raise NotImplementedError

    def ratios(self, names):
        return []

    def notes(self, rounds):
        """Lines below the table."""
        return []
