"""Declarations: every contradiction is refused where it is made, and the hash is the content."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import sympy

from kernels import (
    TIME,
    DeclarationError,
    KernelError,
    OdeSystem,
    RangeError,
    UnknownNameError,
    symbol,
)

X, Y, K, U, Q = map(symbol, ("x", "y", "k", "u", "q"))


def system(**changes):
    fields = {
        "name": "pair",
        "states": ("x", "y"),
        "parameters": ("k",),
        "inputs": ("u",),
        "rhs": {"x": U - K * X, "y": K * X - sympy.exp(-TIME) * Y},
        "quadratures": {"q": X**2},
        "observables": {"total": X + Y, "mean": Q / (1 + TIME), "x": X},
        "scales": {"x": 2.0},
    }
    return OdeSystem(**(fields | changes))


def test_equations_are_kept_in_the_order_of_the_states():
    assert tuple(system(rhs={"y": K, "x": U}).rhs) == ("x", "y")


def test_numbers_are_expressions():
    assert system(rhs={"x": 1, "y": 0.5}).rhs == {"x": sympy.Integer(1), "y": sympy.Float(0.5)}


REFUSED = [
    ({"states": ()}, DeclarationError, "no state; a system has at least one"),
    ({"states": "xy"}, DeclarationError, r"'xy'; a tuple of names.*Write states=\('a', 'b'\)"),
    ({"states": ("x", "x")}, DeclarationError, "'x' is already declared in states"),
    ({"parameters": ("k", "x")}, DeclarationError, "'x' is already declared in states"),
    ({"inputs": ("u", "k")}, DeclarationError, "'k' is already declared in parameters"),
    ({"quadratures": {"k": X}}, DeclarationError, "'k' is already declared in parameters"),
    ({"states": ("x", "2y")}, DeclarationError, "'2y' is no name; names are ASCII identifiers"),
    ({"parameters": ("k", "k\u03b1")}, DeclarationError, "names are ASCII identifiers"),
    ({"parameters": ("k", "t")}, DeclarationError, "'t'; it is kept for absolute time"),
    ({"rhs": {"x": U}}, DeclarationError, r"no equation for 'y'; every state has one. Add rhs"),
    ({"rhs": {"x": U, "y": K, "yy": K}}, UnknownNameError, "unknown state 'yy'.*'y'"),
    ({"rhs": [U, K]}, DeclarationError, "a mapping from name to expression"),
    ({"rhs": {"x": "k*x", "y": K}}, DeclarationError, r"rhs\['x'\]: 'k\*x' of type str"),
    ({"rhs": {"x": True, "y": K}}, DeclarationError, "of type bool"),
    ({"rhs": {"x": X > 0, "y": K}}, DeclarationError, "a SymPy expression or a number"),
    ({"rhs": {"x": sympy.zoo, "y": K}}, DeclarationError, "real and defined"),
    ({"rhs": {"x": sympy.I * X, "y": K}}, DeclarationError, "imaginary unit"),
    ({"rhs": {"x": symbol("kk"), "y": K}}, UnknownNameError, r"rhs\['x'\]: unknown symbol 'kk'"),
    ({"rhs": {"x": sympy.Symbol("k"), "y": K}}, DeclarationError, "Make it with kernels.symbol"),
    ({"rhs": {"x": Q, "y": K}}, DeclarationError, "it reads quadrature 'q'; only observables"),
    ({"quadratures": {"q": Q}}, DeclarationError, "it reads quadrature 'q'"),
    ({"observables": {"o": symbol("z")}}, UnknownNameError, r"observables\['o'\]: unknown symbol"),
    ({"observables": {"x": 2 * X}}, DeclarationError, "'x' is declared as another quantity"),
    ({"scales": {"z": 1.0}}, UnknownNameError, "unknown state 'z'"),
    ({"scales": [1.0]}, DeclarationError, "a mapping from state to number"),
    ({"scales": {"x": 0.0}}, RangeError, r"scales\['x'\]: 0.0; .*greater than zero"),
    ({"scales": {"x": float("nan")}}, RangeError, "nan; a scale is a finite number"),
    ({"scales": {"x": True}}, RangeError, "True; a scale is a finite number"),
    ({"seconds_per_time_unit": 0}, RangeError, r"0 \[s\]; a whole number of seconds"),
    ({"seconds_per_time_unit": 60.0}, RangeError, r"60.0 \[s\]"),
]


@pytest.mark.parametrize(("changes", "kind", "message"), REFUSED)
def test_contradictions_are_refused_with_their_place(changes, kind, message):
    with pytest.raises(kind, match=message):
        system(**changes)


FIELDS = [
    "states", "parameters", "inputs", "rhs", "quadratures", "observables", "scales",
    "seconds_per_time_unit",
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("nonsense", [None, 3.5, "word", object(), [None], {"x": None}])
def test_nonsense_in_any_field_is_an_error_of_the_tree(field, nonsense):
    with pytest.raises(KernelError):
        system(**{field: nonsense})


@pytest.mark.parametrize("name", ["", "two\nlines", None])
def test_a_name_is_one_line_of_text(name):
    with pytest.raises(DeclarationError, match="a name is one line"):
        system(name=name)


def test_declarations_cannot_be_changed():
    declared = system()
    with pytest.raises(AttributeError):
        declared.name = "other"
    with pytest.raises(TypeError):
        declared.rhs["x"] = K


def test_a_later_change_of_the_given_mapping_changes_nothing():
    given = {"x": U, "y": K}
    declared = system(rhs=given)
    given["x"] = K
    assert declared.rhs["x"] == U


def test_a_system_survives_pickling():
    declared = system()
    again = pickle.loads(pickle.dumps(declared))
    assert again == declared
    assert hash(again) == hash(declared)
    assert dict(again.observables) == dict(declared.observables)


CHANGES = [
    {"name": "other"},
    {"states": ("y", "x")},
    {"parameters": ("k", "l")},
    {"inputs": ("u", "w")},
    {"rhs": {"x": U, "y": K}},
    {"rhs": {"x": 2.0 * U, "y": K}},
    {"rhs": {"x": 2 * U, "y": K}},
    {"quadratures": {"q": X**3}},
    {"quadratures": {}, "observables": {}},
    {"observables": {"total": X - Y}},
    {"scales": {"x": 3.0}},
    {"seconds_per_time_unit": 60},
]


def test_the_hash_changes_with_anything_declared():
    hashes = [system().content_hash(), *(system(**change).content_hash() for change in CHANGES)]
    assert len(set(hashes)) == len(hashes)


def test_the_hash_does_not_depend_on_how_a_sum_was_written():
    first = system(rhs={"x": U + K * X, "y": K})
    second = system(rhs={"x": X * K + U, "y": K})
    assert first == second


def test_the_order_of_comparison_matters_to_the_hash():
    up, down = (sympy.Piecewise((X, chosen), (K, True)) for chosen in (X > Y, X < Y))
    assert system(rhs={"x": up, "y": K}) != system(rhs={"x": down, "y": K})


def test_the_hash_is_the_same_under_any_hash_seed():
    code = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from test_system import system; print(system().content_hash())"
    )
    here = Path(__file__).parent
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code, str(here), str(here.parents[1])],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "42")
    }
    assert hashes == {system().content_hash()}
