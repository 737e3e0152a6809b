"""Histamine: a small terminal of the tuberomammillary nucleus with H3 control.

Enzyme constants are those of published mouse models; human levels are hardly known, so levels and
fluxes at rest are assumed and the system is left out unless asked for. Units are µM and hours.

Every between-patient spread (``sd_log``) in this file is assumed.
"""

import sympy

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
from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    inhibition,
    michaelis_menten,
    relaxation,
)
from kernels import symbol

__all__ = ["histamine"]

_ENZYMES = Source("escitalopram terminal model of 2023, histamine part, model code", "read")
_LEVELS = Source("nanomolar dialysate, stores by choice; no human figure", "assumed")
_FLUX = Source("store renewed in about an hour, recalled; to be verified", "assumed")
_SHAPE = Source("by analogy with other autoreceptors, by choice", "design")


def histamine() -> Submodel:
    r"""Return the submodel of histamine.

    Returns
    -------
    Submodel with the states ``histamine_cytosol``, ``histamine_vesicle``,
    ``histamine_extracellular`` [uM] and ``sensitivity_h3`` [1, relative to rest].

    Notes
    -----
    .. math::

        S &\propto \frac{H}{270 + H}\,I(e, 0.5, 1), \qquad R = k_R\,d\,I(e, 0.5, 1)\,v \\
        e_x' &= R - V_U\,\frac{e_x}{10 + e_x} - V_M\,\frac{e_x}{4.2 + e_x}

    *H* is histidine in brain (a parameter), *e* what the H3 autoreceptor reads. Occupancy is in
    quasi-steady state. Left out: mast cells, glia apart.

    References
    ----------
    Escitalopram terminal model with histamine, 2023 (Michaelis constants of decarboxylase,
    methyltransferase, transporter).

    Examples
    --------
    >>> from cohort.model import assemble
    >>> len(assemble("brain", [histamine()]).system.states)
    4
    """
    x = symbol("histamine_relative")
    one = sympy.Integer(1)
    brake = inhibition(symbol("h3_view"), symbol("h3_feedback"), one)
    made, released, lost = (
        symbol(f"histamine_{flux}_flux") for flux in ("synthesis", "release", "methylation")
    )
    inside, store, outside = (
        f"histamine_{place}" for place in ("cytosol", "vesicle", "extracellular")
    )
    level = symbol(outside)
    precursor = michaelis_menten(symbol("histidine_brain"), symbol("hdc_k_m"))
    return Submodel(
        name="histamine",
        species=(
            Species(inside, symbol(f"{inside}_baseline"), "uM", "in cytosol", 0.3),
            Species(store, symbol(f"{store}_baseline"), "uM", "in vesicles", 20.0),
            Species(outside, symbol(f"{outside}_baseline"), "uM", "outside the cell", 0.005),
            Species("sensitivity_h3", one, "1", "H3 autoreceptor, relative to rest"),
        ),
        parameters=(
            Parameter(f"{inside}_baseline", 0.3, "uM", "at rest", _LEVELS, 0.25),
            Parameter(f"{store}_baseline", 20.0, "uM", "at rest", _LEVELS, 0.25),
            Parameter(f"{outside}_baseline", 0.005, "uM", "at rest", _LEVELS, 0.25),
            Parameter("histamine_synthesis_flux", 5.0, "uM/h", "synthesis at rest", _FLUX, 0.2),
            Parameter("histamine_release_flux", 20.0, "uM/h", "release at rest", _FLUX, 0.2),
            Parameter("histamine_methylation_flux", 1.5, "uM/h", "methylation outside", _FLUX, 0.2),
            Parameter("histidine_brain", 100.0, "uM", "histidine in brain", _LEVELS, 0.15),
            Parameter("hdc_k_m", 270.0, "uM", "of histidine decarboxylase", _ENZYMES),
            Parameter("hnmt_k_m", 4.2, "uM", "of histamine methyltransferase", _ENZYMES),
            Parameter("histamine_uptake_k_m", 10.0, "uM", "of the transporter", _ENZYMES),
            Parameter("h3_feedback", 0.5, "1", "H3 autoreceptor", _SHAPE),
            Parameter("adaptation_h3", 0.5, "1", "loss of H3 sensitivity", _SHAPE),
            Parameter("adaptation_time_h3", 168.0, "h", "time constant", _SHAPE, 0.3),
            Parameter("histamine_half_saturation", 2.0, "1", "postsynaptic", _SHAPE),
        ),
        derived=(
            Derived("hdc_v_max", made / precursor, "uM/h", "capacity of decarboxylase"),
            Derived("histamine_packing", released / symbol(f"{inside}_baseline"), "1/h", "packing"),
            Derived(
                "histamine_release_rate", released / symbol(f"{store}_baseline"), "1/h", "rate"
            ),
            Derived(
                "histamine_uptake_v_max",
                (released - lost)
                / michaelis_menten(symbol(f"{outside}_baseline"), symbol("histamine_uptake_k_m")),
                "uM/h",
                "capacity of the transporter",
            ),
            Derived(
                "hnmt_v_max",
                lost / michaelis_menten(symbol(f"{outside}_baseline"), symbol("hnmt_k_m")),
                "uM/h",
                "capacity of methyltransferase outside",
            ),
            Derived(
                "hnmt_cytosol_rate",
                (made - lost) / symbol(f"{inside}_baseline"),
                "1/h",
                "methylation in the cytosol",
            ),
        ),
        ports=(
            Port("histamine_drive", "1", "of other transmitters on firing", 1.0),
            Port("afferent_firing_histamine", "1", "drive of histamine cells", 1.0),
            Port("comt_cofactor", "1", "S-adenosylmethionine, relative to rest", 1.0),
            Port("antagonist_h3", "1", "share of H3 held by an antagonist", 0.0, FRACTION),
            Port("antagonist_h1", "1", "share of H1 held by an antagonist", 0.0, FRACTION),
        ),
        rules={
            "histamine_relative": Rule(
                level / symbol(f"{outside}_baseline"), "1", "extracellular, of rest"
            ),
            "h3_view": Rule(
                autoreceptor_view(x, symbol("sensitivity_h3"), symbol("antagonist_h3")),
                "1",
                "histamine that the H3 autoreceptor reads",
            ),
            "histamine_tone": Rule(
                activation(x, symbol("histamine_half_saturation")) * (1 - symbol("antagonist_h1")),
                "1",
                "H1 tone relative to rest",
            ),
            "histamine_synthesis": Rule(
                symbol("hdc_v_max") * precursor * brake, "uM/h", "decarboxylation of histidine"
            ),
            "histamine_release": Rule(
                symbol("histamine_release_rate")
                * symbol("afferent_firing_histamine")
                * symbol("histamine_drive")
                * brake
                * symbol(store),
                "uM/h",
                "release",
            ),
        },
        reactions=(
            Reaction("synthesis", symbol("histamine_synthesis"), {inside: 1}),
            Reaction(
                "packing", symbol("histamine_packing") * symbol(inside), {inside: -1, store: 1}
            ),
            Reaction("release", symbol("histamine_release"), {store: -1, outside: 1}),
            Reaction(
                "uptake",
                symbol("histamine_uptake_v_max")
                * michaelis_menten(level, symbol("histamine_uptake_k_m")),
                {outside: -1, inside: 1},
            ),
            Reaction(
                "methylation_outside",
                symbol("hnmt_v_max")
                * symbol("comt_cofactor")
                * michaelis_menten(level, symbol("hnmt_k_m")),
                {outside: -1},
            ),
            Reaction(
                "methylation_inside",
                symbol("hnmt_cytosol_rate") * symbol("comt_cofactor") * symbol(inside),
                {inside: -1},
            ),
        ),
        rates={
            "sensitivity_h3": relaxation(
                inhibition(x, symbol("adaptation_h3"), one),
                symbol("sensitivity_h3"),
                1 / symbol("adaptation_time_h3"),
            )
        },
        provides=("histamine_relative", "histamine_tone", "h3_view"),
        feasibility=(
            Feasibility(made - lost, "synthesis of histamine exceeds methylation outside"),
            Feasibility(released - lost, "release of histamine exceeds methylation outside"),
        ),
    )
