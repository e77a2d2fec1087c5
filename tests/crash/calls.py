"""One call with all its attempts, and what is known of it.

A call that was accepted is known by its first answer for ever. One that was refused was certainly
not done, until it is tried again. One without an answer, or with 504, is in doubt until the next
restart: then what the log holds is all that will ever come of attempts made before it.
"""

import hashlib
import json

from support.case_files import TABLES

PROVIDER = "00"  # the service under which the log keeps what the provider API changed
STATUSES = {"00": "paid", "01": "authorised", "03": "pending", "04": "refunded",
            "05": "cancelled", "06": "failed", "08": "expired"}


class Broken(Exception):
    """The promise is broken. The text is the evidence."""


class Call:
    """`subject` is the creation of the transaction that the call is about. `overtakes`: it names
    that creation and not its transaction, so that "not found" is an answer; `awaited` is then the
    key under which the log keeps that answer."""

    fault = None  # the sandbox's fault that its next attempt meets
    abandoned = None  # its next attempt hangs up without an answer: with "close" or "reset"

    def __init__(self, service, body, external_id, subject=None, overtakes=False):
        self.service = service
        self.body = body
        self.external_id = external_id
        self.subject = subject or self
        self.overtakes = overtakes
        self.first = None
        self.refusal = None
        self.in_log = False
        self.doubt_life = None
        self.attempts = 0

    def __str__(self):
        return (f"{self.service} {self.external_id} {self.body[:300]!r}: {self.attempts} attempts, "
                f"accepted {self.first}, refused {self.refusal}, in doubt {self.doubt_life}, "
                f"in the log {self.in_log}")

    @property
    def identity(self):
        return self.service, self.external_id

    @property
    def signed(self):
        """What a caller signs."""
        return self.service, self.body, self.external_id

    @property
    def is_query(self):
        return self.service != PROVIDER and not TABLES[self.service]["service"]["changes"]

    @property
    def awaited(self):
        creation = self.subject
        if creation.service == "27":
            return "trxId", json.loads(creation.body)["trxId"]
        return creation.identity

    @property
    def fingerprint(self):
        return hashlib.sha256(self.body).hexdigest()

    def note(self, answer, life):
        """Takes what an attempt brought in that life of the server; false if it stays in doubt."""
        if answer is None or answer.status == 504:
            self.doubt_life = life
            return False
        got = answer.status, answer.body
        if self.is_query:
            self.refusal = got
        elif self.first not in (None, got):
            raise Broken(f"another answer than at first: {got}\n{self}")
        elif answer.status == 200:
            self.first = got
        elif self.in_log:
            raise Broken(f"it is in the log, and was refused: {got}\n{self}")
        else:
            self.refusal = got
        return True


class Report(Call):
    """A report of the provider's systems: pay, fail, refund or expire."""

    def __init__(self, client_id, reference_no, verb, key, subject):
        super().__init__(PROVIDER, b"", key, subject)
        self.verb = verb
        self.path = f"/provider/v1/partners/{client_id}/transactions/{reference_no}/{verb}"


class Fault:
    """The next attempt of a call meets this fault of the sandbox."""

    attempts = 0
    abandoned = fault = None
    path = "/sandbox/faults"

    def __init__(self, call, fault):
        self.body = json.dumps({"externalId": call.external_id, "fault": fault}).encode()

    def note(self, answer, life):
        """A restart forgets the fault, so it is not tried again."""
        del life
        if answer is not None and answer.status != 201:
            raise Broken(f"a fault was not taken: {answer}")
        return True
