"""A restart in the middle of a run: everything that was answered is still there."""

import uuid

import pytest
from support.runner import Runners
from support.world import World

CALLERS = 8
ANSWERED_BEFORE_KILL = 200


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_everything_answered_is_still_there(tmp_path, how):
    with World(tmp_path) as world:
        with Runners(world, CALLERS) as runners:
            runners.wait_for(ANSWERED_BEFORE_KILL)
            getattr(world.server, how)()
        world.server.start()
        runners.assert_still_there()


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
