"""Few file descriptors: connections are turned away before the log is short of files."""

import re
import socket
import uuid

import pytest
from support.server import Server, StartFailed, wait_until
from support.world import World

SEGMENT_BYTES = 4 * 1024 * 1024
NOTE = "x" * 60_000
ENVIRONMENT = {"BATAL_LEDGER_SEGMENT_BYTES": str(SEGMENT_BYTES), "BATAL_HTTP_LOOPS": "2"}


def test_idle_connections_leave_the_log_its_files(tmp_path):
    """Retries of calls in older segments are answered while more connections are tried than the
    limit allows."""
    with World(tmp_path, environment=ENVIRONMENT, descriptors=256) as world:
        lowered = re.search(r"connections_max is lowered from 20000 to (\d+)",
                            world.server.log_text())
        scene = world.scene()
        answered = [cancel(scene) for _ in range(3 * SEGMENT_BYTES // len(NOTE))]
        assert len(list((world.server.data / "ledger").glob("*.segment"))) > 3
        idle = [socket.create_connection(world.server.address, 20) for _ in range(300)]
        wait_until(lambda: 0 < sum(map(is_open, idle)) <= int(lowered[1]), "some to be turned away")
        for call, body in answered[:5] + answered[100:105] + answered[-5:]:
            again = scene.caller.call(*call)
            assert (again.status, again.body) == (200, body)
        scene.create("debit")
        for connection in idle:
            connection.close()


def cancel(scene):
    """A cancel with a large record: the call and the body of its answer."""
    scene.create("qris")
    call = ("77", scene.body("77", additionalInfo={"note": NOTE}), uuid.uuid4().hex)
    answer = scene.call(*call)
    assert answer.status == 200, answer
    return call, answer.body


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_too_few_descriptors_for_any_connection(tmp_path):
    with pytest.raises(StartFailed, match="limit of open files is 100, and batal needs at least"):
        Server(tmp_path, descriptors=100).start()
