"""Trials of models from files against closed forms and SciPy, and against themselves where told.

Referees: superposition of exponentials for the linear part, `scipy.integrate` for the response,
with the parameters that the tables report of each patient. Tolerances: the trial integrates at
rtol 1e-6, SciPy at 1e-10; 1e-5 leaves room for both.
"""

import numpy as np
import pytest
from imported_trials import TRIAL, WARFARIN, levels, trial
from scipy.integrate import solve_ivp

from cohort.imported import trial_model
from cohort.simulate import simulate, simulate_block
from cohort.trial import allocate, parse_protocol, write_protocol
from cohort.trial_equations import model_texts, prepare_device, step_operations
from kernels import DeviceError

RTOL = 1e-5
DAY = 24.0


def run(protocol, arm="dosed", device="numpy", ids=None, **how):
    patients = allocate(protocol, arm) if ids is None else np.array(ids)
    return simulate(protocol, arm, patients, device=device, **how)


def of_patients(tables, *names):
    return [levels(tables, f"P_{name}", "week 0") for name in names]


def test_boluses_add_up_as_exponentials():
    tables = run(trial())
    cl, v = of_patients(tables, "CL", "V")
    for visit, end in (("day 3", 2 * DAY), ("week 1", 7 * DAY)):
        doses = np.arange(12.0, end, DAY)[:, None]
        expected = (5.0 / v * np.exp(-cl / v * (end - doses))).sum(axis=0)
        assert levels(tables, "C", visit) == pytest.approx(expected, rel=RTOL)


def test_the_response_follows_the_levels_as_scipy_says():
    tables = run(trial(), ids=[20_000_001, 20_000_002])
    for lane, (cl, v) in enumerate(zip(*of_patients(tables, "CL", "V"), strict=True)):
        state = [0.0, 100.0]
        for begin in (0.0, *np.arange(12.0, 7 * DAY, DAY)):
            end = 12.0 if begin == 0.0 else min(begin + DAY, 7 * DAY)
            state = [state[0] + (5.0 / v if begin else 0.0), state[1]]
            solved = solve_ivp(
                lambda t, y, k=cl / v: [-k * y[0], 0.05 * (100 * 1.2 / (1.2 + y[0]) - y[1])],
                (begin, end),
                state,
                rtol=1e-10,
                atol=1e-12,
            )
            state = solved.y[:, -1].tolist()
        assert levels(tables, "PCA", "week 1")[lane] == pytest.approx(state[1], rel=RTOL)


def test_absorption_lag_and_bioavailability_give_the_curve_of_bateman():
    protocol = trial(("into: C", "into: C, ka: 0.8 1/h, lag: 30 min, bioavailability: 60 %"))
    tables = run(protocol)
    cl, v = of_patients(tables, "CL", "V")
    k, ka, end = cl / v, 0.8, 2 * DAY
    since = end - np.arange(12.5, end, DAY)[:, None]
    one = 0.6 * 5.0 / v * ka / (ka - k) * (np.exp(-k * since) - np.exp(-ka * since))
    assert levels(tables, "C", "day 3") == pytest.approx(one.sum(axis=0), rel=RTOL)


def test_an_infusion_fills_and_empties_in_closed_form():
    tables = run(trial(("into: C", "into: C, infusion: 6 h")))
    cl, v = of_patients(tables, "CL", "V")
    k, end, rate = cl / v, 2 * DAY, 5.0 / 6.0
    since_end = end - np.arange(18.0, end, DAY)[:, None]
    one = rate / cl * (1 - np.exp(-k * 6.0)) * np.exp(-k * since_end)
    assert levels(tables, "C", "day 3") == pytest.approx(one.sum(axis=0), rel=RTOL)


def test_starting_levels_can_differ_between_patients():
    protocol = trial(
        ("{parameter: CL, cv: 30 %}", "{parameter: initial_C, cv: 50 %}"),
        ("  variability:", "  parameters: {initial_C: 4}\n  variability:"),
    )
    tables = run(protocol, "none")
    start, v = of_patients(tables, "initial_C", "V")
    assert levels(tables, "C", "week 0") == pytest.approx(start, rel=1e-14)
    assert np.unique(start).size == start.size
    expected = start * np.exp(-0.13 / v * 2 * DAY)
    assert levels(tables, "C", "day 3") == pytest.approx(expected, rel=RTOL)


def test_the_unit_of_time_of_the_protocol_wins_over_that_of_the_file():
    slow = run(trial(("  drugs:", "  time_unit: day\n  drugs:")))
    cl, v = of_patients(slow, "CL", "V")
    days = 2.0 - np.arange(0.5, 2.0)[:, None]
    expected = (5.0 / v * np.exp(-cl / v * days)).sum(axis=0)
    assert levels(slow, "C", "day 3") == pytest.approx(expected, rel=RTOL)


def test_what_1_mg_is_can_be_said_by_amount_or_by_molar_mass():
    double = run(trial(("into: C", "into: C, amount_per_mg: 2")))
    assert levels(double, "C", "week 1") == pytest.approx(
        2.0 * levels(run(trial()), "C", "week 1"), rel=RTOL
    )


def test_a_run_in_moves_the_start_of_the_file_before_the_baseline():
    protocol = trial(
        ("duration:", "run_in: 2 day\nduration:"),
        ("  variability:", "  parameters: {initial_C: 4}\n  variability:"),
    )
    tables = run(protocol, "none")
    cl, v = of_patients(tables, "CL", "V")
    assert levels(tables, "C", "week 0") == pytest.approx(4.0 * np.exp(-cl / v * 48.0), rel=RTOL)


def test_missed_doses_are_missed_in_the_levels_too():
    protocol = trial(("arms:", "adherence: {probability: 50 %}\narms:"))
    tables = run(protocol)
    taken = tables["adsl"]["doses_taken"]
    assert 0 < taken.min() < taken.max() <= 7
    # after a week the sum over doses is between that of the last ones and that of the first ones
    cl, v = of_patients(tables, "CL", "V")
    since = 7 * DAY - np.arange(12.0, 7 * DAY, DAY)
    for lane, count in enumerate(taken):
        parts = np.sort(5.0 / v[lane] * np.exp(-cl[lane] / v[lane] * since))
        level = levels(tables, "C", "week 1")[lane]
        assert parts[:count].sum() * (1 - RTOL) <= level <= parts[-count:].sum() * (1 + RTOL)


def test_native_gives_the_bits_of_numpy():
    protocol = trial()
    try:
        prepare_device(protocol, "native")
    except DeviceError:
        pytest.skip("no compiler")
    one, other = run(protocol), run(protocol, device="native")
    for table, columns in one.items():
        for name, values in columns.items():
            assert values.dtype.kind != "f" or np.array_equal(
                values, other[table][name], equal_nan=True
            )


def test_a_patient_does_not_depend_on_the_block():
    protocol = trial()
    whole, alone = run(protocol), run(protocol, ids=[20_000_005])
    mine = whole["adlb"]["patient_id"] == 20_000_005
    assert np.array_equal(whole["adlb"]["value"][mine], alone["adlb"]["value"], equal_nan=True)


def test_courses_are_those_of_the_asked_patients_and_meet_the_visits():
    protocol = trial(("  variability:", "  courses_every: 6 h\n  variability:"))
    ids = allocate(protocol, "dosed")
    tables = run(protocol, trajectory_ids=frozenset(ids[2:3].tolist()))
    course = tables["trajectories"]
    assert set(course["patient_id"].tolist()) == {ids[2]}
    assert np.unique(course["time_h"]).tolist() == np.arange(0.0, 169.0, 6.0).tolist()
    at_end = course["value"][(course["quantity"] == "C") & (course["time_h"] == 168.0)]
    # times that are saved are steps, so two sets of them differ within the tolerance
    assert at_end[0] == pytest.approx(levels(tables, "C", "week 1")[2], rel=RTOL)


def test_variants_without_supervision_change_the_doses():
    protocol = trial(
        ("arms:", "variants:\n  - {name: a}\n  - {name: b, supervision: self_directed}\narms:"),
        ("duration: 1 week", "duration: 8 week"),
    )
    supervised, alone = (run(protocol, variant=name) for name in "ab")
    assert alone["adsl"]["doses_taken"].sum() < supervised["adsl"]["doses_taken"].sum()


def test_background_is_taken_before_the_trial_and_by_the_control_arm():
    protocol = trial(
        ("arms:", "background:\n  - {drug: other, dose: 2 mg, at: 12:00}\narms:"),
        (
            "    - {name: warfarin, into: C}",
            "    - {name: warfarin, into: C}\n    - {name: other, into: C}",
        ),
    )
    tables = run(protocol, "none")
    cl, v = of_patients(tables, "CL", "V")
    before = protocol.prior / 3600.0
    assert before >= DAY
    doses = np.arange(12.0 - before, 0.0, DAY)[:, None]
    expected = (2.0 / v * np.exp(cl / v * doses)).sum(axis=0)
    assert levels(tables, "C", "week 0") == pytest.approx(expected, rel=RTOL)


def test_what_cannot_be_solved_is_kept_with_its_code():
    protocol = trial(
        ("{parameter: CL, cv: 30 %}", "{parameter: initial_C, cv: 0 %}"),
        ("  variability:", "  parameters: {kout: -5000, initial_C: 4}\n  variability:"),
    )
    tables = run(protocol, "none")
    assert (tables["adsl"]["result_code"] != 0).all()
    assert not tables["adsl"]["completed"].any()
    assert (tables["adsl"]["failure_time_h"] < 168.0).all()
    assert np.isnan(levels(tables, "PCA", "week 1")).all()


def test_our_own_walk_refuses_a_model_from_a_file():
    with pytest.raises(Exception, match="its patients are a model from a file"):
        simulate_block(trial(), "dosed", np.array([1]))


def test_texts_of_a_run_name_every_parameter():
    texts = model_texts(trial())
    assert "CL = 0.13 [L/h]  differs between patients" in texts["parameters.txt"].splitlines()
    assert step_operations(trial()) > 10
    assert trial_model(trial().model).unit("C") == "mg/L"


def test_a_trial_written_out_reads_back_the_same():
    protocol = parse_protocol(TRIAL)
    assert parse_protocol(write_protocol(protocol)) == protocol


def test_events_of_the_file_happen_within_the_trial(tmp_path):
    event = """<listOfEvents>
      <event id="wash" useValuesFromTriggerTime="true">
        <trigger initialValue="true" persistent="true">
          <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><gt/><csymbol encoding="text"
            definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol><cn>40</cn></apply>
          </math>
        </trigger>
        <listOfEventAssignments><eventAssignment variable="C">
          <math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
        </eventAssignment></listOfEventAssignments>
      </event>
    </listOfEvents>
  </model>"""
    path = tmp_path / "washed.xml"
    path.write_text(WARFARIN.read_text().replace("</model>", event))
    tables = run(trial((str(WARFARIN), str(path))))
    assert levels(tables, "C", "day 3") == pytest.approx(np.zeros(8), abs=1e-9)  # emptied at 40 h
    cl, v = of_patients(tables, "CL", "V")
    since = 7 * DAY - np.arange(60.0, 7 * DAY, DAY)[:, None]
    expected = (5.0 / v * np.exp(-cl / v * since)).sum(axis=0)
    assert levels(tables, "C", "week 1") == pytest.approx(expected, rel=RTOL)
