"""CPU time of all that a contender causes: its processes and threads, in a control group of its own.

Versions 1 and 2 of control groups alike. The time of kernel threads, which write back and run the
block devices, is in no group: it is in the busy time of the core.
"""

import os
import signal
import time
import uuid
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
TICKS = os.sysconf("SC_CLK_TCK")


class Group:
    def __init__(self):
        is_one = (ROOT / "cpuacct").is_dir()
        self.folder = (ROOT / "cpuacct" if is_one else ROOT) / f"batal-bench-{uuid.uuid4().hex[:8]}"
        self.folder.mkdir()

    def join(self):
        """In the process that is about to become the contender."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def seconds(self):
        usage = self.folder / "cpuacct.usage"
        if usage.exists():
            return int(usage.read_text()) / 1e9
        fields = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(fields["usage_usec"]) / 1e6

    def remove(self):
        """Ends what is left in it: some contenders have children that outlive them."""
        while pids := (self.folder / "cgroup.procs").read_text().split():
            for pid in map(int, pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.folder.rmdir()


def core_busy_seconds(core):
    """How long a core has not been idle, whoever used it."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _wait, irq, softirq, *_ = map(int, ticks)
            return (user + nice + system + irq + softirq) / TICKS
    raise LookupError(f"no core {core}")
