"""A small disk of a test's own: a tmpfs in a mount namespace that a shell of ours keeps alive.

Nothing is mounted where others look, and the disk is gone as soon as the shell is, however the test
ends. A test sees it through the shell's /proc entry; a server under test runs inside the namespace
(Server's `disk`), for SQLite follows links and would leave it. Needs root, or user namespaces.
"""

import errno
import os
import subprocess
from pathlib import Path

MOUNTED_AT = Path("/mnt")


class PrivateDisk:
    def __init__(self, mib):
        own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.shell = subprocess.Popen(["unshare", *own_user, "--mount", "sh", "-e"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._mount(f"-t tmpfs -o size={mib}m,mode=0700 tmpfs")
        self.path = Path(f"/proc/{self.shell.pid}/root{MOUNTED_AT}")
        join_user = ["--user", "--preserve-credentials"] if own_user else []
        self.enter = ["nsenter", "--target", str(self.shell.pid), *join_user, "--mount"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shell.communicate("exit\n")

    def inside(self, path):
        """A path on this disk as those see it who are inside."""
        return MOUNTED_AT / Path(path).relative_to(self.path)

    def _mount(self, what):
        self.shell.stdin.write(f"mount {what} {MOUNTED_AT} && echo done || echo failed\n")
        self.shell.stdin.flush()
        assert self.shell.stdout.readline() == "done\n", f"mount {what} failed"

    def make_read_only(self, yes):
        self._mount(f"-o remount,bind,{'ro' if yes else 'rw'}")

    def fill(self, name="ballast"):
        """Takes all the room there is, to the last byte. Remove the file to make room."""
        with open(self.path / name, "ab", buffering=0) as ballast:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise
        return self.path / name
