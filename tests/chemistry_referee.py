"""Independent referee of the brain chemistry: reads equations as printed, solves them with SciPy.

It shares no code with the package, so that it can judge it. A text has four blocks, one statement a
line, ``#`` starts a remark: ``[controls]`` and ``[baselines]`` are names with numbers; formulas in
``[capacities]`` may read baselines and the capacities above them; ``[equations]`` holds functions
``m(s,K) = s/(K+s)``, intermediate quantities ``x = ...`` and rates ``X' = ...``, which may read
states, controls, capacities and the clock ``t``. ``^`` is a power. Hours and micromolar.
"""

import ast
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

FIRST_PRINTING = Path(__file__).parent / "cohort" / "referees" / "first_printing.txt"
BUILT_IN = {name: getattr(math, name) for name in ("exp", "log", "cos", "sqrt", "pi")}
BUILT_IN |= {"max": max, "min": min}
BLOCKS = {"controls", "baselines", "capacities", "equations"}
STATEMENT = re.compile(
    r"(?P<name>\w+)(?:(?P<rate>')|\((?P<arguments>[\w, ]+)\))?\s*=\s*(?P<formula>.+)"
)


@dataclass(frozen=True)
class Equations:
    """A system of rates with its rest; names map to floats throughout."""

    baseline: dict[str, float]
    controls: dict[str, float]
    rates: Callable  # (clock, state values, control values), both in the order of the dicts

    @property
    def states(self):
        return tuple(self.baseline)

    def rhs(self, t, y, controls):
        """Return dy/dt per hour at clock ``t`` [h]."""
        return self._derivative(controls)(t, np.asarray(y, dtype=float))

    def simulate(
        self,
        controls,
        hours,
        start=None,
        t0=0.0,
        rtol=1e-10,
        atol=1e-14,
        max_calls=1_000_000,  # a month needs ten thousand
    ):
        """Return the states after ``hours`` under constant controls, from rest or ``start``."""
        rates, calls = self._derivative(controls), count()

        def derivative(t, y):
            if next(calls) == max_calls:  # LSODA creeps up to a pole without end
                raise RuntimeError(f"stopped at {t:g} h after {max_calls} calls")
            try:
                return rates(t, y)
            except (ArithmeticError, TypeError, ValueError) as error:  # TypeError: complex rate
                raise RuntimeError(f"stopped at {t:g} h: {error}") from error

        y0 = np.array([(start or self.baseline)[name] for name in self.states])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what LSODA warns of is raised below
            solution = solve_ivp(
                derivative, (t0, t0 + hours), y0, method="LSODA", rtol=rtol, atol=atol
            )
        if not solution.success or not np.isfinite(solution.y[:, -1]).all():
            raise RuntimeError(f"stopped at {solution.t[-1]:g} h: {solution.message}")
        return dict(zip(self.states, solution.y[:, -1].tolist(), strict=True))

    def follow(self, steps, **options):
        """Return the states after steps of (controls, hours); the clock starts at 0."""
        state, clock = None, 0.0
        for controls, hours in steps:
            state = self.simulate(controls, hours, state, clock, **options)
            clock += hours
        return state

    def rest_residual(self):
        """Return the largest |dy/dt| / |y| at the baseline [1/h]."""
        y = np.array(list(self.baseline.values()))
        return float(np.max(np.abs(self.rhs(0.0, y, {}) / y)))

    def _derivative(self, controls):
        refuse_unknown("controls", controls, self.controls)
        settings = tuple((self.controls | controls).values())

        def derivative(t, y):
            return np.array(self.rates(t, y.tolist(), settings), dtype=float)

        return derivative


@cache
def first_printing():
    """Return the 61 equations as they were first printed."""
    return read(FIRST_PRINTING)


def read(path):
    """Read and compile a text; raise ValueError for what it does not explain or does not use."""
    blocks = statements(Path(path).read_text(encoding="utf-8"))
    refuse_repeats([line for lines in blocks.values() for line in lines])
    baseline, controls = numbers(blocks["baselines"]), numbers(blocks["controls"])
    scope = dict(BUILT_IN)
    body = []
    for line in blocks["equations"]:
        if line["arguments"]:
            exec(f"def {line['name']}({line['arguments']}): return {line['formula']}", scope)
        else:
            body.append(line)
    for line in blocks["capacities"]:
        scope[line["name"]] = eval(line["formula"], scope, baseline)
    source = written(body, tuple(baseline), tuple(controls))
    refuse_gaps(source, body, baseline, controls, scope)
    exec(source, scope)  # once: a call then costs what plain Python costs
    return Equations(baseline, controls, scope["rates"])


def statements(text):
    """Return the statements of each block, as matches of STATEMENT."""
    blocks, block = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("#")[0].strip().replace("^", "**")
        if code.startswith("["):
            block = blocks.setdefault(code.strip("[]"), [])
        elif code:
            match = STATEMENT.fullmatch(code)
            if match is None or block is None:
                raise ValueError(f"line {number}: not a statement of a block: {line!r}")
            block.append(match)
    if set(blocks) != BLOCKS:
        raise ValueError(f"blocks {sorted(blocks)}; the text needs {sorted(BLOCKS)}")
    return blocks


def numbers(lines):
    return {line["name"]: float(line["formula"]) for line in lines}


def written(body, states, controls):
    """Return the source of one function that computes all rates."""
    lines = [
        "def rates(t, _y, _u):",
        f"({', '.join(states)},) = _y",
        f"({', '.join(controls)},) = _u",
        *(f"{'d_' if line['rate'] else ''}{line['name']} = {line['formula']}" for line in body),
        f"return [{', '.join('d_' + name for name in states)}]",
    ]
    return "\n    ".join(lines)


def refuse_repeats(lines):
    names = [line["name"] + (line["rate"] or "") for line in lines]
    counts = Counter([*names, *BUILT_IN])
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise ValueError(f"given twice: {repeated}")


def refuse_gaps(source, body, baseline, controls, scope):
    rates = {line["name"] for line in body if line["rate"]}
    if rates != set(baseline):
        raise ValueError(f"a rate or a baseline is missing: {sorted(rates ^ set(baseline))}")
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    known = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    unknown = used - known - set(scope) - {"t", "_y", "_u"}
    if unknown:
        raise ValueError(f"not explained: {sorted(unknown)}")
    idle = set(controls) - used
    if idle:
        raise ValueError(f"controls that change nothing: {sorted(idle)}")


def refuse_unknown(kind, names, known):
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"unknown {kind} {unknown}; known: {sorted(known)}")
