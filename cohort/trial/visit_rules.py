"""Rules that are asked of a patient at a visit: when a dose changes, when rescue is given.

Written in the language of `cohort.trial.eligibility`, on covariates and on what the visit shows.
`cohort.trial.content` checks them, `cohort.conduct` asks them. May import `cohort.outcomes` and
`cohort.population`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cohort.population.columns import ColumnKind, column_kinds
from cohort.trial.eligibility import CriterionText, parse_criterion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cohort.population.history import PatientHistory

__all__ = [
    "EVENT_LEVELS",
    "baseline_kinds",
    "parse_visit_rule",
    "shown_scores",
    "visit_kinds",
]

EVENT_LEVELS = ("none", "mild", "moderate", "severe")
"""Worst adverse event that a patient has at a visit."""


def visit_kinds(history: PatientHistory, endpoints: Sequence[str]) -> Mapping[str, ColumnKind]:
    """Return what a rule can read at a visit.

    Parameters
    ----------
    history
        What the condition describes of the past of its patients.
    endpoints
        Rating scales of the trial.

    Returns
    -------
    Kinds by name: covariates; every endpoint as rated at the visit; of the primary endpoint
    ``score``, its ``baseline``, ``change`` [points] and ``response``, the share of the baseline
    above the minimum of the scale by which it fell [1]; and the worst ongoing ``adverse_event``.

    Examples
    --------
    >>> from cohort.population import PatientHistory
    >>> visit_kinds(PatientHistory(), ["MADRS"])["adverse_event"].levels
    ('none', 'mild', 'moderate', 'severe')
    """
    scores = dict.fromkeys(("score", "change", "response"), ColumnKind(unit="1"))
    events = {"adverse_event": ColumnKind(levels=EVENT_LEVELS)}
    return {**baseline_kinds(history, endpoints), **scores, **events}


def baseline_kinds(history: PatientHistory, endpoints: Sequence[str]) -> Mapping[str, ColumnKind]:
    """Return what a stratum can read at the baseline.

    Parameters
    ----------
    history, endpoints
        As in `visit_kinds`.

    Returns
    -------
    Kinds by name: covariates, every endpoint as rated, and ``baseline``, that of the primary one.

    Examples
    --------
    >>> from cohort.population import PatientHistory
    >>> sorted(set(baseline_kinds(PatientHistory(), ["MADRS"])) & {"MADRS", "baseline", "change"})
    ['MADRS', 'baseline']
    """
    scores = dict.fromkeys((*endpoints, "baseline"), ColumnKind(unit="1"))
    return {**column_kinds(history), **scores}


def parse_visit_rule(text: str, history: PatientHistory, endpoints: Sequence[str]) -> CriterionText:
    """Return the rule that a text says.

    Parameters
    ----------
    text
        The rule.
    history, endpoints
        As in `visit_kinds`.

    Returns
    -------
    The rule.

    Raises
    ------
    ExpressionError
        If the text cannot be read.

    Examples
    --------
    >>> from cohort.population import PatientHistory
    >>> rule = parse_visit_rule("response < 50 % and age_y < 65 y", PatientHistory(), ["MADRS"])
    >>> rule.holds({"response": np.array([0.4, 0.4]), "age_y": np.array([30.0, 70.0])}).tolist()
    [True, False]
    """
    return parse_criterion(text, visit_kinds(history, endpoints))


def shown_scores(
    score: NDArray[np.float64], baseline: NDArray[np.float64], minimum: float
) -> dict[str, NDArray[np.float64]]:
    """Return what the primary endpoint shows at a visit, by name.

    Parameters
    ----------
    score, baseline
        Rated at the visit and at baseline [points], shape ``(n_lane,)``.
    minimum
        Lowest score of the scale [points].

    Returns
    -------
    Columns that rules read; the response of a patient whose baseline is the minimum is 0.

    Examples
    --------
    >>> shown = shown_scores(np.array([60.0]), np.array([90.0]), 30.0)
    >>> shown["response"].tolist(), shown["change"].tolist()
    ([0.5], [-30.0])
    """
    room = baseline - minimum
    fall = np.where(room > 0, (baseline - score) / np.where(room > 0, room, 1.0), 0.0)
    return {"score": score, "baseline": baseline, "change": score - baseline, "response": fall}
