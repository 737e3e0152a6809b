"""The table of real people, and weights that give it a trial's margins."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
from cohort_population_tolerances import CORRELATION, MARGIN, STANDARD_ERRORS

from cohort.errors import CohortError, RangeError, UnknownNameError
from cohort.population import (
    ANCESTRIES,
    BMI_CLASSES,
    SEXES,
    PopulationSpec,
    load_people,
    rake,
    sample_covariates,
)

DEPRESSION = {
    "age_min_y": 18,
    "age_max_y": 65,
    "age_mean_y": 41,
    "age_sd_y": 12,
    "female_fraction": 0.62,
}
SHARES = {"white": 0.8, "black": 0.1, "asian": 0.03, "hispanic": 0.05, "other": 0.02}
SPECS = [
    DEPRESSION,
    {**DEPRESSION, "ancestry_shares": SHARES},
    {**DEPRESSION, "female_fraction": 1.0, "ancestry_shares": {"asian": 1}},
    {**DEPRESSION, "age_min_y": 60, "age_max_y": 80, "age_mean_y": 72, "age_sd_y": 5},
    {**DEPRESSION, "age_mean_y": 41.5, "age_sd_y": 20},  # wider than uniform: two humps
]


def test_the_table_holds_the_adults_that_its_head_counts():
    people = load_people()
    assert len(people) == 8366 - 2833 - 89 - 10
    assert set(people.sex) == set(SEXES)
    assert set(people.ancestry) == set(ANCESTRIES)
    assert (people.smoker == "yes").sum() == 750 + 205  # every day, some days
    # published moments of the same file, before rows without weight or height were dropped
    women = people.sex == "F"
    assert people.weight_kg[women].mean() == pytest.approx(77.1, abs=0.2)
    assert people.height_cm[~women].mean() == pytest.approx(173.5, abs=0.2)
    assert not people.age_y.flags.writeable


@pytest.mark.parametrize("numbers", SPECS)
def test_raked_people_have_the_margins_asked_for(numbers):
    people, spec = load_people(), PopulationSpec(**numbers)
    chances = rake(people, spec)
    mean = (chances * people.age_y).sum()
    assert mean == pytest.approx(spec.age_mean_y, abs=MARGIN * spec.age_sd_y)
    spread = math.sqrt((chances * (people.age_y - mean) ** 2).sum())
    assert spread == pytest.approx(spec.age_sd_y, rel=MARGIN)
    assert chances[people.sex == "F"].sum() == pytest.approx(spec.female_fraction, abs=MARGIN)
    for name, share in (spec.ancestry_shares or {}).items():
        assert chances[people.ancestry == name].sum() == pytest.approx(share, abs=MARGIN)
    outside = (people.age_y < spec.age_min_y) | (people.age_y > spec.age_max_y)
    assert not chances[outside].any()
    assert (chances >= 0).all()


FURTHER = [
    {"smoker_fraction": 0.35},
    {"weight_mean_kg": 75.0},
    {"bmi_shares": {"underweight": 0.02, "normal": 0.38, "overweight": 0.35, "obese": 0.25}},
    {"smoker_fraction": 0.3, "weight_mean_kg": 78.0, "ancestry_shares": SHARES},
    {
        "smoker_fraction": 0.0,
        "weight_mean_kg": 80.0,
        "bmi_shares": {"normal": 0.5, "overweight": 0.5},
        "ancestry_shares": SHARES,
    },
]


@pytest.mark.parametrize("further", FURTHER, ids=lambda further: "-".join(further))
def test_smoking_and_body_meet_their_margins_beside_the_others(further):
    people, spec = load_people(), PopulationSpec(**DEPRESSION, **further)
    chances = rake(people, spec)
    assert (chances * people.age_y).sum() == pytest.approx(41, abs=MARGIN * 12)
    assert chances[people.sex == "F"].sum() == pytest.approx(0.62, abs=MARGIN)
    for name, share in (spec.ancestry_shares or {}).items():
        assert chances[people.ancestry == name].sum() == pytest.approx(share, abs=MARGIN)
    if spec.smoker_fraction is not None:
        smokers = chances[people.smoker == "yes"].sum()
        assert smokers == pytest.approx(spec.smoker_fraction, abs=MARGIN)
    if spec.weight_mean_kg is not None:
        mean = (chances * people.weight_kg).sum()
        assert mean == pytest.approx(spec.weight_mean_kg, abs=MARGIN * 20)
    for name, share in (spec.bmi_shares or {}).items():
        low = BMI_CLASSES[name]
        high = min([edge for edge in BMI_CLASSES.values() if edge > low], default=math.inf)
        inside = (people.bmi >= low) & (people.bmi < high)
        assert chances[inside].sum() == pytest.approx(share, abs=MARGIN)


def test_raking_to_two_shares_is_that_of_the_textbook():
    """Iterative proportional fitting by hand, of sex against smoking, no other margin."""
    people = load_people()
    spec = PopulationSpec(age_min_y=18, age_max_y=80, female_fraction=0.6, smoker_fraction=0.4)
    chances = rake(people, spec)
    table = np.array(
        [
            [((people.sex == sex) & (people.smoker == habit)).sum() for habit in ("yes", "no")]
            for sex in SEXES
        ],
        dtype=float,
    )
    for _ in range(200):
        table *= (np.array([0.6, 0.4]) / table.sum(axis=1))[:, None]
        table *= np.array([0.4, 0.6]) / table.sum(axis=0)
    for sex, row in zip(SEXES, table, strict=True):
        for habit, share in zip(("yes", "no"), row, strict=True):
            found = chances[(people.sex == sex) & (people.smoker == habit)].sum()
            assert found == pytest.approx(share, abs=MARGIN)


def test_a_spec_without_margins_takes_people_as_they_fall():
    people = load_people()
    chances = rake(people, PopulationSpec(age_min_y=18, age_max_y=80))
    np.testing.assert_allclose(chances, 1 / len(people), rtol=1e-12)


IMPOSSIBLE = [
    ({"weight_mean_kg": 300.0}, "weigh from 36.2 to 242.6 .*Choose a mean between"),
    ({"weight_mean_kg": 140.0, "bmi_shares": {"underweight": 1.0}}, "population"),
    ({"bmi_shares": {"normal": 1.0}, "weight_mean_kg": 170.0}, "population"),
    ({"smoker_fraction": 1.0, "ancestry_shares": {"asian": 1.0}, "weight_mean_kg": 120}, "popu"),
]


@pytest.mark.parametrize(("further", "message"), IMPOSSIBLE)
def test_margins_that_nobody_can_meet_are_refused(further, message):
    with pytest.raises(RangeError, match=message):
        rake(load_people(), PopulationSpec(**DEPRESSION, **further))


def test_people_of_one_cell_keep_equal_chances():
    people = load_people()
    chances = rake(people, PopulationSpec(**DEPRESSION, ancestry_shares=SHARES))
    cell = (people.age_y == 40) & (people.sex == "F") & (people.ancestry == "black")
    assert cell.sum() > 5
    assert len(set(chances[cell])) == 1


def test_a_population_like_the_table_leaves_the_table_alone():
    people = load_people()
    spec = PopulationSpec(
        age_min_y=18,
        age_max_y=80,
        age_mean_y=float(people.age_y.mean()),
        age_sd_y=float(people.age_y.std()),
        female_fraction=float((people.sex == "F").mean()),
    )
    np.testing.assert_allclose(rake(people, spec), 1 / len(people), rtol=MARGIN)


def test_sampled_margins_meet_the_targets():
    n = 20_000
    columns = sample_covariates(
        np.arange(n), 7, PopulationSpec(**DEPRESSION, ancestry_shares=SHARES)
    )
    assert abs(columns["age_y"].mean() - 41) < STANDARD_ERRORS * 12 / math.sqrt(n)
    assert abs(columns["age_y"].std() - 12) < STANDARD_ERRORS * 12 / math.sqrt(2 * n)
    for name, share in {**SHARES, "F": 0.62}.items():
        found = (columns["sex" if name in SEXES else "ancestry"] == name).mean()
        assert abs(found - share) < STANDARD_ERRORS * math.sqrt(share * (1 - share) / n)


def test_weight_and_height_stay_correlated_as_in_the_table():
    people = load_people()
    columns = sample_covariates(np.arange(20_000), 7, PopulationSpec(**DEPRESSION))
    for sex in SEXES:
        real = (people.sex == sex) & (people.age_y <= 65)
        drawn = columns["sex"] == sex
        expected = np.corrcoef(people.weight_kg[real], people.height_cm[real])[0, 1]
        found = np.corrcoef(columns["weight_kg"][drawn], columns["height_cm"][drawn])[0, 1]
        assert found == pytest.approx(expected, abs=CORRELATION)
    assert np.array_equal(columns["bmi"], columns["weight_kg"] / (columns["height_cm"] / 100) ** 2)


def test_a_share_of_nobody_is_refused():
    people = load_people()
    with pytest.raises(RangeError, match=r"0\.5 \[1\] of sex 'F', but nobody aged 18 to 65"):
        rake(
            dataclasses.replace(people, sex=np.full(len(people), "M")),
            PopulationSpec(**{**DEPRESSION, "female_fraction": 0.5}),
        )


def test_a_range_of_age_without_people_is_refused():
    spec = PopulationSpec(
        age_min_y=30.25, age_max_y=30.75, age_mean_y=30.5, age_sd_y=0.25, female_fraction=0.5
    )
    with pytest.raises(RangeError, match=r"nobody aged 30\.25 to 30\.75 y"):
        rake(load_people(), spec)


def test_a_spread_that_whole_years_cannot_have_is_refused():
    spec = PopulationSpec(**{**DEPRESSION, "age_mean_y": 41.5, "age_sd_y": 23.5})
    with pytest.raises(RangeError, match=r"age 41\.5 \(SD 23\.5\) y .* cannot have"):
        rake(load_people(), spec)


def test_a_trial_that_leans_on_a_handful_of_people_is_refused():
    narrow = {"age_mean_y": 64, "age_sd_y": 1, "ancestry_shares": {"other": 1}}
    spec = PopulationSpec(**{**DEPRESSION, **narrow})
    with pytest.raises(RangeError, match=r"people effectively; at least 30"):
        rake(load_people(), spec)


NONSENSE = [
    ("age_min_y", 17, r"age_min_y: 17 \[y\]; from 18 to 80"),
    ("age_max_y", 81, "age_max_y"),
    ("age_min_y", 66, "at most age_max_y, 65 y"),
    ("age_mean_y", 70, "age_mean_y: 70"),
    ("age_sd_y", 0.5, "age_sd_y"),
    ("age_sd_y", 30, r"age_sd_y: 30 \[y\]; from 1 to 23"),
    ("female_fraction", 1.1, "female_fraction"),
    ("ancestry_shares", {"white": 0.9}, "they add up to 0.9"),
    ("ancestry_shares", {"white": 1.5, "black": -0.5}, "ancestry_shares.white"),
    ("ancestry_shares", 3, "write a mapping"),
    ("smoker_fraction", -0.1, "smoker_fraction"),
    ("weight_mean_kg", 0.08, r"weight_mean_kg: 0.08 \[kg\]; from 25 to 350"),
    ("bmi_shares", {"obese": 0.9}, "they add up to 0.9"),
    ("age_mean_y", None, "age_sd_y: given alone"),
    ("age_sd_y", None, "age_mean_y: given alone"),
    ("records", "", "path of a file"),
]


@pytest.mark.parametrize(("name", "value", "message"), NONSENSE)
def test_a_population_that_contradicts_itself_is_refused(name, value, message):
    with pytest.raises(RangeError, match=f"(?i){message}"):
        PopulationSpec(**{**DEPRESSION, name: value})


def test_an_unknown_class_comes_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'obese'"):
        PopulationSpec(**DEPRESSION, bmi_shares={"obesity": 1.0})


@pytest.mark.parametrize(
    "name",
    [*DEPRESSION, "ancestry_shares", "smoker_fraction", "weight_mean_kg", "bmi_shares"],
)
@pytest.mark.parametrize("value", ["x", math.nan, math.inf, [], True])
def test_nonsense_in_any_field_of_a_population_is_refused(name, value):
    with pytest.raises(CohortError, match="population"):
        PopulationSpec(**{**DEPRESSION, name: value})


def test_an_unknown_ancestry_comes_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'hispanic'"):
        PopulationSpec(**DEPRESSION, ancestry_shares={"hispanics": 1.0})


def test_a_population_survives_pickling_and_compares_by_value():
    spec = PopulationSpec(**DEPRESSION, ancestry_shares=SHARES, bmi_shares={"obese": 1})
    again = pickle.loads(pickle.dumps(spec))
    assert again == spec
    assert hash(again) == hash(spec)
