import sympy
from hypothesis import given
from hypothesis import strategies as st

from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    inhibition,
    mass_action,
    michaelis_menten,
    positive_part,
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
