"""Callers that create and cancel all the time, and keep every answer with its call."""

import threading
import uuid

from support.scene import CANCELS, QUERIES
from support.wire import Closed

KINDS = ["debit", "qris", "hold", "va"]


class Runner:
    """Creates and cancels one kind over and over until its server goes away or `done` is set. Each
    cancel that was answered releases `enough`."""

    def __init__(self, world, kind, enough):
        self.scene = world.scene()
        self.scene.caller = self.scene.caller.another()
        self.kind, self.enough = kind, enough
        self.answered = []
        self.done = threading.Event()

    def run(self):
        try:
            while not self.done.is_set():
                self.one_round()
        except (Closed, OSError):
            pass
        self.scene.caller.hang_up()

    def one_round(self):
        made = self.scene.create(self.kind)
        service, external_id = CANCELS[self.kind], uuid.uuid4().hex
        body = self.scene.body(service)
        answer = self.scene.call(service, body, external_id)
        assert answer.status == 200
        self.answered.append((service, body, external_id, answer.body, made))
        self.enough.release()

    def assert_still_there(self, answered=None):
        """Every answer again, byte for byte, and every state."""
        answered = self.answered if answered is None else answered
        assert answered
        for service, body, external_id, first, made in answered:
            again = self.scene.caller.call(service, body, external_id)
            assert (again.status, again.body) == (200, first)
            key = "inquiryRequestId" if self.kind == "va" else "originalReferenceNo"
            known = made["trxId"] if self.kind == "va" else made["referenceNo"]
            status = self.scene.caller.call(QUERIES[self.kind], {key: known})
            assert b'Status":"05"' in status.body


class Runners:
    """Some of all kinds, each on a thread of its own."""

    def __init__(self, world, count):
        self.enough = threading.Semaphore(0)
        self.each = [Runner(world, KINDS[i % len(KINDS)], self.enough) for i in range(count)]
        self.threads = [threading.Thread(target=runner.run) for runner in self.each]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for runner in self.each:
            runner.done.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, answers):
        """Until that many more have been given."""
        for _ in range(answers):
            assert self.enough.acquire(timeout=60)

    def answered(self):
        """What each has been answered so far."""
        return [list(runner.answered) for runner in self.each]

    def assert_still_there(self, answered=None):
        for runner, its in zip(self.each, answered or self.answered()):
            runner.assert_still_there(its)
