"""Tables check themselves: a wrong digit cannot enter."""

from dataclasses import replace

import pytest

from kernels import DeclarationError, UnknownNameError
from kernels.tableaus import RODAS4, RODAS5P, RosenbrockTableau, tableau, tableau_names

PUBLISHED_ALPHA = (
    0.0,
    0.6358126895828704,
    0.4095798393397535,
    0.9769306725060716,
    0.4288403609558664,
)
"""Abscissae of RODAS5P as Steinebach 2023 prints them; the table recovers them from a and gamma."""


def rebuilt(table, **changes):
    fields = ("name", "order", "error_order", "dense_order", "gamma", "a", "c", "dense", "source")
    return RosenbrockTableau(**{name: getattr(table, name) for name in fields} | changes)


def test_the_recovered_abscissae_are_the_published_ones():
    assert RODAS5P.alpha[:5] == pytest.approx(PUBLISHED_ALPHA, abs=1e-13)
    assert RODAS5P.alpha[5:] == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("table", [RODAS4, RODAS5P])
def test_one_wrong_digit_anywhere_is_refused(table):
    for group in ("a", "c", "dense"):
        rows = getattr(table, group)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if group == "dense" and j == table.n_stage - 1:
                    continue  # the error estimate: no condition of the order below sees it
                wrong = (*row[:j], value * (1 + 1e-7), *row[j + 1 :])
                with pytest.raises(DeclarationError, match=table.name):
                    rebuilt(table, **{group: (*rows[:i], wrong, *rows[i + 1 :])})
    with pytest.raises(DeclarationError):
        rebuilt(table, gamma=table.gamma * (1 + 1e-7))


def test_a_higher_order_than_the_method_has_is_refused():
    with pytest.raises(DeclarationError, match="order 5"):
        rebuilt(RODAS4, order=5)
    with pytest.raises(DeclarationError, match="dense': order 5"):
        rebuilt(RODAS5P, dense_order=5)


def test_methods_are_found_by_name():
    assert [tableau(name).name for name in tableau_names()] == ["rodas5p", "rodas4"]
    with pytest.raises(UnknownNameError, match="rodas5p"):
        tableau("rodas5")


def test_a_table_is_frozen():
    with pytest.raises(AttributeError):
        RODAS4.order = 5
    with pytest.raises((TypeError, ValueError), match="init=False"):
        replace(RODAS4, alpha=())
