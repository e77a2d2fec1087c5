"""What the disk alone takes: 4 KiB appended and synced, again and again, with nothing beside it."""

import os
import time
from pathlib import Path
from statistics import median

PAGE = bytes(4096)
COUNT = 2000


def rank(latencies, part):
    """As the generator counts it."""
    return latencies[min(int(part * len(latencies)), len(latencies) - 1)]


def bare_append(folder, core):
    """A row of figures, of COUNT appends to a file of zeros, made on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return appended(Path(folder) / "append")
    finally:
        os.sched_setaffinity(0, before)


def appended(path):
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for number in range(COUNT):
            os.pwrite(file, PAGE, number * len(PAGE))
        os.sync()
        page = b"x" * len(PAGE)
        took_us = []
        for number in range(COUNT):
            began = time.perf_counter_ns()
            os.pwrite(file, page, number * len(page))
            os.fdatasync(file)
            took_us.append((time.perf_counter_ns() - began) / 1000)
    finally:
        os.close(file)
        path.unlink()
    seconds = sum(took_us) / 1e6
    took_us.sort()
    return {"seconds": seconds, "answers": COUNT, "rate": COUNT / seconds,
            "p50_us": median(took_us), "p99_us": rank(took_us, 0.99),
            "p999_us": rank(took_us, 0.999), "cpu_us": None, "core_us": None}
