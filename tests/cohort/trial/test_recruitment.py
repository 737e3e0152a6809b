"""Who a trial recruits: margins, records and criteria of a protocol, from its text to patients."""

import numpy as np
import pytest

from cohort.conditions import load_condition
from cohort.errors import ProtocolError
from cohort.population import load_people, sample_covariates
from cohort.simulate import simulate_block
from cohort.trial import eligibility_criteria, parse_protocol, population_spec, write_protocol

VALID = """\
schema_version: 1
name: small
title: A small trial
seed: 7
condition: major_depression
population:
  age_min: 18 y
  age_max: 65 y
{population}
duration: 1 week
run_in: 1 day
visits: [week 0, week 1]
arms:
  - {{name: placebo, control: true, patients: 10}}
endpoints: [MADRS]
primary_endpoint: MADRS
adverse_events: [nausea]
"""
CRITERIA = """\
  eligibility:
    - 18 y <= age_y <= 60 y and cyp2d6 != 'PM'
    - crcl_ml_min >= 60 mL/min
    - not smoker == 'yes'
"""
MARGINS = """\
  smoker_fraction: 30 %
  weight_mean: 78 kg
  bmi_shares: {normal: 0.45, overweight: 0.35, obese: 20 %}
"""


def _protocol(population, where="text"):
    return parse_protocol(VALID.format(population=population.rstrip("\n")), where=where)


def _spec(protocol):
    return population_spec(protocol.population, load_condition(protocol.condition))


def test_margins_of_a_protocol_reach_the_patients():
    spec = _spec(_protocol(MARGINS))
    assert (spec.smoker_fraction, spec.weight_mean_kg) == (0.3, 78.0)
    assert spec.bmi_shares["obese"] == pytest.approx(0.2)
    assert spec.age_mean_y == 41.0  # of the condition
    people = sample_covariates(np.arange(20_000), 7, spec)
    assert people["weight_kg"].mean() == pytest.approx(78, abs=0.6)  # 4 standard errors
    assert (people["smoker"] == "yes").mean() == pytest.approx(0.3, abs=0.013)


def test_a_protocol_is_read_as_it_was_written():
    protocol = _protocol(MARGINS + CRITERIA)
    again = parse_protocol(write_protocol(protocol))
    assert again == protocol
    assert again.content_hash() == protocol.content_hash()
    assert _protocol(CRITERIA).content_hash() != protocol.content_hash()


def test_records_of_ones_own_are_taken_as_they_are(tmp_path):
    people = load_people()
    rows = [f"{people.age_y[i]},{people.sex[i]},70,170" for i in range(0, 3000, 10)]
    path = tmp_path / "own.csv"
    path.write_text("age_y,sex,weight_kg,height_cm\n" + "\n".join(rows), "utf-8")
    spec = _spec(_protocol(f"  records: {path}\n  smoker_fraction: 0.4"))
    assert spec.age_mean_y is None
    assert spec.female_fraction is None
    assert spec.ancestry_shares["white"] == pytest.approx(0.8)  # not told: of the condition
    drawn = sample_covariates(np.arange(500), 7, spec)
    assert set(drawn["weight_kg"]) == {70.0}


def test_patients_of_a_trial_meet_its_criteria_whatever_the_block():
    protocol = _protocol(CRITERIA)
    criteria = eligibility_criteria(protocol, load_condition(protocol.condition))
    ids = np.arange(1, 25)
    whole = simulate_block(protocol, "placebo", ids, device="numpy").population
    for criterion in criteria:
        assert criterion.holds(whole.columns).all()
    part = simulate_block(protocol, "placebo", ids[::-3], device="numpy").population
    for name, column in whole.columns.items():
        assert np.array_equal(part.columns[name], column[::-3]), name


def test_a_trial_without_criteria_draws_whom_it_drew():
    protocol = _protocol("")
    free = simulate_block(protocol, "placebo", np.arange(1, 25), device="numpy").population
    people = sample_covariates(np.arange(1, 25), protocol.seed, _spec(protocol))
    for name, column in people.items():
        assert np.array_equal(free.columns[name], column), name


# what is written in the population, the line and the key of the mistake, words of the message
WRONG = {
    "an unknown covariate": (
        "  eligibility: [age <= 60 y]",
        9,
        "population.eligibility[0]",
        "unknown covariate 'age'; 20 are known. Did you mean 'age_y'",
    ),
    "the second of two": (
        "  eligibility:\n    - age_y <= 60 y\n    - bmi <= 30 kg",
        11,
        "population.eligibility[1]",
        "[kg] is compared with 'bmi', which is measured in [kg/m^2]",
    ),
    "a score": (
        "  eligibility: [MADRS >= 22]",
        9,
        "population.eligibility[0]",
        "'entry: {scale: MADRS, at_least: ...}'",
    ),
    "no list": (
        "  eligibility: age_y <= 60 y",
        9,
        "population.eligibility",
        "list",
    ),
    "hardly anybody": (
        "  eligibility: [age_y <= 60 y, height_cm > 2 m]",
        9,
        "population.eligibility",
        "at least 1 % must. Relax 'height_cm > 2 m'",
    ),
    "a weight without a unit": (
        "  weight_mean: 80",
        9,
        "population.weight_mean",
        "Write 'weight_mean: 80 kg'",
    ),
    "a weight of nobody": (
        "  weight_mean: 300 kg",
        9,
        "population.weight_mean",
        "Choose a mean between",
    ),
    "a weight in grams by mistake": (
        "  weight_mean: 80 g",
        9,
        "population.weight_mean",
        "from 25 kg to 350 kg",
    ),
    "an unknown class": (
        "  bmi_shares: {obesity: 1.0}",
        9,
        "population.bmi_shares",
        "Did you mean 'obese'",
    ),
    "shares that do not add up": (
        "  bmi_shares: {obese: 0.4}",
        9,
        "population.bmi_shares",
        "they add up to 0.4 [1]; exactly 1 is allowed. Add the missing share",
    ),
    "shares of more than all": (
        "  bmi_shares: {obese: 0.4, normal: 0.8}",
        9,
        "population.bmi_shares",
        "they add up to 1.2 [1]; exactly 1 is allowed. Lower one of them",
    ),
    "a share that is none": (
        "  bmi_shares: {obese: 140 %, normal: -40 %}",
        9,
        "population.bmi_shares",
        "from 0 (0 %) to 1",
    ),
    "more smokers than all": (
        "  smoker_fraction: 1.4",
        9,
        "population.smoker_fraction",
        "1.4",
    ),
    "records that are not there": (
        "  records: no-such.csv",
        9,
        "population.records",
        "no-such.csv: no such file; a CSV file of people is wanted",
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_population_is_refused_with_its_line(case):
    population, line, key, words = WRONG[case]
    with pytest.raises(ProtocolError) as caught:
        _protocol(population)
    first = caught.value.mistakes[0]
    assert words in str(caught.value)
    assert (first.line, first.key_path.startswith(key)) == (line, True)


def test_all_mistakes_of_a_file_of_people_are_shown_with_their_row(tmp_path):
    path = tmp_path / "own.csv"
    rows = ["40,F,70,165"] * 40 + ["12,F,70,165", "40,x,70,165"]
    path.write_text("age_y,sex,weight_kg,height_cm\n" + "\n".join(rows), "utf-8")
    with pytest.raises(ProtocolError) as caught:
        _protocol(f"  records: {path}")
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.key_path) == (9, "population.records")
    assert f"{path}:42, age_y: '12'" in mistake.message
    assert f"{path}:43, sex: 'x'" in mistake.message


def test_a_condition_whose_ages_are_out_of_the_range_is_refused_when_it_is_read():
    text = VALID.format(population="").replace("age_min: 18 y", "age_min: 60 y")
    with pytest.raises(ProtocolError, match="age_mean_y: 41"):
        parse_protocol(text)
