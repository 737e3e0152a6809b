"""The walk through one block: pure, independent of neighbours, and near the published figures."""

from dataclasses import replace

import numpy as np
import pytest
from cohort_pk_tolerances import ROUND_OFF_RTOL

import cohort.simulate
from cohort.drugs import load_drug
from cohort.errors import RangeError, UnknownNameError
from cohort.simulate import simulate, simulate_block
from cohort.trial import Regimen, load_protocol, trial_systems
from cohort.trial_equations import protocol_compounds
from kernels import Lanes, ResultCode, Solver

TRIAL = load_protocol("sct-md-01")
IDS = np.arange(101, 131)


@pytest.fixture(scope="module")
def placebo():
    return simulate(TRIAL, "placebo", IDS, trajectory_ids=frozenset({102, 104}))


@pytest.fixture(scope="module")
def active():
    return simulate(TRIAL, "escitalopram 20 mg", IDS)


def same(first, second):
    return first.dtype == second.dtype and np.array_equal(
        first, second, equal_nan=first.dtype.kind == "f"
    )


def rows_of(table, ids):
    keep = np.isin(table["patient_id"], ids)
    return {name: column[keep] for name, column in table.items()}


def test_a_patient_does_not_depend_on_the_block_around_it(placebo):
    few = np.array([117, 103])
    alone = simulate(TRIAL, "placebo", few)
    for name in ("adsl", "adqs", "adlb", "adae"):
        whole, part = rows_of(placebo[name], few), alone[name]
        for column in part:
            order_w = np.lexsort([whole["patient_id"]])
            order_p = np.lexsort([part["patient_id"]])
            assert same(whole[column][order_w], part[column][order_p]), (name, column)


def test_the_same_block_gives_the_same_bytes(placebo):
    again = simulate(TRIAL, "placebo", IDS, trajectory_ids=frozenset({102, 104}))
    for name, table in placebo.items():
        assert all(same(table[column], again[name][column]) for column in table)


def test_the_same_patient_is_the_same_person_in_every_arm(placebo, active):
    genes = ("cyp2c19", "cyp2d6", "slc6a4", "comt", "maoa")
    for column in ("age_y", "sex", "weight_kg", "smoker", "crcl_ml_min", *genes):
        assert same(placebo["adsl"][column], active["adsl"][column])
    first, second = placebo["adqs"], active["adqs"]
    start = (first["visit_number"] == 0) & (first["endpoint"] == "MADRS")
    assert same(first["value"][start], second["value"][start])


def test_tables_are_whole_and_consistent(active):
    subjects, scores = active["adsl"], active["adqs"]
    assert subjects["patient_id"].tolist() == IDS.tolist()
    assert (subjects["result_code"] == 0).all()
    assert (subjects["doses_taken"] <= subjects["doses_planned"]).all()
    assert (subjects["doses_planned"] == 56).all()
    assert len(scores["value"]) == len(IDS) * len(TRIAL.visits) * len(TRIAL.endpoints)
    assert np.array_equal(scores["change"], scores["value"] - scores["baseline"], equal_nan=True)
    assert (scores["value"] == np.rint(scores["value"])).all()
    entered = scores["is_baseline"] & (scores["endpoint"] == "MADRS")
    assert scores["value"][entered].min() > 10
    for table in active.values():
        assert len({len(column) for column in table.values()}) == 1


def test_nobody_takes_doses_after_leaving(active):
    subjects = active["adsl"]
    left = ~subjects["completed"]
    assert left.any()
    assert (subjects["doses_taken"][left] <= subjects["discontinuation_day"][left]).all()
    assert set(subjects["discontinuation_reason"][~left]) == {""}
    assert "" not in set(subjects["discontinuation_reason"][left])
    scores = active["adqs"]
    gone = np.isin(scores["patient_id"], subjects["patient_id"][left])
    last = scores["visit_number"] == 8
    assert set(scores["imputation"][gone & last]) == {"LOCF"}
    assert set(scores["imputation"][~gone]) == {""}


def test_placebo_leaves_the_chemistry_at_rest(placebo):
    markers = placebo["adlb"]
    occupancy = markers["value"][markers["biomarker"] == "SERTOCC"]
    assert np.nanmax(np.abs(occupancy)) == 0.0
    ratio = markers["ratio"][markers["biomarker"] == "EC5HT"]
    assert np.nanmax(np.abs(ratio - 1)) < 0.01  # the rhythm of meals repeats itself


def test_weeks_of_an_ssri_lower_5hiaa_and_raise_serotonin(active):
    # CSF 5-HIAA falls 33-60 % under weeks of an SSRI (De Bellis 1993, Sheline 1997, review in
    # Neuropsychopharmacology 2003); adherence is imperfect here
    markers = active["adlb"]
    last = markers["visit_number"] == 8
    hiaa = markers["ratio"][last & (markers["biomarker"] == "C5HIAA")]
    assert 0.40 < np.nanmedian(hiaa) < 0.70
    serotonin = markers["ratio"]
    week_1 = serotonin[(markers["visit_number"] == 1) & (markers["biomarker"] == "EC5HT")]
    week_8 = serotonin[last & (markers["biomarker"] == "EC5HT")]
    assert 1.3 < np.nanmedian(week_1) < np.nanmedian(week_8) < 4


def test_more_systems_add_their_biomarkers_and_leave_the_person_and_the_luck(active):
    more = TRIAL.model_copy(update={"systems": ("noradrenaline", "cortisol")})
    assert trial_systems(more) == ("serotonin", "noradrenaline", "cortisol")
    found = simulate(more, "escitalopram 20 mg", IDS)
    usual = set(active["adlb"]["biomarker"])
    assert set(found["adlb"]["biomarker"]) == usual | {"ECNA", "CMHPG", "CORT"}
    for column in ("age_y", "sex", "cyp2c19", "doses_planned"):
        assert same(found["adsl"][column], active["adsl"][column])
    last = found["adlb"]["visit_number"] == 8
    mhpg = found["adlb"]["ratio"][last & (found["adlb"]["biomarker"] == "CMHPG")]
    assert 0.5 < np.nanmedian(mhpg) < 0.95  # De Bellis 1993, Sheline 1997


def test_trajectories_are_of_the_chosen_patients_only(placebo, active):
    course = placebo["trajectories"]
    assert set(course["patient_id"]) == {102, 104}
    assert course["time_h"].min() == -144.0
    assert course["time_h"].max() == 56 * 24.0
    assert len(active["trajectories"]["value"]) == 0


def test_a_failed_patient_is_kept_with_its_code_and_harms_nobody(monkeypatch, placebo):
    real = cohort.simulate.integrate

    def spoiled(system, lanes, *rest, **options):
        if not lanes.step_sizes.any():  # the run-in
            states = lanes.states.copy()
            states[0, 1] = np.nan
            lanes = Lanes(parameters=lanes.parameters, states=states)
        return real(system, lanes, *rest, **options)

    monkeypatch.setattr(cohort.simulate, "integrate", spoiled)
    tables = simulate(TRIAL, "placebo", IDS[:4])
    subjects = tables["adsl"]
    assert subjects["result_code"].tolist() == [0, ResultCode.NON_FINITE, 0, 0]
    assert subjects["result_message"][1] == ResultCode.NON_FINITE.message
    assert subjects["failure_time_h"][1] == -168.0  # at the start of the run-in of seven days
    assert not subjects["completed"][1]
    scores = rows_of(tables["adqs"], IDS[1])
    assert len(scores["value"]) == len(TRIAL.visits) * len(TRIAL.endpoints)
    assert np.isnan(scores["value"]).all()
    others = IDS[[0, 2, 3]]
    for name in ("adqs", "adlb"):
        kept = rows_of(tables[name], others)
        keep = np.isin(placebo[name]["patient_id"], others)
        whole = {column: values[keep] for column, values in placebo[name].items()}
        assert all(same(kept[column], whole[column]) for column in kept)


def test_a_protocol_without_meals_has_an_even_supply():
    still = TRIAL.model_copy(update={"meals": ()})
    block = simulate_block(still, "placebo", np.array([1, 2]))
    plasma = block.solutions[-1]["trp_plasma_now"]
    rest = block.population.parameters["trp_plasma_baseline"]
    assert np.abs(plasma / rest - 1).max() < 1e-6


@pytest.mark.slow
def test_the_tolerance_of_trials_delivers_five_digits(monkeypatch):
    loose = simulate_block(TRIAL, "citalopram 40 mg", IDS[:3])
    monkeypatch.setattr(cohort.simulate, "SOLVER", Solver(rtol=1e-8, atol=1e-9))
    tight = simulate_block(TRIAL, "citalopram 40 mg", IDS[:3])
    for name, ratios in loose.drivers.readings.items():
        assert np.abs(ratios - tight.drivers.readings[name]).max() < 1e-5  # as SOLVER says


def test_a_trial_may_look_for_no_adverse_events():
    quiet = TRIAL.model_copy(update={"adverse_events": ()})
    assert simulate(quiet, "placebo", IDS[:2])["adae"] == {}


def test_compounds_are_those_of_all_arms():
    names = [compound.name for compound in protocol_compounds(TRIAL)]
    assert names == ["r_citalopram", "s_citalopram"]


def test_occupancies_of_all_targets_are_reported_beside_concentrations():
    given = {"drug": "memantine", "dose": "20 mg"}
    arms = tuple(
        arm.model_copy(update={"regimens": (Regimen.model_validate(given),) if index else ()})
        for index, arm in enumerate(TRIAL.arms[:2])
    )
    week = {"arms": arms, "duration": 7 * 86_400, "visits": TRIAL.visits[:2], "published": ()}
    trial = TRIAL.model_copy(update=week)
    tables = simulate(trial, arms[1].name, IDS[:3])
    level, held = (
        tables[name]["value"][
            (tables[name]["visit_number"] == 1) & (tables[name]["biomarker"] == code)
        ]
        for name, code in (("adpc", "C_memantine"), ("adlb", "O_nmda"))
    )
    (binding,) = load_drug("memantine").compounds[0].binds
    ec50 = binding.ec50.number("ng/mL")
    assert held == pytest.approx(level / (level + ec50), rel=ROUND_OFF_RTOL)
    assert (held > 0.05).all()
    assert set(tables["adlb"]["unit"][tables["adlb"]["biomarker"] == "O_nmda"]) == {"1"}
    assert set(tables["adpc"]["unit"]) == {"ng/mL"}


def test_doses_between_visits_add_up_to_those_of_the_trial(active):
    doses, subjects = active["adex"], active["adsl"]
    for place, patient in enumerate(subjects["patient_id"]):
        mine = doses["patient_id"] == patient
        assert doses["taken_mg"][mine].sum() == pytest.approx(
            subjects["cumulative_dose_mg"][place], rel=ROUND_OFF_RTOL
        )
        due, planned = doses["due"][mine].sum(), subjects["doses_planned"][place]
        assert due == planned if subjects["completed_treatment"][place] else due <= planned
    stayed = np.isin(doses["patient_id"], subjects["patient_id"][subjects["completed_treatment"]])
    # one week of 10 mg, then 20 mg, once a day, to visits in weeks 1, 2, 4, 6 and 8
    for week, planned in {1: 70, 2: 140, 4: 280, 6: 280, 8: 280}.items():
        assert set(doses["planned_mg"][stayed & (doses["visit_number"] == week)]) == {planned}
    assert not doses["adjusted"].any()  # nothing in this trial changes a dose


def test_nonsense_is_refused():
    with pytest.raises(UnknownNameError, match="escitalopram 15 mg"):
        simulate(TRIAL, "escitalopram 15 mg", IDS)
    with pytest.raises(RangeError, match="twice"):
        simulate(TRIAL, "placebo", np.array([1, 1]))
    with pytest.raises(RangeError):
        simulate(TRIAL, "placebo", np.array([], dtype=int))


def test_a_block_remembers_who_failed_when():
    block = simulate_block(TRIAL, "placebo", np.array([1, 2]))
    assert not block.failed_before(3).any()
    assert replace(block, courses=()).courses == ()


@pytest.mark.parametrize("arm", ["placebo", "citalopram 40 mg"])
def test_native_and_numpy_give_the_same_tables_bit_for_bit(arm):
    ids = np.arange(1, 17)
    kept = frozenset({3})
    wanted = simulate(TRIAL, arm, ids, device="numpy", trajectory_ids=kept)
    given = simulate(TRIAL, arm, ids, device="native", trajectory_ids=kept)
    for name, table in wanted.items():
        for column, values in table.items():
            assert given[name][column].tobytes() == values.tobytes(), (name, column)
