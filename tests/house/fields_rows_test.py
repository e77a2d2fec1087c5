"""Every request field that batal declares has its line in the case files, and no line is left."""

import re

import pytest
from docs_test import said_by_batal
from support.case_files import TABLES

SERVICE = re.compile(r"^## (\d\d) [^\n]*\n\n`POST ([^`]+)`\n\nRequest:\n\n(.*?)\n\n", re.M | re.S)
ROW = re.compile(r"^\| `([\w.]+)` \| ([^|]+) \|", re.M)
LENGTH = re.compile(r"String\((\d+)\)")

# The token is asked for with whole bodies: its fields are tried in [[case]], not made from lines.
WITHOUT_LINES = {"73"}


def declared():
    """{service code: (path, {field: type})}"""
    return {code: (path, dict(ROW.findall(table)))
            for code, path, table in SERVICE.findall(said_by_batal("fields"))}


def unlike_declared(fields, lines):
    """How the [[field]] lines of a case file differ from the fields and lengths declared."""
    by_path = {line["path"]: line for line in lines}
    if len(by_path) < len(lines):
        yield "a field has two lines"
    yield from (f"{path}: no line" for path in fields.keys() - by_path.keys())
    yield from (f"{path}: no such field" for path in by_path.keys() - fields.keys())
    for path in fields.keys() & by_path.keys():
        length = LENGTH.fullmatch(fields[path])
        if length and by_path[path].get("max") != int(length[1]):
            yield f"{path}: {fields[path]} needs max = {length[1]}"


def test_every_service_has_a_case_file_with_its_path():
    paths = {code: table["service"]["path"] for code, table in TABLES.items()}
    assert {code: path for code, (path, _) in declared().items()} == paths


@pytest.mark.parametrize("code", sorted(TABLES.keys() - WITHOUT_LINES))
def test_every_field_has_its_line(code):
    assert sorted(unlike_declared(declared()[code][1], TABLES[code]["field"])) == []


@pytest.mark.parametrize("code", sorted(WITHOUT_LINES))
def test_every_field_without_a_line_has_its_cases(code):
    bodies = [case["body"] for case in TABLES[code]["case"] if case["expect"][:3] == "400"
              and "body" in case]
    assert [field for field in declared()[code][1]
            if not any(f'"{field}"' in body for body in bodies)] == []


@pytest.mark.parametrize("lines, complaints", [
    ([{"path": "a", "max": 64}, {"path": "b"}], []),
    ([{"path": "a", "max": 64}], ["b: no line"]),
    ([{"path": "a", "max": 64}, {"path": "b"}, {"path": "c"}], ["c: no such field"]),
    ([{"path": "a", "max": 32}, {"path": "b"}], ["a: String(64) needs max = 64"]),
    ([{"path": "a", "max": 64}, {"path": "b"}, {"path": "b"}], ["a field has two lines"])])
def test_a_difference_is_noticed(lines, complaints):
    assert list(unlike_declared({"a": "String(64)", "b": "Object"}, lines)) == complaints
