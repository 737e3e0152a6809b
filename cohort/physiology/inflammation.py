"""Inflammation: two cytokines under cortisol, what they do to IDO and to tetrahydrobiopterin.

Levels are relative to rest; an inflammatory drive (infection, endotoxin, lost sleep) and an
interferon drive enter through ports. Hours.
"""

import sympy

from cohort.model import NOT_NEGATIVE, Constant, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import inhibition, relaxation, smooth_excess
from kernels import symbol

__all__ = ["inflammation"]

_CLEARANCE = Source("Somvanshi 2020: elimination of TNF and IL-6", "read")
_GLUCOCORTICOID = Source("glucocorticoids restrain cytokines; size by choice", "design")
_IL6 = Source("endotoxin: x 40, x 146 where TNF is x 4.6, x 135 (Somvanshi 2020)", "computed")
_IDO = Source("induced within a day; size by choice on interferon-alpha", "design")
_BH4 = Source("oxidized in inflammation, recalled; size by choice", "assumed")
_BEND = Source("as wide as the daily swing of TNF, so that no step is lost on a kink", "design")
_SLEEP = Source("restricted sleep raises IL-6 and TNF by tens of percent, recalled", "assumed")


def inflammation() -> Submodel:
    r"""Return the submodel of inflammation.

    Returns
    -------
    Submodel with the states ``tnf``, ``il6``, ``ido_activity``, ``bh4`` [1, relative to rest].

    Notes
    -----
    With *i* the inflammatory drive, that of lost nights included, *g* cortisol times its receptor:

    .. math::

        TNF' &= 1.25\,((1 + i)\,I(g, 0.3, 1) - TNF) \\
        IL6' &= 1.625\,\Big(\Big((1 + \gamma i)\,TNF^{n} + \frac{G y^2}{K^2 + y^2}\Big)
                I(g, 0.3, 1) - IL6\Big), \qquad y = s(TNF) \\
        IDO' &= k_I (1 + s(TNF) + i_{IFN} - IDO), \qquad
        BH4' = k_B \Big(\frac{1}{1 + 0.1\,s(TNF)} - BH4\Big)

    *s* is `cohort.model.rate_laws.smooth_excess`. Left out: IL-10, tolerance to repeated
    endotoxin, microglia apart.

    References
    ----------
    Somvanshi et al. 2020 (elimination rates, endotoxin data).

    Examples
    --------
    >>> inflammation().provides
    ('tnf', 'il6', 'ido_activity', 'bh4')
    """
    tnf, il6, one = symbol("tnf"), symbol("il6"), sympy.Integer(1)
    drive = symbol("inflammatory_drive") + symbol("sleep_inflammation") * symbol("sleep_debt")
    restraint = inhibition(
        symbol("cortisol") * symbol("glucocorticoid_receptor"),
        symbol("cortisol_restraint"),
        one,
    )
    excess = smooth_excess(tnf, symbol("tnf_bend"))
    surge = symbol("il6_surge") * excess**2 / (symbol("il6_surge_tnf") ** 2 + excess**2)
    ido = 1 + symbol("ido_tnf_gain") * excess + symbol("interferon_drive")
    return Submodel(
        name="inflammation",
        species=(
            Species("tnf", one, "1", "tumor necrosis factor relative to rest"),
            Species("il6", one, "1", "interleukin 6 relative to rest"),
            Species("ido_activity", one, "1", "indoleamine dioxygenase relative to rest"),
            Species("bh4", one, "1", "tetrahydrobiopterin relative to rest"),
        ),
        parameters=(
            Parameter("tnf_clearance", 1.25, "1/h", "of TNF", _CLEARANCE),
            Parameter("il6_clearance", 1.625, "1/h", "of IL-6", _CLEARANCE),
            Parameter("il6_drive_gain", 0.0, "1", "of the drive", _IL6, 0.0, NOT_NEGATIVE),
            Parameter("il6_surge", 150.0, "1", "most that TNF adds", _IL6, 0.0, NOT_NEGATIVE),
            Parameter("il6_surge_tnf", 5.5, "1", "TNF above rest at half of it", _IL6),
            Parameter("cortisol_restraint", 0.3, "1", "of cortisol on both", _GLUCOCORTICOID),
            Parameter("ido_tnf_gain", 1.0, "1", "of TNF on IDO", _IDO),
            Parameter("ido_turnover", float(sympy.log(2) / 24), "1/h", "half-life 24 h", _IDO, 0.2),
            Parameter("tnf_bend", 0.2, "1", "width of the bend of what TNF above rest does", _BEND),
            Parameter("bh4_tnf_loss", 0.1, "1", "of BH4 on TNF", _BH4),
            Parameter("bh4_turnover", float(sympy.log(2) / 12), "1/h", "half-life 12 h", _BH4, 0.2),
            Parameter("sleep_inflammation", 0.3, "1", "drive of a lost night", _SLEEP),
        ),
        constants=(Constant("il6_tnf_power", 1.0, "1", "IL-6 follows TNF", _IL6),),
        ports=(
            Port("cortisol", "1", "cortisol relative to rest", 1.0),
            Port("glucocorticoid_receptor", "1", "relative to rest", 1.0),
            Port("inflammatory_drive", "1", "above rest, as in infection", 0.0),
            Port("interferon_drive", "1", "above rest, as under interferon-alpha", 0.0),
            Port("sleep_debt", "1", "lost nights", 0.0),
        ),
        rules={"inflammatory_input": Rule(drive, "1", "all that drives inflammation")},
        rates={
            "tnf": relaxation(
                (1 + symbol("inflammatory_input")) * restraint, tnf, symbol("tnf_clearance")
            ),
            "il6": relaxation(
                (
                    (1 + symbol("il6_drive_gain") * symbol("inflammatory_input"))
                    * tnf ** symbol("il6_tnf_power")
                    + surge
                )
                * restraint,
                il6,
                symbol("il6_clearance"),
            ),
            "ido_activity": relaxation(ido, symbol("ido_activity"), symbol("ido_turnover")),
            "bh4": relaxation(
                1 / (1 + symbol("bh4_tnf_loss") * excess), symbol("bh4"), symbol("bh4_turnover")
            ),
        },
        provides=("tnf", "il6", "ido_activity", "bh4"),
    )
