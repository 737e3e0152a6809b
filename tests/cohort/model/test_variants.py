"""Other numbers and other names for one submodel."""

import pytest
from chemistry_runs import run
from cohort_tolerances import SETTLED_RTOL

from cohort.errors import RangeError, UnknownNameError
from cohort.model import Source, assemble, with_numbers, with_suffix
from cohort.transmitters import dopamine, serotonin

GUESS = Source("a test", "assumed")


def test_a_renamed_copy_behaves_as_the_first():
    both = assemble("two", [serotonin(), with_suffix(serotonin(), "b", ["bh4"])])
    (end,) = run(both, [({"sert_occupancy": 0.8, "sert_occupancy_b": 0.8, "bh4": 0.7}, 24)])
    assert end["serotonin_vesicle_b"] == pytest.approx(end["serotonin_vesicle"], rel=SETTLED_RTOL)
    (end,) = run(both, [({"sert_occupancy_b": 0.8}, 24)])
    assert end["serotonin_extracellular"][0] == pytest.approx(0.005, rel=SETTLED_RTOL)
    assert end["serotonin_extracellular_b"][0] > 0.008


def test_numbers_of_parameters_constants_and_ports_change_and_carry_their_source():
    numbers = {"dat_k_m": 0.3, "th_steepness": 2.0, "tnf": 1.5}
    changed = with_numbers(dopamine(), numbers, GUESS)
    found = {item.name: item for item in (*changed.parameters, *changed.constants)}
    assert found["dat_k_m"].value == 0.3
    assert found["dat_k_m"].source == GUESS
    assert found["th_steepness"].value == 2.0
    assert next(port.default for port in changed.ports if port.name == "tnf") == 1.5
    assert changed.reactions == dopamine().reactions


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: with_numbers(dopamine(), {"dat_km": 1.0}, GUESS), UnknownNameError, "'dat_k_m'"),
        (lambda: with_numbers(dopamine(), {"dat_k_m": -1.0}, GUESS), RangeError, "dat_k_m"),
        (lambda: with_suffix(dopamine(), "b", ["bh5"]), UnknownNameError, "'bh4'"),
    ],
)
def test_nonsense_is_refused_with_the_nearest_name(make, error, message):
    with pytest.raises(error, match=message):
        make()
