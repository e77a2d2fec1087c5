"""A restart in the middle of a run: everything that was answered is still there."""

import threading
import uuid

import pytest
from support.scene import CANCELS, QUERIES
from support.wire import Closed
from support.world import World

KINDS = ["debit", "qris", "hold", "va"]
CALLERS = 8
ANSWERED_BEFORE_KILL = 200


class Runner:
    """Creates and cancels over and over; keeps every accepted answer with its call."""

    def __init__(self, world, kind, enough):
        self.scene = world.scene()
        self.scene.caller = self.scene.caller.another()
        self.kind, self.enough = kind, enough
        self.answered = []

    def run(self):
        try:
            while True:
                self.one_round()
        except (Closed, OSError):
            self.scene.caller.hang_up()

    def one_round(self):
        made = self.scene.create(self.kind)
        service, external_id = CANCELS[self.kind], uuid.uuid4().hex
        body = self.scene.body(service)
        answer = self.scene.call(service, body, external_id)
        assert answer.status == 200
        self.answered.append((service, body, external_id, answer.body, made))
        self.enough.release()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_everything_answered_is_still_there(tmp_path, how):
    with World(tmp_path) as world:
        enough = threading.Semaphore(0)
        runners = [Runner(world, KINDS[i % len(KINDS)], enough) for i in range(CALLERS)]
        threads = [threading.Thread(target=runner.run) for runner in runners]
        for thread in threads:
            thread.start()
        for _ in range(ANSWERED_BEFORE_KILL):
            assert enough.acquire(timeout=60)
        getattr(world.server, how)()
        for thread in threads:
            thread.join()
        world.server.start()
        for runner in runners:
            assert_still_there(runner)


def assert_still_there(runner):
    assert runner.answered
    for service, body, external_id, first, made in runner.answered:
        again = runner.scene.caller.call(service, body, external_id)
        assert (again.status, again.body) == (200, first)
        key = "inquiryRequestId" if runner.kind == "va" else "originalReferenceNo"
        known = made["trxId"] if runner.kind == "va" else made["referenceNo"]
        status = runner.scene.caller.call(QUERIES[runner.kind], {key: known})
        assert b'Status":"05"' in status.body


def test_states_conflicts_and_provider_keys_survive(tmp_path):
    with World(tmp_path) as world:
        scene = world.scene()
        for verb in ("pay", "fail", "expire", "cancel"):
            scene.create("debit", verb)
            scene.act(verb, verb)
        made = scene.create("debit", "keyed")
        paid = world.server.admin.change("first", made["referenceNo"], "pay", "the-key")
        assert paid.status == 200
        creation = uuid.uuid4().hex
        body = scene.body("54")
        first = scene.call("54", body, creation)
        world.server.kill()
        world.server.start()
        states = [scene.status(verb) for verb in ("pay", "fail", "expire", "cancel", "keyed")]
        assert states == ["00", "06", "08", "05", "00"]
        again = world.server.admin.change("first", made["referenceNo"], "pay", "the-key")
        assert (again.status, again.body) == (200, paid.body)
        assert scene.caller.call("54", body, creation).body == first.body
        conflict = scene.caller.call("54", {**body, "unknown": 1}, creation)
        assert conflict.json["responseCode"] == "4095400"


def test_tokens_stay_valid_over_a_restart(tmp_path):
    with World(tmp_path) as world:
        caller = world.callers["first"]
        token = caller.token()
        world.server.stop()
        world.server.start()
        assert caller.token() == token
        answer = caller.call("55", {"originalReferenceNo": "x"})
        assert answer.json["responseCode"] == "4045501"
