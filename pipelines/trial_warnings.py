"""What a protocol should be told before it runs: risks of combinations, drugs without a target.

Warnings never change what is simulated. `cohort check`, `plan` and `run` print them; with
``--strict`` a contraindicated combination is refused.
"""

from typing import TYPE_CHECKING

from cohort.chemistry import with_needs
from cohort.conditions import load_condition
from cohort.imported import trial_model
from cohort.imported.simulate import tiny_levels
from cohort.interactions import protocol_risks
from cohort.physiology.targets import targets_without_system
from cohort.trial import trial_systems
from cohort.trial_equations import protocol_compounds
from pipelines.errors import InputError

if TYPE_CHECKING:
    from cohort.imported import TrialModel
    from cohort.trial import Protocol

__all__ = ["refuse_contraindicated", "refuse_of_a_file", "trial_warnings"]


def trial_warnings(protocol: "Protocol") -> tuple[str, ...]:
    """Return the warnings of a protocol, one line each.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_warnings(load_protocol("sct-md-01"))
    ()
    """
    if protocol.model is not None:
        return _of_a_file(trial_model(protocol.model), protocol.model.file)
    risks = tuple(map(str, protocol_risks(protocol)))
    systems = with_needs(trial_systems(protocol))
    missing = targets_without_system(protocol_compounds(protocol), systems)
    idle = tuple(
        f"{' and '.join(titles)}: acted on by a drug of this trial, but {system!r} is not "
        f"simulated, so nothing follows from it. Add 'systems: [{system}]' to see what does."
        for system, titles in missing.items()
    )
    doubt = load_condition(protocol.condition).warning
    return (*risks, *idle, *((doubt,) if doubt else ()), *_assumed(protocol))


def _of_a_file(model: "TrialModel", file: str) -> tuple[str, ...]:
    """Return what was taken for granted of a model from a file."""
    notes = [f"{file}: {note}" for note in model.sbml.notes]
    if model.told == "file" and model.seconds_per_time_unit == 1:
        notes.insert(
            0,
            f"{file}: its unit of time is the second, which files also say that never thought of "
            "it. If another one is meant, write 'time_unit: hour' under 'model'.",
        )
    tiny = tiny_levels(model)
    if tiny:
        notes.append(
            f"{file}: at the start below 1e-6 of the unit: {', '.join(tiny)}. Summaries keep steps "
            f"of 2.3e-10. Report them in a smaller unit: 'units: {{{tiny[0]}: ...}}' under 'model'."
        )
    return tuple(notes)


def _assumed(protocol: "Protocol") -> tuple[str, ...]:
    """Return what is taken for true of drugs and the course of a disease that gets worse."""
    declared = load_condition(protocol.condition).severity.disease_modification
    if declared is None:
        return ()
    if protocol.assumptions.disease_modification:
        return (
            f"disease_modification is assumed: drugs that improve severity by "
            f"{declared.at_improvement.number('1'):.0%} slow progression by "
            f"{declared.slowing.number('1'):.0%}, others in proportion. Imaging in ELLDOPA points "
            "the other way.",
        )
    return (
        "disease_modification is not assumed: drugs are symptomatic and progression goes on under "
        "them. 'assumptions: {disease_modification: true}' assumes that they slow it.",
    )


def refuse_of_a_file(protocol: "Protocol", what: str) -> None:
    """Refuse a trial of a model from a file where only our patient is known.

    Parameters
    ----------
    protocol
        The trial.
    what
        What was asked for, an option or a command.

    Raises
    ------
    InputError
        If its patients are a model from a file.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> refuse_of_a_file(load_protocol("sct-md-01"), "--uncertainty")
    """
    if protocol.model is not None:
        raise InputError(
            f"{what}: the patients of '{protocol.name}' are the model of {protocol.model.file}; "
            "this knows how sure the numbers of our own patient are, and no others. Leave it out."
        )


def refuse_contraindicated(protocol: "Protocol") -> None:
    """Refuse a protocol that combines contraindicated drugs.

    Parameters
    ----------
    protocol
        The trial.

    Raises
    ------
    InputError
        If an arm combines drugs that must not meet; all such pairs are named.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> refuse_contraindicated(load_protocol("sct-md-01"))
    """
    if protocol.model is not None:
        return
    wrong = [str(risk) for risk in protocol_risks(protocol) if risk.grade == "contraindicated"]
    if wrong:
        raise InputError(
            f"--strict: {' '.join(wrong)} Keep them apart, or leave --strict out to simulate it."
        )
