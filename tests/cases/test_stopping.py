"""The end of a server: what SIGTERM finishes, what it tells meanwhile, and a second one."""

import signal
import socket
import threading
import uuid

import pytest
from support.server import Server, wait_until
from support.snap import well_formed
from support.wire import Wire
from support.world import World

NOTHING = "4045501"  # a query that passed all checks and found nothing


def code(answer):
    return well_formed(answer).json["responseCode"]


def test_drain_finishes_what_was_begun(tmp_path):
    """After SIGTERM: idle connections are closed, the call under way is answered and is in the log,
    and nobody new gets in."""
    with World(tmp_path) as world:
        scene = world.scene()
        caller = scene.caller
        scene.create("debit")
        idle = Wire(world.server.address)
        idle.send(caller.sign(caller.prepare("55", {"originalReferenceNo": "x"})).render())
        assert code(idle.receive()) == NOTHING
        begun = begin(scene, "57", 1000)
        address = world.server.address
        stopping = threading.Thread(target=world.server.stop)
        stopping.start()
        assert idle.is_closed_by_peer()
        wait_until(lambda: is_refused(address), "every event loop to stop listening")
        answer = begun.receive()
        assert code(answer) == "2005700"
        assert answer.header("Connection").lower() == "close"
        assert begun.is_closed_by_peer()
        stopping.join()
        world.server.start()
        assert scene.status() == "05"


def begin(scene, service, delay_ms):
    """A call that has passed its checks and is held back; returns its connection."""
    server, caller, external_id = scene.server, scene.caller, uuid.uuid4().hex
    server.admin.fault("delay", externalId=external_id, delayMs=delay_ms)
    wire = Wire(server.address, timeout=60)
    wire.send(caller.sign(caller.prepare(service, scene.body(service), external_id)).render())
    wait_until(lambda: b'"delay"' not in server.admin.call("GET", "/sandbox/faults").body,
               "the rule to be taken")
    return wire


def is_refused(address):
    try:
        socket.create_connection(address, 5).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


def readiness(server):
    answer = server.admin.call("GET", "/readyz", token=False)
    return answer.status, answer.json


def test_readiness_while_draining(tmp_path):
    """The admin address stays, and says so, as long as calls are under way."""
    with World(tmp_path) as world:
        assert readiness(world.server) == (200, {"status": "ok"})
        begun = begin(world.scene(), "54", 3000)
        world.server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: readiness(world.server) == (503, {"status": "not ready"}),
                   "/readyz to tell of the drain")
        assert world.server.admin.call("GET", "/livez", token=False).status == 200
        assert code(begun.receive()) == "2005400"
        assert world.server.ended() == 0
        world.server.start()


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait(tmp_path, again):
    """What was not answered was not done; the log is whole."""
    environment = {"BATAL_SERVICE_ANSWER_DEADLINE_MS": "60000"}
    with World(tmp_path, environment=environment) as world:
        scene = world.scene()
        scene.create("debit")
        begun = begin(scene, "57", 600_000)
        world.server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: readiness(world.server)[0] == 503, "/readyz to tell of the drain")
        world.server.process.send_signal(again)
        assert world.server.ended() == -again
        assert begun.is_closed_by_peer()
        world.server.start()
        assert scene.status() == "03"
        world.check_log()


def test_stop_without_any_caller(tmp_path):
    with Server(tmp_path) as server:
        server.stop()
        server.start()
