"""What is measured: each is started on the server's core, answers on an address, and is stopped.

All but Redis get the same signed requests over HTTP from the same generator, and answer with as
many bytes.
"""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from cgroup import Group, core_busy_seconds  # noqa: E402
from support.server import wait_until  # noqa: E402
from support.wire import Wire  # noqa: E402
from world import SETTINGS, SettledServer, records  # noqa: E402

ANSWER = json.dumps({"responseCode": "2005700", "responseMessage": "Success",
                     "originalPartnerReferenceNo": "order-100000",
                     "originalReferenceNo": "A120261125020141XHLaGh0coAID",
                     "originalExternalId": "create-100000",
                     "cancelTime": "2026-11-25T09:27:03+07:00"}, separators=(",", ":"))
READY_S = 60
PATH = "/v1.0/debit/cancel"


def listens(address):
    try:
        Wire(address).close()
        return True
    except OSError:
        return False


def resident_mib(pid):
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines()
              if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


class Contender:
    """`folder` is its own and empty, `port` free, `cores` the server's."""

    def __init__(self, folder, port, cores):
        self.folder = Path(folder)
        self.address = ("127.0.0.1", port)
        self.cores = cores
        self.group = Group()
        self.process = None

    def spawn(self, *command, environment=None, cwd=None):
        log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [*map(str, command)], stdout=log, stderr=log, cwd=cwd,
            env={**os.environ, **(environment or {})}, preexec_fn=self.settle)
        wait_until(lambda: listens(self.address) or self.process.poll() is not None,
                   f"{self.name} to listen", READY_S)
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def settle(self):
        """In the process that is about to become it."""
        self.group.join()
        os.sched_setaffinity(0, self.cores)

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.group.remove()

    def cpu(self):
        return self.group.seconds(), sum(map(core_busy_seconds, self.cores))


class Nginx(Contender):
    name = "nginx, a fixed answer"

    def start(self):
        conf = self.folder / "nginx.conf"
        text = (HERE / "peers/nginx.conf").read_text()
        conf.write_text(text.replace("@PORT@", str(self.address[1])).replace("@ANSWER@", ANSWER))
        self.spawn("nginx", "-p", self.folder, "-c", conf, "-e", "stderr")


class Node(Contender):
    """Something of peers/node_modules."""

    def start(self):
        self.spawn("node", *self.command(), cwd=HERE / "peers", environment={
            "PORT": str(self.address[1]), "ANSWER": ANSWER, "NODE_ENV": "production",
            "CLIENT_SECRET": self.secret})

    secret = ""

    def command(self):
        raise NotImplementedError


class Fastify(Node):
    name = "fastify, verifies the HMAC"

    def command(self):
        return ["fastify.js"]


class Prism(Node):
    name = "Prism, a fixed answer"

    def command(self):
        description = self.folder / "openapi.json"
        example = {"application/json": {"example": json.loads(ANSWER)}}
        taken = {"content": {"application/json": {"schema": {"type": "object"}}}}
        responses = {"200": {"description": "Success", "content": example}}
        description.write_text(json.dumps({
            "openapi": "3.0.3", "info": {"title": "cancel", "version": "1"},
            "paths": {PATH: {"post": {"requestBody": taken, "responses": responses}}}}))
        return ["node_modules/@stoplight/prism-cli/dist/index.js", "mock", "-v", "error", "-h",
                "127.0.0.1", "-p", self.address[1], description]


class Mockoon(Node):
    name = "Mockoon, a fixed answer"

    def command(self):
        data = json.loads((HERE / "peers/mockoon.json").read_text())
        data["port"] = self.address[1]
        data["routes"][0]["responses"][0]["body"] = ANSWER
        file = self.folder / "mockoon.json"
        file.write_text(json.dumps(data))
        return ["node_modules/@mockoon/cli/bin/run.js", "start", "--data", file,
                "--disable-log-to-file", "--disable-admin-api"]


class Batal(Contender):
    """On a copy of the prepared world (world.py)."""
    name = "batal"
    environment = {}

    def __init__(self, folder, port, cores, world):
        super().__init__(folder, port, cores)
        self.world = world

    def start(self):
        self.server = SettledServer(self.world.copy(), self.settle, environment={
            **SETTINGS, "BATAL_HTTP_LOOPS": str(len(self.cores)), **self.environment})
        began = time.monotonic()
        self.server.start()
        self.start_s = time.monotonic() - began
        self.rss_mib = resident_mib(self.server.process.pid)
        self.address = self.server.address

    def stop(self):
        self.server.stop()
        self.group.remove()

    def started(self):
        """How its start went, for the row."""
        return {"start_s": self.start_s, "rss_mib": self.rss_mib}

    def changes_kept(self):
        """How many creations and cancels the ledger holds, once it is stopped."""
        return sum(b'"action":"cancel"' in line or b'"action":"create"' in line
                   for line in records(self.server.data))

    def sealed_and_indexed(self):
        """How many segments are left behind by the log, and how many of them the index has."""
        folder = self.server.data / "ledger"
        sealed = max(int(file.stem) for file in folder.glob("*.segment")) - 1
        with sqlite3.connect(folder / "index.sqlite") as index:
            [(indexed,)] = index.execute("SELECT coalesce(max(number), 0) FROM segments")
        return sealed, indexed


class BatalSealing(Batal):
    """Segments so small that several are sealed, indexed and put into snapshots meanwhile."""
    name = "batal, small segments"
    environment = {"BATAL_LEDGER_SEGMENT_BYTES": str(4 << 20)}


class BatalWithoutSync(Batal):
    """The bound: what it would be if a sync cost nothing. Not durable."""
    name = "batal without fsync"
    environment = {"LD_PRELOAD": "libeatmydata.so"}


class Redis(Contender):
    """SET of as many bytes as an event has of its own, each synced; its own generator."""
    name = "Redis SET, appendfsync always"
    BYTES = 200

    def start(self):
        self.spawn("redis-server", "--port", self.address[1], "--bind", "127.0.0.1", "--save", "",
                   "--appendonly", "yes", "--appendfsync", "always", "--dir", self.folder,
                   "--loglevel", "warning")

    def play(self, connections, seconds, core):
        """Sets for about so long."""
        count = self._sets(2000, connections, core)
        return self._sets(int(max(count * seconds, 1000)), connections, core, whole=True)

    def _sets(self, count, connections, core, whole=False):
        before, began = self.cpu(), time.monotonic()
        shown = subprocess.run(
            ["taskset", "-c", str(core), "redis-benchmark", "-p", str(self.address[1]), "-t", "set",
             "-n", str(count), "-c", str(connections), "-d", str(self.BYTES), "-r", "100000000",
             "--csv"], capture_output=True, text=True, check=True).stdout
        took = time.monotonic() - began
        row = dict(zip(*csv.reader(shown.splitlines()[:2])))
        if not whole:
            return float(row["rps"])
        after = self.cpu()
        return {"seconds": took, "answers": count, "rate": float(row["rps"]),
                "p50_us": 1000 * float(row["p50_latency_ms"]),
                "p99_us": 1000 * float(row["p99_latency_ms"]), "p999_us": None,
                "cpu_s": after[0] - before[0], "core_s": after[1] - before[1]}
