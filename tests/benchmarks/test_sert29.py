import numpy as np
import pytest
import sympy
from engine import accuracy, sert29


def test_the_patients_of_the_reference_are_those_of_the_problem():
    tight = accuracy.reference()
    n = len(tight["parameters"])
    np.testing.assert_allclose(sert29.patients(n), tight["parameters"], rtol=1e-14)
    assert tight["final"].shape == (n, sert29.N_STATE)
    assert tight["doubt"] < 1e-10


def test_a_patient_does_not_depend_on_how_many_there_are():
    np.testing.assert_array_equal(sert29.patients(3), sert29.patients(30)[:3])


def test_the_start_is_at_rest_without_drug():
    derivatives = sert29.rates(list(sert29.STATES.values()), list(sert29.PARAMETERS.values()))
    turnover = np.maximum(np.abs(sert29.START), 1.0)
    assert np.max(np.abs(derivatives) / turnover) < 1e-8


def test_python_text_and_values_of_any_kind_agree():
    names = {}
    exec(sert29.python_rates("f"), names)
    parameters = sert29.patients(2)[1]
    state = sert29.START + 0.1
    out = np.zeros(sert29.N_STATE)
    names["f"](0.0, state, parameters, out)
    np.testing.assert_array_equal(out, sert29.rates(list(state), list(parameters)))


def test_the_text_of_the_jacobian_is_the_derivative():
    names = {}
    exec(sert29.python_jacobian("jac"), names)
    parameters, state = sert29.patients(1)[0], sert29.START + 0.1
    found = np.zeros((sert29.N_STATE, sert29.N_STATE))
    names["jac"](0.0, state, parameters, found)
    entries = sert29.jacobian()
    values = dict(zip(map(sympy.Symbol, sert29.STATES), state, strict=True))
    values |= dict(zip(map(sympy.Symbol, sert29.PARAMETERS), parameters, strict=True))
    for i, j, entry in entries:
        assert found[i, j] == pytest.approx(float(entry.subs(values)), rel=1e-12)
    assert len(entries) == np.count_nonzero(found) == 76


def test_the_reference_passes_its_own_check():
    tight = accuracy.reference()
    found = accuracy.errors(tight["final"], tight["parameters"])
    assert found.worst == 0.0
    assert accuracy.refusal(found, 1e-5, is_ours=True) is None


def test_an_answer_that_is_off_by_a_percent_is_refused():
    tight = accuracy.reference()
    found = accuracy.errors(tight["final"] * 1.01, tight["parameters"])
    assert "median error" in accuracy.refusal(found, 1e-5, is_ours=False)


def test_one_bad_patient_is_refused_in_our_own_runs():
    tight = accuracy.reference()
    final = tight["final"].copy()
    final[5] *= 1.01
    found = accuracy.errors(final, tight["parameters"])
    assert accuracy.refusal(found, 1e-5, is_ours=False) is None
    assert "worst error" in accuracy.refusal(found, 1e-5, is_ours=True)


def test_a_patient_that_is_not_finite_is_refused():
    tight = accuracy.reference()
    final = tight["final"].copy()
    final[0, 3] = np.nan
    found = accuracy.errors(final, tight["parameters"])
    assert found.worst == np.inf
    assert accuracy.refusal(found, 1e-5, is_ours=True)


def test_other_patients_than_the_references_are_refused():
    tight = accuracy.reference()
    with pytest.raises(ValueError, match="make_engine_reference"):
        accuracy.errors(tight["final"], tight["parameters"] * 1.1)
