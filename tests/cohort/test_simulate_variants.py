"""Variants in the walk: the same people and luck, the same baseline, and lives that differ."""

import numpy as np
import pytest

import cohort.simulate
from cohort.errors import UnknownNameError
from cohort.outcomes import expectation_share
from cohort.simulate import simulate, simulate_block
from cohort.trial import Variant, load_protocol
from cohort.trial_equations import prepare_device
from kernels import Solver

DAY_S = 86_400
VARIANTS = (
    Variant(name="usual"),
    Variant(name="tired", lifestyle=["sleep_restriction", "exercise"]),
    Variant(name="smokers", lifestyle=["smoking"]),
    Variant(name="own", supervision="self_directed"),
)
TRIAL = load_protocol("sct-md-01").model_copy(
    update={
        "variants": VARIANTS,
        "duration": 14 * DAY_S,
        "visits": load_protocol("sct-md-01").visits[:3],
        "arms": tuple(
            arm.model_copy(update={"regimens": arm.regimens[-1:]})
            for arm in load_protocol("sct-md-01").arms[:2]
        ),
        "published": (),
    }
)
ARM = "escitalopram 10 mg"
IDS = np.arange(101, 117)
KEPT = frozenset({103})


@pytest.fixture(scope="module")
def lived():
    names = [variant.name for variant in VARIANTS]
    return {name: simulate(TRIAL, ARM, IDS, variant=name, trajectory_ids=KEPT) for name in names}


def rows_of(table, ids):
    keep = np.isin(table["patient_id"], ids)
    return {name: column[keep] for name, column in table.items()}


@pytest.mark.parametrize("variant", ["tired", "smokers", "own"])
def test_a_patient_does_not_depend_on_the_block_around_it(lived, variant):
    few = IDS[3:5]
    alone = simulate(TRIAL, ARM, few, variant=variant, trajectory_ids=KEPT)
    for name in ("adsl", "adqs", "adlb", "adae"):
        whole = rows_of(lived[variant][name], few)
        for column, values in alone[name].items():
            assert values.tobytes() == whole[column].astype(values.dtype).tobytes(), (name, column)


def test_native_and_numpy_give_the_same_tables_bit_for_bit():
    life = {"lifestyle": ["sleep_restriction", "exercise"], "supervision": "self_directed"}
    week = {"duration": 7 * DAY_S, "visits": TRIAL.visits[:2]}
    everything = (Variant(name="everything", **life),)
    trial = TRIAL.model_copy(update={"variants": everything, **week})
    options = {"variant": "everything", "trajectory_ids": KEPT}
    found, reference = (
        simulate(trial, ARM, IDS[:4], device=device, **options) for device in ("native", "numpy")
    )
    for name, table in reference.items():
        for column, values in table.items():
            assert found[name][column].tobytes() == values.tobytes(), (name, column)


def test_the_same_people_come_into_every_variant_with_the_same_scores(lived):
    for name in ("tired", "own", "smokers"):
        for column in ("age_y", "sex", "weight_kg", "cyp2c19", "cyp2d6", "slc6a4"):
            assert (lived[name]["adsl"][column] == lived["usual"]["adsl"][column]).all()
        first = lived["usual"]["adqs"]["is_baseline"]
        assert (lived[name]["adqs"]["value"][first] == lived["usual"]["adqs"]["value"][first]).all()


def baseline(tables, code):
    markers = tables["adlb"]
    here = (markers["biomarker"] == code) & (markers["visit_number"] == 0)
    return markers["value"][here]


def last(tables, code):
    markers = tables["adlb"]
    here = (markers["biomarker"] == code) & (markers["visit_number"] == 2)
    return markers["value"][here]


def test_the_baseline_is_untouched_but_by_habits(lived):
    for code in ("EC5HT", "ECDA", "CORT", "C5HIAA"):
        usual = baseline(lived["usual"], code)
        assert (baseline(lived["tired"], code) == usual).all()
        assert (baseline(lived["own"], code) == usual).all()
    assert set(lived["smokers"]["adsl"]["smoker"]) == {"yes"}
    assert "no" in lived["usual"]["adsl"]["smoker"]
    smokers = baseline(lived["smokers"], "EC5HT") / baseline(lived["usual"], "EC5HT")
    assert (smokers > 1.01).all()  # less of MAO-A


def test_lives_differ_after_two_weeks(lived):
    tired, usual = (last(lived[name], "IL6") for name in ("tired", "usual"))
    assert np.nanmedian(tired / usual) > 1.05
    doses = {name: lived[name]["adsl"]["doses_taken"] for name in ("usual", "own")}
    assert (doses["own"] <= doses["usual"]).all()
    assert doses["own"].sum() < doses["usual"].sum()


def test_a_habit_that_begins_with_the_trial_leaves_the_baseline():
    late = Variant.model_validate(
        {"name": "late", "lifestyle": [{"name": "smoking", "from": "week 0"}]}
    )
    trial = TRIAL.model_copy(update={"variants": (*VARIANTS, late)})
    found = simulate(trial, ARM, IDS[:4], variant="late")
    usual = simulate(trial, ARM, IDS[:4], variant="usual")
    assert (baseline(found, "EC5HT") == baseline(usual, "EC5HT")).all()
    assert np.nanmedian(last(found, "EC5HT") / last(usual, "EC5HT")) > 1.005


def test_expectation_is_a_share_of_the_patients_own_improvement_on_placebo():
    hope = Variant(name="hope", lifestyle=["bright_light"])
    trial = TRIAL.model_copy(update={"variants": (Variant(name="usual"), hope)})
    blocks = {
        name: simulate_block(trial, "placebo", IDS, variant=name) for name in ("usual", "hope")
    }
    severity = {
        name: block.courses[-1].latent(block.condition, block.variation)
        for name, block in blocks.items()
    }
    base = blocks["usual"].courses[0].severity.baseline
    kept = (severity["hope"] > 0) & (severity["usual"] > 0)
    gain = {name: (base - found)[kept] for name, found in severity.items()}
    # light moves serotonin by less than a percent, so nearly all of it is expectation
    assert gain["hope"] == pytest.approx((1 + expectation_share()) * gain["usual"], abs=0.05)


def test_without_lifestyles_variants_have_the_equations_of_the_plain_trial():
    plain = TRIAL.model_copy(update={"variants": ()})
    own = TRIAL.model_copy(update={"variants": (VARIANTS[0], VARIANTS[3])})
    expected = simulate(plain, ARM, IDS[:4])
    found = simulate(own, ARM, IDS[:4], variant="usual")
    for name, table in expected.items():
        for column, values in table.items():
            assert found[name][column].tobytes() == values.tobytes(), (name, column)


def test_a_smoker_is_written_into_the_person():
    block = simulate_block(TRIAL, ARM, IDS[:3], variant="smokers")
    assert block.population.columns["smoker"].tolist() == ["yes"] * 3


@pytest.mark.slow
def test_the_tolerance_of_trials_holds_with_windows(monkeypatch):
    loose = simulate_block(TRIAL, ARM, IDS[:3], variant="tired")
    monkeypatch.setattr(cohort.simulate, "SOLVER", Solver(rtol=1e-8, atol=1e-9))
    tight = simulate_block(TRIAL, ARM, IDS[:3], variant="tired")
    for name, ratios in loose.drivers.readings.items():
        assert np.abs(ratios - tight.drivers.readings[name]).max() < 1e-4


def test_an_unknown_variant_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="tired"):
        simulate(TRIAL, ARM, IDS, variant="tiret")
    with pytest.raises(UnknownNameError, match="as planned"):
        simulate(TRIAL, ARM, IDS)
    assert prepare_device(TRIAL, "numpy") == ("numpy", {})
