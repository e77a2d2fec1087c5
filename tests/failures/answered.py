"""A stopped server's folder with some segments, and all that it has answered; and copies of it that
are asked the same again.

An answer that depends on damaged files may stay out (504). It may never be another.
"""

import shutil
import uuid

from support.scene import CANCELS, Scene
from support.server import Server, run, wait_until
from support.snap import Caller
from support.world import World
from worlds import ENVIRONMENT, Payments

SEGMENTS = 10  # a snapshot covers eight, one is sealed after it, the last is the live one
ASKED_EVERY = 5  # of the large creations
LIFE_S = 50_000
WINDOW_S = 3600  # so that a word that something was not found is kept longer than a test runs
ALREADY_CANCELLED = "Transaction Not Permitted.[already cancelled]."


class Question:
    """A call that changes nothing (any more), and how its right answer is known."""

    def __init__(self, call, is_right):
        self.call = call
        self.is_right = is_right

    def ask(self, caller):
        """True: the right answer; false: none."""
        service, body, external_id = self.call
        answer = caller.call(service, body, external_id or uuid.uuid4().hex)
        if self.is_right(answer):
            return True
        told = f"{service} {external_id} {str(body)[:300]}: {answer}"
        assert answer.json["responseCode"] == f"504{service}00", told
        return False


def same_as(first):
    return lambda answer: (answer.status, answer.body) == (first.status, first.body)


def refused_with(message):
    return lambda answer: (answer.status, answer.json["responseMessage"]) == (403, message)


def with_status(status):
    return lambda answer: answer.json.get("latestTransactionStatus") == status


class Answered:
    def __init__(self, folder):
        self.folder = folder
        self.questions = []
        self.large = []  # transactions, the first in the first segment
        with World(folder, environment={
                **ENVIRONMENT, "BATAL_SERVICE_TIMESTAMP_WINDOW_S": str(WINDOW_S)}) as world:
            self.partner = world.callers["first"].partner
            for number in range(1, SEGMENTS + 1):
                self._fill(world, min(number + 1, SEGMENTS))
            self._wait_until_covered(world.server)

    def _fill(self, world, until_segment):
        scene = world.scene()
        payments = Payments(world.server, scene)
        payments.create()
        self._cancel(scene)
        self._overtake(scene)
        self._create_large(scene)
        payments.create_until_segment(until_segment)
        for call, answer in payments.accepted[::ASKED_EVERY]:
            made = {"originalReferenceNo": answer.json["referenceNo"]}
            self._note(call, same_as(answer))
            self._note(("55", made, None), with_status("03"))

    def _wait_until_covered(self, server):
        """By the index, a snapshot and a checkpoint: what a server does beside its answers."""
        records = len(run("ledger", "show", "--data", server.data).stdout.splitlines())
        ledger = server.data / "ledger"
        wait_until(lambda: f" sequence={records} " in (ledger / "checkpoints").read_text(),
                   "a checkpoint of all")
        wait_until((ledger / "live.snapshot").exists, "a snapshot")

    def _note(self, call, is_right):
        self.questions.append(Question(call, is_right))

    def _cancel(self, scene):
        """Created and cancelled."""
        made = scene.create("debit")
        body, external_id = scene.body(CANCELS["debit"]), uuid.uuid4().hex
        first = scene.call(CANCELS["debit"], body, external_id)
        assert first.status == 200, first
        self._note((CANCELS["debit"], body, external_id), same_as(first))
        self._note((CANCELS["debit"], body, None), refused_with(ALREADY_CANCELLED))
        self._note(("55", {"originalReferenceNo": made["referenceNo"]}, None), with_status("05"))

    def _overtake(self, scene):
        """Cancelled before it was created, which never comes about."""
        names = scene.names.renewed()
        creation = "54", scene.body("54", names), uuid.uuid4().hex
        cancel = scene.body(CANCELS["debit"], names)
        cancel.pop("originalReferenceNo", None)
        cancel["originalExternalId"] = creation[2]
        answer = scene.call(CANCELS["debit"], cancel)
        assert answer.status == 404, answer
        self._note(creation, refused_with(ALREADY_CANCELLED))

    def _create_large(self, scene):
        """A transaction of which memory holds only its names."""
        made = scene.create("debit", additionalInfo={"metadata": {"text": "m" * 1000}},
                            validUpTo=f"{{now+{LIFE_S}}}")
        self._note(("55", {"originalReferenceNo": made["referenceNo"]}, None), with_status("03"))
        self.large.append(made)

    def copy_to(self, folder, **environment):
        """A server on a copy of it, not started."""
        shutil.copytree(self.folder / "data", folder / "data", dirs_exist_ok=True)
        shutil.copy(self.folder / "data.audit.key", folder / "data.audit.key")
        return Server(folder, environment={**ENVIRONMENT, **environment})

    def caller(self, server):
        return Caller(server, self.partner)

    def scene(self, server):
        return Scene(self.caller(server))

    def ask_all(self, server):
        """How many of the questions got no answer."""
        caller = self.caller(server)
        answers = [question.ask(caller) for question in self.questions]
        return answers.count(False)

    def payments(self, server):
        return Payments(server, self.scene(server))

    def assert_all_there(self, server):
        assert self.ask_all(server) == 0, server.log_text()


def flip(file, at):
    with open(file, "r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ 0x40]))


def cut(file, to):
    """To so many bytes, or by so many where it is negative."""
    with open(file, "r+b") as opened:
        opened.truncate(to if to >= 0 else file.stat().st_size + to)


def used(file):
    """Where what is written in a segment ends."""
    return len(file.read_bytes().rstrip(b"\0"))
