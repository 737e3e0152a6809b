import pytest
import sympy
from cohort_tolerances import COMPETITION_RTOL, ROUND_OFF_RTOL
from hypothesis import given
from hypothesis import strategies as st

from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    half_inhibition,
    inhibition,
    mass_action,
    michaelis_menten,
    positive_part,
    receptor_view,
    relaxation,
    substrate_inhibition,
)
from kernels import symbol

X, S, C, N = (symbol(name) for name in ("x", "s", "c", "n"))
ONE = sympy.Integer(1)


def test_regulation_is_one_at_rest_and_bounded():
    assert sympy.simplify(inhibition(ONE, C, N)) == 1
    assert sympy.simplify(activation(ONE, C)) == 1
    assert inhibition(sympy.Integer(0), C, sympy.Integer(2)) == 1 + C
    assert sympy.limit(activation(X, C), X, sympy.oo) == 1 + C


def test_an_autoreceptor_without_sensitivity_reads_rest():
    assert autoreceptor_view(X, sympy.Integer(0), sympy.Integer(0)) == 1
    assert autoreceptor_view(ONE, S, sympy.Integer(0)) == 1


@given(
    st.floats(min_value=0, max_value=50),
    st.floats(min_value=0, max_value=2),
    st.floats(min_value=0, max_value=1),
)
def test_an_autoreceptor_never_reads_below_its_floor(x, s, o):
    assert autoreceptor_view(*(sympy.Float(value) for value in (x, s, o))) >= 1e-6


def test_an_autoreceptor_without_sensitivity_ignores_agonists():
    assert autoreceptor_view(X, sympy.Integer(0), sympy.Integer(0), C) == 1
    assert sympy.expand(autoreceptor_view(X, S, sympy.Integer(0), C).args[1]) == sympy.expand(
        1 + S * (X + C - 1)
    )


def test_an_inhibition_is_half_of_its_most_at_its_half_saturation():
    c, n = sympy.Rational(3, 5), sympy.Rational(3, 2)
    assert sympy.simplify(inhibition(half_inhibition(c, n), c, n)) == (1 + c) / 2


drugs = st.lists(
    st.tuples(st.floats(min_value=0, max_value=1e3), st.floats(min_value=0, max_value=1)),
    max_size=3,
)


@given(st.floats(min_value=0, max_value=50), st.floats(min_value=0.1, max_value=10), drugs)
def test_a_receptor_reads_what_activates_it_alone_as_competing_drugs_do(x, a, given):
    """Sites held by transmitter and drugs, counted one by one, against the tone that is read."""
    total = 1 + x / a + sum(dose for dose, _ in given)
    active = (x / a + sum(dose * efficacy for dose, efficacy in given)) / total
    held = sum((1 - efficacy) * dose for dose, efficacy in given)
    acting = sum(efficacy * dose for dose, efficacy in given) / (1 + held)
    tone = receptor_view(x, a, 1 - 1 / (1 + held), acting)
    assert tone / (a + tone) == pytest.approx(active, rel=COMPETITION_RTOL, abs=ROUND_OFF_RTOL)


def test_saturation_is_a_half_at_its_constant_and_falls_off_under_substrate_inhibition():
    assert michaelis_menten(ONE * 3, ONE * 3) == sympy.Rational(1, 2)
    law = substrate_inhibition(X, ONE * 40, ONE * 1000)
    assert law.subs(X, 200) > law.subs(X, 2000)
    assert sympy.limit(law, X, sympy.oo) == 0


def test_flows_point_the_right_way():
    assert relaxation(ONE, ONE * 2, ONE) < 0
    assert positive_part(ONE * -2) == 0
    assert positive_part(ONE * 2) == 2
    assert mass_action(C, X, S) == C * X * S
