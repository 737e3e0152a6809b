"""The kynurenine branch of tryptophan: kynurenine in plasma and brain, quinolinic acid in brain."""

from cohort.model import (
    FRACTION,
    POSITIVE,
    Derived,
    Parameter,
    Port,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import relaxation
from kernels import symbol

__all__ = ["kynurenine"]

_PLASMA = Source("1.5 to 2.5 uM, recalled; to be verified", "assumed")
_CSF = Source("spinal fluid of controls: kynurenine 42 to 44 nM, quinolinate 21.9 (2.8) nM", "read")
_LIVER = Source("share of TDO flux that leaves the liver as kynurenine; guess", "assumed")
_FLOW = Source("time constants of 2 h in brain and 3 h of quinolinate, by choice", "design")
_INDUCED = Source("quinolinate x 2 to 3 under interferon-alpha (Raison 2010), recalled", "assumed")


def kynurenine() -> Submodel:
    r"""Return the submodel of the kynurenine branch.

    Returns
    -------
    Submodel with the states ``kynurenine_plasma``, ``kynurenine_brain``, ``quinolinate_brain``
    [uM].

    Notes
    -----
    .. math::

        K_p' &= s\,v_{TDO} + v_{IDO} - k K_p, \qquad
        K_b' = k_b \Big(K_{b0} \frac{K_p}{K_{p0}}\,\rho - K_b\Big) \\
        Q' &= k_q \Big(Q_0 \frac{K_b}{K_{b0}}\,(1 + 0.25 (IDO - 1)) - Q\Big)

    The clearance *k* is solved from the level at rest. Left out: kynurenic acid, 3-hydroxy-
    kynurenine, NAD.

    Examples
    --------
    >>> kynurenine().provides
    ('quinolinic_relative',)
    """
    share = symbol("tdo_escape_share")
    made = share * symbol("trp_tdo_flux") + symbol("trp_ido_flux")
    at_rest = share * symbol("trp_tdo_flux_rest") + symbol("trp_ido_flux_rest")
    plasma = symbol("kynurenine_plasma")
    induced = 1 + symbol("quinolinate_ido_gain") * (symbol("ido_activity") - 1)
    relative = symbol("kynurenine_brain") / symbol("kynurenine_brain_baseline")
    return Submodel(
        name="kynurenine",
        species=(
            Species(
                "kynurenine_plasma",
                symbol("kynurenine_plasma_baseline"),
                "uM",
                "kynurenine in plasma",
                2.0,
            ),
            Species(
                "kynurenine_brain",
                symbol("kynurenine_brain_baseline"),
                "uM",
                "kynurenine in brain",
                0.043,
            ),
            Species(
                "quinolinate_brain",
                symbol("quinolinate_brain_baseline"),
                "uM",
                "quinolinic acid in brain",
                0.022,
            ),
        ),
        parameters=(
            Parameter("kynurenine_plasma_baseline", 2.0, "uM", "at rest", _PLASMA, 0.2),
            Parameter("kynurenine_brain_baseline", 0.043, "uM", "at rest", _CSF, 0.2),
            Parameter("quinolinate_brain_baseline", 0.022, "uM", "at rest", _CSF, 0.2),
            Parameter("tdo_escape_share", 0.3, "1", "out of the liver", _LIVER, 0.0, FRACTION),
            Parameter("kynurenine_brain_turnover", 0.5, "1/h", "in brain", _FLOW),
            Parameter("quinolinate_turnover", 0.3, "1/h", "in brain", _FLOW),
            Parameter("quinolinate_ido_gain", 0.25, "1", "of IDO in brain", _INDUCED),
        ),
        derived=(
            Derived(
                "kynurenine_clearance",
                at_rest / symbol("kynurenine_plasma_baseline"),
                "1/h",
                "from plasma",
            ),
        ),
        ports=(
            Port("trp_tdo_flux", "uM/h", "tryptophan that TDO takes"),
            Port("trp_ido_flux", "uM/h", "tryptophan that IDO takes"),
            Port("trp_tdo_flux_rest", "uM/h", "the same at rest"),
            Port("trp_ido_flux_rest", "uM/h", "the same at rest"),
            Port("ido_activity", "1", "indoleamine dioxygenase relative to rest", 1.0),
            Port("lat1_share", "1", "free carrier relative to rest", 1.0, POSITIVE),
        ),
        rules={
            "quinolinic_relative": Rule(
                symbol("quinolinate_brain") / symbol("quinolinate_brain_baseline"),
                "1",
                "quinolinic acid in brain relative to rest",
            ),
            "kynurenine_relative": Rule(
                plasma / symbol("kynurenine_plasma_baseline"), "1", "plasma kynurenine, of rest"
            ),
        },
        rates={
            "kynurenine_plasma": made - symbol("kynurenine_clearance") * plasma,
            "kynurenine_brain": relaxation(
                symbol("kynurenine_brain_baseline")
                * plasma
                / symbol("kynurenine_plasma_baseline")
                * symbol("lat1_share"),
                symbol("kynurenine_brain"),
                symbol("kynurenine_brain_turnover"),
            ),
            "quinolinate_brain": relaxation(
                symbol("quinolinate_brain_baseline") * relative * induced,
                symbol("quinolinate_brain"),
                symbol("quinolinate_turnover"),
            ),
        },
        provides=("quinolinic_relative",),
    )
