"""5-HTP that is swallowed: gut, plasma, and into serotonin terminals.

Outside the brain an enzyme (AADC) turns most of it into serotonin, in the gut wall before it
reaches the blood and in the body after. The port ``aadc_activity`` is that enzyme at work, 1
without an inhibitor such as carbidopa. Units are milligrams, uM and hours.
"""

import sympy

from cohort.model import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Constant,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from kernels import symbol

__all__ = ["hydroxytryptophan"]

_MOLAR = Source("molar mass 220.2 g/mol", "computed")
_ABSORPTION = Source("Magnussen 1980: highest level 1.8 to 3.3 h after a dose", "computed")
_FIRST_PASS = Source(
    "Magnussen 1980: 69 % (47-84) reach the blood with an inhibitor, taken to leave a tenth",
    "computed",
)
_CLEARANCE = Source("half-life 4.3 h with an inhibitor, 1.6 h without, recalled", "assumed")
_BRAIN = Source("200 mg with an inhibitor raise 5-HIAA of CSF by 50 to 100 %, recalled", "assumed")


def hydroxytryptophan() -> Submodel:
    r"""Return the submodel of swallowed 5-HTP.

    Returns
    -------
    Submodel with the states ``htp_gut`` [mg] and ``htp_plasma`` [uM], 0 without it; it provides
    ``htp_influx`` [uM/h], the flow into serotonin terminals.

    Notes
    -----
    With *a* the activity of peripheral AADC and :math:`\rho` the free carrier of the blood-brain
    barrier relative to rest:

    .. math::

        G' = -k G, \qquad P' = \frac{1}{1 + \phi a} \frac{k G}{M V}
        - \frac{CL}{V} (s + (1 - s) a) P, \qquad J = u \rho P

    What AADC makes of it outside the brain (serotonin of gut and blood) is left out, and so are
    its entry into cells that do not make serotonin and its own competition for the carrier.

    References
    ----------
    Magnussen 1980, Acta Pharmacol Toxicol 46:257 (availability); Magnussen 1981, 49:184 (carbidopa
    raises plasma 5-HTP 5- to 15-fold).

    Examples
    --------
    >>> hydroxytryptophan().provides
    ('htp_influx',)
    """
    gut, plasma, activity = (symbol(name) for name in ("htp_gut", "htp_plasma", "aadc_activity"))
    absorbed = symbol("htp_absorption") * gut
    past_the_wall = 1 / (1 + symbol("htp_first_pass") * activity)
    share = symbol("htp_clearance_share")
    return Submodel(
        name="hydroxytryptophan",
        species=(
            Species("htp_gut", sympy.Integer(0), "mg", "5-HTP that is still to be absorbed", 100.0),
            Species("htp_plasma", sympy.Integer(0), "uM", "5-HTP in plasma", 5.0),
        ),
        constants=(Constant("htp_per_milligram", 1e3 / 220.2, "umol/mg", "5-HTP", _MOLAR),),
        parameters=(
            Parameter("htp_absorption", 0.55, "1/h", "from the gut", _ABSORPTION, 0.3, POSITIVE),
            Parameter("htp_first_pass", 5.0, "1", "AADC of the gut wall", _FIRST_PASS),
            Parameter("htp_volume", 42.0, "L", "of distribution", _CLEARANCE, 0.2, POSITIVE),
            Parameter("htp_clearance", 18.0, "L/h", "without inhibitor", _CLEARANCE, 0.3),
            Parameter("htp_clearance_share", 0.3, "1", "not by AADC", _CLEARANCE, 0.0, FRACTION),
            Parameter("htp_uptake", 0.6, "1/h", "into terminals, of plasma", _BRAIN, 0.2),
        ),
        ports=(
            Port("aadc_activity", "1", "AADC outside the brain, of normal", 1.0, NOT_NEGATIVE),
            Port("lat1_share", "1", "free carrier relative to rest", 1.0, POSITIVE),
        ),
        rules={
            "htp_influx": Rule(
                symbol("htp_uptake") * symbol("lat1_share") * plasma,
                "uM/h",
                "5-HTP from blood into serotonin terminals",
            ),
        },
        reactions=(
            Reaction("htp_gut_emptying", absorbed, {"htp_gut": -1}),
            Reaction(
                "htp_entry_blood",
                past_the_wall * symbol("htp_per_milligram") * absorbed / symbol("htp_volume"),
                {"htp_plasma": 1},
            ),
            Reaction(
                "htp_loss",
                symbol("htp_clearance")
                / symbol("htp_volume")
                * (share + (1 - share) * activity)
                * plasma,
                {"htp_plasma": -1},
            ),
        ),
        provides=("htp_influx",),
    )
