"""Rosenbrock methods as tables that check themselves.

A method is stored as its authors print it, in the form without matrix products: stage increments
``k`` solve ``(1/(h gamma) I - J) k_i = f(t + alpha_i h, y + sum a_ij k_j) + sum c_ij/h k_j +
h gamma_i df/dt``. From ``gamma``, ``a`` and ``c`` everything else follows; when a table is built
the classical coefficients are recovered and all order conditions are tested, so a wrong digit
cannot enter. In both methods the last stage increment is the error estimate.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kernels.errors import DeclarationError, UnknownNameError

__all__ = ["RODAS4", "RODAS5P", "RosenbrockTableau", "tableau", "tableau_names"]

Matrix = NDArray[np.float64]

_SHARES: Final = (0.2, 0.5, 0.9)  # of a step: more than the degree in each condition leaves free

_ROUND_OFF: Final = 2e-11  # printed coefficients reach 1e2 and have 16 digits


@dataclass(frozen=True, slots=True, kw_only=True)
class RosenbrockTableau:
    r"""Hold one Rosenbrock method with its embedded error estimate.

    Parameters
    ----------
    name
        What `Solver.method` calls it.
    order, error_order
        Order of the solution and of the embedded one.
    gamma
        Diagonal coefficient.
    dense_order
        Order of the solution between the ends of a step.
    a, c
        Strictly lower rows of stages 2, 3, ...; the last two rows of ``a`` are not stored, because
        each repeats the row before and adds 1 times the last increment.
    dense
        Rows of the dense output: at the share s of a step the solution is ``(1 - s) y0 + s (y1 +
        (1 - s) (d_1 + s (d_2 + ...)))`` with ``d_m = sum dense_mj k_j``.
    source
        Where the digits were read.

    Notes
    -----
    With :math:`\Gamma^{-1} = I/\gamma - C`: :math:`\alpha = A\Gamma`, :math:`b = m\Gamma`. Checked:
    the conditions of all trees up to ``order`` (17 for order 5), those of the embedded solution up
    to ``error_order``, those of the dense output at three shares up to ``dense_order``, and
    :math:`R(\infty) = 0`.

    Raises
    ------
    DeclarationError
        If a condition fails, naming it.

    Examples
    --------
    >>> RODAS5P.n_stage, round(RODAS5P.alpha[1], 6)
    (8, 0.635813)
    """

    name: str
    order: int
    error_order: int
    dense_order: int
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    dense: tuple[tuple[float, ...], ...]
    source: str
    alpha: tuple[float, ...] = field(init=False)
    gamma_sums: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        a, c = self._matrices()
        inverse = np.eye(self.n_stage) / self.gamma - c
        big_gamma: Matrix = np.asarray(np.linalg.inv(inverse), np.float64)
        alpha: Matrix = a[: self.n_stage] @ big_gamma
        weights = a[self.n_stage] @ big_gamma
        embedded = a[self.n_stage - 1] @ big_gamma
        _check(self.name, alpha, big_gamma, weights, self.order)
        _check(f"{self.name} embedded", alpha, big_gamma, embedded, self.error_order)
        for share in _SHARES:
            within = share * (a[self.n_stage] + (1.0 - share) * self._dense_row(share)) @ big_gamma
            _check(f"{self.name} dense", alpha, big_gamma, within, self.dense_order, share)
        beta_inverse = np.linalg.inv(alpha + big_gamma)
        limit = 1.0 - float(weights @ beta_inverse @ np.ones(self.n_stage))
        _demand(self.name, "R(infinity) = 0", limit, 0.0)
        # from the printed digits by forward substitution, not from the matrices above: their last
        # bits depend on the linear algebra library, and every machine must have the same
        sums: list[float] = []
        for row in c.tolist():
            known = zip(row, sums, strict=False)
            sums.append(self.gamma * (1.0 + math.fsum(c_ij * x for c_ij, x in known)))
        alphas = [
            math.fsum(a_ij * x for a_ij, x in zip(row, sums, strict=True))
            for row in a[: self.n_stage].tolist()
        ]
        object.__setattr__(self, "alpha", _snapped(alphas))
        object.__setattr__(self, "gamma_sums", _snapped(sums))

    @property
    def n_stage(self) -> int:
        """Number of stages.

        Examples
        --------
        >>> RODAS4.n_stage
        6
        """
        return len(self.c) + 1

    def _dense_row(self, share: float) -> Matrix:
        rows = np.array([(*row, *[0.0] * (self.n_stage - len(row))) for row in self.dense])
        return np.asarray(share ** np.arange(len(rows)) @ rows, np.float64)

    def _matrices(self) -> tuple[Matrix, Matrix]:
        n = self.n_stage
        a, c = np.zeros((n + 1, n)), np.zeros((n, n))
        for i, row in enumerate(self.a, start=1):
            a[i, : len(row)] = row
        for i in range(len(self.a) + 1, n + 1):
            a[i] = a[i - 1]
            a[i, i - 1] = 1.0
        for i, row in enumerate(self.c, start=1):
            c[i, : len(row)] = row
        return a, c


def _snapped(values: list[float]) -> tuple[float, ...]:
    # 0 and 1 come back with round-off
    return tuple(float(round(x)) if abs(x - round(x)) < _ROUND_OFF else x for x in values)


def _check(
    name: str, alpha: Matrix, gamma: Matrix, b: Matrix, order: int, share: float = 1.0
) -> None:
    beta = alpha + gamma
    a1, b1 = alpha.sum(axis=1), beta.sum(axis=1)
    trees: dict[int, dict[str, tuple[float, Fraction]]] = {
        1: {"b": (b.sum(), Fraction(1))},
        2: {"b beta": (b @ b1, Fraction(1, 2))},
        3: {
            "b alpha^2": (b @ a1**2, Fraction(1, 3)),
            "b beta beta": (b @ beta @ b1, Fraction(1, 6)),
        },
        4: {
            "b alpha^3": (b @ a1**3, Fraction(1, 4)),
            "b alpha alpha beta": (b @ (a1 * (alpha @ b1)), Fraction(1, 8)),
            "b beta alpha^2": (b @ beta @ a1**2, Fraction(1, 12)),
            "b beta beta beta": (b @ beta @ beta @ b1, Fraction(1, 24)),
        },
        5: {
            "b alpha^4": (b @ a1**4, Fraction(1, 5)),
            "b alpha^2 alpha beta": (b @ (a1**2 * (alpha @ b1)), Fraction(1, 10)),
            "b (alpha beta)^2": (b @ (alpha @ b1) ** 2, Fraction(1, 20)),
            "b alpha alpha alpha^2": (b @ (a1 * (alpha @ a1**2)), Fraction(1, 15)),
            "b alpha alpha beta beta": (b @ (a1 * (alpha @ beta @ b1)), Fraction(1, 30)),
            "b beta alpha^3": (b @ beta @ a1**3, Fraction(1, 20)),
            "b beta alpha alpha beta": (b @ beta @ (a1 * (alpha @ b1)), Fraction(1, 40)),
            "b beta beta alpha^2": (b @ beta @ beta @ a1**2, Fraction(1, 60)),
            "b beta beta beta beta": (b @ beta @ beta @ beta @ b1, Fraction(1, 120)),
        },
    }
    for degree in range(1, order + 1):
        for tree, (value, wanted) in trees[degree].items():
            _demand(name, f"order {degree}, sum {tree}", float(value), wanted * share**degree)


def _demand(name: str, condition: str, value: float, wanted: float) -> None:
    if not abs(value - wanted) < _ROUND_OFF:
        raise DeclarationError(
            f"tableau '{name}'",
            f"{condition} is {value!r}",
            f"it is {wanted!r} for this method",
            "Compare the digits with the source",
        )


RODAS5P: Final = RosenbrockTableau(
    name="rodas5p",
    order=5,
    error_order=4,
    dense_order=4,
    gamma=0.21193756319429014,
    a=(
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        (
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
        ),
    ),
    c=(
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (
            24.854864614690072,
            -3.0009227002832186,
            47.4931110020768,
            5.5814197821558125,
            -0.6610691825249471,
        ),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
    dense=(
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ),
    source="Steinebach 2023, BIT Numerical Mathematics 63:27, table of Rodas5P",
)
"""Order 5(4), L-stable; the default."""

RODAS4: Final = RosenbrockTableau(
    name="rodas4",
    order=4,
    error_order=3,
    dense_order=3,
    gamma=0.25,
    a=(
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
    ),
    c=(
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
        (
            8.083246795921522,
            -7.981132988064893,
            -31.52159432874371,
            16.31930543123136,
            -6.058818238834054,
        ),
    ),
    dense=(
        (
            10.12623508344586,
            -7.487995877610167,
            -34.80091861555747,
            -7.992771707568823,
            1.025137723295662,
        ),
        (
            -0.6762803392801253,
            6.087714651680015,
            16.43084320892478,
            24.76722511418386,
            -6.594389125716872,
        ),
    ),
    source="Hairer and Wanner, Solving Ordinary Differential Equations II, RODAS",
)
"""Order 4(3), L-stable; six stages."""

_TABLEAUS: Final = MappingProxyType({table.name: table for table in (RODAS5P, RODAS4)})


def tableau_names() -> tuple[str, ...]:
    """Return the names of all methods.

    Examples
    --------
    >>> tableau_names()
    ('rodas5p', 'rodas4')
    """
    return tuple(_TABLEAUS)


def tableau(name: str) -> RosenbrockTableau:
    """Return a method by name.

    Parameters
    ----------
    name
        One of `tableau_names`.

    Returns
    -------
    The table.

    Raises
    ------
    UnknownNameError
        If there is no such method.

    Examples
    --------
    >>> tableau("rodas4").order
    4
    """
    if name not in _TABLEAUS:
        raise UnknownNameError(
            "solver.method", "method", name, _TABLEAUS, "kernels.tableau_names()"
        )
    return _TABLEAUS[name]
