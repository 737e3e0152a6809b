"""Competition of all compounds for the serotonin transporter.

The one door by which a drug reaches the serotonin system: concentrations in plasma go in, the share
of blocked transporter comes out. No drug is named here.
"""

from collections.abc import Iterable

import sympy

from cohort.compounds import Compound
from cohort.model import FRACTION, Parameter, Port, Rule, Source, Submodel
from kernels.system import symbol

__all__ = ["sert_binding"]

_PLATEAU = Source(
    "PET plateau of 85 % at high doses (Meyer 2001, Voineskos 2007): 0.85-0.90 [input]", "computed"
)


def sert_binding(compounds: Iterable[Compound]) -> Submodel:
    r"""Return the submodel of transporter occupancy.

    Parameters
    ----------
    compounds
        All compounds in the body; those without a ``sert`` entry are passed over.

    Returns
    -------
    Submodel with the rule ``sert_occupancy`` [1]; 0 without any compound.

    Notes
    -----
    .. math:: \theta = E_{max}\,\frac{S}{1 + S}, \qquad S = \sum_i C_i / EC_{50,i}

    on *total* plasma concentration: occupancy computed from unbound drug and in-vitro affinity
    contradicts PET. Plasma and brain are taken to be at equilibrium; the slower decline of
    occupancy than of plasma in SPECT studies (Klein 2007) is carried by the hyperbola alone.

    References
    ----------
    Meyer et al. 2004, Am J Psychiatry 161:826 (76-85 % at minimum therapeutic doses).

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> binding = sert_binding([load_compound("sertraline")])
    >>> binding.parameters[1].name, binding.parameters[1].value
    ('ec50_sert_sertraline', 2.7)
    >>> sert_binding([]).rules["sert_occupancy"].expression
    0
    """
    bound = [(item.name, item.sert.ec50) for item in compounds if item.sert is not None]
    load = sympy.Add(
        *(symbol(f"concentration_{name}") / symbol(f"ec50_sert_{name}") for name, _ in bound)
    )
    plateau = Parameter(
        "sert_e_max", 0.88, "1", "largest occupancy that PET shows", _PLATEAU, 0.0, FRACTION
    )
    return Submodel(
        name="sert_binding",
        parameters=(
            plateau,
            *(
                Parameter(
                    f"ec50_sert_{name}",
                    ec50.number("ng/mL"),
                    "ng/mL",
                    f"total plasma {name} of half occupancy",
                    Source(f"{ec50.source} [{ec50.tag}]", ec50.mark),
                )
                for name, ec50 in bound
            ),
        )
        if bound
        else (),
        ports=tuple(
            Port(f"concentration_{name}", "ng/mL", f"total {name} in plasma") for name, _ in bound
        ),
        rules={
            "sert_occupancy": Rule(
                symbol("sert_e_max") * load / (1 + load) if bound else sympy.Integer(0),
                "1",
                "share of the transporter that is blocked",
            )
        },
        provides=("sert_occupancy",),
    )
