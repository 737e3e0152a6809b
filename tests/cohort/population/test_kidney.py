"""Creatinine and its clearance: hand-computed cases, published levels and ages."""

import numpy as np
import pytest
from cohort_population_tolerances import CREATININE_CLEARANCE, STANDARD_ERRORS

from cohort.errors import CohortError
from cohort.population import (
    PopulationSpec,
    cockcroft_gault,
    sample_covariates,
    sample_creatinine,
)

N = 40_000
IDS = np.arange(N)
ADULTS = PopulationSpec(
    age_min_y=18,
    age_max_y=80,
    age_mean_y=48,
    age_sd_y=17,
    female_fraction=0.5,
    ancestry_shares={"white": 0.8, "black": 0.1, "asian": 0.03, "hispanic": 0.05, "other": 0.02},
)


@pytest.mark.parametrize(
    ("age", "sex", "weight", "creatinine", "clearance"),
    [
        (50, "M", 80, 1.0, 100.0),  # 90 x 80 / 72
        (60, "M", 80, 1.2, 6400 / 86.4),
        (45, "F", 65, 0.9, 0.85 * 95 * 65 / 64.8),
        (40, "M", 72, 1.0, 100.0),
        (80, "F", 60, 2.0, 0.85 * 25.0),
    ],
)
def test_clearance_of_one_person_is_that_of_the_hand(age, sex, weight, creatinine, clearance):
    assert cockcroft_gault(age, sex, weight, creatinine) == pytest.approx(clearance, rel=1e-14)


def test_creatinine_has_the_mean_and_the_range_of_healthy_people():
    for sex, mean, low, high in [("M", 0.90, 0.63, 1.16), ("F", 0.70, 0.48, 0.93)]:
        drawn = sample_creatinine(IDS, 7, np.full(N, sex))
        assert abs(drawn.mean() - mean) < STANDARD_ERRORS * drawn.std() / np.sqrt(N)
        # a lognormal is not symmetric: 95 % are inside, though not 2.5 % on each side
        inside = ((drawn > low) & (drawn < high)).mean()
        assert inside == pytest.approx(0.95, abs=0.01)


def test_clearance_is_that_measured_in_the_young_and_in_the_old():
    people = sample_covariates(IDS, 7, ADULTS)
    surface = np.sqrt(people["height_cm"] * people["weight_kg"] / 3600)  # Mosteller [m^2]
    clearance = people["crcl_ml_min"] * 1.73 / surface
    young = (np.abs(people["age_y"] - 30) <= 5) & (people["sex"] == "M")
    assert clearance[young].mean() == pytest.approx(140, rel=CREATININE_CLEARANCE)  # Rowe 1976
    old = np.abs(people["age_y"] - 75) <= 5
    assert clearance[old].mean() == pytest.approx(77, rel=CREATININE_CLEARANCE)  # PMC2721425


def test_clearance_is_that_of_the_columns_beside_it():
    people = sample_covariates(np.arange(50), 7, ADULTS)
    one = {name: people[name][17] for name in ("age_y", "sex", "weight_kg", "creatinine_mg_dl")}
    share = 0.85 if one["sex"] == "F" else 1.0
    expected = share * (140 - one["age_y"]) * one["weight_kg"] / (72 * one["creatinine_mg_dl"])
    assert people["crcl_ml_min"][17] == pytest.approx(expected, rel=1e-14)


def test_smoking_falls_with_age_and_is_commoner_in_men():
    people = sample_covariates(IDS, 7, ADULTS)
    smokes, age = people["smoker"] == "yes", people["age_y"]
    # the order of the National Health Interview Survey 2018 and of the TUS-CPS 2018-2019
    assert smokes[(age >= 25) & (age < 65)].mean() > 1.5 * smokes[age >= 65].mean()
    assert smokes[people["sex"] == "M"].mean() > smokes[people["sex"] == "F"].mean()
    assert smokes[people["ancestry"] == "white"].mean() > 1.5 * (
        smokes[people["ancestry"] == "asian"].mean()
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age_y", 140),
        ("age_y", -1),
        ("age_y", np.nan),
        ("sex", "x"),
        ("weight_kg", 0),
        ("creatinine_mg_dl", 0),
        ("creatinine_mg_dl", [1.0, -1.0]),
        ("weight_kg", np.inf),
        ("sex", [["F", "M", "F"]]),
    ],
)
def test_a_person_that_cannot_be_is_refused(name, value):
    person = {"age_y": [40, 50], "sex": "F", "weight_kg": 70, "creatinine_mg_dl": 0.8}
    with pytest.raises(CohortError, match="cockcroft_gault"):
        cockcroft_gault(**{**person, name: value})
