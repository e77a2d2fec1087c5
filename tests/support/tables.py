"""What the case files mean: their names in {braces}, and the answers they expect.

In a request:   {new} a fresh identifier, {customer} fresh digits, {merchant} {otherMerchant} {va}
                of the partner, {now+900} a timestamp, {utc} {local} {west} a moment without its
                zone, {a*64} repetition, {referenceNo} and so on of the transaction made before,
                {other.referenceNo} of the one made as "other".
In an answer:   also {time} {time+900} a timestamp near that moment, {compact} yyyyMMddHHmmss,
                {number} a reference number, {qr} an EMV text, {text} anything but nothing.
A value that is one such name alone keeps the type of what it stands for.
"""

import binascii
import re
import uuid
from datetime import datetime, timedelta, timezone

from support.snap import JAKARTA, TIMESTAMP, timestamp

BRACED = re.compile(r"\{([^{}\s]+)\}")
ZONES = {"utc": timezone.utc, "local": JAKARTA, "west": timezone(-timedelta(hours=3, minutes=30))}
NUMBER = re.compile(r"A1\d{14}[A-Za-z0-9]{10}ID")
TOLERANCE_S = 60


class Names:
    """What names in braces stand for in one case."""

    def __init__(self, now, values):
        self.now = now
        self.values = values

    def renewed(self):
        """The same names with fresh identifiers."""
        fresh = {"new": "n" + uuid.uuid4().hex[:24], "customer": f"{uuid.uuid4().int % 10**12:012}"}
        return Names(self.now, {**self.values, **fresh})

    def look_up(self, name):
        if name in self.values:
            return self.values[name]
        if name[1:2] == "*":
            return name[0] * int(name[2:])
        if name.startswith("now"):
            return timestamp(self.now() + int(name[3:] or 0))
        if name in ZONES:
            moment = datetime.fromtimestamp(int(self.now() + self.values.get("ahead", 0)),
                                            ZONES[name])
            return moment.strftime("%Y-%m-%dT%H:%M:%S")
        raise KeyError(name)

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if not isinstance(value, str):
            return value
        whole = BRACED.fullmatch(value)
        if whole:
            return self.look_up(whole[1])
        return BRACED.sub(lambda found: str(self.look_up(found[1])), value)


def set_path(body, path, value):
    """Sets a dotted path; an array on the way stands for its first element."""
    *way, last = path.split(".")
    for step in way:
        inner = body.get(step)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = inner[0]
        if not isinstance(inner, dict):
            inner = body[step] = {}
        body = inner
    body[last] = value


def remove_path(body, path):
    *way, last = path.split(".")
    for step in way:
        body = body.get(step, {})
        body = body[0] if isinstance(body, list) else body
    body.pop(last, None)


def raw_bytes(text):
    r"""A body written as text in which \xNN stands for one byte."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: binascii.unhexlify(m[1]), text.encode())


def differences(expected, got, names, where="body"):
    """How an answer differs from what a table says, as a list of texts; members are exact."""
    if isinstance(expected, dict) and isinstance(got, dict):
        found = [f"{where}: missing {key}" for key in expected.keys() - got.keys()]
        found += [f"{where}: not expected: {key} = {got[key]!r}"
                  for key in got.keys() - expected.keys()]
        for key in expected.keys() & got.keys():
            found += differences(expected[key], got[key], names, f"{where}.{key}")
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [text for index, pair in enumerate(zip(expected, got))
                for text in differences(*pair, names, f"{where}[{index}]")]
    if isinstance(expected, str) and isinstance(got, str) and _matches(expected, got, names):
        return []
    if not isinstance(expected, str) and expected == got and type(expected) is type(got):
        return []
    return [f"{where}: expected {expected!r}, got {got!r}"]


def check_answer(answer, expected, members, names):
    """`expected` is "2005700 Success"; `members` all that stands in the body besides."""
    code, _, message = expected.partition(" ")
    body = {"responseCode": code, "responseMessage": message, **members}
    found = differences(body, answer.json, names)
    if answer.status != int(code[:3]):
        found.insert(0, f"status: expected {code[:3]}, got {answer.status}")
    return found


def _matches(expected, got, names):
    if expected.startswith("{time"):
        at = names.now() + int(expected[5:-1] or 0)
        return bool(TIMESTAMP.fullmatch(got)) and _near(datetime.fromisoformat(got), at)
    if expected == "{compact}":
        return bool(re.fullmatch(r"\d{14}", got)) and _near(
            datetime.strptime(got, "%Y%m%d%H%M%S").replace(tzinfo=JAKARTA), names.now())
    if expected == "{number}":
        return bool(NUMBER.fullmatch(got))
    if expected == "{qr}":
        return _is_emv(got)
    if expected == "{text}":
        return got != ""
    return names.fill(expected) == got


def _near(moment, seconds):
    return abs(moment.timestamp() - seconds) <= TOLERANCE_S


def _is_emv(text):
    """Starts with a payload format indicator, ends in the CRC (CCITT, start FFFF) of all before."""
    crc = binascii.crc_hqx(text[:-4].encode(), 0xFFFF)
    return text.startswith("000201") and text[-8:-4] == "6304" and text[-4:] == f"{crc:04X}"
