"""Dopamine in prefrontal cortex: one extracellular pool that the noradrenaline transporter clears.

Cortex has few dopamine transporters, so dopamine there rises with inhibitors of the noradrenaline
transporter, which leave striatal dopamine alone. Units are µM and hours.
"""

from cohort.model import (
    FRACTION,
    Derived,
    Feasibility,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import michaelis_menten
from kernels import symbol

__all__ = ["cortical_dopamine"]

_LEVEL = Source("rat prefrontal dialysate 0.7 nM", "read")
_RELEASE = Source("turnover 2 to 4 times that of striatum; cleared in seconds, by choice", "design")
_NET = Source("NET for dopamine 0.2 uM, recalled; to be verified", "assumed")
_SHARES = Source("atomoxetine x 3 and none in striatum, Bymaster 2002: NET carries most", "design")
_COMT = Source("human membrane-bound COMT 3.3 uM", "read")


def cortical_dopamine() -> Submodel:
    r"""Return the submodel of dopamine in prefrontal cortex.

    Returns
    -------
    Submodel with the state ``dopamine_cortical`` [uM].

    Notes
    -----
    .. math::

        D' = R_0 F - V_N (1 - o_{NET}) \frac{D}{K_N + D} - V_D (1 - o_{DAT}) \frac{D}{K_D + D}
             - V_C\,s\,(1 - u_C) \frac{D}{3.3 + D}

    *s* is S-adenosylmethionine at COMT, *F* the drive on dopamine cells: those that project to
    cortex lack autoreceptors. The store is not followed.

    Examples
    --------
    >>> [port.name for port in cortical_dopamine().ports][:2]
    ['dopamine_drive', 'afferent_firing_dopamine']
    """
    level, release = symbol("dopamine_cortical"), symbol("cortical_release_flux")
    rest = symbol("dopamine_cortical_baseline")
    net, comt = symbol("cortical_net_share"), symbol("cortical_comt_share")
    saturation = {
        name: michaelis_menten(level, symbol(f"cortical_{name}_k_m"))
        for name in ("net", "dat", "comt")
    }
    resting = {name: michaelis_menten(rest, symbol(f"cortical_{name}_k_m")) for name in saturation}
    shares = {"net": net, "dat": 1 - net - comt, "comt": comt}
    return Submodel(
        name="cortical_dopamine",
        species=(Species("dopamine_cortical", rest, "uM", "prefrontal, outside cells", 0.0007),),
        parameters=(
            Parameter("dopamine_cortical_baseline", 0.0007, "uM", "at rest", _LEVEL, 0.25),
            Parameter("cortical_release_flux", 5.0, "uM/h", "release at rest", _RELEASE, 0.2),
            Parameter("cortical_net_share", 0.7, "1", "cleared by NET", _SHARES, 0.0, FRACTION),
            Parameter("cortical_comt_share", 0.1, "1", "cleared by COMT", _SHARES, 0.0, FRACTION),
            Parameter("cortical_net_k_m", 0.2, "uM", "of NET for dopamine", _NET),
            Parameter("cortical_dat_k_m", 0.2, "uM", "of DAT", _NET),
            Parameter("cortical_comt_k_m", 3.3, "uM", "of COMT", _COMT),
        ),
        derived=tuple(
            Derived(
                f"cortical_{name}_v_max", shares[name] * release / resting[name], "uM/h", "capacity"
            )
            for name in shares
        ),
        ports=(
            Port("dopamine_drive", "1", "of other transmitters on firing", 1.0),
            Port("afferent_firing_dopamine", "1", "drive of dopamine cells", 1.0),
            Port("net_occupancy", "1", "share of NET that is blocked", 0.0, FRACTION),
            Port("dat_occupancy", "1", "share of DAT that is blocked", 0.0, FRACTION),
            Port("net_capacity", "1", "transporter relative to rest", 1.0),
            Port("dat_capacity", "1", "transporter relative to rest", 1.0),
            Port("comt_inhibition", "1", "share of COMT that is blocked", 0.0, FRACTION),
            Port("comt_cofactor", "1", "S-adenosylmethionine, relative to rest", 1.0),
        ),
        rules={
            "dopamine_cortical_relative": Rule(level / rest, "1", "prefrontal dopamine, of rest")
        },
        reactions=(
            Reaction(
                "release",
                release * symbol("dopamine_drive") * symbol("afferent_firing_dopamine"),
                {"dopamine_cortical": 1},
            ),
            Reaction(
                "uptake_net",
                symbol("cortical_net_v_max")
                * symbol("net_capacity")
                * (1 - symbol("net_occupancy"))
                * saturation["net"],
                {"dopamine_cortical": -1},
            ),
            Reaction(
                "uptake_dat",
                symbol("cortical_dat_v_max")
                * symbol("dat_capacity")
                * (1 - symbol("dat_occupancy"))
                * saturation["dat"],
                {"dopamine_cortical": -1},
            ),
            Reaction(
                "methylation",
                symbol("cortical_comt_v_max")
                * symbol("comt_cofactor")
                * (1 - symbol("comt_inhibition"))
                * saturation["comt"],
                {"dopamine_cortical": -1},
            ),
        ),
        provides=("dopamine_cortical_relative",),
        feasibility=(Feasibility(1 - net - comt, "shares of NET and COMT leave something to DAT"),),
    )
