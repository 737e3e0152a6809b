"""How the parameters of patients differ, against the distributions that a protocol names.

10,000 patients: a quantile of ranks is off by more than 0.02 once in ten thousand seeds, a
correlation by more than 0.04 (four standard errors of 1/100).
"""

import numpy as np
import pytest
from imported_trials import TRIAL, levels, trial
from scipy import stats

from cohort.simulate import simulate
from cohort.trial import allocate

N = 10_000
SPREAD = """  variability:
    - {parameter: CL, cv: 30 %}
    - {parameter: V, cv: 20 %}
"""


@pytest.fixture(scope="module")
def drawn():
    """The parameters of many patients of one arm, by name, and their covariates."""
    protocol = trial(
        (
            SPREAD,
            "  variability:\n"
            "    - {parameter: CL, cv: 60 %}\n"
            "    - {parameter: V, cv: 20 %}\n"
            "    - {parameter: kout, cv: 10 %, distribution: normal}\n"
            "    - {parameter: C50, cv: 0 %}\n"
            "  correlations: [{between: [CL, V], r: 0.5}, {between: [V, kout], r: -0.3}]\n"
            "  covariates:\n"
            "    - {parameter: C50, covariate: weight_kg, exponent: 0.75, reference: 70000 g}\n"
            "    - {parameter: C50, covariate: sex, levels: {F: 0.8, M: 1}}\n",
        ),
        ("duration: 1 week", "duration: 1 day"),
        ("[week 0, day 3, week 1]", "[week 0]"),
        ("patients: 8}\n  - {name: dosed", f"patients: {N}}}\n  - {{name: dosed"),
    )
    tables = simulate(protocol, "none", allocate(protocol, "none"), device="auto")
    return {name: levels(tables, f"P_{name}") for name in ("CL", "V", "kout", "C50")}, tables[
        "adsl"
    ]


def test_a_lognormal_parameter_has_its_typical_value_as_median_and_its_spread(drawn):
    values, _ = drawn
    for name, typical, cv in (("CL", 0.13, 0.6), ("V", 8.0, 0.2)):
        sigma = np.sqrt(np.log1p(cv**2))
        ranks = stats.kstest(values[name], stats.lognorm(sigma, scale=typical).cdf)
        assert ranks.statistic < 0.02
        assert values[name].std() / values[name].mean() == pytest.approx(cv, rel=0.06)


def test_a_normal_parameter_has_its_typical_value_as_mean(drawn):
    values, _ = drawn
    assert stats.kstest(values["kout"], stats.norm(0.05, 0.005).cdf).statistic < 0.02


def test_correlations_are_those_of_the_logarithms(drawn):
    values, _ = drawn
    scores = [np.log(values["CL"]), np.log(values["V"]), values["kout"]]
    found = np.corrcoef(scores)
    assert found[0, 1] == pytest.approx(0.5, abs=0.04)
    assert found[1, 2] == pytest.approx(-0.3, abs=0.04)
    assert found[0, 2] == pytest.approx(0.0, abs=0.04)


def test_covariates_multiply_exactly(drawn):
    values, people = drawn
    expected = 1.2 * (people["weight_kg"] / 70.0) ** 0.75 * np.where(people["sex"] == "F", 0.8, 1.0)
    assert values["C50"] == pytest.approx(expected, rel=1e-12)


def test_a_patient_is_the_same_person_in_every_arm_of_a_counterfactual_design():
    protocol = trial(("seed: 7", "seed: 7\ndesign: counterfactual"))
    one, other = (
        simulate(protocol, arm, allocate(protocol, arm), device="numpy")
        for arm in ("none", "dosed")
    )
    for code in ("P_CL", "P_V"):
        assert np.array_equal(levels(one, code), levels(other, code))
    assert not np.array_equal(levels(one, "C", "week 1"), levels(other, "C", "week 1"))


def test_another_parameter_that_varies_changes_no_draw_of_the_others():
    more = trial((SPREAD, SPREAD + "    - {parameter: kout, cv: 20 %}\n"))
    ids = allocate(more, "dosed")
    one = simulate(trial(), "dosed", ids, device="numpy")
    other = simulate(more, "dosed", ids, device="numpy")
    assert np.array_equal(levels(one, "P_CL"), levels(other, "P_CL"))
    assert SPREAD in TRIAL


def test_records_of_ones_own_need_not_tell_ancestry(tmp_path):
    rows = [f"{20 + i % 40},{'FM'[i % 2]},{60 + i % 30},{160 + i % 25}" for i in range(60)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["age_y,sex,weight_kg,height_cm", *rows]))
    protocol = trial(
        ("duration:", f"population: {{records: {path}, smoker_fraction: 20 %}}\nduration:")
    )
    people = simulate(protocol, "none", allocate(protocol, "none"), device="numpy")["adsl"]
    assert set(people["weight_kg"]) <= set(range(60, 90))
    assert set(people["ancestry"]) <= {"white", "black", "hispanic", "asian", "other"}
