"""The order of checks, for every service: each check alone, every two of them together, what must
pass, and the token service's own short list."""

import base64
import copy
import hashlib
import hmac
import itertools
import json
import uuid

import pytest
from support.case_files import TABLES, load, path_of
from support.snap import compact_json, hmac_signature, minify, string_to_sign
from support.tables import Names, check_answer, raw_bytes, set_path

TABLE = load("checks.toml")
CHECKS = TABLE["check"]
REFUSED = [check for check in CHECKS if check["step"] < 99]
PASSED = [check for check in CHECKS if check["step"] == 99]
SERVICES = sorted(code for code in TABLES if code != "73")
CANCELS = ["31", "57", "67", "77"]
TOKEN = TABLES["73"]


def by_name(check):
    return check["name"]


@pytest.mark.parametrize("code", SERVICES)
@pytest.mark.parametrize("check", REFUSED, ids=by_name)
def test_refused(world, code, check):
    scene = world.standing(TABLES[code]["service"]["kind"])
    assert_refused(scene, code, [check])


@pytest.mark.parametrize("code", SERVICES)
def test_the_first_failure_answers(world, code):
    """One check of every kind, each together with every later one."""
    scene = world.standing(TABLES[code]["service"]["kind"])
    firsts = {}
    for check in REFUSED:
        firsts.setdefault(check["step"], check)
    for earlier, later in itertools.combinations(firsts.values(), 2):
        if not touched(earlier) & touched(later):
            assert_refused(scene, code, [earlier, later])


@pytest.mark.parametrize("code", CANCELS)
@pytest.mark.parametrize("stamp", TABLE["timestamps_bad"])
def test_bad_timestamp(world, code, stamp):
    scene = world.standing(TABLES[code]["service"]["kind"])
    check = {"step": 5.1, "headers": {"X-TIMESTAMP": stamp},
             "expect": "400xx01 Invalid Field Format X-TIMESTAMP"}
    assert_refused(scene, code, [check])


@pytest.mark.parametrize("code", CANCELS)
@pytest.mark.parametrize("stamp", TABLE["timestamps_good"])
def test_good_timestamp(world, code, stamp):
    assert_passes(world, code, {"headers": {"X-TIMESTAMP": stamp}})


@pytest.mark.parametrize("code", SERVICES)
@pytest.mark.parametrize("check", PASSED, ids=by_name)
def test_passed(world, code, check):
    assert_passes(world, code, check)


@pytest.mark.parametrize("code", SERVICES)
def test_expired_token(world, code):
    """900 seconds are the life of a token: valid shortly before, and not from then on."""
    scene = world.standing(TABLES[code]["service"]["kind"])
    caller = scene.caller
    kept = caller.token()
    body = scene.body(code)
    caller.server.advance(901)
    request = caller.prepare(code, body)
    request.headers["Authorization"] = f"Bearer {kept}"
    answer = caller.send(caller.sign(request))
    assert not check_answer(answer, f"401{code}01 Invalid Token (B2B)", {}, scene.names)


def test_token_lives_900_seconds(world):
    caller = world.callers["first"].another()
    caller.token()
    token = caller.send(caller.token_request()).json["accessToken"]
    world.server.advance(880)
    request = caller.prepare("55", {"originalReferenceNo": "x"})
    request.headers["Authorization"] = f"Bearer {token}"
    assert caller.send(caller.sign(request)).json["responseCode"] == "4045501"


def test_several_tokens_live_side_by_side(world):
    caller = world.callers["first"]
    tokens = [caller.send(caller.token_request()).json["accessToken"] for _ in range(3)]
    for token in tokens:
        request = caller.prepare("55", {"originalReferenceNo": "x"})
        request.headers["Authorization"] = f"Bearer {token}"
        assert caller.send(caller.sign(request)).json["responseCode"] == "4045501"


def test_another_partners_token(world):
    """Valid, but neither this partner's id nor its secret goes with it."""
    first, second = world.callers["first"], world.callers["second"]
    request = first.prepare("55", {"originalReferenceNo": "x"})
    request.headers["Authorization"] = f"Bearer {second.token()}"
    answer = first.send(first.sign(request))
    assert answer.json["responseMessage"] == "Unauthorized. X-PARTNER-ID"
    request.headers["X-PARTNER-ID"] = second.partner.partner_id
    answer = first.send(first.sign(request))
    assert answer.json["responseMessage"] == "Unauthorized. Signature"


@pytest.mark.parametrize("case", TOKEN["case"], ids=by_name)
def test_token_service(world, case):
    assert_token_answer(world, [case])


def test_string_to_sign_that_is_no_text_is_not_shown(world):
    """A header may hold any byte, an answer may not."""
    caller = world.callers["first"]
    request = caller.token_request(**{"X-CLIENT-KEY": "nobody"}).render()
    answer = caller.send(request.replace(b"nobody", b"nob\xf6dy"))
    assert answer.json == {"responseCode": "4017300", "responseMessage": "Unauthorized. Signature"}


def test_token_service_first_failure_answers(world):
    firsts = {}
    for case in TOKEN["case"]:
        if "step" in case:
            firsts.setdefault(case["step"], case)
    for earlier, later in itertools.combinations(firsts.values(), 2):
        if not touched(earlier) & touched(later):
            assert_token_answer(world, [earlier, later])


def touched(check):
    """The parts of a request that a check changes."""
    parts = {"sign" if key == "signed_timestamp" else key
             for key in ("method", "target", "sign", "signed_timestamp") if key in check}
    if any(key.startswith("body") or key in ("spaced", "wrong") for key in check):
        parts.add("body")
    if "token" in check:
        parts.add("authorization")
    headers = [*check.get("headers", {}), *check.get("drop", []), *check.get("twice", [])]
    parts |= {"sign" if name == "X-SIGNATURE" else name.lower() for name in headers}
    return parts


def assert_refused(scene, code, checks):
    request, expected_to_sign = build(scene, code, checks)
    answer = scene.caller.send(rendered(request, checks))
    names = Names(scene.server.now, {**scene.names.values,
                                     "first": TABLES[code]["service"]["first"]})
    expect = checks[0]["expect"].replace("xx", code)
    if "{first}" in expect:
        expect = expect.replace("{first}", TABLES[code]["service"]["first"])
    members = {}
    if expect.endswith("Unauthorized. Signature"):
        names.values["toSign"] = expected_to_sign
        members = {"additionalInfo": {"stringToSign": "{toSign}"}}
    found = check_answer(answer, expect, members, names)
    assert not found, "\n".join([" + ".join(c.get("name", "") for c in checks), *found])


def assert_passes(world, code, check):
    scene = world.scene()
    service = TABLES[code]["service"]
    for _ in service["before"]:
        scene.create(service["kind"])
    request, _ = build(scene, code, [check])
    answer = scene.caller.send(rendered(request, [check]))
    assert answer.json["responseCode"] == f"200{code}00", answer
    scene.note(code, next(value for name, value in request.headers.items()
                          if name.lower() == "x-external-id"), answer)
    if "after" in service:
        assert scene.status() == service["after"]


def build(scene, code, checks):
    """A valid request with all that the checks change, and what should have been signed."""
    caller, path = scene.caller, path_of(code)
    names = Names(scene.server.now, {
        **scene.names.values, "path": path, "PATH": path.upper(), "token": caller.token(),
        "rest": path.removeprefix("/v1.0"), "first": TABLES[code]["service"]["first"]})
    body = scene.body(code)
    request = caller.prepare(code, body, uuid.uuid4().hex)
    for check in checks:
        change(request, check, names, body, TABLES[code]["service"]["first"])
    sign = {key: value for check in checks for key, value in check.get("sign", {}).items()}
    to_sign = caller.string_to_sign(request)
    request.headers["X-SIGNATURE"] = signature(caller, request, sign, names)
    for check in checks:
        finish(request, check, names)
    return request, to_sign


def change(request, check, names, body, first):
    request.method = check.get("method", request.method)
    if "target" in check:
        request.target = names.fill(check["target"])
    if "token" in check:
        request.headers["Authorization"] = f"Bearer {spoilt(check['token'], names.values['token'])}"
    for name, value in check.get("headers", {}).items():
        if name != "X-SIGNATURE":
            request.headers[name] = names.fill(value)
    if "body" in check:
        request.body = raw_bytes(check["body"])
    elif "body_levels" in check:
        request.body = b'{"x":' + b"[" * check["body_levels"] + b"]" * check["body_levels"] + b"}"
    elif "body_bytes" in check:
        padded = compact_json({**body, "pad": ""})
        request.body = padded[:-2] + b"x" * (check["body_bytes"] - len(padded)) + b'"}'
    elif check.get("spaced"):
        request.body = json.dumps(body, indent=3, ensure_ascii=False).encode() + b" \t\r\n"
    elif check.get("wrong"):
        wrong = copy.deepcopy(body)
        set_path(wrong, first, 5)
        request.body = compact_json(wrong)


def signature(caller, request, sign, names):
    token = request.headers["Authorization"].removeprefix("Bearer ")
    signed = minify(request.body)
    if sign.get("body") == "as sent":
        signed = request.body
    elif "body" in sign:
        signed = sign["body"].encode()
    text = string_to_sign(sign.get("method", request.method),
                          names.fill(sign.get("path", request.path)), sign.get("token", token),
                          signed, names.fill(sign.get("timestamp",
                                                      request.headers["X-TIMESTAMP"])))
    if sign.get("hash") == "upper":
        digest = hashlib.sha256(signed).hexdigest()
        text = text.replace(digest, digest.upper())
    right = hmac_signature(sign.get("secret", caller.partner.client_secret), text)
    raw = base64.b64decode(right)
    return {"unpadded": right.rstrip("="), "hex": raw.hex(), "longer": right + "AAAA",
            "url": "_-" + base64.urlsafe_b64encode(raw).decode()[2:]}.get(sign.get("as"), right)


def finish(request, check, names):
    """What must not be signed any more: the signature itself, missing and repeated headers."""
    if "X-SIGNATURE" in check.get("headers", {}):
        request.headers["X-SIGNATURE"] = check["headers"]["X-SIGNATURE"]
    for name in check.get("twice", []):
        value = next(v for n, v in request.headers.items() if n.lower() == name.lower())
        request.more_headers.append((name, value))
    for name in check.get("drop", []):
        request.headers.pop(name)
    if check.get("lower"):
        request.headers = {name.lower(): value for name, value in request.headers.items()}


def rendered(request, checks):
    """The bytes, with a head of just the size that a check asks for."""
    for check in checks:
        if "head_bytes" in check:
            request.more_headers.append(("X-Pad", ""))
            head = len(request.render()) - len(request.body)
            request.more_headers[-1] = ("X-Pad", "x" * (check["head_bytes"] - head))
    return request.render()


def spoilt(how, token):
    head, claims, mac = token.split(".")
    text = base64.urlsafe_b64decode(claims + "==")
    if how == "signature changed":
        return f"{head}.{claims}.{'B' if mac[0] == 'A' else 'A'}{mac[1:]}"
    if how == "signature cut":
        return f"{head}.{claims}."
    if how == "claims changed":
        return f"{head}.{url64(text.replace(b'first', b'Xirst'))}.{mac}"
    if how == "no algorithm":
        return ".".join((url64(b"{\"alg\":\"none\",\"typ\":\"JWT\"}"), claims, ""))
    assert how == "another key"
    key = b"another key of thirty-two bytes."
    foreign = hmac.digest(key, f"{head}.{claims}".encode(), "sha256")
    return f"{head}.{claims}.{url64(foreign)}"


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assert_token_answer(world, cases):
    caller = world.callers["first"]
    names = world.scene().names
    request = caller.token_request()
    for case in cases:
        request.method = case.get("method", request.method)
        request.body = raw_bytes(case["body"]) if "body" in case else request.body
        for name, value in case.get("headers", {}).items():
            request.headers[name] = names.fill(value)
    stamp = request.headers["X-TIMESTAMP"]
    expected_to_sign = f"{request.headers['X-CLIENT-KEY']}|{stamp}"
    for case in cases:
        stamp = names.fill(case.get("signed_timestamp", stamp))
    request.headers["X-SIGNATURE"] = caller.partner.token_signature(stamp)
    for case in cases:
        finish(request, case, names)
    answer = caller.send(request)
    expect = cases[0]["expect"]
    members = {}
    if answer.status == 200:
        members = {key: value for key, value in TOKEN["answer"].items()
                   if not key.startswith("response")}
    elif expect.endswith("Unauthorized. Signature"):
        names.values["toSign"] = expected_to_sign
        members = {"additionalInfo": {"stringToSign": "{toSign}"}}
    found = check_answer(answer, expect, members, names)
    assert not found, "\n".join([" + ".join(case["name"] for case in cases), *found])
