"""The equations of a trial, of our patient or of a model from a file, and what solves them.

One system serves all arms of a protocol. `cohort.simulate` integrates it; `pipelines` asks here
what it is made of, what it costs, and has it built before workers need it.
"""

from typing import Final

from cohort.compounds import Compound
from cohort.conditions import load_condition
from cohort.drugs import load_drug
from cohort.imported import trial_model
from cohort.imported.simulate import model_solver
from cohort.model import Model
from cohort.outcomes import load_measure
from cohort.patient_model import patient_model
from cohort.trial import Protocol, shifted_parameters, trial_events, trial_systems
from kernels import OdeSystem, Solver, lower, prepare
from kernels.cost import of_step

__all__ = [
    "SOLVER",
    "model_texts",
    "our_model",
    "prepare_device",
    "protocol_compounds",
    "step_operations",
    "trial_solver",
    "trial_system",
    "wanted_means",
]

_ALWAYS_READ: Final = "serotonin_extracellular"  # days are counted by it; every trial has it
SOLVER: Final = Solver(rtol=1e-4, atol=1e-5)
"""Tolerances of a trial: log ratios of daily means are right to 1e-5, far below any rating."""


def trial_solver(protocol: Protocol) -> Solver:
    """Return what integrates the equations of a trial.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_solver(load_protocol("sct-md-01")).rtol
    0.0001
    """
    return SOLVER if protocol.model is None else model_solver(protocol.model)


def prepare_device(protocol: Protocol, device: str = "auto") -> tuple[str, dict[str, str]]:
    """Build the equations of a trial for a device, before many processes ask for them.

    Parameters
    ----------
    protocol
        The trial.
    device
        As in `kernels.integrate`.

    Returns
    -------
    Name of the device that will be used, and why others were passed over.

    Raises
    ------
    DeviceError, BuildError
        If a device is asked for by name that is not there or cannot run the model.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> prepare_device(load_protocol("sct-md-01"), "numpy")
    ('numpy', {})
    """
    return prepare(trial_system(protocol), trial_solver(protocol), device)


def trial_system(protocol: Protocol) -> OdeSystem:
    """Return the equations of a trial, of our patient or of a model from a file.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_system(load_protocol("sct-md-01")).name
    'patient'
    """
    if protocol.model is not None:
        return trial_model(protocol.model).system
    return our_model(protocol).system


def model_texts(protocol: Protocol) -> dict[str, str]:
    """Return what a run is made of, for its folder: the program and the table of parameters.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Text by file name: every operation that is integrated, and every number with its source.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> sorted(model_texts(load_protocol("sct-md-01")))
    ['parameters.txt', 'program.txt']
    """
    parameters = (
        our_model(protocol).parameter_table().to_text()
        if protocol.model is None
        else trial_model(protocol.model).parameter_text()
    )
    return {
        "parameters.txt": parameters + "\n",
        "program.txt": lower(trial_system(protocol)).to_text(),
    }


def step_operations(protocol: Protocol) -> int:
    """Return how many operations a step of one patient costs: arithmetic and elementary functions.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> step_operations(load_protocol("sct-md-01")) > 1000
    True
    """
    cost = of_step(lower(trial_system(protocol)), SOLVER.method)
    return cost.flop + cost.elementary


def our_model(protocol: Protocol) -> Model:
    """Return the model of our patient that serves all arms of a trial.

    Parameters
    ----------
    protocol
        A trial of a condition.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> "depot_s_citalopram" in our_model(load_protocol("sct-md-01")).system.states
    True
    """
    return patient_model(
        protocol_compounds(protocol),
        trial_systems(protocol),
        _protocol_inputs(protocol),
        shifted=shifted_parameters(protocol),
        wanted=wanted_means(protocol),
    )


def wanted_means(protocol: Protocol) -> tuple[str, ...]:
    """Return what outcomes read as daily means where it is there: the link, adverse events.

    Parameters
    ----------
    protocol
        A trial of a condition.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> wanted_means(load_protocol("sct-md-01"))[0]
    'serotonin_extracellular'
    """
    read = [name for event in trial_events(protocol) for name in event.reads]
    read += [name for code in protocol.measures for name in load_measure(code).reads]
    signals = load_condition(protocol.condition).link.signals
    return tuple(dict.fromkeys((_ALWAYS_READ, *signals, *read)))


def _protocol_inputs(protocol: Protocol) -> frozenset[str]:
    return frozenset(name for drug in protocol.drugs for name in load_drug(drug).inputs)


def protocol_compounds(protocol: Protocol) -> tuple[Compound, ...]:
    """Return the compounds of all drugs of a protocol, each once, in order of name.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Compounds, metabolites included.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [compound.name for compound in protocol_compounds(load_protocol("sct-md-01"))]
    ['r_citalopram', 's_citalopram']
    """
    if protocol.model is not None:
        return ()
    found = {
        compound.name: compound for drug in protocol.drugs for compound in load_drug(drug).compounds
    }
    return tuple(found[name] for name in sorted(found))
