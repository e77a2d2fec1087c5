"""The program's commands as a shell sees them: exit status, output and last words."""

import json
import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from support.server import Server, StartFailed, binary, run, wait_until

CREDENTIALS = "CLIENT_ID=demo\nCLIENT_SECRET=s\nPRIVATE_KEY_FILE=demo.private.pem\n"


@pytest.fixture(name="credentials", scope="module")
def made_credentials(tmp_path_factory):
    """A file of credentials without a BASE_URL."""
    folder = tmp_path_factory.mktemp("partner")
    assert run("partner", "new", "--folder", folder, "--client-id", "demo").returncode == 0
    file = folder / "credentials.env"
    file.write_text(CREDENTIALS)
    return file


def call(credentials, *arguments):
    return run("call", "55", "--credentials", credentials, *arguments, input="{}")


def test_call_takes_the_address_from_the_command_line(credentials):
    done = call(credentials, "--base-url", "http://127.0.0.1:1", "--timeout-ms", "1000")
    assert done.returncode == 75
    assert "127.0.0.1 port 1" in done.stderr


@pytest.mark.parametrize("arguments, named", [
    ([], "base_url: is empty"), (["--base-url", "merchants.example"], "base_url: ")])
def test_call_names_an_address_that_will_not_do(credentials, arguments, named):
    done = call(credentials, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"batal call: {named}")
    assert str(credentials) in done.stderr
    assert done.stderr.count("\n") == 1


def test_call_names_credentials_that_will_not_do(credentials):
    file = credentials.with_name("bad.env")
    file.write_text(CREDENTIALS + "CHANNEL_ID=x\n")
    done = call(file, "--base-url", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert done.stderr.startswith("batal call: channel_id: must be five digits")


@pytest.mark.parametrize("external_id", ["", "a b", "x" * 37])
def test_call_sends_nothing_under_an_external_id_that_will_not_do(credentials, external_id):
    done = call(credentials, "--base-url", "http://127.0.0.1:1", "--external-id", external_id)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("batal call: external id: must be 1 to 36 of ")


@pytest.mark.parametrize("name", ["", "gone.json"])
def test_call_names_a_body_that_it_cannot_read(credentials, tmp_path, name):
    done = call(credentials, "--base-url", "http://127.0.0.1:1", "--body", tmp_path / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"batal call: cannot read {tmp_path / name}\n"


@contextmanager
def provider(token, answer):
    """The address of a provider that always gives these two answers: (status, response code)."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, code = token if self.path.endswith("/b2b") else answer
            body = json.dumps({"responseCode": code, "responseMessage": "As told",
                               "accessToken": "t", "expiresIn": "900"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


TOKEN = (200, "2007300")


@pytest.mark.parametrize("token, answer, status", [
    (TOKEN, (200, "2005500"), 0),
    (TOKEN, (404, "4045501"), 1),
    (TOKEN, (429, "4295500"), 75),
    (TOKEN, (500, "5005501"), 75),
    (TOKEN, (504, "5045500"), 75),
    ((401, "4017300"), None, 1),
    ((429, "4297300"), None, 75),
    ((504, "5047300"), None, 75)])
def test_call_tells_by_its_status_whether_to_try_again(credentials, token, answer, status):
    with provider(token, answer) as address:
        done = call(credentials, "--base-url", address)
    assert done.returncode == status, done.stderr


def test_ledger_show_reads_any_folder(tmp_path):
    ledger = tmp_path / "log"
    with Server(tmp_path, environment={"BATAL_LEDGER_FOLDER": str(ledger)}) as server:
        caller = server.demo_caller()
        body = {"partnerReferenceNo": "order-1", "amount": {"value": "1500.00"}}
        assert caller.send(caller.sign(caller.prepare("54", body))).status == 200
    shown = run("ledger", "show", "--folder", ledger)
    assert (shown.returncode, shown.stdout.count("\n")) == (0, 1)
    assert '"partnerReferenceNo":"order-1"' in shown.stdout
    both = run("ledger", "show", "--folder", ledger, "--data", tmp_path)
    assert (both.returncode, both.stdout) == (2, "")
    gone = run("ledger", "show", "--data", tmp_path / "data")
    assert gone.returncode == 1
    assert str(tmp_path / "data" / "ledger") in gone.stderr


@pytest.fixture(name="two_records")
def made_two_records(tmp_path):
    """The folder of a ledger that no server runs on, with two records in its only segment."""
    with Server(tmp_path) as server:
        caller = server.demo_caller()
        for name in ("order-1", "order-2"):
            body = {"partnerReferenceNo": name, "amount": {"value": "1500.00"}}
            assert caller.send(caller.sign(caller.prepare("54", body))).status == 200
    return server.data / "ledger"


def end_of_frames(segment):
    at = 4096
    while length := int.from_bytes(segment[at + 4:at + 8], "little"):
        at += (64 + length + 7) // 8 * 8
    return at


def overwrite(file, at, content):
    with file.open("r+b") as segment:
        segment.seek(at)
        segment.write(content)


def test_ledger_show_says_what_stands_behind_the_last_record(two_records):
    segment = two_records / "0000000001.segment"
    end = end_of_frames(segment.read_bytes())
    overwrite(segment, end, b"torn")
    shown = run("ledger", "show", "--folder", two_records)
    assert (shown.returncode, shown.stdout.count("\n")) == (0, 2)
    assert shown.stderr == ("batal: 4 bytes of a torn tail, or of a batch just being written, "
                            f"at byte {end} of {segment}\n")


def test_ledger_show_fails_where_a_told_record_is_broken(two_records):
    segment = two_records / "0000000001.segment"
    overwrite(segment, 4096, b"torn")
    shown = run("ledger", "show", "--folder", two_records)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith(
        f"batal: {segment} is corrupt: record 1 at byte 4096 is broken, and the frame at byte ")


def test_a_reader_that_goes_away_ends_a_command_without_a_word():
    """Also where the parent ignores SIGPIPE, as Python does."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([binary(), "fields"], stdout=writing, stderr=subprocess.PIPE,
                          restore_signals=False, check=False)
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.parametrize("arguments, said", [
    ([], "a command is missing; there are serve, partner, ledger, call, fields"),
    (["bogus"], 'there is no command "bogus"; there are serve, partner, ledger, call, fields'),
    (["ledger"], "ledger: a command is missing; there are show, export, verify, checkpoint, "
                 "backup, restore"),
    (["ledger", "bogus"], 'ledger: there is no command "bogus"; there are show, export, verify, '
                          "checkpoint, backup, restore"),
    (["serve", "--bogus"], "serve: The following argument was not expected: --bogus"),
    (["partner", "new", "--folder"], "partner new: --folder: 1 required"),
    (["ledger", "backup"], "ledger backup: file is required")])
def test_a_wrong_command_line_is_told(arguments, said):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"batal: {said}")
    assert done.stderr.endswith("\nRun with --help for more information.\n")
    assert done.stderr.count("\n") == 2


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([binary(), "--version"], stdout=full, stderr=subprocess.PIPE,
                              check=False)
        assert done.returncode == 1
        done = subprocess.run([binary(), "fields"], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr


def test_a_misspelt_variable_is_named_at_the_start(tmp_path):
    environment = {"BATAL_HTTP_LISTN": "0.0.0.0:80", "BATAL_LISTEN": "x", "BATAL_ADMIN": "x"}
    with Server(tmp_path, environment=environment) as server:
        warned = [line for line in server.log_text().splitlines() if "no such setting" in line]
    assert len(warned) == 1
    assert "environment: BATAL_HTTP_LISTN: there is no such setting" in warned[0]


def test_the_audit_key_is_not_made_in_the_ledgers_folder(tmp_path):
    ledger, key = tmp_path / "log", tmp_path / "log/audit.key"
    environment = {"BATAL_LEDGER_FOLDER": str(ledger), "BATAL_LEDGER_AUDIT_KEY_FILE": str(key)}
    with pytest.raises(StartFailed) as failed:
        Server(tmp_path, environment=environment).start()
    assert f"ledger.audit_key_file: {key} lies inside the ledger's folder," in str(failed.value)
    assert not ledger.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_can_be_ended(tmp_path, number):
    """One that waits for ever for a file of the ledger."""
    with Server(tmp_path) as server:
        pass
    (server.data / "ledger/checkpoints").unlink(missing_ok=True)
    os.mkfifo(server.data / "ledger/checkpoints")
    server.log.unlink()
    server.launch()
    wait_until(lambda: " partners in " in server.log_text(), "the start to come to the ledger")
    server.process.send_signal(number)
    try:
        assert server.process.wait(5) == -number
    finally:
        server.kill()


def serve_with_partners(tmp_path, folder, sandbox):
    return Server(tmp_path, sandbox=sandbox, environment={"BATAL_PARTNERS_FOLDER": str(folder)})


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_misspelt_folder_of_partners_is_not_made(tmp_path, sandbox):
    folder = tmp_path / "partnres"
    with pytest.raises(StartFailed) as failed:
        serve_with_partners(tmp_path, folder, sandbox).start()
    assert f"partners.folder: there is no folder {folder}" in str(failed.value)
    assert not folder.exists()


def test_a_server_without_partners_says_so(tmp_path):
    folder = tmp_path / "partners"
    folder.mkdir()
    with serve_with_partners(tmp_path, folder, sandbox=False) as server:
        assert f"nobody can call: there are no partners in {folder}" in server.log_text()
