"""Effects in subgroups, shrunken to one another; outcomes by genotype and dose.

Subgroups of parallel arms are compared at equal baseline within the subgroup; persons who are in
both arms by their own differences. Levels of one covariate are shrunken as far as their errors
explain their spread (empirical Bayes), and the test of their being equal is Cochran's Q.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl
from scipy.special import gammaincc

from pipelines.intervals import Interval
from pipelines.results.contrasts import adjusted_difference, product_columns
from pipelines.results.demographics import group_columns
from pipelines.results.efficacy import mean_interval
from pipelines.results.estimates import interval_rows, share_rows
from pipelines.results.first_events import person_key
from pipelines.results.quantiles import spreads
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope
from pipelines.results.summarise import moments, sum_columns
from pipelines.subgroups import EVERYONE, shrink

__all__ = ["COVARIATES", "GENES", "genotype_by_dose", "heterogeneity", "subgroup_effects"]

GENES: Final = ("CYP2C19", "CYP2D6", "SLC6A4", "COMT", "MAOA")
"""Genotypes and phenotypes of ADSL."""

COVARIATES: Final = ("SEX", "AGEGR1", "BMIGR1", "RACE", "SMOKER", *GENES, "BASEGR1")
"""What divides the patients; the last is the baseline score, at its median."""

_LABELS: Final = {
    "AGEGR1": "Age Group (y)",
    "BMIGR1": "BMI Group (kg/m^2)",
    "BASEGR1": "Baseline score, at the median",
}
_FEWEST: Final = 2
_SHRUNKEN: Final = "empirical Bayes over the levels of the covariate, DerSimonian-Laird"


def heterogeneity(means: Sequence[float], errors: Sequence[float]) -> dict[str, float | None]:
    r"""Return Cochran's Q of groups with its p value, I-squared and the spread between groups.

    Parameters
    ----------
    means, errors
        Estimates and standard errors above zero, one a group; at least two.

    Returns
    -------
    ``statistic``, ``parameter``, ``p.value``, ``i2``, and ``tau`` in the unit of the means.

    References
    ----------
    Cochran WG, Biometrics 1954;10:101. DerSimonian R, Laird N, Control Clin Trials 1986;7:177.
    Higgins JPT, Thompson SG, Stat Med 2002;21:1539 (I-squared).

    Examples
    --------
    >>> heterogeneity([1.0, 3.0], [1.0, 1.0])["statistic"]
    2.0
    """
    values, weights = np.asarray(means), 1 / np.asarray(errors) ** 2
    centre = np.sum(weights * values) / weights.sum()
    q, freedom = float(np.sum(weights * (values - centre) ** 2)), len(values) - 1
    spread = (q - freedom) / float(weights.sum() - np.sum(weights**2) / weights.sum())
    return {
        "statistic": q,
        "parameter": freedom,
        "p.value": float(gammaincc(freedom / 2, q / 2)),
        "i2": max(0.0, (q - freedom) / q) if q > 0 else 0.0,
        "tau": float(np.sqrt(max(0.0, spread))),
    }


def _last_changes(scope: Scope, visit: str, some: pl.Expr) -> pl.LazyFrame:
    """Return change, baseline and response of some persons at the last visit, with covariates."""
    scores = scope.scan("adqs").filter((pl.col("ANL01FL") == "Y") & pl.col("ABLFL").is_null())
    own = [name for name in COVARIATES if name not in ("AGEGR1", "BMIGR1", "BASEGR1")]
    who = scope.scan("adsl").filter(some).select(person_key("TRT01PN"), *own, *group_columns())
    return (
        scores.filter(some & (pl.col("AVISIT") == visit))
        .select(
            person_key("TRTPN"),
            pl.col("TRTPN").alias("arm"),
            *("PARAMCD", "AVISIT", "BASE", "CHG"),
            (pl.col("CRIT1FL") == "Y").fill_null(value=False).alias("response"),
        )
        .join(who, on="PERSON")
    )


def _severity(scope: Scope, visit: str) -> pl.Expr:
    """Return the half of the baseline scores that a person is in, of all arms together."""
    analysed = scope.scan("adqs").filter((pl.col("ANL01FL") == "Y") & (pl.col("AVISIT") == visit))
    group = pl.lit(None, dtype=pl.String)
    for (endpoint,), spread in spreads(analysed, ["PARAMCD"], "BASE").items():
        middle = spread.quartiles[1]
        half = (
            pl.when(pl.col("BASE") <= middle)
            .then(pl.lit(f"up to {middle:g}"))
            .otherwise(pl.lit(f"above {middle:g}"))
        )
        group = pl.when(pl.col("PARAMCD") == endpoint).then(half).otherwise(group)
    return group.alias("BASEGR1")


def subgroup_effects(scope: Scope) -> Iterator[Row]:
    """Return the effect of each arm at each level of each covariate, at the last visit.

    Examples
    --------
    >>> subgroup_effects.__module__  # run by tests/pipelines/results/test_subgroups.py
    'pipelines.results.subgroups'
    """
    if scope.control is None:
        return
    if scope.facts.is_paired:
        yield from _paired_rows(scope)
        return
    visit = scope.last_visit()
    if visit is None:
        return
    severity = _severity(scope, visit)
    for covariate in (EVERYONE, *COVARIATES):
        level = pl.lit(EVERYONE) if covariate == EVERYONE else pl.col(covariate)
        keys = ["PARAMCD", "arm", "level"]

        def sums_of(some: pl.Expr, level: pl.Expr = level) -> pl.LazyFrame:
            changes = _last_changes(scope, visit, some).with_columns(severity)
            levels = changes.with_columns(level.alias("level"))
            known = levels.filter(pl.col("level").is_not_null())
            return known.group_by("PARAMCD", "arm", "level").agg(product_columns("BASE", "CHG"))

        rows = scope.added(sums_of, keys).to_dicts()
        sums: dict[str, dict[str, dict[int, Row]]] = {}
        for row in rows:
            levels = sums.setdefault(row["PARAMCD"], {})
            levels.setdefault(row["level"], {})[row["arm"]] = row
        for endpoint in (one.name for one in scope.facts.definitions.endpoints if one.is_rated):
            for arm in scope.arms:
                if arm != scope.control:
                    shared = _shared(scope, arm, endpoint, visit, covariate)
                    yield from _levels(shared, arm, scope.control, sums.get(endpoint, {}))


def _shared(scope: Scope, arm: int, endpoint: str, visit: str, covariate: str) -> Row:
    labels = {column.name: column.label for column in scope.facts.tables["adsl"].columns}
    return {
        "analysis": "subgroups",
        "population": "analysed",
        **scope.arm_group(arm),
        "group2": "PARAMCD",
        "group2_level": endpoint,
        "group3": "AVISIT",
        "group3_level": visit,
        "variable": covariate,
        "variable_label": _LABELS.get(covariate, labels.get(covariate, covariate)),
        "reference": scope.facts.control,
    }


def _levels(
    shared: Row, arm: int, control: int, levels: Mapping[str, Mapping[int, Row]]
) -> Iterator[Row]:
    found = {
        level: adjusted_difference(arm, control, levels[level])
        for level in sorted(levels, key=_level_order)
    }
    known = [level for level, one in found.items() if one.standard_error]
    means = [_number(found[level].estimate) for level in known]
    errors = [_number(found[level].standard_error) for level in known]
    shrunken: dict[str, tuple[float, float]] = {}
    if len(known) >= _FEWEST:
        both = shrink(np.array(means), np.array(errors))
        shrunken = {
            level: (float(mean), float(error))
            for level, mean, error in zip(known, *both, strict=True)
        }
    for level, one in found.items():
        sums = levels[level]
        about = {**shared, "variable_level": level}
        yield from interval_rows(
            about,
            one,
            context="ancova",
            method="analysis of covariance by baseline within the subgroup",
            unit="points",
            digits=0,
            further={
                "n_arm": sums.get(arm, {}).get("n", 0),
                "n_reference": sums.get(control, {}).get("n", 0),
            },
        )
        yield from _shrunken_rows(about, shrunken.get(level))
    if len(known) >= _FEWEST:
        yield from _equal_rows(shared, means, errors)


def _number(value: float | None) -> float:
    assert value is not None
    return value


_FIRST: Final = ("<18", "<18.5", "up to")
_LAST: Final = (">=", "above")


def _level_order(level: str) -> tuple[int, str]:
    """Order groups of numbers by number, other levels by name."""
    if level.startswith(_FIRST):
        return 0, level
    return (2 if level.startswith(_LAST) else 1), level


def _shrunken_rows(about: Row, one: tuple[float, float] | None) -> Iterator[Row]:
    if one is None:
        return
    yield from statistic_rows(
        {**about, "context": "shrinkage", "method": _SHRUNKEN},
        {"shrunken": one[0], "shrunken.std.error": one[1]},
        unit="points",
        digits=0,
    )


def _equal_rows(shared: Row, means: Sequence[float], errors: Sequence[float]) -> Iterator[Row]:
    yield from statistic_rows(
        {**shared, "context": "heterogeneity", "method": "Cochran's Q over the levels"},
        heterogeneity(means, errors),
        unit="points",
        digits=0,
    )


def _paired_rows(scope: Scope) -> Iterator[Row]:
    """Return the table `effects_by_subgroup`."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in scope.wide("effects_by_subgroup"):
        groups.setdefault((row["endpoint"], row["arm"], row["covariate"]), []).append(row)
    for (endpoint, arm, covariate), rows in groups.items():
        number = scope.facts.arm_number(arm)
        shared = {
            **_shared(scope, number, endpoint, rows[0]["visit"], covariate),
            "population": "pairs",
        }
        for row in rows:
            about = {**shared, "variable_level": row["level"]}
            interval = Interval(
                estimate=row["mean_effect"],
                low=row["low"],
                high=row["high"],
                standard_error=row["standard_error"],
            )
            yield from interval_rows(
                about,
                interval,
                context="individual_effect",
                method="differences within persons",
                unit="points",
                digits=0,
                further={"sd": row["sd_effect"], "n_arm": row["n"], "n_reference": row["n"]},
            )
            if row["shrunken_effect"] is not None:
                yield from _shrunken_rows(about, (row["shrunken_effect"], row["shrunken_error"]))
        known = [row for row in rows if row["standard_error"]]
        if len(known) >= _FEWEST:
            yield from _equal_rows(
                shared,
                [row["mean_effect"] for row in known],
                [row["standard_error"] for row in known],
            )


def genotype_by_dose(scope: Scope) -> Iterator[Row]:
    """Return change, response and levels of compounds by genotype within each arm.

    Examples
    --------
    >>> genotype_by_dose.__module__  # run by tests/pipelines/results/test_subgroups.py
    'pipelines.results.subgroups'
    """
    visit = scope.last_visit()
    if visit is None:
        return
    for gene in GENES:
        keys = ["PARAMCD", "arm", gene]

        def sums_of(some: pl.Expr, gene: str = gene) -> pl.LazyFrame:
            known = _last_changes(scope, visit, some).filter(pl.col(gene).is_not_null())
            response = pl.col("response").sum().cast(pl.Int64)
            return known.group_by("PARAMCD", "arm", gene).agg(*sum_columns("CHG"), response)

        found = scope.added(sums_of, keys).to_dicts()
        for endpoint in (one.name for one in scope.facts.definitions.endpoints if one.is_rated):
            for arm in scope.arms:
                mine = [row for row in found if (row["PARAMCD"], row["arm"]) == (endpoint, arm)]
                shared = _gene_shared(scope, arm, gene, visit)
                yield from _gene_rows(shared, endpoint, gene, mine)
        yield from _level_rows(scope, gene, visit)


def _gene_shared(scope: Scope, arm: int, gene: str, visit: str) -> Row:
    return {
        "analysis": "genotype by dose",
        "population": "analysed",
        **scope.arm_group(arm),
        "group2": gene,
        "group3": "AVISIT",
        "group3_level": visit,
    }


def _gene_rows(shared: Row, endpoint: str, gene: str, rows: Sequence[Row]) -> Iterator[Row]:
    numbers = {row[gene]: moments(row, "CHG") for row in rows}
    known = [level for level, one in numbers.items() if one.se]
    shrunken: dict[str, tuple[float, float]] = {}
    if len(known) >= _FEWEST:
        both = shrink(
            np.array([_number(numbers[level].mean) for level in known]),
            np.array([_number(numbers[level].se) for level in known]),
        )
        shrunken = {
            level: (float(mean), float(error))
            for level, mean, error in zip(known, *both, strict=True)
        }
    for row in rows:
        one = numbers[row[gene]]
        about = {
            **shared,
            "group2_level": row[gene],
            "variable": endpoint,
            "variable_label": f"{endpoint}: change from baseline",
        }
        stats = {"N": one.n, "mean": one.mean, "sd": one.sd}
        yield from statistic_rows({**about, "context": "summary"}, stats, unit="points", digits=0)
        yield from mean_interval(about, one)
        yield from _shrunken_rows(about, shrunken.get(row[gene]))
        response = {**about, "variable_label": f"{endpoint}: response, of the analysed"}
        yield from share_rows(response, "Y", row["response"], one.n)


def _level_rows(scope: Scope, gene: str, visit: str) -> Iterator[Row]:
    """Return the levels of compounds at the visit."""
    at_visit = (pl.col("AVISIT") == visit) & pl.col("AVAL").is_not_null()
    levels = scope.scan("adpc").filter(at_visit)
    keys = ["arm", "PARAMCD", "AVALU", gene]

    def sums_of(some: pl.Expr) -> pl.LazyFrame:
        who = scope.scan("adsl").filter(some & pl.col(gene).is_not_null())
        return (
            levels.filter(some)
            .select(person_key("TRTPN"), pl.col("TRTPN").alias("arm"), "PARAMCD", "AVALU", "AVAL")
            .join(who.select(person_key("TRT01PN"), gene), on="PERSON")
            .group_by(keys)
            .agg(sum_columns("AVAL"))
        )

    rows = scope.added(sums_of, keys)
    for row in rows.to_dicts():
        one = moments(row, "AVAL")
        if not one.mean:
            continue  # nobody of the arm takes it
        about = {
            **_gene_shared(scope, row["arm"], gene, visit),
            "group2_level": row[gene],
            "variable": row["PARAMCD"],
            "variable_label": f"{row['PARAMCD']} at the visit",
            "context": "summary",
        }
        stats = {"N": one.n, "mean": one.mean, "sd": one.sd}
        yield from statistic_rows(about, stats, unit=row["AVALU"], digits=1)
