"""Named rate laws: the few shapes from which every system here is written.

Each is a function of SymPy expressions, exact (no smoothing): a maximum is `Max`, a case is
`Piecewise`. Shapes of regulation are written so that they are 1 at rest, where the regulator is 1.
Imports SymPy and `cohort.errors`; the content files enter here.
"""

import sympy

from cohort.errors import RangeError

__all__ = [
    "activation",
    "autoreceptor_view",
    "half_inhibition",
    "inhibition",
    "mass_action",
    "michaelis_menten",
    "positive_part",
    "receptor_view",
    "relaxation",
    "smooth_excess",
    "substrate_inhibition",
]

# Lowest tone that an autoreceptor reads: keeps powers of it real.
_VIEW_FLOOR = sympy.Float(1e-6)
_NONE = sympy.Integer(0)


def michaelis_menten(s: sympy.Expr, k_m: sympy.Expr) -> sympy.Expr:
    """Return the saturation ``s / (k_m + s)`` [1].

    Parameters
    ----------
    s
        Substrate.
    k_m
        Concentration at half saturation [unit of ``s``].

    Returns
    -------
    Fraction of the maximal rate.

    Examples
    --------
    >>> michaelis_menten(sympy.Integer(2), sympy.Integer(6))
    1/4
    """
    return s / (k_m + s)


def substrate_inhibition(s: sympy.Expr, k_m: sympy.Expr, k_i: sympy.Expr) -> sympy.Expr:
    """Return Haldane's law ``s / (k_m + s + s^2 / k_i)`` [1].

    Parameters
    ----------
    s
        Substrate.
    k_m
        Michaelis constant [unit of ``s``].
    k_i
        Constant of inhibition by the substrate [unit of ``s``].

    Returns
    -------
    Fraction of the maximal rate without inhibition.

    Examples
    --------
    >>> substrate_inhibition(sympy.Integer(20), sympy.Integer(40), sympy.Integer(1000))
    50/151
    """
    return s / (k_m + s + s**2 / k_i)


def inhibition(x: sympy.Expr, c: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    """Return ``(1 + c) / (1 + c x^n)``: 1 at rest, at most ``1 + c`` [1].

    Parameters
    ----------
    x
        Regulator relative to rest [1], not negative.
    c
        Strength [1]; the inhibitor removes at most the factor ``1 / (1 + c)`` at rest.
    n
        Steepness [1].

    Returns
    -------
    Factor on the regulated rate.

    Examples
    --------
    >>> inhibition(sympy.Integer(1), sympy.Float(0.3), sympy.Integer(1))
    1.00000000000000
    """
    return (1 + c) / (1 + c * x**n)


def half_inhibition(c: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    """Return the regulator at which `inhibition` is half of its most, ``c^(-1/n)`` [1].

    Parameters
    ----------
    c
        Strength of the inhibition [1], greater than zero.
    n
        Steepness [1].

    Returns
    -------
    Half saturation of the receptor behind the law, in units of the tone at rest.

    Examples
    --------
    >>> half_inhibition(sympy.Rational(1, 4), sympy.Integer(2))
    2
    """
    return c ** (-1 / n)


def activation(x: sympy.Expr, a: sympy.Expr) -> sympy.Expr:
    """Return ``(1 + a) x / (x + a)``: 1 at rest, at most ``1 + a`` [1].

    Parameters
    ----------
    x
        Regulator relative to rest [1], not negative.
    a
        Half saturation in units of the tone at rest [1].

    Returns
    -------
    Factor on the regulated rate.

    Examples
    --------
    >>> activation(sympy.Integer(4), sympy.Integer(2))
    2
    """
    return (1 + a) * x / (x + a)


def receptor_view(
    x: sympy.Expr, half_saturation: sympy.Expr, antagonist: sympy.Expr, agonist: sympy.Expr
) -> sympy.Expr:
    r"""Return the tone that would act alone as transmitter and drugs act together [1].

    Parameters
    ----------
    x
        Transmitter relative to rest [1], not negative.
    half_saturation
        Half saturation of the receptor in units of the tone at rest [1].
    antagonist
        Fraction of free receptors that the antagonist part of all drugs holds [1].
    agonist
        Agonist part of all drugs, in half saturations [1], not negative.

    Returns
    -------
    Tone. With one full agonist and nothing else it is the transmitter, plus the drug counted in
    half saturations.

    Notes
    -----
    Drug *i* at :math:`d_i` times its EC50, with efficacy :math:`e_i`, competes with the transmitter
    *x* of half saturation *a*:

    .. math::

        \frac{x/a + \sum e_i d_i}{1 + x/a + \sum d_i} = \frac{x_{eq}}{a + x_{eq}}
        \quad\text{where}\quad
        x_{eq} = \frac{x + a \sum e_i d_i}{1 + \sum (1 - e_i) d_i}
               = (1 - o)\,x + a\,g

    with the antagonist part :math:`o = 1 - 1/(1 + \sum (1 - e_i) d_i)` and the agonist part
    :math:`g = (1 - o) \sum e_i d_i`. Efficacy 0 leaves Gaddum's antagonist. A partial agonist
    changes nothing at the tone :math:`a e/(1 - e)`: below it raises, above it lowers.

    Examples
    --------
    >>> half, one, zero = sympy.Rational(1, 2), sympy.Integer(1), sympy.Integer(0)
    >>> receptor_view(one, sympy.Integer(2), half, zero)  # antagonist at its EC50
    1/2
    >>> receptor_view(one, sympy.Integer(2), zero, one)  # full agonist at its EC50
    3
    """
    return (1 - antagonist) * x + half_saturation * agonist


def autoreceptor_view(
    x: sympy.Expr,
    sensitivity: sympy.Expr,
    antagonist: sympy.Expr,
    agonist_tone: sympy.Expr = _NONE,
) -> sympy.Expr:
    """Return the transmitter tone that an autoreceptor reads [1].

    Parameters
    ----------
    x
        Transmitter relative to rest [1].
    sensitivity
        Sensitivity of the receptor relative to rest [1]; at 0 it reads rest whatever happens.
    antagonist
        Fraction of receptors that an antagonist holds [1].
    agonist_tone
        Tone that agonists stand for: half saturation times agonist part, as in `receptor_view` [1].

    Returns
    -------
    Tone, at least 1e-6.

    Notes
    -----
    Sensitivity scales what agonists add as it scales a change of transmitter: a full agonist acts
    as so much more transmitter, and a receptor that lost its sensitivity answers to neither.

    Examples
    --------
    >>> autoreceptor_view(sympy.Integer(3), sympy.Rational(1, 2), sympy.Integer(0))
    2
    >>> one = sympy.Integer(1)
    >>> autoreceptor_view(one, sympy.Rational(1, 2), sympy.Integer(0), sympy.Integer(2))
    2
    """
    transmitter = (1 - antagonist) * (1 + sensitivity * (x - 1))
    return sympy.Max(_VIEW_FLOOR, transmitter + sensitivity * agonist_tone)


def relaxation(target: sympy.Expr, level: sympy.Expr, rate: sympy.Expr) -> sympy.Expr:
    """Return ``rate (target - level)``: first-order approach to a target.

    Parameters
    ----------
    target, level
        Where the level goes and where it is, in one unit.
    rate
        Rate constant [1/h].

    Returns
    -------
    Time derivative of the level [its unit / h].

    Examples
    --------
    >>> relaxation(sympy.Integer(1), sympy.Integer(3), sympy.Integer(2))
    -4
    """
    return rate * (target - level)


def mass_action(rate: sympy.Expr, *reactants: sympy.Expr) -> sympy.Expr:
    """Return the rate constant times the reactants.

    Parameters
    ----------
    rate
        Rate constant.
    *reactants
        Concentrations; write one twice for a square.

    Returns
    -------
    Flux.

    Raises
    ------
    RangeError
        If there is no reactant.

    Examples
    --------
    >>> mass_action(sympy.Integer(2), sympy.Symbol("x"), sympy.Symbol("x"))
    2*x**2
    """
    if not reactants:
        raise RangeError("mass_action: 0 reactants; at least 1 is allowed. Name the reactant.")
    return sympy.Mul(rate, *reactants)


def smooth_excess(x: sympy.Expr, width: sympy.Expr) -> sympy.Expr:
    r"""Return how far a level is above rest, without a kink at rest [1].

    Parameters
    ----------
    x
        Level relative to rest [1].
    width
        Width of the bend [1], greater than zero; the smaller, the nearer to ``max(0, x - 1)``.

    Returns
    -------
    0 at rest, nearly ``x - 1`` far above, and no lower than ``-width / 2``.

    Notes
    -----
    .. math:: \tfrac12 \big(y + \sqrt{y^2 + d^2} - d\big), \qquad y = x - 1

    A level that swings about rest every day would cost a rejected step at each crossing of a kink.

    Examples
    --------
    >>> smooth_excess(sympy.Integer(1), sympy.Rational(1, 5))
    0
    """
    y = x - 1
    return (y + sympy.sqrt(y**2 + width**2) - width) / 2


def positive_part(y: sympy.Expr) -> sympy.Expr:
    """Return ``max(0, y)``.

    Parameters
    ----------
    y
        Any expression.

    Returns
    -------
    ``y`` where positive, else 0.

    Examples
    --------
    >>> positive_part(sympy.Integer(-3))
    0
    """
    return sympy.Max(0, y)
