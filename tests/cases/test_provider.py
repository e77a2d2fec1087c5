"""The provider API over HTTP: which state becomes which, idempotency by key, and who may call."""

import uuid
from datetime import datetime

import pytest
from support.wire import Wire

KINDS = {"debit": "debit", "qris": "qris", "hold": "hold", "va": "virtual account"}
DONE = {"pay": "paid", "fail": "failed", "refund": "refunded", "expire": "expired"}

# Steps, the state they lead to and the reports taken then; all else is refused with the state.
PENDING = [([], "pending", {"pay", "fail", "expire"}), (["cancel"], "cancelled", set()),
           (["pay"], "paid", {"refund"}), (["pay", "refund"], "refunded", set()),
           (["fail"], "failed", set()), (["expire"], "expired", set())]
HOLD = [([], "authorised", {"fail", "expire"}), (["cancel"], "cancelled", set()),
        (["capture"], "paid", {"refund"}), (["capture", "refund"], "refunded", set()),
        (["fail"], "failed", set()), (["expire"], "expired", set())]


def rows():
    for kind in KINDS:
        for steps, state, taken in HOLD if kind == "hold" else PENDING:
            for verb in DONE:
                yield pytest.param(kind, steps, state, verb, verb in taken,
                                   id=f"{verb} a {state} {kind}")


@pytest.mark.parametrize("kind, steps, state, verb, taken", rows())
def test_every_state_and_report(world, kind, steps, state, verb, taken):
    scene = world.scene()
    made = scene.create(kind)
    for step in steps:
        scene.act(step)
    before = scene.status()
    key = uuid.uuid4().hex
    answer = world.server.admin.change("first", made["referenceNo"], verb, key)
    assert answer.header("Content-Type") == "application/json"
    if not taken:
        assert answer.status == 409
        assert set(answer.json) == {"error", "state"} and answer.json["state"] == state
        assert scene.status() == before
        return
    scene.accepted.append(("00", key))
    body = answer.json
    assert answer.status == 200
    assert body.pop("changedAt")[19:] == "+07:00"
    assert body == {"referenceNo": made["referenceNo"], "kind": KINDS[kind], "state": DONE[verb]}


def test_a_key_is_answered_once_and_again(world):
    scene = world.scene()
    made = scene.create("debit")
    key = "~key.of-64_" + uuid.uuid4().hex + "x" * 21
    assert len(key) == 64
    first = world.server.admin.change("first", made["referenceNo"], "pay", key)
    scene.accepted.append(("00", key))
    scene.act("refund")
    again = world.server.admin.change("first", made["referenceNo"], "pay", key)
    assert (again.status, again.body) == (200, first.body)
    assert scene.status() == "04"


def test_a_key_for_another_request(world):
    scene = world.scene()
    made, other = scene.create("debit"), scene.create("debit", "other")
    key = uuid.uuid4().hex
    change = world.server.admin.change
    assert change("first", made["referenceNo"], "pay", key).status == 200
    scene.accepted.append(("00", key))
    for answer in (change("first", made["referenceNo"], "refund", key),
                   change("first", other["referenceNo"], "pay", key),
                   change("first", made["referenceNo"], "pay", key, {"note": 1})):
        assert answer.status == 409 and set(answer.json) == {"error"}
    assert [scene.status(), scene.status("other")] == ["00", "03"]


def test_a_refused_report_does_not_use_up_its_key(world):
    scene = world.scene()
    made = scene.create("debit")
    key = uuid.uuid4().hex
    change = world.server.admin.change
    assert change("first", made["referenceNo"], "refund", key).status == 409
    scene.act("pay")
    assert change("first", made["referenceNo"], "refund", key).status == 200
    scene.accepted.append(("00", key))


def test_keys_and_external_ids_are_apart(world):
    scene = world.scene()
    shared = uuid.uuid4().hex
    made = scene.create("debit", external_id=shared)
    assert world.server.admin.change("first", made["referenceNo"], "pay", shared).status == 200
    scene.accepted.append(("00", shared))


@pytest.mark.parametrize("partner, reference, verb", [
    ("first", "A120200101000000abcdefghijID", "pay"), ("second", None, "pay"),
    ("nobody", None, "pay"), ("first", None, "cancel"), ("first", None, "Pay"),
    ("first", None, "pay/"), ("first", "", "pay")])
def test_not_found(world, partner, reference, verb):
    scene = world.scene()
    made = scene.create("debit")
    reference = made["referenceNo"] if reference is None else reference
    answer = world.server.admin.change(partner, reference, verb)
    assert answer.status == 404 and set(answer.json) == {"error"}
    assert scene.status() == "03"


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "a/b", "é"])
def test_bad_key(world, key):
    scene = world.scene()
    made = scene.create("debit")
    answer = world.server.admin.change("first", made["referenceNo"], "pay", key)
    assert answer.status == 400 and set(answer.json) == {"error"}
    assert scene.status() == "03"


def test_no_key_and_two_keys(world):
    made = world.scene().create("debit")
    path = f"/provider/v1/partners/first/transactions/{made['referenceNo']}/pay"
    for headers in ([], [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]):
        assert world.server.admin.call("POST", path, b"", headers).status == 400


@pytest.mark.parametrize("body", [b"x", b"[]", b"{", b'{"a":1,"a":1}', b"null"])
def test_bad_body(world, body):
    made = world.scene().create("debit")
    assert world.server.admin.change("first", made["referenceNo"], "pay", None, body).status == 400


@pytest.mark.parametrize("header", [[], [("Authorization", "Bearer wrong")],
                                    [("Authorization", "Basic {}")], [("Authorization", "{}")]])
@pytest.mark.parametrize("call", [("POST", "/provider/v1/partners/first/transactions/x/pay"),
                                  ("GET", "/sandbox/clock"), ("POST", "/sandbox/faults")])
def test_the_token_is_needed(world, call, header):
    headers = [(name, value.replace("{}", world.server.admin.token)) for name, value in header]
    answer = world.server.admin.call(*call, b"{}", headers, token=False)
    assert answer.status == 401 and set(answer.json) == {"error"}


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_needs_no_token(world, path):
    assert world.server.admin.call("GET", path, token=False).status == 200


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "/livez", "GET, HEAD"), ("DELETE", "/readyz", "GET, HEAD"),
    ("GET", "/provider/v1/partners/first/transactions/x/pay", "POST"),
    ("PUT", "/sandbox/clock", "GET, POST"), ("PUT", "/sandbox/faults", "GET, POST, DELETE")])
def test_another_method_is_told_which_are_allowed(world, method, path, allowed):
    answer = world.server.admin.call(method, path)
    assert answer.status == 405 and set(answer.json) == {"error"}
    assert set(answer.header("Allow").split(", ")) == set(allowed.split(", "))


@pytest.mark.parametrize("text, status", [
    ("no HTTP\r\n\r\n", 400),
    ("GET /livez HTTP/1.1\r\nHost: admin\r\nX-Pad: " + 16384 * "x" + "\r\n\r\n", 431),
    ("POST /sandbox/clock HTTP/1.1\r\nHost: admin\r\nContent-Length: 65537\r\n\r\n", 413)],
    ids=["no HTTP", "a head too large", "a body too large"])
def test_what_is_no_request(world, text, status):
    with Wire(world.server.admin.address) as wire:
        wire.send(text.encode())
        answer = wire.receive()
        assert answer.status == status and set(answer.json) == {"error"}
        assert wire.is_closed_by_peer()


def test_the_service_address_has_no_admin(world):
    caller = world.callers["first"]
    request = caller.prepare("57", {})
    for path in ("/livez", "/readyz", "/sandbox/clock",
                 "/provider/v1/partners/first/transactions/x/pay"):
        request.target = path
        assert caller.send(request).json["responseCode"] == "4040000"


def test_faults_are_listed_and_cleared(world):
    admin = world.server.admin
    admin.clear_faults()
    number = admin.fault("delay", service="57", count=3, delayMs=100)
    listed = admin.call("GET", "/sandbox/faults")
    assert listed.status == 200 and str(number) in listed.body.decode()
    admin.clear_faults()
    scene = world.scene()
    scene.create("debit")
    admin.fault("internal-server-error", service="57")
    admin.clear_faults()
    scene.act("cancel")


def test_a_fault_for_a_service_counts_down(world):
    scene = world.scene()
    world.server.admin.fault("internal-server-error", service="55", count=2)
    made = scene.create("debit")
    codes = [scene.query("debit", originalReferenceNo=made["referenceNo"]).json["responseCode"]
             for _ in range(3)]
    assert codes == ["5005501", "5005501", "2005500"]


@pytest.mark.parametrize("fault, what, expected", [
    ("internal-server-error", {}, "5007301"), ("timeout-before-commit", {}, "5047300"),
    ("timeout-after-commit", {}, "5047300"), ("delay", {"delayMs": 1}, "2007300")])
def test_a_fault_for_the_token_service(world, fault, what, expected):
    caller = world.callers["first"].another()
    world.server.admin.fault(fault, service="73", **what)
    codes = [caller.send(caller.token_request()).json["responseCode"] for _ in range(2)]
    assert codes == [expected, "2007300"]


def test_a_token_request_that_loses_its_connection(world):
    caller = world.callers["first"].another()
    world.server.admin.fault("drop-after-commit", service="73")
    with Wire(world.server.address) as wire:
        wire.send(caller.token_request().render())
        assert wire.is_closed_by_peer()
    assert caller.send(caller.token_request()).status == 200


@pytest.mark.parametrize("rule", [
    {}, {"fault": "delay"}, {"externalId": "x"}, {"externalId": "x", "fault": "nothing"},
    {"externalId": 5, "fault": "delay"}, {"service": "57", "fault": "delay", "count": 0},
    {"service": "57", "fault": "delay", "count": "1"},
    {"service": "57", "fault": "delay", "delayMs": -1}])
def test_a_bad_fault_rule(world, rule):
    answer = world.server.admin.call("POST", "/sandbox/faults", rule)
    assert answer.status == 400 and set(answer.json) == {"error"}


def test_every_answer_tells_the_time_of_the_clock(world):
    caller = world.callers["first"]
    for _ in range(2):
        world.server.advance(3600)
        answer = caller.call("55", {"originalReferenceNo": "x"})
        told = datetime.fromisoformat(answer.header("X-TIMESTAMP")).timestamp()
        assert abs(told - world.server.now()) < 600


@pytest.mark.parametrize("body", [{}, {"advanceSeconds": -1}, {"advanceSeconds": "1"},
                                  {"advanceSeconds": 1.5}, b"x"])
def test_the_clock_never_goes_back(world, body):
    assert world.server.admin.call("POST", "/sandbox/clock", body).status == 400
