"""Keeps the house in order: who includes whom, how large things are, what does not belong.

Each check takes the root of a tree and gives a list of complaints. The first test of this file
asks that this repository gives none; the others show on small made-up trees that each check can
fail.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 500
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
BEAST_FILES_MAX = 4

# The folders of a room, from the lowest; what stands beside them is above them all.
STOREYS = {"ledger/embedded": ["log", "index", "image", "keeping"]}

# The folders of tests/ that mirror no room: one for each kind of proof, and what they share.
PROOFS = {"cases", "clients", "console", "coverage", "crash", "failures", "fuzz", "growth",
          "histories", "house", "long", "mutants", "overload", "proofs", "short", "storm"}
SHARED = {"support"}
SKIPPED = {".git", "build", "node_modules", "__pycache__", ".pytest_cache"}
# Written so that this file does not find itself.
MARKS = ["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]
UNFINISHED = re.compile(r"\b(" + "|".join(MARKS) + r")\b")


def files(root, *folders, suffixes=(".h", ".cpp", ".py")):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            if path.is_file() and path.suffix in suffixes and not SKIPPED & set(inside):
                yield path


def name(root, path):
    return path.relative_to(root).as_posix()


# Who includes whom


def rooms(root):
    """Room -> the rooms it names, in the order of CMakeLists.txt."""
    text = re.sub(r"#.*", "", (root / "CMakeLists.txt").read_text())
    declared = {}
    for words in re.findall(r"\bbatal_room\(([^)]*)\)", text):
        room, _, rest = words.strip().partition(" ")
        used = re.search(r"\bROOMS\s+(.*?)(?:\bLIBS\b|$)", rest, re.S)
        declared[room] = used.group(1).split() if used else []
    return declared


def included(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def rooms_are_declared_upwards(root):
    seen = set()
    for room, used in rooms(root).items():
        for below in used:
            if below not in seen:
                yield f"CMakeLists.txt: {room} uses {below}, which is not declared before it"
        seen.add(room)


def rooms_include_only_what_they_name(root):
    declared = rooms(root)
    for path in files(root, "src"):
        room = path.relative_to(root / "src").parts[0]
        if room != "app" and room not in declared:
            yield f"{name(root, path)}: {room} is no room of CMakeLists.txt"
            continue
        allowed = {*declared, "app"} if room == "app" else {room, *declared[room]}
        for header in included(path):
            # The client's public headers stand in include/batal.
            target = "client" if header.startswith("batal/") else header.split("/")[0]
            if "/" not in header or target not in allowed:
                yield f'{name(root, path)}: may not include "{header}"'


def storeys_include_only_lower_ones(root):
    for folder, storeys in STOREYS.items():
        for height, storey in enumerate(storeys):
            for path in files(root, f"src/{folder}/{storey}"):
                for header in included(path):
                    if not header.startswith(f"{folder}/"):
                        continue
                    if header.removeprefix(f"{folder}/").split("/")[0] not in storeys[:height + 1]:
                        yield f'{name(root, path)}: stands below "{header}"'


def headers_include_in_no_circle(root):
    edges = {}
    for base in (root / "src", root / "include"):
        for path in files(base, "."):
            edges[path.relative_to(base).as_posix()] = included(path)
    done, open_ = set(), []

    def visit(header):
        if header in open_:
            yield " -> ".join([*open_[open_.index(header):], header])
        elif header in edges and header not in done:
            open_.append(header)
            for below in edges[header]:
                yield from visit(below)
            open_.pop()
            done.add(header)

    for header in edges:
        for circle in visit(header):
            yield f"includes in a circle: {circle}"


def beast_stays_in_few_files(root):
    users = [
        name(root, path)
        for path in files(root, "src", "include")
        if re.search(r"#\s*include\s+<boost/beast/http", path.read_text())
    ]
    if len(users) > BEAST_FILES_MAX:
        yield f"{len(users)} files include Beast's HTTP: {', '.join(users)}"


# How large things are


def files_and_lines_are_short(root):
    for path in files(root, "src", "include", "tests"):
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LINES_MAX:
            yield f"{name(root, path)}: {len(lines)} lines"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f"{name(root, path)}:{number}: {len(line)} columns"


LITERALS = re.compile(
    r'R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    r"|//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*",
    re.S | re.M,
)


def without_literals(text):
    """Literals, comments and directives as nothing but their line ends."""
    return LITERALS.sub(lambda match: "\n" * match.group().count("\n"), text)


def opens_function(head):
    """Whether a brace behind `head`, the text since the last statement, opens a body."""
    head = head.strip()
    if re.match(r"(inline\s+)?(namespace|class|struct|enum|union|extern)\b", head):
        return False
    return ")" in head and head.count("(") == head.count(")") and not head.endswith("=")


def bodies(text):
    """(first line, number of lines) of every brace pair that is a body of code."""
    head, line, stack = "", 1, []
    for character in without_literals(text):
        line += character == "\n"
        if character == "{":
            stack.append((line, head))
            head = ""
        elif character == "}" and stack:
            begin, before = stack.pop()
            is_body = opens_function(before)
            if is_body:
                yield begin, line - begin + 1
            # A braced initialiser does not end the statement that it stands in.
            head = "" if is_body or not before.strip() else before + "{}"
        elif character == ";":
            head = ""
        else:
            head += character


def functions_are_short(root):
    for path in files(root, "src", "include", "tests", suffixes=(".h", ".cpp")):
        for begin, length in bodies(path.read_text()):
            if length > FUNCTION_LINES_MAX:
                yield f"{name(root, path)}:{begin}: a function of {length} lines"


# What must be there, and what not


def headers_teach(root):
    for path in files(root, "src", "include", "tests", suffixes=(".h",)):
        text = path.read_text()
        if not text.startswith("//"):
            yield f"{name(root, path)}: does not start with a comment"
        if not re.search(r"^#pragma once$", text, re.M):
            yield f"{name(root, path)}: no #pragma once"


def nothing_is_unfinished(root):
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if not path.is_file() or SKIPPED & set(inside.parts):
            continue
        if inside.parts[:2] == ("docs", "decisions"):
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line):
                yield f"{inside.as_posix()}:{number}: unfinished: {line.strip()[:60]}"


def folders_mirror_rooms(root):
    known = {*rooms(root), "app", *PROOFS, *SHARED, *SKIPPED}
    for path in sorted((root / "tests").iterdir()):
        if path.is_dir() and path.name not in known:
            yield f"tests/{path.name}: neither a room nor a kind of proof"


CHECKS = [
    rooms_are_declared_upwards,
    rooms_include_only_what_they_name,
    storeys_include_only_lower_ones,
    headers_include_in_no_circle,
    beast_stays_in_few_files,
    files_and_lines_are_short,
    functions_are_short,
    headers_teach,
    nothing_is_unfinished,
    folders_mirror_rooms,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_this_house(check):
    assert list(check(ROOT)) == []


# The checks themselves

CMAKE = """
batal_room(low LIBS fmt::fmt)
batal_room(middle ROOMS low LIBS fmt::fmt)  # batal_room(nothing)
batal_room(high ROOMS middle)
batal_room(client ROOMS low)
batal_room(ledger)
"""
HEADER = "// What it is.\n#pragma once\n"


def body(lines):
    return "{\n" + "  f();\n" * (lines - 2) + "}\n"


GOOD = [
    {},
    {"src/middle/a.h": HEADER + '#include "low/b.h"\n#include "middle/c.h"\n'},
    {"src/app/main.cpp": '#include "high/a.h"\n#include "app/b.h"\n#include "batal/client.h"\n'},
    {"src/client/a.cpp": '#include "batal/client.h"\n#include <boost/asio.hpp>\n'},
    {f"src/low/{i}.cpp": "#include <boost/beast/http.hpp>\n" for i in range(4)},
    {"src/ledger/embedded/image/a.cpp": '#include "ledger/embedded/log/b.h"\n'},
    {"src/ledger/embedded/a.cpp": '#include "ledger/embedded/image/b.h"\n'},
    {"src/low/a.cpp": "\n" * 500, "src/low/b.cpp": "x" * 100 + "\n"},
    {"src/low/a.cpp": "void f() " + body(70)},
    {"src/low/a.cpp": "class A {\n" + "  int f();\n" * 90 + "};\n"},
    {"src/low/a.cpp": "namespace a {\n" + "int b(int);\n" * 90 + "}\n"},
    {"src/low/a.cpp": "const int kTable[] = {\n" + "    f(1),\n" * 90 + "};\n"},
    {"src/low/a.cpp": "constexpr auto kText = R\"({ f() {\n" + "\n" * 90 + ")\";\n"},
    {"docs/decisions/0001-a.md": "TO" + "DO\n", "docs/a.md": "\\u" + "X" * 4 + "\n"},
    {"tests/low/a_test.cpp": "", "tests/house/a.py": "", "tests/app/a_test.cpp": ""},
]

BAD = [
    ("CMakeLists.txt: low uses high", {"CMakeLists.txt": "batal_room(low ROOMS high)\n"}),
    (
        "CMakeLists.txt: a uses b",
        {"CMakeLists.txt": "batal_room(a ROOMS b)\nbatal_room(b ROOMS a)\n"},
    ),
    ("CMakeLists.txt: a uses a", {"CMakeLists.txt": "batal_room(a LIBS x ROOMS a)\n"}),
    ('src/low/a.cpp: may not include "middle/b.h"', {"src/low/a.cpp": '#include "middle/b.h"\n'}),
    ('src/high/a.cpp: may not include "low/b.h"', {"src/high/a.cpp": '#include "low/b.h"\n'}),
    ('src/low/a.h: may not include "b.h"', {"src/low/a.h": HEADER + '#  include "b.h"\n'}),
    ('src/high/a.cpp: may not include "app/b.h"', {"src/high/a.cpp": '#include "app/b.h"\n'}),
    ('may not include "batal/client.h"', {"src/high/a.cpp": '#include "batal/client.h"\n'}),
    ('may not include "../low/b.h"', {"src/middle/a.cpp": '#include "../low/b.h"\n'}),
    (
        'image/a.cpp: stands below "ledger/embedded/keeping/b.h"',
        {"src/ledger/embedded/image/a.cpp": '#include "ledger/embedded/keeping/b.h"\n'},
    ),
    (
        'log/a.cpp: stands below "ledger/embedded/b.h"',
        {"src/ledger/embedded/log/a.cpp": '#include "ledger/embedded/b.h"\n'},
    ),
    ("src/attic/a.cpp: attic is no room", {"src/attic/a.cpp": ""}),
    (
        "circle: low/a.h -> low/b.h -> low/a.h",
        {
            "src/low/a.h": HEADER + '#include "low/b.h"\n',
            "src/low/b.h": HEADER + '#include "low/a.h"\n',
        },
    ),
    (
        "5 files include Beast's HTTP",
        {f"src/low/{i}.cpp": "#include <boost/beast/http.hpp>\n" for i in range(5)},
    ),
    ("src/low/a.cpp: 501 lines", {"src/low/a.cpp": "\n" * 501}),
    ("tests/low/a.py:2: 101 columns", {"tests/low/a.py": "\n" + "x" * 101 + "\n"}),
    ("include/batal/a.h:3: 101 columns", {"include/batal/a.h": HEADER + "/" * 101 + "\n"}),
    ("src/low/a.cpp:1: a function of 71 lines", {"src/low/a.cpp": "void f() " + body(71)}),
    (
        "src/low/a.cpp:3: a function of 71 lines",
        {"src/low/a.cpp": "A::A(int b)\n    : a_{b},\n      b_(b) " + body(71)},
    ),
    ("a function of 71 lines", {"src/low/a.cpp": "namespace {\nint f() const " + body(71) + "}"}),
    ("a function of 71 lines", {"src/low/a.cpp": "auto f = [](int a) " + body(71) + ";\n"}),
    ("a function of 71 lines", {"tests/low/a_test.cpp": "TEST(A, B) " + body(71)}),
    ("a function of 71 lines", {"src/low/a.cpp": "struct A {\nvoid f() " + body(71) + "};\n"}),
    ("src/low/a.h: does not start with a comment", {"src/low/a.h": "#pragma once\n"}),
    ("src/low/a.h: no #pragma once", {"src/low/a.h": "// What it is.\n"}),
    ("src/low/a.cpp:2: unfinished", {"src/low/a.cpp": "\n// TO" + "DO later\n"}),
    ("docs/a.md:1: unfinished", {"docs/a.md": "FIX" + "ME\n"}),
    ("run:1: unfinished", {"run": "# HA" + "CK\n"}),
    ("bench/a.txt:1: unfinished", {"bench/a.txt": "X" * 3 + "\n"}),
    ("tests/attic: neither a room", {"tests/attic/a_test.cpp": ""}),
]


def made_up(root, contents):
    for path, text in {"CMakeLists.txt": CMAKE, "tests/CMakeLists.txt": "", **contents}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return [complaint for check in CHECKS for complaint in check(root)]


@pytest.mark.parametrize("contents", GOOD)
def test_a_tidy_house_has_no_complaints(tmp_path, contents):
    assert made_up(tmp_path, contents) == []


@pytest.mark.parametrize("complaint, contents", BAD)
def test_each_disorder_is_named(tmp_path, complaint, contents):
    complaints = made_up(tmp_path, contents)
    assert len(complaints) >= 1
    assert all(complaint in text for text in complaints) or complaint in complaints[0]
