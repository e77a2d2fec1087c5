#!/usr/bin/python3
"""Runs the fuzz targets of build/fuzz: each its kept corpus, and then what libFuzzer makes of it.

    tests/fuzz/run.py [--seconds N] [--runs N] [--seed N] [--jobs N] [NAME...]
    tests/fuzz/run.py --merge FOLDER [NAME...]

Each target fuzzes for --seconds, or for --runs inputs where that comes first; the same --seed and
--runs do the same again. What it finds new goes to build/fuzz/finds/NAME/, anew in each run; an
input that fails to build/fuzz/failures/. --merge adds to the kept corpus what in FOLDER/NAME/
(build/fuzz/finds after a run) reaches code that nothing kept reaches.

Ends with "N targets passed, N failed", and with status 1 if one failed.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "fuzz"
TARGETS = sorted(file.stem for file in HERE.glob("*.cpp"))
INPUT_S_MAX = 300  # no input takes a thousandth of it; a starved machine is no failure
NOISE = ("#", "INFO: ", "Running: ", "Executed ")  # how lines without news begin
LINES_MAX = 60  # shown of what a failed target said
ENVIRONMENT = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"}


def libfuzzer(target, *arguments):
    """(status, all that was said) of one run of a target."""
    command = [BUILD / f"fuzz_{target}", f"-timeout={INPUT_S_MAX}",
               f"-artifact_prefix={BUILD / 'failures'}/{target}-", *arguments]
    done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def corpus(target):
    return HERE / "corpus" / target


def number(pattern, said):
    found = re.search(pattern, said)
    return int(found[1]) if found else 0


def fuzz(target, options):
    """What became of a target, as (whether it passed, lines to print)."""
    kept = sorted(corpus(target).iterdir())
    status, said = libfuzzer(target, *kept)
    if status != 0:
        return False, failed(target, "its corpus", said)
    limits = [f"-max_total_time={options.seconds}", f"-runs={options.runs}"]
    dictionary = HERE / f"{target}.dict"
    words = [f"-dict={dictionary}"] if dictionary.exists() else []
    finds = fresh(BUILD / "finds" / target)
    status, said = libfuzzer(target, *limits, *words, f"-seed={options.seed}",
                             "-print_final_stats=1", finds, corpus(target))
    executed = number(r"number_of_executed_units: *(\d+)", said)
    what = f"{executed} executions with seed {options.seed}"
    if status != 0:
        return False, failed(target, what, said)
    edges = number(r"DONE +cov: (\d+)", said)
    return True, (f"{target}: {len(kept)} kept inputs, {what}, {edges} edges, "
                  f"{len(list(finds.iterdir()))} new inputs")


def failed(target, what, said):
    # A new input is written to a file; a kept one is the last that was begun.
    inputs = (re.findall(r"Test unit written to (\S+)", said) or
              re.findall(r"^Running: (\S+)", said, re.M) or [""])
    telling = [line for line in said.splitlines() if not line.startswith(NOISE)]
    return "\n".join([*telling[-LINES_MAX:], f"{target}: FAILED in {what}; again: "
                      f"{BUILD}/fuzz_{target} {inputs[-1]}"])


def merge(target, folder):
    """Adds to a corpus the smallest inputs of the folder that reach code it does not reach."""
    sources = [source for source in (corpus(target), folder / target) if source.is_dir()]
    # Merging alone would leave out in silence what fails.
    status, said = libfuzzer(target, "-runs=0", *sources)
    if status == 0:
        status, said = libfuzzer(target, "-merge=1", "-use_counters=0", *sources)
    if status != 0:
        return False, failed(target, "merging", said)
    inputs = list(corpus(target).iterdir())
    return True, f"{target}: {len(inputs)} inputs, {sum(i.stat().st_size for i in inputs)} bytes"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 2**31))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--merge", type=Path, metavar="FOLDER")
    parser.add_argument("names", nargs="*", metavar="NAME", default=TARGETS)
    options = parser.parse_args()
    if unknown := set(options.names) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are: {' '.join(TARGETS)}")

    (BUILD / "failures").mkdir(parents=True, exist_ok=True)
    passed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(merge, name, options.merge) if options.merge else
                pool.submit(fuzz, name, options) for name in options.names]
        for run in runs:
            good, lines = run.result()
            passed += good
            print(lines, flush=True)
    print(f"{passed} targets passed, {len(runs) - passed} failed")
    sys.exit(passed < len(runs))


if __name__ == "__main__":
    main()
