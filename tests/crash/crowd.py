"""All clients of one data folder, in one thread: each is a script that says what to send next.

A script (stories.py) yields the calls that it wants sent at once, each over a connection of its
own, and is given one answer for each; None where the connection broke. It goes on over restarts: a
call without an answer is the script's to repeat, over a new connection.
"""

import selectors
import socket
import struct
import time
from collections import Counter

from calls import PROVIDER, STATUSES, Broken, Fault
from support.scene import QUERIES, flat
from support.snap import Caller, Partner
from support.wire import Closed, Wire, render

SILENCE_S = 30
PIPELINED_MAX = 50
RESET = struct.pack("ii", 1, 0)  # for SO_LINGER: closing resets the connection


class Lane:
    """One connection of a client; made anew after it broke."""

    def __init__(self, client, to_admin):
        self.client = client
        self.to_admin = to_admin
        self.wire = None
        self.call = None


class Client:
    def __init__(self, script):
        self.script = script
        self.next = next(script)
        self.answers = []
        self.missing = 0
        self.lanes = {}

    def lane(self, place, to_admin):
        """The connection for the call at that place; the admin address has others."""
        return self.lanes.setdefault((place, to_admin), Lane(self, to_admin))


class Crowd:
    def __init__(self, server, tellers):
        self.server = server
        self.tellers = tellers
        self.clients = [Client(teller.script()) for teller in tellers]
        self.selector = selectors.DefaultSelector()
        self.calls = {}  # all that were ever sent, by identity
        self.answered = []  # (call, status, body) of this life
        self.touched = set()  # calls attempted in this life
        self.life = 0
        self.serving = False
        self.figures = Counter()
        self._caller = None

    def begin(self):
        """The server serves anew."""
        self.life += 1
        if self._caller is None:
            partner = Partner.from_credentials(self.server.credentials())
            self._caller = Caller(self.server, partner)
        self._caller.hang_up()
        self._caller.token()
        self.answered, self.touched = [], set()

    def go_on(self, answers, delay, kill):
        """Lets all go on until so many answers have come and then for so many seconds; kills."""
        self.serving = True
        for client in self.clients:
            self._send(client)
        kill_at = None
        while kill_at is None or time.perf_counter() < kill_at:
            answers -= self._receive(0 if kill_at else SILENCE_S)
            if kill_at is None and answers <= 0:
                kill_at = time.perf_counter() + delay
        self.serving = False
        kill()
        self._read_what_was_sent()

    def finish(self):
        """Lets all come to the ends of their stories."""
        self.serving = True
        for teller in self.tellers:
            teller.ending = True
        for client in self.clients:
            self._send(client)
        while any(client.missing for client in self.clients):
            self._receive(SILENCE_S)
        self.serving = False

    def start_anew(self):
        """After finish(), and with nothing of what they did before in mind."""
        for lane in self._lanes():
            if lane.wire is not None:
                self._hang_up(lane)
        for teller in self.tellers:
            teller.forget()
        self.clients = [Client(teller.script()) for teller in self.tellers]

    def repeat(self, calls):
        """Repeats calls, many on one connection; their answers may not change."""
        for begin in range(0, len(calls), PIPELINED_MAX):
            portion = calls[begin:begin + PIPELINED_MAX]
            for to_admin in (False, True):
                self._repeat([call for call in portion if (call.service == PROVIDER) == to_admin],
                             to_admin)

    def _repeat(self, calls, to_admin):
        deadline = time.monotonic() + SILENCE_S
        while calls:
            with Wire(self._address(to_admin), timeout=SILENCE_S) as wire:
                wire.send(b"".join(self._rendered(call) for call in calls))
                again = [call for call in calls if not call.note(wire.receive(), self.life)]
            self.figures["repeated"] += len(calls) - len(again)
            calls = again
            if calls and time.monotonic() > deadline:
                raise Broken(f"in doubt whenever it is repeated: {calls[0]}")

    def status_of(self, transaction):
        """The state that a query tells of a transaction; None where there is no answer."""
        constant = transaction.constant
        if "trxId" in constant:
            service, body = QUERIES["va"], {"inquiryRequestId": constant["trxId"]}
        else:
            service = QUERIES[constant["kind"]]
            body = {"originalReferenceNo": constant["referenceNo"]}
        deadline = time.monotonic() + SILENCE_S
        while time.monotonic() < deadline:
            answer = self._caller.call(service, body)
            if answer.status == 404:
                return "not found"
            if answer.status == 200:
                told = flat(answer.json)
                return STATUSES[told.get("latestTransactionStatus") or told["paymentFlagStatus"]]
        return None

    def _address(self, to_admin):
        return self.server.admin.address if to_admin else self.server.address

    def _rendered(self, call):
        if isinstance(call, Fault) or call.service == PROVIDER:
            return self._rendered_for_admin(call)
        return self._caller.sign(self._caller.prepare(*call.signed)).render()

    def _rendered_for_admin(self, call):
        lines = [("Host", "admin"), ("Authorization", f"Bearer {self.server.admin.token}"),
                 ("Content-Length", str(len(call.body)))]
        if not isinstance(call, Fault):
            lines.append(("Idempotency-Key", call.external_id))
        return render("POST", call.path, lines, call.body)

    def _send(self, client):
        if client.next is None or client.missing:
            return
        calls, client.next = client.next, None
        client.answers = [None] * len(calls)
        client.missing = len(calls)
        for place, call in enumerate(calls):
            self._attempt(client, place, call)

    def _attempt(self, client, place, call):
        to_admin = isinstance(call, Fault) or call.service == PROVIDER
        lane = client.lane(place, to_admin)
        lane.call, lane.place = call, place
        if not isinstance(call, Fault):
            self.calls[call.identity] = call
            self.touched.add(call)
            self.figures["retries"] += call.attempts > 0
        call.attempts += 1
        self.figures["calls"] += 1
        if lane.wire is None:
            lane.wire = Wire(self._address(to_admin), timeout=SILENCE_S)
            self.selector.register(lane.wire.socket, selectors.EVENT_READ, lane)
        lane.wire.send(self._rendered(call))
        if call.abandoned:
            self._abandon(lane)

    def _abandon(self, lane):
        if lane.call.abandoned == "reset":
            lane.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        lane.call.abandoned = None
        self.figures["abandoned"] += 1
        self._hang_up(lane)
        self._take(lane, None)

    def _receive(self, timeout):
        """How many answers came."""
        ready = self.selector.select(timeout)
        if not ready and timeout:
            raise Broken(f"no answer within {timeout} s\n{self.server.log_text()}")
        for key, _ in ready:
            self._receive_one(key.data)
        return len(ready)

    def _receive_one(self, lane):
        if lane.call is None:
            raise Broken(f"an idle connection was closed, or spoke: {lane.wire.buffer[:300]!r}")
        try:
            answer = lane.wire.receive()
        except (Closed, OSError) as why:
            if self.serving and lane.call.fault != "drop-after-commit":
                raise Broken(f"the connection broke: {why}\n{lane.call}") from why
            answer = None
            self._hang_up(lane)
        self._take(lane, answer)

    def _read_what_was_sent(self):
        """What the server had sent before it was killed counts as answered."""
        for lane in self._lanes():
            if lane.call is not None:
                self._receive_one(lane)
            if lane.wire is not None:
                self._hang_up(lane)

    def _lanes(self):
        return [lane for client in self.clients for lane in client.lanes.values()]

    def _hang_up(self, lane):
        self.selector.unregister(lane.wire.socket)
        lane.wire.close()
        lane.wire = None

    def _take(self, lane, answer):
        call, lane.call = lane.call, None
        settled = call.note(answer, self.life)
        if not isinstance(call, Fault):
            call.fault = None
            self._count(call, answer, settled)
        client = lane.client
        client.answers[lane.place] = answer
        client.missing -= 1
        if not client.missing:
            client.next = next_of(client.script, client.answers)
            if self.serving:
                self._send(client)

    def _count(self, call, answer, settled):
        if settled:
            self.answered.append((call, answer.status, answer.body))
        kind = "in doubt" if not settled else "accepted" if answer.status == 200 else "refused"
        self.figures["queried" if call.is_query and settled else kind] += 1
        self.figures["overtaken"] += settled and answer.status == 404


def next_of(script, answers):
    try:
        return script.send(answers)
    except StopIteration:
        return None
