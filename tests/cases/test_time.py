"""A cancel that overtakes its creation, and expiry that is never undone: over restarts too, when
the sandbox clock's offset is gone and the machine's clock is behind what was told."""

import uuid

import pytest
from support.scene import CANCELS, CREATES
from support.world import LIFE, World, identities

KINDS = ["debit", "qris", "hold", "va"]
KEPT_S = 605


@pytest.fixture
def own_world(tmp_path):
    """A server for one test, which may restart it or move its clock as it likes."""
    with World(tmp_path) as made:
        yield made


def overtaking(scene, kind, external_id, trx_id):
    """The body of a cancel for a creation that has not come yet."""
    customer = scene.names.values["customer"]
    scene.adopt({"externalId": external_id, "trxId": trx_id, "partnerReferenceNo": "late",
                 "customerNo": customer, "virtualAccountNo": scene.names.values["va"] + customer,
                 "referenceNo": ""})
    body = scene.body(CANCELS[kind])
    if kind == "hold":
        body["additionalInfo"] = {"originalExternalId": external_id}
    elif kind != "va":
        body["originalExternalId"] = external_id
    return body


def late_creation(scene, kind, trx_id):
    body = scene.body(CREATES[kind])
    if kind == "va":
        return {**body, "trxId": trx_id}
    return {**body, "partnerReferenceNo": "late"}


class Late:
    """One cancel ahead of its creation."""

    def __init__(self, world, kind):
        self.scene, self.kind = world.scene(), kind
        self.external_id, self.trx_id = uuid.uuid4().hex, uuid.uuid4().hex
        self.cancel_body = overtaking(self.scene, kind, self.external_id, self.trx_id)

    def cancel(self):
        answer = self.scene.call(CANCELS[self.kind], self.cancel_body)
        assert answer.json == {"responseCode": f"404{CANCELS[self.kind]}01",
                               "responseMessage": "Transaction Not Found"}

    def create(self):
        body = late_creation(self.scene, self.kind, self.trx_id)
        return self.scene.call(CREATES[self.kind], body, self.external_id)

    def assert_refused(self):
        assert self.create().json == {
            "responseCode": f"403{CREATES[self.kind]}15",
            "responseMessage": "Transaction Not Permitted.[already cancelled]."}

    def assert_created(self):
        assert self.create().json["responseCode"] == f"200{CREATES[self.kind]}00"


@pytest.mark.parametrize("kind", KINDS)
def test_a_creation_after_its_cancel_is_refused(world, kind):
    late = Late(world, kind)
    late.cancel()
    late.assert_refused()
    late.assert_refused()
    late.cancel()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_kept_for_twice_the_window_and_the_deadline(world, kind):
    late = Late(world, kind)
    late.cancel()
    world.server.advance(KEPT_S - 10)
    late.assert_refused()
    world.server.advance(11)
    late.assert_created()


@pytest.mark.parametrize("kind", KINDS)
def test_every_such_cancel_renews_it(world, kind):
    late = Late(world, kind)
    late.cancel()
    for _ in range(3):
        world.server.advance(KEPT_S - 100)
        late.cancel()
    world.server.advance(KEPT_S - 10)
    late.assert_refused()
    world.server.advance(11)
    late.assert_created()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_survives_a_restart(own_world, how):
    lates = [Late(own_world, kind) for kind in KINDS]
    for late in lates:
        late.cancel()
    getattr(own_world.server, how)()
    own_world.server.start()
    for late in lates:
        late.assert_refused()


def test_only_the_same_service_and_partner_are_meant(world):
    late = Late(world, "debit")
    late.cancel()
    other_service = world.scene().create("qris", external_id=late.external_id)
    other_partner = world.scene("second").create("debit", external_id=late.external_id)
    assert other_service["referenceNo"] and other_partner["referenceNo"]
    late.assert_refused()


def test_a_reference_number_besides_identifies_and_leaves_no_trace(world):
    late = Late(world, "debit")
    body = {**late.cancel_body, "originalReferenceNo": "A120200101000000abcdefghijID"}
    assert late.scene.call("57", body).status == 404
    late.assert_created()


def test_a_cancel_that_failed_its_checks_leaves_no_trace(world):
    late = Late(world, "qris")
    body = {**late.cancel_body, "merchantId": "nobody"}
    assert late.scene.call("77", body).json["responseCode"] == "4047708"
    late.assert_created()


def test_a_cancel_for_another_service_id_leaves_no_trace(world):
    late = Late(world, "va")
    customer = late.cancel_body["customerNo"]
    body = {**late.cancel_body, "partnerServiceId": "99999999",
            "virtualAccountNo": "99999999" + customer}
    assert late.scene.call("31", body).json["responseCode"] == "4043108"
    late.assert_created()


def test_a_query_leaves_no_trace(world):
    late = Late(world, "debit")
    assert late.scene.query("debit", originalExternalId=late.external_id).status == 404
    late.assert_created()


def test_a_capture_leaves_no_trace(world):
    late = Late(world, "hold")
    body = {"originalPartnerReferenceNo": "late", "merchantId": late.cancel_body["merchantId"],
            "partnerCaptureNo": "c", "additionalInfo": {"originalExternalId": late.external_id}}
    assert late.scene.call("65", body).json["responseCode"] == "4046501"
    late.assert_created()


def test_a_cancel_waits_for_its_creation_in_flight(world):
    """Creation and cancel in one go on one connection: never "not found"."""
    late = Late(world, "debit")
    caller = late.scene.caller
    cancel_id = uuid.uuid4().hex
    creation = caller.prepare("54", late_creation(late.scene, "debit", ""), late.external_id)
    cancel = caller.prepare("57", late.cancel_body, cancel_id)
    data = caller.sign(creation).render() + caller.sign(cancel).render()
    caller.hang_up()
    answers = [caller.send(data), caller.wire.receive()]
    assert [answer.status for answer in answers] == [200, 200]
    late.scene.accepted += [("54", late.external_id), ("57", cancel_id)]


def expired_for_all(scene, kind):
    """The state and the answers to a cancel and a payment, as anybody is told them."""
    service = CANCELS[kind]
    assert scene.status() == "08"
    answer = scene.call(service, scene.body(service))
    assert answer.json["responseMessage"] == "Transaction Not Permitted.[expired]."
    made = scene.made()
    answer = scene.server.admin.change(scene.caller.partner.client_id, made["referenceNo"], "pay")
    assert (answer.status, answer.json["state"]) == (409, "expired")


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("told", ["by a query", "by a cancel", "by a payment"])
def test_what_was_told_to_be_expired_stays_expired(own_world, how, told):
    """The restart takes the clock back by an hour; the expiry was told after it, nothing else was
    written."""
    scenes = {}
    for kind in KINDS:
        scene = scenes[kind] = own_world.scene()
        scene.create(kind, **{LIFE[kind]: "{now+1800}"})
    own_world.server.advance(3600)
    scene = scenes["debit"]
    if told == "by a query":
        assert scene.status() == "08"
    elif told == "by a cancel":
        assert scene.call("57", scene.body("57")).status == 403
    else:
        own = scene.caller.partner.client_id
        assert scene.server.admin.change(own, scene.made()["referenceNo"], "pay").status == 409
    getattr(own_world.server, how)()
    own_world.server.start()
    for kind, scene in scenes.items():
        expired_for_all(scene, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_after_the_expiry_is_refused(world, kind):
    scene = world.scene()
    made = scene.create(kind, **{LIFE[kind]: "{now+30}"})
    world.server.advance(31)
    answer = world.server.admin.change("first", made["referenceNo"], "pay")
    assert (answer.status, answer.json["state"]) == (409, "expired")
    assert scene.status() == "08"


def test_expiries_are_written_when_swept(own_world):
    """Each expired transaction gets one event, by nobody's call."""
    scene = own_world.scene()
    made = [scene.create(kind, kind, **{LIFE[kind]: "{now+30}"}) for kind in KINDS]
    own_world.server.advance(31)
    assert [scene.status(kind) for kind in KINDS] == ["08"] * len(KINDS)
    own_world.server.stop()
    events = own_world.server.events()
    assert len(identities(events)) == len(KINDS)
    swept = [event["transaction"]["referenceNo"] for event in events
             if event["record"] == "event" and "externalId" not in event]
    assert len(swept) == len(set(swept))
    assert set(swept) <= {one["referenceNo"] for one in made}
    own_world.server.start()


def test_refusals_and_queries_write_nothing(own_world):
    """Not even a mark: that only an answer that rests on an expiry does, and a cancel ahead of its
    creation."""
    scene = own_world.scene()
    scene.create("qris")
    scene.act("pay")
    body = scene.body("77")
    unknown = {"originalReferenceNo": "A120200101000000abcdefghijID"}
    for changed in ({}, unknown, {"merchantId": "nobody"}, {"originalPartnerReferenceNo": "x"},
                    {"amount": {"value": "1.00"}}, {"reason": ""}, {"reason": 5}):
        assert scene.call("77", {**body, **changed}).status >= 400
    assert scene.call("47", scene.body("47"), scene.made()["externalId"]).status == 409
    for asked in (unknown, {"originalExternalId": "x"}, {"originalReferenceNo":
                                                        scene.made()["referenceNo"]}):
        scene.query("qris", **asked)
    own_world.server.stop()
    assert [event["record"] for event in own_world.server.events()] == ["event", "event"]
    own_world.server.start()
