"""What a protocol should be told before it runs: risks of combinations, drugs without a target.

Warnings never change what is simulated. `cohort check`, `plan` and `run` print them; with
``--strict`` a contraindicated combination is refused.
"""

from typing import TYPE_CHECKING

from cohort.chemistry import with_needs
from cohort.conditions import load_condition
from cohort.interactions import protocol_risks
from cohort.physiology.targets import targets_without_system
from cohort.simulate import protocol_compounds
from cohort.trial import trial_systems
from pipelines.errors import InputError

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = ["refuse_contraindicated", "trial_warnings"]


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
    risks = tuple(map(str, protocol_risks(protocol)))
    systems = with_needs(trial_systems(protocol))
    missing = targets_without_system(protocol_compounds(protocol), systems)
    idle = tuple(
        f"{' and '.join(titles)}: acted on by a drug of this trial, but {system!r} is not "
        f"simulated, so nothing follows from it. Add 'systems: [{system}]' to see what does."
        for system, titles in missing.items()
    )
    doubt = load_condition(protocol.condition).warning
    return (*risks, *idle, *((doubt,) if doubt else ()))


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
    wrong = [str(risk) for risk in protocol_risks(protocol) if risk.grade == "contraindicated"]
    if wrong:
        raise InputError(
            f"--strict: {' '.join(wrong)} Keep them apart, or leave --strict out to simulate it."
        )
