"""Who may call: second signature form, two secrets, lenient cancel, production mode, reload."""

import json
import threading
import uuid
from collections import Counter

import pytest
from support.server import Server, StartFailed, wait_until
from support.snap import Caller, compact_json, minify

KNOWN = "4045501"  # a query that passed all checks and found nothing
NO_SIGNATURE = "4015500"
REFUSED = {"responseCode": NO_SIGNATURE, "responseMessage": "Unauthorized. Signature"}


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """A production server with three partners."""
    server = Server(tmp_path_factory.mktemp("production"), sandbox=False)
    server.callers = {
        name: Caller(server, server.new_partner(name, [f"M-{name}"], flags=flags))
        for name, flags in {"plain": [], "lenient": ["--lenient-debit-cancel"],
                            "raw": ["--no-unescaped-signature"]}.items()}
    with server:
        yield server


def query(caller, body=b'{"originalReferenceNo":"x"}', signed=None, secret=None):
    """The response code of a query with this body, signed over another text or another secret."""
    request = caller.prepare("55", body)
    return caller.send(caller.sign(request, signed, secret)).json["responseCode"]


# (what is sent, what is signed): the second form undoes \/ and \uXXXX from U+0080 up.
SECOND_FORM = {
    "a slash": (r'{"originalReferenceNo":"a\/b"}', '{"originalReferenceNo":"a/b"}'),
    "a letter": (r'{"originalReferenceNo":"caf\u00e9"}', '{"originalReferenceNo":"café"}'),
    "hex digits in capitals": (r'{"originalReferenceNo":"caf\u00E9"}',
                               '{"originalReferenceNo":"café"}'),
    "the first that is undone": (r'{"originalReferenceNo":"\u0080"}',
                                 '{"originalReferenceNo":"\u0080"}'),
    "three bytes": (r'{"originalReferenceNo":"\u20ac"}', '{"originalReferenceNo":"€"}'),
    "a pair of surrogates": (r'{"originalReferenceNo":"\ud83d\ude00"}',
                             '{"originalReferenceNo":"😀"}'),
    "a key": (r'{"originalReferenceNo":"x","a\/\u00e9":1}', '{"originalReferenceNo":"x","a/é":1}'),
    "white space outside, which is minified first": (
        '{ "originalReferenceNo" : "a\\/ b" }', '{"originalReferenceNo":"a/ b"}'),
    "an escaped backslash stays": (r'{"originalReferenceNo":"a\\\/\/"}',
                                   r'{"originalReferenceNo":"a\\//"}'),
    "the line separator stays": (r'{"originalReferenceNo":"\u2028\/"}',
                                 r'{"originalReferenceNo":"\u2028/"}'),
    "the paragraph separator stays": (r'{"originalReferenceNo":"\u2029\/"}',
                                      r'{"originalReferenceNo":"\u2029/"}'),
    "escapes below stay": (r'{"originalReferenceNo":"\u007f\n\t\"\/"}',
                           r'{"originalReferenceNo":"\u007f\n\t\"/"}'),
}
NOT_THE_SECOND_FORM = {
    "an escaped quote undone": (r'{"originalReferenceNo":"a\",\"b\":\"c\/"}',
                                '{"originalReferenceNo":"a","b":"c/"}'),
    "a quote by its number undone": (r'{"originalReferenceNo":"a\u0022\/"}',
                                     '{"originalReferenceNo":"a"/"}'),
    "a backslash undone": (r'{"originalReferenceNo":"a\\b\/"}', r'{"originalReferenceNo":"a\b/"}'),
    "a backslash by its number undone": (r'{"originalReferenceNo":"a\u005c\/"}',
                                         '{"originalReferenceNo":"a\\/"}'),
    "a backslash before a slash eaten": (r'{"originalReferenceNo":"a\\/b"}',
                                         r'{"originalReferenceNo":"a\/b"}'),
    "a line feed undone": (r'{"originalReferenceNo":"a\n\/"}', '{"originalReferenceNo":"a\n/"}'),
    "a letter of ASCII undone": (r'{"originalReferenceNo":"\u0041\/"}',
                                 '{"originalReferenceNo":"A/"}'),
    "the last that is not undone": (r'{"originalReferenceNo":"\u007f\/"}',
                                    '{"originalReferenceNo":"\x7f/"}'),
    "the line separator undone": (r'{"originalReferenceNo":"\u2028\/"}',
                                  '{"originalReferenceNo":"\u2028/"}'),
    "the paragraph separator undone": (r'{"originalReferenceNo":"\u2029\/"}',
                                       '{"originalReferenceNo":"\u2029/"}'),
    "half of it undone": (r'{"originalReferenceNo":"\/\u00e9"}',
                          r'{"originalReferenceNo":"/\u00e9"}'),
    "something added": ('{"originalReferenceNo":"a/b"}', r'{"originalReferenceNo":"a\/b"}'),
}


@pytest.mark.parametrize("name", SECOND_FORM)
def test_second_form(production, name):
    sent, signed = (text.encode() for text in SECOND_FORM[name])
    assert query(production.callers["plain"], sent, signed) == KNOWN
    assert query(production.callers["plain"], sent) == KNOWN, "the first form"
    assert query(production.callers["raw"], sent, signed) == NO_SIGNATURE, "switched off"
    assert query(production.callers["raw"], sent) == KNOWN


@pytest.mark.parametrize("name", NOT_THE_SECOND_FORM)
def test_not_the_second_form(production, name):
    sent, signed = (text.encode() for text in NOT_THE_SECOND_FORM[name])
    assert query(production.callers["plain"], sent, signed) == NO_SIGNATURE


def test_a_cancel_as_the_official_php_client_sends_it(production):
    """Signed raw, sent with escapes; a retry of the same bytes is a retry."""
    caller = production.callers["plain"]
    reference = "order/é/😀"
    creation, cancel = uuid.uuid4().hex, uuid.uuid4().hex
    body = {"partnerReferenceNo": reference,
            "payOptionDetails": [{"transAmount": {"value": "1500", "currency": "IDR"}}],
            "urlParam": {"url": "https://merchant.test/back"}}
    assert php_call(caller, "54", body, creation).status == 200
    body = {"originalExternalId": creation, "originalPartnerReferenceNo": reference}
    first = php_call(caller, "57", body, cancel)
    assert first.status == 200
    assert php_call(caller, "57", body, cancel).body == first.body


def php_call(caller, service, body, external_id):
    sent = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
    return caller.send(caller.sign(caller.prepare(service, sent, external_id), compact_json(body)))


def test_production_does_not_show_the_string_to_sign(production):
    caller = production.callers["plain"]
    request = caller.sign(caller.prepare("55", {"originalReferenceNo": "x"}), secret="another")
    answer = caller.send(request)
    assert (answer.status, answer.json) == (401, REFUSED)
    token = caller.token_request()
    token.headers["X-SIGNATURE"] = "QUJD"
    assert caller.send(token).json == {"responseCode": "4017300",
                                       "responseMessage": "Unauthorized. Signature"}


@pytest.mark.parametrize("call", [
    ("POST", "/sandbox/faults", {"externalId": "x", "fault": "internal-server-error"}),
    ("GET", "/sandbox/faults", b""), ("POST", "/sandbox/clock", {"advanceSeconds": 1}),
    ("GET", "/sandbox/clock", b"")], ids=lambda call: f"{call[0]} {call[1]}")
def test_production_has_no_faults_and_no_clock(production, call):
    assert production.admin.call(*call).status == 404


def test_production_has_the_provider_api(production):
    caller = production.callers["plain"]
    body = {"partnerReferenceNo": "p", "amount": {"value": "1500"}}
    reference = caller.call("54", body).json["referenceNo"]
    assert production.admin.change("plain", reference, "pay").json["state"] == "paid"
    body = {"originalReferenceNo": reference, "originalPartnerReferenceNo": "p"}
    answer = caller.call("57", body)
    assert answer.json["responseMessage"] == "Transaction Not Permitted.[already paid]."


@pytest.mark.parametrize("by", ["originalReferenceNo", "originalExternalId"])
def test_lenient_debit_cancel(production, by):
    """Only where the partner's setting says so, and only for a number that is not given."""
    for name, code in (("plain", "4005702"), ("lenient", "2005700")):
        caller = production.callers[name]
        creation = uuid.uuid4().hex
        body = {"partnerReferenceNo": "p", "amount": {"value": "1500"}}
        made = caller.call("54", body, creation).json["referenceNo"]
        known = {"originalReferenceNo": made, "originalExternalId": creation}[by]
        wrong = caller.call("57", {by: known, "originalPartnerReferenceNo": "q"})
        assert wrong.json["responseMessage"] == (
            "Transaction Not Permitted.[identifiers disagree].")
        answer = caller.call("57", {by: known})
        assert answer.json["responseCode"] == code
        if code.startswith("400"):
            message = "Invalid Mandatory Field originalPartnerReferenceNo"
            assert answer.json["responseMessage"] == message


def test_lenient_debit_cancel_still_needs_an_identifier(production):
    answer = production.callers["lenient"].call("57", {"originalPartnerReferenceNo": "p"})
    assert answer.json["responseMessage"] == "Invalid Mandatory Field originalReferenceNo"


def edit(server, name, old, new):
    file = server.partners / f"{name}.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def reload_and_wait(server, line):
    """SIGHUP, and until the log says so."""
    before = server.log.read_text().count(line)
    server.reload()
    wait_until(lambda: server.log.read_text().count(line) > before, f"{line!r} in the log")


RELOADED = "partners reloaded"
NOT_RELOADED = "partners not reloaded"


@pytest.fixture
def own_server(tmp_path):
    server = Server(tmp_path, sandbox=False)
    server.caller = Caller(server, server.new_partner("acme", ["M-acme"]))
    with server:
        yield server


def eventually(server, condition):
    """Every event loop takes the new partners over on its own; asked until all answers agree."""
    wait_until(lambda: all(condition(server.caller.another()) for _ in range(8)), "all event loops")


def test_two_live_secrets(own_server):
    caller = own_server.caller
    first = caller.partner.client_secret
    second = "the-second-secret-of-acme-0123456789"
    assert query(caller, secret=second) == NO_SIGNATURE
    (own_server.partners / "acme.second").write_text(second + "\n")
    edit(own_server, "acme", '"acme.secret"', '"acme.secret", "acme.second"')
    reload_and_wait(own_server, RELOADED)
    eventually(own_server, lambda new: query(new, secret=second) == KNOWN)
    assert query(caller, secret=first) == KNOWN
    assert query(caller, secret=second) == KNOWN
    assert query(caller, secret=first + second) == NO_SIGNATURE
    edit(own_server, "acme", '"acme.secret", ', "")
    reload_and_wait(own_server, RELOADED)
    eventually(own_server, lambda new: query(new, secret=first) == NO_SIGNATURE)
    assert query(caller, secret=second) == KNOWN


def test_a_reload_brings_a_new_partner(own_server):
    new = Caller(own_server, own_server.new_partner("later", ["M-later"]))
    assert new.send(new.token_request()).json["responseCode"] == "4017300"
    reload_and_wait(own_server, RELOADED)
    own_server.caller = new
    eventually(own_server, lambda one: one.send(one.token_request()).status == 200)


def test_calls_go_on_while_partners_are_reloaded(own_server):
    codes, done = Counter(), threading.Event()

    def call_on_and_on(caller):
        while not done.is_set():
            codes[query(caller)] += 1
        caller.hang_up()

    callers = [threading.Thread(target=call_on_and_on, args=(own_server.caller.another(),))
               for _ in range(4)]
    for thread in callers:
        thread.start()
    for _ in range(20):
        reload_and_wait(own_server, RELOADED)
    done.set()
    for thread in callers:
        thread.join()
    assert set(codes) == {KNOWN}


def test_a_token_of_a_partner_that_is_gone(own_server):
    own_server.new_partner("other", ["M-other"])
    assert query(own_server.caller) == KNOWN
    (own_server.partners / "acme.toml").rename(own_server.folder / "acme.toml")
    reload_and_wait(own_server, RELOADED)
    eventually(own_server, lambda one: query(one) == "4015501")


@pytest.mark.parametrize("bad", ["merchant_ids = 5", "= no toml", "no_such_setting = 1"])
def test_a_bad_reload_keeps_the_old(own_server, bad):
    (own_server.partners / "zzz.toml").write_text(bad + "\n")
    edit(own_server, "acme", "M-acme", "M-changed")
    reload_and_wait(own_server, NOT_RELOADED)
    assert "zzz.toml:1" in own_server.log.read_text()
    for merchant, code in (("M-acme", KNOWN), ("M-changed", "4045508")):
        body = compact_json({"originalReferenceNo": "x", "merchantId": merchant})
        assert query(own_server.caller, body) == code
    (own_server.partners / "zzz.toml").unlink()
    reload_and_wait(own_server, RELOADED)
    body = compact_json({"originalReferenceNo": "x", "merchantId": "M-changed"})
    eventually(own_server, lambda one: query(one, body) == KNOWN)


def test_a_bad_partner_file_stops_the_start(tmp_path):
    server = Server(tmp_path, sandbox=False)
    server.partners.mkdir(parents=True)
    (server.partners / "acme.toml").write_text('client_id = "acme"\nmerchant_ids = 5\n')
    with pytest.raises(StartFailed, match="acme.toml:2.*merchant_ids"):
        server.start()


def test_a_ledger_knows_its_mode(tmp_path):
    with Server(tmp_path, sandbox=True):
        pass
    with pytest.raises(StartFailed, match="sandbox"):
        Server(tmp_path, sandbox=False).start()


def test_one_data_folder_serves_one_server(tmp_path):
    with Server(tmp_path, sandbox=True):
        with pytest.raises(StartFailed):
            Server(tmp_path, sandbox=True).start()


def test_minify_of_this_very_client():
    """What the rest rests on: white space goes outside strings only."""
    assert minify(b' { "a b" : [ 1 , "c \\" d" ] }\r\n\t') == b'{"a b":[1,"c \\" d"]}'
