"""Published models against published numbers.

Steady states and responses: Best, Nijhout, Reed 2009 (Theor Biol Med Model 6:21), Best, Nijhout,
Reed 2010 (Theor Biol Med Model 7:34) and Best et al. 2020 (BMC Neurosci 21:40, output of the
authors' code), and ratios to rest that were computed from their equations by an independent
program.
"""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from cohort_tolerances import (
    HALF_LIFE_2009_RTOL,
    KNOCK_OUT_PULSE_ATOL,
    PAPER_2010_RTOL,
    POOL_2010_RTOL,
    PRINTED_ONE_DECIMAL,
    PRINTED_RTOL,
    PRINTED_THREE_DIGITS,
    PRINTED_TWO_DIGITS,
    PULSE_ATOL,
    READ_AT_200_H,
    SETTLED_RTOL,
)

from cohort.model import evaluate
from cohort.reference import best2009, best2010, best2020, reference_systems
from kernels import Lanes, Schedule, Solver, integrate

HOUR = 3600
SETTLED = 1000  # [h]; the slowest response, oxidase x 0.2, has a time constant of 100 h
SOLVER = Solver(rtol=1e-8, atol=1e-10)

REST_2009 = {
    "bh2": 40.86,
    "bh4": 319.14,
    "tyr": 125.70,
    "ldopa": 0.3559,
    "cda": 2.647,
    "vda": 80.97,
    "eda": 0.0020237,
    "hva": 7.678,
    "tyrpool": 942.8,
}
NO_AUTORECEPTOR = {"auto_rise": 0.0, "auto_floor": 2.0}  # the factor on TH is 1 at any level
RESPONSES_2009 = [
    ({"th_v_max": 0.5}, {"vda": 0.83, "eda": 0.83}),
    ({"th_v_max": 0.75}, {"eda": 0.92}),
    ({"th_v_max": 1.25}, {"eda": 1.065}),
    ({"th_v_max": 2.0}, {"eda": 1.22}),
    ({"dat_v_max": 0.5}, {"vda": 0.73, "eda": 1.46}),
    ({"dat_v_max": 0.2}, {"eda": 2.87}),
    ({"dat_v_max": 0.1}, {"eda": 4.88}),
    ({"dat_v_max": 0.0}, {"vda": 0.14, "eda": 13.8}),
    ({"vmat_v_max": 0.5}, {"eda": 0.69}),
    ({"fire": 0.5}, {"eda": 0.70}),
    ({"fire": 2.0}, {"eda": 1.44}),
    ({"blood_tyr": 0.25}, {"eda": 0.98}),
    ({"blood_tyr": 0.5}, {"eda": 1.005}),
    ({"blood_tyr": 2.0}, {"eda": 0.987}),
    (NO_AUTORECEPTOR | {"th_v_max": 0.5}, {"vda": 0.646, "eda": 0.64}),
    (NO_AUTORECEPTOR | {"th_v_max": 2.0}, {"vda": 1.37, "eda": 1.37}),
]
PULSES_2009 = [
    (1.0, 0.09, PULSE_ATOL),
    (0.5, 0.17, PULSE_ATOL),
    (0.0, 6.1, KNOCK_OUT_PULSE_ATOL),
]
REST_2010 = {
    "trp": 19.97,
    "htp": 2.22,
    "cht": 0.493,
    "vht": 21.41,
    "eht": 0.000767,
    "hia": 5.17,
}
PAPER_2010 = {
    "bh2": 0.14,
    "bh4": 0.86,
    "trp": 20.6,
    "htp": 2.26,
    "cht": 0.5,
    "vht": 21.45,
    "eht": 0.000768,
    "hia": 5.26,
}
RESPONSES_2010 = [
    ("sert_v_max", 0.5, {"trp": 1.0, "eht": 1.54, "hia": 0.78}),
    ("sert_v_max", 0.2, {"trp": 1.0, "vht": 0.84, "eht": 2.36, "hia": 0.59}),
    ("tph_v_max", 0.5, {"htp": 0.57, "vht": 0.81, "eht": 0.87}),
    ("tph_v_max", 2.0, {"vht": 1.14, "eht": 1.10}),
    ("blood_trp", 0.5, {"trp": 0.56, "eht": 0.92, "hia": 0.70}),
    ("blood_trp", 2.0, {"trp": 1.65, "eht": 1.05, "hia": 1.27}),
]
REST_2020 = {
    "bh2": 0.0995,
    "bh4": 0.9005,
    "trp": 20.165,
    "htp": 1.611,
    "cht": 0.0376,
    "vht": 67.43,
    "eht": 0.060067,
    "hia": 1.5846,
    "pool": 113.43,
    "g_protein": 0.8639,
    "t_regulator": 1.0068,
    "bound": 0.9757,
    "g_protein_h": 0.6947,
}
RESPONSES_2020 = [
    ("sert_v_max", 0.5, {"eht": 1.08, "hia": 0.62, "vht": 0.75}),
    ("sert_v_max", 0.2, {"eht": 1.14, "hia": 0.37, "vht": 0.45}),
    ("tph_v_max", 0.5, {"eht": 0.74, "vht": 0.43}),
    ("blood_trp", 0.5, {"eht": 0.84, "hia": 0.77}),
    ("blood_trp", 2.0, {"eht": 1.085, "hia": 1.30}),
    ("mao_v_max", 0.5, {"eht": 1.08, "hia": 0.65}),
    ("fire", 2.0, {"eht": 1.03}),
]
SLOW_2020 = [
    ("tph_v_max", 2.0, {"eht": 1.17, "vht": 2.57}),
    ("mao_v_max", 0.2, {"eht": 1.13, "hia": 0.376}),
]


def changed_lanes(model, factors):
    """One lane a mapping of factors on parameters, and an unchanged one before."""
    values = {
        name: [parameter.value] * (len(factors) + 1)
        for name, parameter in model.parameters.items()
        if any(name in change for change in factors)
    }
    for i, change in enumerate(factors, start=1):
        for name, factor in change.items():
            values[name][i] *= factor
    return model.lanes(values, len(factors) + 1)


def settle(model, changes, hours=SETTLED):
    """Rest of one lane a change; the first lane is unchanged."""
    lanes = changed_lanes(model, [{name: factor} for name, factor, _ in changes])
    return run(model, lanes, hours)


def run(model, lanes, hours):
    """Every state of every lane after some hours."""
    schedule = Schedule(t0=0, t1=hours * HOUR)
    solution = integrate(model.system, lanes, schedule, np.array([hours * HOUR]), SOLVER)
    assert not solution.codes.any()
    return {name: solution[name][0] for name in model.system.states}


@pytest.fixture(scope="module")
def rest_2009():
    model = best2009()
    return run(model, changed_lanes(model, [factors for factors, _ in RESPONSES_2009]), SETTLED)


@pytest.fixture(scope="module")
def rest_2010():
    return settle(best2010(), RESPONSES_2010)


@pytest.fixture(scope="module")
def rest_2020():
    return settle(best2020(), [*RESPONSES_2020, *SLOW_2020])


def test_the_2009_model_rests_where_its_equations_were_found_to_rest(rest_2009):
    for name, value in REST_2009.items():
        assert rest_2009[name][0] == pytest.approx(value, rel=2 * PRINTED_RTOL)


def test_the_2009_model_rests_at_the_level_that_its_autoreceptor_reads(rest_2009):
    eda_0 = best2009().parameters["eda_0"].value
    assert rest_2009["eda"][0] == pytest.approx(eda_0, rel=2 * PRINTED_RTOL)


@pytest.mark.parametrize(
    "i", range(len(RESPONSES_2009)), ids=lambda i: "-".join(map(str, RESPONSES_2009[i][0].items()))
)
def test_the_2009_model_responds_as_computed(rest_2009, i):
    for name, ratio in RESPONSES_2009[i][1].items():
        within = PRINTED_TWO_DIGITS if ratio < 10 else PRINTED_ONE_DECIMAL
        assert rest_2009[name][i + 1] / rest_2009[name][0] == pytest.approx(ratio, abs=within)


def test_vesicular_dopamine_of_the_2009_model_halves_once_synthesis_stops():
    model = best2009()
    times = np.arange(6 * 60 + 1) * 60
    schedule = Schedule(t0=0, t1=int(times[-1]))
    lanes = model.lanes({"th_v_max": 0.0}, 1)
    stored = integrate(model.system, lanes, schedule, times, SOLVER)["vda"][:, 0]
    half_life = np.interp(-stored[0] / 2, -stored, times) / HOUR
    assert half_life == pytest.approx(2.69, rel=HALF_LIFE_2009_RTOL)


@pytest.mark.parametrize(("transporter", "half_time", "within"), PULSES_2009)
def test_the_2009_model_clears_a_pulse_as_fast_as_computed(transporter, half_time, within):
    model = best2009()
    lanes = changed_lanes(model, [{"dat_v_max": transporter}])
    rest = run(model, lanes, SETTLED)
    start = np.stack([rest[name] for name in model.system.states])
    start[model.system.states.index("eda")] += 0.1
    times = np.arange(8001)  # schedules count whole seconds, so a second here is a millisecond
    system = replace(model.system, seconds_per_time_unit=1000 * HOUR)
    pulse = Lanes(parameters=lanes.parameters, states=start)
    levels = integrate(system, pulse, Schedule(t0=0, t1=8000), times, SOLVER)["eda"][:, 1]
    excess = levels - rest["eda"][1]
    assert np.interp(-0.05, -excess, times) / 1000 == pytest.approx(half_time, abs=within)


def test_the_2010_model_rests_where_its_consistent_constants_put_it(rest_2010):
    for name, value in REST_2010.items():
        assert rest_2010[name][0] == pytest.approx(value, rel=PRINTED_TWO_DIGITS)


def test_the_2010_model_rests_where_the_paper_says(rest_2010):
    for name, value in PAPER_2010.items():
        assert rest_2010[name][0] == pytest.approx(value, rel=PAPER_2010_RTOL)
    assert rest_2010["pool"][0] == pytest.approx(144.9, rel=POOL_2010_RTOL)


@pytest.mark.parametrize("i", range(len(RESPONSES_2010)), ids=lambda i: RESPONSES_2010[i][:2])
def test_the_2010_model_responds_as_computed(rest_2010, i):
    for name, ratio in RESPONSES_2010[i][2].items():
        assert rest_2010[name][i + 1] / rest_2010[name][0] == pytest.approx(
            ratio, abs=2 * PRINTED_TWO_DIGITS
        )


def test_the_2010_autoreceptor_has_no_step():
    model = best2010()
    autoreceptor = next(iter(model.system.rhs["eht"].atoms(sympy.Piecewise)))
    levels = np.array([0.000768, 0.000768 * (1 + 1e-12), 0.0023013, 0.0023014])
    columns = model.columns({}, 4) | {"eht": levels}
    low, above, end, beyond = evaluate({"a": autoreceptor}, columns, 4)["a"]
    assert above == pytest.approx(low, rel=1e-9)
    assert beyond == pytest.approx(end, rel=1e-3)


def test_the_2020_model_rests_where_its_authors_output_says(rest_2020):
    for name, value in REST_2020.items():
        assert rest_2020[name][0] == pytest.approx(value, rel=PRINTED_THREE_DIGITS)
    assert rest_2020["glia"][0] == 0.0


def test_the_2020_fluxes_are_those_of_its_authors(rest_2020):
    eht, trp = rest_2020["eht"][0], rest_2020["trp"][0]
    assert 9 * trp - 0.6 * rest_2020["pool"][0] == pytest.approx(113.43, rel=PRINTED_THREE_DIGITS)
    assert 250 * eht / (0.06 + eht) == pytest.approx(125.07, rel=PRINTED_RTOL)
    assert 40 * eht == pytest.approx(2.40, rel=PRINTED_TWO_DIGITS)
    synthesis = 278 * trp / (40 + trp + trp**2 / 1000) * rest_2020["bh4"][0]
    synthesis /= 20 + rest_2020["bh4"][0]
    assert synthesis == pytest.approx(3.987, rel=PRINTED_THREE_DIGITS)


@pytest.mark.parametrize("i", range(len(RESPONSES_2020)), ids=lambda i: RESPONSES_2020[i][:2])
def test_the_2020_model_responds_as_computed(rest_2020, i):
    for name, ratio in RESPONSES_2020[i][2].items():
        assert rest_2020[name][i + 1] / rest_2020[name][0] == pytest.approx(
            ratio, abs=PRINTED_TWO_DIGITS
        )


def test_the_2020_slow_responses_match_at_200_h_and_nearly_once_settled(rest_2020):
    early = settle(best2020(), SLOW_2020, hours=200)
    for i, (_, _, ratios) in enumerate(SLOW_2020):
        j = len(RESPONSES_2020) + i + 1
        for name, ratio in ratios.items():
            assert early[name][i + 1] / early[name][0] == pytest.approx(
                ratio, abs=PRINTED_TWO_DIGITS
            )
            assert rest_2020[name][j] / rest_2020[name][0] == pytest.approx(
                ratio, rel=READ_AT_200_H
            )


def test_the_2020_model_cannot_raise_serotonin_above_its_ceiling():
    model = best2020()
    rest = settle(model, [("sert_v_max", 1e-3, {})])
    assert 1.1 < rest["eht"][1] / rest["eht"][0] < 1.66


def test_histamine_coupling_does_not_move_rest():
    rest = settle(best2020(), [("histamine_coupling", 0.0, {})])
    assert rest["eht"][1] == pytest.approx(rest["eht"][0], rel=PRINTED_RTOL)


@pytest.mark.parametrize("name", sorted(reference_systems()))
def test_a_reference_system_settles_from_its_start(name):
    model = reference_systems()[name]()
    first, later = settle(model, []), settle(model, [], hours=2 * SETTLED)
    for state in model.system.states:
        assert later[state][0] == pytest.approx(first[state][0], rel=SETTLED_RTOL)


@pytest.mark.parametrize("name", sorted(reference_systems()))
def test_every_number_of_a_reference_system_is_read_or_computed(name):
    table = reference_systems()[name]().parameter_table()
    assert table.count("read") + table.count("computed") == len(table.rows)
