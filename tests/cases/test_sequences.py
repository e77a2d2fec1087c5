"""The sequences of retries.toml over real HTTP. Whether something was done twice is seen in the
log, which must hold exactly the accepted calls when the module is done."""

import copy
import json
import uuid

import pytest
from support.case_files import TABLES, load
from support.snap import compact_json
from support.tables import check_answer, set_path
from support.wire import Closed

TABLE = load("retries.toml")


def sequences():
    for sequence in TABLE["sequence"]:
        chosen = sequence["services"]
        for code in TABLE[chosen] if isinstance(chosen, str) else chosen:
            yield pytest.param(code, sequence, id=f"{code} {sequence['name']}")


@pytest.mark.parametrize("code, sequence", sequences())
def test_sequence(world, code, sequence):
    Run(world, code).take(sequence["steps"])


class Run:
    def __init__(self, world, code):
        self.table = TABLES[code]
        self.code = code
        self.scene = world.scene()
        for _ in self.table["service"]["before"]:
            self.scene.create(self.table["service"]["kind"])
        self.scene.names.values["first"] = self.table["service"]["first"]
        self.ids = {"creation": self.scene.names.values.get("externalId")}
        self.kept = {}

    def take(self, steps):
        for step in steps:
            if "act" in step:
                self.scene.act(step["act"])
            elif "advance" in step:
                self.scene.server.advance(step["advance"])
            elif "fault" in step:
                more = {"delayMs": step["delay_ms"]} if "delay_ms" in step else {}
                self.scene.server.admin.fault(step["fault"], externalId=self.id_of(step),
                                              count=step.get("count", 1), **more)
            else:
                self.call(step)

    def id_of(self, step):
        return self.ids.setdefault(step["id"], uuid.uuid4().hex)

    def body_of(self, step):
        body = copy.deepcopy(step.get("request", self.table["request"]))
        for path, value in step.get("set", {}).items():
            set_path(body, path, value)
        body = self.scene.names.fill(body)
        if step.get("reversed"):
            return compact_json(dict(reversed([*body.items(), ("unknown", 1)])))
        if step.get("spaced"):
            return json.dumps(body, indent=2, ensure_ascii=False).encode()
        if step.get("escaped"):
            return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
        return compact_json(body)

    def call(self, step):
        caller = self.scene.caller
        if step.get("new_token"):
            caller = caller.another()
            caller._token = None
        request = caller.prepare(self.code, self.body_of(step), self.id_of(step))
        request.headers.update(step.get("headers", {}))
        caller.sign(request)
        if step.get("dropped"):
            caller.hang_up()
            with pytest.raises(Closed):
                caller.send(request)
            return
        answer = caller.send(request)
        if "same" in step:
            assert (answer.status, answer.body) == self.kept[step["same"]]
        else:
            self.check(step, answer)

    def check(self, step, answer):
        expect = step["expect"].replace("xx", self.code)
        expect = expect.replace("{first}", self.table["service"]["first"])
        members = self.table["answer"] if answer.status == 200 else {}
        if step.get("members"):
            members = self.table["not_permitted"]
        found = check_answer(answer, expect, members, self.scene.names)
        assert not found, "\n".join(found)
        self.scene.note(self.code, self.id_of(step), answer)
        if "keep" in step:
            self.kept[step["keep"]] = (answer.status, answer.body)
        if "differs" in step:
            assert (answer.status, answer.body) != self.kept[step["differs"]]
        if step.get("made"):
            self.scene.remember(self.table["service"]["kind"], self.id_of(step),
                                json.loads(self.body_of(step)), answer)
