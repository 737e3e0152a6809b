"""Distributions of a patient's past: their moments, their independence, refused files."""

from importlib import resources

import numpy as np
import pytest
from cohort_population_tolerances import SMALLEST_P, STANDARD_ERRORS
from scipy import stats

from cohort.conditions import load_condition
from cohort.errors import ConditionError
from cohort.facts import Fact
from cohort.population import (
    Categories,
    Lognormal,
    PatientHistory,
    Poisson,
    sample_history,
)

N = 40_000
IDS = np.arange(N)
OLD = np.full(N, 1e9)
TEXT = (resources.files("cohort.conditions") / "major_depression.yaml").read_text("utf-8")


def _fact(value):
    return Fact(value=value, mark="design", source="a test")


def _sample(age=OLD, ids=IDS, draw=0, **described):
    return sample_history(ids, 7, PatientHistory(**described), age, draw)


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.42, 7.0, 50.0])
def test_counts_follow_poisson(mean):
    found = _sample(previous_episodes=Poisson(poisson_mean=_fact(mean)))["previous_episodes"]
    seen = np.arange(found.max() + 1)
    observed = np.array([(found == count).sum() for count in seen])
    expected = N * stats.poisson.pmf(seen, mean)
    common = expected > 5
    rest = [N - observed[common].sum()], [N - expected[common].sum()]
    if mean:
        chi2 = stats.chisquare(
            np.concatenate([observed[common], rest[0]]), np.concatenate([expected[common], rest[1]])
        )
        assert chi2.pvalue > SMALLEST_P
    else:
        assert not found.any()


def test_years_are_lognormal_and_cut_at_the_age():
    described = Lognormal(lognormal_median=_fact("120 month"), cv=_fact("80 %"))
    found = _sample(disease_duration_y=described)["disease_duration_y"]
    spread = np.sqrt(np.log(1 + 0.8**2))
    assert stats.kstest(found, stats.lognorm(spread, scale=10).cdf).pvalue > SMALLEST_P
    young = _sample(disease_duration_y=described, age=np.full(N, 20.0))["disease_duration_y"]
    assert young.max() == 20.0
    assert (young[found < 20] == found[found < 20]).all()


def test_levels_have_their_shares():
    shares = {"none": _fact(0.7), "cyp2d6 inhibitor": _fact(0.3)}
    found = _sample(comedication=Categories(shares=shares))["comedication"]
    error = np.sqrt(0.21 / N)
    assert abs((found == "none").mean() - 0.7) < STANDARD_ERRORS * error
    assert set(found) == set(shares)


def test_what_is_not_described_is_no_column():
    assert _sample() == {}


def test_a_patient_has_the_same_past_in_any_block_and_another_as_another_candidate():
    history = load_condition("major_depression").population.history
    assert set(history.names) == set(PatientHistory.model_fields)
    whole = sample_history(np.arange(300), 7, history, np.full(300, 40.0))
    alone = sample_history([17], 7, history, [40.0])
    other = sample_history(np.arange(300), 7, history, np.full(300, 40.0), draw=1)
    for name, column in whole.items():
        assert alone[name][0] == column[17]
        assert (other[name] != column).any()


def test_depressed_patients_without_an_earlier_episode_are_as_common_as_counted():
    history = load_condition("major_depression").population.history
    found = sample_history(IDS, 7, history, np.full(N, 40.0))["previous_episodes"]
    share = 644 / 2656  # Rush 2012; the mean was computed from it
    assert abs((found == 0).mean() - share) < STANDARD_ERRORS * np.sqrt(share * (1 - share) / N)


WRONG = {
    "a negative mean": ("poisson_mean: {value: 1.42", "poisson_mean: {value: -1", "from 0 to 50"),
    "a mean that is not a count": ("{value: 1.42", "{value: 500", "from 0 to 50"),
    "years without a unit": ("value: 11.8 year", "value: 11.8", "11.8"),
    "no years": ("value: 11.8 year", "value: 0 year", "greater than 0"),
    "a negative spread": ("value: 85 %", "value: -85 %", "at least 0"),
    "shares that do not add up": ("none: {value: 0.80", "none: {value: 0.70", "0.9 in sum"),
    "an unknown key": ("earlier_nonresponse:", "earlier_nonresponce:", "earlier_nonresponse"),
    "a count with levels": (
        "previous_episodes:\n      poisson_mean",
        "previous_episodes:\n      shares",
        "shares",
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_history_is_refused_with_its_line(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    path = tmp_path / "wrong.yaml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    assert words in str(caught.value)
    assert any(mistake.line for mistake in caught.value.mistakes)
