"""Run the SBML semantic test suite and write what passed, was refused by name, and failed.

    python benchmarks/study_sbml_suite.py SUITE [--backend numpy|native] [--cases 1-100,952]

SUITE holds the folders ``NNNNN`` of the suite (sbmlteam/sbml-test-suite, semantic cases). Each
SBML file of a case is read and integrated, and every number compared at the case's own tolerances:
it is right if it differs from the expected one by ``absolute + relative * |expected|`` at most.
Writes benchmarks/results/sbml_suite_BACKEND.json and, from those that are there,
benchmarks/sbml/SUITE.md. ``--report`` writes the latter alone, ``--merge`` joins files of rows
(``--share``) first. Lowered and compiled programs are kept apart from the user's.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ["XDG_CACHE_HOME"] = str(Path(tempfile.gettempdir()) / "neurocohort-sbml-suite")

from sbml import suite_report  # noqa: E402
from sbml.suite_case import find_cases, run_file  # noqa: E402

RESULTS = HERE / "results"
TABLE = HERE / "sbml" / "SUITE.md"


def numbers(text):
    """Return the case numbers of a text such as 1-100,952."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def save(path, rows):
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suite", type=Path, nargs="?")
    parser.add_argument("--backend", choices=["numpy", "native"], default="numpy")
    parser.add_argument("--cases", help="numbers such as 1-100,952; all if left out")
    parser.add_argument("--newest", action="store_true", help="one file a case, the highest level")
    parser.add_argument(
        "--plain-build", action="store_true", help="compile without optimiser, five times as fast"
    )
    parser.add_argument("--share", default="0/1", help="i/n: every n-th case, from the i-th")
    parser.add_argument("--report", action="store_true", help="write the table alone")
    parser.add_argument("--merge", type=Path, nargs="+", help="files of rows to join; runs nothing")
    parser.add_argument("--out", type=Path, help="where the rows go instead")
    options = parser.parse_args()
    target = options.out or RESULTS / f"sbml_suite_{options.backend}.json"
    if options.merge:
        rows = [row for path in options.merge for row in json.loads(path.read_text())]
        save(target, sorted(rows, key=lambda row: (row["case"], row["file"])))
        options.report = True
    if options.plain_build:
        wrapper = Path(tempfile.gettempdir()) / "neurocohort-plain-cxx"
        wrapper.write_text('#!/bin/sh\nexec c++ "$@" -O0\n')
        wrapper.chmod(0o755)
        os.environ["CXX"] = str(wrapper)
    if not options.report:
        cases = find_cases(options.suite)
        if options.cases:
            wanted = numbers(options.cases)
            cases = [case for case in cases if int(case.number) in wanted]
        first, every = map(int, options.share.split("/"))
        rows = []
        for case in cases[first::every]:
            files = case.files[-1:] if options.newest else case.files
            rows += [run_file(case, path, options.backend) for path in files]
            for row in rows[-len(files) :]:
                if row["outcome"] == "failed" or options.cases:
                    print(row["case"], row["file"], row["outcome"], row["reason"], flush=True)
        save(target, rows)
        counts = {}
        for row in rows:
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
        print(counts, f"{sum(row['seconds'] for row in rows):.0f} s")
    if not (options.cases or options.out):
        TABLE.write_text(suite_report.text(RESULTS))


if __name__ == "__main__":
    main()
