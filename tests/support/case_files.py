"""The case files: one TOML file per service, read once."""

import tomllib
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"


def load(name):
    with open(CASES / name, "rb") as file:
        return tomllib.load(file)


# {service code: its table}, by the file names that start with a code.
TABLES = {file.name[:2]: load(file.name) for file in sorted(CASES.glob("[0-9][0-9]_*.toml"))}


def path_of(service):
    return TABLES[service]["service"]["path"]
