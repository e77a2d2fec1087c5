"""One partner on one server, and the transactions that a test made there."""

import copy
import uuid

from support.case_files import TABLES
from support.tables import Names

CREATES = {"debit": "54", "qris": "47", "hold": "63", "va": "27"}
CANCELS = {"debit": "57", "qris": "77", "hold": "67", "va": "31"}
QUERIES = {"debit": "55", "qris": "51", "hold": "64", "va": "26"}


def kind_of(service):
    return TABLES[service]["service"]["kind"]


class Scene:
    """`accepted` collects the (service, external id) of every call that must be in the log."""

    def __init__(self, caller, accepted=None):
        self.caller = caller
        self.server = caller.server
        self.accepted = accepted if accepted is not None else []
        merchants = caller.partner.merchants
        self.names = Names(caller.server.now, {
            "merchant": merchants[0],
            "otherMerchant": merchants[1] if len(merchants) > 1 else "",
            "va": caller.partner.va_partner_service_id,
            "partner": caller.partner.partner_id,
        }).renewed()

    def body(self, service, names=None, **changes):
        """The valid body of a service's table, top-level members changed."""
        request = copy.deepcopy(TABLES[service]["request"])
        return (names or self.names).fill({**request, **changes})

    def call(self, service, body, external_id=None):
        """Sends, and notes an accepted change."""
        external_id = external_id or uuid.uuid4().hex
        answer = self.caller.call(service, body, external_id)
        self.note(service, external_id, answer)
        return answer

    def note(self, service, external_id, answer):
        if answer.status == 200 and TABLES[service]["service"]["changes"]:
            self.accepted.append((service, external_id))

    def create(self, kind, name="", external_id=None, **changes):
        """A transaction under a name; its identifiers become names."""
        service = CREATES[kind]
        external_id = external_id or uuid.uuid4().hex
        body = self.body(service, self.names.renewed(), **changes)
        answer = self.call(service, body, external_id)
        assert answer.status == 200, (service, body, answer)
        return self.remember(kind, external_id, body, answer, name)

    def remember(self, kind, external_id, body, answer, name=""):
        """Takes over what a creation made. An account's reference number only 26 tells."""
        made = {"kind": kind, "externalId": external_id, **flat(body), **flat(answer.json)}
        if kind == "va":
            status = self.query("va", inquiryRequestId=made["trxId"]).json["virtualAccountData"]
            made["referenceNo"] = status["paymentRequestId"]
        self.adopt(made, name)
        return made

    def adopt(self, made, name=""):
        prefix = f"{name}." if name else ""
        self.names.values.update({prefix + key: value for key, value in made.items()})

    def made(self, name=""):
        prefix = f"{name}." if name else ""
        return {key.removeprefix(prefix): value for key, value in self.names.values.items()
                if key.startswith(prefix) and "." not in key.removeprefix(prefix)}

    def act(self, verb, name="", key=None):
        """pay, fail, refund, expire through the provider API; cancel, capture as the partner."""
        made = self.made(name)
        if verb in ("cancel", "capture"):
            service = CANCELS[made["kind"]] if verb == "cancel" else "65"
            local = Names(self.server.now, {**self.names.values, **made}).renewed()
            answer = self.call(service, self.body(service, local))
        else:
            key = key or uuid.uuid4().hex
            answer = self.server.admin.change(self.caller.partner.client_id, made["referenceNo"],
                                              verb, key)
            if answer.status == 200:
                self.accepted.append(("00", key))
        assert answer.status == 200, (verb, made, answer)
        return answer

    def query(self, kind, **members):
        return self.caller.call(QUERIES[kind], members)

    def status(self, name=""):
        """The SNAP status code of a transaction, asked for by our identifier."""
        made = self.made(name)
        if made["kind"] == "va":
            answer = self.query("va", inquiryRequestId=made["trxId"])
            return answer.json["virtualAccountData"]["paymentFlagStatus"]
        answer = self.query(made["kind"], originalReferenceNo=made["referenceNo"])
        assert answer.status == 200, answer
        return answer.json["latestTransactionStatus"]


def flat(body):
    """Text members at any depth by their own name; what identifies is unique among them."""
    found = {}
    for key, value in body.items():
        if isinstance(value, dict):
            found = {**flat(value), **found}
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found = {**flat(value[0]), **found}
        elif isinstance(value, str):
            found[key] = value
    return found
