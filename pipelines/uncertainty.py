"""The table `uncertainty` of a run: why another trial of the same kind would not find the same.

Three parts, kept apart: sampling (the standard error of the run), between trials (improvement on
placebo, benefit and leaving differ from trial to trial) and parameters (the weights of the link are
known with an error, and drugs differ from what it says of them). The last two are the spread of an
arm's mean over draws, on the same patients with the same luck; chemistry is simulated once for some
of the patients.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from cohort.outcomes import TrialVariation
from cohort.population.draws import normals
from cohort.replicate import Pool, drug_residuals, follow_pool, simulate_pool
from cohort.trial import AS_PLANNED, Protocol
from kernels.arithmetic import exp
from pipelines.errors import InputError

__all__ = ["mean_spreads", "uncertainty_table", "write_uncertainty"]

Floats = NDArray[np.float64]

PATIENTS: Final = 100
"""Patients whose chemistry is simulated once more: an arm's mean moves as that of all."""
DRAWS: Final = 32
"""Draws of each part, half of them mirrored; the spread is then known to an eighth."""
_FEWEST_DRAWS: Final = 4


def mean_spreads(
    pool: Pool, arm: str, *, draws: int = DRAWS
) -> dict[str, dict[str, tuple[Floats, Floats]]]:
    """Return how an arm's mean changes spread between trials, and with the parameters.

    Parameters
    ----------
    pool
        Some patients of the trial.
    arm
        Name of the arm.
    draws
        Of each part, even and at least 4.

    Returns
    -------
    By endpoint and part (``between_trials``, ``parameter``): mean change of each draw at each
    visit [points], last observation carried forward, shape ``(n_visit, n_draw)``, and their SD,
    shape ``(n_visit,)``.

    Raises
    ------
    InputError
        If the number of draws is out of its range.

    Notes
    -----
    Adverse events are not followed again, so nobody leaves for one that happened.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 3, arms=("placebo",))
    >>> spread = mean_spreads(pool, "placebo", draws=4)
    >>> spread["MADRS"]["parameter"][1].tolist()  # no drug: its benefit is not known badly
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if draws < _FEWEST_DRAWS or draws % 2:
        raise InputError(
            f"uncertainty, draws: {draws}; an even number of at least {_FEWEST_DRAWS} is allowed. "
            f"Use {DRAWS}."
        )
    lanes = np.tile(pool.solved, draws)
    found: dict[str, dict[str, tuple[Floats, Floats]]] = {}
    for part, variation in _variations(pool, arm, draws).items():
        outcomes = follow_pool(pool, arm, lanes, variation=variation, adverse_events=())
        for endpoint in outcomes.scores:
            carried = outcomes.carried_forward(endpoint)
            change = (carried - carried[0]).reshape(len(carried), draws, -1).mean(axis=2)
            found.setdefault(endpoint, {})[part] = change, change.std(axis=1, ddof=1)
    return found


def _variations(pool: Pool, arm: str, draws: int) -> dict[str, TrialVariation]:
    condition, seed, n = pool.condition, pool.protocol.seed, len(pool.solved)

    def lanes(values: Floats) -> Floats:
        return np.repeat(values, n)

    def mirrored(half: Floats) -> Floats:
        return np.concatenate((half, -half))

    def normal(what: str) -> Floats:
        return mirrored(normals(seed, np.arange(draws // 2), f"uncertainty: {what}"))

    link, dropout = condition.link, condition.dropout
    sds = (link.trial_sd, link.drug_sd, dropout.trial_sd_log, dropout.adverse_trial_sd_log)
    benefit, drug, leave, adverse = (0.0 if sd is None else sd.number("1") for sd in sds)
    between = TrialVariation(
        placebo_shift=lanes(condition.placebo.trial_sd.number("1") * normal("placebo")),
        benefit_factor=lanes(1.0 + benefit * normal("benefit")),
        dropout_factor=lanes(exp(leave * normal("drop-out") - 0.5 * leave * leave)),
        adverse_dropout_factor=lanes(
            exp(adverse * normal("adverse drop-out") - 0.5 * adverse * adverse)
        ),
    )
    weights: Mapping[str, Floats] = link.draws(draws // 2, seed)
    of_weights = {}
    for name, drawn in weights.items():
        own = link.signals[name].number("1")
        other = 2.0 * own - drawn
        kept = np.maximum(other, 0.0) if own >= 0.0 else np.minimum(other, 0.0)
        of_weights[name] = lanes(np.concatenate((drawn, kept)))
    taken = [regimen.drug for regimen in pool.protocol.arm(arm).regimens]
    residual = np.maximum(1.0 + drug * mirrored(drug_residuals(taken, draws // 2, seed)), 0.0)
    parameter = TrialVariation(weights=of_weights, benefit_factor=lanes(residual))
    return {"between_trials": between, "parameter": parameter}


def uncertainty_table(
    protocol: Protocol,
    outcomes: pl.DataFrame,
    *,
    patients: int = PATIENTS,
    draws: int = DRAWS,
    device: str = "auto",
) -> pl.DataFrame:
    """Return mean changes of a run with the three parts of their uncertainty.

    Parameters
    ----------
    protocol
        The trial that was run.
    outcomes
        Its table `outcomes_by_arm`.
    patients
        Patients whose chemistry is simulated once more.
    draws, device
        As in `mean_spreads` and `kernels.integrate`.

    Returns
    -------
    One row an arm (and variant), endpoint and visit: ``estimate``, ``sampling_se``,
    ``between_trial_sd``, ``parameter_sd`` and the ends of the 50 % and 95 % prediction intervals of
    the mean change in another trial of this size and design [points].

    Examples
    --------
    >>> uncertainty_table.__name__  # run by tests/pipelines/test_uncertainty.py
    'uncertainty_table'
    """
    most = max(arm.patients for arm in protocol.arms)
    variants = tuple(variant.name for variant in protocol.variants) or (AS_PLANNED.name,)
    keys = ["variant"] if "variant" in outcomes.columns else []
    rows: list[dict[str, object]] = []
    for variant in variants:
        pool = simulate_pool(protocol, min(patients, most), variant=variant, device=device)
        part = outcomes.filter(pl.col("variant") == variant) if keys else outcomes
        for arm in pool.drivers:
            spreads = mean_spreads(pool, arm, draws=draws)
            own = part.filter((pl.col("arm") == arm) & pl.col("endpoint").is_in(list(spreads)))
            own = own.filter(pl.col("change_se").is_not_null())
            rows += [
                _row(row, spreads[row["endpoint"]], protocol, keys)
                for row in own.iter_rows(named=True)
            ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(
    row: Mapping[str, object],
    spread: Mapping[str, tuple[Floats, Floats]],
    protocol: Protocol,
    keys: list[str],
) -> dict[str, object]:
    index = [visit.name for visit in protocol.visits].index(str(row["visit"]))
    estimate, se = row["change_mean"], row["change_se"]
    assert isinstance(estimate, float)
    assert isinstance(se, float)
    parts = {name: float(spread[name][1][index]) for name in ("between_trials", "parameter")}
    total = float(np.sqrt(se**2 + parts["between_trials"] ** 2 + parts["parameter"] ** 2))
    ends = {
        f"{side}_{level}": float(estimate + sign * norm.ppf(0.5 + level / 200) * total)
        for level in (50, 95)
        for side, sign in (("low", -1.0), ("high", 1.0))
    }
    return {
        "arm": row["arm"],
        **{key: row[key] for key in keys},
        "endpoint": row["endpoint"],
        "visit": row["visit"],
        "visit_week": row["visit_week"],
        "estimate": estimate,
        "sampling_se": se,
        "between_trial_sd": parts["between_trials"],
        "parameter_sd": parts["parameter"],
        **ends,
    }


def write_uncertainty(folder: Path, protocol: Protocol, *, device: str = "auto") -> Path:
    """Write the table `uncertainty` beside the other tables of a finished run.

    Parameters
    ----------
    folder
        The run folder.
    protocol
        The trial that was run.
    device
        As in `kernels.integrate`.

    Returns
    -------
    Path of the table.

    Raises
    ------
    InputError
        If the folder has no table `outcomes_by_arm`.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> write_uncertainty(Path("no-run"), load_protocol("sct-md-01"))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no-run: no tables/outcomes_by_arm.parquet; ...
    """
    tables = folder / "tables"
    source = tables / "outcomes_by_arm.parquet"
    if not source.is_file():
        raise InputError(
            f"{folder}: no tables/outcomes_by_arm.parquet; the folder of a finished run is needed. "
            "Run the trial."
        )
    path = tables / "uncertainty.parquet"
    uncertainty_table(protocol, pl.read_parquet(source), device=device).write_parquet(path)
    return path
