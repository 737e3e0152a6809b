"""Parameters that the schedule moves: each becomes the patient's own number plus an input.

A window of the day, such as an hour of exercise, shifts a parameter and lets it go again. The
engine holds inputs at piecewise-constant values without ending the integration, which a new set of
parameters would. `cohort.patient_model` enters here.
"""

from collections.abc import Iterable
from dataclasses import replace

import sympy

from cohort.errors import ModelError, UnknownNameError
from cohort.model.model import Model
from kernels import symbol

__all__ = ["settling", "shift_of", "with_shifts"]


def shift_of(parameter: str) -> str:
    """Return the name of the input that shifts a parameter.

    Parameters
    ----------
    parameter
        Name of the parameter.

    Returns
    -------
    Name of the input.

    Examples
    --------
    >>> shift_of("stress")
    'shift_stress'
    """
    return f"shift_{parameter}"


def settling(model: Model) -> frozenset[str]:
    """Return the parameters that a patient's rest is solved from.

    Parameters
    ----------
    model
        The assembled model.

    Returns
    -------
    Names; to move one of them in time would change who the patient is, not what acts on them.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> from cohort.transmitters.serotonin import serotonin
    >>> solved_from = settling(assemble("brain", [serotonin()]))
    >>> "serotonin_synthesis_flux" in solved_from, "afferent_firing_5ht" in solved_from
    (True, False)
    """
    formulas = [item.expression for item in model.derived.values()]
    formulas += [item.expression for item in model.feasibility]
    return frozenset(item.name for formula in formulas for item in formula.free_symbols)


def with_shifts(model: Model, names: Iterable[str]) -> Model:
    r"""Return a model in which inputs shift some parameters.

    Parameters
    ----------
    model
        The assembled model.
    names
        Parameters to shift, each once or more.

    Returns
    -------
    The model with the inputs ``shift_<parameter>`` in the unit of the parameter; where an input is
    0 it is the model given. Starts, derived constants and conditions stay as they are.

    Raises
    ------
    UnknownNameError
        If the model has no such parameter.
    ModelError
        If a patient's rest is solved from the parameter.

    Notes
    -----
    .. math:: f(p) \to f(p + u(t))

    Examples
    --------
    >>> from cohort.model import assemble
    >>> from cohort.physiology import cortisol
    >>> model = with_shifts(assemble("axis", [cortisol()]), ["stress"])
    >>> model.system.inputs
    ('shift_stress',)
    """
    wanted = tuple(dict.fromkeys(names))
    solved_from = settling(model)
    for name in wanted:
        where = f"model {model.system.name!r}, shifted parameter"
        if name not in model.parameters:
            raise UnknownNameError(where, name, model.parameters, "parameter")
        if name in solved_from:
            raise ModelError(
                f"{where} {name!r}: a patient's rest is solved from it; inputs to mechanisms are "
                "allowed. Shift another one."
            )
    if not wanted:
        return model
    shifted = {symbol(name): symbol(name) + symbol(shift_of(name)) for name in wanted}

    def written(formulas: dict[str, sympy.Expr]) -> dict[str, sympy.Expr]:
        return {key: formula.xreplace(shifted) for key, formula in formulas.items()}

    system = replace(
        model.system,
        inputs=(*model.system.inputs, *map(shift_of, wanted)),
        rhs=written(dict(model.system.rhs)),
        quadratures=written(dict(model.system.quadratures)),
        observables=written(dict(model.system.observables)),
    )
    units = {shift_of(name): model.parameters[name].unit for name in wanted}
    return replace(model, system=system, units={**model.units, **units})
