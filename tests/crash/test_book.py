"""The book takes a good log, and finds each way in which a log can be wrong."""

import copy
import json

import pytest
from book import Book, seconds_of
from calls import Broken, Call, Report
from support.wire import Answer

LIFE = 1
BODY = {"partnerReferenceNo": "p"}
TRANSACTION = {"referenceNo": "A1", "kind": "debit", "state": "pending", "externalId": "make",
               "amount": "1.00", "createdAt": "2026-01-01T00:00:01.000000Z",
               "expiresAt": "2026-01-01T00:15:01.000000Z"}


def event(sequence, action, call, **changes):
    return {"sequence": sequence, "at": f"2026-01-01T00:00:{sequence:02}.000000Z",
            "record": "event", "action": action, "partner": "demo", "service": int(call.service),
            "externalId": call.external_id, "fingerprint": call.fingerprint,
            **({"request": BODY} if call.body else {}),
            "transaction": {**TRANSACTION, **changes}}


def not_found(sequence, external_id):
    return {"sequence": sequence, "at": f"2026-01-01T00:00:{sequence:02}.000000Z",
            "record": "notFoundYet", "partner": "demo", "service": 54, "externalId": external_id,
            "until": "2026-01-01T00:10:00.000000Z"}


class History:
    """Made and paid; not found, and then refused."""

    def __init__(self):
        body = json.dumps(BODY).encode()
        self.make = Call("54", body, "make")
        self.pay = Report("demo", "A1", "pay", "pay", self.make)
        self.late = Call("54", body, "late")
        self.early = Call("57", body, "early", self.late, overtakes=True)
        self.cancel = Call("57", body, "cancel", self.make)
        self.calls = {call.identity: call for call in
                      (self.make, self.pay, self.late, self.early, self.cancel)}
        self.make.note(accepted({"referenceNo": "A1"}), LIFE)
        self.pay.note(accepted({"referenceNo": "A1", "state": "paid",
                                "changedAt": "2026-01-01T07:00:02+07:00"}), LIFE)
        self.log = [event(1, "create", self.make), event(2, "pay", self.pay, state="paid"),
                    not_found(3, "late")]

    def text(self, begin=0):
        return "".join(json.dumps(record) + "\n" for record in self.log[begin:]).encode()

    def taken(self, kept_s=None):
        book = Book(kept_s)
        book.take(self.text(), self.calls, LIFE)
        return book

    def check(self):
        book = self.taken()
        for call in (self.make, self.pay):
            book.holds_accepted(call)
        book.holds_refused(self.early, 404, b'{"responseMessage":"Transaction Not Found"}')
        book.holds_refused(self.cancel, 403, refusal("already paid"))
        book.holds_refused(self.late, 403, refusal("already cancelled"))


def accepted(members):
    return Answer(200, [], json.dumps(members).encode())


def refusal(reason):
    return json.dumps({"responseMessage": f"Transaction Not Permitted.[{reason}]."}).encode()


def test_a_good_log():
    History().check()


@pytest.mark.parametrize("now, is_right", [("07:59:40", True), ("07:59:39", False)])
def test_a_creation_whose_end_had_come_too_near(now, is_right):
    history = History()
    book = history.taken()
    book.take(history.text(), history.calls, LIFE, seconds_of(f"2026-01-01T{now}+07:00"))
    short = Call("54", b'{"validUpTo":"2026-01-01T08:00:00+07:00"}', "short")
    if is_right:
        book.holds_refused(short, 400, b'{"responseCode":"4005401"}')
        return
    with pytest.raises(Broken, match="a creation was refused"):
        book.holds_refused(short, 400, b'{"responseCode":"4005401"}')


def added(action, call, **changes):
    return lambda it: it.log.append(event(len(it.log) + 1, action, getattr(it, call), **changes))


def set_in(number, **changes):
    return lambda it: it.log[number].update(changes)


def set_transaction(number, **changes):
    return lambda it: it.log[number]["transaction"].update(changes)


def cut(it):
    del it.log[1:]


def refused(name):
    def forget(it):
        getattr(it, name).first = None
        getattr(it, name).refusal = 403, b""
    return forget


def renamed(it):
    for number in (0, 1):
        it.log[number]["transaction"]["referenceNo"] = "A2"


def expired(it):
    it.log[1]["at"] = it.log[2]["at"] = "2026-01-01T01:00:00.000000Z"


WRONG = [
    (cut, "accepted, and lost"),
    (lambda it: it.log.pop(0), "after\n0\ncomes"),
    (set_in(1, at="2025"), "goes back"),
    (lambda it: it.log.insert(0, it.log[0]), "after\n1\ncomes"),
    (added("create", "make"), "created twice"),
    (added("create", "make", referenceNo="A2"), "twice in the log"),
    (added("cancel", "cancel", state="cancelled"), "from\npaid"),
    (added("cancel", "cancel", referenceNo="A2"), "of no transaction"),
    (added("refund", "cancel", state="refunded"), "a call that was refused"),
    (added("create", "late", referenceNo="A2", externalId="late"), "told to be not found until"),
    (lambda it: it.log.append(not_found(4, "make")), "told to be not found"),
    (refused("pay"), "a call that was refused"),
    (lambda it: it.calls.pop(it.make.identity), "never made"),
    (set_in(0, partner="other"), "of a partner"),
    (set_in(0, request={}), "another body"),
    (set_in(0, fingerprint="00"), "another fingerprint"),
    (set_in(1, action="fail"), "from\npending"),
    (set_transaction(0, state="paid"), "created as"),
    (set_transaction(1, amount="2.00"), "the transaction changed"),
    (set_in(1, at="2026-01-01T00:00:03.000000Z"), "tells of another event"),
    (renamed, "tells of another event"),
    (lambda it: it.log.pop(), "the log does not say so"),
    (expired, "after its expiry"),
]


@pytest.mark.parametrize("spoil, said", WRONG)
def test_a_wrong_log(spoil, said):
    history = History()
    spoil(history)
    with pytest.raises(Broken) as broken:
        history.check()
    assert said in str(broken.value)


@pytest.mark.parametrize("call, status, body", [
    ("cancel", 403, refusal("already cancelled")), ("cancel", 404, b'{"responseMessage":""}'),
    ("make", 403, refusal("already cancelled")), ("cancel", 500, b'{"responseMessage":""}')])
def test_a_wrong_refusal(call, status, body):
    history = History()
    with pytest.raises(Broken, match="does not say so"):
        history.taken().holds_refused(getattr(history, call), status, body)


def test_the_past_may_not_change():
    history = History()
    book = history.taken()
    with pytest.raises(Broken, match="no longer begins"):
        book.take(copy.copy(book.text).replace(b"A1", b"A2"), history.calls, LIFE)
    with pytest.raises(Broken, match="its end is missing|no longer begins"):
        book.take(book.text[:-200], history.calls, LIFE)


def test_answers_may_not_change():
    history = History()
    for answer in (accepted({}), Answer(403, [], b"")):
        with pytest.raises(Broken, match="another answer"):
            history.make.note(answer, LIFE)
    history.late.in_log = True
    with pytest.raises(Broken, match="it is in the log, and was refused"):
        history.late.note(Answer(403, [], b""), LIFE)


def pruned(begin, now, live=False):
    """Takes the log again that no longer has its first records."""
    history = History()
    if live:
        history.late.doubt_life = LIFE
        history.log[1] = event(2, "create", history.late, referenceNo="A2", externalId="late")
        del history.log[2]
    book = history.taken(kept_s=600)
    history.log.append(not_found(len(history.log) + 1, "more"))
    book.take(history.text(begin), history.calls, LIFE, seconds_of(now))
    book.take(history.text(begin), history.calls, LIFE, seconds_of(now))
    return book


def test_a_log_that_is_pruned():
    book = pruned(2, "2026-01-01T00:10:03.000000Z")
    assert (book.begins_with, book.sequence) == (3, 4)
    assert pruned(3, "2026-01-01T00:20:00.000000Z").begins_with == 4


def test_a_log_that_is_pruned_while_it_is_read():
    history = History()
    book = history.taken(kept_s=600)
    history.log.append(not_found(4, "more"))
    first, *_ = history.text().splitlines(keepends=True)
    now = seconds_of("2026-01-01T00:10:03.000000Z")
    book.take(first + history.text(2), history.calls, LIFE, now)
    assert (book.begins_with, book.sequence) == (3, 4)
    with pytest.raises(Broken, match="pruned too early"):
        history.taken(kept_s=600).take(first + history.text(2), history.calls, LIFE, now - 2)


@pytest.mark.parametrize("begin, now, live, said", [
    (1, "2026-01-01T00:10:01.000000Z", False, "pruned too early"),
    (3, "2026-01-01T00:10:00.000000Z", False, "pruned too early"),
    (2, "2026-01-01T01:00:00.000000Z", True, "it lives")])
def test_what_is_not_past_its_keeping(begin, now, live, said):
    with pytest.raises(Broken, match=said):
        pruned(begin, now, live)


def test_a_word_that_still_holds():
    history = History()
    history.log[2]["until"] = "2026-01-01T02:00:00.000000Z"
    book = history.taken(kept_s=600)
    history.log.append(not_found(4, "more"))
    with pytest.raises(Broken, match="still holds"):
        book.take(history.text(3), history.calls, LIFE, seconds_of("2026-01-01T01:00:00.000000Z"))


def test_a_log_that_is_not_pruned_keeps_its_beginning():
    history = History()
    book = history.taken()
    with pytest.raises(Broken, match="no longer begins"):
        book.take(history.text(1), history.calls, LIFE, seconds_of("2036-01-01T00:00:00.000000Z"))
