"""What no trial sees: the severity behind the scores, and where patients would be had they stayed.

The truth that estimands are judged against. A patient who stops is walked a second time with the
same luck, as if stopping and rescue did not exist; what the trial shows of them stays what it was.
Enters at `latent_scores`; may import `cohort.simulate` and `cohort.tables`.
"""

import numpy as np
from numpy.typing import NDArray

from cohort.simulate import simulate_block
from cohort.tables import rated_score
from cohort.trial import AS_PLANNED, Protocol
from cohort.trial.quantities import WEEK_S

__all__ = ["latent_scores"]


def latent_scores(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    *,
    variant: str = AS_PLANNED.name,
    device: str = "auto",
) -> dict[str, NDArray[np.generic]]:
    """Return the unseen severity of a block of patients, as it was and had they stayed.

    Parameters
    ----------
    protocol, arm, patient_ids, variant, device
        As in `cohort.simulate.simulate`; the block is integrated twice.

    Returns
    -------
    Columns, one row a patient and visit: ``patient_id``, ``arm``, ``visit``, ``visit_number``
    [week]; ``severity``, latent severity on the day, also after the patient stopped [points of the
    condition's scale]; ``severity_if_stayed``, had nobody stopped or had rescue; ``score`` and
    ``score_if_stayed``, the primary endpoint rated on both with the same luck [points];
    ``on_treatment``, whether the treatment still went on.

    Raises
    ------
    UnknownNameError, RangeError
        As in `cohort.simulate.simulate`.

    Notes
    -----
    ``severity`` is that of the treatment policy. A dose that follows the patient's score follows
    the other course in ``severity_if_stayed``. The severity of a patient whose equations failed is
    NaN from then on.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> truth = latent_scores(load_protocol("sct-md-01"), "placebo", np.array([1, 2]))
    >>> bool((truth["severity"] == truth["severity_if_stayed"]).all())
    True
    """
    ideal = protocol.model_copy(update={"rescue": None})
    seen = simulate_block(protocol, arm, patient_ids, variant=variant, device=device)
    stayed = simulate_block(
        ideal, arm, patient_ids, variant=variant, device=device, everybody_stays=True
    )
    left = seen.courses[-1].left_day
    names = ("severity", "severity_if_stayed", "score", "score_if_stayed")
    rows: dict[str, list[NDArray[np.generic]]] = {}
    n_lane = len(seen.patient_ids)
    for index, visit in enumerate(protocol.visits):
        values = []
        for block in (seen, stayed):
            severity = block.courses[index].latent(block.condition, block.variation)
            values.append(np.where(block.failed_before(index), np.nan, severity))
        for block in (seen, stayed):
            score = rated_score(
                protocol,
                block.condition,
                block.variation,
                block.patient_ids,
                protocol.primary_endpoint,
                block.courses[index],
            )
            values.append(np.where(block.failed_before(index), np.nan, score))
        here = {
            "patient_id": seen.patient_ids,
            "arm": np.full(n_lane, arm),
            "visit": np.full(n_lane, visit.name),
            "visit_number": np.full(n_lane, visit.time / WEEK_S),
            **dict(zip(names, values, strict=True)),
            "on_treatment": np.isnan(left) | (left > seen.courses[index].day),
        }
        for name, column in here.items():
            rows.setdefault(name, []).append(column)
    return {name: np.concatenate(parts) for name, parts in rows.items()}
