"""Our models as SBML: read back they have the same equations, starts, numbers and events."""

import numpy as np
import pytest
import sympy
from kernels_tolerances import RELATIVE_ROUND_OFF as ROUND_OFF

from cohort.chemistry import chemistry_model
from cohort.model import evaluate
from cohort.sbml import ExportError, parse_sbml, sbml_text
from cohort.sbml.mathml import math_element
from kernels import TIME, symbol

SYSTEMS = [("cortisol",), ("serotonin",)]


@pytest.fixture(scope="module", params=SYSTEMS, ids="+".join)
def both(request):
    model = chemistry_model(request.param)
    return model, parse_sbml(sbml_text(model))


def test_equations_and_observables_are_the_same_anywhere(both):
    model, read = both
    rng = np.random.default_rng(1)
    n = 20
    columns = model.columns({}, n)
    columns |= {name: value * rng.lognormal(0, 0.2, n) for name, value in columns.items()}
    columns |= {name: rng.uniform(0.1, 2.0, n) for name in model.system.states}
    columns[TIME.name] = rng.uniform(0, 48, n)
    ours = evaluate(model.system.rhs, columns, n)
    theirs = evaluate(read.system.rhs, columns, n)
    assert set(read.system.states) >= set(model.system.states)
    for name in model.system.states:
        assert theirs[name] == pytest.approx(ours[name], rel=ROUND_OFF, abs=ROUND_OFF), name
    shown = evaluate(model.system.observables, columns, n)
    found = evaluate(read.system.observables, columns, n)
    for name in set(shown) & set(found):
        assert found[name] == pytest.approx(shown[name], rel=ROUND_OFF, abs=ROUND_OFF), name


def test_numbers_keep_every_digit_and_changed_ones_move_the_start(both):
    model, read = both
    for name, parameter in model.parameters.items():
        assert read.parameters[name] == parameter.value, name
    name = next(one for one in model.parameters if one.endswith("_flux") or one == "stress")
    changed = {name: model.parameters[name].value * 1.25}
    ours, theirs = model.lanes(changed, 1), read.lanes(1, changed)
    places = [read.system.states.index(one) for one in model.system.states]
    assert theirs.states[places, 0] == pytest.approx(ours.states[:, 0], rel=ROUND_OFF)


def test_time_is_counted_as_in_the_model(both):
    model, read = both
    assert read.system.seconds_per_time_unit == model.system.seconds_per_time_unit == 3600


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: sympy.Piecewise((x, x > 1), (2 * x, x > sympy.Rational(1, 2)), (0, True)),
        lambda x: sympy.sign(x - 1) + sympy.floor(3 * x) + sympy.Abs(x - 2),
        lambda x: sympy.Max(x, 0.3) ** 2.5 / sympy.Min(1 + x, 7) - sympy.sqrt(x),
        lambda x: sympy.tanh(x) * sympy.atan(x) + sympy.exp(-x) * sympy.log(1 + x),
        lambda x: 1e-300 * x + sympy.Float(0.1) + sympy.pi * TIME,
    ],
)
def test_formulas_mean_the_same_when_read_back(formula):
    x = symbol("x")
    text = TEMPLATE.format(rule=element(formula(x)))
    read = parse_sbml(text)
    points, times = np.linspace(0.05, 3, 60), np.linspace(0, 5, 60)
    ours, theirs = (
        sympy.lambdify((x, TIME), one, "numpy")(points, times)
        for one in (formula(x), read.system.rhs["y"])
    )
    assert theirs == pytest.approx(ours, rel=ROUND_OFF)


TEMPLATE = """<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="m"><listOfParameters><parameter id="x" value="1" constant="true"/>
<parameter id="y" value="0" constant="false"/></listOfParameters>
<listOfRules><rateRule variable="y">{rule}</rateRule></listOfRules></model></sbml>"""


def element(expression):
    from xml.etree import ElementTree as ET

    return ET.tostring(math_element(expression, "y"), encoding="unicode")


def test_what_sbml_has_no_operator_for_is_refused_by_name():
    with pytest.raises(ExportError, match=r"rate of x: 'erf' has no operator in SBML"):
        math_element(sympy.erf(symbol("x")), "rate of x")
