"""Linear compounds against the textbook: exponentials, superposed over repeated doses."""

import numpy as np
import pytest
from cohort_dosing import DAY, HOUR, UG_PER_MG, body, streams
from cohort_pk_tolerances import CLOSED_FORM_RTOL, SCIPY_RTOL
from scipy.integrate import solve_ivp

from cohort.compounds import load_compound
from cohort.drugs import load_drug
from cohort.physiology.pharmacokinetics import absorption_lag
from kernels import Schedule, Solver, integrate

DOSE_HOURS = 24 * np.arange(6)
SAVE_HOURS = np.array([0.5, 2, 4, 8, 23, 30, 50, 75, 100, 121, 124, 140, 200, 300])
OFF = 1e12  # [uM] inhibition constants at which nothing is inhibited


def exponentials(rates, coefficients, hours):
    after = np.maximum(hours[:, None] - DOSE_HOURS[None, :], 0.0)
    is_given = hours[:, None] >= DOSE_HOURS[None, :]
    one = sum(c * np.exp(-k * after) for k, c in zip(rates, coefficients, strict=True))
    return (one * is_given).sum(axis=1)


def chain_coefficients(rates):
    """Bateman: amount of the last member of a chain of first-order steps, input 1 at time 0."""
    products = [
        np.prod([other - k for j, other in enumerate(rates) if j != i]) for i, k in enumerate(rates)
    ]
    return np.prod(rates[:-1]) / np.array(products)


def computed(name, dose_mg, values=None):
    drug = load_drug(name)
    model = body(drug.compounds)
    saves = np.round(SAVE_HOURS * HOUR).astype(np.int64)
    solution = integrate(
        model.system,
        model.lanes(values or {}, 1),
        Schedule(t0=0, t1=int(saves[-1]), streams=tuple(streams(drug, [dose_mg], 6))),
        saves,
        Solver(rtol=1e-9, atol=1e-11),
    )
    assert DOSE_HOURS[-1] == (6 - 1) * DAY / HOUR
    return {c.name: solution[f"concentration_{c.name}"][:, 0] for c in drug.compounds}


def numbers(compound):
    d = load_compound(compound).disposition
    keys = {"k_a": "1/h", "cl": "L/h", "v_c": "L", "v_p": "L", "q": "L/h", "hepatic_flow": "L/h"}
    return {key: getattr(d, key).number(unit) for key, unit in keys.items() if getattr(d, key)}


def shifted(compound):
    return SAVE_HOURS - absorption_lag(load_compound(compound)).value / HOUR


@pytest.mark.parametrize(
    ("drug", "compound", "fraction"),
    [("sertraline", "sertraline", 1.0), ("citalopram", "r_citalopram", 0.5)],
)
def test_one_compartment_follows_the_bateman_function(drug, compound, fraction):
    p = numbers(compound)
    rates = [p["k_a"], p["cl"] / p["v_c"]]
    amount = exponentials(rates, chain_coefficients(rates), shifted(compound))
    expected = 40 * UG_PER_MG * fraction * amount / p["v_c"]
    np.testing.assert_allclose(computed(drug, 40)[compound], expected, rtol=CLOSED_FORM_RTOL)


def test_two_compartments_follow_three_exponentials():
    p = numbers("s_citalopram")
    k10, k12, k21 = p["cl"] / p["v_c"], p["q"] / p["v_c"], p["q"] / p["v_p"]
    half_sum = (k10 + k12 + k21) / 2
    root = np.sqrt(half_sum**2 - k10 * k21)
    a, b, k = half_sum + root, half_sum - root, p["k_a"]
    coefficients = [
        k * (k21 - a) / ((k - a) * (b - a)),
        k * (k21 - b) / ((k - b) * (a - b)),
        k * (k21 - k) / ((a - k) * (b - k)),
    ]
    amount = exponentials([a, b, k], coefficients, shifted("s_citalopram"))
    expected = 20 * UG_PER_MG * amount / p["v_c"]
    got = computed("escitalopram", 20)["s_citalopram"]
    np.testing.assert_allclose(got, expected, rtol=CLOSED_FORM_RTOL)


def test_a_metabolite_without_inhibition_is_the_third_member_of_a_chain():
    p, m = numbers("fluoxetine"), numbers("norfluoxetine")
    off = {"k_i_cyp2d6_fluoxetine": OFF, "k_i_cyp2d6_norfluoxetine": OFF}
    got = computed("fluoxetine", 20, off)
    rates = [p["k_a"], p["cl"] / p["v_c"], m["cl"] / m["v_c"]]
    parent = exponentials(rates[:2], chain_coefficients(rates[:2]), SAVE_HOURS)
    child = exponentials(rates, chain_coefficients(rates), SAVE_HOURS)
    mass_yield = load_compound("norfluoxetine").formation[0].mass_yield.number("1")
    dose = 20 * UG_PER_MG
    np.testing.assert_allclose(got["fluoxetine"], dose * parent / p["v_c"], rtol=CLOSED_FORM_RTOL)
    np.testing.assert_allclose(
        got["norfluoxetine"], dose * mass_yield * child / m["v_c"], rtol=CLOSED_FORM_RTOL
    )


def test_first_pass_without_inhibition_is_a_lower_dose_and_a_flow_limited_clearance():
    p = numbers("paroxetine")
    off = {"k_i_cyp2d6_paroxetine": OFF, "k_inact_half_cyp2d6_paroxetine": OFF}
    available = p["hepatic_flow"] / (p["hepatic_flow"] + p["cl"])
    rates = [p["k_a"], available * p["cl"] / p["v_c"]]
    amount = exponentials(rates, chain_coefficients(rates), SAVE_HOURS)
    expected = 20 * UG_PER_MG * available * amount / p["v_c"]
    got = computed("paroxetine", 20, off)["paroxetine"]
    np.testing.assert_allclose(got, expected, rtol=CLOSED_FORM_RTOL)


def test_paroxetine_follows_equations_written_by_hand():
    p = numbers("paroxetine")
    k_i, k_inact, half, f_u, mass = 0.028, 0.17 * 60, 0.167, 0.0487, 329.4
    by_2d6, rest = 0.917 * p["cl"], 0.083 * p["cl"]

    def rhs(_, y):
        depot, central, pool = y
        unbound = central / p["v_c"] * f_u / mass
        intrinsic = rest + by_2d6 * pool / (1 + unbound / k_i)
        available = p["hepatic_flow"] / (p["hepatic_flow"] + intrinsic)
        absorbed = p["k_a"] * depot
        return [
            -absorbed,
            available * (absorbed - intrinsic * central / p["v_c"]),
            0.0136 * (1 - pool) - k_inact * unbound / (half + unbound) * pool,
        ]

    expected, state, start = [], np.array([0.0, 0.0, 1.0]), 0.0
    for end in [*DOSE_HOURS[1:], SAVE_HOURS[-1]]:
        state[0] += 20 * UG_PER_MG
        wanted = SAVE_HOURS[np.searchsorted(SAVE_HOURS, start, "right") :]
        wanted = wanted[: np.searchsorted(wanted, end, "right")]
        times = np.union1d(wanted, end)
        run = solve_ivp(rhs, (start, end), state, "LSODA", times, rtol=1e-10, atol=1e-12)
        expected += [run.y[1][np.flatnonzero(times == t)[0]] / p["v_c"] for t in wanted]
        state, start = run.y[:, -1].copy(), end
    np.testing.assert_allclose(computed("paroxetine", 20)["paroxetine"], expected, rtol=SCIPY_RTOL)
