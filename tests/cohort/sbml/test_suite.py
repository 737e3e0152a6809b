"""A part of the SBML test suite where it is at hand, and libRoadRunner where it is installed."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import sbml_models as sb
from sbml_models import level3

from cohort.sbml import parse_sbml, read_sbml
from cohort.sbml.course import SOLVER, even_times, time_course

ROOT = Path(__file__).parents[3]
FOLDER = os.environ.get("NEUROCOHORT_SBML_SUITE", "")
MODELS = ROOT / "tests" / "data" / "sbml"
RTOL = 1e-5  # of a course's largest value, both programs at 1e-8 or below

FEW = {
    "00001": "reaction",
    "00040": "algebraic rule",
    "00052": "varying compartment",
    "00071": "delayed event",
    "00932": "persistence",
    "01121": "flattened submodels",
    "01466": "random order of events",
    "01780": "event that sets a size",
}


@pytest.mark.skipif(not FOLDER, reason="NEUROCOHORT_SBML_SUITE names no folder of the SBML suite")
@pytest.mark.parametrize("number", FEW, ids=FEW.values())
@pytest.mark.parametrize("device", ["numpy"])
def test_a_case_of_the_suite_passes(number, device, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in [name for name in sys.modules if name == "sbml" or name.startswith("sbml.")]:
        monkeypatch.delitem(sys.modules, name)
    from sbml.suite_case import find_cases, run_file

    found = [case for case in find_cases(FOLDER) if case.number == number]
    if not found:
        pytest.skip(f"case {number} is not in this part of the suite")
    for path in found[0].files:
        row = run_file(found[0], path, device)
        assert row["outcome"] == "passed", row


@pytest.mark.parametrize(
    ("file", "end"),
    [
        ("MODEL1172200168_Bingzheng1990_HPA.xml", 500),
        ("BIOMD0000000698_Reed2004_methionine.xml", 12),
    ],
)
def test_a_published_model_runs_as_in_another_program(file, end):
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    model = read_sbml(MODELS / file)
    names = list(model.system.observables)
    times = even_times(end, 20)
    ours = time_course(model, times, device="numpy")
    engine = roadrunner.RoadRunner(str(MODELS / file))
    engine.getIntegrator().setValue("relative_tolerance", 1e-10)
    engine.getIntegrator().setValue("absolute_tolerance", 1e-12)
    ids = {value: key for key, value in model.names.items()}
    engine.timeCourseSelections = [
        "time",
        *(f"[{ids[n]}]" if model.is_concentration(ids[n]) else ids[n] for n in names),
    ]
    theirs = np.asarray(engine.simulate(times=[float(t) for t in times]))[:, 1:]
    for i, name in enumerate(names):
        scale = np.max(np.abs(theirs[:, i])) or 1.0
        np.testing.assert_allclose(
            ours.values[name][:, 0] / scale, theirs[:, i] / scale, atol=RTOL, rtol=0
        )


def test_an_imported_model_runs_the_same_compiled():
    text = level3(
        sb.parameter("k", 2.0),
        sb.parameter("x", 1.0, constant=False),
        sb.rate_rule("x", "-k * x"),
        sb.event("refill", "x < 0.5", {"x": "1"}),
    )
    from kernels import devices

    if not any(report.name == "native" and report.is_available for report in devices()):
        pytest.skip("there is no C++ compiler")
    model = parse_sbml(text)
    times = even_times(2, 8)
    values = {"k": [1.0, 2.0, 3.0]}
    one = time_course(model, times, n_lane=3, values=values, solver=SOLVER, device="numpy")
    two = time_course(model, times, n_lane=3, values=values, solver=SOLVER, device="native")
    np.testing.assert_allclose(one.values["x"], two.values["x"], rtol=1e-9)
    # closed form: it falls from 1 to a half in ln 2 / k, again and again
    expected = np.exp(-np.mod(np.outer(one.times, values["k"]), np.log(2)))
    np.testing.assert_allclose(one.values["x"], expected, rtol=1e-6)
