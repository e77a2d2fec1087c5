"""What the log says, read once and then only what is new; and answers held against it.

The log is taken as `batal ledger show` prints it. What was there at one check must be there at the
next, byte for byte; of what is new every record must follow from those before it, and every event
must be that of a call that was made and not refused.
"""

import json
import re
from datetime import datetime
from itertools import pairwise

from calls import PROVIDER, STATUSES, Broken
from support.scene import CREATES, flat
from support.snap import timestamp
from support.world import LIFE

PARTNER = "demo"
NEXT = {("pending", "cancel"): "cancelled", ("authorised", "cancel"): "cancelled",
        ("authorised", "capture"): "paid", ("pending", "pay"): "paid",
        ("pending", "fail"): "failed", ("authorised", "fail"): "failed",
        ("paid", "refund"): "refunded",
        ("pending", "expire"): "expired", ("authorised", "expire"): "expired"}
REASONS = {"already cancelled": "cancelled", "already paid": "paid", "already captured": "paid",
           "already refunded": "refunded", "failed": "failed", "expired": "expired"}
SEQUENCE = re.compile(rb'^\{"sequence": ?(\d+),', re.M)  # of a line of the log
REASON = re.compile(r"\.\[([a-z ]+)\]\.$")
TIMES = ("cancelTime", "voidTime", "captureTime", "changedAt")
NUMBERS = ("voidNo", "captureNo")
LIVE = ("pending", "authorised")
CHANGING = ("state", "paidAt", "refundedAt", "refundNo")  # members of a transaction in the log
LEAST_LIFE_S = 20  # that a creation may ask for
EVIDENCE_MAX = 1000  # characters of each part
CREATIONS = set(CREATES.values())


class Transaction:
    """One transaction: what it is for ever, and every state that it ever had."""

    def __init__(self, shown):
        self.constant = constant(shown)
        self.expires_at = shown["expiresAt"]
        self.state = shown["state"]
        self.states = {self.state}


def seconds_of(time):
    return datetime.fromisoformat(time).timestamp()


def without_pruned(text):
    """What comes after the last gap: what was pruned while the log was being read, in which the
    records before it were still there."""
    lines = [(int(found[1]), found.start()) for found in SEQUENCE.finditer(text)]
    for (before, _), (sequence, begin) in reversed(list(pairwise(lines))):
        if sequence != before + 1:
            return text[begin:]
    return text


def constant(shown):
    return {key: value for key, value in shown.items() if key not in CHANGING}


def check(condition, *evidence):
    if not condition:
        raise Broken("\n".join(str(part)[:EVIDENCE_MAX] for part in evidence))


class Book:
    """`kept_s`: how long identities and ended transactions are kept, for a log that is pruned."""

    def __init__(self, kept_s=None):
        self.kept_s = kept_s
        self.text = b""  # what the log must begin with
        self.begins_with = 1  # the sequence of its first record
        self.sequence = 0
        self.at = ""
        self.now = 0  # of the server, when the log was last taken
        self.events = {}  # by (service, external id)
        self.transactions = {}  # by reference number
        self.not_found = {}  # the end of every "not found yet", by the creation's key

    def take(self, text, calls, life, now=0):
        """Reads on. `calls` are all that were ever made, by identity; calls may have been in doubt
        in that life, which is over. `now` is the server's time, in seconds."""
        self.now = now
        if self.kept_s is not None:
            text = without_pruned(text)
        pruned = self._forget_pruned(text)
        check(text.startswith(self.text), "the log no longer begins as it did:",
              first_difference(self.text, text))
        for line in text[len(self.text):].splitlines():
            self._record(json.loads(line), calls, life)
        self.text = text
        for line in pruned.splitlines():
            self._pruned(json.loads(line), now)

    def _forget_pruned(self, text):
        """What a log with a keeping no longer begins with; empty where there is nothing."""
        end = 0
        if self.kept_s is not None and text:
            first = json.loads(text[:text.index(b"\n")])["sequence"]
            for _ in range(self.begins_with, min(first, self.sequence + 1)):
                end = self.text.index(b"\n", end) + 1
                self.begins_with += 1
        pruned, self.text = self.text[:end], self.text[end:]
        return pruned

    def _pruned(self, record, now):
        """It was past its keeping."""
        check(now - seconds_of(record["at"]) > self.kept_s, "pruned too early:", record)
        check(now > seconds_of(record.get("until", record["at"])), "still holds:", record)
        if record["record"] == "event":
            known = self.transactions[record["transaction"]["referenceNo"]]
            check(known.state not in LIVE, "it lives, and was pruned:", record)

    def _record(self, record, calls, life):
        check(record["sequence"] == self.sequence + 1, "after", self.sequence, "comes", record)
        check(record["at"] >= self.at, "decision time goes back from", self.at, "to", record)
        self.sequence, self.at = record["sequence"], record["at"]
        if record["record"] == "event":
            self._event(record)
            if "externalId" in record:
                self._made_by(record, calls, life)
        elif record["record"] == "notFoundYet":
            self._not_found(record)

    def _event(self, event):
        shown, action = event["transaction"], event["action"]
        known = self.transactions.get(shown["referenceNo"])
        if action == "create":
            check(known is None, "created twice:", event)
            self._created(event)
            return
        check(known is not None, "of no transaction:", event)
        check(constant(shown) == known.constant, "the transaction changed:", known.constant, event)
        check(NEXT.get((known.state, action)) == shown["state"], "from", known.state, event)
        swept = action == "expire" and "externalId" not in event
        check(known.state == "paid" or action == "expire" or event["at"] < known.expires_at,
              "after its expiry:", event)
        check(not swept or event["at"] >= known.expires_at, "before its expiry:", event)
        known.state = shown["state"]
        known.states.add(known.state)

    def _created(self, event):
        shown = event["transaction"]
        first = "authorised" if shown["kind"] == "hold" else "pending"
        check(shown["state"] == first, "created as", event)
        self.transactions[shown["referenceNo"]] = Transaction(shown)
        for key in (identity_of(event), ("trxId", shown.get("trxId"))):
            check(event["at"] >= self.not_found.get(key, ""), "told to be not found until",
                  self.not_found.get(key), "but created:", event)

    def _made_by(self, event, calls, life):
        identity = identity_of(event)
        check(event["partner"] == PARTNER, "of a partner that made no call:", event)
        check(identity not in self.events, "twice in the log:", self.events.get(identity), event)
        self.events[identity] = event
        call = calls.get(identity)
        check(call is not None, "of a call that was never made:", event)
        check(call.first or call.doubt_life == life, "of a call that was refused:", call, event)
        if call.service == PROVIDER:
            check(event["action"] == call.verb, "another deed:", call, event)
        else:
            check(event["request"] == json.loads(call.body), "another body:", call, event)
            check(event["fingerprint"] == call.fingerprint, "another fingerprint:", call, event)
        call.in_log = True

    def _not_found(self, record):
        if "trxId" in record:
            key = "trxId", record["trxId"]
        else:
            key = identity_of(record)
            check(key not in self.events, "told to be not found:", self.events.get(key), record)
        self.not_found[key] = record["until"]

    def holds_accepted(self, call):
        """The event of an accepted call, and what its answer tells of it."""
        check(call.in_log, "accepted, and lost:", call)
        event = self.events[call.identity]
        told = flat(json.loads(call.first[1]))
        expected = {key: told[key] for key in told.keys() & {*TIMES, *NUMBERS}}
        at = timestamp(seconds_of(event["at"]))
        shown = {**dict.fromkeys(TIMES, at), **dict.fromkeys(NUMBERS, event.get("actionNo"))}
        reference = told.get("originalReferenceNo", told.get("referenceNo"))
        check(all(shown[key] == value for key, value in expected.items()) and
              reference in (None, event["transaction"]["referenceNo"]) and
              told.get("state", event["transaction"]["state"]) == event["transaction"]["state"],
              "the answer tells of another event:", told, event)

    def holds_refused(self, call, status, body):
        """What a refusal or a query's answer tells must stand in the log."""
        told = json.loads(body)
        if status == 400 and call.service in CREATIONS:
            check(self._is_too_short(call), "a creation was refused:", told, call)
            return
        if call.is_query:
            state = STATUSES.get(flat(told).get("latestTransactionStatus") or
                                 flat(told).get("paymentFlagStatus"))
        elif call.service == PROVIDER:
            state = told.get("state")
        elif status == 404 and call.overtakes:
            state = "not found"
        else:
            reason = REASON.search(told["responseMessage"])
            state = REASONS.get(reason and reason[1])
        check(self._is_so(call, state), f"the log does not say so ({state}):", told, call)

    def _is_too_short(self, call):
        """The life that it asks for, by now: it was made a while ago."""
        body = json.loads(call.body)
        ends = [body[name] for name in LIFE.values() if name in body]
        return any(seconds_of(end) <= self.now + LEAST_LIFE_S for end in ends)

    def _is_so(self, call, state):
        if state == "not found" or (call.service in CREATIONS and state == "cancelled"):
            return call.awaited in self.not_found
        creation = self.events.get(call.subject.identity)
        if creation is None:
            return False
        known = self.transactions[creation["transaction"]["referenceNo"]]
        return state in known.states or (state == "expired" and self.at >= known.expires_at)


def identity_of(record):
    return f"{record['service']:02}", record["externalId"]


def first_difference(before, now):
    lines = zip(before.splitlines(), [*now.splitlines(), b"(the end)"])
    return next((f"{old}\n{new}" for old, new in lines if old != new), "its end is missing")
