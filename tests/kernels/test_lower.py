"""Lowering: right derivatives, right factors, the same text everywhere, a cache that cannot lie."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels_tolerances import RELATIVE_ROUND_OFF

from kernels import TIME, LoweringError, OdeSystem, Program, lower, program_cache, symbol
from kernels.program_cache import cache_folder
from kernels.sparse_lu import factorise

GOLDEN = Path(__file__).with_name("golden")
A, B, X, Y, U = map(symbol, ("a", "b", "x", "y", "u"))


@pytest.fixture(autouse=True)
def no_cache_of_earlier_lowerings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(program_cache, "_MEMORY", {})


def decay():
    return OdeSystem(name="decay", states=("x",), parameters=("a",), rhs={"x": -A * X})


def saturable():
    flux = A * X / (B + X)
    return OdeSystem(
        name="saturable",
        states=("x", "y"),
        parameters=("a", "b"),
        inputs=("u",),
        rhs={"x": U - flux, "y": flux - sympy.sqrt(A) * Y},
        quadratures={"area": Y},
        observables={"ratio": Y / (B + X)},
    )


def driven():
    choice = sympy.Piecewise((X, X > Y), (Y**2, True))
    return OdeSystem(
        name="driven",
        states=("x", "y"),
        parameters=("a", "b"),
        rhs={
            "x": sympy.cos(A * TIME) - X ** sympy.Rational(3, 2) + sympy.Max(0, Y - B),
            "y": choice * sympy.exp(-B) - X**A + sympy.log(1 + Y**2),
        },
    )


SYSTEMS = {"decay": decay, "saturable": saturable, "driven": driven}


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_text_is_the_golden_one(name):
    # regenerate on purpose: python tests/kernels/test_lower.py, and read the difference
    assert lower(SYSTEMS[name]()).to_text() == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_text_can_be_read_back(name):
    program = lower(SYSTEMS[name]())
    assert Program.from_text(program.to_text()) == program


def test_the_text_does_not_depend_on_the_hash_seed(tmp_path):
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "import test_lower as t; from kernels import lower\n"
        "sys.stdout.write(''.join(lower(make()).to_text() for make in t.SYSTEMS.values()))"
    )
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), str(here.parents[1])]
    texts = set()
    for seed in ("0", "1", "77"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed)}
        run = subprocess.run(
            [sys.executable, "-c", code, *paths],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        texts.add(run.stdout)
    assert len(texts) == 1
    assert "system driven" in texts.pop()


def values_of(system, rng):
    values = {symbol(name): rng.uniform(0.5, 2) for name in (*system.states, *system.parameters)}
    values |= {symbol(name): rng.uniform(0.5, 2) for name in (*system.inputs, *system.quadratures)}
    return values | {TIME: rng.uniform(0.5, 2)}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("seed", range(3))
def test_every_section_has_the_values_of_the_expressions(name, seed):
    system = SYSTEMS[name]()
    program = lower(system)
    values = values_of(system, np.random.default_rng(seed))

    def number(expression):
        return float(sympy.sympify(expression).subs(values).evalf(30).subs(sympy.Heaviside(0), 0))

    given_values = {
        "t": [values[TIME]],
        "y": [values[symbol(n)] for n in (*system.states, *system.quadratures)],
        "p": [values[symbol(n)] for n in system.parameters],
        "u": [values[symbol(n)] for n in system.inputs],
    }
    given_values["h"] = list(program.hoist.evaluate(given_values))
    rows = [*system.rhs.values(), *system.quadratures.values()]
    expected = [number(row) for row in rows]
    assert program.rhs.evaluate(given_values) == pytest.approx(expected, rel=RELATIVE_ROUND_OFF)
    step = program.step.evaluate(given_values)
    n, n_j = program.n_row, len(program.jacobian)
    assert step[:n] == pytest.approx(expected, rel=RELATIVE_ROUND_OFF)
    for (i, j), value in zip(program.jacobian, step[n : n + n_j], strict=True):
        derivative = sympy.diff(rows[i], symbol(system.states[j]))
        assert value == pytest.approx(number(derivative), rel=RELATIVE_ROUND_OFF)
    for row, value in zip(rows, step[n + n_j :], strict=True):
        slope = number(sympy.diff(row, TIME))
        assert value == pytest.approx(slope, rel=RELATIVE_ROUND_OFF, abs=RELATIVE_ROUND_OFF)


def test_nothing_missing_from_the_jacobian_pattern():
    for make in SYSTEMS.values():
        system = make()
        program = lower(system)
        rows = [*system.rhs.values(), *system.quadratures.values()]
        for i, row in enumerate(rows):
            for j, state in enumerate(system.states):
                if (i, j) not in program.jacobian:
                    assert sympy.sympify(row).diff(symbol(state)) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0.05, 0.9))
def test_factors_solve_random_sparse_systems(n, seed, density):
    rng = np.random.default_rng(seed)
    jacobian = np.where(rng.random((n, n)) < density, rng.normal(size=(n, n)), 0.0)
    pattern = tuple((int(i), int(j)) for i, j in zip(*np.nonzero(jacobian), strict=True))
    g = 4.0 * n  # dominates the diagonal, as a small step does
    factors = factorise(n, pattern)
    m = factors.lu.evaluate({"j": [jacobian[entry] for entry in pattern], "g": [g]})
    b = rng.normal(size=n)
    x = factors.solve.evaluate({"m": list(m), "b": list(b)})
    expected = np.linalg.solve(g * np.eye(n) - jacobian, b)
    assert x == pytest.approx(expected, rel=RELATIVE_ROUND_OFF, abs=RELATIVE_ROUND_OFF)


def test_an_arrow_matrix_fills_nothing_in():
    n = 12
    pattern = tuple([(0, i) for i in range(n)] + [(i, 0) for i in range(1, n)])
    assert len(factorise(n, pattern).pattern) == 3 * n - 2


def test_what_depends_on_parameters_alone_is_computed_once():
    k_m = symbol("k_m")
    capacity = A / (B / (k_m + B)) + sympy.exp(A)
    system = OdeSystem(
        name="solved",
        states=("x",),
        parameters=("a", "b", "k_m"),
        rhs={"x": -capacity * X / (k_m + X)},
    )
    program = lower(system)
    assert not {line.op.value for line in program.rhs.instructions} & {"exp", "log", "pow"}
    assert len(program.rhs.instructions) <= 3
    assert len(program.hoist.instructions) >= 4


def test_equal_work_is_written_once():
    shared = sympy.sqrt(1 + X**2)
    system = OdeSystem(
        name="shared",
        states=("x", "y"),
        parameters=(),
        rhs={"x": -shared, "y": shared / (2 + Y)},
    )
    assert sum(line.op.value == "sqrt" for line in lower(system).rhs.instructions) == 1


@pytest.mark.parametrize("x", [-0.5, 0.5, 2.0])
def test_nested_choices_have_the_right_derivative(x):
    clamped = sympy.Min(1, sympy.Max(0, X))
    system = OdeSystem(name="clamp", states=("x",), parameters=(), rhs={"x": clamped * X})
    value, slope, _ = lower(system).step.evaluate({"y": [x], "t": [0.0]})
    inside = 0 < x < 1
    assert value == pytest.approx(x * min(1, max(0, x)))
    assert slope == pytest.approx(2 * x if inside else min(1, max(0, x)))


def test_a_function_no_backend_has_is_refused_with_its_place():
    system = OdeSystem(name="odd", states=("x",), parameters=(), rhs={"x": sympy.gamma(X)})
    with pytest.raises(LoweringError, match=r"odd.*gamma"):
        lower(system)


def test_a_piecewise_without_a_last_word_is_refused():
    gap = sympy.Piecewise((X, X > 1))
    with pytest.raises(LoweringError, match="no condition holds"):
        lower(OdeSystem(name="gap", states=("x",), parameters=(), rhs={"x": gap}))


def fresh(name):
    return OdeSystem(name=name, states=("x",), parameters=(), rhs={"x": -X})


def test_a_damaged_cache_file_is_built_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lower(fresh("damage"))
    (path,) = cache_folder().glob("*.program")
    first = path.read_text(encoding="utf-8")
    path.write_text(first[: len(first) // 2], encoding="utf-8")
    code = (
        "from kernels import OdeSystem, lower, symbol; x = symbol('x');"
        "print(lower(OdeSystem(name='damage', states=('x',), parameters=(), rhs={'x': -x})).n_row)"
    )
    root = str(Path(__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "1"
    assert path.read_text(encoding="utf-8") == first


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert lower(fresh("blocked")).n_row == 1


def test_constants_of_the_text_keep_every_bit():
    system = OdeSystem(name="third", states=("x",), parameters=(), rhs={"x": -X / 3 + math.pi})
    program = lower(system)
    assert Program.from_text(program.to_text()).rhs == program.rhs


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for key, make_system in SYSTEMS.items():
        (GOLDEN / f"{key}.txt").write_text(lower(make_system()).to_text(), encoding="utf-8")
