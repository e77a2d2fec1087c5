"""A prepared data folder, of which every run gets a copy, and the signed requests for it.

The folder holds transactions of one kind that are neither paid nor cancelled. The timestamps of the
requests hold for hours, so that they are made once; each is of another transaction and has another
external id.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.server import Server, binary  # noqa: E402
from support.snap import (  # noqa: E402
    Caller, compact_json, hmac_signature, string_to_sign, timestamp)

SETTINGS = {"BATAL_SERVICE_TIMESTAMP_WINDOW_S": "21600", "BATAL_TOKENS_LIFE_S": "21600"}
LIFE_S = 86400  # none may expire before it is cancelled
AMOUNT = {"value": "1500.00", "currency": "IDR"}
CREATED = re.compile(rb'"externalId":"create-(\d+)".*?"referenceNo":"([^"]+)"')
REASON = "The customer closed the page of the checkout before the payment was made"
WHOLE_S = 3600  # what is played to its end may take, at most


class Kind(NamedTuple):
    """Which services create, cancel and query transactions of a kind, and where the creation says
    until when they live."""
    create: str
    cancel: str
    until: str


KINDS = {
    "debit": Kind("54", "57", "validUpTo"),
    "qris": Kind("47", "77", "validityPeriod"),
    "hold": Kind("63", "67", "validUpTo"),
    "va": Kind("27", "31", "expiredDate"),
}


def success(service):
    return f"200{service}00"


class SettledServer(Server):
    """`settle` is called in the process that is about to become it."""

    def __init__(self, folder, settle, **options):
        super().__init__(folder, **options)
        self.settle = settle

    def _limit(self):
        super()._limit()
        self.settle()


class SteadyCaller(Caller):
    """Keeps its first token, which lives as long as the bench needs it (SETTINGS)."""

    def token(self):
        return self._token or super().token()


class Signer:
    """Signs many requests of one service: what they share is made once."""
    MARKS = ("@external-id@", "@signature@")

    def __init__(self, caller, service):
        external_id, signature = self.MARKS
        request = caller.prepare(service, b"", external_id)
        request.headers["X-SIGNATURE"] = signature
        head = request.render().removesuffix(b"0\r\n\r\n").decode()
        self.first, rest = head.split(external_id)
        self.second, self.third = rest.split(signature)
        self.secret = caller.partner.client_secret
        self.signed = (request.method, request.path, caller.token())
        self.stamp = request.headers["X-TIMESTAMP"]

    def sign(self, external_id, body):
        """The bytes of a request; `body` has no white space outside strings."""
        signature = hmac_signature(self.secret, string_to_sign(*self.signed, body, self.stamp))
        head = (self.first, external_id, self.second, signature, self.third, str(len(body)),
                "\r\n\r\n")
        return "".join(head).encode() + body


class World:
    """Of one kind of KINDS. `load` plays requests (generator.play); `cores` are the server's while
    the folder is prepared, None for all."""

    def __init__(self, folder, load, kind="debit", cores=None):
        self.folder = Path(folder)
        self.load = load
        self.kind = KINDS[kind]
        self.cores = cores
        self.base = self.folder / "base"
        self.base.mkdir(parents=True)
        self.requests = self.folder / "requests"
        self.requests.mkdir()
        self.caller = None
        self.changes = 0  # creations and cancels in the folder

    def serve(self):
        return SettledServer(self.base, self.settle, environment=SETTINGS)

    def settle(self):
        if self.cores:
            os.sched_setaffinity(0, self.cores)

    def take_caller(self, server):
        if self.caller is None:
            self.caller = SteadyCaller(server, server.demo_caller().partner)
            self.caller.token()

    def fill(self, count):
        """Creates transactions, and keeps their reference numbers."""
        with self.serve() as server:
            self.take_caller(server)
            service = self.kind.create
            file = self.write("create", ((service, f"create-{i}", self.creation(i))
                                         for i in range(count)))
            self.play_all(server, file, service, count)
        self.references = self.created()
        assert len(self.references) == count

    def cancel_all(self, count):
        """Cancels the first `count` of them for good; the file of those requests."""
        service = self.kind.cancel
        file = self.write("cancelled", ((service, f"cancelled-{i}", self.cancellation(i))
                                        for i in range(count)))
        with self.serve() as server:
            self.play_all(server, file, service, count)
        return file

    def play_all(self, server, file, service, count):
        played = self.load(server.address, file, success(service), connections=64, seconds=WHOLE_S)
        assert played["wrong"] == 0 and played["answers"] == count, played
        self.changes += count

    def created(self):
        """The number of each creation -> the reference number that it was given."""
        return {int(found[1]): found[2].decode() for line in records(self.base / "data")
                if b'"action":"create"' in line and (found := CREATED.search(line))}

    def creation(self, number, life_s=LIFE_S):
        merchant = {"merchantId": self.caller.partner.merchants[0]}
        until = {self.kind.until: timestamp(self.caller.server.now() + life_s)}
        if self.kind == KINDS["va"]:
            return {**self.account(number), "virtualAccountName": "Jokul Doe",
                    "totalAmount": AMOUNT, **until, "additionalInfo": merchant}
        return {"partnerReferenceNo": f"order-{number}", **merchant, "amount": AMOUNT, **until}

    def account(self, number):
        service_id, customer = self.caller.partner.va_partner_service_id, f"{number:010}"
        return {"partnerServiceId": service_id, "customerNo": customer,
                "virtualAccountNo": service_id + customer, "trxId": f"order-{number}"}

    def cancellation(self, number):
        merchant = {"merchantId": self.caller.partner.merchants[0]}
        if self.kind == KINDS["va"]:
            return {**self.account(number), "additionalInfo": merchant}
        void = {"partnerVoidNo": f"void-{number}"} if self.kind == KINDS["hold"] else {}
        return {"originalPartnerReferenceNo": f"order-{number}",
                "originalReferenceNo": self.references[number], **merchant, **void,
                "reason": REASON, "amount": AMOUNT}

    def write_cancels(self, *parts):
        """A file for the numbers of each part."""
        return [self.write(f"cancel-{part}", ((self.kind.cancel, f"cancel-{i}",
                                               self.cancellation(i)) for i in numbers))
                for part, numbers in enumerate(parts)]

    def write(self, name, calls):
        """A file of signed requests for the load: (service, external id, body) each."""
        path = self.requests / name
        signers = {}
        with open(path, "wb") as out:
            for service, external_id, body in calls:
                if service not in signers:
                    signers[service] = Signer(self.caller, service)
                request = signers[service].sign(external_id, compact_json(body))
                out.write(b"%d\n" % len(request) + request)
        return path

    def copy(self):
        """A folder for one run, in place of the one before."""
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.base, run)
        return run


def records(data):
    """The lines of `ledger show`, of a data folder that nobody serves."""
    command = [binary(), "ledger", "show", "--data", data]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as show:
        yield from show.stdout
    if show.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {show.returncode}")
