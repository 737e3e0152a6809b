"""Which patients are in which arm.

A patient is a number; with the seed it fixes who they are and their luck, so that one number in two
arms is one person treated twice. Without `randomisation` every arm has numbers of its own; with it
patients come one after another and take the next place of a permuted block of their stratum.
`pipelines.plan` cuts the numbers of an arm into blocks of work. May import `cohort.population`,
`cohort.outcomes` and the recruitment of this room.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np

from cohort.outcomes import visit_ratings
from cohort.outcomes.course import enter_trial
from cohort.population import column_kinds, sample_people
from cohort.population.draws import uniforms
from cohort.trial.eligibility import parse_criterion
from cohort.trial.endpoints import leading_scale, rated_endpoints
from cohort.trial.protocol import Protocol
from cohort.trial.quantities import MAX_COUNT
from cohort.trial.recruitment import (
    eligibility_criteria,
    patient_history,
    placebo_lead_in,
    population_spec,
    trial_condition,
)
from cohort.trial.visit_rules import baseline_kinds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["allocate", "stratum_labels"]

_N_AT_ONCE: Final = 65_536  # patients whose strata are asked for together, to bound the memory


def allocate(protocol: Protocol, arm_name: str) -> NDArray[np.int64]:
    """Return the patients of one arm.

    Parameters
    ----------
    protocol
        The protocol.
    arm_name
        Name of the arm.

    Returns
    -------
    Patient ids, shape ``(n_patient,)``, int64, rising, greater than zero.

    Raises
    ------
    UnknownNameError
        If no arm has that name.

    Notes
    -----
    In a counterfactual design every arm has the patients 1, 2, 3 ... In a parallel design the first
    arm has 10000001, 10000002 ..., the second 20000001 ...: enlarging one arm leaves the
    patients of the others as they were.

    With `randomisation` the patients of all arms are 1, 2, 3 ... in the order in which they come,
    as many as the arms have together; an arm has those whom the blocks give it, so that its size is
    near that of the protocol, not the same.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> allocate(load_protocol("sct-md-01"), "escitalopram 10 mg")[:2].tolist()
    [20000001, 20000002]
    """
    arm = protocol.arm(arm_name)
    position = [one.name for one in protocol.arms].index(arm_name)
    if protocol.randomisation is not None:
        found: NDArray[np.int64] = 1 + np.flatnonzero(_arms(protocol.canonical_json()) == position)
        return found
    own = np.arange(1, arm.patients + 1, dtype=np.int64)
    if protocol.design == "counterfactual":
        return own
    # MAX_COUNT patients an arm fit between two numbers, and 50 arms stay below the 2^32 of a draw
    return own + (1 + position) * MAX_COUNT


@functools.lru_cache(maxsize=4)
def _arms(text: str) -> NDArray[np.int64]:
    """Return the position of the arm of every patient, by the text of the protocol."""
    protocol = Protocol.model_validate_json(text)
    total = sum(arm.patients for arm in protocol.arms)
    ids = np.arange(1, total + 1, dtype=np.int64)
    parts = [ids[start : start + _N_AT_ONCE] for start in range(0, total, _N_AT_ONCE)]
    strata = np.concatenate([_strata(protocol, part) for part in parts])
    arms = np.empty(total, dtype=np.int64)
    for stratum in np.unique(strata).tolist():
        members = np.flatnonzero(strata == stratum)
        arms[members] = _places(protocol, stratum, len(members))
    return arms


def _places(protocol: Protocol, stratum: int, n_patient: int) -> NDArray[np.int64]:
    """Return the arms of the first patients of a stratum, block after block."""
    rule = protocol.randomisation
    if rule is None:  # nobody asks then
        return np.zeros(n_patient, dtype=np.int64)
    n_arm = len(protocol.arms)
    size, shares = rule.block_size(n_arm), rule.shares(n_arm)
    ordered = np.repeat(np.arange(n_arm), np.array(shares) * (size // sum(shares)))
    n_block = -(-n_patient // size)
    draws = np.arange(n_block * size).reshape(n_block, size)
    luck = uniforms(protocol.seed, stratum, "permuted block", draws)
    places: NDArray[np.int64] = ordered[np.argsort(luck, axis=1, kind="stable")]
    return places.reshape(-1)[:n_patient]


def stratum_labels(protocol: Protocol, patient_ids: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return the stratum of each patient in words.

    Parameters
    ----------
    protocol
        The protocol.
    patient_ids
        Patients, shape ``(n_lane,)``.

    Returns
    -------
    Every condition with its answer, Y or N; empty texts without strata.

    Examples
    --------
    >>> from cohort.trial import Randomisation, load_protocol
    >>> rule = Randomisation(strata=["sex == 'M'", "baseline >= 30"])
    >>> trial = load_protocol("sct-md-01").model_copy(update={"randomisation": rule})
    >>> stratum_labels(trial, np.array([1]))[0]
    np.str_("sex == 'M': Y; baseline >= 30: N")
    """
    rule = protocol.randomisation
    if rule is None or not rule.strata:
        return np.full(len(patient_ids), "")
    strata = _strata(protocol, patient_ids)
    answers = [(strata >> bit) & 1 for bit in range(len(rule.strata))]
    labels = [
        "; ".join(
            f"{text}: {'Y' if answer[lane] else 'N'}"
            for text, answer in zip(rule.strata, answers, strict=True)
        )
        for lane in range(len(patient_ids))
    ]
    return np.array(labels)


def _strata(protocol: Protocol, patient_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each patient's stratum: a bit for every condition that holds."""
    strata = np.zeros(len(patient_ids), dtype=np.int64)
    rule = protocol.randomisation
    if rule is None or not rule.strata:
        return strata
    condition = trial_condition(protocol) if protocol.condition else None
    seed, history = protocol.seed, patient_history(condition)
    people = sample_people(
        patient_ids,
        seed,
        population_spec(protocol.population, condition),
        history,
        eligibility_criteria(protocol, condition),
    )
    columns = dict(people)
    kinds = column_kinds(history)
    if condition is not None:
        rules, scales = protocol.ratings.rules, rated_endpoints(protocol)
        entered = enter_trial(patient_ids, seed, condition, placebo_lead_in(protocol), rules)
        severity = np.maximum(entered.baseline, 0.0)
        for name in scales:
            columns[name] = visit_ratings(patient_ids, seed, condition, rules, name, severity, 0)
        if scales:
            columns["baseline"] = columns[leading_scale(protocol)]
        kinds = baseline_kinds(history, scales)
    for bit, text in enumerate(rule.strata):
        strata += parse_criterion(text, kinds).holds(columns).astype(np.int64) << bit
    return strata
