"""What SBML means, against closed forms: each model is a few lines written here."""

import numpy as np
import pytest
import sbml_models as sb
from sbml_models import level3
from scipy import stats

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.sbml import SbmlError, UnsupportedSbmlError, parse_sbml
from cohort.sbml.course import even_times, time_course
from kernels import Solver

RTOL = 1e-6  # of a course at the solver's 1e-8 against a closed form
SOLVER = Solver(rtol=1e-8, atol=1e-10)


def course(text, end=2, steps=4, wanted=None, **options):
    model = parse_sbml(text)
    model = model.observing(wanted) if wanted else model
    found = time_course(model, even_times(end, steps), solver=SOLVER, device="numpy", **options)
    found.solution.require_success()
    return found


def test_a_species_is_lost_first_order_and_its_amount_is_concentration_times_size():
    text = level3(
        sb.compartment(size=2.0),
        sb.species("S", concentration=3.0),
        sb.parameter("k", 0.5),
        sb.reaction("loss", "k * S * c", ["S"]),
    )
    wanted = {"conc": ("S", "concentration"), "amount": ("S", "amount"), "rate": ("loss", "value")}
    found = course(text, wanted=wanted)
    expected = 3.0 * np.exp(-0.5 * found.times)
    np.testing.assert_allclose(found.values["conc"][:, 0], expected, rtol=RTOL)
    np.testing.assert_allclose(found.values["amount"][:, 0], 2.0 * expected, rtol=RTOL)
    np.testing.assert_allclose(found.values["rate"][:, 0], expected, rtol=RTOL)


def test_a_species_with_only_substance_units_means_its_amount():
    text = level3(
        sb.compartment(size=2.0),
        sb.species("S", concentration=3.0, only_amount=True),
        sb.reaction("loss", "S / 2", ["S"]),
    )
    found = course(text)
    np.testing.assert_allclose(found.values["S"][:, 0], 6.0 * np.exp(-found.times / 2), rtol=RTOL)


def test_reactions_leave_a_boundary_species_alone_and_a_rate_rule_moves_it():
    text = level3(
        sb.compartment(),
        sb.species("B", amount=1.0, boundary=True),
        sb.species("P", amount=0.0),
        sb.rate_rule("B", "2"),
        sb.reaction("made", "B", ["B"], ["P"]),
    )
    found = course(text)
    np.testing.assert_allclose(found.values["B"][:, 0], 1.0 + 2.0 * found.times, rtol=RTOL)
    np.testing.assert_allclose(found.values["P"][:, 0], found.times + found.times**2, rtol=RTOL)


def test_a_growing_compartment_dilutes_and_keeps_the_amount():
    text = level3(
        sb.compartment(size=1.0, constant=False),
        sb.species("S", amount=4.0),
        sb.rate_rule("c", "0.5"),
    )
    found = course(text, wanted={"S": ("S", "value"), "amount": ("S", "amount")})
    np.testing.assert_allclose(found.values["amount"][:, 0], 4.0, rtol=RTOL)
    np.testing.assert_allclose(found.values["S"][:, 0], 4.0 / (1 + found.times / 2), rtol=RTOL)


def test_initial_assignments_are_computed_for_every_lane():
    text = level3(
        sb.parameter("k", 2.0),
        sb.parameter("x", constant=False),
        sb.parameter("k2"),
        sb.initial("x", "k2 + 1"),
        sb.initial("k2", "k^2"),
        sb.rate_rule("x", "-k2 * x"),
    )
    k = np.array([0.5, 1.0, 1.5])
    found = course(text, n_lane=3, values={"k": k})
    expected = (k**2 + 1) * np.exp(-(k**2) * found.times[:, None])
    np.testing.assert_allclose(found.values["x"], expected, rtol=RTOL)


def test_no_id_is_in_the_way_of_the_start():
    text = level3(
        sb.parameter("start_0", 2.0),
        sb.parameter("x", constant=False),
        sb.initial("x", "3 * start_0"),
        sb.rate_rule("x", "0"),
    )
    assert parse_sbml(text).lanes(2, {"start_0": [1.0, 2.0]}).states.tolist() == [[3.0, 6.0]]


def test_start_concentrations_follow_a_drawn_size():
    text = level3(
        sb.compartment(size=1.0), sb.species("S", amount=6.0), sb.reaction("loss", "c*S", ["S"])
    )
    found = course(text, n_lane=2, values={"c": [2.0, 3.0]})
    np.testing.assert_allclose(found.values["S"][0], [3.0, 2.0], rtol=RTOL)


def test_assignment_rules_hold_in_any_order_and_functions_are_written_out():
    text = level3(
        sb.function("square", ["a"], "a * a"),
        sb.function("twice_square", ["a"], "2 * square(a)"),
        sb.parameter("x", 1.0, constant=False),
        sb.parameter("y", constant=False),
        sb.parameter("z", constant=False),
        sb.assignment("y", "z + 1"),
        sb.assignment("z", "twice_square(x)"),
        sb.rate_rule("x", "1"),
    )
    found = course(text)
    np.testing.assert_allclose(found.values["y"][:, 0], 2 * (1 + found.times) ** 2 + 1, rtol=RTOL)


def test_local_parameters_hide_global_ones():
    text = level3(
        sb.compartment(),
        sb.species("S", amount=1.0),
        sb.parameter("k", 100.0),
        sb.reaction("loss", "k * S", ["S"], local={"k": 0.5}),
    )
    model = parse_sbml(text)
    assert model.parameters["loss_k"] == 0.5
    found = course(text)
    np.testing.assert_allclose(found.values["S"][:, 0], np.exp(-found.times / 2), rtol=RTOL)


def test_conversion_factors_scale_what_reactions_make():
    text = level3(
        sb.compartment(),
        sb.species("S", amount=0.0),
        sb.species("T", amount=0.0, conversionFactor="own"),
        sb.parameter("all", 3.0),
        sb.parameter("own", 5.0),
        sb.reaction("made", "1", [], ["S", "T"]),
        attributes='conversionFactor="all"',
    )
    found = course(text)
    np.testing.assert_allclose(found.values["S"][:, 0], 3.0 * found.times, rtol=RTOL)
    np.testing.assert_allclose(found.values["T"][:, 0], 5.0 * found.times, rtol=RTOL)


def test_a_stoichiometry_may_vary_and_be_read():
    text = level3(
        sb.compartment(),
        sb.species("S", amount=0.0),
        sb.parameter("seen", constant=False),
        sb.reaction("made", "1", [], [("S", "n")]),
        sb.assignment("n", "2 * time"),
        sb.assignment("seen", "n + 1"),
    )
    found = course(text)
    np.testing.assert_allclose(found.values["S"][:, 0], found.times**2, atol=1e-8)
    np.testing.assert_allclose(found.values["seen"][:, 0], 2 * found.times + 1, rtol=RTOL)


def test_level_2_stoichiometry_math_and_time_are_read():
    text = f"""<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
    <model id="m"><listOfCompartments><compartment id="c"/></listOfCompartments>
    <listOfSpecies><species id="S" compartment="c" initialAmount="0"/></listOfSpecies>
    <listOfReactions><reaction id="r" reversible="false"><listOfProducts>
    <speciesReference species="S"><stoichiometryMath>{sb.math("2 + 1")}</stoichiometryMath>
    </speciesReference></listOfProducts><kineticLaw><math xmlns="{sb.MATH}">
    <csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time"> t </csymbol>
    </math></kineticLaw></reaction></listOfReactions></model></sbml>"""
    found = course(text)
    np.testing.assert_allclose(found.values["S"][:, 0], 1.5 * found.times**2, atol=1e-8)


def test_algebraic_rules_are_solved_together():
    text = level3(
        sb.parameter("x", 1.0, constant=False),
        sb.parameter("a", constant=False),
        sb.parameter("b", constant=False),
        sb.rate_rule("x", "1"),
        sb.algebraic("a + b - x"),
        sb.algebraic("a - b - 1"),
    )
    found = course(text)
    np.testing.assert_allclose(found.values["a"][:, 0], (2 + found.times) / 2, rtol=RTOL)
    np.testing.assert_allclose(found.values["b"][:, 0], found.times / 2, atol=1e-9)


def test_rate_of_reads_the_rate_of_states_and_of_concentrations():
    text = level3(
        sb.compartment(size=2.0),
        sb.species("S", concentration=1.0),
        sb.parameter("x", 1.0, constant=False),
        sb.parameter("v", constant=False),
        sb.parameter("w", constant=False),
        sb.rate_rule("x", "3 * x"),
        sb.reaction("made", "c * time", [], ["S"], fast=None),
        sb.assignment("v", "rateOf(x)"),
        sb.assignment("w", "rateOf(S)"),
        version=2,
    )
    found = course(text, end=1)
    np.testing.assert_allclose(found.values["v"][:, 0], 3 * np.exp(3 * found.times), rtol=RTOL)
    np.testing.assert_allclose(found.values["w"][:, 0], found.times, rtol=RTOL)


def test_an_event_that_sets_a_size_keeps_amounts_that_a_rate_rule_moves():
    text = level3(
        sb.compartment(size=1.0, constant=False),
        sb.species("S", concentration=2.0, boundary=True),
        sb.rate_rule("S", "1"),
        sb.event("shrink", "time > 1", {"c": "0.5"}),
    )
    found = course(text)
    expected = np.where(found.times < 1, 2 + found.times, 2 * 3 + found.times - 1)
    expected[found.times == 1] = 3.0  # the trigger is not true yet
    np.testing.assert_allclose(found.values["S"][:, 0], expected, rtol=RTOL)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("piecewise(1, time < 0, 2, time < 1, 3)", 3.0),
        ("log10(1000) + ln(exp(2)) + log(2, 8)", 8.0),
        ("root(3, 8) + sqrt(16) + 2^3 + abs(-1)", 15.0),
        ("floor(2.7) + ceil(2.2) + factorial(4)", 29.0),
        ("arctan(1) * 4 / pi + arcsin(1) * 2 / pi + sech(0)", 3.0),
        ("max(1, 5, 3) + min(4, 2) + rem(7, 3) + quotient(7, 3)", 10.0),
        ("piecewise(1, xor(true, false) && implies(false, false), 0)", 1.0),
        ("avogadro / 6.02214179e23", 1.0),
        ("factorial(floor(time + 2.5))", 24.0),
        ("3 + true", 4.0),
    ],
)
def test_mathematics_has_its_value(formula, value):
    text = level3(
        sb.parameter("y", constant=False),
        sb.parameter("x", 0.0, constant=False),
        sb.rate_rule("x", "1"),
        sb.assignment("y", f"{formula} + 0 * x"),
        version=2,
    )
    model = parse_sbml(text).observing({"y": ("y", "value")})
    found = time_course(model, even_times(2, 2), device="numpy")
    rtol = 1e-12  # factorial of a variable is Stirling's series; all else is exact to rounding
    np.testing.assert_allclose(found.values["y"][2, 0], value, rtol=rtol)


def test_events_act_on_the_meaning_of_an_id():
    text = level3(
        sb.compartment(size=2.0),
        sb.species("S", concentration=1.0),
        sb.parameter("k", 0.0, constant=False),
        sb.reaction("loss", "k * S * c", ["S"]),
        sb.event("dose", "time >= 1", {"S": "S + 3", "k": "1"}),
    )
    found = course(text, end=3, steps=6, wanted={"S": ("S", "value"), "n": ("S", "amount")})
    after = np.maximum(found.times - 1, 0)
    expected = np.where(found.times < 1, 1.0, 4.0 * np.exp(-after))
    np.testing.assert_allclose(found.values["S"][:, 0], expected, rtol=RTOL)
    np.testing.assert_allclose(found.values["n"][:, 0], 2.0 * expected, rtol=RTOL)


def test_a_delayed_event_waits():
    text = level3(
        sb.parameter("x", 0.0, constant=False),
        sb.parameter("y", 0.0, constant=False),
        sb.rate_rule("x", "1"),
        sb.event("later", "x >= 0.5", {"y": "x"}, delay="1"),
    )
    found = course(text, end=3, steps=6)
    expected = np.where(found.times < 1.5, 0.0, 0.5)  # the value of when it was triggered
    np.testing.assert_allclose(found.values["y"][:, 0], expected, atol=1e-7)


def test_events_of_one_moment_go_by_priority_and_equal_ones_by_chance():
    def at_one(name, factor, priority):
        change = {"x": f"{factor} * x + 1"}
        return sb.event(name, "time >= 1", change, priority=priority)

    # the values of an execution are those after the one before it only if they are read then
    text = level3(
        sb.parameter("x", 1.0, constant=False),
        at_one("low", 2, "1"),
        at_one("high", 3, "2"),
        at_one("last", 5, "1"),
    ).replace('useValuesFromTriggerTime="true"', 'useValuesFromTriggerTime="false"')
    model = parse_sbml(text)
    assert [note for note in model.notes if "events low and 1 more: chance decides" in note]
    assert [event.by_chance for event in model.system.events] == [True, False, True]
    found = time_course(model, even_times(2, 2), n_lane=400, device="numpy").values["x"][-1]
    low_first, last_first = 5 * (2 * (3 * 1 + 1) + 1) + 1, 2 * (5 * (3 * 1 + 1) + 1) + 1
    assert set(found.tolist()) == {low_first, last_first}
    assert stats.binomtest(int((found == low_first).sum()), 400).pvalue > 0.01
    alike = time_course(model, even_times(2, 2), n_lane=400, device="numpy").values["x"][-1]
    other = time_course(model, even_times(2, 2), n_lane=400, seed=2, device="numpy").values["x"][-1]
    assert np.array_equal(found, alike)
    assert not np.array_equal(found, other)


def test_chance_decides_only_where_priorities_may_be_equal():
    def chances(*priorities):
        parts = [sb.event(f"e{i}", "time >= 1", {"x": "1"}, priority=p)
                 for i, p in enumerate(priorities)]  # fmt: skip
        start = [sb.parameter("x", 0.0, constant=False), sb.parameter("k", 1.0)]
        model = parse_sbml(level3(*start, *parts))
        assert any("chance decides" in note for note in model.notes) == any(
            event.by_chance for event in model.system.events
        )
        return [event.by_chance for event in model.system.events]

    assert chances("1", "2", None, None) == [False] * 4
    assert chances("1", "1.0", None, "3") == [True, True, False, False]
    assert chances("k", "k + 1", None) == [False] * 3
    assert chances("k", "2 * k", "7 + x * x") == [True] * 3
    assert chances("k", None) == [False] * 2


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"seed": -1}, RangeError, "seed: -1; an integer from 0"),
        ({"ids": [0, 1]}, ShapeError, r"ids: shape \(2,\); one a lane, \(3,\)"),
        ({"ids": [0, 1, -1]}, RangeError, "patient_ids: values from -1 to 1"),
        ({"ids": "abc"}, ShapeError, "ids: shape"),
    ],
)
def test_lanes_whose_chance_is_none_are_refused(given, error, message):
    model = parse_sbml(level3(sb.parameter("x", 0.0, constant=False), sb.rate_rule("x", "1")))
    with pytest.raises(error, match=message):
        model.lanes(3, **given)
    same = model.lanes(2, ids=[4, 1]).keys
    assert same.tolist() == model.lanes(5).keys[[4, 1]].tolist()


def test_a_power_of_a_negative_value_is_taken_where_the_exponent_is_whole():
    text = level3(
        sb.parameter("n", 3.0),
        sb.parameter("x", -1.0, constant=False),
        sb.parameter("y", constant=False),
        sb.rate_rule("x", "-x ^ n"),
        sb.assignment("y", "x ^ (n - 1) + x ^ 24"),
    )
    found = course(text)
    expected = -1 / np.sqrt(1 + 2 * found.times)
    np.testing.assert_allclose(found.values["x"][:, 0], expected, rtol=RTOL)
    np.testing.assert_allclose(found.values["y"][:, 0], expected**2 + expected**24, rtol=24 * RTOL)


def test_reserved_ids_are_renamed_and_reported():
    text = level3(
        sb.parameter("t", 1.0, constant=False),
        sb.parameter("lambda", 2.0),
        sb.rate_rule("t", "lambda * time"),
    )
    model = parse_sbml(text)
    assert model.names["t"] == "t_"
    assert model.system.parameters == ("lambda_",)
    assert "t: renamed to t_" in model.notes
    found = course(text)
    np.testing.assert_allclose(found.values["t_"][:, 0], 1 + found.times**2, rtol=RTOL)


def test_a_slope_that_would_overflow_does_not():
    text = level3(
        sb.parameter("x", 0.0, constant=False),
        sb.rate_rule("x", "1 / (1 + exp(-50 * (time - 20)))"),
    )
    found = course(text, end=30, steps=3)
    np.testing.assert_allclose(found.values["x"][-1, 0], 10.0, rtol=1e-3)


def test_time_units_become_seconds():
    unit = (
        "UnitDefinitions",
        '<unitDefinition id="hour"><listOfUnits><unit kind="second" exponent="1" scale="0" '
        'multiplier="3600"/></listOfUnits></unitDefinition>',
    )
    text = level3(unit, sb.parameter("x", 1.0, constant=False), attributes='timeUnits="hour"')
    model = parse_sbml(text)
    assert model.system.seconds_per_time_unit == 3600
    assert model.time_unit == "3600 second"


def test_inconsistent_units_are_reported_not_refused():
    text = level3(
        sb.parameter("x", 1.0, constant=False),
        ("Parameters", '<parameter id="k" value="1" units="metre" constant="true"/>'),
        sb.rate_rule("x", "k"),
    )
    model = parse_sbml(text)
    assert model.unit("k") == "metre"
    assert model.unit_findings


@pytest.mark.parametrize(
    ("parts", "error", "text"),
    [
        ([sb.parameter("x", constant=False), sb.rate_rule("x", "1")], SbmlError, "x: its initial"),
        (
            [sb.parameter("x", 1, constant=False), sb.rate_rule("x", "y")],
            SbmlError,
            "y",
        ),
        (
            [sb.parameter("x", 1, constant=False), sb.rate_rule("x", "delay(x, 1)")],
            UnsupportedSbmlError,
            "rule of x: it uses 'delay'",
        ),
        (
            [
                sb.compartment(),
                sb.species("S", amount=1.0),
                sb.reaction("quick", "S", ["S"], fast=True),
            ],
            UnsupportedSbmlError,
            "quick: the reaction is fast",
        ),
        (
            [
                sb.parameter("x", 1, constant=False),
                sb.parameter("y", 1, constant=False),
                sb.rate_rule("x", "1"),
                sb.algebraic("y^3 + y - x"),
            ],
            UnsupportedSbmlError,
            "algebraic rule",
        ),
        ([sb.parameter("x", "INF", constant=False), sb.rate_rule("x", "1")], SbmlError, "infinite"),
    ],
)
def test_a_refusal_names_the_element(parts, error, text):
    with pytest.raises(error) as found:
        parse_sbml(level3(*parts), "m.xml")
    assert str(found.value).startswith("m.xml, ")
    assert text in str(found.value)


def test_nonsense_values_are_refused_by_name():
    text = level3(
        sb.parameter("x", 1, constant=False), sb.parameter("k", 1), sb.rate_rule("x", "k")
    )
    model = parse_sbml(text)
    with pytest.raises(UnknownNameError, match="unknown parameter 'kk'"):
        model.lanes(1, {"kk": 1.0})
    with pytest.raises(ShapeError, match="k: shape"):
        model.lanes(2, {"k": [1.0, 2.0, 3.0]})
    with pytest.raises(RangeError, match="not finite"):
        model.lanes(1, {"k": float("nan")})
    with pytest.raises(UnknownNameError, match="unknown form 'mass'"):
        model.observing({"a": ("x", "mass")})
    with pytest.raises(UnknownNameError, match="'z'"):
        model.observing({"a": ("z", "value")})
    for end, steps in (("0", 5), ("-1", 5), ("nan", 5), ("long", 5), (1, 0), (1, 10**9)):
        with pytest.raises(RangeError):
            even_times(end, steps)
