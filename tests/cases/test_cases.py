"""The tables of the services over real HTTP: every explicit case, and for every field of a table
what is generated from its line. See README.md for how to read and add cases."""

import copy
import uuid

import pytest
from support.case_files import TABLES, load
from support.tables import check_answer, remove_path, set_path

CHECKS = load("checks.toml")
NO_TEXT = [1, 1.5, True, False, [], ["x"], {"x": 1}]
NO_OBJECT = ["x", 1, True, [], ["x"], [{}]]
NO_ARRAY = ["x", 1, True, {"x": 1}]
OF_ANOTHER_TYPE = {"object": NO_OBJECT, "array": NO_ARRAY, "any": []}
ANYTHING = ["x", 1, True, [], ["x"], {"x": [{}]}]
AHEAD_S = 3600


def explicit_cases():
    for code, table in TABLES.items():
        if code != "73":
            for case in table["case"]:
                yield pytest.param(code, case, id=f"{code} {case['name']}")


def field_cases():
    for code, table in TABLES.items():
        for field in table.get("field", []):
            for case in cases_of_field(code, table["service"], field):
                yield pytest.param(code, case, id=f"{code} {field['path']}: {case['name']}")


def cases_of_field(code, service, field):
    path, kind = field["path"], field.get("type", "string")
    success = f"200{code}00 Success"
    wrong = f"400{code}01 Invalid Field Format {path}"

    def case(name, expect, value=None, **more):
        made = {"name": name, "expect": expect, "set": dict(field.get("with", {})), **more}
        if value is not None:
            made["set"][path] = value
        return made

    for value in OF_ANOTHER_TYPE.get(kind, NO_TEXT):
        yield case(f"{value!r} is no {kind}", field.get("mistyped", wrong), value)
    if "absent" in field:
        yield case("missing", field["absent"], remove=[path])
        yield case("empty", field["absent"], "")
        yield case("an empty object", field["absent"], {})
        yield case("null", field["absent"], null=[path])
    if "max" in field:
        yield from cases_of_length(field, case, wrong)
    for value in field.get("good", ANYTHING if kind == "any" else []):
        yield case(f"good: {value}", success, value)
    for value in field.get("bad", []):
        yield case(f"bad: {value!r}", wrong, value)
    if kind == "timestamp":
        answer = {"answer_set": {field["answer_time"]: f"{{time+{AHEAD_S}}}"}}
        for value in CHECKS["timestamps_good"]:
            yield case(f"good: {value}", success, value, **answer)
        for value in [*CHECKS["timestamps_bad"], " {utc}Z", "{utc}Z "]:
            yield case(f"bad: {value}", wrong, value)


def cases_of_length(field, case, wrong):
    most = field["max"]
    for letter in field.get("letters", ["a", "é", "😀"]):
        if "at_max" in field:
            answer = {field["answer"]: letter * most} if "answer" in field else {}
            yield case(f"{most} times {letter}", field["at_max"], letter * most, answer_set=answer)
        yield case(f"{most + 1} times {letter}", wrong, letter * (most + 1))


@pytest.mark.parametrize("code, case", explicit_cases())
def test_case(world, code, case):
    run(world, code, case, world.scene())


@pytest.mark.parametrize("code, case", field_cases())
def test_field(world, code, case):
    service = TABLES[code]["service"]
    if case["expect"].startswith("400") and service["before"]:
        run(world, code, case, world.standing(service["kind"]), before=[])
    else:
        run(world, code, case, world.scene())


def run(world, code, case, scene, before=None):
    table = TABLES[code]
    request_id = uuid.uuid4().hex
    steps = case.get("before", table["service"]["before"]) if before is None else before
    for step in steps:
        take(world, scene, step, table["service"]["kind"], request_id)
    scene.names.values["ahead"] = AHEAD_S
    there = "referenceNo" in scene.names.values
    state = scene.status() if there else None

    answer = scene.call(code, body_of(scene, table, case), request_id)
    if case.get("accepted"):
        scene.accepted.append((code, request_id))

    found = check_answer(answer, case["expect"], members_of(table, case, answer), scene.names)
    assert not found, "\n".join(found)
    if there:
        default = table["service"].get("after", state) if answer.status == 200 else state
        assert scene.status() == case.get("after", default), "state afterwards"
    for name in case.get("untouched", []):
        assert scene.status(name) in ("01", "03"), f"{name or 'the first'} was touched"


def take(world, scene, step, kind, request_id):
    """One step of what is to be there before the call."""
    if isinstance(step, str):
        verb, *rest = step.split()
        if verb == "advance":
            scene.server.advance(int(rest[0]))
        elif verb == "create":
            scene.create(kind, *rest)
        else:
            scene.act(verb, *rest)
    elif "fault" in step:
        scene.server.admin.fault(step["fault"], externalId=request_id)
    else:
        create(world, scene, step)


def create(world, scene, step):
    owner = world.scene(step["partner"]) if "partner" in step else scene
    external_id = scene.names.fill(step["externalId"]) if "externalId" in step else None
    made = owner.create(step["create"], step.get("as", ""), external_id, **step.get("set", {}))
    scene.adopt(made, step.get("as", ""))


def body_of(scene, table, case):
    request = copy.deepcopy(case.get("request", table["request"]))
    for path, value in case.get("set", {}).items():
        set_path(request, path, value)
    for path in case.get("null", []):
        set_path(request, path, None)
    for path in case.get("remove", []):
        remove_path(request, path)
    return scene.names.fill(request)


def members_of(table, case, answer):
    """All members that the answer must have besides code and message."""
    if answer.status == 200:
        members = copy.deepcopy(table["answer"])
        for path, value in case.get("answer_set", {}).items():
            set_path(members, path, value)
        for path in case.get("answer_without", []):
            remove_path(members, path)
        return members
    if case["expect"].startswith("403"):
        return table.get("not_permitted", {})
    return {}
