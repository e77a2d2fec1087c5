"""A prepared data folder, of which every run gets a copy, and the signed requests for it.

The folder holds payments that are neither paid nor cancelled. The timestamps of the requests hold
for an hour, so that they are made once; each is of another payment and has another external id.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.server import Server, binary  # noqa: E402
from support.snap import compact_json, timestamp  # noqa: E402

SETTINGS = {"BATAL_SERVICE_TIMESTAMP_WINDOW_S": "3600", "BATAL_TOKENS_LIFE_S": "7200"}
LIFE_S = 86400  # none may expire before it is cancelled
AMOUNT = {"value": "1500.00", "currency": "IDR"}
REFERENCE = re.compile(
    rb'"action":"create".*"referenceNo":"([^"]+)".*"partnerReferenceNo":"([^"]+)"')
REASON = "The customer closed the page of the checkout before the payment was made"


class World:
    def __init__(self, folder, load):
        self.folder = Path(folder)
        self.load = load
        self.base = self.folder / "base"
        self.base.mkdir()
        self.requests = self.folder / "requests"
        self.requests.mkdir()
        self.caller = None

    def fill(self, count):
        """Creates payments, and keeps their names."""
        with Server(self.base, environment=SETTINGS) as server:
            self.caller = server.demo_caller()
            self.caller.token()
            file = self.write("create", (("54", f"create-{i}", self.creation(i))
                                         for i in range(count)))
            played = self.load(server.address, file, "2005400", connections=64, seconds=600)
            assert played["wrong"] == 0 and played["answers"] == count, played
        self.payments = self.created()
        assert len(self.payments) == count

    def created(self):
        shown = subprocess.run([binary(), "ledger", "show", "--data", self.base / "data"],
                               capture_output=True, check=True).stdout
        return [(reference.decode(), own.decode()) for reference, own in REFERENCE.findall(shown)]

    def creation(self, number):
        return {"partnerReferenceNo": f"order-{number}",
                "merchantId": self.caller.partner.merchants[0], "amount": AMOUNT,
                "validUpTo": timestamp(self.caller.server.now() + LIFE_S)}

    def cancellation(self, number):
        reference, own = self.payments[number]
        return {"originalPartnerReferenceNo": own, "originalReferenceNo": reference,
                "merchantId": self.caller.partner.merchants[0], "reason": REASON,
                "amount": AMOUNT}

    def write(self, name, calls):
        """A file of signed requests for the load: (service, external id, body) each."""
        path = self.requests / name
        with open(path, "wb") as out:
            for service, external_id, body in calls:
                request = self.caller.sign(
                    self.caller.prepare(service, compact_json(body), external_id)).render()
                out.write(b"%d\n" % len(request) + request)
        return path

    def copy(self):
        """A folder for one run."""
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.base, run)
        return run
