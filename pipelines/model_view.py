"""A part of the chemistry as plain values: states, equations, numbers and where they come from.

One truth for the three ways of showing it: `pipelines.model_text` renders these records as text or
Markdown, JSON writes them down as they are. Formulas are those of the declarations, not written
out; resting values are of the reference patient. `pipelines.model_cli` enters at `view_systems`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import sympy

from cohort.chemistry import (
    WHOLE,
    Setting,
    chemistry,
    chemistry_model,
    find_system,
    system_names,
    with_needs,
)
from cohort.errors import UnknownNameError
from cohort.model import (
    Constant,
    Derived,
    Input,
    Parameter,
    Port,
    Reaction,
    Rule,
    Species,
    Submodel,
)
from cohort.physiology import Coupling
from pipelines.model_formula import infix, latex, latex_lines, latex_name

__all__ = [
    "CountView",
    "CouplingView",
    "EquationView",
    "FormulaView",
    "NumberView",
    "ReadView",
    "StateView",
    "SystemView",
    "total_counts",
    "view_submodel",
    "view_systems",
]

CROSSTALK: Final = "crosstalk"
BALANCE: Final = "balance"
_TITLES: Final = {
    CROSSTALK: "How transmitters act on one another",
    BALANCE: "How far each transmitter is from its set point",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaView:
    """A quantity that follows from others.

    Parameters
    ----------
    name, unit, meaning
        As declared.
    text, latex
        The formula, as infix text and as LaTeX.

    Examples
    --------
    >>> FormulaView(name="x", unit="1", meaning="level", text="1 + a", latex="1 + a").unit
    '1'
    """

    name: str
    unit: str
    meaning: str
    text: str
    latex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EquationView:
    """How a state changes: fluxes with their sign, or a formula.

    Parameters
    ----------
    state
        Name of the state.
    fluxes
        Change of the state by one unit of each flux; empty where a formula stands.
    text, latex
        The right-hand side.

    Examples
    --------
    >>> EquationView(state="x", fluxes={"loss": -1}, text="- loss", latex="-loss").fluxes
    {'loss': -1}
    """

    state: str
    fluxes: Mapping[str, int | float]
    text: str
    latex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """A state of the reference patient at rest.

    Parameters
    ----------
    name, unit, meaning
        As declared.
    resting
        Value at rest [``unit``].
    start
        Formula of that value.

    Examples
    --------
    >>> StateView(name="crh", unit="1", meaning="CRH", resting=1.0, start="1").resting
    1.0
    """

    name: str
    unit: str
    meaning: str
    resting: float
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadView:
    """A quantity that a system reads from outside.

    Parameters
    ----------
    name, unit, meaning
        As declared.
    provider
        System that provides it; None for a control, which drugs, diet and the command line set,
        or where it is not known.
    default
        Value where no provider is simulated [``unit``]; None if it needs one.

    Examples
    --------
    >>> ReadView(name="bh4", unit="1", meaning="m", provider="inflammation", default=1.0).name
    'bh4'
    """

    name: str
    unit: str
    meaning: str
    provider: str | None
    default: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberView:
    """A number with its source.

    Parameters
    ----------
    name, value, unit, meaning, sd_log, mark, source
        As in `cohort.model.ParameterRow`.
    kind
        ``parameter``, which patients may differ in, or ``constant`` of the equations.

    Examples
    --------
    >>> NumberView(
    ...     name="k", value=1.0, unit="1/h", meaning="rate", sd_log=0.0, mark="read",
    ...     source="table 1", kind="parameter",
    ... ).mark
    'read'
    """

    name: str
    value: float
    unit: str
    meaning: str
    sd_log: float
    mark: str
    source: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouplingView:
    """One line of the crosstalk.

    Parameters
    ----------
    name, source, target, meaning, law, strength
        As in `cohort.physiology.Coupling`.
    text, latex
        Factor on the target.
    mark, evidence
        Where direction and size come from.
    parameter
        Parameter that holds the strength, None where it is a constant.

    Examples
    --------
    >>> CouplingView(
    ...     name="a_on_b", source="a", target="b", meaning="m", law="power", strength=0.1,
    ...     text="a^0.1", latex="a", mark="assumed", evidence="guess", parameter=None,
    ... ).strength
    0.1
    """

    name: str
    source: str
    target: str
    meaning: str
    law: str
    strength: float
    text: str
    latex: str
    mark: str
    evidence: str
    parameter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountView:
    """How many numbers there are, by where they come from.

    Parameters
    ----------
    read, computed, design, assumed
        Numbers by mark.
    total
        All of them.

    Examples
    --------
    >>> CountView(read=1, computed=2, design=3, assumed=4, total=10).known
    3
    """

    read: int
    computed: int
    design: int
    assumed: int
    total: int

    @property
    def known(self) -> int:
        """Numbers that were read, or computed from what was read.

        Examples
        --------
        >>> CountView(read=1, computed=2, design=3, assumed=4, total=10).known
        3
        """
        return self.read + self.computed


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """A system of the chemistry with all that it declares.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    needs
        Systems without which it is not whole.
    reads, provides
        What it takes from others and what others may take from it.
    states, equations, fluxes, rules, derived
        Its mathematics.
    conditions
        What must be greater than zero for a patient to have a rest.
    numbers, couplings
        Its numbers, and for the crosstalk its couplings.
    counts
        Where the numbers come from.

    Examples
    --------
    >>> view = view_systems(["serotonin"])[0]
    >>> view.equations[0].state, view.equations[0].text
    ('htp', '+ hydroxylation + htp_entry - decarboxylation')
    """

    name: str
    title: str
    needs: tuple[str, ...]
    reads: tuple[ReadView, ...]
    provides: tuple[FormulaView, ...]
    states: tuple[StateView, ...]
    equations: tuple[EquationView, ...]
    fluxes: tuple[FormulaView, ...]
    rules: tuple[FormulaView, ...]
    derived: tuple[FormulaView, ...]
    conditions: tuple[FormulaView, ...]
    numbers: tuple[NumberView, ...]
    couplings: tuple[CouplingView, ...]
    counts: CountView

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON.

        Examples
        --------
        >>> view_systems(["cofactors"])[0].as_dict()["name"]
        'cofactors'
        """
        return asdict(self)


def view_systems(
    names: Iterable[str] = (), setting: Setting | None = None
) -> tuple[SystemView, ...]:
    """Return what some systems are made of.

    Parameters
    ----------
    names
        Systems, ``crosstalk`` and ``balance`` among them; none for the whole chemistry.
    setting
        How they are built; the patient at rest, without meals and clock, if left out.

    Returns
    -------
    One record a system, in the order of the names.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> [view.name for view in view_systems(["cortisol", "crosstalk"])]
    ['cortisol', 'crosstalk']
    """
    setting = setting or Setting()
    asked = tuple(dict.fromkeys(names)) or (*WHOLE, CROSSTALK, BALANCE)
    known = (*system_names(), CROSSTALK, BALANCE)
    for name in asked:
        if name not in known:
            raise UnknownNameError("cohort model show", name, known, "system")
    every = dict(zip(known, chemistry(system_names(), setting), strict=True))
    providers = {item: name for name, part in every.items() for item in part.provides}
    context = [name for name in asked if name in system_names()]
    resting = _resting_states(with_needs(context), setting)
    return tuple(_system(name, every[name], providers, resting, setting) for name in asked)


def view_submodel(
    part: Submodel, title: str, providers: Mapping[str, str] | None = None
) -> SystemView:
    """Return what one submodel is made of, in a trial or out of it: a drug, say.

    Parameters
    ----------
    part
        The submodel.
    title
        Words for people.
    providers
        Name of the submodel that provides a quantity which this one reads, as far as known.

    Returns
    -------
    Its record. States rest at their declared start, or at 0 where that is a formula.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> from cohort.patient_model import drug_submodels
    >>> part = drug_submodels(load_drug("escitalopram").compounds)[0]
    >>> [state.name for state in view_submodel(part, "Escitalopram in the body").states]
    ['depot_s_citalopram', 'central_s_citalopram', 'peripheral_s_citalopram']
    """
    return _view(part.name, title, part, providers or {}, {})


def total_counts(views: Sequence[SystemView]) -> CountView:
    """Return the counts of several systems together.

    Examples
    --------
    >>> total_counts(view_systems(["serotonin"])) == view_systems(["serotonin"])[0].counts
    True
    """
    return _counts([number for view in views for number in view.numbers])


def _resting_states(names: tuple[str, ...], setting: Setting) -> dict[str, float]:
    if not any(part.species for part in chemistry(names, setting)):
        return {}  # a model without a state is none
    model = chemistry_model(names, setting)
    return dict(zip(model.system.states, model.lanes({}, 1).states[:, 0].tolist(), strict=True))


def _system(
    name: str,
    part: Submodel,
    providers: Mapping[str, str],
    resting: Mapping[str, float],
    setting: Setting,
) -> SystemView:
    if name in system_names():
        system = find_system(name)
        return _view(name, system.title, part, providers, resting, needs=system.needs)
    couplings = tuple(map(_coupling, setting.couplings)) if name == CROSSTALK else ()
    return _view(name, _TITLES[name], part, providers, resting, couplings=couplings)


def _view(
    name: str,
    title: str,
    part: Submodel,
    providers: Mapping[str, str],
    resting: Mapping[str, float],
    *,
    needs: tuple[str, ...] = (),
    couplings: tuple[CouplingView, ...] = (),
) -> SystemView:
    ranks = _ranks(part)
    rules = _formulas(part.rules, ranks)
    derived = _formulas({item.name: item for item in part.derived}, ranks)
    numbers = (*map(_number, part.parameters), *map(_number, part.constants))
    return SystemView(
        name=name,
        title=title,
        needs=needs,
        reads=tuple(
            ReadView(
                name=port.name,
                unit=port.unit,
                meaning=port.meaning,
                provider=providers.get(port.name),
                default=port.default,
            )
            for port in part.ports
        ),
        provides=_provided(part, (*rules, *derived)),
        states=tuple(_state(item, resting, ranks) for item in part.species),
        equations=tuple(_equation(item.name, part, ranks) for item in part.species),
        fluxes=tuple(_flux(item, part, ranks) for item in part.reactions),
        rules=rules,
        derived=derived,
        conditions=tuple(
            FormulaView(
                name="",
                unit="",
                meaning=item.meaning,
                text=infix(item.expression, ranks),
                latex=latex(item.expression, ranks),
            )
            for item in part.feasibility
        ),
        numbers=numbers,
        couplings=couplings,
        counts=_counts(numbers),
    )


def _ranks(part: Submodel) -> dict[str, int]:
    """Order of names in a product: capacities and numbers, what is read, rules, states."""
    groups: tuple[Iterable[str], ...] = (
        [*_names(part.derived), *_names(part.parameters), *_names(part.constants)],
        _names(part.ports),
        part.rules,
        _names(part.species),
    )
    return {name: place for place, group in enumerate(groups) for name in group}


def _names(items: Iterable[Species | Parameter | Constant | Derived | Port]) -> list[str]:
    return [item.name for item in items]


def _formulas(items: Mapping[str, Any], ranks: Mapping[str, int]) -> tuple[FormulaView, ...]:
    return tuple(
        FormulaView(
            name=name,
            unit=item.unit,
            meaning=item.meaning,
            text=infix(item.expression, ranks),
            latex=latex(item.expression, ranks),
        )
        for name, item in items.items()
    )


def _flux(item: Reaction, part: Submodel, ranks: Mapping[str, int]) -> FormulaView:
    first = next(iter(item.stoichiometry))
    rate = item.rate
    rule: Rule | None = part.rules.get(rate.name) if isinstance(rate, sympy.Symbol) else None
    return FormulaView(
        name=item.name,
        unit=f"{part.units[first]}/h",
        meaning=item.meaning or (rule.meaning if rule else ""),
        text=infix(rate, ranks),
        latex=latex(rate, ranks),
    )


def _provided(part: Submodel, formulas: Iterable[FormulaView]) -> tuple[FormulaView, ...]:
    meanings = {item.name: item.meaning for item in formulas}
    declared: tuple[Species | Parameter | Input, ...] = (
        *part.species,
        *part.parameters,
        *part.inputs,
    )
    meanings |= {item.name: item.meaning for item in declared}
    return tuple(
        FormulaView(
            name=name,
            unit=part.units[name],
            meaning=meanings.get(name, ""),
            text=name,
            latex=latex_name(name),
        )
        for name in part.provides
    )


def _state(item: Species, resting: Mapping[str, float], ranks: Mapping[str, int]) -> StateView:
    start = sympy.sympify(item.initial)
    declared = float(start) if start.is_number else 0.0
    return StateView(
        name=item.name,
        unit=item.unit,
        meaning=item.meaning,
        resting=float(resting.get(item.name, declared)),
        start=infix(start, ranks),
    )


def _equation(state: str, part: Submodel, ranks: Mapping[str, int]) -> EquationView:
    if state in part.rates:
        rate = part.rates[state]
        return EquationView(
            state=state, fluxes={}, text=infix(rate, ranks), latex=latex(rate, ranks)
        )
    fluxes = {
        item.name: item.stoichiometry[state]
        for item in part.reactions
        if state in item.stoichiometry
    }
    return EquationView(
        state=state,
        fluxes=fluxes,
        text=" ".join(_signed(name, count, " * ") for name, count in fluxes.items()),
        latex=latex_lines(
            [
                (_signed(latex_name(name), count, r" \cdot "), len(name))
                for name, count in fluxes.items()
            ]
        ),
    )


def _signed(name: str, count: float, times: str) -> str:
    size = "" if abs(count) == 1 else f"{abs(count):g}{times}"
    return f"{'-' if count < 0 else '+'} {size}{name}"


def _number(item: Parameter | Constant) -> NumberView:
    is_parameter = isinstance(item, Parameter)
    return NumberView(
        name=item.name,
        value=float(item.value),
        unit=item.unit,
        meaning=item.meaning,
        sd_log=item.sd_log if isinstance(item, Parameter) else 0.0,
        mark=item.source.mark,
        source=item.source.text,
        kind="parameter" if is_parameter else "constant",
    )


def _coupling(item: Coupling) -> CouplingView:
    ranks = {item.source: 1}
    return CouplingView(
        name=item.name,
        source=item.source,
        target=item.target,
        meaning=item.meaning,
        law=item.law,
        strength=item.strength,
        text=infix(item.factor, ranks),
        latex=latex(item.factor, ranks),
        mark=item.evidence.mark,
        evidence=item.evidence.text,
        parameter=item.number.name if isinstance(item.number, Parameter) else None,
    )


def _counts(numbers: Sequence[NumberView]) -> CountView:
    marks = [number.mark for number in numbers]
    return CountView(
        read=marks.count("read"),
        computed=marks.count("computed"),
        design=marks.count("design"),
        assumed=marks.count("assumed"),
        total=len(marks),
    )
