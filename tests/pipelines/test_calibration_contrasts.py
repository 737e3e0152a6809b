import numpy as np
import pytest

from cohort.errors import ConditionError, RangeError
from pipelines.calibration_contrasts import POOL, contrast_covariance, plan_contrasts
from pipelines.calibration_plan import load_plan, plan_names

TEXT = """
name: small
title: A small plan
condition: major_depression
seed: 1
patients: 16
duration: 8 week
visits: [week 0, week 4, week 8]
scale: HAMD17
weights:
  serotonin_extracellular:
    mean: {value: 0.3, mark: assumed, source: example}
    sd: {value: 0.3, mark: assumed, source: example}
    mechanism: example
pools:
  - {drug: sertraline, dose: 50 mg, trials: 3, contains: [one], value: -0.3, se: 0.1,
     mark: read, source: example}
trials:
  - name: one
    title: One
    at: week 8
    held_out: true
    mark: read
    source: example
    arms:
      - {n: 100, mean: -8, sd: 8}
      - {drug: sertraline, dose: 50 mg, n: 100, mean: -10, sd: 8}
      - {drug: sertraline, dose: 100 mg, n: 50, mean: -11, sd: 8}
"""


def read(tmp_path, old="", new=""):
    assert old in TEXT
    file = tmp_path / "plan.yaml"
    file.write_text(TEXT.replace(old, new, 1) if old else TEXT, "utf-8")
    return load_plan(str(file))


def test_a_pool_and_the_trial_taken_out_of_it_give_the_pool_again(tmp_path):
    pool, own, _ = plan_contrasts(read(tmp_path))
    weights = np.array([pool.se**-2, own.se**-2])
    values = np.array([pool.value, own.value])
    assert (weights @ values) / weights.sum() == pytest.approx(-0.3)
    assert weights.sum() ** -0.5 == pytest.approx(0.1)


def test_a_pool_of_trials_of_the_plan_alone_has_nothing_left(tmp_path):
    rows = plan_contrasts(read(tmp_path, "trials: 3", "trials: 1"))
    assert [row.trial for row in rows] == ["one", "one"]


def test_contrasts_of_one_trial_covary_by_their_placebo_arm(tmp_path):
    rows = plan_contrasts(read(tmp_path))[1:]
    rng = np.random.default_rng(2)
    n, draws = (100, 100, 50), 20_000
    means = [
        rng.normal(mean / 8, n_arm**-0.5, draws)
        for mean, n_arm in zip((-8, -10, -11), n, strict=True)
    ]
    simulated = np.cov([means[1] - means[0], means[2] - means[0]])
    # without the error of the SD, which standardised differences have on top: below 2 %
    assert contrast_covariance(rows) == pytest.approx(simulated, rel=0.04)
    assert contrast_covariance(rows, 0.1)[0, 0] == pytest.approx(rows[0].se ** 2 + 0.01)


def test_pools_do_not_covary_with_trials(tmp_path):
    assert contrast_covariance(plan_contrasts(read(tmp_path)))[0, 1] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[week 0, week 4, week 8]", "[week 4, week 8]", "start at week 0"),
        ("[week 0, week 4, week 8]", "[week 0, week 8, week 4]", "start at week 0"),
        ("duration: 8 week", "duration: 6 week", "the last visit ends it"),
        ("at: week 8", "at: week 6", "at no visit"),
        ("contains: [one]", "contains: [on]", "unknown trial 'on'"),
        ("se: 0.1", "se: 0", "more than 0"),
        ("scale: HAMD17", "scale: HAMD16", "unknown rating scale"),
        (
            "- {n: 100, mean: -8, sd: 8}",
            "- {drug: sertraline, dose: 25 mg, n: 100, mean: -8, sd: 8}",
            "exactly one arm",
        ),
        ("dose: 50 mg, n", "n", "belong together"),
        ("    sd: {value: 0.3, mark: assumed, source: example}\n", "", "common factor"),
        ("sd: {value: 0.3", "sd: {value: -0.3", "sd"),
        (
            "weights:",
            "common_factor: {value: 1, mark: design, source: example}\nweights:",
            "one of the two",
        ),
    ],
)
def test_a_mistake_in_a_plan_is_named_with_its_line(old, new, words, tmp_path):
    with pytest.raises(ConditionError, match=words) as caught:
        read(tmp_path, old, new)
    assert all(mistake.line for mistake in caught.value.mistakes)


def test_a_trial_that_outweighs_its_pool_is_refused(tmp_path):
    with pytest.raises(RangeError, match="larger than that of the trials in it"):
        plan_contrasts(read(tmp_path, "se: 0.1", "se: 0.3"))


def test_a_pool_without_such_an_arm_in_its_trial_is_refused(tmp_path):
    with pytest.raises(RangeError, match="1 trials are said to be in it and 0 of them"):
        plan_contrasts(read(tmp_path, "dose: 50 mg, trials", "dose: 25 mg, trials"))


def test_packaged_plans_are_consistent():
    for name in plan_names():
        plan = load_plan(name)
        assert plan.name == name
        assert plan_contrasts(plan)


def test_depression_keeps_its_eight_trials_apart():
    rows = plan_contrasts(load_plan("major_depression"))
    assert len({row.trial for row in rows} - {POOL}) == 8
    # sertraline 200 mg, paroxetine 10 and 40 mg ... are in these trials alone
    assert "sertraline 200 mg" not in {row.label for row in rows if row.trial == POOL}
