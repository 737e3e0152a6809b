"""Formulas as text and as LaTeX: readable, and the same mathematics."""

import math
import random
import re

import pytest
import sympy
from pipelines_tolerances import PRINTED_DIGITS

from cohort.chemistry import Setting, chemistry, system_names
from cohort.model.submodel import expressions
from kernels import symbol
from pipelines.model_formula import infix, latex, latex_lines, latex_name, wrapped

A, B, C, D, X = map(symbol, ("a", "b", "c", "d", "x"))
FUNCTIONS = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "pi")},
    "max": max,
    "min": min,
    "abs": abs,
}


def value_of(text, values):
    return eval(text.replace("^", "**"), {"__builtins__": {}}, {**FUNCTIONS, **values})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A * X / (B + X), "a * x / (b + x)"),
        (A * (1 + B) / (1 + B * X**2), "a * (1 + b) / (1 + b * x^2)"),
        (X - 1, "x - 1"),
        (1 - X, "1 - x"),
        (-X - A, "-a - x"),
        (-A * X, "-a * x"),
        (A - B * (C - D), "a - b * (c - d)"),
        (A * (B - C), "a * (b - c)"),
        (1 / X, "1 / x"),
        (A / (B * C), "a / b / c"),
        (A / 2, "a / 2"),
        (sympy.Rational(2, 3) * A, "2 * a / 3"),
        (A + sympy.Rational(1, 2), "0.5 + a"),
        (A + sympy.Rational(1, 3), "(1 / 3) + a"),
        (A ** sympy.Rational(3, 2), "a^1.5"),
        (A**-B, "1 / a^b"),
        ((A * B) ** 2, "a^2 * b^2"),
        ((A + B) ** C, "(a + b)^c"),
        (A ** (B + 1), "a^(1 + b)"),
        (sympy.sqrt(A + B), "sqrt(a + b)"),
        (sympy.Max(A, sympy.Float(1e-6)), "max(1e-6, a)"),
        (sympy.exp(-A * X), "exp(-a * x)"),
        (sympy.Float(0.1) * A, "0.1 * a"),
        (sympy.pi * A, "pi * a"),
        (sympy.Piecewise((A, X > 1), (B, True)), "a if x > 1 else b"),
        (sympy.Integer(0), "0"),
    ],
)
def test_a_formula_reads_as_people_write_it(expression, text):
    assert infix(expression) == text


def test_names_of_a_product_stand_in_the_order_of_their_ranks():
    assert infix(A * B * C, {"a": 2, "b": 1}) == "c * b * a"
    upright = [latex_name(name) for name in "cba"]
    assert latex(A * B * C, {"a": 2, "b": 1}) == r" \cdot ".join(upright)


def test_cases_with_two_conditions_are_joined_by_words():
    both = sympy.Piecewise((A, sympy.And(X > 1, B < 2)), (sympy.Integer(0), True))
    either = sympy.Piecewise((A, sympy.Or(X > 1, B < 2)), (sympy.Integer(0), True))
    assert " and " in infix(both)
    assert " or " in infix(either)


@pytest.mark.parametrize("rhythm", ["none", "ultradian"])
def test_every_formula_of_the_chemistry_has_the_value_of_its_text(rhythm):
    draw = random.Random(5)
    checked = 0
    for part in chemistry(system_names(), Setting(meals=True, rhythm=rhythm)):
        for place, expression in expressions(part):
            symbols = sorted(expression.free_symbols, key=str)
            values = {item.name: draw.uniform(0.5, 2.0) for item in symbols}
            wanted = float(expression.subs({item: values[item.name] for item in symbols}))
            text = infix(expression)
            assert value_of(text, values) == pytest.approx(wanted, rel=PRINTED_DIGITS), place
            wrapped_text = wrapped(f"x = {text}", 60, "    ")
            assert " ".join(wrapped_text.split()) == f"x = {text}"
            checked += 1
    assert checked > 300


@pytest.mark.parametrize("rhythm", ["none", "ultradian"])
def test_latex_of_the_chemistry_survives_markdown(rhythm):
    for part in chemistry(system_names(), Setting(meals=True, rhythm=rhythm)):
        for place, expression in expressions(part):
            text = latex(expression)
            # Markdown takes a backslash before punctuation, and underscores and stars, for its own
            assert not re.search(r"\\[^a-zA-Z ]", text), place
            assert "_" not in text, place
            assert "*" not in text, place
            assert text.count("{") == text.count("}"), place
            assert text.count(r"\left") == text.count(r"\right"), place
            assert text.count(r"\begin") == text.count(r"\end"), place


def test_latex_of_a_product_keeps_each_saturation_in_one_fraction():
    text = latex(A * X / (B + X) * (1 + C) / (1 + C * X))
    assert text.count(r"\frac") == 2
    assert text.startswith(r"\mathrm{a} \cdot \frac")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (-A * X, r"- \mathrm{a} \cdot \mathrm{x}"),
        (A * (B - C), r"\mathrm{a} \cdot \left(\mathrm{b} - \mathrm{c}\right)"),
        (sympy.Float(0.1234567891), "0.123457"),
    ],
)
def test_latex_keeps_signs_and_brackets(expression, text):
    assert latex(expression) == text


def test_names_are_upright_in_latex():
    assert latex_name("sert_v_max") == r"\mathrm{sert\ v\ max}"


def test_a_long_latex_formula_is_broken_into_aligned_lines():
    parts = [(f"+ x{i}", 50) for i in range(5)]
    text = latex_lines(parts)
    assert text.startswith(r"\begin{aligned}& + x0 + x1 \cr & + x2")
    assert text.endswith(r"\end{aligned}")


def test_a_line_breaks_at_the_outermost_operator():
    text = "flux = v_max * substrate / (k_m + substrate) - (1 - blocked) * (1 + c) / (1 + c * x)"
    lines = wrapped(text, 60, "  ").splitlines()
    assert lines[1].startswith("  - (1 - blocked)")
    assert all(len(line) <= 60 for line in lines)


@pytest.mark.parametrize("width", [1, 5, 20])
def test_a_word_longer_than_the_line_stays_whole(width):
    text = "a_very_long_name_indeed + another_very_long_name"
    assert " ".join(wrapped(text, width, " ").split()) == text
    assert wrapped("a_very_long_name_indeed", width, " ") == "a_very_long_name_indeed"
