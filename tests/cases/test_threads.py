"""Whoever looks at a busy server sees which of its threads is busy."""

from pathlib import Path


def test_threads_have_names(world):
    tasks = Path(f"/proc/{world.server.process.pid}/task").glob("*/comm")
    assert {"batal", "loop", "ledger", "look-up", "keeper"} <= {
        task.read_text().strip() for task in tasks}
