#!/usr/bin/env python3
"""A quick look at the cost of a signed, durable debit cancel: cancels per second and CPU per cancel.

Starts the server on one core, creates debit payments for some seconds and then cancels them, with
wrk from another core. Every cancel is distinct, signed and of a distinct payment; at the end the
ledger must hold as many cancels as were answered. Needs wrk.

    bench/cancels.py [SECONDS] [CONNECTIONS]
"""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BATAL = os.environ.get("BATAL", str(ROOT / "build/release/batal"))
REQUESTS_PER_SECOND_MAX = 60_000
TICKS = os.sysconf("SC_CLK_TCK")


def start_server(data):
    server = subprocess.Popen(
        ["taskset", "-c", "0", BATAL, "serve", "--sandbox", "--listen", "127.0.0.1:0",
         "--admin", "127.0.0.1:0", "--data", data],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "BATAL_HTTP_LOOPS": "1"})
    server.stdout.readline()
    return server


def credentials(data):
    lines = Path(data, "sandbox/credentials.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def fetch_token(about):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", about["PRIVATE_KEY_FILE"]],
        input=f"{about['CLIENT_ID']}|{stamp}".encode(), capture_output=True, check=True).stdout
    request = urllib.request.Request(
        about["BASE_URL"] + "/v1.0/access-token/b2b", b'{"grantType":"client_credentials"}',
        {"Content-Type": "application/json", "X-CLIENT-KEY": about["CLIENT_ID"],
         "X-TIMESTAMP": stamp, "X-SIGNATURE": base64.b64encode(signature).decode()})
    return json.load(urllib.request.urlopen(request))["accessToken"]


def minified(**members):
    return json.dumps(members, separators=(",", ":"))


def write_requests(path, about, token, url, calls):
    """calls: (external id, body) pairs; one signed HTTP request each."""
    key = hmac.new(about["CLIENT_SECRET"].encode(), digestmod="sha512")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    with open(path, "wb") as out:
        for external_id, body in calls:
            digest = hashlib.sha256(body.encode()).hexdigest()
            mac = key.copy()
            mac.update(f"POST:{url}:{token}:{digest}:{stamp}".encode())
            text = (f"POST {url} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    f"Authorization: Bearer {token}\r\nX-TIMESTAMP: {stamp}\r\n"
                    f"X-SIGNATURE: {base64.b64encode(mac.digest()).decode()}\r\n"
                    f"X-PARTNER-ID: {about['PARTNER_ID']}\r\nX-EXTERNAL-ID: {external_id}\r\n"
                    f"CHANNEL-ID: {about['CHANNEL_ID']}\r\nContent-Length: {len(body)}\r\n\r\n"
                    f"{body}").encode()
            out.write(b"%d\n" % len(text) + text)


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def play(server, about, path, seconds, connections):
    before = cpu_seconds(server.pid)
    shown = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         "-s", str(ROOT / "bench/replay.lua"), about["BASE_URL"]],
        capture_output=True, text=True, check=True, env={**os.environ, "REQUESTS": path}).stdout
    answered = re.search(r"(\d+) requests in", shown).group(1)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", shown)
    tail = re.search(r"99%\s+(\S+)", shown).group(1)
    return {"answered": int(answered), "wrong": int(wrong.group(1)) if wrong else 0,
            "p99": tail, "cpu": cpu_seconds(server.pid) - before}


def events(data):
    with subprocess.Popen([BATAL, "ledger", "show", "--data", data], stdout=subprocess.PIPE,
                          text=True) as show:
        for line in show.stdout:
            yield json.loads(line)


def measure(server, data, seconds, connections):
    count = 2 * seconds * REQUESTS_PER_SECOND_MAX
    about = credentials(data)
    token = fetch_token(about)
    path = data + "/requests"
    write_requests(path, about, token, "/v1.0/debit/payment-host-to-host", (
        (f"create-{i}", minified(partnerReferenceNo=f"order-{i}",
                                  amount={"value": "1500.00", "currency": "IDR"}))
        for i in range(count)))
    play(server, about, path, 2 * seconds, connections)
    created = [event["transaction"] for event in events(data)]
    write_requests(path, about, token, "/v1.0/debit/cancel", (
        (f"cancel-{i}", minified(originalReferenceNo=payment["referenceNo"],
                                  originalPartnerReferenceNo=payment["partnerReferenceNo"]))
        for i, payment in enumerate(created)))
    seen = play(server, about, path, seconds, connections)
    cancels = sum(event["action"] == "cancel" for event in events(data))
    return created, seen, cancels


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    with tempfile.TemporaryDirectory() as data:
        server = start_server(data)
        try:
            created, seen, cancels = measure(server, data, seconds, connections)
        finally:
            server.terminate()
            server.wait()
    print(f"{seen['answered']} answers, {seen['wrong']} wrong, {cancels} cancels in the ledger")
    print(f"{cancels / seconds:.0f} cancels/s at {connections} connections, "
          f"{1e6 * seen['cpu'] / cancels:.1f} us of the server's CPU each, p99 {seen['p99']}")
    if cancels == len(created):
        print("the payments ran out before the time was up: the rate is too low")
    if seen["wrong"] or cancels < min(seen["answered"], len(created)):
        sys.exit("a cancel was answered wrongly or lost")


if __name__ == "__main__":
    main()
