"""What a disease moves away from the healthy reference, one number of the model at a time.

A shift names a parameter or a control that nothing supplies, says where it stands in the mean
patient and how patients differ. `Condition.contradictions` enters at `shift_contradictions`;
`cohort.population.shifts` draws each patient's number. May import `cohort.chemistry`.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import model_validator

from cohort.chemistry import Setting, chemistry, system_names
from cohort.compounds import TARGETS
from cohort.errors import CohortError
from cohort.facts import Declaration, Fact, quantity_in
from cohort.model import Bounds
from cohort.yaml_files import Contradiction, is_read, nearest_hint, refuse_contradictions

__all__ = [
    "Shift",
    "SystemQuantities",
    "quantities_of",
    "read_number",
    "shift_contradictions",
    "signal_contradictions",
]

_SETTING = Setting(meals=True, rhythm="circadian")  # as `cohort.patient_model` builds patients
_MOST_CORRELATED = 0.95
_WIDEST_LOG = 2.0  # a spread of 2 is one patient in six beyond 7 times the median

Factor = Annotated[Fact, quantity_in("1", minimum=0.0)]
Spread = Annotated[Fact, quantity_in("1", minimum=0.0, maximum=_WIDEST_LOG)]
Correlation = Annotated[Fact, quantity_in("1", minimum=-_MOST_CORRELATED, maximum=_MOST_CORRELATED)]


class Shift(Declaration):
    r"""A number of the model that stands elsewhere in patients than in healthy people.

    Parameters
    ----------
    parameter
        Parameter, or control that no system supplies, such as ``dopamine_terminals``.
    factor
        Median over patients as a multiple of the healthy reference [1].
    value
        Median over patients, in the unit of the parameter; one of the two is there.
    sd_log
        Spread between patients: SD of the logarithm [1]; none if left out.
    severity_correlation
        Correlation of that logarithm with severity at screening [1]; 0 if left out.

    Notes
    -----
    :math:`\theta_i = m\,e^{s (\rho z_i + \sqrt{1-\rho^2}\,\eta_i)}`, cut off at the bounds of the
    parameter by drawing :math:`\eta_i` again; the parameter's own spread and covariates come on
    top. *z* is severity in its standard deviations from the mean.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> load_condition("parkinsons_disease_early").shifts[0].parameter
    'dopamine_terminals'
    """

    parameter: str
    factor: Factor | None = None
    value: Fact | None = None
    sd_log: Spread | None = None
    severity_correlation: Correlation | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> one = {"value": 0.5, "mark": "assumed", "source": "example"}
        >>> list(Shift(parameter="th_capacity", factor=one).contradictions())
        []
        """
        given = (self.factor, self.value)
        if all(map(is_read, given)) and (given[0] is None) == (given[1] is None):
            yield Contradiction(
                path=("parameter",),
                message=f"of factor and value {'neither' if given[0] is None else 'both'} is "
                "there; exactly one is. Keep the one that the source states.",
            )
        if self.severity_correlation is not None and self.sd_log is None:
            yield Contradiction(
                path=("severity_correlation",),
                message="there is no sd_log; a number that is the same in all patients goes with "
                "nothing. Add sd_log, or delete this line.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemQuantities:
    """What a set of systems has that a condition can name.

    Parameters
    ----------
    numbers
        Parameters and open controls: reference value, unit and bounds by name.
    readable
        States and rules by name, which a signal can be.

    Examples
    --------
    >>> quantities_of(("dopamine",)).numbers["dopamine_terminals"][0]
    1.0
    """

    numbers: Mapping[str, tuple[float, str, Bounds]]
    readable: frozenset[str]


@functools.cache
def quantities_of(systems: tuple[str, ...]) -> SystemQuantities:
    """Return what a trial with some systems has.

    Parameters
    ----------
    systems
        Systems of `cohort.chemistry`; what they need comes with them.

    Returns
    -------
    Numbers and quantities by name.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> "motor_drive" in quantities_of(("dopamine",)).readable
    True
    """
    parts = chemistry(systems, _SETTING)
    supplied = {name for part in parts for name in part.provides}
    numbers = {
        port.name: (port.default, port.unit, port.bounds)
        for part in parts
        for port in part.ports
        if port.default is not None and port.name not in supplied
    }
    numbers |= {
        item.name: (item.value, item.unit, item.bounds)
        for part in parts
        for item in part.parameters
    }
    states = {item.name for part in parts for item in part.species}
    rules = {name for part in parts for name in part.rules}
    return SystemQuantities(numbers=numbers, readable=frozenset(states | rules))


@functools.cache
def _suppliers() -> dict[str, str]:
    """Return which submodel of the chemistry supplies a quantity, whatever systems there are."""
    parts = chemistry(system_names(), _SETTING)
    return {name: part.name for part in parts for name in part.provides}


def shift_contradictions(
    shifts: tuple[Shift, ...], systems: tuple[str, ...]
) -> Iterator[Contradiction]:
    """List shifts of what is not there, out of bounds, or given twice.

    Parameters
    ----------
    shifts
        As read; entries may be unread.
    systems
        Systems of the condition.

    Yields
    ------
    Contradictions with key paths from the condition.

    Examples
    --------
    >>> list(shift_contradictions((), ("serotonin",)))
    []
    """
    known = quantities_of(systems).numbers
    seen: set[str] = set()
    for position, shift in enumerate(shifts):
        name, path = shift.parameter, ("shifts", position)
        if not is_read(shift) or not is_read(name):
            continue
        if name in seen:
            yield Contradiction(
                path=(*path, "parameter"),
                message=f"'{name}' is shifted a second time; once is allowed. Multiply the two.",
            )
        seen.add(name)
        if name in _suppliers():
            yield Contradiction(
                path=(*path, "parameter"),
                message=f"'{name}' is computed by '{_suppliers()[name]}'; parameters and controls "
                "that nothing supplies can be shifted. Shift what drives it.",
            )
        elif name not in known:
            yield Contradiction(
                path=(*path, "parameter"),
                message=f"the systems of this condition have no parameter '{name}'; {len(known)} "
                f"are known. {nearest_hint(name, known)}",
            )
        else:
            yield from _size(shift, known[name], path)


def _size(
    shift: Shift, number: tuple[float, str, Bounds], path: tuple[str | int, ...]
) -> Iterator[Contradiction]:
    reference, unit, bounds = number
    factor = read_number(shift.factor, "1")
    if factor is not None:
        if reference == 0.0:
            shown = "0.5" if unit == "1" else f"0.5 {unit}"
            yield Contradiction(
                path=(*path, "factor"),
                message=f"'{shift.parameter}' is 0 [{unit}] in healthy people, and so is every "
                f"multiple; a value is wanted. Write 'value: {{value: {shown}, ...}}'.",
            )
            return
        key, typical = "factor", reference * factor
    elif shift.value is not None and is_read(shift.value.value):
        try:
            key, typical = "value", shift.value.number(unit)
        except CohortError as error:
            yield Contradiction(path=(*path, "value"), message=str(error))
            return
    else:
        return
    if not bounds.contains(typical):
        yield Contradiction(
            path=(*path, key),
            message=f"'{shift.parameter}' would be {typical:g} [{unit}] in the median patient; "
            f"{bounds} [{unit}] is allowed. Change the {key}.",
        )


def read_number(fact: Fact | None, unit: str) -> float | None:
    """Return the number of a fact of a partly read record.

    Parameters
    ----------
    fact
        The fact, None, or what could not be read.
    unit
        Unit of the result.

    Returns
    -------
    Value [``unit``]; None if there is none or it could not be read, which is said elsewhere.

    Examples
    --------
    >>> read_number(Fact(value="2 week", mark="design", source="example"), "day")
    14.0
    >>> read_number(Fact(value="2 kg", mark="design", source="example"), "day") is None
    True
    """
    if fact is None or not is_read(fact) or not is_read(fact.value):
        return None
    try:
        return fact.number(unit)
    except CohortError:
        return None


_OF_TARGETS: Final = frozenset(target.occupancy for target in TARGETS.values())


def signal_contradictions(
    signals: Mapping[str, object], systems: tuple[str, ...]
) -> Iterator[Contradiction]:
    """List signals that are no state or rule of the systems.

    Parameters
    ----------
    signals
        Signals of the link by name.
    systems
        Systems of the condition.

    Yields
    ------
    Contradictions with key paths from the condition.

    Examples
    --------
    >>> [one.path for one in signal_contradictions({"motor_drift": 1.0}, ("dopamine",))]
    [('link', 'signals', 'motor_drift')]
    """
    known = quantities_of(systems).readable | _OF_TARGETS
    for name in signals:
        if name not in known:
            yield Contradiction(
                path=("link", "signals", name),
                message=f"the systems of this condition have no state or rule '{name}'; "
                f"{len(known)} are known. {nearest_hint(name, known)}",
            )
