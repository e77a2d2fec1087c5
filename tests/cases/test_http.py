"""HTTP as bytes: framing, limits, keep-alive, pipelining, deadlines, TLS."""

import ipaddress
import ssl
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.server import Server
from support.snap import compact_json, well_formed
from support.wire import Closed, Wire

NOTHING = "4045501"  # a query that passed all checks and found nothing


def query(caller, **headers):
    """A signed query for nothing; `headers` are added."""
    request = caller.prepare("55", {"originalReferenceNo": "x" * 40})
    request.headers.update(headers)
    return caller.sign(request)


def code(answer):
    return well_formed(answer).json["responseCode"]


def head_and_body(data):
    head, _, body = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body


@pytest.fixture
def caller(world):
    return world.callers["first"]


@pytest.fixture
def wire(world):
    with Wire(world.server.address) as made:
        yield made


def test_byte_by_byte(caller, wire):
    for byte in query(caller).render():
        wire.send(bytes([byte]))
    assert code(wire.receive()) == NOTHING


def test_split_at_every_place_around_the_head(caller, wire):
    data = query(caller).render()
    end = data.index(b"\r\n\r\n")
    for place in [1, 4, 5, *range(end - 2, end + 8), len(data) - 1]:
        wire.send(data[:place])
        wire.send(data[place:])
        assert code(wire.receive()) == NOTHING


def test_many_requests_on_one_connection(caller, wire):
    for _ in range(200):
        wire.send(query(caller).render())
        assert code(wire.receive()) == NOTHING


def test_pipelined_requests_are_answered_in_order(world, caller, wire):
    """What needs the ledger stands between what does not."""
    scene = world.scene()
    sent, expected = b"", []
    for index in range(60):
        if index % 3 == 0:
            external_id = uuid.uuid4().hex
            body = scene.body("54", scene.names.renewed())
            sent += caller.sign(caller.prepare("54", body, external_id)).render()
            expected.append("2005400")
            scene.accepted.append(("54", external_id))
        elif index % 3 == 1:
            sent += query(caller, **{"CHANNEL-ID": "x"}).render()
            expected.append("4005501")
        else:
            sent += query(caller).render()
            expected.append(NOTHING)
    wire.send(sent)
    assert [code(wire.receive()) for _ in expected] == expected


def test_pipelined_behind_a_close_is_not_answered(caller, wire):
    wire.send(query(caller, Connection="close").render() + query(caller).render())
    answer = wire.receive()
    assert code(answer) == NOTHING
    assert answer.header("Connection").lower() == "close"
    assert wire.is_closed_by_peer()


def test_http_1_0_is_answered_and_closed(caller, wire):
    wire.send(query(caller).render().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert code(wire.receive()) == NOTHING
    assert wire.is_closed_by_peer()


def chunked(caller, *chunks, trailer=b"", **headers):
    """The same query with its body in chunks of the given sizes."""
    request = query(caller, **{"Transfer-Encoding": "chunked", **headers})
    head, rest, body = request.render(frame=False)[:-len(request.body)], request.body, b""
    for size in chunks:
        piece, rest = rest[:size], rest[size:]
        body += b"%x\r\n%s\r\n" % (len(piece), piece)
    if rest:
        body += b"%X;extension=1\r\n%s\r\n" % (len(rest), rest)
    return head + body + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize("chunks", [(), (1,), (1, 1, 1, 1), (10, 20)])
@pytest.mark.parametrize("trailer", [b"", b"X-Trailer: 1\r\n"])
def test_chunked_bodies(caller, wire, chunks, trailer):
    for _ in range(2):
        wire.send(chunked(caller, *chunks, trailer=trailer))
        assert code(wire.receive()) == NOTHING


def test_chunked_byte_by_byte(caller, wire):
    for byte in chunked(caller, 3, 5):
        wire.send(bytes([byte]))
    assert code(wire.receive()) == NOTHING


def test_a_chunked_cancel(world, caller, wire):
    scene = world.scene()
    scene.create("debit")
    external_id = uuid.uuid4().hex
    request = caller.prepare("57", scene.body("57"), external_id)
    request.headers["Transfer-Encoding"] = "chunked"
    caller.sign(request)
    data = request.render(frame=False)[:-len(request.body)]
    wire.send(data + b"%x\r\n%s\r\n0\r\n\r\n" % (len(request.body), request.body))
    assert code(wire.receive()) == "2005700"
    scene.accepted.append(("57", external_id))


def test_chunks_beyond_the_body_limit(caller, wire):
    head, _ = head_and_body(chunked(caller))
    wire.send(head)
    piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    try:
        for _ in range(5):
            wire.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert code(wire.receive()) == "4135500"
    assert wire.is_closed_by_peer()


@pytest.mark.parametrize("body", [b"x\r\n0\r\n\r\n", b"-1\r\nx\r\n", b"\r\n0\r\n\r\n",
                                  b"ffffffffffffffffff\r\n", b"3\r\nabcd\r\n0\r\n\r\n"])
def test_bad_chunks(caller, wire, body):
    head, _ = head_and_body(chunked(caller))
    wire.send(head + body)
    assert code(wire.receive())[:3] in ("400", "413")
    assert wire.is_closed_by_peer()


def test_transfer_encoding_with_content_length(caller, wire):
    """Which of them counts is what request smuggling is made of: refused and closed."""
    data = chunked(caller, **{"Content-Length": "5"})
    wire.send(data + query(caller).render())
    assert code(wire.receive()) == "4005500"
    assert wire.is_closed_by_peer()


@pytest.mark.parametrize("headers", [
    {"Content-Length": "5, 6"}, {"Content-Length": "-1"}, {"Content-Length": "x"},
    {"Content-Length": "0x10"}, {"Content-Length": "99999999999999999999999"},
    {"Transfer-Encoding": "gzip"}, {"Transfer-Encoding": "chunked, gzip"},
    {"Transfer-Encoding": "xchunked"}])
def test_bad_framing(caller, wire, headers):
    wire.send(query(caller, **headers).render(frame=False) + query(caller).render())
    assert code(wire.receive())[:3] in ("400", "413")
    assert wire.is_closed_by_peer()


def test_two_content_lengths(caller, wire):
    wire.send(query(caller, **{"Content-Length": "1"}).render())
    assert code(wire.receive())[:3] == "400"
    assert wire.is_closed_by_peer()


LINE = b"POST /v1.0/debit/cancel HTTP/1.1\r\nHost: batal\r\n"
NOT_HTTP = {
    b"\x00\x01\x02\x03\r\n\r\n": "4000000",
    b"hello\r\n\r\n": "4000000",
    b"POST /v1.0/debit/cancel\r\n\r\n": "4000000",
    b" / HTTP/1.1\r\nHost: batal\r\n\r\n": "4000000",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n": "4000000",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": "4040000",
    b"POST /v1.0/debit/cancel HTTP/2.0\r\nHost: batal\r\n\r\n": "4005700",
    b"POST /v1.0/debit/cancel HTTP/1.1\r\n\r\n": "4005700",
    LINE + b"Host: batal\r\n\r\n": "4005700",
    LINE + b"no colon\r\n\r\n": "4005700",
    LINE + b"A B: c\r\n\r\n": "4005700",
    LINE + b": c\r\n\r\n": "4005700",
    LINE + b"Content-Length : 2\r\n\r\n{}": "4005700",
    LINE + b"X-Nul: a\x00b\r\n\r\n": "4005700",
    LINE + b"X-Bell: a\x07b\r\n\r\n": "4005700",
    LINE + b"X-Folded: a\r\n b\r\n\r\n": "4005700",
    LINE + b"X-Bare: a\rb\r\n\r\n": "4005700",
}


@pytest.mark.parametrize("data", NOT_HTTP)
def test_what_is_not_http(wire, data):
    """Refused as what can be read of it, and closed: nothing behind it is taken for a request."""
    wire.send(data)
    assert code(wire.receive()) == NOT_HTTP[data]
    assert wire.is_closed_by_peer()


def test_a_head_that_never_ends(wire):
    """Refused when it is too large, without waiting for its end."""
    wire.send(b"POST /v1.0/debit/cancel HTTP/1.1\r\nX: " + b"x" * 17000)
    assert code(wire.receive()) == "4315700"
    assert wire.is_closed_by_peer()


def test_a_target_that_never_ends(wire):
    wire.send(b"POST /" + b"x" * 17000)
    assert code(wire.receive())[:3] in ("431", "404")
    assert wire.is_closed_by_peer()


def test_a_body_announced_too_large_is_not_waited_for(wire, caller):
    head, _ = head_and_body(query(caller, **{"Content-Length": "65537"}).render(frame=False))
    wire.send(head)
    assert code(wire.receive()) == "4135500"
    assert wire.is_closed_by_peer()


def test_expect_100_continue(caller, wire):
    head, body = head_and_body(query(caller, Expect="100-continue").render())
    for _ in range(2):
        wire.send(head)
        assert wire.receive_any().status == 100
        wire.send(body)
        answer = wire.receive_any()
        assert code(answer) == NOTHING


def test_expect_100_continue_with_the_body_at_once(caller, wire):
    wire.send(query(caller, Expect="100-continue").render())
    assert code(wire.receive()) == NOTHING


def test_expect_100_continue_for_a_body_too_large(caller, wire):
    """Told at once, without inviting the body."""
    request = query(caller, Expect="100-continue", **{"Content-Length": "65537"})
    head, _ = head_and_body(request.render(frame=False))
    wire.send(head)
    assert code(wire.receive_any()) == "4135500"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_an_unfinished_request_does_nothing(world, caller, wire, kept):
    """Cut off in the middle, the call leaves no trace; sent whole under the same id it is done."""
    scene = world.scene()
    scene.create("debit")
    external_id = uuid.uuid4().hex
    request = caller.sign(caller.prepare("57", scene.body("57"), external_id))
    data = request.render()
    wire.send(data[:int(len(data) * kept)])
    wire.finish_sending()
    try:
        assert code(wire.receive())[:3] == "400"
    except Closed:
        pass
    assert scene.status() == "03"
    answer = caller.send(request)
    assert code(answer) == "2005700"
    scene.note("57", external_id, answer)


def test_a_caller_that_hangs_up_before_the_answer(world, caller):
    """The cancel is decided all the same, and its retry gets the answer."""
    scene = world.scene()
    scene.create("debit")
    external_id = uuid.uuid4().hex
    world.server.admin.fault("delay", externalId=external_id, delayMs=50)
    request = caller.sign(caller.prepare("57", scene.body("57"), external_id))
    with Wire(world.server.address) as gone:
        gone.send(request.render())
    answer = caller.send(request)
    assert code(answer) == "2005700"
    scene.note("57", external_id, answer)


def test_empty_lines_before_a_request(caller, wire):
    wire.send(b"\r\n" + query(caller).render())
    assert code(wire.receive()) == NOTHING


def test_50_connections_at_once(world, caller):
    wires = [Wire(world.server.address) for _ in range(50)]
    data = query(caller).render()
    for wire in wires:
        wire.send(data[:100])
    for wire in wires:
        wire.send(data[100:])
    assert {code(wire.receive()) for wire in wires} == {NOTHING}
    for wire in wires:
        wire.close()


def test_two_callers_share_nothing_but_the_address(world):
    """The same bytes on two connections, one of them broken off: the other is answered."""
    caller = world.callers["first"]
    data = query(caller).render()
    with Wire(world.server.address) as broken, Wire(world.server.address) as whole:
        broken.send(data[:50])
        whole.send(data[:50])
        broken.close()
        whole.send(data[50:])
        assert code(whole.receive()) == NOTHING


# Limits and deadlines that are settings.

@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server with short deadlines and small limits."""
    environment = {"BATAL_HTTP_IDLE_MS": "1000", "BATAL_HTTP_READ_MS": "1500",
                   "BATAL_HTTP_HEAD_BYTES_MAX": "2048", "BATAL_HTTP_BODY_BYTES_MAX": "1024"}
    with Server(tmp_path_factory.mktemp("strict"), environment=environment) as server:
        yield server


def test_idle_connections_are_closed(strict):
    with Wire(strict.address) as wire:
        assert wire.is_closed_by_peer()
    with Wire(strict.address) as wire:
        wire.send(query(strict.demo_caller()).render())
        assert code(wire.receive()) == NOTHING
        assert wire.is_closed_by_peer()


@pytest.mark.parametrize("kept", [10, -1])
def test_a_request_that_is_not_finished_in_time(strict, kept):
    with Wire(strict.address) as wire:
        wire.send(query(strict.demo_caller()).render()[:kept])
        try:
            assert code(wire.receive())[:3] == "400"
        except Closed:
            return
        assert wire.is_closed_by_peer()


def test_limits_are_settings(strict):
    caller = strict.demo_caller()
    assert code(caller.send(query(caller))) == NOTHING
    assert code(caller.send(query(caller, **{"X-Pad": "x" * 2048}))) == "4315500"
    body = compact_json({"originalReferenceNo": "x", "pad": "x" * 1024})
    assert code(caller.call("55", body)) == "4135500"


# TLS.

def certificate(folder):
    """A self-signed certificate for 127.0.0.1 and its key, as two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    address = ipaddress.ip_address("127.0.0.1")
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), False)
            .sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    (folder / "server.pem").write_bytes(made.public_bytes(pem))
    (folder / "server.key").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "server.pem", folder / "server.key"


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    chain, key = certificate(folder)
    environment = {"BATAL_HTTP_TLS_CERTIFICATE_FILE": str(chain),
                   "BATAL_HTTP_TLS_KEY_FILE": str(key)}
    with Server(folder, environment=environment) as server:
        server.chain = str(chain)
        yield server


def trusting(server, version=None):
    context = ssl.create_default_context(cafile=server.chain)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls(secure, version):
    assert secure.tls
    caller = secure.demo_caller()
    caller.tls = trusting(secure, version)
    body = {"partnerReferenceNo": "p", "amount": {"value": "1500"}}
    made = caller.call("54", body).json["referenceNo"]
    body = {"originalReferenceNo": made, "originalPartnerReferenceNo": "p"}
    assert code(caller.call("57", body)) == "2005700"
    assert caller.wire.socket.version() == version.name.replace("_", ".")


def test_tls_splits_and_pipelining(secure):
    caller = secure.demo_caller()
    caller.tls = trusting(secure)
    data = query(caller).render()
    with Wire(secure.address, caller.tls) as wire:
        wire.send(data * 10)
        assert [code(wire.receive()) for _ in range(10)] == [NOTHING] * 10
        for byte in data:
            wire.send(bytes([byte]))
        assert code(wire.receive()) == NOTHING


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_older_tls_is_refused(secure):
    context = trusting(secure)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        Wire(secure.address, context)


def test_plain_http_on_the_tls_port(secure):
    """Closed, and the next caller is served."""
    with Wire(secure.address) as wire:
        wire.send(b"POST /v1.0/debit/cancel HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises((Closed, AssertionError)):
            wire.receive()
    caller = secure.demo_caller()
    caller.tls = trusting(secure)
    assert code(caller.send(query(caller))) == NOTHING
