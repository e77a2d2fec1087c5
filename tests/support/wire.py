"""HTTP/1.1 as bytes: what is sent is exactly what a test wrote, and answers are read one by one."""

import json
import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def json(self):
        return json.loads(self.body)


class Closed(Exception):
    """The peer closed before a whole answer came."""


class Wire:
    """One connection. Not for several threads at once."""

    def __init__(self, address, tls=None, timeout=20):
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=address[0])
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as reset:
            raise Closed("connection reset") from reset
        if not data:
            raise Closed(f"connection closed after {self.buffer[:200]!r}")
        self.buffer += data

    def receive(self):
        """The next final answer; interim ones (100 Continue) are passed over."""
        answer = self.receive_any()
        while answer.status < 200:
            answer = self.receive_any()
        return answer

    def receive_any(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ")
        assert version in ("HTTP/1.1", "HTTP/1.0"), first
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        answer = Answer(int(status), headers, b"")
        if answer.status >= 200:
            length = int(answer.header("Content-Length"))
            while len(self.buffer) < length:
                self._more()
            answer.body, self.buffer = self.buffer[:length], self.buffer[length:]
        return answer

    def is_closed_by_peer(self):
        """Waits for the end of the stream; false if bytes come instead."""
        if self.buffer:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def render(method, target, headers, body=b"", version="HTTP/1.1"):
    """The bytes of one request. Header values are sent as UTF-8, and only those given."""
    lines = [f"{method} {target} {version}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
