"""Shifted parameters: an input beside the patient's own number, against a closed form."""

import numpy as np
import pytest
import sympy
from cohort_tolerances import SOLVER_ATOL, SOLVER_RTOL

from cohort.chemistry import chemistry_model
from cohort.errors import ModelError, UnknownNameError
from cohort.model import (
    Derived,
    Parameter,
    Port,
    Source,
    Species,
    Submodel,
    assemble,
    settling,
    shift_of,
    with_shifts,
)
from kernels import Schedule, Solver, Stream, integrate, symbol

GUESS = Source("example", "assumed")
HOUR = 3600


def pool():
    x, rate, drive = symbol("x"), symbol("rate"), symbol("drive")
    return assemble(
        "pool",
        [
            Submodel(
                name="pool",
                species=(Species("x", symbol("level"), "1", "amount"),),
                parameters=(
                    Parameter("rate", 0.5, "1/h", "turnover", GUESS, 0.3),
                    Parameter("resting", 2.0, "1", "level at rest", GUESS),
                ),
                derived=(Derived("level", symbol("resting"), "1", "at rest"),),
                ports=(Port("drive", "1", "drive relative to rest", 1.0),),
                rates={"x": rate * (symbol("level") * drive - x)},
            )
        ],
        {"seen": x, "twice": 2 * drive},
        {"total": sympy.sympify(x)},
    )


def solve(model, streams, rates=(0.5, 0.25), hours=24):
    lanes = model.lanes({"rate": np.array(rates)}, len(rates))
    schedule = Schedule(t0=0, t1=hours * HOUR, streams=streams)
    times = np.arange(1, hours + 1) * HOUR
    solver = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)
    return integrate(model.system, lanes, schedule, times, solver)


def window(amount, begin=6, length=3):
    return Stream(
        name="window",
        target="shift_drive",
        times=[begin * HOUR],
        amounts=[amount],
        durations=[length * HOUR],
    )


def test_a_window_agrees_with_the_closed_form():
    # x' = k (2 (1 + u) - x), u = 0.5 from 6 to 9 h: rise to 3 and exponential return to 2
    solution = solve(with_shifts(pool(), ["drive"]), (window(0.5),))
    hours = np.arange(1, 25)[:, None]
    rates = np.array([0.5, 0.25])
    rise = 1 - np.exp(-rates * np.clip(hours - 6, 0, 3))
    expected = 2 + rise * np.exp(-rates * np.clip(hours - 9, 0, None))
    assert np.abs(solution["seen"] - expected).max() < 1e-6


def test_two_windows_at_once_add_up_and_the_observable_sees_them():
    both = solve(with_shifts(pool(), ["drive"]), (window(0.5), window(0.25)))
    one = solve(with_shifts(pool(), ["drive"]), (window(0.75),))
    assert np.allclose(both["seen"], one["seen"], rtol=1e-9)
    inside = both["twice"][7 - 1]
    assert inside == pytest.approx(2 * 1.75)
    assert both["twice"][12 - 1] == pytest.approx(2.0)


def test_where_the_input_is_zero_it_is_the_model_given():
    plain, shifted = solve(pool(), ()), solve(with_shifts(pool(), ["drive"]), ())
    assert np.array_equal(plain["seen"], shifted["seen"])
    assert with_shifts(pool(), []).system.inputs == ()
    model = with_shifts(pool(), ["drive", "drive"])
    assert model.system.inputs == (shift_of("drive"),)
    assert model.units["shift_drive"] == "1"
    assert model.initial == pool().initial


def test_what_a_patients_rest_is_solved_from_is_not_shifted():
    assert settling(pool()) == {"resting"}
    with pytest.raises(ModelError, match="'resting': a patient's rest is solved from it"):
        with_shifts(pool(), ["resting"])
    with pytest.raises(UnknownNameError, match="drive"):
        with_shifts(pool(), ["driv"])


def test_doors_of_the_chemistry_do_not_say_who_the_patient_is():
    model = chemistry_model(("serotonin", "cortisol", "dopamine"))
    doors = {"stress", "sleep_debt", "lnaa_multiplier", "mao_a_capacity", "afferent_firing_5ht"}
    assert doors <= set(model.parameters) - settling(model)
    assert {"trp_plasma_baseline", "sert_k_m"} <= settling(model)
