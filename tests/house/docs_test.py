"""Keeps the documents true where a machine can tell: fields, settings, links and file names."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BATAL = os.environ.get("BATAL", str(ROOT / "build/release/batal"))
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")),
         *sorted((ROOT / "tests").glob("*/*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(r"`((?:src|include|tests|scripts)/[\w./]*)`")


def said_by_batal(*arguments):
    return subprocess.run([BATAL, *arguments], capture_output=True, text=True, check=True).stdout


def text(name):
    return (ROOT / name).read_text()


def settings():
    listed = said_by_batal("serve", "--help").split("Settings (")[1]
    return re.findall(r"^  ([a-z_.]+)  ", listed, re.M)


def test_fields_are_those_that_batal_declares():
    assert text("docs/fields.md") == said_by_batal("fields")


def test_every_setting_is_explained():
    names = settings()
    assert len(names) > 20
    section = text("docs/operations.md").split("## Settings")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \|", section, re.M)
    assert sorted(set(names) ^ set(rows)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_architecture_names_files_that_exist():
    names = SOURCE.findall(text("docs/architecture.md"))
    assert len(names) > 40
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_architecture_shows_the_rooms_as_they_are_declared():
    rooms = re.sub(r"\n +", " ", text("CMakeLists.txt"))
    declared = re.findall(r"^batal_room\((\w+)(?: ROOMS ([\w ]+?))?(?: LIBS .*)?\)$", rooms, re.M)
    rows = re.findall(r"^\| \d \| `src/(\w+)/` \|.*\| ([^|]+) \|$",
                      text("docs/architecture.md"), re.M)
    shown = {room: set() if uses == "none" else set(uses.split(", ")) for room, uses in rows}
    assert shown.pop("app") == {"all"}
    assert shown == {room: set(uses.split()) for room, uses in declared}


def test_every_response_code_is_in_the_protocol():
    cases = re.findall(r'\{Case::\w+, (\d{3}), "(\d\d)"', text("src/snap/response_code.cpp"))
    assert len(cases) > 15
    rows = re.findall(r"^\| (\d{3})xx(\d\d) \|", text("docs/protocol.md"), re.M)
    assert rows == cases
