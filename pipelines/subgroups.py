"""Who benefits: individual effects of counterfactual designs by covariate, genotype and phenotype.

The same person in the arm and in control differs by nothing but the treatment, so the difference of
the two changes is that person's effect, rating noise of both included.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.inference.distributions import student_quantile
from pipelines.adam import TrialFacts
from pipelines.roster import Roster, read_roster, scan_variant
from pipelines.schema import polars_schema

__all__ = ["CATEGORIES", "EVERYONE", "NUMBERS", "effects_by_subgroup", "shrink"]

Floats = NDArray[np.float64]
Row = dict[str, Any]

CATEGORIES: Final = ("SEX", "RACEGR1", "SMOKER", "CYP2C19", "CYP2D6", "SLC6A4", "COMT", "MAOA")
"""Columns of ADSL whose values are levels."""

NUMBERS: Final = ("AGE", "BMIBL", "CRCL")
"""Columns of ADSL that are cut into thirds; the baseline score is cut likewise."""

EVERYONE: Final = "everyone"
"""Covariate and level of the row over all patients."""

_BASELINE: Final = "BASE"
_LEVEL: Final = 0.95
_THIRDS: Final = ("lowest third", "middle third", "highest third")
_FEWEST: Final = 2


def effects_by_subgroup(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return the mean individual effect of each arm at each level of each covariate.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control and design of the trial.

    Returns
    -------
    The table `effects_by_subgroup` of `pipelines.schema`; empty unless the design is
    counterfactual.

    Examples
    --------
    >>> effects_by_subgroup.__module__  # run by tests/pipelines/test_subgroups.py: it reads files
    'pipelines.subgroups'
    """
    rows: list[Row] = []
    if facts.is_paired and facts.control is not None:
        for variant in range(1, max(len(facts.variants), 1) + 1):
            rows += _variant_rows(tables, facts, variant)
    table = facts.tables["effects_by_subgroup"]
    schema = polars_schema(table)
    kept = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort(table.key)


def _variant_rows(tables: Path, facts: TrialFacts, variant: int) -> Iterator[Row]:
    assert facts.control is not None
    control = facts.arm_number(facts.control)
    roster = read_roster(
        tables,
        facts,
        variant,
        *(pl.col(name).cast(pl.Categorical) for name in CATEGORIES),
        *map(pl.col, NUMBERS),
        only=pl.col("TRT01PN") == control,
    )
    changes = (
        scan_variant(tables, "adqs", facts, variant)
        .filter(pl.col("ANL01FL").is_not_null() & pl.col("ABLFL").is_null())
        .filter(pl.col("AVISITN") == pl.col("AVISITN").max())
    )
    for endpoint in (one.name for one in facts.definitions.endpoints):
        scores = changes.filter(pl.col("PARAMCD") == endpoint)
        visits = scores.select("AVISIT", "AVISITN").head(1).collect(engine="streaming")
        reference = _changes(scores, control, control, roster)[0]
        for number in range(1, len(facts.arms) + 1):
            if number == control:
                continue
            change, baseline = _changes(scores, number, control, roster)
            effect = change - reference
            known = pl.Series(np.isfinite(effect))
            if not known.any():
                continue
            mine = roster.frame.with_columns(
                EFFECT=pl.Series(effect), BASE=pl.Series(baseline)
            ).filter(known)
            shared = {
                "endpoint": endpoint,
                "arm": facts.arms[number - 1],
                "arm_number": number,
                "control": facts.control,
                "visit": visits["AVISIT"][0],
                "visit_week": visits["AVISITN"][0],
                "variant": facts.variants[variant - 1] if facts.variants else "",
                "variant_number": variant,
            }
            yield {**shared, **_moments(mine["EFFECT"].to_numpy()), "covariate": EVERYONE,
                   "level": EVERYONE, "level_number": 1}  # fmt: skip
            for covariate in (*CATEGORIES, *NUMBERS, _BASELINE):
                for row in _levels(mine, covariate):
                    yield {**shared, "covariate": covariate, **row}


def _changes(scores: pl.LazyFrame, arm: int, control: int, roster: Roster) -> tuple[Floats, Floats]:
    """Return the changes and baselines of the control's patients in an arm, NaN where unknown."""
    # in a counterfactual design the patients of an arm are those of the control
    mine = scores.filter(pl.col("arm") == arm).select(
        "number", "CHG", "BASE", arm=pl.lit(control, dtype=pl.Int64)
    )
    place, found = roster.placed(mine)
    change, baseline = (np.full(len(roster), np.nan) for _ in range(2))
    change[place] = found["CHG"].fill_null(np.nan).to_numpy()
    baseline[place] = found["BASE"].fill_null(np.nan).to_numpy()
    return change, baseline


def _levels(mine: pl.DataFrame, covariate: str) -> list[Row]:
    """Return a row a level, with means shrunken over the levels of the covariate."""
    values = mine[covariate]
    effects = mine["EFFECT"].to_numpy()
    if covariate in CATEGORIES:
        names = sorted(values.drop_nulls().unique().to_list())
        members = [(values == name).fill_null(value=False).to_numpy() for name in names]
    else:
        names, members = _cut(values.to_numpy().astype(float))
    rows = [
        {"level": name, "level_number": place, **_moments(effects[member])}
        for place, (name, member) in enumerate(zip(names, members, strict=True), start=1)
        if member.any()
    ]
    known = [row for row in rows if row["standard_error"]]
    if len(known) >= _FEWEST:
        shrunken, errors = shrink(
            np.array([row["mean_effect"] for row in known]),
            np.array([row["standard_error"] for row in known]),
        )
        for row, mean, error in zip(known, shrunken, errors, strict=True):
            row["shrunken_effect"], row["shrunken_error"] = float(mean), float(error)
    return rows


def _cut(values: Floats) -> tuple[list[str], list[NDArray[np.bool_]]]:
    """Cut numbers at their thirds; fewer levels where many are equal."""
    known = np.isfinite(values)
    if not known.any():
        return [], []
    bounds = np.unique(np.quantile(values[known], [1 / 3, 2 / 3]))
    place = np.searchsorted(bounds, values, side="left")
    names, members = [], []
    for level in range(len(bounds) + 1):
        member = known & (place == level)
        if member.any():
            low, high = values[member].min(), values[member].max()
            name = _THIRDS[level] if len(bounds) == len(_THIRDS) - 1 else f"part {level + 1}"
            names.append(f"{name} ({low:.4g} to {high:.4g})")
            members.append(member)
    return names, members


def _moments(effects: Floats) -> Row:
    n = len(effects)
    row: Row = {"n": n, "mean_effect": float(effects.mean())}
    if n < _FEWEST:
        return {**row, "standard_error": None}
    sd = float(effects.std(ddof=1))
    error = sd / math.sqrt(n)
    half = student_quantile(0.5 + _LEVEL / 2, n - 1) * error
    return {
        **row,
        "sd_effect": sd,
        "standard_error": error if error > 0 else None,
        "low": row["mean_effect"] - half,
        "high": row["mean_effect"] + half,
    }


def shrink(means: Floats, errors: Floats) -> tuple[Floats, Floats]:
    r"""Shrink the means of groups to one another as far as their errors explain their spread.

    Parameters
    ----------
    means, errors
        Mean and standard error of each group, any unit, shape ``(n_group,)``; errors above zero.

    Returns
    -------
    Shrunken means and their standard errors, same shapes.

    Notes
    -----
    Means :math:`m_g \sim N(\theta_g, s_g^2)`, :math:`\theta_g \sim N(\mu, \tau^2)`;
    :math:`\tau^2` by DerSimonian and Laird, not below 0. Errors hold :math:`\mu` and
    :math:`\tau` for known.

    References
    ----------
    DerSimonian R, Laird N, Control Clin Trials 1986;7:177.

    Examples
    --------
    >>> shrink(np.array([1.0, 3.0]), np.array([5.0, 5.0]))[0].tolist()
    [2.0, 2.0]
    """
    weight = 1 / errors**2
    centre = np.sum(weight * means) / weight.sum()
    excess = np.sum(weight * (means - centre) ** 2) - (len(means) - 1)
    spread = max(0.0, excess / (weight.sum() - np.sum(weight**2) / weight.sum()))
    shared = 1 / (errors**2 + spread)
    middle = np.sum(shared * means) / shared.sum()
    kept = spread * shared
    shrunken = middle + kept * (means - middle)
    return shrunken, np.sqrt(kept * errors**2 + (1 - kept) ** 2 / shared.sum())
