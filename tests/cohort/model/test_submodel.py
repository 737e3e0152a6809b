import pytest
import sympy

from cohort.errors import CohortError, ModelError, UnknownNameError
from cohort.model import Parameter, Port, Reaction, Rule, Source, Species, Submodel
from kernels import symbol

GUESS = Source("a guess", "assumed")
X, K = symbol("x"), symbol("k")
PARTS = {
    "name": "pool",
    "species": (Species("x", sympy.Integer(1), "uM", "substance"),),
    "parameters": (Parameter("k", 1.0, "1/h", "rate constant", GUESS),),
    "reactions": (Reaction("loss", K * X, {"x": -1}),),
}


def made(**changes):
    return Submodel(**PARTS | changes)


def test_units_of_all_names_are_listed():
    assert made().units == {"t": "h", "x": "uM", "k": "1/h"}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"ports": (Port("k", "1/h", "the same", 1.0),)}, ModelError, "name 'k' is declared twice"),
        (
            {"reactions": (PARTS["reactions"][0], Reaction("loss", K * X, {"x": -1}))},
            ModelError,
            "reaction 'loss' is declared twice",
        ),
        (
            {"reactions": (Reaction("loss", symbol("kk") * X, {"x": -1}),)},
            UnknownNameError,
            "'loss'.*unknown symbol 'kk'.*Did you mean 'k'",
        ),
        (
            {"reactions": (Reaction("loss", K * X, {"y": -1}),)},
            UnknownNameError,
            "'loss': unknown species 'y'",
        ),
        ({"rates": {"y": K * X}}, UnknownNameError, "rates: unknown species 'y'"),
        ({"provides": ("y",)}, UnknownNameError, "provides: unknown own quantity 'y'"),
        ({"reactions": ()}, ModelError, "'x' has neither a reaction nor a rate"),
        ({"rates": {"x": -K * X}}, ModelError, "'x' has both a reaction and a rate"),
        (
            {"reactions": (Reaction("loss", sympy.Symbol("k") * X, {"x": -1}),)},
            ModelError,
            r"'k' is a SymPy symbol of its own.*Write symbol\('k'\)",
        ),
        ({"rules": {"t": Rule(K * X, "uM/h", "flux")}}, ModelError, "rule 't'"),
        ({"parameters": PARTS["parameters"][0]}, ModelError, "a tuple of Parameter is allowed"),
        ({"rules": {"flux": K * X}}, ModelError, "a Rule is allowed"),
        ({"rates": {"x": 0.0}, "reactions": ()}, ModelError, "a SymPy expression is allowed"),
    ],
)
def test_a_contradiction_is_named(changes, error, message):
    with pytest.raises(error, match=message):
        made(**changes)


FIELDS = [
    "species",
    "parameters",
    "constants",
    "derived",
    "reactions",
    "rules",
    "rates",
    "ports",
    "inputs",
    "provides",
    "feasibility",
]
CASES = [(field, item) for field in FIELDS for item in (None, 3, "text", [1, 2], (1, 2))]


@pytest.mark.parametrize(("field", "nonsense"), [("name", None), ("name", "a b"), *CASES])
def test_nonsense_in_any_field_is_refused_with_an_error_of_our_tree(field, nonsense):
    with pytest.raises(CohortError):
        made(**{field: nonsense})
