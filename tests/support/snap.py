"""An independent SNAP client: tokens, both signatures, requests and what every answer must be."""

import base64
import hashlib
import hmac
import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from support.case_files import path_of
from support.wire import Closed, Wire, render

JAKARTA = timezone(timedelta(hours=7))
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00")
TOKEN_RENEWED_S = 600


def timestamp(seconds):
    return datetime.fromtimestamp(int(seconds), JAKARTA).isoformat()


def compact(seconds):
    return datetime.fromtimestamp(int(seconds), JAKARTA).strftime("%Y%m%d%H%M%S")


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def minify(body):
    """Without the white space outside strings; a string that never ends is left as it is."""
    return re.sub(rb'("(?:\\.|[^"\\])*(?:"|\\?$))|[ \t\r\n]+', lambda m: m.group(1) or b"", body,
                  flags=re.DOTALL)


def string_to_sign(method, path, token, signed_body, stamp):
    return f"{method}:{path}:{token}:{hashlib.sha256(signed_body).hexdigest()}:{stamp}"


def hmac_signature(secret, text):
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha512")).decode()


@dataclass
class Partner:
    client_id: str
    client_secret: str
    private_key: object
    partner_id: str
    merchants: list[str]
    va_partner_service_id: str
    channel_id: str = "95221"

    @staticmethod
    def from_credentials(values):
        return Partner(values["CLIENT_ID"], values["CLIENT_SECRET"],
                       _read_key(values["PRIVATE_KEY_FILE"]), values["PARTNER_ID"],
                       [values["MERCHANT_ID"]], _padded(values["VA_PARTNER_SERVICE_ID"]),
                       values["CHANNEL_ID"])

    @staticmethod
    def from_folder(folder, client_id, merchants, services):
        return Partner(client_id, (Path(folder) / f"{client_id}.secret").read_text().strip(),
                       _read_key(Path(folder) / f"{client_id}.private.pem"), client_id,
                       list(merchants), _padded(services[0]) if services else "")

    def token_signature(self, stamp):
        text = f"{self.client_id}|{stamp}".encode()
        signature = self.private_key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


def _read_key(file):
    return serialization.load_pem_private_key(Path(file).read_bytes(), None)


def _padded(service_id):
    return service_id.strip("\"'").strip().rjust(8)


@dataclass
class Request:
    """One request before it is signed; every part may be changed."""
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    more_headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def path(self):
        return self.target.partition("?")[0]

    def render(self, frame=True):
        """The bytes. `frame` adds the Content-Length."""
        length = [("Content-Length", str(len(self.body)))] if frame else []
        return render(self.method, self.target,
                      [*self.headers.items(), *self.more_headers, *length], self.body)


def well_formed(answer):
    """What holds for every answer of the service address, whatever it says."""
    assert answer.header("Content-Type") == "application/json", answer
    assert TIMESTAMP.fullmatch(answer.header("X-TIMESTAMP") or ""), answer
    body = answer.json
    assert isinstance(body, dict), answer
    assert re.fullmatch(r"\d{7}", body["responseCode"]), answer
    assert body["responseCode"][:3] == str(answer.status), answer
    assert 1 <= len(body["responseMessage"]) <= 150, answer
    return answer


class Caller:
    """A partner calling one server, over a connection that is kept. One per thread."""

    def __init__(self, server, partner, tls=None):
        self.server = server
        self.partner = partner
        self.tls = tls
        self.wire = None
        self._token = None
        self._token_until = 0

    def another(self):
        """The same partner on a connection of its own, the token shared."""
        twin = Caller(self.server, self.partner, self.tls)
        twin._token, twin._token_until = self.token(), self._token_until
        return twin

    def token_request(self, **headers):
        stamp = headers.get("X-TIMESTAMP", timestamp(self.server.now()))
        lines = {"Host": "batal", "Content-Type": "application/json", "X-TIMESTAMP": stamp,
                 "X-CLIENT-KEY": self.partner.client_id,
                 "X-SIGNATURE": self.partner.token_signature(stamp), **headers}
        return Request("POST", path_of("73"), lines, b'{"grantType":"client_credentials"}')

    def token(self):
        now = self.server.now()
        from_when = self._token_until - TOKEN_RENEWED_S
        if self._token is None or not from_when <= now < self._token_until:
            answer = self.send(self.token_request())
            assert answer.status == 200, answer
            self._token = answer.json["accessToken"]
            self._token_until = now + TOKEN_RENEWED_S
        return self._token

    def prepare(self, service, body, external_id=None):
        body = body if isinstance(body, bytes) else compact_json(body)
        headers = {
            "Host": "batal",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.token()}",
            "X-PARTNER-ID": self.partner.partner_id,
            "X-TIMESTAMP": timestamp(self.server.now()),
            "X-EXTERNAL-ID": uuid.uuid4().hex if external_id is None else external_id,
            "CHANNEL-ID": self.partner.channel_id,
        }
        return Request("POST", path_of(service), headers, body)

    def string_to_sign(self, request, signed_body=None):
        signed_body = minify(request.body) if signed_body is None else signed_body
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return string_to_sign(request.method, request.path, token, signed_body,
                              request.headers.get("X-TIMESTAMP", ""))

    def sign(self, request, signed_body=None, secret=None):
        text = self.string_to_sign(request, signed_body)
        request.headers["X-SIGNATURE"] = hmac_signature(secret or self.partner.client_secret, text)
        return request

    def send(self, request):
        """Sends as it is; a connection that the server closed in between is made anew."""
        if isinstance(request, Request):
            request = request.render()
        for attempt in (1, 2):
            fresh = self.wire is None
            if fresh:
                self.wire = Wire(self.server.address, self.tls)
            try:
                self.wire.send(request)
                answer = well_formed(self.wire.receive())
                break
            except (Closed, BrokenPipeError, ConnectionResetError):
                self.hang_up()
                if fresh or attempt == 2:
                    raise
        if (answer.header("Connection") or "").lower() == "close":
            self.hang_up()
        return answer

    def hang_up(self):
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def call(self, service, body, external_id=None):
        return self.send(self.sign(self.prepare(service, body, external_id)))
