"""A small disk of a test's own: a tmpfs in a mount namespace that a shell of ours keeps alive.

It is seen through that shell's /proc entry, so that nothing is mounted where others look, and it is
gone as soon as the shell is, however the test ends. Needs root, or user namespaces.
"""

import errno
import os
import subprocess
from pathlib import Path

MOUNTED_AT = "/mnt"


class PrivateDisk:
    def __init__(self, mib):
        own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.shell = subprocess.Popen(["unshare", *own_user, "--mount", "sh", "-e"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._mount(f"-t tmpfs -o size={mib}m,mode=0700 tmpfs")
        self.path = Path(f"/proc/{self.shell.pid}/root{MOUNTED_AT}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shell.communicate("exit\n")

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
