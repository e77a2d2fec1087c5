"""Connections that take room and bring nothing: idle ones, slow senders and half-open requests.

A process of its own keeps so many of each open for as long as it runs. What the server closes is
looked at and opened again: an idle connection ends without a word, one with a begun request gets
400xx00 and "Connection: close" first.
"""

import errno
import multiprocessing
import random
import resource
import selectors
import signal
import socket
import time
from collections import Counter

from support.wire import render

TICK_S = 0.25  # between two bytes of a slow sender, and between two looks at the clock
CONNECTS_PER_TURN = 200
SOURCES = 32  # of 127.0.0.0/8, so that ports do not run short
HEAD = [("Host", "batal"), ("Content-Type", "application/json"), ("Content-Length", "60000")]
WHOLE_HEAD = render("POST", "/v1.0/debit/cancel", HEAD)
# What the half-open ones send, and then nothing.
BEGINNINGS = [WHOLE_HEAD[:1], WHOLE_HEAD, WHOLE_HEAD + b"{" * 30_000, WHOLE_HEAD + b"{" * 59_999]


class Sitter:
    """One such connection. `kind` is idle, slow or half-open."""

    def __init__(self, kind):
        self.kind = kind
        self.socket = None
        self.sent = 0


class Sitters:
    def __init__(self, address, counts, seed):
        self.address = address
        self.rng = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.closed = [Sitter(kind) for kind, count in counts.items() for _ in range(count)]
        self.slow = set()
        self.seen = Counter()
        self.wrong = []

    def run(self, told, stop):
        """Tells once that all are open; goes on until it is told to stop."""
        while not stop.poll():
            turn_ends = time.monotonic() + TICK_S
            for _ in range(min(CONNECTS_PER_TURN, len(self.closed))):
                self._open(self.closed.pop())
            if not self.closed and told is not None:
                told.send("open")
                told = None
            for sitter in list(self.slow):
                self._send(sitter, WHOLE_HEAD[sitter.sent:sitter.sent + 1] or b"x")
            self._listen_until(time.monotonic() if self.closed else turn_ends)
        self.seen["still open"] = len(self.selector.get_map())

    def _open(self, sitter):
        sitter.socket = socket.socket()
        sitter.socket.bind((f"127.0.0.{self.rng.randrange(2, 2 + SOURCES)}", 0))
        sitter.socket.connect(self.address)
        sitter.socket.setblocking(False)
        sitter.sent = 0
        self.selector.register(sitter.socket, selectors.EVENT_READ, sitter)
        self.seen["opened " + sitter.kind] += 1
        if sitter.kind == "slow":
            self.slow.add(sitter)
        elif sitter.kind == "half-open":
            self._send(sitter, self.rng.choice(BEGINNINGS))

    def _send(self, sitter, data):
        try:
            sitter.sent += sitter.socket.send(data)
        except OSError as why:
            if why.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EAGAIN):
                raise

    def _listen_until(self, end):
        while True:
            for key, _ in self.selector.select(max(0, end - time.monotonic())):
                self._closed_by_server(key.data)
            if time.monotonic() >= end:
                return

    def _closed_by_server(self, sitter):
        self.selector.unregister(sitter.socket)
        self.slow.discard(sitter)
        said = last_words(sitter.socket)
        begun = sitter.kind != "idle"
        if begun != (said.startswith(b"HTTP/1.1 400 ") and b"\r\nConnection: close\r\n" in said):
            self.wrong.append(f"{sitter.kind}, {sitter.sent} bytes sent: {said[:300]!r}")
        self.seen["closed " + sitter.kind] += 1
        sitter.socket.close()
        self.closed.append(sitter)


def last_words(connection):
    connection.setblocking(True)
    connection.settimeout(5)
    said = b""
    try:
        while data := connection.recv(65536):
            said += data
    except OSError:
        pass  # a reset behind what was said
    return said


class SittersProcess:
    """The same in a process of its own."""

    def __init__(self, address, counts, seed):
        here, there = multiprocessing.Pipe()
        self.pipe = here
        self.process = multiprocessing.Process(target=_work, args=(address, counts, seed, there))
        self.process.start()

    def wait_until_open(self, seconds):
        assert self.pipe.poll(seconds), f"the connections are not all open after {seconds} s"
        assert self.pipe.recv() == "open"

    def stop(self):
        """What was seen, and what was wrong."""
        self.pipe.send("stop")
        seen, wrong = self.pipe.recv()
        self.process.join()
        return seen, wrong

    def kill(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def _work(address, counts, seed, pipe):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_descriptors(sum(counts.values()) + 100)
    sitters = Sitters(address, counts, seed)
    sitters.run(pipe, pipe)
    pipe.send((sitters.seen, sitters.wrong))


def raise_descriptors(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
