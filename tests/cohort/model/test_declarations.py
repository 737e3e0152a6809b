import pickle

import pytest
import sympy

from cohort.errors import CohortError, ModelError, RangeError, UnitError
from cohort.model import (
    ANY,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Bounds,
    Constant,
    Derived,
    Feasibility,
    Input,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
)
from kernels import symbol

X = symbol("x")
GUESS = Source("a guess", "assumed")
VALID = {
    Source: {"text": "a guess", "mark": "assumed"},
    Bounds: {"low": 0.0, "high": 1.0, "is_low_open": True},
    Parameter: {
        "name": "k",
        "value": 1.0,
        "unit": "1/h",
        "meaning": "rate",
        "source": GUESS,
        "sd_log": 0.2,
        "bounds": POSITIVE,
    },
    Constant: {"name": "n", "value": 2.0, "unit": "1", "meaning": "power", "source": GUESS},
    Derived: {"name": "k_e", "expression": X, "unit": "1/h", "meaning": "rate"},
    Species: {"name": "x", "initial": X, "unit": "uM", "meaning": "substance", "scale": 1.0},
    Reaction: {"name": "loss", "rate": X, "stoichiometry": {"x": -1}},
    Rule: {"expression": X, "unit": "1", "meaning": "tone"},
    Port: {"name": "p", "unit": "1", "meaning": "tone", "default": 1.0, "bounds": ANY},
    Input: {"name": "u", "unit": "ug/h", "meaning": "infusion"},
    Feasibility: {"expression": X, "meaning": "synthesis exceeds loss"},
}
MAY_BE_NONE = {(Port, "default")}  # None asks for a provider


class Nonsense:
    pass


@pytest.mark.parametrize("kind", VALID, ids=lambda kind: kind.__name__)
def test_nonsense_in_any_field_is_refused_with_an_error_of_our_tree(kind):
    kind(**VALID[kind])
    for name in VALID[kind]:
        for nonsense in (Nonsense(), None):
            if nonsense is None and (kind, name) in MAY_BE_NONE:
                continue
            with pytest.raises(CohortError):
                kind(**VALID[kind] | {name: nonsense})


@pytest.mark.parametrize("kind", VALID, ids=lambda kind: kind.__name__)
def test_declarations_are_frozen_and_survive_pickling(kind):
    item = kind(**VALID[kind])
    assert pickle.loads(pickle.dumps(item)) == item
    with pytest.raises(AttributeError):
        setattr(item, next(iter(VALID[kind])), "other")


@pytest.mark.parametrize("name", ["", "5ht", "lambda", "a b", "t"])
def test_a_name_that_cannot_stand_in_an_expression_is_refused(name):
    with pytest.raises(ModelError, match="a Python identifier other than 't' is allowed"):
        Species(name, X, "uM", "substance")


def test_messages_show_value_unit_and_range():
    with pytest.raises(RangeError, match=r"value -2 \[1/h\]; greater than 0 \[1/h\] is allowed"):
        Parameter("k", -2.0, "1/h", "rate", GUESS)
    with pytest.raises(RangeError, match=r"value 2 \[1\]; from 0 to 1 \[1\]"):
        Port("u", "1", "share", 2.0, FRACTION)
    with pytest.raises(UnitError, match="'furlong/' is not a unit"):
        Parameter("k", 1.0, "furlong/", "rate", GUESS)
    with pytest.raises(ModelError, match="read, computed, assumed, design are allowed"):
        Source("a guess", "recalled")


def test_a_lognormal_spread_needs_a_positive_value():
    with pytest.raises(RangeError, match="a lognormal value is greater than zero"):
        Parameter("k", 0.0, "1/h", "rate", GUESS, 0.3, NOT_NEGATIVE)


def test_not_finite_is_outside_every_range():
    for bounds in (ANY, POSITIVE, NOT_NEGATIVE, FRACTION):
        assert not bounds.contains(float("nan"))
        assert not bounds.contains(float("inf"))
    assert [str(bounds) for bounds in (ANY, POSITIVE, NOT_NEGATIVE, FRACTION)] == [
        "any finite number",
        "greater than 0",
        "at least 0",
        "from 0 to 1",
    ]


def test_whole_and_half_constants_are_exact_numbers():
    def number(value):
        return Constant("n", value, "1", "power", GUESS).number

    assert number(2.0) == sympy.Integer(2)
    assert number(2.5) == sympy.Rational(5, 2)
    assert isinstance(number(0.1), sympy.Float)
    assert float(number(0.1)) == 0.1
