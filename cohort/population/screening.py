"""Who is let in: candidates for a patient's place, drawn one after another until one qualifies.

A candidate is keyed by seed, patient and number, so patient 17 is the same person whatever the
block around them. `cohort.population.population` enters here; criteria come from
`cohort.trial.eligibility`. Imports NumPy.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from cohort.population.covariates import sample_covariates
from cohort.population.genotypes import sample_genotypes
from cohort.population.history import PatientHistory, sample_history
from cohort.population.population_spec import PopulationSpec

__all__ = [
    "CANDIDATE_LIMIT",
    "SMALLEST_SHARE",
    "Criterion",
    "draw_candidates",
    "sample_people",
    "screening_problem",
]

CANDIDATE_LIMIT: Final = 3000
"""Candidates for one place before the run stops."""
SMALLEST_SHARE: Final = 0.01
"""Share of candidates that must qualify [1]; below it a trial would not be filled either."""

_N_PROBE: Final = 4000  # standard error of a share of 1 % is 0.16 %
_PROBE_SEED: Final = 20_260_101
_N_AT_ONCE: Final = 4096

Column = NDArray[np.float64] | NDArray[np.str_]


class Criterion(Protocol):
    """A condition on columns; `cohort.trial.eligibility.parse_criterion` makes one.

    Examples
    --------
    >>> from cohort.trial.eligibility import parse_criterion
    >>> adult = parse_criterion("age_y >= 18 y")
    >>> adult.holds({"age_y": np.array([17.0, 18.0])}).tolist()
    [False, True]
    """

    @property
    def text(self) -> str:
        """The condition as it was written."""
        ...

    def holds(self, columns: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Return who meets the condition, shape ``(n_lane,)``."""
        ...


def draw_candidates(
    patient_ids: NDArray[np.int64],
    seed: int,
    spec: PopulationSpec,
    history: PatientHistory,
    draw: NDArray[np.int64] | int = 0,
) -> dict[str, Column]:
    """Return who would take the places of patients, whether they qualify or not.

    Parameters
    ----------
    patient_ids, seed, draw
        As in `cohort.population.draws.uniforms`; the draw is the number of the candidate.
    spec
        Margins of the population.
    history
        What patients have been through.

    Returns
    -------
    Covariates, genotypes and history, arrays of shape ``(n_lane,)``.

    Examples
    --------
    >>> spec = PopulationSpec(age_min_y=18, age_max_y=65)
    >>> one, two = (
    ...     draw_candidates(np.arange(3), 7, spec, PatientHistory(), draw)["crcl_ml_min"]
    ...     for draw in (0, 1)
    ... )
    >>> bool((one != two).all())
    True
    """
    columns: dict[str, Column] = {**sample_covariates(patient_ids, seed, spec, draw)}
    genes = sample_genotypes(patient_ids, seed, columns["ancestry"], sex=columns["sex"], draw=draw)
    return columns | genes | sample_history(patient_ids, seed, history, columns["age_y"], draw)


def sample_people(
    patient_ids: NDArray[np.int64],
    seed: int,
    spec: PopulationSpec,
    history: PatientHistory,
    criteria: tuple[Criterion, ...],
) -> dict[str, Column]:
    """Return the first candidate for each place who meets all criteria.

    Parameters
    ----------
    patient_ids, seed, spec, history
        As in `draw_candidates`.
    criteria
        Conditions on the columns; without any the first candidate is taken.

    Returns
    -------
    Covariates, genotypes and history, arrays of shape ``(n_lane,)``.

    Raises
    ------
    RangeError
        If fewer than `SMALLEST_SHARE` of all candidates qualify, or a place stays empty after
        `CANDIDATE_LIMIT`.

    Notes
    -----
    The margins of the spec are those of the candidates; who qualifies differs from them by what the
    criteria ask for.

    Examples
    --------
    >>> from cohort.trial.eligibility import parse_criterion
    >>> spec = PopulationSpec(age_min_y=18, age_max_y=65)
    >>> smokes = parse_criterion("smoker == 'yes'")
    >>> people = sample_people(np.arange(50), 7, spec, PatientHistory(), (smokes,))
    >>> set(people["smoker"].tolist())
    {'yes'}
    """
    columns = draw_candidates(patient_ids, seed, spec, history)
    if not criteria:
        return columns
    problem = screening_problem(spec, history, criteria)
    if problem is not None:
        raise RangeError(f"population, eligibility: {problem}")
    pending = np.flatnonzero(~_qualify(columns, criteria))
    draw = 1
    while pending.size and draw < CANDIDATE_LIMIT:
        # several candidates a place in one call: who they are does not depend on how many
        n_each = min(max(1, _N_AT_ONCE // len(pending)), CANDIDATE_LIMIT - draw)
        numbers = np.tile(np.arange(draw, draw + n_each), len(pending))
        ids = np.repeat(patient_ids[pending], n_each)
        found = draw_candidates(ids, seed, spec, history, numbers)
        good = _qualify(found, criteria).reshape(len(pending), n_each)
        filled = good.any(axis=1)
        chosen = np.flatnonzero(filled) * n_each + good.argmax(axis=1)[filled]
        for name, column in found.items():
            columns[name][pending[filled]] = column[chosen]
        pending = pending[~filled]
        draw += n_each
    if pending.size:
        raise RangeError(
            f"population, eligibility: {CANDIDATE_LIMIT} candidates for the place of patient "
            f"{patient_ids[pending[0]]} were refused; most places need far fewer. "
            f"{_relax(columns, criteria)}"
        )
    return columns


def screening_problem(
    spec: PopulationSpec, history: PatientHistory, criteria: tuple[Criterion, ...]
) -> str | None:
    """Return why criteria would hardly let anybody in, or None.

    Parameters
    ----------
    spec, history
        As in `draw_candidates`.
    criteria
        Conditions on the columns.

    Returns
    -------
    What share qualifies, what is allowed and which criterion to relax; None if enough do.

    Examples
    --------
    >>> from cohort.trial.eligibility import parse_criterion
    >>> spec = PopulationSpec(age_min_y=18, age_max_y=65)
    >>> tall = parse_criterion("height_cm > 3 m")
    >>> print(screening_problem(spec, PatientHistory(), (tall,)))
    0 % of 4000 candidates meet all criteria; at least 1 % must. Relax 'height_cm > 3 m', which 0 % meet.
    """  # noqa: E501
    people = draw_candidates(np.arange(_N_PROBE), _PROBE_SEED, spec, history)
    share = float(_qualify(people, criteria).mean())
    if share >= SMALLEST_SHARE:
        return None
    return (
        f"{100 * share:.2g} % of {_N_PROBE} candidates meet all criteria; at least "
        f"{100 * SMALLEST_SHARE:g} % must. {_relax(people, criteria)}"
    )


def _qualify(columns: Mapping[str, Column], criteria: tuple[Criterion, ...]) -> NDArray[np.bool_]:
    qualified = np.ones(len(columns["age_y"]), dtype=np.bool_)
    for criterion in criteria:
        qualified &= criterion.holds(columns)
    return qualified


def _relax(columns: Mapping[str, Column], criteria: tuple[Criterion, ...]) -> str:
    shares = {criterion.text: float(criterion.holds(columns).mean()) for criterion in criteria}
    hardest = min(shares, key=lambda text: shares[text])
    return f"Relax {hardest!r}, which {100 * shares[hardest]:.2g} % meet."
