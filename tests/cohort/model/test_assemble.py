import pickle

import pytest
import sympy

from cohort.errors import ModelError, UnitError, UnknownNameError
from cohort.model import (
    FRACTION,
    Constant,
    Derived,
    Input,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
    assemble,
)
from kernels import TIME, symbol

GUESS = Source("a guess", "assumed")
X, Y, K, U = (symbol(name) for name in ("x", "y", "k", "blocked"))


def pool(**changes):
    parts = {
        "name": "pool",
        "species": (Species("x", symbol("x_0"), "uM", "substance"),),
        "parameters": (
            Parameter("k", 0.5, "1/h", "rate constant", GUESS),
            Parameter("x_0", 2.0, "uM", "at rest", GUESS),
        ),
        "derived": (Derived("inflow", K * symbol("x_0"), "uM/h", "inflow at rest"),),
        "ports": (Port("blocked", "1", "share of loss that is blocked", 0.0, FRACTION),),
        "reactions": (
            Reaction("inflow_", symbol("inflow"), {"x": 1}),
            Reaction("loss", K * (1 - U) * X, {"x": -1}),
        ),
        "provides": ("x",),
    }
    return Submodel(**parts | changes)


def blocker(unit="1", name="blocker", **changes):
    parts = {
        "name": name,
        "parameters": (Parameter(f"dose_{name}", 3.0, unit, "dose", GUESS),),
        "rules": {"blocked": Rule(symbol(f"dose_{name}"), unit, "share")},
        "provides": ("blocked",),
    }
    return Submodel(**parts | changes)


def test_a_port_that_nobody_provides_becomes_a_parameter_with_its_default():
    model = assemble("m", [pool()])
    parameter = model.parameters["blocked"]
    assert (parameter.value, parameter.unit, parameter.bounds) == (0.0, "1", FRACTION)
    assert parameter.source.mark == "design"
    assert model.system.parameters == ("k", "x_0", "blocked")
    assert model.system.rhs["x"] == K * symbol("x_0") - K * (1 - U) * X


def test_a_provided_port_is_written_out_whatever_the_order_of_the_parts():
    share = symbol("dose_blocker")
    for parts in ([pool(), blocker()], [blocker(), pool()]):
        model = assemble("m", parts)
        assert "blocked" not in model.parameters
        assert model.system.rhs["x"] == K * symbol("x_0") - K * (1 - share) * X


def test_a_state_can_be_provided_and_read_elsewhere():
    reader = Submodel(
        name="reader",
        species=(Species("y", sympy.Integer(0), "uM", "product"),),
        ports=(Port("x", "uM", "substrate"), Port("k_y", "1/h", "rate constant", 2.0)),
        reactions=(Reaction("making", symbol("k_y") * X, {"y": 1}),),
    )
    assert assemble("m", [reader, pool()]).system.rhs["y"] == symbol("k_y") * X


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        (
            lambda: [pool(), blocker(), blocker(name="second")],
            ModelError,
            "'blocker' and 'second' both provide 'blocked'; one may",
        ),
        (lambda: [pool(), pool(name="again")], ModelError, "both declare 'inflow'; one may"),
        (lambda: [pool(), pool()], ModelError, "submodel 'pool' is given twice"),
        (lambda: [pool(), blocker(provides=())], ModelError, "declares but does not provide"),
        (
            lambda: [pool(), blocker(unit="uM")],
            UnitError,
            r"reads \[1\], 'blocker' provides \[uM\]",
        ),
        (
            lambda: [pool(ports=(Port("blocked", "1", "share"),))],
            ModelError,
            "nothing provides it and it has no default.*Add a submodel that provides 'blocked'",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, error, message):
    with pytest.raises(error, match=message):
        assemble("m", parts())


def test_two_readers_of_one_open_port_must_agree_on_its_default():
    def reader(name, default, unit="1"):
        return Submodel(name=name, ports=(Port("tone", unit, "tone", default),))

    assert assemble("m", [pool(), reader("a", 1.0), reader("b", 1.0)]).parameters["tone"].value == 1
    with pytest.raises(ModelError, match=r"default 2.0 \[1\].*'a' declares 1.0"):
        assemble("m", [pool(), reader("a", 1.0), reader("b", 2.0)])
    with pytest.raises(UnitError, match="one unit is allowed"):
        assemble("m", [pool(), reader("a", 1.0), reader("b", 1.0, "uM")])


def test_rules_in_a_circle_are_refused():
    one = symbol("one")
    circle = Submodel(
        name="circle",
        rules={
            "one": Rule(symbol("two") * 2, "1", "first"),
            "two": Rule(one + 1, "1", "second"),
        },
    )
    with pytest.raises(ModelError, match=r"in a circle, .*one.*two"):
        assemble("m", [pool(), circle])


def test_a_start_that_depends_on_a_state_is_refused():
    moving = Submodel(
        name="moving",
        species=(Species("y", 2 * X, "uM", "product"),),
        ports=(Port("x", "uM", "substrate"),),
        rates={"y": X * 0},
    )
    with pytest.raises(ModelError, match="start of 'y': depends on 'x', which changes in time"):
        assemble("m", [pool(), moving])


def test_observables_may_use_rules_and_carry_their_unit():
    model = assemble(
        "m",
        [pool(), blocker()],
        {"share": U, "level": X, "exposure_": symbol("exposure") / TIME},
        {"exposure": X},
    )
    assert model.system.observables["share"] == symbol("dose_blocker")
    assert model.units["exposure"] == "h*uM"
    assert model.units["exposure_"] == "uM"
    assert model.units["share"] == "1"


def test_an_unknown_name_in_an_observable_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"observable 'o'.*Did you mean 'blocked'"):
        assemble("m", [pool()], {"o": symbol("block")})


def test_without_observables_every_species_is_reported():
    assert tuple(assemble("m", [pool()]).system.observables) == ("x",)


def test_constants_are_written_into_the_equations():
    model = assemble(
        "m",
        [
            pool(
                constants=(Constant("n", 2.0, "1", "power", GUESS),),
                ports=(),
                reactions=(
                    Reaction("loss", K * X * (X / symbol("x_0")) ** symbol("n"), {"x": -1}),
                ),
            )
        ],
    )
    assert model.system.rhs["x"] == -K * X**3 / symbol("x_0") ** 2
    assert "n" not in model.system.parameters
    assert "n" in {row.name for row in model.parameter_table().rows}


def test_inputs_reach_the_system():
    model = assemble(
        "m",
        [
            pool(
                inputs=(Input("infusion", "uM/h", "given"),),
                reactions=(
                    Reaction("given", symbol("infusion"), {"x": 1}),
                    Reaction("loss", K * (1 - U) * X, {"x": -1}),
                ),
            )
        ],
    )
    assert model.system.inputs == ("infusion",)
    assert model.units["infusion"] == "uM/h"


def test_a_model_survives_pickling_with_its_equations():
    model = assemble("m", [pool(), blocker()])
    again = pickle.loads(pickle.dumps(model))
    assert again.system == model.system
    assert again.parameters == model.parameters
    assert again.lanes({}, 3).states.tolist() == model.lanes({}, 3).states.tolist()
