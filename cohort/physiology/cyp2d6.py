"""CYP2D6: one enzyme that every compound shares, so that one drug changes another.

Genotype sets its amount, paroxetine destroys it, fluoxetine and norfluoxetine hold it, substrates
compete for it. Compounds read ``cyp2d6_activity``; inhibition acts by unbound drug in plasma.
"""

from collections.abc import Iterable

import sympy

from cohort.compounds import Compound, CovariateEffect
from cohort.compounds.quantity import Quantity
from cohort.model import (
    NOT_NEGATIVE,
    Constant,
    Parameter,
    Port,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import relaxation
from kernels.system import symbol

__all__ = ["cyp2d6", "cyp2d6_effects"]

_SCORE = Source("reference: activity score 2, two working alleles", "design")
_TURNOVER = Source("ln 2 over a half-life of 51 h, recalled; to be verified", "assumed")
# Intrinsic clearance by activity score over that of score 2: kcat of the Open Systems Pharmacology
# paroxetine model (Rüdesheim 2022). IM is score 1, the commonest; UM is score 3.
_LADDER = {"PM": 0.0, "IM": 0.38, "NM": 1.0, "UM": 1.85}


def cyp2d6(compounds: Iterable[Compound]) -> Submodel:
    r"""Return the submodel of CYP2D6 under the compounds of a protocol.

    Parameters
    ----------
    compounds
        All compounds in the body; those that do not inhibit the enzyme are passed over.

    Returns
    -------
    Submodel with the rule ``cyp2d6_activity`` [1], relative to activity score 2, and, if a
    compound inactivates the enzyme, the state ``cyp2d6_pool`` [1], relative to rest.

    Notes
    -----
    With unbound concentrations :math:`u_i = f_u C_i / M_i`:

    .. math::

        a = g\,E \Big/ \Big(1 + \sum_i \frac{u_i}{K_i}\Big), \qquad
        E' = k_{deg}(1 - E) - E \sum_i \frac{k_{inact,i}\,u_i}{K_{I,i} + u_i}

    A substrate's Michaelis constant stands in as its :math:`K_i`, which also saturates its own
    elimination. Left out: concentration in the portal vein and uptake into the liver.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> enzyme = cyp2d6([load_compound("paroxetine"), load_compound("sertraline")])
    >>> [species.name for species in enzyme.species], [port.name for port in enzyme.ports]
    (['cyp2d6_pool'], ['concentration_paroxetine'])
    """
    inhibitors = [item for item in compounds if item.inhibits_cyp2d6 is not None]
    killers = [item for item in inhibitors if _of(item, "k_inact") is not None]
    return Submodel(
        name="cyp2d6",
        species=_pool(killers),
        parameters=(
            Parameter(
                "cyp2d6_capacity",
                1.0,
                "1",
                "amount of working CYP2D6 by genotype",
                _SCORE,
                0.0,
                NOT_NEGATIVE,
            ),
            *_turnover(killers),
            *(item for compound in inhibitors for item in _constants_of(compound)),
        ),
        constants=tuple(item for compound in inhibitors for item in _binding_of(compound)),
        ports=tuple(
            Port(f"concentration_{item.name}", "ng/mL", f"total {item.name} in plasma")
            for item in inhibitors
        ),
        rates=_pool_rate(killers),
        rules={"cyp2d6_activity": Rule(_activity(inhibitors, killers), "1", "working CYP2D6")},
        provides=("cyp2d6_activity",),
    )


def cyp2d6_effects() -> tuple[CovariateEffect, ...]:
    """Return how the CYP2D6 phenotype moves the amount of enzyme.

    Returns
    -------
    One effect on ``cyp2d6_capacity``.

    Examples
    --------
    >>> cyp2d6_effects()[0].levels["PM"]
    0.0
    """
    return (
        CovariateEffect(
            parameter="cyp2d6_capacity",
            covariate="cyp2d6",
            source="kcat by activity score (PM 0, IM 1, NM 2, UM 3), Rüdesheim 2022",
            levels=dict(_LADDER),
        ),
    )


def _of(compound: Compound, name: str) -> Quantity | None:
    quantity: Quantity | None = getattr(compound.inhibits_cyp2d6, name)
    return quantity


def _constants_of(compound: Compound) -> tuple[Parameter, ...]:
    declared = (
        ("k_i", "uM", "constant of reversible inhibition"),
        ("k_inact", "1/h", "largest rate of inactivation"),
        ("k_inact_half", "uM", "unbound concentration of half that rate"),
    )
    return tuple(
        Parameter(
            f"{name}_cyp2d6_{compound.name}",
            quantity.number(unit),
            unit,
            f"{meaning} by {compound.name}",
            Source(f"{quantity.source} [{quantity.tag}]", quantity.mark),
        )
        for name, unit, meaning in declared
        if (quantity := _of(compound, name)) is not None
    )


def _binding_of(compound: Compound) -> tuple[Constant, Constant]:
    free, mass = compound.f_u, compound.molar_mass
    return (
        Constant(
            f"f_u_{compound.name}",
            free.number("1"),
            "1",
            f"unbound fraction of {compound.name} in plasma",
            Source(f"{free.source} [{free.tag}]", free.mark),
        ),
        Constant(
            f"molar_mass_{compound.name}",
            mass.number("g/mol"),
            "g/mol",
            f"molar mass of {compound.name}",
            Source(f"{mass.source} [{mass.tag}]", mass.mark),
        ),
    )


def _unbound(compound: Compound) -> sympy.Expr:
    name = compound.name
    return symbol(f"f_u_{name}") * symbol(f"concentration_{name}") / symbol(f"molar_mass_{name}")


def _activity(inhibitors: list[Compound], killers: list[Compound]) -> sympy.Expr:
    load = sympy.Add(*(_unbound(item) / symbol(f"k_i_cyp2d6_{item.name}") for item in inhibitors))
    pool = symbol("cyp2d6_pool") if killers else sympy.Integer(1)
    return symbol("cyp2d6_capacity") * pool / (1 + load)


def _pool(killers: list[Compound]) -> tuple[Species, ...]:
    if not killers:
        return ()
    return (Species("cyp2d6_pool", sympy.Integer(1), "1", "CYP2D6 relative to rest"),)


def _turnover(killers: list[Compound]) -> tuple[Parameter, ...]:
    if not killers:
        return ()
    return (Parameter("cyp2d6_turnover", 0.0136, "1/h", "loss of CYP2D6 at rest", _TURNOVER),)


def _pool_rate(killers: list[Compound]) -> dict[str, sympy.Expr]:
    if not killers:
        return {}
    pool = symbol("cyp2d6_pool")
    inactivation = sympy.Add(
        *(
            symbol(f"k_inact_cyp2d6_{item.name}")
            * _unbound(item)
            / (symbol(f"k_inact_half_cyp2d6_{item.name}") + _unbound(item))
            for item in killers
        )
    )
    turnover = relaxation(sympy.Integer(1), pool, symbol("cyp2d6_turnover"))
    return {"cyp2d6_pool": turnover - inactivation * pool}
