"""How a published number is read off a run: each measure against its closed form."""

import json
import math

import numpy as np
import pytest
from cohort_compounds import compound, drug, fact

from cohort.drugs import Drug
from cohort.observations import Observation, drug_model, run_observations
from cohort.observations.exposure import follow_people, settling_days
from cohort.population import sample_parameters

DOSE_UG, V, K_A, K = 100_000.0, 100.0, 1.0, 0.1
T_MAX = math.log(K_A / K) / (K_A - K)
GRID = 5e-3
"""Windows are read on 481 points; a maximum or a time lies between two of them."""


@pytest.fixture(scope="module")
def tablet(tmp_path_factory):
    """A drug of 10 L/h, 100 L and 1 1/h with one enzyme that renal function moves, as a file."""
    return as_file(tmp_path_factory, drug(compound(elimination=[("renal", 1.0)])))


def as_file(factory, given: Drug):
    path = factory.mktemp("drugs") / f"{given.name}.yaml"
    path.write_text(json.dumps(given.model_dump(mode="json", exclude_none=True), indent=1))
    return str(path)


def measured(tablet, measure, **keys):
    one = Observation.model_validate(
        {
            "name": "x",
            "doses": [{"drug": tablet, "dose": "100 mg"}],
            "measure": measure,
            "of": "concentration_x",
            "low": 0,
            "interval": "ours",
            "tag": "independent",
            "mark": "design",
            "source": "a test",
            **keys,
        }
    )
    return run_observations([one])[0]


def level(hours):
    return DOSE_UG / V * K_A / (K_A - K) * (np.exp(-K * hours) - np.exp(-K_A * hours))


@pytest.mark.parametrize(
    ("measure", "keys", "expected"),
    [
        ("c_max", {}, level(T_MAX)),
        ("t_max", {"low": "0 h"}, T_MAX),
        ("at", {"at": "6 h"}, level(6.0)),
        ("auc_inf", {"low": "0 ng/mL*h", "to": "48 h"}, DOSE_UG / (K * V)),
        ("half_life", {"low": "0 h", "from": "20 h", "to": "40 h"}, math.log(2) / K),
        ("c_min", {"from": "10 h", "to": "24 h"}, level(24.0)),
    ],
)
def test_each_measure_is_its_closed_form(tablet, measure, keys, expected):
    keys = {"low": "0 ng/mL"} | keys
    assert measured(tablet, measure, **keys).value == pytest.approx(expected, rel=GRID)


def test_the_mean_at_steady_state_is_dose_over_clearance(tablet):
    doses = [{"drug": tablet, "dose": "100 mg", "every": "12 h", "count": 20}]
    value = measured(tablet, "mean", doses=doses, low="0 ng/mL").value
    assert value == pytest.approx(DOSE_UG / 12 / 10, rel=GRID)


def test_a_person_moves_what_a_trial_would_move(tablet):
    other = {"person": {"crcl_ml_min": 100}}
    found = measured(tablet, "auc_inf", person={"crcl_ml_min": 50}, relative_to=other, to="96 h")
    assert found.unit == "1"
    assert found.value == pytest.approx(2.0, rel=GRID)


def test_a_sum_adds_quantities_and_another_quantity_can_be_the_reference(tablet):
    twice = measured(
        tablet,
        "c_max",
        of="concentration_x + concentration_x",
        relative_to={"of": "concentration_x"},
    )
    assert twice.value == pytest.approx(2.0, rel=1e-9)


def test_a_verdict_says_how_far_outside(tablet):
    near = measured(tablet, "t_max", low="1 h", high="2 h")
    assert not near.agrees
    assert near.miss == pytest.approx(near.value / 2 - 1)
    assert measured(tablet, "t_max", low="2 h", high="3 h").miss == 0


def test_settling_counts_half_lives():
    assert settling_days(drug(compound())) == 3  # 7 h: the least
    slow = compound(disposition={"cl": fact("0.5 L/h")})
    assert settling_days(drug(slow)) == math.ceil(6 * math.log(2) * 100 / 0.5 / 24)


def test_spreads_of_two_numbers_go_together_as_their_file_says():
    """The logarithms of clearance and volume: standard deviations and correlation of a sample."""
    shared = [{"parameter": "v_c", "with": "cl", "value": fact(0.6)}]
    given = drug(compound(cv={"cl": fact("30 %"), "v_c": fact("20 %")}, correlations=shared))
    draw = sample_parameters(np.arange(20_000), 5, drug_model([given]))
    logs = np.log([draw.values["cl_x"], draw.values["v_c_x"]])
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.6, abs=0.02)
    assert logs.std(axis=1) == pytest.approx(np.sqrt(np.log1p([0.3**2, 0.2**2])), rel=0.02)


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        ([("v_c", "cl", 1.2)], "from -1 to 1"),
        ([("v_c", "k_a", 0.5)], "'k_a', which has no spread"),
        ([("v_c", "cl", 0.5), ("cl", "v_c", 0.5)], "in a chain"),
    ],
)
def test_nonsense_correlations_are_refused(shared, words):
    listed = [{"parameter": one, "with": two, "value": fact(value)} for one, two, value in shared]
    with pytest.raises(ValueError, match=words):
        compound(cv={"cl": fact("30 %"), "v_c": fact("20 %")}, correlations=listed)


def test_people_differ_as_their_file_says():
    varied = compound(cv={"cl": fact("30 %")})
    course = follow_people(drug(varied), 100, days=3, n_people=400)
    low, median, high = course.levels["concentration_x"][:, -1]
    assert low < median < high
    assert median == pytest.approx(level(24.0) * 1.1, rel=0.1)  # a tenth is left of the day before
