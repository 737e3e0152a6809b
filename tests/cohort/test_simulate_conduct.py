"""Trials walked through: what is taken before and beside, on few patients of the packaged trial."""

import numpy as np

from cohort.simulate import simulate, simulate_block
from cohort.tables import block_columns
from cohort.trial import Protocol, load_protocol

PACKAGED = load_protocol("sct-md-01").model_dump(mode="json", exclude_none=True)
IDS = np.arange(101, 113)


def trial(**changes):
    """The packaged trial with other keys: the same compounds, so the same equations."""
    record = {**PACKAGED, "adherence": {"probability": 1.0}, **changes}
    return Protocol.model_validate(record)


def arms(**regimens):
    """Arms of a name and its regimens, the first the control."""
    names = list(regimens)
    return [
        {"name": name, "control": name == names[0], "patients": 30, "regimens": regimens[name]}
        for name in names
    ]


CITALOPRAM = {"drug": "citalopram", "dose": "40 mg"}
ESCITALOPRAM = {"drug": "escitalopram", "dose": "20 mg"}


def concentration(block, visit):
    return block.solutions[visit]["concentration_s_citalopram_now"][-1]


def latent(block, visit):
    return block.courses[visit].latent(block.condition, block.variation)


def test_a_background_is_at_the_level_that_four_weeks_of_the_drug_lead_to():
    beside = trial(
        background=[CITALOPRAM], arms=arms(placebo=[], active=[ESCITALOPRAM]), published=[]
    )
    taken = trial(arms=arms(citalopram=[CITALOPRAM], other=[ESCITALOPRAM]), published=[])
    before = simulate_block(beside, "placebo", IDS)
    after = simulate_block(taken, "citalopram", IDS)
    week_4 = [visit.name for visit in taken.visits].index("week 4")
    stayed = np.isnan(after.courses[week_4].left_day)
    assert stayed.sum() > 8
    levels = concentration(before, 0)[stayed], concentration(after, week_4)[stayed]
    assert np.allclose(*levels, rtol=1e-6)
    # who has left goes on taking the background, and the score starts where it starts without it
    assert np.allclose(concentration(before, 0), concentration(before, -1), rtol=0.02)
    assert latent(before, 0).tolist() == latent(after, 0).tolist()
    # four weeks have brought most of what eight bring
    alone = simulate_block(taken.model_copy(update={"arms": beside.arms}), "placebo", IDS)
    gain = latent(alone, 5) - latent(before, 5)
    whole = latent(alone, 5) - latent(after, 5)
    assert (np.abs(gain) < 0.5 * np.abs(whole))[np.isnan(after.courses[-1].left_day)].all()


def test_a_drug_before_the_trial_washes_out_and_its_benefit_is_lost():
    before = trial(previous=[{**CITALOPRAM, "stop": "week -1"}])
    washed = simulate_block(before, "placebo", IDS)
    never = simulate_block(trial(), "placebo", IDS)
    assert (concentration(washed, 0) > 0).all()
    assert (concentration(washed, 5) < 0.01 * concentration(washed, 0)).all()
    assert latent(washed, 0).tolist() == latent(never, 0).tolist()
    assert (latent(washed, 5) > latent(never, 5)).all()
    lost = washed.courses[0].entry_benefit * washed.courses[0].severity.sensitivity
    assert np.allclose(latent(washed, 5) - latent(never, 5), lost, rtol=0.15)


def test_patients_of_a_block_do_not_matter_to_one_another_when_something_is_taken_before():
    protocol = trial(previous=[CITALOPRAM], adherence={"probability": "80 %", "sd_logit": 1.0})
    whole = simulate(protocol, "placebo", IDS)
    part = simulate(protocol, "placebo", IDS[[7, 3]])
    for table in ("adsl", "adqs", "adlb"):
        for lane, patient in ((0, IDS[7]), (1, IDS[3])):
            for name, column in whole[table].items():
                mine = column[whole[table]["patient_id"] == patient]
                alone = part[table][name][part[table]["patient_id"] == IDS[[7, 3]][lane]]
                assert np.array_equal(mine, alone, equal_nan=mine.dtype.kind == "f"), name


def test_times_of_trajectories_count_from_the_first_dose():
    protocol = trial(previous=[CITALOPRAM])
    block = simulate_block(protocol, "placebo", IDS[:1])
    table = block_columns(protocol, "placebo", block, frozenset(IDS[:1].tolist()))["trajectories"]
    assert table["time_h"].min() == -34 * 24.0
    assert table["time_h"].max() == 56 * 24.0
    steps = block_columns(protocol, "placebo", block, frozenset())["adsl"]["accepted_steps"]
    assert (steps > sum(solution.accepted for solution in block.solutions)).all()


def test_a_last_phase_without_drug_loses_what_was_gained():
    stopped = [{**ESCITALOPRAM, "stop": "week 4"}]
    protocol = trial(arms=arms(placebo=[], active=stopped), published=[])
    went_on = trial(arms=arms(placebo=[], active=[ESCITALOPRAM]), published=[])
    off, on = (simulate_block(one, "active", IDS) for one in (protocol, went_on))
    stayed = np.isnan(off.courses[-1].left_day) & np.isnan(on.courses[-1].left_day)
    assert latent(off, 3).tolist() == latent(on, 3).tolist()
    assert (concentration(off, 5) < 1e-3 * concentration(on, 5))[stayed].all()
    assert (latent(off, 5) > latent(on, 5))[stayed].all()


def rows(table, **values):
    keep = np.logical_and.reduce([table[name] == value for name, value in values.items()])
    return {name: column[keep] for name, column in table.items()}


def test_a_trial_is_conducted_by_its_rules_on_the_scores_that_its_tables_show():
    rules = {"steps": ["10 mg", "20 mg"], "at": ["week 2"], "up_if": "response < 20 %"}
    protocol = trial(
        arms=arms(placebo=[], active=[{**ESCITALOPRAM, "dose": "10 mg", "titrate": rules}]),
        rescue={"drug": "citalopram", "dose": "20 mg", "if": "MADRS >= 25", "from": "week 4"},
        missed_visits="20 %",
        published=[],
    )
    tables = simulate(protocol, "active", IDS)
    madrs = [rows(tables["adqs"], endpoint="MADRS", visit=one.name) for one in protocol.visits]
    subjects, week_2, week_4, week_6 = tables["adsl"], madrs[2], madrs[3], madrs[4]
    stayed = np.isnan(subjects["discontinuation_day"])
    seen = [(visit["imputation"] == "") & np.isfinite(visit["value"]) for visit in madrs]
    assert any((~one & stayed).any() for one in seen)
    not_yet = seen[2] & (week_2["value"] > 0.8 * week_2["baseline"])
    assert not_yet.any()
    assert not not_yet.all()
    doses = 10 * subjects["doses_taken"] + 10 * not_yet * (subjects["doses_taken"] - 14)
    assert subjects["cumulative_dose_mg"].tolist() == doses.tolist()
    # the first visit from week 4 on that is not missed and shows 25 points or more
    asks = [visit["value"] >= 25 for visit in (week_4, week_6)] & np.array(seen[3:5])
    expected = np.where(asks[0], 28.0, np.where(asks[1], 42.0, np.nan))
    assert np.array_equal(subjects["rescue_day"], expected, equal_nan=True)
    assert np.isfinite(expected).any()
    assert ((subjects["rescue_doses_taken"] > 0) == np.isfinite(expected)).all()


def test_who_is_followed_up_is_rated_without_the_drug_to_the_end():
    ids = np.arange(101, 161)
    taking = arms(placebo=[], active=[ESCITALOPRAM])
    alone = simulate_block(trial(arms=taking, published=[]), "active", ids)
    protocol = trial(arms=taking, published=[], follow_up="50 %")
    block = simulate_block(protocol, "active", ids)
    left = np.isfinite(block.courses[-1].left_day)
    follows = block.conduct.follows
    assert (left & follows).any()
    assert (left & ~follows).any()
    for one, other in zip(alone.courses, block.courses, strict=True):
        assert np.array_equal(one.left_day, other.left_day, equal_nan=True)
        assert one.slow.tolist() == other.slow.tolist()
    tables = block_columns(protocol, "active", block, frozenset())
    last = rows(tables["adqs"], endpoint="MADRS", visit="week 8")
    assert (last["imputation"][left & follows] == "").all()
    assert (last["imputation"][left & ~follows] == "LOCF").all()
    assert last["on_treatment"].tolist() == (~left).tolist()
    peak = np.max([concentration(block, visit) for visit in range(6)], axis=0)
    gone = (block.courses[-1].left_day < 35) & (peak > 0)
    assert gone.any()
    assert (concentration(block, -1) < 0.2 * peak)[gone].all()
    subjects = tables["adsl"]
    assert subjects["completed"].tolist() == (~left | follows).tolist()
    assert subjects["completed_treatment"].tolist() == (~left).tolist()
    assert np.isnan(subjects["discontinuation_day"][follows]).all()
    assert np.array_equal(subjects["treatment_end_day"], block.courses[-1].left_day, equal_nan=True)


def test_a_lead_in_replaces_those_who_respond_to_placebo():
    led = trial(lead_in={"placebo": "1 week", "drop_if_improved": "20 %"})
    block, plain = simulate_block(led, "placebo", IDS), simulate_block(trial(), "placebo", IDS)
    fall = latent(block, 0) - latent(block, 5)
    assert fall.mean() < (latent(plain, 0) - latent(plain, 5)).mean()
    assert block.population.columns["age_y"].tolist() == plain.population.columns["age_y"].tolist()
