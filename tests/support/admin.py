"""The admin address: the provider API, faults and the sandbox clock."""

import json
import uuid

from support.wire import Wire, render


class Admin:
    def __init__(self, address, token, server):
        self.address = address
        self.token = token
        self.server = server

    def call(self, method, path, body=b"", headers=(), token=True):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        lines = [("Host", "admin"), ("Content-Length", str(len(body))), ("Connection", "close")]
        if token:
            lines.append(("Authorization", f"Bearer {self.token}"))
        with Wire(self.address) as wire:
            wire.send(render(method, path, [*lines, *headers], body))
            return wire.receive()

    def change(self, client_id, reference_no, verb, key=None, body=b""):
        """pay, fail, refund or expire, with a fresh key unless one is given."""
        path = f"/provider/v1/partners/{client_id}/transactions/{reference_no}/{verb}"
        key = uuid.uuid4().hex if key is None else key
        return self.call("POST", path, body, [("Idempotency-Key", key)])

    def advance(self, seconds):
        answer = self.call("POST", "/sandbox/clock", {"advanceSeconds": seconds})
        assert answer.status == 200, answer

    def fault(self, fault, **what):
        """Returns the rule's number."""
        answer = self.call("POST", "/sandbox/faults", {"fault": fault, **what})
        assert answer.status == 201, answer
        return answer.json["id"]

    def clear_faults(self):
        assert self.call("DELETE", "/sandbox/faults").json == {"faults": []}
