"""A model that was read: its system, its numbers, and how lanes start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import sympy

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.population.draws import keys
from kernels import Lanes, OdeSystem, Schedule, integrate, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from cohort.sbml.declarations import Declarations
    from cohort.sbml.document import Document
    from cohort.sbml.equations import Equations

__all__ = ["SbmlModel", "build_model"]

_FORMS: Final = ("value", "amount", "concentration")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SbmlModel:
    """Hold a model in the engine's terms, with the way back to its file.

    Parameters
    ----------
    system
        The equations. Observables are everything that changes over time, under its SBML id.
    parameters
        Default of each parameter of the system, by name [unit of ``units``].
    initial
        Start of each state, over the parameters.
    units
        Unit of states, parameters and observables as text, by name; empty where the file gives
        none.
    titles
        What the file calls its ids for people, where it does.
    names
        Name in the system of each id; ids that are not among them are no names of the system.
    meanings, amounts, concentrations
        Expressions over states, parameters and time, by id: the value in SBML's sense, and
        amount and concentration of species.
    read_at_start
        Names of what initial assignments read, by way of rules too.
    time_unit
        Unit of time as text, empty where the file gives none.
    notes
        What was flattened, left out, renamed or taken for granted, a sentence each.
    unit_findings
        What libSBML finds inconsistent in the units, a line each.
    level
        Level and version of SBML.

    Examples
    --------
    >>> SbmlModel.__slots__[0]  # shown by the example of cohort.sbml.read_sbml
    'system'
    """

    system: OdeSystem
    parameters: Mapping[str, float]
    initial: Mapping[str, sympy.Expr]
    units: Mapping[str, str]
    titles: Mapping[str, str]
    names: Mapping[str, str]
    meanings: Mapping[str, sympy.Expr]
    amounts: Mapping[str, sympy.Expr]
    concentrations: Mapping[str, sympy.Expr]
    read_at_start: frozenset[str]
    time_unit: str
    notes: tuple[str, ...]
    unit_findings: tuple[str, ...]
    level: str

    def table(
        self, n_lane: int, values: Mapping[str, ArrayLike] | None = None
    ) -> NDArray[np.float64]:
        """Return the parameters of some lanes, shape ``(n_parameter, n_lane)``.

        Parameters
        ----------
        n_lane
            Number of lanes.
        values
            Values that differ from the default, by name: one number or one a lane.

        Raises
        ------
        UnknownNameError
            If the model has no such parameter.
        ShapeError, RangeError
            If there is not one finite number a lane.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).table(2, {"k": [1.0, 2.0]}).tolist()
        [[2.0, 2.0], [1.0, 2.0]]
        """
        rows = np.repeat(np.array([*self.parameters.values()], float)[:, None], n_lane, axis=1)
        for name, value in (values or {}).items():
            if name not in self.parameters:
                raise UnknownNameError(self.system.name, name, self.parameters, "parameter")
            given = np.asarray(value, float)
            if given.shape not in ((), (n_lane,)):
                raise ShapeError(
                    f"{self.system.name}, {name}: shape {given.shape}; one number or {n_lane} are "
                    "allowed. Match the lanes."
                )
            if not np.all(np.isfinite(given)):
                raise RangeError(
                    f"{self.system.name}, {name}: a value is not finite; finite numbers are "
                    "allowed. Mend it."
                )
            rows[list(self.parameters).index(name)] = given
        return np.ascontiguousarray(rows.reshape(len(self.parameters), n_lane))

    def start(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the initial state of lanes with these parameters.

        Parameters
        ----------
        parameters
            Shape ``(n_parameter, n_lane)``, in the order of ``system.parameters``.

        Returns
        -------
        Shape ``(n_state, n_lane)``.

        Notes
        -----
        Computed by the engine's NumPy backend, so that the start has the same functions and the
        same bits as the course.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> model = parse_sbml(DECAY)
        >>> model.start(model.table(2, {"c": [1.0, 2.0]})).tolist()
        [[3.0, 6.0]]
        """
        n_lane = parameters.shape[1]
        names = list(self.system.states)
        if all(value.is_number for value in self.initial.values()):
            column = np.array([float(self.initial[name]) for name in names])
            return np.repeat(column[:, None], n_lane, axis=1)
        prefix = "start_"
        while any(name.startswith(prefix) for name in self.system.parameters):
            prefix += "_"
        clock = f"{prefix}clock"
        system = OdeSystem(
            name=f"{self.system.name}, start",
            states=(clock,),
            parameters=self.system.parameters,
            rhs={clock: sympy.S.Zero},
            observables={f"{prefix}{i}": self.initial[name] for i, name in enumerate(names)},
        )
        lanes = Lanes(parameters=parameters, states=np.zeros((1, n_lane)))
        solution = integrate(
            system, lanes, Schedule(t0=0, t1=0), np.zeros(1, np.int64), device="numpy"
        )
        return np.ascontiguousarray(solution.observables[0])

    def lanes(
        self,
        n_lane: int = 1,
        values: Mapping[str, ArrayLike] | None = None,
        *,
        seed: int = 1,
        ids: ArrayLike | None = None,
    ) -> Lanes:
        """Return lanes at their start.

        Parameters
        ----------
        n_lane, values
            As given to `table`.
        seed
            Of what chance decides, the order of events of equal priority; from 0 to 2^64 - 1.
        ids
            Whose chance it is in each lane, whole numbers from 0 to 2^32 - 1, shape ``(n_lane,)``:
            the same seed and id are the same luck in every run. Left out, numbers from 0 on.

        Raises
        ------
        RangeError
            If the seed or an id is out of its range.
        UnknownNameError, ShapeError
            As in `table`, and if there is not one id a lane.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).lanes(3).n_lane
        3
        """
        parameters = self.table(n_lane, values)
        whose = np.arange(n_lane) if ids is None else np.asarray(ids)
        if whose.shape != (n_lane,):
            raise ShapeError(
                f"{self.system.name}, ids: shape {whose.shape}; one a lane, ({n_lane},), is "
                "allowed. Match the lanes."
            )
        luck = keys(seed, whose, "order of events")
        return Lanes(parameters=parameters, states=self.start(parameters), keys=luck)

    def observing(self, wanted: Mapping[str, tuple[str, str]]) -> SbmlModel:
        """Return the model with other observables.

        Parameters
        ----------
        wanted
            Id and form by name of the observable; forms are ``value`` (what the id means in
            SBML), ``amount`` and ``concentration``.

        Raises
        ------
        UnknownNameError
            If there is no such id or form.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).observing({"mol": ("S", "amount")}).system.observables["mol"]
        S_amount
        """
        forms = {
            "value": self.meanings,
            "amount": self.amounts,
            "concentration": self.concentrations,
        }
        observables = {}
        for name, (sbml_id, form) in wanted.items():
            if form not in forms:
                raise UnknownNameError(name, form, forms, "form")
            if sbml_id not in forms[form]:
                raise UnknownNameError(self.system.name, sbml_id, forms[form], f"id with {form}")
            observables[name] = forms[form][sbml_id]
        return replace(self, system=replace(self.system, observables=observables))

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).events
        ()
        """
        return tuple(event.name for event in self.system.events)

    def unit(self, name: str) -> str:
        """Return the unit of a state, parameter or observable as text, empty if there is none.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).unit("S")
        'mole litre^-1'
        """
        return self.units.get(name, "")

    def is_concentration(self, sbml_id: str) -> bool:
        """Return whether an id means a concentration: of a species without only substance units.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).is_concentration("S")
        True
        """
        return sbml_id in self.concentrations and (
            self.concentrations[sbml_id] == self.meanings[sbml_id]
        )

    def counting(self, seconds_per_time_unit: int) -> SbmlModel:
        """Return the model with another length of its time unit in the engine's seconds.

        Notes
        -----
        The engine saves at whole seconds. Where times of interest are fractions of the unit, count
        a unit as many seconds as make them whole: the equations do not know.

        Examples
        --------
        >>> from cohort.sbml import parse_sbml
        >>> from cohort.sbml.example import DECAY
        >>> parse_sbml(DECAY).counting(10).system.seconds_per_time_unit
        10
        """
        return replace(
            self, system=replace(self.system, seconds_per_time_unit=seconds_per_time_unit)
        )


def build_model(declared: Declarations, equations: Equations, document: Document) -> SbmlModel:
    """Return the model of declarations and equations.

    Examples
    --------
    >>> build_model.__name__  # shown by the example of cohort.sbml.read_sbml
    'build_model'
    """
    units = {q.name: q.unit for q in declared.quantities.values()}
    units.update(equations.units)
    seconds = declared.seconds_per_time_unit
    notes = [*declared.notes, *equations.notes]
    notes += [f"{i}: renamed to {name}" for i, name in declared.names.renamed.items()]
    if seconds is None or seconds != int(seconds) or seconds < 1:
        if seconds is None:
            notes.append("the file gives no unit of time that is a number of seconds")
        seconds = 1
    moving = {symbol(name) for name in equations.rhs} | {symbol("t")}
    undefined = (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)
    observables = {
        declared.names[i]: value
        for i, value in equations.meanings.items()
        if value.free_symbols & moving and not value.has(*undefined) and (i in declared.quantities)
    }
    system = OdeSystem(
        name=declared.name,
        states=tuple(equations.rhs),
        parameters=tuple(equations.parameters),
        rhs=equations.rhs,
        observables=observables,
        events=equations.events,
        seconds_per_time_unit=int(seconds),
    )
    return SbmlModel(
        system=system,
        parameters=equations.parameters,
        initial=equations.initial,
        units=units,
        titles={i: q.title for i, q in declared.quantities.items() if q.title},
        names={i: q.name for i, q in declared.quantities.items()},
        meanings=equations.meanings,
        amounts=equations.amounts,
        concentrations=equations.concentrations,
        read_at_start=_read_at_start(declared),
        time_unit=declared.time_unit,
        notes=tuple(notes),
        unit_findings=document.unit_findings,
        level=f"Level {document.level} Version {document.version}",
    )


def _read_at_start(declared: Declarations) -> frozenset[str]:
    """Return the names that initial assignments read, through assignment rules as well."""
    rules = {declared.names[i]: rule for i, rule in declared.assignments.items()}
    found: set[str] = set()
    new = {one.name for value in declared.initials.values() for one in value.free_symbols}
    while new:
        found |= new
        read = (rules[name].free_symbols for name in new if name in rules)
        new = {one.name for symbols in read for one in symbols} - found
    return frozenset(found)
