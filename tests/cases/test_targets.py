"""Paths and methods: the whole address as a target, a query behind the path, what is allowed."""

import pytest
from support.snap import well_formed
from support.wire import Wire

NOTHING = "4045501"  # a query that passed all checks and found nothing


def request_line_changed(caller, change):
    request = caller.sign(caller.prepare("55", {"originalReferenceNo": "x" * 40}))
    line, rest = request.render().split(b"\r\n", 1)
    return change(line) + b"\r\n" + rest


# What is signed is the path alone.
@pytest.mark.parametrize("target", [
    b"/v1.0/debit/status?debug=1",
    b"http://provider.example/v1.0/debit/status",
    b"https://provider.example:8443/v1.0/debit/status?debug=1",
])
def test_targets_that_mean_the_path(world, target):
    data = request_line_changed(world.callers["first"],
                                lambda line: line.replace(b"/v1.0/debit/status", target))
    with Wire(world.server.address) as wire:
        wire.send(data)
        assert well_formed(wire.receive()).json["responseCode"] == NOTHING


@pytest.mark.parametrize("target", [b"http://provider.example", b"*", b"v1.0/debit/status"])
def test_targets_that_mean_nothing(world, target):
    data = request_line_changed(world.callers["first"],
                                lambda line: line.replace(b"/v1.0/debit/status", target))
    with Wire(world.server.address) as wire:
        wire.send(data)
        assert wire.receive().json["responseCode"] in ("4040000", "4000000")


def test_another_method_is_told_which_is_allowed(world):
    data = request_line_changed(world.callers["first"],
                                lambda line: line.replace(b"POST", b"PUT"))
    with Wire(world.server.address) as wire:
        wire.send(data)
        answer = wire.receive()
    assert answer.status == 405
    assert answer.json["responseCode"] == "4055500"
    assert ("allow", "POST") in [(name.lower(), value) for name, value in answer.headers]
