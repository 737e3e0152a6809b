"""A pool followed with the patients' own luck is `cohort run`; new luck is another patient."""

from dataclasses import replace

import numpy as np
import pytest

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.outcomes import TrialVariation
from cohort.replicate import Pool, follow_pool, simulate_pool
from cohort.simulate import simulate
from cohort.trial import load_protocol

TRIAL = load_protocol("sct-md-01")
ARM = "citalopram 40 mg"
N = 60


@pytest.fixture(scope="module")
def pool():
    return simulate_pool(TRIAL, N, first_id=201, arms=("placebo", ARM))


@pytest.fixture(scope="module")
def tables(pool):
    return {arm: simulate(TRIAL, arm, pool.patient_ids) for arm in ("placebo", ARM)}


@pytest.mark.parametrize("arm", ["placebo", ARM])
def test_own_luck_gives_the_tables_of_a_run(pool, tables, arm):
    outcomes, table = follow_pool(pool, arm), tables[arm]
    assert outcomes.left.sum() > 5, "nobody left: the test would not see what leaving does"
    subjects, scores, events = table["adsl"], table["adqs"], table["adae"]
    assert np.array_equal(subjects["discontinuation_day"], outcomes.left_day, equal_nan=True)
    adverse = subjects["discontinuation_reason"] == "ADVERSE EVENT"
    assert np.array_equal(adverse, outcomes.left_for_adverse_event)
    for endpoint in TRIAL.endpoints:
        rows = scores["endpoint"] == endpoint
        values = scores["value"][rows].reshape(len(TRIAL.visits), N)
        assert np.array_equal(values, outcomes.carried_forward(endpoint), equal_nan=True)
        seen = (scores["imputation"][rows] == "").reshape(values.shape)
        assert np.array_equal(seen, outcomes.present)
    for name, term in (("nausea", "Nausea"), ("insomnia", "Insomnia")):
        who = events["patient_id"][events["term"] == term]
        mine = np.isfinite(outcomes.onset_day[name])
        assert who.size
        assert set(who.tolist()) == set(pool.patient_ids[mine].tolist())


def test_a_lane_does_not_depend_on_its_neighbours(pool):
    whole = follow_pool(pool, ARM)
    lanes = np.array([7, 3, 7])
    part = follow_pool(pool, ARM, lanes)
    assert np.array_equal(part.latent, whole.latent[:, lanes])
    assert np.array_equal(part.left_day, whole.left_day[lanes], equal_nan=True)


def test_new_luck_is_the_luck_of_that_patient(pool):
    """Patient 5 with the luck of patient 9 differs from 9 by the chemistry alone."""
    ids = pool.patient_ids[[9]]
    swapped = follow_pool(pool, ARM, np.array([5]), luck_ids=ids)
    own = follow_pool(pool, ARM, np.array([9]))
    assert swapped.scores["MADRS"][0, 0] == own.scores["MADRS"][0, 0]
    assert swapped.latent[-1, 0] != own.latent[-1, 0]
    still = TrialVariation(benefit_factor=0.0)
    first = follow_pool(pool, ARM, np.array([5]), luck_ids=ids, variation=still, adverse_events=())
    second = follow_pool(pool, ARM, np.array([9]), variation=still, adverse_events=())
    assert np.array_equal(first.latent, second.latent)


def test_variation_by_lane_is_that_of_each_lane_alone(pool):
    lanes = np.arange(3)
    shifts, factors = np.array([-2.0, 0.0, 3.0]), np.array([0.5, 1.0, 2.0])
    weights = {name: np.array([0.1, 0.3, 0.6]) for name in pool.condition.link.signals}
    both = follow_pool(
        pool,
        ARM,
        lanes,
        variation=TrialVariation(
            placebo_shift=shifts, benefit_factor=factors, weights=weights, dropout_factor=factors
        ),
    )
    for lane in lanes:
        alone = follow_pool(
            pool,
            ARM,
            np.array([lane]),
            variation=TrialVariation(
                placebo_shift=float(shifts[lane]),
                benefit_factor=float(factors[lane]),
                weights={name: float(values[lane]) for name, values in weights.items()},
                dropout_factor=float(factors[lane]),
            ),
        )
        assert np.array_equal(both.latent[:, lane], alone.latent[:, 0])
        assert np.array_equal(both.left_day[[lane]], alone.left_day, equal_nan=True)


def test_weights_of_the_link_itself_change_nothing(pool):
    own = {name: fact.number("1") for name, fact in pool.condition.link.signals.items()}
    said = follow_pool(pool, ARM, variation=TrialVariation(weights=own))
    assert np.array_equal(said.latent, follow_pool(pool, ARM).latent)


def test_a_factor_of_leaving_multiplies_the_hazard_of_its_reasons(pool):
    """Twice the hazard everywhere: those who had left by a day now leave no later."""
    plain = follow_pool(pool, "placebo", adverse_events=())
    double = TrialVariation(dropout_factor=2.0, adverse_dropout_factor=2.0)
    hasty = follow_pool(pool, "placebo", adverse_events=(), variation=double)
    assert hasty.left.sum() > plain.left.sum()
    assert (hasty.left_day[plain.left] <= plain.left_day[plain.left]).all()
    none = TrialVariation(dropout_factor=0.0, adverse_dropout_factor=0.0)
    assert not follow_pool(pool, ARM, variation=none).left.any()
    only = TrialVariation(dropout_factor=0.0, adverse_dropout_factor=50.0)
    reasons = follow_pool(pool, ARM, variation=only)
    assert reasons.left_for_adverse_event.sum() == reasons.left.sum() > 0


def test_a_patient_whom_the_solver_lost_has_no_scores_from_then_on(pool):
    n_visit = len(TRIAL.visits)
    failed = np.full(N, n_visit)
    failed[4] = 2
    broken = replace(pool, failed_visit={**pool.failed_visit, ARM: failed})
    scores = follow_pool(broken, ARM).scores["MADRS"]
    assert np.isfinite(scores[:2, 4]).all()
    assert np.isnan(scores[2:, 4]).all()
    assert np.isfinite(np.delete(scores, 4, axis=1)).all()
    assert 4 not in broken.solved
    assert len(broken.solved) == N - 1


class _OwnLuck(Pool):
    @property
    def doses_follow_outcomes(self):
        return True


def test_new_luck_is_refused_where_doses_depend_on_outcomes(pool):
    own = _OwnLuck(**{name: getattr(pool, name) for name in Pool.__slots__})
    assert follow_pool(own, ARM).latent.shape == (len(TRIAL.visits), N)
    with pytest.raises(RangeError, match="doses depend on outcomes"):
        follow_pool(own, ARM, luck_ids=np.arange(N))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda pool: follow_pool(pool, "placbo"), UnknownNameError, "placebo"),
        (lambda pool: follow_pool(pool, ARM, np.array([N])), RangeError, f"0 to {N - 1}"),
        (lambda pool: follow_pool(pool, ARM, np.array([-1])), RangeError, "from -1"),
        (lambda pool: follow_pool(pool, ARM, luck_ids=np.arange(2)), ShapeError, "one a lane"),
        (lambda _: simulate_pool(TRIAL, 0), RangeError, "patients 0"),
        (lambda _: simulate_pool(TRIAL, True), RangeError, "patients True"),
        (lambda _: simulate_pool(TRIAL, 2, first_id=2**32 - 1), RangeError, "first_id=1"),
        (lambda _: simulate_pool(TRIAL, 2, arms=("nobody",)), UnknownNameError, "nobody"),
    ],
)
def test_nonsense_is_refused(pool, call, error, words):
    with pytest.raises(error, match=words):
        call(pool)
