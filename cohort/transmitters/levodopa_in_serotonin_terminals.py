"""Levodopa in brain, and the dopamine that serotonin terminals make of it.

Serotonin terminals take up levodopa, decarboxylate it in competition with 5-HTP, pack the dopamine
in competition with serotonin, and release it with their own firing, without D2 control. As dopamine
terminals are lost, this share grows, and with it the swings after a dose. Units are µM and hours.
"""

import sympy

from cohort.model import (
    FRACTION,
    POSITIVE,
    Bounds,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from kernels import symbol

__all__ = ["levodopa_in_serotonin_terminals"]

_LAT1 = Source("carrier constant of levodopa about 100 uM, recalled; to be verified", "assumed")
_FLUX = Source("carrier capacity of tyrosine at rest, by choice", "design")
_TERMINALS = Source("about a tenth of striatal terminals are serotonergic; guess", "assumed")
_AADC = Source("Best 2009: Michaelis constant of AADC for levodopa 130 uM", "read")
_VMAT = Source("Best 2009: Michaelis constant of VMAT2 for dopamine 3 uM", "read")
_SURVIVING = Bounds(0.0, 1.0, True)
_LOSS = Source("methylation to 3-O-methyldopa and loss to blood, by choice", "design")


def levodopa_in_serotonin_terminals() -> Submodel:
    r"""Return the submodel of levodopa in brain.

    Returns
    -------
    Submodel with the states ``levodopa_brain``, ``levodopa_5ht``, ``dopamine_5ht_cytosol``,
    ``dopamine_5ht_vesicle`` [uM]; all are 0 without levodopa in plasma.

    Notes
    -----
    With *P* levodopa in plasma, *B* in brain, *L* in the terminal, *h* its 5-HTP, :math:`S_c` its
    serotonin, *f* the surviving share of dopamine terminals, *s* the share of serotonin terminals,
    :math:`\rho` the free carrier relative to rest, *c* the cofactor of AADC:

    .. math::

        B' &= J\,\frac{P}{K_L}\,\rho - k B - q\,((1-s) f + s)\,B \\
        L' &= q B - V_5 c (1-u) \frac{\ell}{1 + h/160 + \ell}, \qquad \ell = L/130 \\
        D_c' &= V_5 c (1-u) \frac{\ell}{1 + h/160 + \ell} - P_V - k_m a_{MAO} D_c, \qquad
        P_V = V_M (1-v) \frac{d}{1 + S_c/0.2 + d}, \quad d = D_c/3 \\
        D_v' &= P_V - k_R F_5 D_v

    AADC and VMAT2 are those of the serotonin terminal; reuptake of this dopamine by SERT is left
    out. :math:`\ell` and *d* act back on the serotonin terminal as rivals. Dopamine terminals take
    up :math:`q B` each; release and oxidation here count by *s* in the striatum.

    References
    ----------
    Reed, Nijhout, Best 2012, Front Integr Neurosci 6:21 (mechanism; its numbers were not read).

    Examples
    --------
    >>> part = levodopa_in_serotonin_terminals()
    >>> part.provides[:2]
    ('levodopa_influx', 'dopamine_foreign_release')
    """
    brain, inside, store = (
        symbol(name) for name in ("levodopa_brain", "dopamine_5ht_cytosol", "dopamine_5ht_vesicle")
    )
    zero = sympy.Integer(0)
    into_brain = (
        symbol("levodopa_carrier_flux")
        * (symbol("levodopa_plasma") / symbol("lat1_k_levodopa"))
        * symbol("lat1_share")
    )
    rival = symbol("htp") / symbol("htp_k_m")
    decarboxylation = (
        symbol("levodopa_5ht_v_max")
        * symbol("aadc_cofactor")
        * (1 - symbol("aadc_inhibition"))
        * symbol("aadc_rival_load")
        / (1 + rival + symbol("aadc_rival_load"))
    )
    packing = (
        symbol("dopamine_5ht_packing")
        * (1 - symbol("vmat_inhibition"))
        * symbol("vmat_rival_load")
        / (
            1
            + symbol("serotonin_cytosol") / symbol("serotonin_vmat_k_m")
            + symbol("vmat_rival_load")
        )
    )
    release = symbol("dopamine_5ht_release_rate") * symbol("serotonin_firing") * store
    share = symbol("serotonin_terminal_share")
    each = symbol("levodopa_uptake") * brain
    into_terminals = each * ((1 - share) * symbol("dopamine_terminals") + share)
    oxidation = symbol("dopamine_5ht_mao_rate") * symbol("mao_a_activity") * inside
    return Submodel(
        name="levodopa_in_serotonin_terminals",
        species=(
            Species("levodopa_brain", zero, "uM", "levodopa outside cells in brain", 1.0),
            Species("levodopa_5ht", zero, "uM", "levodopa in serotonin terminals", 1.0),
            Species("dopamine_5ht_cytosol", zero, "uM", "dopamine in serotonin terminals", 1.0),
            Species("dopamine_5ht_vesicle", zero, "uM", "dopamine in their vesicles", 10.0),
        ),
        parameters=(
            Parameter("levodopa_carrier_flux", 2500.0, "uM/h", "into brain", _FLUX, 0.2),
            Parameter("lat1_k_levodopa", 100.0, "uM", "carrier constant", _LAT1),
            Parameter("levodopa_loss", 3.0, "1/h", "out of brain", _LOSS),
            Parameter("levodopa_uptake", 10.0, "1/h", "into terminals", _LOSS),
            Parameter(
                "serotonin_terminal_share",
                0.1,
                "1",
                "of striatal terminals",
                _TERMINALS,
                0.0,
                FRACTION,
            ),
            Parameter("aadc_k_m_levodopa", 130.0, "uM", "of AADC for levodopa", _AADC),
            Parameter("htp_k_m", 160.0, "uM", "of AADC for 5-HTP", _AADC),
            Parameter("levodopa_5ht_v_max", 2000.0, "uM/h", "of AADC there", _TERMINALS),
            Parameter("vmat_k_m_dopamine", 3.0, "uM", "of VMAT2 for dopamine", _VMAT),
            Parameter("serotonin_vmat_k_m", 0.2, "uM", "of VMAT2 for serotonin", _VMAT),
            Parameter("dopamine_5ht_packing", 400.0, "uM/h", "of VMAT2 there", _TERMINALS),
            Parameter("dopamine_5ht_release_rate", 1.0, "1/h", "release per store", _TERMINALS),
            Parameter("dopamine_5ht_mao_rate", 10.0, "1/h", "oxidation in cytosol", _VMAT),
        ),
        ports=(
            Port("levodopa_plasma", "uM", "levodopa in plasma", 0.0),
            Port("lat1_share", "1", "free carrier relative to rest", 1.0, POSITIVE),
            Port("aadc_cofactor", "1", "pyridoxal phosphate at AADC, relative to rest", 1.0),
            Port("aadc_inhibition", "1", "share of AADC that is blocked", 0.0, FRACTION),
            Port("vmat_inhibition", "1", "share of VMAT2 that is blocked", 0.0, FRACTION),
            Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),
            Port("serotonin_firing", "1", "firing of serotonin cells relative to rest", 1.0),
            Port("serotonin_cytosol", "uM", "serotonin in cytosol", 0.2),
            Port("htp", "uM", "5-HTP in the terminal", 1.6),
            Port("dopamine_terminals", "1", "share that survives", 1.0, _SURVIVING),
        ),
        rules={
            "levodopa_influx": Rule(each, "uM/h", "levodopa into each dopamine terminal"),
            "aadc_rival_load": Rule(
                symbol("levodopa_5ht") / symbol("aadc_k_m_levodopa"),
                "1",
                "levodopa over its constant of AADC",
            ),
            "vmat_rival_load": Rule(
                inside / symbol("vmat_k_m_dopamine"), "1", "dopamine over its constant of VMAT2"
            ),
            "dopamine_foreign_release": Rule(share * release, "uM/h", "into the striatum"),
            "dopamine_foreign_oxidation": Rule(
                share * oxidation, "uM/h", "to DOPAC in the striatum"
            ),
        },
        reactions=(
            Reaction("entry", into_brain, {"levodopa_brain": 1}),
            Reaction("loss", symbol("levodopa_loss") * brain, {"levodopa_brain": -1}),
            Reaction("terminal_uptake", into_terminals, {"levodopa_brain": -1}),
            Reaction("entry_5ht", each, {"levodopa_5ht": 1}),
            Reaction(
                "decarboxylation",
                decarboxylation,
                {"levodopa_5ht": -1, "dopamine_5ht_cytosol": 1},
            ),
            Reaction("packing", packing, {"dopamine_5ht_cytosol": -1, "dopamine_5ht_vesicle": 1}),
            Reaction("release", release, {"dopamine_5ht_vesicle": -1}),
            Reaction("oxidation", oxidation, {"dopamine_5ht_cytosol": -1}),
        ),
        provides=(
            "levodopa_influx",
            "dopamine_foreign_release",
            "dopamine_foreign_oxidation",
            "aadc_rival_load",
            "vmat_rival_load",
        ),
    )
