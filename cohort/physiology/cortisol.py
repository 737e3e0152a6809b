"""The stress axis: CRH, ACTH, cortisol and its receptor, on a drive that follows the clock.

The daily rhythm is an input curve on CRH (fast: no clock states), the axis itself an ODE after
Vinther 2011. Three rhythms: none (rest is a steady state), circadian, and circadian with
ultradian pulses. Levels are relative to rest; 1 of cortisol is 6.3 ug/dL. Hours.
"""

import math
from typing import Literal

import sympy

from cohort.model import Bounds, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import inhibition, relaxation, smooth_excess
from kernels import TIME, symbol

__all__ = ["Rhythm", "cortisol"]

Rhythm = Literal["none", "circadian", "ultradian"]
"""Shape of the drive on CRH over the day."""

_VINTHER = Source("Vinther 2011: half-lives of 4, 20 and 76 min", "computed")
_FEEDBACK = Source("on both levels, as in Vinther 2011; shape by choice", "design")
_RECEPTOR = Source("receptor follows cortisol over days; by choice", "design")
_IL6 = Source("IL-6 drives CRH; size by choice on endotoxin", "design")
_CURVE = Source(
    "fitted to 33 healthy people, peak 08:32, nadir 00:18, and to Carroll 2007", "computed"
)
_PULSES = Source("9 (7-13) episodes a day, Weitzman 1971; their size by choice", "read")
_SLEEP = Source("restricted sleep raises evening cortisol by a third, recalled", "assumed")
_IL6_LEVEL = Source(
    "endotoxin: cortisol x 2.4 where IL-6 is x 40 (Somvanshi 2020, data)", "computed"
)

_DAY = Source("2 pi over 24 h", "computed")

_ABOVE_REST = Bounds(1.0, math.inf, True)
_NORM = 1.27299
"""Mean of the daily curve before it is divided by it."""


def cortisol(rhythm: Rhythm = "none") -> Submodel:
    r"""Return the submodel of the stress axis.

    Parameters
    ----------
    rhythm
        Shape of the drive over the day; time counts from midnight.

    Returns
    -------
    Submodel with the states ``crh``, ``acth``, ``cortisol``, ``glucocorticoid_receptor`` [1,
    relative to rest].

    Notes
    -----
    .. math::

        CRH' &= 10.4\,((C(t)\,s + 0.15\,n)\,I(g, 0.5, 2)\,(1 + q) - CRH), \qquad
        g = CORT \cdot GR \\
        ACTH' &= 2.09\,(CRH\,I(g, 0.5, 1) - ACTH), \qquad CORT' = 0.544\,(ACTH - CORT) \\
        GR' &= \Big(\frac{I(CORT, 0.3, 1)}{1 + 0.1\,s_e(TNF)} - GR\Big)/120 \\
        C(t) &= e^{1.6795 \cos w(t - 9.045) + 0.7856 \cos 2w(t - 7.631)} / 1.27299, \qquad
        q = \frac{p\,(IL6 - 1)}{1 + (IL6 - 1)/L}

    *s* is stress, *n* lost nights, :math:`s_e` is `cohort.model.rate_laws.smooth_excess`;
    ultradian pulses multiply *C* by :math:`e^{\cos(2\pi t/P)}/I_0(1)`, whose mean is 1. Left
    out: binding to CBG, growth of the glands over weeks, noise.

    References
    ----------
    Vinther, Andersen, Ottesen 2011 (rates); PMC2684472 figure 1, Carroll 2007 (daily curve).

    Examples
    --------
    >>> [species.name for species in cortisol().species]
    ['crh', 'acth', 'cortisol', 'glucocorticoid_receptor']
    """
    one = sympy.Integer(1)
    sensed = symbol("cortisol") * symbol("glucocorticoid_receptor")
    above = symbol("il6") - 1
    cytokine = 1 + symbol("crh_il6_gain") * above / (1 + above / symbol("crh_il6_saturation"))
    drive = symbol("crh_drive") * symbol("stress") + symbol("sleep_stress") * symbol("sleep_debt")
    receptor = inhibition(symbol("cortisol"), symbol("receptor_feedback"), one) / (
        1 + symbol("receptor_tnf_loss") * smooth_excess(symbol("tnf"), symbol("receptor_tnf_bend"))
    )
    feedback = symbol("axis_feedback")
    return Submodel(
        name="cortisol",
        species=(
            Species("crh", one, "1", "CRH relative to rest"),
            Species("acth", one, "1", "ACTH relative to rest"),
            Species("cortisol", one, "1", "cortisol relative to rest"),
            Species("glucocorticoid_receptor", one, "1", "receptor relative to rest"),
        ),
        parameters=(
            Parameter("crh_turnover", 10.4, "1/h", "of CRH", _VINTHER),
            Parameter("acth_turnover", 2.09, "1/h", "of ACTH", _VINTHER, 0.1),
            Parameter("cortisol_turnover", 0.544, "1/h", "of cortisol", _VINTHER, 0.15),
            Parameter("axis_feedback", 0.5, "1", "cortisol on CRH and ACTH", _FEEDBACK),
            Parameter("receptor_feedback", 0.3, "1", "cortisol on its receptor", _RECEPTOR),
            Parameter("receptor_tnf_loss", 0.1, "1", "TNF on the receptor", _RECEPTOR),
            Parameter("receptor_tnf_bend", 0.2, "1", "width of the bend at rest", _RECEPTOR),
            Parameter("receptor_time", 120.0, "h", "time constant of the receptor", _RECEPTOR),
            Parameter("crh_il6_gain", 0.35, "1", "IL-6 on CRH", _IL6),
            Parameter(
                "crh_il6_saturation", 12.0, "1", "IL-6 of half effect", _IL6_LEVEL, 0.0, _ABOVE_REST
            ),
            Parameter("sleep_stress", 0.15, "1", "drive of a lost night", _SLEEP),
            *_rhythm_numbers(rhythm),
        ),
        ports=(
            Port("stress", "1", "drive on CRH relative to rest", 1.0),
            Port("sleep_debt", "1", "lost nights", 0.0),
            Port("il6", "1", "interleukin 6 relative to rest", 1.0),
            Port("tnf", "1", "tumor necrosis factor relative to rest", 1.0),
        ),
        rules={"crh_drive": Rule(_curve(rhythm), "1", "drive of the clock relative to its mean")},
        rates={
            "crh": relaxation(
                drive * inhibition(sensed, feedback, sympy.Integer(2)) * cytokine,
                symbol("crh"),
                symbol("crh_turnover"),
            ),
            "acth": relaxation(
                symbol("crh") * inhibition(sensed, feedback, one),
                symbol("acth"),
                symbol("acth_turnover"),
            ),
            "cortisol": relaxation(symbol("acth"), symbol("cortisol"), symbol("cortisol_turnover")),
            "glucocorticoid_receptor": relaxation(
                receptor, symbol("glucocorticoid_receptor"), 1 / symbol("receptor_time")
            ),
        },
        provides=("crh", "cortisol", "glucocorticoid_receptor"),
    )


def _rhythm_numbers(rhythm: Rhythm) -> tuple[Parameter, ...]:
    if rhythm == "none":
        return ()
    daily = (
        Parameter("clock_rate", 2 * math.pi / 24.0, "1/h", "one turn in 24 h", _DAY),
        Parameter("rhythm_first", 1.6795, "1", "daily wave", _CURVE),
        Parameter("rhythm_second", 0.7856, "1", "wave of half a day", _CURVE),
        Parameter("rhythm_first_peak", 9.045, "h", "clock time of its peak", _CURVE),
        Parameter("rhythm_second_peak", 7.631, "h", "clock time of its peak", _CURVE),
    )
    if rhythm == "circadian":
        return daily
    return (*daily, Parameter("pulse_period", 24.0 / 9.0, "h", "between pulses", _PULSES))


def _curve(rhythm: Rhythm) -> sympy.Expr:
    if rhythm == "none":
        return sympy.Integer(1)
    angle = symbol("clock_rate")
    first, second = (
        sympy.cos(wave * angle * (TIME - symbol(f"rhythm_{name}_peak")))
        for wave, name in ((1, "first"), (2, "second"))
    )
    curve = sympy.exp(symbol("rhythm_first") * first + symbol("rhythm_second") * second) / _NORM
    if rhythm == "ultradian":
        bessel = 1.2660658777520084  # I_0(1), the mean of exp(cos)
        curve *= sympy.exp(sympy.cos(2 * sympy.pi * TIME / symbol("pulse_period"))) / bessel
    return curve
