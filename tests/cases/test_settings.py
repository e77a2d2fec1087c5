"""Settings that change what a caller is answered, a server of its own each."""

import uuid

import pytest
from support.server import Server, StartFailed
from support.snap import timestamp
from support.world import World, identities
from test_retries import requests, send_at_once


def test_the_timestamp_window(tmp_path):
    with Server(tmp_path, environment={"BATAL_SERVICE_TIMESTAMP_WINDOW_S": "20"}) as server:
        caller = server.demo_caller()
        for seconds, code in ((-17, "4045501"), (17, "4045501"), (-23, "4015500"), (24, "4015500")):
            request = caller.prepare("55", {"originalReferenceNo": "x"})
            request.headers["X-TIMESTAMP"] = timestamp(server.now() + seconds)
            assert caller.send(caller.sign(request)).json["responseCode"] == code


def test_the_life_of_a_token(tmp_path):
    with Server(tmp_path, environment={"BATAL_TOKENS_LIFE_S": "60"}) as server:
        caller = server.demo_caller()
        answer = caller.send(caller.token_request())
        assert answer.json["expiresIn"] == "60"
        for seconds, code in ((50, "4045501"), (11, "4015501")):
            server.advance(seconds)
            request = caller.prepare("55", {"originalReferenceNo": "x"})
            request.headers["Authorization"] = f"Bearer {answer.json['accessToken']}"
            assert caller.send(caller.sign(request)).json["responseCode"] == code


def test_two_token_keys(tmp_path):
    """A token is good as long as its key is one of the two, and on every server that has it."""
    files = []
    for number in (1, 2, 3):
        files.append(tmp_path / f"{number}.key")
        files[-1].write_text(f"{number}" * 64 + "\n")
        files[-1].chmod(0o600)
    server = Server(tmp_path)
    tokens = {}
    for keys, good in ([(0,), (0,)], [(1, 0), (0, 1)], [(2, 1), (1, 2)]):
        server.environment = {"BATAL_TOKENS_KEY_FILES": ",".join(str(files[key]) for key in keys)}
        with server:
            caller = server.demo_caller()
            tokens[keys[0]] = caller.token()
            for key, token in tokens.items():
                request = caller.prepare("55", {"originalReferenceNo": "x"})
                request.headers["Authorization"] = f"Bearer {token}"
                code = caller.send(caller.sign(request)).json["responseCode"]
                assert code == ("4045501" if key in good else "4015501"), (keys, key)


@pytest.mark.parametrize("environment, named", [
    ({"BATAL_LEDGER_IDENTITY_KEPT_S": "86399"}, "ledger.identity_kept_s"),
    ({"BATAL_SERVICE_TIMESTAMP_WINDOW_S": "86400", "BATAL_LEDGER_IDENTITY_KEPT_S": "172800"},
     "ledger.identity_kept_s"),
    ({"BATAL_HTTP_TLS_KEY_FILE": "/nowhere"}, "tls_certificate_file"),
    ({"BATAL_HTTP_IDLE_MS": "soon"}, "http.idle_ms")])
def test_settings_that_stop_the_start(tmp_path, environment, named):
    with pytest.raises(StartFailed, match=named):
        Server(tmp_path, environment=environment).start()


def test_identities_are_kept_as_long_as_the_setting_says(tmp_path):
    with World(tmp_path, environment={"BATAL_LEDGER_IDENTITY_KEPT_S": "86400"}) as world:
        scene = world.scene()
        scene.create("debit")
        external_id = uuid.uuid4().hex
        first = scene.call("57", scene.body("57"), external_id)
        world.server.advance(86_300)
        assert scene.caller.call("57", scene.body("57"), external_id).body == first.body
        world.server.advance(101)
        assert scene.caller.call("57", scene.body("57"), external_id).status == 403


def test_past_the_deadline_a_call_is_not_done(tmp_path):
    """Held back beyond the deadline, the call is answered 504 and dropped undecided."""
    with World(tmp_path, environment={"BATAL_SERVICE_ANSWER_DEADLINE_MS": "1000"}) as world:
        scene = world.scene()
        scene.create("debit")
        external_id = uuid.uuid4().hex
        world.server.admin.fault("delay", externalId=external_id, delayMs=1500)
        late = scene.caller.call("57", scene.body("57"), external_id)
        assert late.json == {"responseCode": "5045700", "responseMessage": "Timeout"}
        let_pass(scene, 2000)
        assert scene.status() == "03"
        again = scene.call("57", scene.body("57"), external_id)
        assert again.status == 200
        world.check_log()


def test_past_the_deadline_a_token_is_not_told(tmp_path):
    with Server(tmp_path, environment={"BATAL_SERVICE_ANSWER_DEADLINE_MS": "1000"}) as server:
        caller = server.demo_caller()
        for delay, code in ((60_000, "5047300"), (1000, "5047300"), (500, "2007300")):
            server.admin.fault("delay", service="73", delayMs=delay)
            assert caller.send(caller.token_request()).json["responseCode"] == code


def let_pass(scene, milliseconds):
    """Queries that the server itself holds back, one after the other."""
    for _ in range(milliseconds // 500):
        scene.server.admin.fault("delay", service="55", delayMs=500)
        scene.query("debit", originalReferenceNo="x")


def test_a_full_queue_means_not_done(tmp_path):
    """With room for one command: 429 or done, and which of the two is seen in the log."""
    with World(tmp_path, environment={"BATAL_LEDGER_QUEUE_COMMANDS_MAX": "1"}) as world:
        world.scene().create("debit")
        refused = 0
        for _ in range(5):
            refused += assert_done_or_refused(world.scene())
        assert refused, "the queue was never full"
        world.server.stop()
        logged = [call for call in identities(world.server.events()) if call[1] == "54"]
        assert len(logged) == len(set(logged)) == len(world.accepted["first"])
        world.server.start()


def assert_done_or_refused(scene):
    ids = [uuid.uuid4().hex for _ in range(30)]
    bodies = [scene.body("54", scene.names.renewed()) for _ in ids]
    answers = send_at_once(requests(scene, "54", bodies, ids))
    for external_id, answer in zip(ids, answers):
        scene.note("54", external_id, answer)
        if answer.status != 200:
            assert answer.json == {"responseCode": "4295400",
                                   "responseMessage": "Too Many Requests"}
    return sum(answer.status == 429 for answer in answers)
