"""Measured rounds as a table and as a chart."""

from statistics import median

US = "batal"
BESIDE = "nginx, a fixed answer"
BAR_PX, ROW_PX, LEFT_PX = 420, 26, 240


def of(rounds, name, figure):
    return [one[name][figure] for one in rounds if name in one and one[name][figure] is not None]


def shown(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def middle(values):
    return median(values) if values else None


def ratios(rounds, upper, lower, figure):
    """Round by round: least, middle, most."""
    each = sorted(one[upper][figure] / one[lower][figure] for one in rounds
                  if upper in one and lower in one)
    return (each[0], median(each), each[-1]) if each else None


def text(rounds):
    names = list(rounds[0])
    lines = [f"{'':32}{'per s':>10}{'CPU us':>9}{'core us':>9}{'p50 us':>9}{'p99 us':>9}"
             f"{'p99.9 us':>10}"]
    for name in names:
        figures = [middle(of(rounds, name, figure))
                   for figure in ("rate", "cpu_us", "core_us", "p50_us", "p99_us", "p999_us")]
        rate, cpu, core, *latencies = figures
        lines.append(f"{name:32}{shown(rate):>10}{shown(cpu, 1):>9}{shown(core, 1):>9}"
                     + "".join(f"{shown(value):>{width}}"
                               for value, width in zip(latencies, (9, 9, 10))))
    lines += ["", f"ratios of {len(rounds)} rounds: least, median, most"]
    for name in names:
        if name.startswith(US):
            add(lines, f"CPU of {name} / CPU of {BESIDE}",
                ratios(rounds, name, BESIDE, "cpu_us"))
    for name in names:
        if name != US:
            add(lines, f"cancels/s / {name}", ratios(rounds, US, name, "rate"))
    for name in names:
        kept = [(one[name]["sealed"], one[name]["indexed"]) for one in rounds
                if name in one and "sealed" in one[name]]
        if kept:
            lines.append(f"{name}: segments sealed and, as the load ends, indexed: "
                         + ", ".join(f"{sealed}/{indexed}" for sealed, indexed in kept))
    return "\n".join(lines)


def add(lines, what, ratio):
    if ratio:
        lines.append(f"{what:64}" + "".join(f"{value:8.2f}" for value in ratio))


def chart(rounds):
    """CPU per request, a bar each."""
    names = list(rounds[0])
    values = [middle(of(rounds, name, "cpu_us")) for name in names]
    most = max(values)
    height = ROW_PX * len(names) + 40
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT_PX + BAR_PX + 90}" '
             f'height="{height}" font-family="sans-serif" font-size="13">',
             f'<text x="{LEFT_PX}" y="18">CPU microseconds per request, median</text>']
    for row, (name, value) in enumerate(zip(names, values)):
        y = 30 + row * ROW_PX
        colour = "#1b7f4b" if name.startswith(US) else "#8a94a0"
        width = max(1, BAR_PX * value / most)
        parts += [f'<text x="{LEFT_PX - 8}" y="{y + 14}" text-anchor="end">{name}</text>',
                  f'<rect x="{LEFT_PX}" y="{y}" width="{width:.1f}" height="{ROW_PX - 8}" '
                  f'fill="{colour}"/>',
                  f'<text x="{LEFT_PX + width + 6:.1f}" y="{y + 14}">{value:.1f}</text>']
    return "\n".join([*parts, "</svg>", ""])
