"""The way of one compound through the body: gut, plasma, tissue, elimination, metabolite.

One submodel a compound, built from its file. Amounts are in ug, volumes in L, so concentrations are
in ug/L = ng/mL; times in h. A dose enters ``depot_<compound>`` as a bolus after the patient's lag.
Every volume and clearance is apparent (over F) unless the liver is modeled.
"""

import sympy

from cohort.compounds import Compound, Quantity
from cohort.model import (
    NOT_NEGATIVE,
    Constant,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from kernels.system import symbol

__all__ = ["absorption_lag", "pharmacokinetics"]

_TYPICAL_AMOUNT_UG = 1000.0  # error control is relative to a milligram
_NORMAL = Source("reference: the normal metabolizer", "design")
_NO_LAG = Source("the file of the compound gives no lag", "design")
_UNITS = {"k_a": "1/h", "cl": "L/h", "v_c": "L", "v_p": "L", "q": "L/h", "hepatic_flow": "L/h"}
_MEANINGS = {
    "k_a": "absorption rate constant",
    "cl": "clearance of the reference metabolizer before inhibition",
    "v_c": "central volume",
    "v_p": "peripheral volume",
    "q": "flow between central and peripheral volume",
    "hepatic_flow": "blood flow through the liver",
}


def pharmacokinetics(compound: Compound) -> Submodel:
    r"""Return the submodel of one compound.

    Parameters
    ----------
    compound
        What its file declares.

    Returns
    -------
    Submodel with the states ``depot_<compound>`` (not in a metabolite), ``central_<compound>``
    and, with two compartments, ``peripheral_<compound>`` [ug]; the rules
    ``concentration_<compound>`` [ng/mL, total in plasma] and ``elimination_<compound>`` [ug/h].

    Notes
    -----
    With routes *r* of share :math:`s_r` and relative enzyme activity :math:`a_r` (genotype,
    inhibition and inactivation together):

    .. math:: CL = CL_{ref} \sum_r s_r a_r, \qquad C = A_c/V_c

    In a compound with ``hepatic_flow`` *Q*, :math:`CL_{ref}` is intrinsic and the liver well
    stirred: availability :math:`F = Q/(Q + CL)`, systemic clearance :math:`F\,CL`. Then volumes
    and flows are over the fraction absorbed only. CYP2D6 activity is read through the port
    ``cyp2d6_activity``; CYP2C19 activity is the parameter ``cyp2c19_activity_<compound>``. Left
    out: metabolism in the gut wall, food, saturable binding.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> model = pharmacokinetics(load_compound("sertraline"))
    >>> [species.name for species in model.species]
    ['depot_sertraline', 'central_sertraline']
    >>> model.rules["concentration_sertraline"].expression
    central_sertraline/v_c_sertraline
    """
    name = compound.name
    concentration, elimination = f"concentration_{name}", f"elimination_{name}"
    return Submodel(
        name=f"pharmacokinetics_{name}",
        species=_species(compound),
        parameters=_parameters(compound),
        constants=_shares(compound),
        ports=_ports(compound),
        rules={
            concentration: Rule(
                symbol(f"central_{name}") / symbol(f"v_c_{name}"),
                "ng/mL",
                f"total {name} in plasma",
            ),
            **_clearance_rules(compound),
            elimination: Rule(_eliminated(compound), "ug/h", f"{name} that the body removes"),
        },
        reactions=_reactions(compound),
        provides=(concentration, elimination),
    )


def absorption_lag(compound: Compound) -> Parameter:
    """Return the time between swallowing and the start of absorption, which the schedule needs.

    Parameters
    ----------
    compound
        What its file declares.

    Returns
    -------
    Parameter ``t_lag_<compound>`` [s] with its spread between patients; 0 where there is none.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> absorption_lag(load_compound("s_citalopram")).value
    3348.0
    """
    name, meaning = f"t_lag_{compound.name}", "lag of absorption"
    lag = compound.disposition.t_lag
    if lag is None:
        return Parameter(name, 0.0, "s", meaning, _NO_LAG, 0.0, NOT_NEGATIVE)
    value, spread = lag.number("s"), compound.sd_log("t_lag")
    return Parameter(name, value, "s", meaning, _source(lag), spread, NOT_NEGATIVE)


def _source(quantity: Quantity) -> Source:
    return Source(f"{quantity.source} [{quantity.tag}]", quantity.mark)


def _species(compound: Compound) -> tuple[Species, ...]:
    kinds = {
        "depot": compound.disposition.k_a is not None,
        "central": True,
        "peripheral": compound.disposition.v_p is not None,
    }
    return tuple(
        Species(
            f"{kind}_{compound.name}",
            sympy.Integer(0),
            "ug",
            f"{compound.name}, {kind} compartment",
            _TYPICAL_AMOUNT_UG,
        )
        for kind, is_there in kinds.items()
        if is_there
    )


def _parameters(compound: Compound) -> tuple[Parameter, ...]:
    name = compound.name
    made = []
    for key, unit in _UNITS.items():
        quantity: Quantity | None = getattr(compound.disposition, key)
        if quantity is not None:
            spread = 0.0 if key == "hepatic_flow" else compound.sd_log(key)  # type: ignore[arg-type]
            value, meaning = quantity.number(unit), f"{_MEANINGS[key]} of {name}"
            made.append(Parameter(f"{key}_{name}", value, unit, meaning, _source(quantity), spread))
    made += [
        Parameter(
            f"cyp2c19_activity_{name}",
            1.0,
            "1",
            f"CYP2C19 activity toward {name}",
            _NORMAL,
            0.0,
            NOT_NEGATIVE,
        )
        for route in compound.elimination
        if route.enzyme == "cyp2c19"
    ]
    return tuple(made)


def _shares(compound: Compound) -> tuple[Constant, ...]:
    shares = tuple(
        Constant(
            f"share_{route.enzyme}_{compound.name}",
            route.share.number("1"),
            "1",
            f"share of the clearance of {compound.name} by {route.enzyme}",
            _source(route.share),
        )
        for route in compound.elimination
    )
    if compound.formation is None:
        return shares
    mass_yield = compound.formation.mass_yield
    return (
        *shares,
        Constant(
            f"mass_yield_{compound.name}",
            mass_yield.number("1"),
            "1",
            f"mass of {compound.name} formed from a mass of {compound.formation.parent}",
            _source(mass_yield),
        ),
    )


def _ports(compound: Compound) -> tuple[Port, ...]:
    ports = []
    if any(route.enzyme == "cyp2d6" for route in compound.elimination):
        ports.append(Port("cyp2d6_activity", "1", "CYP2D6 relative to activity score 2", 1.0))
    if compound.formation is not None:
        parent = compound.formation.parent
        ports.append(Port(f"elimination_{parent}", "ug/h", f"{parent} that the body removes"))
    return tuple(ports)


def _clearance_rules(compound: Compound) -> dict[str, Rule]:
    name = compound.name
    activity = {
        "cyp2c19": symbol(f"cyp2c19_activity_{name}"),
        "cyp2d6": symbol("cyp2d6_activity"),
        "other": sympy.Integer(1),
    }
    relative = sympy.Add(
        *(
            symbol(f"share_{route.enzyme}_{name}") * activity[route.enzyme]
            for route in compound.elimination
        )
    )
    rules = {
        f"clearance_{name}": Rule(symbol(f"cl_{name}") * relative, "L/h", f"clearance of {name}")
    }
    if compound.disposition.hepatic_flow is not None:
        flow = symbol(f"hepatic_flow_{name}")
        rules[f"availability_{name}"] = Rule(
            flow / (flow + symbol(f"clearance_{name}")), "1", f"{name} that passes the liver"
        )
    return rules


def _availability(compound: Compound) -> sympy.Expr:
    if compound.disposition.hepatic_flow is None:
        return sympy.Integer(1)
    return symbol(f"availability_{compound.name}")


def _absorbed(compound: Compound) -> sympy.Expr:
    if compound.disposition.k_a is None:
        return sympy.Integer(0)
    return symbol(f"k_a_{compound.name}") * symbol(f"depot_{compound.name}")


def _cleared(compound: Compound) -> sympy.Expr:
    name = compound.name
    clearance = symbol(f"clearance_{name}") * _availability(compound)
    return clearance * symbol(f"central_{name}") / symbol(f"v_c_{name}")


def _eliminated(compound: Compound) -> sympy.Expr:
    return _cleared(compound) + (1 - _availability(compound)) * _absorbed(compound)


def _reactions(compound: Compound) -> tuple[Reaction, ...]:
    name = compound.name
    depot, central, peripheral = f"depot_{name}", f"central_{name}", f"peripheral_{name}"
    available = _availability(compound)
    reactions = [Reaction("clearance", _cleared(compound), {central: -1})]
    if compound.formation is None:
        passed = available * _absorbed(compound)
        reactions.append(Reaction("absorption", passed, {depot: -1, central: 1}))
    else:
        formed = symbol(f"mass_yield_{name}") * symbol(f"elimination_{compound.formation.parent}")
        reactions.append(Reaction("formation", formed, {central: 1}))
    if compound.disposition.hepatic_flow is not None:
        lost = (1 - available) * _absorbed(compound)
        reactions.append(Reaction("first_pass", lost, {depot: -1}))
    if compound.disposition.v_p is not None:
        out = symbol(f"q_{name}") * symbol(central) / symbol(f"v_c_{name}")
        back = symbol(f"q_{name}") * symbol(peripheral) / symbol(f"v_p_{name}")
        reactions.append(Reaction("distribution", out - back, {central: -1, peripheral: 1}))
    return tuple(reactions)
