"""The way of one compound through the body: gut, plasma, tissue, elimination, metabolites.

One submodel a compound, built from its file. Amounts are in ug, volumes in L, so concentrations are
in ug/L = ng/mL; times in h. A swallowed dose enters ``depot_<compound>`` as a bolus after the
patient's lag; extended release, infusions and patches are inputs that the schedule holds.
"""

import itertools
from collections.abc import Collection, Iterable

import sympy

from cohort.compounds import Compound, Formation, Quantity, Route
from cohort.model import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Constant,
    Input,
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
_DISPOSITION = {
    "k_a": ("1/h", "absorption rate constant"),
    "mean_time": ("h", "mean time in the transit compartments"),
    "bioavailability": ("1", "share of a swallowed dose that is absorbed"),
    "cl": ("L/h", "clearance of the reference metabolizer before inhibition"),
    "v_c": ("L", "central volume"),
    "v_p": ("L", "peripheral volume"),
    "q": ("L/h", "flow between central and peripheral volume"),
    "hepatic_flow": ("L/h", "blood flow through the liver"),
}
_INPUTS = {
    "release": "{} released into the gut from an extended-release form",
    "infusion": "{} given into a vein or through the skin",
}


def pharmacokinetics(
    compound: Compound, together: Iterable[str] = (), inputs: Collection[str] = ()
) -> Submodel:
    r"""Return the submodel of one compound.

    Parameters
    ----------
    compound
        What its file declares.
    together
        Names of the other compounds in the body: a metabolite is formed from those parents that are
        among them.
    inputs
        Inputs that doses use, ``release_<compound>`` and ``infusion_<compound>``; others are passed
        over.

    Returns
    -------
    Submodel with the states ``depot_<compound>`` (if it can be swallowed), ``central_<compound>``,
    with transit ``transit_<i>_<compound>`` and ``gut_<compound>``, and with two compartments
    ``peripheral_<compound>`` [ug]; the rules ``concentration_<compound>`` [ng/mL, total in plasma],
    ``elimination_<compound>`` [ug/h] and, of each route, ``elimination_<compound>_<enzyme>``.

    Notes
    -----
    With routes *r* of share :math:`s_r`, relative enzyme activity :math:`a_r` (genotype,
    inhibition, induction and inactivation together) and Michaelis constant :math:`K_r`:

    .. math:: CL = CL_{ref} \sum_r \frac{s_r a_r}{1 + C/K_r}, \qquad C = A_c/V_c

    In a compound with ``hepatic_flow`` *Q*, :math:`CL_{ref}` is intrinsic and the liver well
    stirred: availability :math:`F = Q/(Q + CL)`, systemic clearance :math:`F\,CL`. Enzyme activity
    is read through the port ``<enzyme>_activity``; a route with a ladder of its own has the
    parameter ``<enzyme>_activity_<compound>`` and reads ``<enzyme>_availability``. With ``transit``
    a dose passes *n* compartments beside the depot at the rate :math:`(n+1)/MTT` (Savic 2007).
    Left out: food, saturable binding to protein, metabolism in the gut wall beside ``hepatic_flow``
    or ``bioavailability``.

    References
    ----------
    Savic et al. 2007, J Pharmacokinet Pharmacodyn 34:711 (transit compartments).

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
    around = frozenset(together)
    parents = tuple(item for item in compound.formation if item.parent in around)
    used = tuple(kind for kind in _INPUTS if f"{kind}_{name}" in inputs)
    rules = {
        f"concentration_{name}": Rule(
            symbol(f"central_{name}") / symbol(f"v_c_{name}"), "ng/mL", f"total {name} in plasma"
        ),
        **_clearance_rules(compound),
        **_elimination_rules(compound),
    }
    return Submodel(
        name=f"pharmacokinetics_{name}",
        species=_species(compound),
        parameters=_parameters(compound),
        constants=(*_shares(compound), *_yields(compound, parents)),
        ports=(*_enzyme_ports(compound), *_parent_ports(parents)),
        inputs=tuple(Input(f"{kind}_{name}", "ug/h", _INPUTS[kind].format(name)) for kind in used),
        rules=rules,
        reactions=_reactions(compound, parents, used),
        provides=tuple(rule for rule in rules if rule.startswith(("concentration", "elimination"))),
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


def _n_transit(compound: Compound) -> int:
    transit = compound.disposition.transit
    return 0 if transit is None else transit.compartments


def _swallowed_states(compound: Compound) -> list[str]:
    """Return the states from stomach to the wall of the gut, in order."""
    if compound.disposition.k_a is None:
        return []
    n_transit = _n_transit(compound)
    states = [f"depot_{compound.name}"]
    if n_transit:
        states += [f"transit_{i}_{compound.name}" for i in range(1, n_transit + 1)]
        states.append(f"gut_{compound.name}")
    return states


def _species(compound: Compound) -> tuple[Species, ...]:
    states = [*_swallowed_states(compound), f"central_{compound.name}"]
    if compound.disposition.v_p is not None:
        states.append(f"peripheral_{compound.name}")
    return tuple(
        Species(
            state,
            sympy.Integer(0),
            "ug",
            f"{compound.name}, {state.removesuffix(f'_{compound.name}').replace('_', ' ')} "
            "compartment",
            _TYPICAL_AMOUNT_UG,
        )
        for state in states
    )


def _parameters(compound: Compound) -> tuple[Parameter, ...]:
    name = compound.name
    made = []
    for key, (unit, words) in _DISPOSITION.items():
        quantity = compound.disposition.quantity(key)  # type: ignore[arg-type]
        if quantity is not None:
            value, spread = quantity.number(unit), compound.sd_log(key)  # type: ignore[arg-type]
            meaning = f"{words} of {name}"
            bounds = FRACTION if key == "bioavailability" else POSITIVE
            made.append(
                Parameter(
                    f"{key}_{name}",
                    value,
                    unit,
                    meaning,
                    _source(quantity),
                    spread,
                    bounds,
                    compound.follows(key),  # type: ignore[arg-type]
                )
            )
    for route in compound.elimination:
        if route.activity:
            made.append(
                Parameter(
                    f"{route.enzyme}_activity_{name}",
                    1.0,
                    "1",
                    f"{route.enzyme.upper()} activity toward {name}",
                    _NORMAL,
                    0.0,
                    NOT_NEGATIVE,
                )
            )
        if route.k_m is not None:
            made.append(
                Parameter(
                    f"k_m_{route.enzyme}_{name}",
                    route.k_m.number("ng/mL"),
                    "ng/mL",
                    f"total plasma {name} that halves its clearance by {route.enzyme}",
                    _source(route.k_m),
                )
            )
    return tuple(made)


def _shares(compound: Compound) -> tuple[Constant, ...]:
    return tuple(
        Constant(
            f"share_{route.enzyme}_{compound.name}",
            route.share.number("1"),
            "1",
            f"share of the clearance of {compound.name} by {route.enzyme}",
            _source(route.share),
        )
        for route in compound.elimination
    )


def _yield_name(compound: str, formation: Formation) -> str:
    way = "" if formation.route is None else f"_{formation.route}"
    return f"mass_yield_{compound}_{formation.parent}{way}"


def _yields(compound: Compound, parents: tuple[Formation, ...]) -> tuple[Constant, ...]:
    return tuple(
        Constant(
            _yield_name(compound.name, formation),
            formation.mass_yield.number("1"),
            "1",
            f"mass of {compound.name} formed from a mass of {formation.parent}",
            _source(formation.mass_yield),
        )
        for formation in parents
    )


def _enzyme_ports(compound: Compound) -> tuple[Port, ...]:
    ports = []
    for route in compound.elimination:
        if route.enzyme == "other":
            continue
        if route.activity:
            meaning = f"share of {route.enzyme} that drugs leave"
            ports.append(Port(f"{route.enzyme}_availability", "1", meaning, 1.0))
        else:
            meaning = f"{route.enzyme} relative to the reference patient"
            ports.append(Port(f"{route.enzyme}_activity", "1", meaning, 1.0))
    return tuple(ports)


def _source_flow(formation: Formation) -> str:
    way = "" if formation.route is None else f"_{formation.route}"
    return f"elimination_{formation.parent}{way}"


def _parent_ports(parents: tuple[Formation, ...]) -> tuple[Port, ...]:
    return tuple(
        Port(_source_flow(formation), "ug/h", f"{formation.parent} that the body removes")
        for formation in parents
    )


def _route_clearance(compound: Compound, route: Route) -> sympy.Expr:
    """Clearance by a route relative to the reference clearance."""
    name = compound.name
    share = symbol(f"share_{route.enzyme}_{name}")
    if route.activity:
        share *= symbol(f"{route.enzyme}_activity_{name}") * symbol(f"{route.enzyme}_availability")
    elif route.enzyme != "other":
        share *= symbol(f"{route.enzyme}_activity")
    if route.k_m is not None:
        share /= 1 + symbol(f"concentration_{name}") / symbol(f"k_m_{route.enzyme}_{name}")
    return share


def _clearance_rules(compound: Compound) -> dict[str, Rule]:
    name = compound.name
    relative = sympy.Add(*(_route_clearance(compound, route) for route in compound.elimination))
    rules = {
        f"clearance_{name}": Rule(symbol(f"cl_{name}") * relative, "L/h", f"clearance of {name}")
    }
    if compound.disposition.hepatic_flow is not None:
        flow = symbol(f"hepatic_flow_{name}")
        rules[f"availability_{name}"] = Rule(
            flow / (flow + symbol(f"clearance_{name}")), "1", f"{name} that passes the liver"
        )
    return rules


def _passing(compound: Compound) -> sympy.Expr:
    if compound.disposition.hepatic_flow is None:
        return sympy.Integer(1)
    return symbol(f"availability_{compound.name}")


def _absorbed(compound: Compound) -> sympy.Expr:
    """Flow from the gut into the blood before the liver [ug/h]."""
    states = _swallowed_states(compound)
    if not states:
        return sympy.Integer(0)
    flow = symbol(f"k_a_{compound.name}") * symbol(states[-1])
    if compound.disposition.bioavailability is not None:
        flow *= symbol(f"bioavailability_{compound.name}")
    return flow


def _cleared(compound: Compound) -> sympy.Expr:
    name = compound.name
    clearance = symbol(f"clearance_{name}") * _passing(compound)
    return clearance * symbol(f"central_{name}") / symbol(f"v_c_{name}")


def _elimination_rules(compound: Compound) -> dict[str, Rule]:
    name = compound.name
    eliminated = _cleared(compound) + (1 - _passing(compound)) * _absorbed(compound)
    rules = {
        f"elimination_{name}": Rule(eliminated, "ug/h", f"{name} that the body removes"),
    }
    for route in compound.elimination:
        part = symbol(f"cl_{name}") * _route_clearance(compound, route)
        flow = part * _passing(compound) * symbol(f"central_{name}") / symbol(f"v_c_{name}")
        if compound.disposition.hepatic_flow is not None:
            first_pass = part / (symbol(f"hepatic_flow_{name}") + symbol(f"clearance_{name}"))
            flow += first_pass * _absorbed(compound)
        rules[f"elimination_{name}_{route.enzyme}"] = Rule(
            flow, "ug/h", f"{name} that {route.enzyme} removes"
        )
    return rules


def _reactions(
    compound: Compound, parents: tuple[Formation, ...], used: tuple[str, ...]
) -> tuple[Reaction, ...]:
    name = compound.name
    central, peripheral = f"central_{name}", f"peripheral_{name}"
    passing, absorbed = _passing(compound), _absorbed(compound)
    reactions = [Reaction("clearance", _cleared(compound), {central: -1})]
    reactions += _absorption(compound, passing, absorbed)
    for formation in parents:
        formed = symbol(_yield_name(name, formation)) * symbol(_source_flow(formation))
        way = "" if formation.route is None else f"_{formation.route}"
        reactions.append(Reaction(f"formation_{formation.parent}{way}", formed, {central: 1}))
    if compound.disposition.v_p is not None:
        out = symbol(f"q_{name}") * symbol(central) / symbol(f"v_c_{name}")
        back = symbol(f"q_{name}") * symbol(peripheral) / symbol(f"v_p_{name}")
        reactions.append(Reaction("distribution", out - back, {central: -1, peripheral: 1}))
    goals = {"release": f"depot_{name}", "infusion": central}
    reactions += [Reaction(kind, symbol(f"{kind}_{name}"), {goals[kind]: 1}) for kind in used]
    return tuple(reactions)


def _absorption(compound: Compound, passing: sympy.Expr, absorbed: sympy.Expr) -> list[Reaction]:
    name = compound.name
    states = _swallowed_states(compound)
    if not states:
        return []
    steps = [
        Reaction(
            f"transit_{i}",
            (_n_transit(compound) + 1) / symbol(f"mean_time_{name}") * symbol(before),
            {before: -1, after: 1},
        )
        for i, (before, after) in enumerate(itertools.pairwise(states))
    ]
    last, central = states[-1], f"central_{name}"
    made = [*steps, Reaction("absorption", passing * absorbed, {last: -1, central: 1})]
    if compound.disposition.hepatic_flow is not None:
        made.append(Reaction("first_pass", (1 - passing) * absorbed, {last: -1}))
    if compound.disposition.bioavailability is not None:
        leaving = symbol(f"k_a_{name}") * symbol(last)
        lost = (1 - symbol(f"bioavailability_{name}")) * leaving
        made.append(Reaction("not_absorbed", lost, {last: -1}))
    return made
