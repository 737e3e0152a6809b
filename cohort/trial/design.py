"""What a protocol says of its design before the first patient: covariates of the placebo arm."""

from typing import TYPE_CHECKING

from cohort.conditions import Condition, TrialDesign
from cohort.scales import load_scale

if TYPE_CHECKING:
    from cohort.trial.protocol import Protocol

__all__ = ["trial_design"]


def trial_design(protocol: "Protocol", condition: Condition) -> TrialDesign:
    """Return what is known of a trial before it starts.

    Parameters
    ----------
    protocol
        The trial.
    condition
        Its patient group, with the entry criterion of the trial.

    Returns
    -------
    The design.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.trial import load_protocol
    >>> design = trial_design(load_protocol("sct-md-01"), load_condition("major_depression"))
    >>> design.year, round(design.active_share, 2)
    (2002, 0.75)
    """
    features = protocol.features
    total = sum(arm.patients for arm in protocol.arms)
    control = sum(arm.patients for arm in protocol.arms if arm.control)
    scale, entry = load_scale(condition.entry.scale), condition.entry.at_least.number("1")
    return TrialDesign(
        year=features.year,
        placebo_run_in=features.placebo_run_in,
        setting=features.setting,
        blinding=features.blinding,
        active_share=1.0 - control / total if control else None,
        entry=(entry - scale.minimum) / scale.loading.number("1"),
    )
