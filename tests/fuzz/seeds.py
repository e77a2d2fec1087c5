#!/usr/bin/python3
"""Writes what the fuzz targets begin with: one file for each idea, in FOLDER/TARGET/.

    tests/fuzz/seeds.py tests/fuzz/corpus

Bodies come from the tables of tests/cases/, the rest is written here. What else stands in the
corpus was found by fuzzing (run.py --merge). A target that reads its input in a new way needs its
folder emptied and filled again.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import tomllib
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"
# The order of services/registry.cpp, in which the target `body` counts.
SERVICES = ["73", "57", "77", "67", "31", "54", "55", "47", "51", "63", "64", "65", "27", "26"]
KINDS = {"debit": "debit", "qris": "qris", "hold": "hold", "va": "virtual account"}
NOW = "2026-03-01T14:00:00+07:00"


def tables():
    for code in SERVICES:
        file, = CASES.glob(f"{code}_*.toml")
        yield code, tomllib.loads(file.read_text())


def named(text, kind):
    """What a name in braces stands for in tests/fuzz/quiet_branch.h."""
    values = {"referenceNo": f"R-{kind}-live", "externalId": f"X-{kind}-live", "merchant": "M1",
              "partnerReferenceNo": "order", "trxId": "T-live", "new": "new", "va": "   12345",
              "customerNo": "678", "customer": "679", "virtualAccountNo": "   12345678"}

    def value(match):
        name = match[1]
        if name.startswith(("now", "time")):
            return "2026-03-02T14:00:00+07:00"
        return values.get(name, "x")

    return re.sub(r"\{([a-zA-Z][\w.+]*)\}", value, text)


def changed(request, changes, removed=()):
    request = json.loads(json.dumps(request))
    for path, value in [*changes.items(), *((path, None) for path in removed)]:
        at, *keys = request, *path.split(".")
        for key in keys[:-1]:
            at = at.setdefault(key, {}) if isinstance(at, dict) else {}
        if isinstance(at, dict):
            at[keys[-1]] = value
    return request


def requests(table):
    request = table.get("request", {})
    yield request
    for case in table.get("case", []):
        yield changed(case.get("request", request), case.get("set", {}), case.get("remove", ()))
    for field in table.get("field", []):
        for value in [*field.get("good", []), *field.get("bad", [])]:
            yield changed(request, {field["path"]: value})


def bodies(table):
    kind = KINDS.get(table["service"].get("kind"), "")
    for request in requests(table):
        yield named(json.dumps(request, default=str, ensure_ascii=False), kind).encode()


def body_seeds():
    for number, (code, table) in enumerate(tables()):
        for body in bodies(table):
            # Behind the body, from its end: the service, lenient, second secret, second form.
            yield body + bytes([0, 0, 0, number])
        for fate in "paid", "refunded", "cancelled", "failed", "expired":
            body = next(bodies(table)).replace(b"-live", b"-" + fate.encode())
            yield body + bytes([0, 1, code == "57", number])
        yield next(bodies(table)).replace(b"M1", rb"M1\/\u00e9") + bytes([1, 0, 0, number])
        controls = "".join(f"\\u{point:04x}" for point in [*range(32), 127]).encode()
        yield next(bodies(table)).replace(b"new", controls) + bytes([0, 0, 0, number])
    for wrong in b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":' * 17 + b"}" * 17:
        yield wrong + bytes([0, 0, 0, 1])


def header_seeds():
    wrong = {"Content-Type": ["text/plain", "Application/JSON ; charset=utf-8"],
             "Authorization": ["Basic {token}", "bearer {token}", "Bearer x{token}", "Bearer "],
             "X-PARTNER-ID": ["demo", "BNI"],
             "X-TIMESTAMP": ["2026-03-01T07:05:00.000Z", "2026-03-01T07:05:01Z", "now"],
             "X-SIGNATURE": ["{second}", "{wrong}", "{first} ", "{rsa}"],
             "X-EXTERNAL-ID": ["A-Z.a_z~0-9", "a" * 37, "a b"],
             "CHANNEL-ID": ["1234", "12a45"]}

    yield b""
    for call in ("GET /v1.0/debit/cancel", "POST /v1.1/debit/cancel", "POST /v1.0/auth/query",
                 "\n[]", '\n\n{"a":"\\/\\u00e9"}', "\n\n{}"):
        yield call.encode()
    for mark in " !#$%&'()*+,/:;<=>?@[]^`{|}":
        yield f"\nX-EXTERNAL-ID: a{mark}b".encode()
    for name, values in wrong.items():
        yield f"\n-{name}".encode()
        yield f"\n+{name.lower()}: {values[0]}".encode()
        for value in ["", *values]:
            yield f"\n{name}: {value}".encode()
    token = "POST /v1.0/access-token/b2b\nX-SIGNATURE: {rsa}"
    body = '\n\n{"grantType":"client_credentials"}'
    for change in ("", "\nX-CLIENT-KEY: lenient", "\nX-CLIENT-KEY: nobody", "\n-X-CLIENT-KEY",
                   "\nX-TIMESTAMP: 2026-03-01T07:05:00Z", "\nX-SIGNATURE: {first}"):
        yield (token + change + body).encode()


def head_seeds():
    post = "POST /v1.0/debit/cancel HTTP/1.1\r\nHost: h\r\n"
    chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
    texts = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/a?b HTTP/1.0\r\n\r\n",
        post + "Content-Length: 2\r\n\r\n{}", post + "Content-Length: 2\r\n\r\n{}" * 2,
        post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n1", post + "A: b\r\n c\r\n\r\n",
        post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        post + "Connection: close\r\n\r\n", post + "Content-Length: 129\r\n\r\n" + "x" * 129,
        post + "A: " + "b" * 130 + "\r\n\r\n", post + "Host: h\r\n\r\n",
        chunked + "1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n" + post + "\r\n",
        chunked + "1\r\n{\r\n0\r\nA: b\r\n\r\n\r\n\r\n" + post + "\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    ]
    for text in texts:
        for narrow in 0, 1:
            yield text.encode() + bytes([7, 5, narrow])  # how it is cut, from the end: limits


def text(value):
    """A text as it stands in a record (record_codec.h)."""
    return bytes([len(value)]) + value.encode()


def number(value):
    return struct.pack("<q", value)


def transaction(kind):
    of = b"".join(map(text, ["R-1", "demo", "X", "order", "M1"])) + bytes([kind, kind])
    times = number(1) * 3 + (b"\1" + number(5) if kind else b"\0") + b"\0"
    rest = b"".join(map(text, ["", "{}", "T", "   12345", "678", "   12345678", "name"]))
    return of + number(150000) + text("IDR") + times + rest


def record_seeds():
    yield b"\1\3" + number(1)
    yield b"\1\2" + number(1) + number(2) + text("demo") + b"\x36" + text("CALL") + text("T")
    for kind in range(4):
        call = b"\x36" + text("CALL") + bytes(32) + text("{}") + text("A1") + text("p1") + b"\1"
        yield b"\1\1" + number(1) + bytes([kind]) + call + transaction(kind)


def snapshot_seeds():
    def entry(encoded, stated):
        # The target can write the CRCs. A length of 1023 stands for as much as is left.
        return bytes(4) + struct.pack("<III", stated, 1, 4096) + bytes(32) + encoded

    head = b"BATALIVE" + struct.pack("<II", 1, 7) + bytes(range(16)) + number(1) + bytes(24)
    whole = [entry(transaction(kind), len(transaction(kind))) for kind in range(4)]
    files = [head + b"".join(whole[:count]) for count in range(5)]
    files.append(head[:40] + b"\1" + head[41:] + b"".join(whole))  # one is missing
    files.append(head + whole[0] + whole[1][:-1])
    files.append(head + whole[0] + entry(transaction(1) + b"\0", 1023))
    files.append(head + entry(transaction(0).replace(b"\2{}", b"\xa0\4" + bytes(544)), 1023))
    for file in files:
        yield file + b"\0"
        yield file + b"\1"  # from the end: the way; 1 mends the CRCs
    for step in 1, 7, 31:
        for long in 0, 63:
            yield bytes(i * step % 256 for i in range(300)) + bytes([long]) + number(1) + b"\2"


def token_seeds():
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    key = b"\xaa" * 32
    kid = hashlib.sha256(b"batal token key " + key).hexdigest()[:16]
    head = encoded(f'{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}'.encode())
    for claims in ('{"iss":"batal","sub":"demo","iat":1700000000,"exp":1700000900}',
                   '{"iss":"batal","sub":"demo","iat":1,"exp":253402300799}',
                   '{"iss":"batal","sub":"","iat":1,"exp":2}',
                   '{"iss":"x","sub":"demo","iat":1,"exp":2}',
                   '{"iss":"batal","sub":"demo","iat":1.5,"exp":-2}',
                   '{"iss":"batal","sub":"demo"}'):
        yield claims.encode()
        text = head + b"." + encoded(claims.encode())
        yield text + b"." + encoded(hmac.new(key, text, hashlib.sha256).digest())
    yield b"A\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\5"
    claims = encoded(b'{"iss":"batal","sub":"demo","iat":1700000000,"exp":1700000900}')
    for other in b'{"alg":"none","typ":"JWT"}', b'{"alg":"HS512","typ":"JWT"}', b"{}":
        yield encoded(other) + b"." + claims  # signed by the target
    yield head + b"." + claims
    yield b"e30.e30.e30"


def partner_file_seeds():
    whole = ('client_id = "demo"\npublic_key_file = "key.pem"\nclient_secret_files = ["secret"]\n')
    more = ('partner_ids = ["BMRI"]', 'merchant_ids = ["G1", "G2"]', 'merchant_ids = [""]',
            'va_partner_service_ids = ["   88899"]', 'va_partner_service_ids = ["88899"]',
            "accept_unescaped_signature = false", 'lenient_debit_cancel = "yes"', "other = 1",
            '"a\\nb" = 1', "[table]\na = 1979-05-27T07:32:00Z", "a = {b = [1.5, 0x1F, nan]}",
            'partner_ids = """\nmany lines"""', "client_id = 'twice'")
    yield whole.encode()
    yield b""
    for line in more:
        yield (whole + line + "\n").encode()
        yield (line + "\n").encode()
    yield whole.replace("key.pem", "secret").replace('"secret"]', '"empty", "none", "a"]').encode()


def timestamp_seeds():
    for text in (NOW, "2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "0000-01-01T00:00:00-00:00",
                 "9999-12-31T23:59:59.999999999+07:00", "9999-12-31T17:00:00Z",
                 "2020-13-01T00:00:00Z", "2020-01-01T00:00:00.1234567890Z",
                 "1969-12-31T23:59:59.5+23:59", "1900-02-29T00:00:00Z"):
        yield text.encode()


def minify_seeds():
    for _, table in tables():
        yield json.dumps(table.get("request", {}), indent=2, default=str).encode()
    for text in (r'{ "a b" : " \" ,\\ " , "c" : [ 1 , -0.5e+2 ] }',
                 r'{"a\/b":"\u00e9\u2028\ud83d\ude00"}', r'{"\\/":"\\u00e9","\u005c":"\u0022"}',
                 r'{"a":"\ud83d\u00e9"}', '{"a": "unclosed ',
                 '[1, 2]', '{"a":1} x', '{"é":"\u2028"}', '{"a":01}', '{"a":"\\x"}'):
        yield text.encode()
    yield bytes(range(0, 256, 3))


def index_seeds():
    # Read from the end, a choice each: the last moment's file, no log, no changed bytes, one
    # statement, its column and row, what it does, and then nine segments.
    def changed_row(column, *does):
        return bytes([8, 1, *reversed(does), 0, column, 1, 0, 0, 7])

    yield b""
    for column in range(45):
        yield changed_row(column, 2, 0, 3)  # zeros in its place
    for column in range(0, 45, 4):
        yield changed_row(column, 0)  # the row is gone
    for step in 1, 3, 7, 13, 31, 59, 97:
        yield bytes(i * step % 256 for i in range(40))


def segment_seeds():
    for step in 1, 7, 31:
        yield bytes(i * step % 256 for i in range(200))


SEEDS = {"body": body_seeds, "headers": header_seeds, "http_head": head_seeds,
         "index": index_seeds, "minify": minify_seeds, "partner_file": partner_file_seeds,
         "record": record_seeds, "segment": segment_seeds, "snapshot": snapshot_seeds,
         "timestamp": timestamp_seeds, "token": token_seeds}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, seeds in SEEDS.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds():
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    main()
