import importlib
import itertools
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy
from engine import accuracy, catalogue, chemistry, measure, peer_text, report, sections
from scipy.integrate import solve_ivp

from kernels import TIME, symbol

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FUNCTIONS = {"exp": math.exp, "cos": math.cos, "sqrt": math.sqrt}


def compiled(text, name):
    names = dict(FUNCTIONS)
    exec(text, names)
    return names[name]


def disturbed(people):
    """Return a patient's state away from rest, in which no rate is zero."""
    waves = 1.0 + 0.1 * np.sin(np.arange(people.starts.shape[1]))
    return people.starts[0] * waves + 0.01 * chemistry.scales()


def declared_rates(state, parameters, hour):
    system = chemistry.system()
    arguments = [TIME, [*map(symbol, system.states)], [*map(symbol, system.parameters)]]
    f = sympy.lambdify(arguments, list(system.rhs.values()), "math", cse=True)
    return np.array(f(hour, state.tolist(), parameters.tolist()))


def text_rates(f, state, constants, hour):
    out = np.zeros(len(state))
    f(hour, state / chemistry.scales(), constants, out)
    return out * chemistry.scales()


@pytest.fixture
def run_chemistry(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS / "runners"))
    return importlib.import_module("run_chemistry")


def test_a_patient_does_not_depend_on_how_many_there_are():
    few, many = chemistry.patients(3), chemistry.patients(20)
    np.testing.assert_array_equal(few.parameters, many[:3].parameters)
    np.testing.assert_array_equal(few.starts, many[:3].starts)
    assert len(many[:3]) == 3


def test_people_differ_in_what_the_problem_says_they_differ_in():
    spread = np.ptp(chemistry.patients(4).parameters, axis=0) > 0
    differing = {n for n, s in zip(chemistry.system().parameters, spread, strict=True) if s}
    assert differing == set(chemistry.varied())


def test_the_stretches_hold_every_meal_and_tablet():
    stretches = chemistry.stretches()
    assert stretches[0].start_h == 0.0
    assert stretches[-1].end_h == 24.0 * chemistry.DAYS
    assert all(a.end_h == b.start_h for a, b in itertools.pairwise(stretches))
    assert [s.end_h / 24 for s in stretches if s.save is not None] == list(chemistry.SAVE_DAYS)
    given = [bolus for stretch in stretches for bolus in stretch.boluses]
    depot = chemistry.system().states.index("depot_s_citalopram")
    protein = chemistry.system().states.index("protein_gut")
    assert sum(amount for row, amount in given if row == depot) == 84 * 10_000
    assert sum(amount for row, amount in given if row == protein) == 84 * 75


def test_the_text_for_other_packages_is_the_declared_system():
    people = chemistry.patients(2)[1:]
    state, constants = disturbed(people), peer_text.constants(people)[0]
    f = compiled(peer_text.python_rates("f"), "f")
    wanted = declared_rates(state, people.parameters[0], 9.3)
    turnover = np.abs(wanted) + chemistry.scales()
    assert np.max(np.abs(text_rates(f, state, constants, 9.3) - wanted) / turnover) < 1e-12


def test_the_text_of_the_jacobian_is_the_derivative():
    people = chemistry.patients(1)
    state, constants = disturbed(people) / chemistry.scales(), peer_text.constants(people)[0]
    f = compiled(peer_text.python_rates("f"), "f")
    jacobian = compiled(peer_text.python_jacobian("jacobian"), "jacobian")
    n = len(state)
    found, low, high = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    jacobian(9.3, state, constants, found)
    for column in range(n):
        step = np.zeros(n)
        step[column] = 1e-6 * max(1.0, abs(state[column]))
        f(9.3, state - step, constants, low)
        f(9.3, state + step, constants, high)
        slope = (high - low) / (2 * step[column])
        assert np.max(np.abs(found[:, column] - slope) / (1 + np.abs(slope))) < 1e-6


def test_diffsl_declares_every_name_once_and_a_rate_for_every_state():
    text = peer_text.diffsl()
    inputs, _, rest = text.partition("u_i {")
    n_state = len(chemistry.system().states)
    assert inputs.count("= 1.0,") == len(peer_text.form().constants) + n_state
    assert rest.partition("F_i {")[2].count("\n") - 1 == n_state
    names = [str(name) for name in (*peer_text.form().constants, *peer_text.form().states)]
    assert len(set(names)) == len(names)
    assert all(name.isalpha() for name in names)


@pytest.mark.slow
def test_the_text_solved_by_scipy_agrees_with_our_engine_over_a_day(run_chemistry):
    people = chemistry.patients(1)
    constants = peer_text.constants(people)[0]
    f = compiled(peer_text.python_rates("f"), "f")

    def rates(t, y):
        out = [0.0] * len(y)
        f(t, y.tolist(), constants.tolist(), out)
        return out

    def one(state, stretch):
        span = (stretch.start_h, stretch.end_h)
        return solve_ivp(rates, span, state, method="LSODA", rtol=1e-8, atol=1e-9).y[:, -1]

    wanted = peer_text.follow(peer_text.scaled(people)[0], one, days=1)[None]
    found, solution = run_chemistry.solve(people, "numpy/float64/rodas5p", 1e-5, days=1)
    assert found.shape == wanted.shape == (1, 1, len(chemistry.scales()))
    told = accuracy.compare(found, wanted, chemistry.ATOL_SHARE * chemistry.scales())
    assert told.worst < accuracy.LOOSEST_WORST * 1e-5
    assert solution.accepted[0] < 80


@pytest.fixture
def tight(tmp_path):
    people = chemistry.patients(2)
    saved = np.repeat(people.starts[:, None], len(chemistry.SAVE_DAYS), axis=1)
    np.savez(tmp_path / "tight.npz", saved=saved, parameters=people.parameters)
    return people, saved, tmp_path / "tight.npz"


def test_an_answer_is_compared_on_every_save_day(tight):
    people, saved, path = tight
    assert chemistry.errors(saved, people, path).worst == 0.0
    wrong = saved.copy()
    wrong[1, 0, 5] *= 1.01  # one state of one patient on the first of the days
    assert chemistry.errors(wrong, people, path).worst > 1e-3
    wrong[1, 0, 5] = np.nan
    assert chemistry.errors(wrong, people, path).worst == np.inf


def test_other_patients_than_those_of_the_tight_solution_are_refused(tight):
    people, saved, path = tight
    with pytest.raises(ValueError, match="Leave the model alone"):
        chemistry.errors(saved, replace(people, parameters=people.parameters * 1.1), path)


@pytest.mark.parametrize(("factor", "status"), [(1.0, "ok"), (1.1, "wrong answer")])
def test_the_answer_that_is_timed_is_the_one_that_is_checked(
    monkeypatch, capsys, tight, factor, status
):
    _, saved, path = tight
    calls = []

    def solve(people):
        calls.append(len(people))
        return measure.Solved(final=saved * factor)

    monkeypatch.setattr(sys, "argv", ["run_x.py", "--patients", "2", "--reference", str(path)])
    measure.measure(lambda _: measure.Runner(solve=solve), chemistry.PROBLEM)
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == status
    assert ("per_s" in told) == (status == "ok")
    assert calls == [2]


def settings(tmp_path, **more):
    usual = {
        "rounds": 2,
        "only": ("native-float64", "numpy", "CasADi-vm"),
        "patients": {"chemistry-CasADi-vm": 1},
        "has_peers": True,
        "python": Path("own"),
        "peers_python": Path("others"),
        "cache": tmp_path,
        "budget_s": 1.0,
        "timeout_s": 1.0,
        "present": {"casadi", "cohort", "scipy"},
        "own_devices": {"native": None, "numpy": None, "cuda:0": "no card"},
    }
    return sections.Settings(**usual | more)


def measured(monkeypatch, tmp_path, answers=(), **more):
    """Return the rows of the section and the calls of runners, none of which is started."""
    calls = []

    def pretend(script, arguments, **_):
        told = dict(zip(*[iter([*arguments])] * 2, strict=True))
        calls.append((script, told))
        return {"status": "ok"} | dict(answers).get(script, {})

    monkeypatch.setattr(sections.launch, "run", pretend)
    return list(sections.chemistry(settings(tmp_path, **more))), calls


def test_the_tight_solution_comes_first_and_goes_to_everybody(monkeypatch, tmp_path):
    rows, calls = measured(monkeypatch, tmp_path)
    assert [row["label"] for row in rows[:2]] == ["tight", "referee"]
    assert {told["--reference"] for _, told in calls} == {tmp_path / "chemistry.npz"}
    assert [told["--rtol"] for _, told in calls[:3]] == [1e-9, 1e-10, 1e-5]


def test_what_is_slow_is_measured_once_and_what_is_missing_is_a_row(monkeypatch, tmp_path):
    rows, calls = measured(monkeypatch, tmp_path)
    times = [row["label"] for row in rows]
    assert times.count("native-float64") == times.count("CasADi-vm") == 2
    assert times.count("numpy-float64") == 1
    assert [told["--patients"] for _, told in calls if told["--variant"] == "vm"] == [1, 1]
    rows, _ = measured(monkeypatch, tmp_path, only=("cuda",))
    lacking = [row for row in rows if row["label"].startswith("cuda")]
    assert [row["status"] for row in lacking] == ["not available"] * 3


def test_nothing_is_timed_against_a_tight_solution_that_scipy_refuses(monkeypatch, tmp_path):
    answers = {"run_chemistry_referee.py": {"status": "wrong answer"}}
    rows, _ = measured(monkeypatch, tmp_path, answers)
    assert [row["label"] for row in rows] == ["tight", "referee"]
    rows, _ = measured(monkeypatch, tmp_path, present={"casadi", "cohort"})
    assert rows[1]["status"] == "not installed"
    assert len(rows) > 2


def test_the_report_compares_with_the_fastest_other_package():
    usual = dict.fromkeys(("cpu", "cores", "instructions", "memory_gb", "system"), "x")
    usual |= {"python": "3", "date": "d", "commit": "c", "is_dirty": False, "peaks_from": "none"}
    usual |= {"section": "chemistry", "status": "ok", "threads": 1, "rtol": 1e-5, "n": 8}
    usual |= {"device": "cpu", "is_ours": False, "method": "m", "version": "1"}
    rate = {"per_s": 1.0, "error_median": 1e-6, "is_cold": True, "start_s": 1.0, "peak_mb": 1.0}
    rate |= {"error_worst": 1e-5}
    own = {"is_ours": True, "steps": 84 * 58.0, "rejected": 84 * 8.0}
    rows = [
        {**usual, "label": "tight", "rtol": 1e-9},
        {**usual, "label": "referee", "rtol": 1e-10, "error_worst": 4e-10, "days": 3},
        {**usual, **rate, **own, "label": "native-float64", "per_cpu_s": 70.0},
        {**usual, **rate, "label": "slow", "per_cpu_s": 1.0},
        {**usual, **rate, "label": "fast", "per_cpu_s": 2.0},
    ]
    text = report.write(rows, None)
    assert "| **native-float64** | 70 | 70 to 70 | 35 | 58.0 | 8.0 |" in text
    assert "| slow | 1 | 1 to 1 | 0.5 | - | - |" in text
    assert "differs by at most 4.0e-10 over the first 3 days" in text
    (line,) = report.verdicts(rows)
    assert line.startswith("The whole chemistry at rtol 1e-5, one core: native-float64 70")
    assert "**35**" in line


def test_the_tight_solution_is_computed_on_the_first_device_that_is_there():
    devices = {"native": "no compiler", "cuda:0": None}
    assert catalogue.chemistry_tight(devices).device == "cuda:0"
    assert catalogue.chemistry_tight(devices | {"cuda:0": "no card"}).device == "numpy"
