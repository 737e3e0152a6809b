import pytest
import sympy

from cohort.errors import UnitError
from cohort.model import Parameter, Reaction, Rule, Source, Species, Submodel
from cohort.model.dimensions import require_unit, unit_of
from cohort.units import parse_unit, same_unit
from kernels import TIME, symbol

UNITS = {
    name: parse_unit(unit)
    for name, unit in {
        "c": "uM",
        "d": "uM",
        "n": "nM",
        "k": "1/h",
        "x": "1",
        "h": "1",
        "v": "uM/h",
        "t": "h",
    }.items()
}
C, D, N, K, X, H, V = (symbol(name) for name in "cdnkxhv")


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        (K * C, "uM/h"),
        (V * C / (D + C), "uM/h"),
        (C**2 / D, "uM"),
        (sympy.sqrt(C * D), "uM"),
        (X**H, "1"),
        ((C / D) ** sympy.Rational(5, 2), "1"),
        (sympy.exp(-K * TIME), "1"),
        (sympy.log(C / D), "1"),
        (sympy.Max(0, C - D), "uM"),
        (sympy.Min(C, D), "uM"),
        (sympy.Abs(C - D), "uM"),
        (sympy.Piecewise((C, C < D), (0, True)), "uM"),
        (sympy.Piecewise((C, sympy.And(C < D, K * TIME > 1)), (D, True)), "uM"),
        (sympy.cos(2 * sympy.pi * K * TIME), "1"),
        (sympy.Float(3.5), "1"),
        (0 * C, None),
    ],
)
def test_the_unit_of_an_expression_is_found(expression, unit):
    found = unit_of(sympy.sympify(expression), UNITS, "here")
    assert found is None if unit is None else same_unit(found, parse_unit(unit))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (C + K, "joins c .* and k .*; one unit is allowed"),
        (C + N, r"joins c \[uM\] and n \[nM\]"),
        (C + 1, r"joins 1 \[1\] and c \[uM\]"),
        (sympy.exp(C), r"exp\(\): c has unit \[uM\]; \[1\] is allowed"),
        (sympy.log(C), r"log\(\): c has unit"),
        (X**C, "exponent of x: c has unit"),
        (C**H, "base of the varying exponent h: c has unit"),
        (sympy.Max(C, K), "joins"),
        (sympy.Piecewise((C, X > 0), (K, True)), "chooses between"),
        (sympy.Piecewise((C, C > K), (D, True)), "compares"),
        (sympy.tan(X), "uses tan; sums, products"),
    ],
)
def test_a_mismatch_names_the_terms_and_their_units(expression, message):
    with pytest.raises(UnitError, match=f"here.*{message}"):
        unit_of(expression, UNITS, "here")


def test_the_result_must_have_the_unit_of_its_place():
    require_unit(K * C, UNITS, "uM/h", "rate")
    require_unit(K * C, UNITS, "umol/L/h", "rate")
    with pytest.raises(UnitError, match=r"rate: c\*k has unit \[uM/h\]; \[nM/h\] is allowed"):
        require_unit(K * C, UNITS, "nM/h", "rate")


def test_a_long_expression_is_cut_in_the_message():
    many = sympy.Add(*[symbol(f"c{i}") for i in range(40)]) * K
    units = UNITS | {f"c{i}": parse_unit("uM") for i in range(40)}
    with pytest.raises(UnitError) as caught:
        require_unit(many, units, "uM", "rate")
    assert "... has unit" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_submodel_is_refused_when_a_reaction_has_the_wrong_unit():
    guess = Source("a guess", "assumed")

    def pool(unit):
        return Submodel(
            name="pool",
            species=(Species("c", sympy.Integer(1), "uM", "substance"),),
            parameters=(Parameter("k", 1.0, unit, "rate constant", guess),),
            reactions=(Reaction("loss", K * C, {"c": -1}),),
        )

    pool("1/h")
    with pytest.raises(UnitError, match=r"submodel 'pool', reaction 'loss' of 'c': .*uM/d"):
        pool("1/day")


def test_a_rule_is_refused_when_its_unit_is_not_the_declared_one():
    with pytest.raises(UnitError, match="submodel 'm', rule 'double'"):
        Submodel(
            name="m",
            parameters=(Parameter("c", 1.0, "uM", "level", Source("a guess", "assumed")),),
            rules={"double": Rule(2 * C, "1", "twice the level")},
        )
