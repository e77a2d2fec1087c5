"""Starts, stops, kills and restarts `batal serve` on a data folder of its own."""

import json
import os
import re
import resource
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from support.admin import Admin
from support.snap import Caller, Partner

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"batal is ready: (https?)://([\d.]+):(\d+) admin http://([\d.]+):(\d+)")
START_S = 60
STOP_S = 30


def binary():
    return os.environ.get("BATAL", str(ROOT / "build/release/batal"))


def run(*arguments, **options):
    """One batal command to its end; its output is captured."""
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=START_S, check=False, **options)


class Server:
    """One server process and its folder. `environment` (such as BATAL_HTTP_LOOPS), `arguments` and
    the limit of open files, `descriptors`, go to every start. The folder may be on a PrivateDisk,
    `disk`. `under` is a command that runs another, such as valgrind."""

    def __init__(self, folder, sandbox=True, arguments=(), environment=None, descriptors=None,
                 disk=None, under=()):
        self.folder = Path(folder)
        self.disk = disk
        self.under = list(under)
        self.data = self.folder / "data"
        self.audit_key = self.folder / "data.audit.key"
        self.partners = self.data / "partners"
        self.sandbox = sandbox
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.descriptors = descriptors
        self.log = self.folder / "server.log"
        self.process = None
        self.offset = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        if kind is None:
            self.stop()
        else:
            self.kill()

    def start(self):
        self.launch()
        self._wait_until_ready()
        return self

    def launch(self):
        """Starts the process and does not wait for it."""
        mode = ["--sandbox"] if self.sandbox else []
        enter, data = [], self.data
        if self.disk:
            enter, data = self.disk.enter, self.disk.inside(self.data)
        command = [*enter, *self.under, binary(), "serve", *mode, "--listen", "127.0.0.1:0",
                   "--admin", "127.0.0.1:0", "--data", str(data), *self.arguments]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            env={**os.environ, **self.environment},
                                            preexec_fn=self._limit)
        self.offset = 0

    def _limit(self):
        if self.descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_S
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not (found := READY.search(text.decode(errors="replace"))):
                if not selector.select(max(0, deadline - time.monotonic())):
                    self.kill()
                    raise AssertionError(f"not ready after {START_S} s\n{self.log_text()}")
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    status = self.process.wait()
                    self.process = None
                    raise StartFailed(f"ended with {status} before ready\n{self.log_text()}")
                text += data
        scheme, host, port, admin_host, admin_port = found.groups()
        self.tls = scheme == "https"
        self.address = (host, int(port))
        self.admin = Admin((admin_host, int(admin_port)), self._admin_token(), self)

    def _admin_token(self):
        if self.sandbox:
            return self.credentials()["ADMIN_TOKEN"]
        return (self.data / "admin.token").read_text().strip()

    def credentials(self):
        text = (self.data / "sandbox/credentials.env").read_text()
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def log_text(self):
        """The end of it."""
        return self.whole_log_text()[-4000:]

    def whole_log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self):
        """SIGTERM, and the process must end by itself and cleanly."""
        self.process.send_signal(signal.SIGTERM)
        status = self.ended()
        assert status == 0, f"stopped with status {status}\n{self.log_text()}"

    def ended(self):
        """The status with which the process ends by itself."""
        status = self.process.wait(STOP_S)
        self._forget_process()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._forget_process()

    def was_ready_when_killed(self, after_s):
        """Kills one that was launched, so much later; true if it had said before that it serves. It
        must not end by itself."""
        with suppress(subprocess.TimeoutExpired):
            status = self.process.wait(after_s)
            self._forget_process()
            raise StartFailed(f"ended with {status} before it was killed\n{self.log_text()}")
        self.process.kill()
        self.process.wait()
        said = self.process.stdout.read()
        self._forget_process()
        return b"batal is ready" in said

    def _forget_process(self):
        self.process.stdout.close()
        self.process = None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def now(self):
        """The server's time in seconds, the sandbox clock's offset included."""
        return time.time() + self.offset

    def advance(self, seconds):
        self.admin.advance(seconds)
        self.offset += seconds

    def demo_caller(self):
        return Caller(self, Partner.from_credentials(self.credentials()))

    def new_partner(self, client_id, merchants, services=(), partner_ids=(), flags=()):
        """Makes a partner in the partners folder; a running server must be told to reload."""
        arguments = ["partner", "new", "--folder", self.partners, "--client-id", client_id]
        for option, values in (("--merchant-id", merchants), ("--partner-id", partner_ids),
                               ("--va-partner-service-id", services)):
            for value in values:
                arguments += [option, value]
        done = run(*arguments, *flags)
        assert done.returncode == 0, done.stderr
        return Partner.from_folder(self.partners, client_id, merchants, services)

    def events(self):
        """What the log holds, oldest first. The server must not be running."""
        assert self.process is None
        done = run("ledger", "show", "--data", self.data)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


class StartFailed(AssertionError):
    """The server ended instead of serving."""


def wait_until(condition, what, seconds=30):
    """For what can only be seen from outside, such as a line in the log."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)
