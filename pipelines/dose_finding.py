"""MCP-Mod over the replicates of a trial whose arms are doses of one drug."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.inference.mcp_mod import (
    SHAPES,
    adjusted_p,
    candidate_contrasts,
    contrast_statistics,
    fit_shapes,
    maxima,
)
from pipelines.intervals import wilson

if TYPE_CHECKING:
    from cohort.inference.ancova import Contrasts
    from cohort.trial import Protocol

__all__ = ["DoseSeries", "dose_finding", "dose_series"]

_FEWEST_DOSES: Final = 2
_QUARTILES: Final = (0.25, 0.5, 0.75)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseSeries:
    """Arms of a protocol that take one drug in different doses.

    Parameters
    ----------
    drug
        Its name.
    arms
        Names of the arms, smallest dose first.
    doses
        Daily doses at the end of the trial [mg].

    Examples
    --------
    >>> DoseSeries(drug="escitalopram", arms=("a", "b"), doses=(10.0, 20.0)).doses
    (10.0, 20.0)
    """

    drug: str
    arms: tuple[str, ...]
    doses: tuple[float, ...]


def dose_series(protocol: "Protocol") -> tuple[DoseSeries, ...]:
    """Return the drugs that a protocol gives in at least two doses, one drug an arm.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Series in order of the drugs; of two arms with one dose the first counts.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> dose_series(load_protocol("sct-md-01"))[0].doses
    (10.0, 20.0)
    """
    found: dict[str, dict[float, str]] = {}
    for arm in protocol.arms:
        drugs = {regimen.drug for regimen in arm.regimens}
        if arm.control or len(drugs) != 1:
            continue
        last = max(arm.regimens, key=lambda regimen: regimen.start)
        a_day = last.dose * 86_400 / last.every
        found.setdefault(drugs.pop(), {}).setdefault(a_day, arm.name)
    return tuple(
        DoseSeries(drug=drug, arms=tuple(by[dose] for dose in sorted(by)), doses=tuple(sorted(by)))
        for drug, by in found.items()
        if len(by) >= _FEWEST_DOSES
    )


def dose_finding(
    series: DoseSeries,
    labels: Sequence[str],
    by_size: dict[int, list["Contrasts"]],
    *,
    alpha: float,
    relevant: float,
    seed: int,
) -> pl.DataFrame:
    """Return how often a dose response is shown, and which dose is found.

    Parameters
    ----------
    series
        Arms and doses.
    labels
        Names of the arms of the contrasts, control left out.
    by_size
        Contrasts at the end, some replicates at a time, by patients an arm.
    alpha
        Two-sided level [1]; the test is one-sided at half of it.
    relevant
        Benefit over control that is enough [points].
    seed
        Of the distribution of the maximum.

    Returns
    -------
    A row a size: power with its interval, median and quartiles of the dose among those that show a
    response, share of them that find one, and the mean weight of each shape.

    Examples
    --------
    >>> dose_finding.__module__  # run by tests/pipelines/test_power.py
    'pipelines.dose_finding'
    """
    columns = [list(labels).index(arm) for arm in series.arms]
    doses = np.array([0.0, *series.doses])
    rows = []
    for size, parts in by_size.items():
        estimate = np.concatenate([part.estimate[:, columns] for part in parts])
        error = np.concatenate([part.standard_error[:, columns] for part in parts])
        n_arm = np.concatenate([part.n_arm[:, columns] for part in parts])
        n_control = np.concatenate([part.n_control[:, columns] for part in parts])
        freedom = np.concatenate([part.freedom[:, columns] for part in parts]).mean()
        # the residual SD behind the errors; what unequal baselines add is left out
        spread = (error / np.sqrt(1 / n_arm + 1 / n_control)).mean(axis=1)
        benefit = np.concatenate([np.zeros((len(estimate), 1)), -estimate], axis=1)
        counts = np.concatenate([n_control[:, :1], n_arm], axis=1)
        contrasts = candidate_contrasts(doses, [size] * len(doses))
        draws = maxima(contrasts, [size] * len(doses), float(freedom), seed)
        statistics = contrast_statistics(benefit, spread, counts, contrasts)
        shown = adjusted_p(statistics.max(axis=1), draws) <= alpha / 2
        row: dict[str, Any] = {
            "drug": series.drug,
            "doses_mg": ", ".join(f"{dose:g}" for dose in doses),
            "patients_per_arm": size,
            **_share("power", shown),
            "relevant_points": relevant,
        }
        rows.append(row | _found(benefit[shown], doses, spread[shown], counts[shown], relevant))
    return pl.DataFrame(rows, infer_schema_length=None)


def _share(name: str, won: NDArray[np.bool_]) -> dict[str, Any]:
    share = wilson(int(won.sum()), len(won))
    return {
        "replicates": len(won),
        name: share.estimate,
        f"{name}_low": share.low,
        f"{name}_high": share.high,
    }


def _found(
    benefit: Floats, doses: Floats, spread: Floats, counts: NDArray[np.int64], relevant: float
) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "finds_dose": None,
        **dict.fromkeys(("dose_q1_mg", "dose_median_mg", "dose_q3_mg")),
        **dict.fromkeys(f"weight_{name}" for name in SHAPES),
    }
    if not len(benefit):
        return empty
    fit = fit_shapes(benefit, doses, spread, counts)
    dose = fit.target_dose(relevant)
    known = dose[np.isfinite(dose)]
    weights = {
        f"weight_{name}": float(weight)
        for name, weight in zip(fit.names, fit.weights.mean(axis=0), strict=True)
    }
    row = {**empty, "finds_dose": len(known) / len(dose), **weights}
    if len(known):
        low, middle, high = np.quantile(known, _QUARTILES)
        row |= {"dose_q1_mg": low, "dose_median_mg": middle, "dose_q3_mg": high}
    return row
