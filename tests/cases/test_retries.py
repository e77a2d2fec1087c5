"""Calls at the same time: duplicates in flight, conflicts in flight, a cancel against a payment;
and the status by any external id that a caller may hold."""

import threading
import uuid
from collections import Counter

import pytest
from support.scene import CANCELS, CREATES, QUERIES
from support.snap import compact_json
from support.tables import Names
from support.world import LIFE

KINDS = ["debit", "qris", "hold", "va"]
CALLERS = 50
ROUNDS = 25


def at_once(*calls):
    """Runs the calls from one thread each, let go together; their results in order."""
    results = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def work(index):
        ready.wait()
        results[index] = calls[index]()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def requests(scene, service, bodies, ids):
    """Signed requests, each with a connected caller of its own."""
    made = []
    for body, external_id in zip(bodies, ids):
        caller = scene.caller.another()
        caller.call(QUERIES["debit"], {"originalReferenceNo": "warm"})
        request = caller.sign(caller.prepare(service, body, external_id)).render()
        made.append((caller, lambda caller=caller, request=request: caller.send(request)))
    return made


def send_at_once(made):
    answers = at_once(*(send for _, send in made))
    for caller, _ in made:
        caller.hang_up()
    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_50_identical_cancels_at_once_are_one(world, kind):
    scene = world.scene()
    scene.create(kind)
    service, external_id = CANCELS[kind], uuid.uuid4().hex
    body = scene.body(service)
    answers = send_at_once(requests(scene, service, [body] * CALLERS, [external_id] * CALLERS))
    assert [answer.status for answer in answers] == [200] * CALLERS
    assert len({answer.body for answer in answers}) == 1
    scene.note(service, external_id, answers[0])
    assert scene.status() == "05"


@pytest.mark.parametrize("kind", KINDS)
def test_50_identical_creations_at_once_are_one(world, kind):
    scene = world.scene()
    service, external_id = CREATES[kind], uuid.uuid4().hex
    body = scene.body(service)
    answers = send_at_once(requests(scene, service, [body] * CALLERS, [external_id] * CALLERS))
    assert [answer.status for answer in answers] == [200] * CALLERS
    assert len({answer.body for answer in answers}) == 1
    scene.note(service, external_id, answers[0])


@pytest.mark.parametrize("kind", KINDS)
def test_50_different_cancels_at_once_cancel_once(world, kind):
    scene = world.scene()
    scene.create(kind)
    service, ids = CANCELS[kind], [uuid.uuid4().hex for _ in range(CALLERS)]
    answers = send_at_once(requests(scene, service, [scene.body(service)] * CALLERS, ids))
    codes = Counter(answer.json["responseCode"] for answer in answers)
    assert codes == {f"200{service}00": 1, f"403{service}15": CALLERS - 1}
    for external_id, answer in zip(ids, answers):
        scene.note(service, external_id, answer)
        if answer.status == 403:
            assert "[already cancelled]" in answer.json["responseMessage"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_id_with_two_bodies_at_once(world, kind):
    """One body wins, all others with it get its answer, the rest the conflict."""
    scene = world.scene()
    scene.create(kind)
    service, external_id = CANCELS[kind], uuid.uuid4().hex
    body = scene.body(service)
    bodies = [body, {**body, "unknown": 1}] * (CALLERS // 2)
    answers = send_at_once(requests(scene, service, bodies, [external_id] * CALLERS))
    won = {index % 2 for index, answer in enumerate(answers) if answer.status == 200}
    assert len(won) == 1
    for index, answer in enumerate(answers):
        assert answer.status == (200 if index % 2 in won else 409)
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    scene.accepted.append((service, external_id))


@pytest.mark.parametrize("kind", ["debit", "qris", "va"])
def test_a_cancel_and_a_payment_at_once(world, kind):
    """Exactly one wins, and the other is told which."""
    winners = Counter()
    for _ in range(ROUNDS):
        scene = world.scene()
        made = scene.create(kind)
        service, external_id, key = CANCELS[kind], uuid.uuid4().hex, uuid.uuid4().hex
        [(caller, cancel)] = requests(scene, service, [scene.body(service)], [external_id])
        cancelled, paid = at_once(cancel, lambda made=made, key=key, scene=scene: (
            scene.server.admin.change(scene.caller.partner.client_id, made["referenceNo"], "pay",
                                      key)))
        caller.hang_up()
        winners[tell_winner(scene, service, external_id, key, cancelled, paid)] += 1
    print(f"{kind}: {dict(winners)}")


def tell_winner(scene, service, external_id, key, cancelled, paid):
    if cancelled.status == 200:
        assert (paid.status, paid.json["state"]) == (409, "cancelled")
        assert scene.status() == "05"
        scene.accepted.append((service, external_id))
        return "cancel"
    assert paid.status == 200 and paid.json["state"] == "paid"
    assert cancelled.json["responseMessage"] == "Transaction Not Permitted.[already paid]."
    assert scene.status() == "00"
    scene.accepted.append(("00", key))
    return "payment"


def test_a_void_and_a_capture_at_once(world):
    for _ in range(ROUNDS):
        scene = world.scene()
        scene.create("hold")
        ids = {"67": uuid.uuid4().hex, "65": uuid.uuid4().hex}
        made = [requests(scene, code, [scene.body(code)], [ids[code]])[0] for code in ids]
        voided, captured = send_at_once(made)
        if voided.status == 200:
            refused = "Transaction Not Permitted.[already cancelled]."
            assert captured.json["responseMessage"] == refused
            scene.accepted.append(("67", ids["67"]))
        else:
            refused = "Transaction Not Permitted.[already captured]."
            assert voided.json["responseMessage"] == refused
            assert captured.status == 200
            scene.accepted.append(("65", ids["65"]))


def test_a_query_during_a_delayed_cancel_waits_for_it(world):
    """Asked for by the id of a call in flight, the status is that after the call."""
    scene = world.scene()
    scene.create("debit")
    external_id = uuid.uuid4().hex
    scene.server.admin.fault("timeout-after-commit", externalId=external_id)
    assert scene.caller.call("57", scene.body("57"), external_id).status == 504
    scene.accepted.append(("57", external_id))
    answer = scene.query("debit", originalExternalId=external_id)
    assert answer.json["latestTransactionStatus"] == "05"


def test_pipelined_cancel_and_query_see_one_another(world):
    """A creation, its cancel and a query by the cancel's id, sent in one go on one connection."""
    scene = world.scene()
    caller = scene.caller
    creation, cancel = uuid.uuid4().hex, uuid.uuid4().hex
    body = scene.body("54")
    by_id = {"originalExternalId": creation,
             "originalPartnerReferenceNo": body["partnerReferenceNo"]}
    sent = [("54", body, creation), ("57", by_id, cancel),
            ("55", {"originalExternalId": cancel}, uuid.uuid4().hex)]
    data = b"".join(caller.sign(caller.prepare(*call)).render() for call in sent)
    caller.hang_up()
    first = caller.send(data)
    answers = [first, caller.wire.receive(), caller.wire.receive()]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[2].json["latestTransactionStatus"] == "05"
    scene.accepted += [("54", creation), ("57", cancel)]


def status_by(scene, kind, external_id):
    if kind == "va":
        return scene.query(kind, inquiryRequestId=external_id)
    if kind == "hold":
        return scene.query(kind, additionalInfo={"originalExternalId": external_id})
    return scene.query(kind, originalExternalId=external_id)


def state_in(answer, kind):
    assert answer.status == 200, answer
    if kind == "va":
        return answer.json["virtualAccountData"]["paymentFlagStatus"]
    return answer.json["latestTransactionStatus"]


@pytest.mark.parametrize("kind", KINDS)
def test_status_by_the_id_of_the_creation_and_of_the_cancel(world, kind):
    scene = world.scene()
    made = scene.create(kind)
    service, external_id = CANCELS[kind], uuid.uuid4().hex
    assert status_by(scene, kind, external_id).status == 404
    assert state_in(status_by(scene, kind, made["externalId"]), kind) in ("01", "03")
    assert scene.call(service, scene.body(service), external_id).status == 200
    for known in (made["externalId"], external_id):
        assert state_in(status_by(scene, kind, known), kind) == "05"


def test_status_by_the_id_of_a_capture(world):
    scene = world.scene()
    scene.create("hold")
    external_id = uuid.uuid4().hex
    assert scene.call("65", scene.body("65"), external_id).status == 200
    assert state_in(status_by(scene, "hold", external_id), "hold") == "00"


@pytest.mark.parametrize("kind", KINDS)
def test_status_by_the_id_of_a_refused_cancel_is_not_found(world, kind):
    scene = world.scene()
    scene.create(kind)
    scene.act("cancel")
    service, external_id = CANCELS[kind], uuid.uuid4().hex
    assert scene.call(service, scene.body(service), external_id).status == 403
    assert status_by(scene, kind, external_id).json["responseCode"] == f"404{QUERIES[kind]}01"


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_of_a_creation_comes_before_that_of_a_cancel(world, kind):
    """One id for the cancel of one and the creation of another transaction finds the latter."""
    scene = world.scene()
    shared = uuid.uuid4().hex
    scene.create(kind, "other")
    scene.create(kind)
    assert scene.call(CANCELS[kind], scene.body(CANCELS[kind]), shared).status == 200
    assert state_in(status_by(scene, kind, shared), kind) == "05"
    created = scene.create(kind, "new", shared)
    answer = status_by(scene, kind, shared)
    assert state_in(answer, kind) in ("01", "03")
    assert created["referenceNo"] in answer.body.decode()


def test_a_trx_id_comes_before_an_external_id(world):
    scene = world.scene()
    shared = uuid.uuid4().hex
    scene.create("va", "by id", shared)
    by_trx = scene.create("va", "by trx", trxId=shared)
    answer = scene.query("va", inquiryRequestId=shared)
    assert answer.json["virtualAccountData"]["paymentRequestId"] == by_trx["referenceNo"]


def test_ids_of_cancels_find_for_7_days_and_those_of_creations_longer(world):
    scene = world.scene()
    made = scene.create("debit")
    external_id = uuid.uuid4().hex
    assert scene.call("57", scene.body("57"), external_id).status == 200
    world.server.advance(604_700)
    assert state_in(status_by(scene, "debit", external_id), "debit") == "05"
    world.server.advance(102)
    assert status_by(scene, "debit", external_id).json["responseCode"] == "4045501"
    assert state_in(status_by(scene, "debit", made["externalId"]), "debit") == "05"


def test_a_reused_creation_id_finds_the_newest(world):
    scene = world.scene()
    shared = uuid.uuid4().hex
    scene.create("debit", "old", shared)
    world.server.advance(604_801)
    newest = scene.create("debit", "new", shared)
    answer = scene.query("debit", originalExternalId=shared)
    assert answer.json["originalReferenceNo"] == newest["referenceNo"]
    body = {"originalExternalId": shared,
            "originalPartnerReferenceNo": newest["partnerReferenceNo"]}
    assert scene.call("57", body).json["originalReferenceNo"] == newest["referenceNo"]


def test_queries_have_no_identity(world):
    """The same id with another body is no conflict, and the answer is always the present one."""
    scene = world.scene()
    made = scene.create("debit")
    external_id = uuid.uuid4().hex
    body = {"originalReferenceNo": made["referenceNo"]}
    first = scene.caller.call("55", body, external_id)
    scene.act("cancel")
    second = scene.caller.call("55", body, external_id)
    third = scene.caller.call("55", {"originalReferenceNo": "x"}, external_id)
    states = [answer.json.get("latestTransactionStatus") for answer in (first, second, third)]
    assert states == ["03", "05", None]
    assert third.status == 404


def test_an_identity_is_one_partners_own(world):
    first, second = world.scene("first"), world.scene("second")
    shared = uuid.uuid4().hex
    mine = first.create("debit", external_id=shared)
    theirs = second.create("debit", external_id=shared)
    assert mine["referenceNo"] != theirs["referenceNo"]
    for scene, made in ((first, mine), (second, theirs)):
        answer = scene.query("debit", originalExternalId=shared)
        assert answer.json["originalReferenceNo"] == made["referenceNo"]


@pytest.mark.parametrize("kind", KINDS)
def test_another_partners_transaction_and_none_get_the_same_answer(world, kind):
    mine, theirs = world.scene("first"), world.scene("second")
    made = theirs.create(kind)
    mine.create(kind)
    for service in (CANCELS[kind], QUERIES[kind]):
        answers = []
        for stranger in (made, {name: "Z" + made[name][1:] for name in made}):
            body = mine.body(service)
            for name in ("originalReferenceNo", "trxId", "inquiryRequestId"):
                if name in body:
                    known = "referenceNo" if name == "originalReferenceNo" else "trxId"
                    body[name] = stranger[known]
            answers.append(mine.caller.call(service, body))
        assert answers[0].json["responseCode"] == f"404{service}01"
        assert answers[0].body == answers[1].body
    assert theirs.status() in ("01", "03")


def test_a_retry_near_the_expiry_of_its_own_body_is_answered(world):
    """validUpTo is judged when the call is decided, not when it is repeated."""
    scene = world.scene()
    soon = scene.names.look_up("now+30")
    body = compact_json(scene.body("54", validUpTo=soon))
    external_id = uuid.uuid4().hex
    first = scene.call("54", body, external_id)
    assert first.status == 200
    for seconds in (15, 16, 3600):
        world.server.advance(seconds)
        again = scene.caller.call("54", body, external_id)
        assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize("kind", KINDS)
def test_status_by_the_ids_of_another_kind_is_not_found(world, kind):
    scene = world.scene()
    for other in KINDS:
        if other != kind:
            made = scene.create(other, other)
            cancel = uuid.uuid4().hex
            local = Names(world.server.now, {**scene.names.values, **made})
            answer = scene.call(CANCELS[other], scene.body(CANCELS[other], local), cancel)
            assert answer.status == 200
            for known in (made["externalId"], cancel):
                assert status_by(scene, kind, known).status == 404


@pytest.mark.parametrize("kind", ["debit", "qris", "hold"])
def test_a_creation_id_identifies_as_long_as_the_transaction_is_kept(world, kind):
    """Longer than identities are kept: a retry would create anew, a cancel still finds."""
    scene = world.scene()
    made = scene.create(kind, **{LIFE[kind]: "{now+8640000}"})
    world.server.advance(30 * 86_400)
    body = scene.body(CANCELS[kind])
    del body["originalReferenceNo"]
    body |= {"originalExternalId": made["externalId"]}
    answer = scene.call(CANCELS[kind], body)
    assert (answer.status, answer.json["originalReferenceNo"]) == (200, made["referenceNo"])
    assert scene.status() == "05"
