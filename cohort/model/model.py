"""A whole model: the equations that the solver gets, and the numbers that patients differ in.

`cohort.model.assemble.assemble` makes it. `Model.lanes` is the door to `kernels`: values per
patient go in, capacities and resting states come out solved for each of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.model.declarations import Constant, Derived, Feasibility, Parameter, Species
from cohort.model.evaluate import evaluate
from kernels import Lanes, OdeSystem

__all__ = ["Model", "ParameterRow", "ParameterTable"]

Lane = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """One line of the table of numbers.

    Parameters
    ----------
    name, value, unit, meaning
        As declared.
    mark, source
        As in `Source`.
    sd_log
        Standard deviation of ln(value) between patients [1].
    submodel
        Who declares it.

    Examples
    --------
    >>> row = ParameterRow(
    ...     name="cl", value=25.0, unit="L/h", meaning="clearance", mark="read",
    ...     source="label", sd_log=0.3, submodel="pk",
    ... )
    >>> row.unit
    'L/h'
    """

    name: str
    value: float
    unit: str
    meaning: str
    mark: str
    source: str
    sd_log: float
    submodel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterTable:
    """Every number of a model with its source.

    Parameters
    ----------
    rows
        One row a parameter or constant, in order of declaration.

    Examples
    --------
    >>> from cohort.transmitters.serotonin import serotonin
    >>> from cohort.model import assemble
    >>> table = assemble("brain", [serotonin()]).parameter_table()
    >>> next(row.unit for row in table.rows if row.name == "serotonin_release_flux")
    'uM/h'
    """

    rows: tuple[ParameterRow, ...]

    def count(self, mark: str) -> int:
        """Return how many numbers carry ``mark``.

        Examples
        --------
        >>> ParameterTable(rows=()).count("assumed")
        0
        """
        return sum(row.mark == mark for row in self.rows)

    def to_text(self) -> str:
        """Return the table as text, with the number of assumed values at its end.

        Examples
        --------
        >>> print(ParameterTable(rows=()).to_text())
        0 numbers, 0 of them assumed
        """
        lines = [
            f"{row.name} = {row.value:g} [{row.unit}]  {row.meaning}  ({row.mark}: {row.source})"
            for row in self.rows
        ]
        assumed = self.count("assumed")
        return "\n".join([*lines, f"{len(self.rows)} numbers, {assumed} of them assumed"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """Equations, parameters, resting states and conditions of one virtual body.

    Parameters
    ----------
    system
        What the solver integrates; rules and derived constants are already written out.
    parameters
        Every per-lane number by name, in the order of the system's parameters.
    constants
        Every number that is written into the equations, by name.
    species
        Every state by name.
    derived
        Every constant solved per patient, by name, as a formula of parameters alone.
    initial
        Start of every state as a formula of parameters alone.
    feasibility
        Conditions on parameters.
    units
        Unit of every state, parameter, input, observable and quadrature.
    origins
        Submodel of every parameter and constant.

    Examples
    --------
    >>> from cohort.transmitters.serotonin import serotonin
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [serotonin()])
    >>> lanes = model.lanes({"serotonin_synthesis_flux": [4.0, 6.0]}, n_lane=2)
    >>> lanes.states.shape == (len(model.system.states), 2)
    True
    """

    system: OdeSystem
    parameters: Mapping[str, Parameter]
    constants: Mapping[str, Constant]
    species: Mapping[str, Species]
    derived: Mapping[str, Derived]
    initial: Mapping[str, sympy.Expr]
    feasibility: tuple[Feasibility, ...]
    units: Mapping[str, str]
    origins: Mapping[str, str]

    def columns(self, values: Mapping[str, ArrayLike], n_lane: int) -> dict[str, Lane]:
        """Return every parameter for every lane; what ``values`` leaves out is the reference.

        Parameters
        ----------
        values
            Numbers, or arrays of shape ``(n_lane,)``, by parameter name.
        n_lane
            Number of lanes, at least 1.

        Returns
        -------
        Arrays of shape ``(n_lane,)`` by name, in the order of the system.

        Raises
        ------
        UnknownNameError
            If ``values`` names no parameter.
        ShapeError
            If an array has another shape.
        RangeError
            If a value is not finite or outside the bounds of its parameter.

        Examples
        --------
        >>> from cohort.transmitters.serotonin import serotonin
        >>> from cohort.model import assemble
        >>> model = assemble("brain", [serotonin()])
        >>> model.columns({"sert_occupancy": 0.8}, n_lane=2)["sert_occupancy"]
        array([0.8, 0.8])
        """
        where = f"model {self.system.name!r}"
        if isinstance(n_lane, bool) or not isinstance(n_lane, int | np.integer) or n_lane < 1:
            raise RangeError(f"{where}: n_lane {n_lane!r}; at least 1 is allowed. Ask for a lane.")
        for name in values:
            if name not in self.parameters:
                raise UnknownNameError(where, name, self.parameters, "parameter")
        return {
            name: _column(where, parameter, values.get(name, parameter.value), n_lane)
            for name, parameter in self.parameters.items()
        }

    def lanes(self, values: Mapping[str, ArrayLike], n_lane: int) -> Lanes:
        """Return lanes at their own rest, ready to integrate.

        Parameters
        ----------
        values, n_lane
            As in `columns`.

        Returns
        -------
        Parameters of shape ``(n_parameter, n_lane)`` and states of shape ``(n_state, n_lane)``.

        Raises
        ------
        UnknownNameError, ShapeError, RangeError
            As in `columns`; RangeError also if a start is not finite, as in a patient whose
            conditions of `infeasible` fail.

        Examples
        --------
        >>> from cohort.transmitters.serotonin import serotonin
        >>> from cohort.model import assemble
        >>> model = assemble("brain", [serotonin()])
        >>> row = model.system.states.index("serotonin_extracellular")
        >>> model.lanes({}, n_lane=1).states[row]
        array([0.005])
        """
        columns = self.columns(values, n_lane)
        start = evaluate(self.initial, columns, n_lane)
        for name, column in start.items():
            bad = np.flatnonzero(~np.isfinite(column))
            if bad.size:
                raise RangeError(
                    f"model {self.system.name!r}: the start of {name!r} is {column[bad[0]]:g} "
                    f"[{self.units[name]}] in lane {bad[0]}; finite values are allowed. "
                    "Redraw lanes that Model.infeasible marks."
                )
        return Lanes(
            parameters=np.stack([columns[name] for name in self.system.parameters]),
            states=np.stack([start[name] for name in self.system.states]),
        )

    def infeasible(self, values: Mapping[str, ArrayLike], n_lane: int) -> NDArray[np.bool_]:
        """Return which lanes break a condition, so that they have no rest.

        Parameters
        ----------
        values, n_lane
            As in `columns`.

        Returns
        -------
        True where a condition fails, shape ``(n_lane,)``.

        Raises
        ------
        UnknownNameError, ShapeError, RangeError
            As in `columns`.

        Examples
        --------
        >>> from cohort.transmitters.serotonin import serotonin
        >>> from cohort.model import assemble
        >>> model = assemble("brain", [serotonin()])
        >>> model.infeasible({"serotonin_synthesis_flux": [4.0, 0.1]}, n_lane=2)
        array([False,  True])
        """
        columns = self.columns(values, n_lane)
        conditions = {f"{i}": condition.expression for i, condition in enumerate(self.feasibility)}
        broken = np.zeros(n_lane, dtype=np.bool_)
        for margin in evaluate(conditions, columns, n_lane).values():
            broken |= ~(margin > 0)  # not a number is broken too
        return broken

    def solved(self, values: Mapping[str, ArrayLike], n_lane: int) -> dict[str, Lane]:
        """Return the constants that are solved per patient.

        Parameters
        ----------
        values, n_lane
            As in `columns`.

        Returns
        -------
        Arrays of shape ``(n_lane,)`` by name of the derived constant.

        Raises
        ------
        UnknownNameError, ShapeError, RangeError
            As in `columns`.

        Examples
        --------
        >>> from cohort.transmitters.serotonin import serotonin
        >>> from cohort.model import assemble
        >>> model = assemble("brain", [serotonin()])
        >>> float(model.solved({}, n_lane=1)["sert_v_max"][0].round(6))
        693.0
        """
        formulas = {name: item.expression for name, item in self.derived.items()}
        return evaluate(formulas, self.columns(values, n_lane), n_lane)

    def parameter_table(self) -> ParameterTable:
        """Return every number with unit, mark and source.

        Returns
        -------
        Rows in order of declaration, parameters first.

        Examples
        --------
        >>> from cohort.transmitters.serotonin import serotonin
        >>> from cohort.model import assemble
        >>> table = assemble("brain", [serotonin()]).parameter_table()
        >>> table.count("read") > 0
        True
        """
        numbers: tuple[Parameter | Constant, ...] = (
            *self.parameters.values(),
            *self.constants.values(),
        )
        return ParameterTable(
            rows=tuple(
                ParameterRow(
                    name=item.name,
                    value=item.value,
                    unit=item.unit,
                    meaning=item.meaning,
                    mark=item.source.mark,
                    source=item.source.text,
                    sd_log=item.sd_log if isinstance(item, Parameter) else 0.0,
                    submodel=self.origins[item.name],
                )
                for item in numbers
            )
        )


def _column(where: str, parameter: Parameter, value: ArrayLike, n_lane: int) -> Lane:
    place = f"{where}, parameter {parameter.name!r}"
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise RangeError(
            f"{place}: {value!r} is no number; numbers [{parameter.unit}] are. Write numbers."
        ) from error
    if array.shape not in {(), (n_lane,)}:
        raise ShapeError(
            f"{place}: shape {array.shape}; () or ({n_lane},) is allowed. Give one value a lane."
        )
    low, high = parameter.bounds.low, parameter.bounds.high
    above = array > low if parameter.bounds.is_low_open else array >= low
    bad = np.atleast_1d(~(np.isfinite(array) & above & (array <= high)))
    if bad.any():
        lane = int(np.argmax(bad))
        given = float(np.atleast_1d(array)[lane])
        shown = f"{given:g} [{parameter.unit}]" if math.isfinite(given) else str(given)
        raise RangeError(
            f"{place}: {shown} in lane {lane}; {parameter.bounds} [{parameter.unit}] is allowed. "
            "Change the value."
        )
    return np.ascontiguousarray(np.broadcast_to(array, (n_lane,)))
