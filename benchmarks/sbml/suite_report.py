"""The table of the SBML test suite from rows of both backends."""

import json
from pathlib import Path

SUITE = "sbmlteam/sbml-test-suite 3.3.0, two thirds of its semantic cases"
AIM_SUPPORTED, AIM_ALL = 0.95, 0.85


def by_case(rows):
    """Return one row a case: it passed if every file of it did; the worst row otherwise."""
    order = {"failed": 0, "refused": 1, "passed": 2}
    found = {}
    for row in rows:
        known = found.get(row["case"])
        if known is None or order[row["outcome"]] < order[known["outcome"]]:
            found[row["case"]] = row
    return [found[key] for key in sorted(found)]


def count(rows):
    """Return passed, refused, failed."""
    outcomes = [row["outcome"] for row in rows]
    return tuple(outcomes.count(name) for name in ("passed", "refused", "failed"))


def text(results):
    """Return the page."""
    runs = {}
    for backend in ("numpy", "native"):
        path = Path(results) / f"sbml_suite_{backend}.json"
        if path.exists():
            runs[backend] = json.loads(path.read_text())
    lines = [
        "# The SBML semantic test suite",
        "",
        "Written by `python benchmarks/study_sbml_suite.py SUITE` from "
        "`benchmarks/results/sbml_suite_*.json`; not by hand.",
        "",
        f"{SUITE}. A case passes if every expected number is met to the case's own `absolute + "
        "relative x |expected|`. *Refused*: the reader names the feature that it does not have. "
        "*Supported* cases are those not refused. Of each case the file of its highest level was "
        "read. Native programs were compiled without optimiser (`--plain-build`), which changes no "
        "operation. Cases that ask for chance among events of equal priority judge frequencies "
        "over up to 10,000 events; one seed was run, the first.",
        "",
        "| backend | files | cases | passed | refused by name | failed | of all | of supported |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for backend, rows in runs.items():
        cases = by_case(rows)
        passed, refused, failed = count(cases)
        supported = max(passed + failed, 1)
        lines.append(
            f"| {backend} | {len(rows)} | {len(cases)} | {passed} | {refused} | {failed} | "
            f"{passed / len(cases):.1%} | {passed / supported:.1%} |"
        )
    lines += ["", f"Aims: {AIM_SUPPORTED:.0%} of the supported, {AIM_ALL:.0%} of all.", ""]
    for backend, rows in runs.items():
        lines += [*refused_and_failed(backend, by_case(rows))]
    lines += by_tag(runs)
    return "\n".join(lines)


def refused_and_failed(backend, cases):
    lines = [f"## Refused and failed, {backend}", "", "| refused because of | cases |"]
    lines.append("| --- | ---: |")
    reasons = {}
    for row in cases:
        if row["outcome"] == "refused":
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    lines += [f"| {reason} | {n} |" for reason, n in sorted(reasons.items(), key=lambda x: -x[1])]
    lines.append("")
    if all(row["outcome"] != "failed" for row in cases):
        return [*lines, "None failed.", ""]
    lines += ["| failed | how | tags |", "| --- | --- | --- |"]
    for row in cases:
        if row["outcome"] == "failed":
            tags = ", ".join(dict.fromkeys(row["tags"]))
            lines.append(f"| {row['case']} | {row['reason']}: {row['detail']} | {tags} |")
    return [*lines, ""]


def by_tag(runs):
    heads = " | ".join(f"{b} passed | refused | failed" for b in runs)
    lines = ["## By tag", "", f"| tag | {heads} |", "| --- |" + " ---: |" * (3 * len(runs))]
    grouped = {}
    for backend, rows in runs.items():
        for row in by_case(rows):
            for tag in dict.fromkeys(row["tags"]):
                grouped.setdefault(tag, {}).setdefault(backend, []).append(row)
    for tag in sorted(grouped):
        cells = [str(n) for backend in runs for n in count(grouped[tag].get(backend, []))]
        lines.append(f"| {tag} | {' | '.join(cells)} |")
    return [*lines, ""]
