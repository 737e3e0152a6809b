"""One case of the SBML test suite: settings, expected numbers, tags, and what we make of it."""

import csv
import re
import signal
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import sympy

from cohort.errors import CohortError
from cohort.sbml import SbmlError, UnsupportedSbmlError, read_sbml
from cohort.sbml.course import time_course
from kernels import Solver
from kernels.errors import KernelError, LoweringError

MOST_SECONDS = 120
"""Of this process's own time; the slowest case, of 10,000 events, takes half of it on NumPy."""
SOLVER = Solver(rtol=1e-8, atol=1e-10, max_steps=200_000)


@dataclass(frozen=True)
class Case:
    """What the suite says of a case."""

    number: str
    files: tuple
    settings: dict
    tags: tuple
    kind: str

    @property
    def variables(self):
        """Ids that the case reports."""
        return _list(self.settings.get("variables", ""))

    def wanted(self):
        """Return id and form by column; columns are numbered: ids may be reserved names."""
        amounts = _list(self.settings.get("amount", ""))
        concentrations = _list(self.settings.get("concentration", ""))
        form = dict.fromkeys(self.variables, "value")
        form |= dict.fromkeys(amounts, "amount") | dict.fromkeys(concentrations, "concentration")
        return {f"column__{i}": (name, form[name]) for i, name in enumerate(self.variables)}

    def expected(self):
        """Return the header and the numbers of the results."""
        path = next(self.files[0].parent.glob("*-results.csv"))
        with path.open(newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
        header = [name.strip() for name in rows[0]]
        return header, np.array([[float(value) for value in row] for row in rows[1:]])


def _list(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def find_cases(suite):
    """Return all cases of a folder, by number."""
    return [_case(folder) for folder in sorted(Path(suite).iterdir()) if folder.is_dir()]


def _case(folder):
    settings = {}
    for line in (folder / f"{folder.name}-settings.txt").read_text().splitlines():
        key, _, value = line.partition(":")
        settings[key.strip().lower()] = value.strip()
    model = (folder / f"{folder.name}-model.m").read_text(encoding="utf-8", errors="replace")
    tags = []
    for key in ("componentTags", "testTags"):
        for found in re.findall(rf"^{key}:(.*)$", model, re.MULTILINE):
            tags += _list(found)
    kind = re.search(r"^testType:\s*(\S*)", model, re.MULTILINE)
    files = tuple(sorted(folder.glob(f"{folder.name}-sbml-l[23]v*.xml")))
    return Case(folder.name, files, settings, tuple(tags), kind.group(1) if kind else "TimeCourse")


class _TooSlowError(Exception):
    pass


def _alarm(*_):
    raise _TooSlowError


def run_file(case, path, backend):
    """Return one row: outcome passed, refused or failed, with the reason."""
    started = time.perf_counter()
    signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        outcome, reason, detail = _outcome(case, path, backend)
    except _TooSlowError:
        outcome, reason, detail = "failed", "too slow", f"more than {MOST_SECONDS} s of computing"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {
        "case": case.number,
        "file": path.stem.split("-")[-1],
        "outcome": outcome,
        "reason": reason,
        "detail": detail[:200],
        "tags": list(case.tags),
        "seconds": round(time.perf_counter() - started, 2),
    }


def _outcome(case, path, backend):
    try:
        model = read_sbml(path)
        return _compare(case, model, backend)
    except UnsupportedSbmlError as error:
        return "refused", error.features[0], str(error)
    except LoweringError as error:
        return "refused", "function", str(error)
    except SbmlError as error:
        if "comp:ExternalModelDefinition" in case.tags and "No such file" in str(error):
            return "refused", "external file absent from this part of the suite", str(error)
        return "failed", "not read", str(error)
    except (CohortError, KernelError) as error:
        return "failed", type(error).__name__, str(error)


def _compare(case, model, backend):
    wanted = case.wanted()
    forms = {
        "value": model.meanings,
        "amount": model.amounts,
        "concentration": model.concentrations,
    }
    constant = {}
    for name, (sbml_id, form) in list(wanted.items()):
        if sbml_id not in model.amounts:  # some cases list a compartment among the amounts
            wanted[name] = (sbml_id, form := "value")
        value = forms[form].get(sbml_id)
        if value is not None and (value.is_number or value is sympy.nan or value.is_infinite):
            constant[name] = float(value)
            del wanted[name]
    duration, steps = case.settings["duration"], int(case.settings["steps"])
    times = tuple(Fraction(duration) * i / steps for i in range(steps + 1))
    course = time_course(model.observing(wanted), times, solver=SOLVER, device=backend)
    header, expected = case.expected()
    if course.solution.codes[0] != 0:
        code = int(course.solution.codes[0])
        return "failed", f"code {code}", f"at {course.solution.failure_times[0]}"
    absolute, relative = (float(case.settings[key]) for key in ("absolute", "relative"))
    worst, place = 0.0, ""
    if len(expected) != len(times):
        return "failed", "rows", f"{len(expected)} expected, {len(times)} computed"
    for i, name in enumerate(case.variables):
        column = f"column__{i}"
        ours = (
            course.values[column][:, 0]
            if column in wanted
            else np.full(len(times), constant[column])
        )
        # not the first column: a parameter may be called Time
        theirs = expected[:, header.index(name, 1)]
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        with np.errstate(invalid="ignore"):
            share = np.abs(ours - theirs) / (absolute + relative * np.abs(theirs))
        share = np.where(same, 0.0, np.where(np.isnan(share), np.inf, share))
        k = int(np.argmax(share))
        if share[k] > worst:
            worst = float(share[k])
            place = f"{name} at {float(times[k]):g}: {ours[k]:.8g}, expected {theirs[k]:.8g}"
    if worst > 1.0:
        return "failed", "numbers", f"{worst:.3g} x tolerance, {place}"
    return "passed", "", f"{worst:.2g} x tolerance"
