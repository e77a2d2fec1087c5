"""The rounds of a series (series/series.py) as a table and as a chart."""

from statistics import median

COLUMNS = (("per s", "rate", 10, 0), ("CPU us", "cpu_us", 9, 1), ("core us", "core_us", 9, 1),
           ("p50 us", "p50_us", 9, 0), ("p99 us", "p99_us", 9, 0), ("p99.9 us", "p999_us", 10, 0))
NOT_OURS = ("nginx", "Redis", "fastify", "Prism", "Mockoon", "a bare append")
NAME_WIDTH, RATIO_WIDTH = 32, 64
BAR_PX, ROW_PX, LEFT_PX = 420, 26, 240


def of(rounds, name, figure):
    return [one[name][figure] for one in rounds if name in one and one[name][figure] is not None]


def shown(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def middle(values):
    return median(values) if values else None


def spread(rounds, ratio):
    """Round by round: least, middle, most."""
    each = sorted(one[ratio.upper][ratio.figure] / one[ratio.lower][ratio.figure] for one in rounds
                  if ratio.upper in one and ratio.lower in one)
    return (each[0], median(each), each[-1]) if each else None


def bound(ratio, value):
    """What the ratio must be, and whether it is; nothing where there is no bound."""
    for limit, words, holds in ((ratio.at_most, "at most", lambda: value <= ratio.at_most),
                                (ratio.at_least, "at least", lambda: value >= ratio.at_least)):
        if limit is not None:
            return f"  {words} {limit}: {'kept' if holds() else 'NOT KEPT'}"
    return ""


def text(series, rounds):
    names = list(rounds[0])
    columns = (*COLUMNS, *series.more_columns)
    lines = [" " * NAME_WIDTH + "".join(f"{title:>{width}}" for title, _, width, _ in columns)]
    for name in names:
        lines.append(f"{name:{NAME_WIDTH}}" + "".join(
            f"{shown(middle(of(rounds, name, figure)), digits):>{width}}"
            for _, figure, width, digits in columns))
    lines += ["", f"ratios of {len(rounds)} rounds: least, median, most"]
    for ratio in series.ratios(names):
        if values := spread(rounds, ratio):
            lines.append(f"{ratio.what:{RATIO_WIDTH}}"
                         + "".join(f"{value:8.2f}" for value in values) + bound(ratio, values[1]))
    return "\n".join([*lines, *series.notes(rounds)])


def chart(series, rounds):
    """One figure, a bar a row."""
    names = list(rounds[0])
    values = [middle(of(rounds, name, series.chart_figure)) for name in names]
    most = max(values)
    height = ROW_PX * len(names) + 40
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT_PX + BAR_PX + 90}" '
             f'height="{height}" font-family="sans-serif" font-size="13">',
             f'<text x="{LEFT_PX}" y="18">{series.chart_title}</text>']
    for row, (name, value) in enumerate(zip(names, values)):
        y = 30 + row * ROW_PX
        colour = "#8a94a0" if name.startswith(NOT_OURS) else "#1b7f4b"
        width = max(1, BAR_PX * value / most)
        parts += [f'<text x="{LEFT_PX - 8}" y="{y + 14}" text-anchor="end">{name}</text>',
                  f'<rect x="{LEFT_PX}" y="{y}" width="{width:.1f}" height="{ROW_PX - 8}" '
                  f'fill="{colour}"/>',
                  f'<text x="{LEFT_PX + width + 6:.1f}" y="{y + 14}">{value:,.1f}</text>']
    return "\n".join([*parts, "</svg>", ""])
