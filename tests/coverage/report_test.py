"""The report on made-up measurements: what it must complain about, and what not."""

import pytest
from report import Explanation, judge, table

TEXT = ["int f() {", "  if (a && b) return 1;", "  switch (c) {", "}"]


def line(number, count, *branches):
    return {"line_number": number, "count": count,
            "branches": [{"count": taken} for taken in branches]}


def measured(*lines, name="src/snap/a.cpp", functions=()):
    return {"file": name, "lines": list(lines),
            "functions": [{"lineno": number, "execution_count": count}
                          for number, count in functions]}


def complaints(files, known=()):
    return judge(files, list(known), lambda name: TEXT)[1]


ALL_RUN = measured(line(1, 3), line(2, 3, 1, 2), line(3, 3, 1, 2), functions=[(1, 3)])
CONDITION = Explanation("src/snap/*", "a && b", "no reason")
SWITCH = Explanation("src/*", "switch (", "no reason", last=True)

GOOD = [
    ([ALL_RUN], []),
    ([measured(line(2, 3, 0, 3))], [CONDITION]),
    ([measured(line(3, 3, 1, 2, 0))], [SWITCH]),
    ([measured(line(2, 3, 0, 0, 3))], [Explanation("src/*", "a && b", "no reason", branches=2)]),
    # Behind a branch that is counted already.
    ([measured(*[line(2, 3, 0, 3)] * 9, line(3, 0, 0, 0))], [CONDITION]),
    ([ALL_RUN, measured(line(2, 1, 0, 1), name="src/app/a.cpp", functions=[(2, 0)])], []),
]

BAD = [
    ("src/snap/a.cpp:2: 1 not taken: if (a && b)", [measured(line(2, 3, 0, 3))], []),
    ("src/snap/a.cpp:1: 1 not taken: int f()", [measured(line(1, 3), functions=[(1, 0)])], []),
    ("src/snap/a.cpp:2: 2 not taken", [measured(line(2, 3, 0, 0), line(2, 3, 0, 3))], [CONDITION]),
    ("src/snap/a.cpp:3: 1 not taken", [measured(line(3, 3, 0, 2)), measured(line(3, 3, 2, 0))],
     [SWITCH]),
    ("src/services/a.cpp:2: 1 not taken", [measured(line(2, 3, 0, 3)),
                                           measured(line(2, 3, 0, 3), name="src/services/a.cpp")],
     [CONDITION]),
    ("explains nothing: src/snap/*: a && b", [ALL_RUN], [CONDITION]),
    ("88.9% of all lines", [ALL_RUN, measured(*[line(i, i) for i in range(6)][::-1],
                                              name="src/app/a.cpp")], []),
    ("nothing of src/payment/, src/snap/, src/services/ was measured", [], []),
]


@pytest.mark.parametrize("files, known", GOOD)
def test_what_is_run_or_explained_holds(files, known):
    good, found = judge(files, known, lambda name: TEXT)
    assert found == []
    assert good == sum(file["file"].startswith("src/snap") for file in files) + len(known) + 1


@pytest.mark.parametrize("complaint, files, known", BAD)
def test_each_gap_is_named(complaint, files, known):
    found = complaints(files, known)
    assert len(found) == 1 and complaint in found[0], found


def test_rooms_stand_in_the_table_and_the_whole_last():
    other = measured(line(1, 0), line(2, 1, 1, 0), name="include/batal/client.h")
    assert list(table([ALL_RUN, other])) == [
        ("include/batal", 2, 0.5, 2, 0.5), ("src/snap", 3, 1.0, 4, 1.0), ("all", 5, 0.8, 6, 5 / 6)]
