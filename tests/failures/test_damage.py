"""A ledger folder that is not as it was left. What the start reads it checks: it names what is
wrong and touches nothing, or, where only the end is torn, cuts that off and says so. What it does
not read, sealed segments that are in the index, gives the right answer or none, and `ledger verify`
finds it."""

import hashlib
import re
import shutil

import pytest
from answered import LIFE_S, SEGMENTS, used, with_status
from support.damage import cut, flip
from support.server import Server, run, wait_until
from worlds import ENVIRONMENT, last_words, segment, verified

HEADER_BYTES = 4096
NO_ANSWER = "a record cannot be read, its call gets no answer"
NAMES = [segment(number) for number in range(1, SEGMENTS + 1)]
FIRST, SECOND, *_, AFTER_SNAPSHOT, LIVE = NAMES


def flip_at(name, at):
    return lambda ledger: flip(ledger / name, at)


def flip_middle(name):
    return lambda ledger: flip(ledger / name, (HEADER_BYTES + used(ledger / name)) // 2)


def shorten(name, to):
    return lambda ledger: cut(ledger / name, to)


def remove(*names):
    return lambda ledger: [(ledger / name).unlink() for name in names]


def say_format(number):
    def change(ledger):
        text = (ledger / "format").read_text()
        changed = re.sub(r"format \d+", f"format {number}", text)
        assert changed != text
        (ledger / "format").write_text(changed)
    return change


def old_format(ledger):
    """As the first version wrote it."""
    (ledger / "format").write_text("batal ledger\nformat 1\nmode sandbox\n")


def forget_end(ledger):
    """What was written last, and synced, is zeros again."""
    live = ledger / LIVE
    size = live.stat().st_size
    cut(live, used(live) - 200)
    with open(live, "r+b") as file:
        file.truncate(size)


FORMAT = "format is not the format file of a ledger, or of another than format 2"
MISSING = "records that were told are missing"

# What is done to the folder, and what the start then says; and whether `ledger show` finds it too.
STOPPED = {
    "a frame that later ones vouch for": (
        flip_middle(LIVE), rf"{LIVE} .*corrupt.* byte \d+", True),
    "the live segment's header": (flip_at(LIVE, 9), rf"{LIVE} ", True),
    "the live segment is of a newer format": (flip_at(LIVE, 8), rf"{LIVE} has format \d+", True),
    "the end is forgotten": (forget_end, MISSING, False),
    "a segment missing in the middle": (remove(SECOND), rf"{SECOND} is missing", True),
    "the first segment missing": (remove(FIRST), rf"{FIRST} is missing", True),
    "the last segment missing": (remove(LIVE), rf"{LIVE} is missing", False),
    "the last segment and the index missing": (
        remove(LIVE, "index.sqlite"), MISSING, False),
    "all segments missing": (remove(*NAMES), rf"{FIRST} is missing", True),
    "another segment in the live one's place": (
        lambda ledger: shutil.copy(ledger / FIRST, ledger / LIVE), rf"{LIVE} ", True),
    "the live segment too short": (
        shorten(LIVE, -1), rf"{LIVE} .*corrupt.* ends at byte \d+", True),
    "the live segment without a whole header": (shorten(LIVE, 100), rf"{LIVE} ", True),
    "an empty live segment": (shorten(LIVE, 0), rf"{LIVE} ", True),
    "a foreign file": (lambda ledger: (ledger / "notes.txt").write_text("mine"),
                       "notes.txt is no file of a ledger", False),
    "a foreign folder": (lambda ledger: (ledger / "old").mkdir(),
                         "old is no file of a ledger", False),
    "a newer format": (say_format(999), FORMAT, True),
    "the format before this one": (old_format, FORMAT, True),
    "no format file": (remove("format"), "format is missing|holds no ledger", True),
    "a checkpoint was changed": (flip_at("checkpoints", 200),
                                 r"checkpoints has a wrong signature.*, at line 1", False),
}

# The same for what a start only reads that has to make the index anew.
IN_SEALED = {
    "a frame": (flip_middle(FIRST), rf"{FIRST} .*byte \d+.*(corrupt|broken|CRC)"),
    "a header": (flip_at(SECOND, 9), rf"{SECOND} .*format"),
    "another segment in its place": (
        lambda ledger: shutil.copy(ledger / FIRST, ledger / SECOND), rf"{SECOND} "),
    "too short": (shorten(FIRST, -1), rf"{FIRST} .*corrupt.* ends at byte \d+"),
    "cut in two": (shorten(FIRST, 2 << 20), rf"{FIRST} .*corrupt.* ends at byte \d+"),
    "empty": (shorten(FIRST, 0), rf"{FIRST} "),
}


def records(server):
    """As the start has found them."""
    return int(re.search(r"ledger in .*: (\d+) records in", server.whole_log_text())[1])


def fingerprints(ledger):
    """Of what is worth something: the index is not."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in ledger.iterdir()
            if file.is_file() and not file.name.endswith(".tmp")
            and not file.name.startswith("index.sqlite")}


@pytest.mark.parametrize("name", STOPPED)
def test_the_start_stops(copied, name):
    damage, said, shown = STOPPED[name]
    server = copied()
    ledger = server.data / "ledger"
    damage(ledger)
    before = fingerprints(ledger)
    for _ in range(2):
        assert re.search(said, last_words(server))
        assert fingerprints(ledger) == before
    show = run("ledger", "show", "--data", server.data)
    assert (show.returncode == 1) == shown, show.stderr
    assert not shown or re.search(said, show.stderr), show.stderr


@pytest.mark.parametrize("name", IN_SEALED)
def test_damage_in_a_sealed_segment(answered, copied, name):
    """Serving goes on, and what the damage has hit is not answered. Only a start without an index
    stops."""
    damage, said = IN_SEALED[name]
    server = copied()
    ledger = server.data / "ledger"
    damage(ledger)
    before = fingerprints(ledger)
    with server:
        unanswered = answered.ask_all(server)
        assert (NO_ANSWER in server.log_text()) == (unanswered > 0)
        assert unanswered > 0 or name == "too short"
        answered.scene(server).create("debit")
        assert server.admin.call("GET", "/readyz", token=False).status == 200
    status, text = verified(server)
    assert status == 1 and re.search(said, text), text
    changed = {file for file, value in fingerprints(ledger).items() if before.get(file) != value}
    assert changed <= {LIVE, "checkpoints"}
    before = fingerprints(ledger)
    remove("index.sqlite")(ledger)
    assert re.search(said, last_words(server))
    assert fingerprints(ledger) == before


def test_a_record_that_is_broken_while_it_is_served(answered, copied):
    """In the live segment, too, it costs its call the answer. The next start names it."""
    server = copied()
    live = server.data / "ledger" / LIVE
    with server:
        scene = answered.scene(server)
        body = scene.body("54", scene.names.renewed())
        first = scene.caller.call("54", body, "breaks")
        assert first.status == 200
        flip(live, used(live) - 100)
        scene.create("debit")
        again = scene.caller.call("54", body, "breaks")
        assert again.json["responseCode"] == "5045400"
        assert re.search(rf"{NO_ANSWER}: .*{LIVE} is corrupt: .* at byte \d+", server.log_text())
        answered.assert_all_there(server)
    assert re.search(rf"{LIVE} .*corrupt.* byte \d+", last_words(server))


def test_a_live_transaction_whose_record_is_broken(answered, copied):
    """Memory has only its names. Nothing is told of it, and it stands in the way of no other."""
    server = copied()
    broken, *others = answered.large
    first = server.data / "ledger" / FIRST
    at = first.read_bytes().index(broken["partnerReferenceNo"].encode())
    flip(first, at)
    with server:
        scene = answered.scene(server)
        ask = {"originalReferenceNo": broken["referenceNo"]}
        assert scene.caller.call("55", ask).json["responseCode"] == "5045500"
        assert re.search(rf"{NO_ANSWER}: .*{FIRST} is corrupt: .* at byte \d+", server.log_text())
        scene.create("debit")
        server.advance(LIFE_S + 1)
        wait_until(lambda: "its transaction is not swept" in server.log_text(), "the sweep")
        fresh = answered.scene(server)
        for other in others:
            assert with_status("08")(fresh.query("debit", originalReferenceNo=other["referenceNo"]))
        assert fresh.caller.call("55", ask).json["responseCode"] == "5045500"
        before = records(server)
    server.log.unlink()
    with server:
        assert records(server) > before + len(others), "their expiry is in the log"
        assert answered.scene(server).caller.call("55", ask).json["responseCode"] == "5045500"


def test_a_segment_that_is_removed_while_it_is_served(answered, copied):
    server = copied()
    with server:
        remove(SECOND)(server.data / "ledger")
        assert answered.ask_all(server) > 0
        assert re.search(rf"{NO_ANSWER}: cannot open .*{SECOND}: No such file", server.log_text())
        answered.scene(server).create("debit")
    assert f"{SECOND} is missing" in last_words(server)
    shutil.copy(answered.folder / "data/ledger" / SECOND, server.data / "ledger" / SECOND)
    with server:
        answered.assert_all_there(server)


def test_the_other_mode(answered, copied):
    server = copied()
    server.sandbox = False
    before = fingerprints(server.data / "ledger")
    assert "is a sandbox ledger and cannot be opened in production mode" in last_words(server)
    assert fingerprints(server.data / "ledger") == before
    server.sandbox = True
    with server:
        answered.assert_all_there(server)


@pytest.mark.parametrize("back", [1, 20, 200])
def test_the_last_record_is_torn(answered, copied, back):
    """No later frame and no checkpoint vouches for it, so it may never have been told: it is cut
    off, with a warning."""
    server = copied(BATAL_LEDGER_CHECKPOINT_S="86400")
    with server:
        scene = answered.scene(server)
        for external_id in ("whole", "torn"):
            body = scene.body("54", scene.names.renewed())
            assert scene.caller.call("54", body, external_id).status == 200
    last = server.data / "ledger" / LIVE
    flip(last, used(last) - back)
    show = run("ledger", "show", "--data", server.data)
    assert show.returncode == 0 and "torn tail" in show.stderr and LIVE in show.stderr
    with server:
        assert re.search(rf"cut a torn tail of \d+ bytes off .*{LIVE} at byte \d+",
                         server.log_text())
        answered.assert_all_there(server)
        server.stop()
        server.log.unlink()
        server.start()
        assert "cut a torn tail" not in server.log_text()
    assert [event["externalId"] for event in server.events()][-1:] == ["whole"]
    assert verified(server)[0] == 0


def test_a_second_process(answered, copied, tmp_path):
    with copied() as server:
        other = Server(tmp_path, environment=ENVIRONMENT)
        other.log = tmp_path / "other.log"
        assert "ledger is in use by another batal" in last_words(other)
        answered.assert_all_there(server)
        server.kill()
        with other:
            answered.assert_all_there(other)
        server.start()
