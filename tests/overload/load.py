"""Creations of debit payments and their cancels, offered at a rate, each answer recorded.

Open loop: a call is due at its moment whether or not earlier ones have been answered; where no
connection is free another is opened. What is late is made up for, so that the number of calls
holds even where this machine cannot keep the rate. A cancel is due once its creation was accepted.
"""

import json
import selectors
import time
from collections import Counter, deque
from dataclasses import dataclass

from support.snap import compact_json, well_formed
from support.wire import Wire

SILENCE_S = 60
IDLE_MAX_S = 30  # kept unused for less than the server's idle time


@dataclass(slots=True)
class Sent:
    service: str
    external_id: str
    number: int
    at: float = 0.0
    seconds: float = 0.0
    status: int = 0


class Load:
    def __init__(self, caller, prefix):
        self.caller = caller
        self.prefix = prefix
        self.selector = selectors.DefaultSelector()
        self.free = deque()  # the one used last is the next to be used
        self.waiting = 0
        self.connections = 0
        self.made = 0
        self.cancels = deque()  # numbers of creations accepted and not yet cancelled
        self.sent = []
        self.wrong = []

    def offer(self, rate, count, beside=lambda: None):
        """So many calls at so many a second; `beside` is called again and again meanwhile."""
        began = time.monotonic()
        for done in range(count):
            while (late := time.monotonic() - (began + done / rate)) < 0:
                beside()
                self._receive(-late)
            self._receive(0)
            self._send()
        return time.monotonic() - began

    def keep_busy(self, clients, count):
        """So many calls, of which so many are always under way."""
        began = time.monotonic()
        for _ in range(count):
            while self.waiting >= clients:
                self._receive(SILENCE_S)
            self._send()
        self.finish()
        return time.monotonic() - began

    def finish(self):
        silent_since = time.monotonic()
        while self.waiting:
            if self._receive(1):
                silent_since = time.monotonic()
            assert time.monotonic() - silent_since < SILENCE_S, f"{self.waiting} calls unanswered"

    def statuses(self):
        return Counter(call.status for call in self.sent)

    def _next_call(self):
        if self.cancels:
            number = self.cancels.popleft()
            body = {"originalExternalId": f"{self.prefix}-54-{number}",
                    "originalPartnerReferenceNo": f"{self.prefix}-{number}"}
            return "57", number, body
        self.made += 1
        return "54", self.made, {"partnerReferenceNo": f"{self.prefix}-{self.made}",
                                 "amount": {"value": "1500.00", "currency": "IDR"}}

    def _send(self):
        service, number, body = self._next_call()
        call = Sent(service, f"{self.prefix}-{service}-{number}", number)
        request = self.caller.sign(self.caller.prepare(service, compact_json(body),
                                                       call.external_id))
        wire = self.free.pop() if self.free else self._connect()
        wire.call = call
        call.at = time.monotonic()
        wire.send(request.render())
        self.waiting += 1
        self.sent.append(call)
        self._close_idle(call.at)

    def _close_idle(self, now):
        while self.free and now - self.free[0].call.at > IDLE_MAX_S:
            wire = self.free.popleft()
            self.selector.unregister(wire.socket)
            wire.close()

    def _connect(self):
        wire = Wire(self.caller.server.address, timeout=SILENCE_S)
        self.connections += 1
        self.selector.register(wire.socket, selectors.EVENT_READ, wire)
        return wire

    def _receive(self, seconds):
        """Takes what has come within the time; how many answers."""
        ready = self.selector.select(seconds) if self.connections else []
        for key, _ in ready:
            wire = key.data
            self._note(wire.call, well_formed(wire.receive()))
            self.free.append(wire)
            self.waiting -= 1
        return len(ready)

    def _note(self, call, answer):
        call.seconds = time.monotonic() - call.at
        call.status = answer.status
        code = json.loads(answer.body)["responseCode"]
        if code not in (f"200{call.service}00", f"429{call.service}00", f"504{call.service}00"):
            self.wrong.append(f"{call.external_id}: {answer.body!r}")
        elif answer.status == 200 and call.service == "54":
            self.cancels.append(call.number)

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.data.close()
        self.selector.close()
