"""What each system of the chemistry costs the solver: operations, stiffness, steps.

Operations of a step are counted from lowered programs (`kernels.cost`): those of the whole minus
those of the whole without the system. Stiffness is read from the Jacobian at rest. Steps are
measured by running. `pipelines.model_cli` enters at `measure_costs`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import Setting, chemistry, find_system, system_names, with_needs
from cohort.model import Model, Submodel, assemble, evaluate
from kernels import TIME, Schedule, Solver, Stream, integrate, lower, prepare
from kernels.cost import StepCost, of_step
from kernels.errors import BuildError, DeviceError
from pipelines.errors import ExecutionError, InputError
from pipelines.model_request import DAY_S, HOUR_S
from pipelines.model_run import meal_boluses
from pipelines.model_text import grid

__all__ = ["CostTable", "SystemCost", "measure_costs", "mode_owners", "render_costs"]

SOLVER: Final = Solver(rtol=1e-5)
"""Tolerances at which steps are counted."""

N_DAYS: Final = 7
"""Days over which steps are averaged, after a first one."""

_DOSE_AT_S: Final = 21 * HOUR_S
_DOSE: Final = 0.01  # of the scale of the state: enough to restart the solver
_WHOLE_SECONDS: Final = 100.0  # below, time constants are printed with decimals
_NO_COST: Final = StepCost(add=0, mul=0, div=0, sqrt=0, elementary=0, bytes=0)
_STEP: Final = float(np.cbrt(np.finfo(np.float64).eps))  # of central differences, relative

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCost:
    """What one system costs.

    Parameters
    ----------
    name
        System, ``crosstalk`` among them.
    n_states
        States of it.
    operations, elementary
        Floating-point operations and elementary functions of a step: more of the whole than of
        the whole without it, or of the system alone if others need it.
    share
        Of the operations of the whole [1]; None for a system alone.
    needed_by
        Systems that cannot do without it.
    fastest_s, fastest_state
        Time constant at rest of its fastest mode [s], and the state that takes most part in that;
        None if no mode is mostly its own.

    Examples
    --------
    >>> SystemCost(
    ...     name="a", n_states=0, operations=10, elementary=0, share=0.1, needed_by=(),
    ...     fastest_s=None, fastest_state=None,
    ... ).share
    0.1
    """

    name: str
    n_states: int
    operations: int
    elementary: int
    share: float | None
    needed_by: tuple[str, ...]
    fastest_s: float | None
    fastest_state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """What some systems cost together and each.

    Parameters
    ----------
    rows
        One a system.
    n_states
        States of all.
    step
        Operations of one step of all.
    events_per_day
        Restarts of the solver, and what they are.
    steps_per_day, rejected_per_day
        Accepted and rejected steps of the reference patient in a day.
    device
        Where the steps were taken.

    Examples
    --------
    >>> table = measure_costs(("cortisol",), device="numpy")
    >>> table.n_states, table.rows[0].fastest_state
    (4, 'crh')
    """

    rows: tuple[SystemCost, ...]
    n_states: int
    step: Mapping[str, int]
    events_per_day: str
    steps_per_day: float
    rejected_per_day: float
    device: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON.

        Examples
        --------
        >>> CostTable(
        ...     rows=(), n_states=0, step={}, events_per_day="none", steps_per_day=0.0,
        ...     rejected_per_day=0.0, device="numpy",
        ... ).as_dict()["device"]
        'numpy'
        """
        return asdict(self)


def measure_costs(
    names: Sequence[str], device: str = "auto", report: Callable[[str], None] = lambda _: None
) -> CostTable:
    """Return what systems cost.

    Parameters
    ----------
    names
        Systems; what they need is counted in.
    device
        Where to take steps, as in `kernels.integrate`.
    report
        Is told what is being counted.

    Returns
    -------
    Table over the systems, what joins them, and the whole.

    Raises
    ------
    UnknownNameError
        If a system does not exist.
    InputError
        If the device cannot be used.
    ExecutionError
        If the reference patient cannot be solved.

    Examples
    --------
    >>> measure_costs(("cortisol",), device="numpy").rows[0].share
    1.0
    """
    included = with_needs(names)
    setting = Setting(
        meals="precursors" in included, rhythm="circadian" if "cortisol" in included else "none"
    )
    parts = dict(zip(included, chemistry(included, setting), strict=False))
    model = _model(included, setting)
    whole = _cost(model)
    owners = {item.name: name for name, part in parts.items() for item in part.species}
    modes = _fastest_modes(model, owners)
    rows = []
    for name, part in parts.items():
        report(f"counting {name}")
        rows.append(_row(name, part, included, setting, whole, modes.get(name)))
    report("counting crosstalk")
    joined = _difference(whole, _cost(_model(included, replace(setting, couplings=()))))
    rows.append(_cost_row("crosstalk", 0, joined, whole))
    report("taking steps")
    steps, rejected, used, events = _steps_per_day(model, setting, device)
    return CostTable(
        rows=tuple(rows),
        n_states=len(model.system.states),
        step=whole.as_dict(),
        events_per_day=events,
        steps_per_day=steps,
        rejected_per_day=rejected,
        device=used,
    )


def render_costs(table: CostTable) -> str:
    """Return the table as text.

    Parameters
    ----------
    table
        From `measure_costs`.

    Examples
    --------
    >>> print(render_costs(measure_costs(("cortisol",), device="numpy")).splitlines()[1].split()[0])
    cortisol
    """
    rows = [["system", "states", "operations", "exp etc.", "share", "fastest [s]", "state", ""]]
    rows += [
        [
            row.name,
            f"{row.n_states}",
            f"{row.operations:,}",
            f"{row.elementary}",
            "alone" if row.share is None else f"{100 * row.share:.1f} %",
            "-" if row.fastest_s is None else _seconds(row.fastest_s),
            row.fastest_state or "-",
            f"needed by {', '.join(row.needed_by)}" if row.needed_by else "",
        ]
        for row in table.rows
    ]
    rows.append(
        [
            "whole",
            f"{table.n_states}",
            f"{table.step['flop']:,}",
            f"{table.step['elementary']}",
            *("100.0 %", "", "", ""),
        ]
    )
    return (
        f"{grid(rows, right=(1, 2, 3, 4, 5))}\n\n"
        f"operations: floating point, of one step of {SOLVER.method}; of a system, what the whole "
        "does more than without it\n(its couplings go with it, so shares do not add up; fill of "
        "the factorization may hide a few operations),\nor what it does alone where others need "
        "it.\n"
        "fastest: time constant at rest of the fastest mode that is mostly its own.\n"
        f"{table.steps_per_day:.0f} steps accepted a day, {table.rejected_per_day:.1f} rejected, "
        f"at rtol {SOLVER.rtol:g} on {table.device}: reference patient, {table.events_per_day}."
    )


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_SECONDS else f"{value:.3g}"


def mode_owners(jacobian: Matrix) -> list[tuple[float, int]]:
    r"""Return the decaying modes of a linear system with the state that each is mostly made of.

    Parameters
    ----------
    jacobian
        Derivative of rates by states [1/h], shape ``(n_state, n_state)``.

    Returns
    -------
    Time constant [h] and row of the state, the fastest first; modes that do not decay are left
    out.

    Notes
    -----
    State *k* takes part in mode *i* by :math:`|V_{ki} (V^{-1})_{ik}|`, *V* the right eigenvectors;
    the mode belongs to the state with the largest part.

    Examples
    --------
    >>> mode_owners(np.array([[-1.0, 0.0], [1.0, -10.0]]))
    [(0.1, 1), (1.0, 0)]
    """
    values, vectors = np.linalg.eig(jacobian)
    parts = np.abs(vectors * np.linalg.inv(vectors).T)
    found = [
        (float(-1.0 / value.real), int(np.argmax(part)))
        for value, part in zip(values, parts.T, strict=True)
        if value.real < 0
    ]
    return sorted(found)


def _model(names: Sequence[str], setting: Setting) -> Model:
    # nothing is observed: saves are no part of a step
    return assemble("chemistry", chemistry(names, setting), {})


def _cost(model: Model) -> StepCost:
    return of_step(lower(model.system), SOLVER.method)


def _difference(whole: StepCost, less: StepCost) -> StepCost:
    return StepCost(**{name: getattr(whole, name) - getattr(less, name) for name in _FIELDS})


_FIELDS: Final = ("add", "mul", "div", "sqrt", "elementary", "bytes")


def _row(
    name: str,
    part: Submodel,
    included: Sequence[str],
    setting: Setting,
    whole: StepCost,
    mode: tuple[float, str] | None,
) -> SystemCost:
    n_states = len(part.species)
    needed_by = tuple(
        other for other in system_names() if other in included and name in find_system(other).needs
    )
    if needed_by:
        alone = _cost(assemble("alone", [part], {})) if n_states else _NO_COST
        return _cost_row(name, n_states, alone, None, needed_by, mode)
    others = tuple(other for other in included if other != name)
    has_states = any(item.species for item in chemistry(others, setting))
    less = _cost(_model(others, setting)) if has_states else _NO_COST
    return _cost_row(name, n_states, _difference(whole, less), whole, (), mode)


def _cost_row(
    name: str,
    n_states: int,
    cost: StepCost,
    whole: StepCost | None,
    needed_by: tuple[str, ...] = (),
    mode: tuple[float, str] | None = None,
) -> SystemCost:
    return SystemCost(
        name=name,
        n_states=n_states,
        operations=cost.flop,
        elementary=cost.elementary,
        share=None if whole is None else cost.flop / whole.flop,
        needed_by=needed_by,
        fastest_s=mode[0] if mode else None,
        fastest_state=mode[1] if mode else None,
    )


def _fastest_modes(model: Model, owners: Mapping[str, str]) -> dict[str, tuple[float, str]]:
    """Return the fastest time constant [s] and its state by system."""
    states = model.system.states
    found: dict[str, tuple[float, str]] = {}
    for hours, row in mode_owners(_jacobian(model)):
        found.setdefault(owners[states[row]], (hours * HOUR_S, states[row]))
    return found


def _jacobian(model: Model) -> Matrix:
    """Return the derivative of rates by states at rest, at midnight, by central differences."""
    states = model.system.states
    n = len(states)
    rest = model.lanes({}, 1).states[:, 0]
    scales = np.array([model.species[name].scale for name in states])
    steps = _STEP * np.maximum(np.abs(rest), scales)
    lanes = np.repeat(rest[:, None], 2 * n, axis=1)
    lanes[np.arange(n), np.arange(n)] += steps
    lanes[np.arange(n), n + np.arange(n)] -= steps
    columns = model.columns({}, 2 * n)
    columns |= dict(zip(states, lanes, strict=True))
    columns[TIME.name] = np.zeros(2 * n)
    rates = evaluate(model.system.rhs, columns, 2 * n)
    table = np.stack([rates[name] for name in states])
    return np.asarray((table[:, :n] - table[:, n:]) / (2 * steps))


def _steps_per_day(model: Model, setting: Setting, device: str) -> tuple[float, float, str, str]:
    """Return accepted and rejected steps a day, the device, and what happens in a day."""
    try:
        used, _ = prepare(model.system, SOLVER, device)
    except (DeviceError, BuildError) as error:
        raise InputError(f"--device: {error.given}; {error.allowed}. {error.remedy}.") from error
    end = (1 + N_DAYS) * DAY_S
    target = "protein_gut" if setting.meals else model.system.states[0]
    doses = _DOSE_AT_S + DAY_S * np.arange(1 + N_DAYS, dtype=np.int64)
    amount = _DOSE * model.species[target].scale
    dose = Stream(name="dose", target=target, times=doses, amounts=np.full(len(doses), amount))
    streams = (*meal_boluses(end, setting.meals), dose)
    events = "one dose a day" if not setting.meals else "three meals and one dose a day"
    if setting.rhythm != "none":
        events += f", {setting.rhythm} rhythm"
    none = np.zeros(0, np.int64)
    first = integrate(
        model.system,
        model.lanes({}, 1),
        Schedule(t0=0, t1=DAY_S, streams=streams),
        none,
        SOLVER,
        used,
    )
    rest = Schedule(t0=DAY_S, t1=end, streams=streams)
    week = integrate(model.system, first.end, rest, none, SOLVER, used)
    if week.codes[0]:
        raise ExecutionError(
            f"the reference patient could not be solved beyond {week.failure_times[0]:g} h; a run "
            "to the end is needed. Leave systems out to find the one that fails."
        )
    return (
        float(week.accepted[0]) / N_DAYS,
        float(week.rejected[0]) / N_DAYS,
        used,
        events,
    )
