"""What a client does: transactions from their creation to their end, in every way that matters.

Every call may meet trouble on its way (a connection given up, a fault of the sandbox, a kill) and
is then repeated, as it was, until its answer is known. Here is only checked what a client can know
without the log; all answers are held against that too (book.py).
"""

import json

from calls import Broken, Call, Fault, Report
from support.case_files import TABLES
from support.scene import CANCELS, CREATES, QUERIES, Scene, flat
from support.snap import compact_json
from support.tables import Names
from support.world import LIFE

KINDS = list(CREATES)
FAULTS = ["drop-after-commit", "timeout-after-commit", "timeout-before-commit"]
ABANDONED, FAULTY, TWIN, NOTE = 0.04, 0.04, 0.05, 0.1  # how often
NOTE_BYTES_MAX = 60_000  # in some bodies, so that the log's files fill
SHORT_S = 35  # the least that a creation may ask for is 20, and its retries take time
SHORT_KEPT = 20  # short-lived transactions that a client keeps for later
ENDED_KEPT = 100  # transactions that have come to their ends


class Made:
    """A creation, and the names of all that it and its answer say."""

    def __init__(self, kind, call, names):
        self.kind = kind
        self.call = call
        self.names = names


class Teller:
    """One client's script. `prefix` begins all its identifiers."""

    def __init__(self, rng, prefix, caller):
        self.rng = rng
        self.prefix = prefix
        self.caller = caller
        self.names = Scene(caller).names
        self.made = 0
        self.short_lived = []
        self.ended = []  # with the statuses that they may have
        self.ending = False
        self.notes = NOTE  # how often a body has one

    def script(self):
        while not self.ending:
            yield from self.rng.choices(STORIES, WEIGHTS)[0](self)

    def forget(self):
        """All that has gone on so far; it may be pruned meanwhile."""
        self.short_lived, self.ended, self.ending = [], [], False

    def new_id(self):
        self.made += 1
        return f"{self.prefix}-{self.made}"

    # Calls and their bodies.

    def body(self, service, made=None, **changes):
        new = self.new_id()
        customer = f"{self.rng.randrange(10**12):012}"
        values = {**self.names.values, **(made.names if made else {}),
                  "new": new, **({} if made else {"customer": customer})}
        if self.rng.random() < self.notes:
            changes["note"] = "n" * self.rng.randrange(NOTE_BYTES_MAX)
        return Names(self.names.now, values).fill({**TABLES[service]["request"], **changes})

    def creation(self, kind, **changes):
        service, body = CREATES[kind], self.body(CREATES[kind], **changes)
        call = Call(service, compact_json(body), self.new_id())
        return Made(kind, call, {**flat(body), "externalId": call.external_id})

    def change(self, service, made, by_creation=False, **changes):
        """A cancel or capture, by reference number or by the creation's own identifier."""
        names = {"referenceNo": ""}
        body = self.body(service, Made(made.kind, made.call, {**names, **made.names}), **changes)
        if by_creation and made.kind != "va":
            del body["originalReferenceNo"]
            body["originalExternalId"] = made.call.external_id
        overtakes = by_creation and service in CANCELS.values()
        return Call(service, compact_json(body), self.new_id(), made.call, overtakes)

    def cancel(self, made, by_creation=False):
        return self.change(CANCELS[made.kind], made, by_creation)

    def report(self, verb, made):
        return Report(self.caller.partner.client_id, made.names["referenceNo"], verb,
                      self.new_id(), made.call)

    # Sending.

    def settle(self, *calls):
        """Sends calls at once, and each again until its answer is known; returns the answers."""
        attempts = []
        for call in calls:
            attempts.append(call)
            yield from self.prepare_trouble(call, attempts)
        known = {}
        while attempts:
            answers = yield attempts
            for call, answer in zip(attempts, answers):
                if answer is not None and answer.status != 504:
                    known[call] = answer
            attempts = [call for call in dict.fromkeys(attempts) if call not in known]
        return [known[call] for call in calls]

    def prepare_trouble(self, call, attempts):
        what = self.rng.random()
        if what < ABANDONED:
            call.abandoned = self.rng.choice(["close", "reset"])
        elif what < ABANDONED + FAULTY and not isinstance(call, Report):
            call.fault = self.rng.choice(FAULTS)
            yield [Fault(call, call.fault)]
        elif what < ABANDONED + FAULTY + TWIN:
            attempts.append(call)

    def create(self, kind=None, **changes):
        """Creates, and learns the reference number."""
        made = self.creation(kind or self.rng.choice(KINDS), **changes)
        [answer] = yield from self.settle(made.call)
        if answer.status != 200:
            expect(changes, made.call)  # its expiry has come too near
            return None
        yield from self.learn(made, answer)
        return made

    def learn(self, made, answer):
        made.names = {**flat(json.loads(answer.body)), **made.names}
        if made.kind == "va":
            shown = yield from self.query(made)
            made.names["referenceNo"] = shown["paymentRequestId"]

    def query(self, made):
        """What the query tells, flat."""
        if made.kind == "va":
            body = {"inquiryRequestId": made.names["trxId"]}
        else:
            body = {"originalReferenceNo": made.names["referenceNo"]}
        call = Call(QUERIES[made.kind], compact_json(body), self.new_id(), made.call)
        [answer] = yield from self.settle(call)
        return flat(json.loads(answer.body))

    def remember_end(self, made, *statuses):
        if len(self.ended) == ENDED_KEPT:
            self.ended.pop(self.rng.randrange(ENDED_KEPT))
        self.ended.append((made, statuses))

    def expect_status(self, made, *statuses):
        shown = yield from self.query(made)
        status = shown.get("latestTransactionStatus", shown.get("paymentFlagStatus"))
        expect(status in statuses, f"{status}, not {statuses}: {shown}", made.call)


def expect(condition, *evidence):
    if not condition:
        raise Broken("not as it must be: " + "\n".join(map(str, evidence)))


# The stories.


def cancelled(teller):
    made = yield from teller.create()
    [answer] = yield from teller.settle(teller.cancel(made, teller.rng.random() < 0.3))
    expect(answer.status == 200, answer)
    yield from teller.expect_status(made, "05")
    teller.remember_end(made, "05")
    if teller.rng.random() < 0.3:
        [answer] = yield from teller.settle(teller.cancel(made))
        expect(b"already cancelled" in answer.body, answer)


def reported(teller):
    """Paid, failed or expired by report; then neither cancelled nor, but for a refund, changed."""
    kind = teller.rng.choice(KINDS)
    made = yield from teller.create(kind)
    verb = teller.rng.choice(["fail", "expire"] + ["pay"] * (kind != "hold"))
    [answer] = yield from teller.settle(teller.report(verb, made))
    expect(answer.status == 200, answer)
    if verb == "pay" and teller.rng.random() < 0.5:
        [answer] = yield from teller.settle(teller.report("refund", made))
        expect(answer.status == 200, answer)
    [answer] = yield from teller.settle(teller.cancel(made))
    expect(answer.status == 403, answer)
    yield from teller.expect_status(made, "00", "04", "06", "08")
    teller.remember_end(made, "00", "04", "06", "08")


def captured(teller):
    made = yield from teller.create("hold")
    [answer] = yield from teller.settle(teller.change("65", made))
    expect(answer.status == 200, answer)
    [answer] = yield from teller.settle(teller.cancel(made))
    expect(b"already captured" in answer.body, answer)
    if teller.rng.random() < 0.3:
        [answer] = yield from teller.settle(teller.report("refund", made))
        expect(answer.status == 200, answer)


def overtaken(teller):
    """The cancel is sent before the creation, or at the same time."""
    made = teller.creation(teller.rng.choice(KINDS))
    cancel = teller.cancel(made, by_creation=True)
    if teller.rng.random() < 0.5:
        [first] = yield from teller.settle(cancel)
        [second] = yield from teller.settle(made.call)
        expect((first.status, second.status) == (404, 403), first, second)
    else:
        calls = [cancel, made.call]
        teller.rng.shuffle(calls)
        answers = dict(zip(calls, (yield from teller.settle(*calls))))
        expect((answers[cancel].status, answers[made.call].status) in [(404, 403), (200, 200)],
               answers)
    if teller.rng.random() < 0.3:
        [answer] = yield from teller.settle(teller.cancel(made, by_creation=True))
        expect(answer.status in (403, 404), answer)


def raced(teller):
    """Two or three changes at once, of which only one can be."""
    made = yield from teller.create()
    other = teller.change("65", made) if made.kind == "hold" else teller.report("pay", made)
    rivals = [teller.cancel(made), teller.rng.choice([other, teller.report("fail", made)])]
    if teller.rng.random() < 0.3:
        rivals.append(teller.cancel(made, by_creation=True))
    answers = yield from teller.settle(*rivals)
    expect([answer.status for answer in answers].count(200) == 1, *answers)


def short_lived(teller):
    """Left alone until it has expired, or nearly."""
    kind = teller.rng.choice(KINDS)
    made = yield from teller.create(kind, **{LIFE[kind]: f"{{now+{SHORT_S}}}"})
    if made is not None:
        teller.short_lived.append(made)
    if len(teller.short_lived) > SHORT_KEPT:
        yield from teller.settle(teller.cancel(teller.short_lived.pop(0)))


def looked_back(teller):
    """Something that ended before, which may stand in any segment by now."""
    if not teller.ended:
        return
    made, statuses = teller.rng.choice(teller.ended)
    yield from teller.expect_status(made, *statuses)
    [answer] = yield from teller.settle(teller.cancel(made, teller.rng.random() < 0.3))
    expect(answer.status == 403, answer)


STORIES = [cancelled, reported, captured, overtaken, raced, short_lived, looked_back]
WEIGHTS = [8, 4, 2, 5, 5, 3, 4]
