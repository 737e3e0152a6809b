"""Lanes and solver options as declarations."""

import pickle

import numpy as np
import pytest

from kernels import KernelError, Lanes, OdeSystem, Schedule, Solver, integrate, replay

GIVEN = {"parameters": np.ones((1, 2)), "states": np.ones((1, 2))}


def test_what_is_left_out_is_zero():
    lanes = Lanes(**GIVEN)
    assert lanes.quadratures.shape == (0, 2)
    assert lanes.step_sizes.tolist() == [0.0, 0.0]
    assert lanes.codes.dtype == np.uint8


def test_taking_lanes_takes_every_array():
    lanes = Lanes(
        parameters=np.arange(3.0)[None],
        states=np.arange(6.0).reshape(2, 3),
        step_sizes=np.array([0.1, 0.2, 0.3]),
        codes=np.array([0, 3, 0], np.uint8),
        keys=np.array([7, 8, 9]),
    ).take(slice(1, 3))
    assert lanes.parameters.tolist() == [[1.0, 2.0]]
    assert lanes.states.tolist() == [[1.0, 2.0], [4.0, 5.0]]
    assert lanes.step_sizes.tolist() == [0.2, 0.3]
    assert lanes.codes.tolist() == [3, 0]
    assert lanes.keys.tolist() == [8, 9]


def test_lanes_solver_and_solution_survive_pickling():
    lanes = pickle.loads(pickle.dumps(Lanes(**GIVEN)))
    assert np.array_equal(lanes.states, GIVEN["states"])
    assert pickle.loads(pickle.dumps(Solver(rtol=1e-7))) == Solver(rtol=1e-7)


def test_a_key_is_not_negative_and_there_is_one_a_lane():
    with pytest.raises(KernelError, match=r"lanes.keys: -1; 0 to 2\^64 - 1 is allowed"):
        Lanes(**GIVEN, keys=np.array([3, -1]))
    with pytest.raises(KernelError, match=r"lanes.keys: shape \(3,\); the last axis has 2 lanes"):
        Lanes(**GIVEN, keys=np.zeros(3, np.uint64))
    assert Lanes(**GIVEN, keys=np.array([2**64 - 1, 0], np.uint64)).keys[0] == 2**64 - 1


NONSENSE = (None, "abc", -1, [[["x"]]], object(), True)
NAMES = [str(value) if type(value) is not object else "object" for value in NONSENSE]


@pytest.mark.parametrize("name", ["parameters", "states", "quadratures"])
@pytest.mark.parametrize("value", NONSENSE, ids=NAMES)
def test_rows_that_are_none_are_refused(name, value):
    with pytest.raises(KernelError):
        Lanes(**GIVEN | {name: value})


@pytest.mark.parametrize("name", ["step_sizes", "codes", "keys"])
@pytest.mark.parametrize("value", NONSENSE, ids=NAMES)
def test_step_sizes_codes_and_keys_that_are_none_are_refused(name, value):
    with pytest.raises(KernelError):
        Lanes(**GIVEN | {name: value})


@pytest.mark.parametrize("name", ["rtol", "atol", "max_steps", "fixed_step"])
@pytest.mark.parametrize("value", ["abc", float("nan"), float("inf"), -1, 0, True, [1.0]], ids=repr)
def test_solver_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(KernelError, match=f"solver.{name}"):
        Solver(**{name: value})


@pytest.mark.parametrize("value", [None, 1, 1.5, [["x"]]], ids=repr)
def test_a_method_that_is_no_name_is_refused(value):
    with pytest.raises(KernelError):
        Solver(method=value)


@pytest.mark.parametrize("options", [{"max_steps": 1.5}, {"rtol": 1.0}], ids=str)
def test_solver_numbers_without_meaning_are_refused(options):
    with pytest.raises(KernelError):
        Solver(**options)


def still():
    return OdeSystem(name="still", states=("x",), parameters=("k",), rhs={"x": 0})


CALLS = {
    "no lanes object": lambda: integrate(still(), None, Schedule(t0=0, t1=9), np.array([9])),
    "no schedule": lambda: integrate(still(), Lanes(**GIVEN), None, np.array([9])),
    "no solver": lambda: integrate(
        still(), Lanes(**GIVEN), Schedule(t0=0, t1=9), np.array([9]), None
    ),
    "a save at NaN": lambda: integrate(
        still(), Lanes(**GIVEN), Schedule(t0=0, t1=9), np.array([np.nan])
    ),
    "a lane that is no number": lambda: replay(
        still(), Lanes(**GIVEN), Schedule(t0=0, t1=9), np.array([9]), None
    ),
}


@pytest.mark.parametrize("case", CALLS, ids=str)
def test_arguments_of_the_wrong_type_are_refused_in_house_form(case):
    with pytest.raises(KernelError):
        CALLS[case]()
