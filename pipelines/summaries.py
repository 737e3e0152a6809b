"""Subject-level tables -> outcomes by arm, contrasts, adverse-event rates, biomarkers.

A *cell* is an arm in a variant; a trial without variants has one cell an arm. The patients of an
arm are the same people in all its variants, so variants are compared within patients whatever the
design.

Scans are lazy and streaming, and what must be counted once a patient is counted for some patients
after others and added, so memory does not grow with the number of patients. What is summed
is an integer: values in fixed point, squares in 128 bits. A float sum depends on the order in
which threads hand in their parts; an integer sum does not, so two runs give the same bytes.
Everything after the sums is `pipelines.intervals` on a few dozen rows.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from pipelines.adam import TrialFacts
from pipelines.intervals import (
    Interval,
    Moments,
    newcombe,
    newcombe_paired,
    number_needed,
    one_sample,
    risk_ratio,
    risk_ratio_paired,
    standardised_difference,
    welch,
    wilson,
)
from pipelines.periods import scan_subjects
from pipelines.roster import subject_ranges
from pipelines.schema import polars_schema

__all__ = [
    "ANY_EVENT",
    "ae_rates_by_arm",
    "biomarkers_by_arm",
    "contrasts",
    "outcomes_by_arm",
]

ANY_EVENT = "Any adverse event"
"""Term of the row that counts patients with at least one event."""

SCALE = 2**32
"""Fixed point: steps of 2.3e-10 of the column's unit, values up to 2e9."""

_DAYS_PER_YEAR = 365.25

_GROUPS = frozenset({"PARAMCD", "AVISIT", "TRTAN", "VARIANTN", "AEDECOD"})

Row = dict[str, Any]
Key = TypeVar("Key")
Cell = tuple[int, int]
"""Number of the arm and number of the variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Two cells to compare, whether within patients, and what the comparison is called."""

    cell: Cell
    reference: Cell
    kind: str
    is_paired: bool


def _fixed(column: str) -> pl.Expr:
    return (pl.col(column) * SCALE).round().cast(pl.Int128)


def _moment_columns(column: str) -> list[pl.Expr]:
    fixed = _fixed(column)
    return [
        fixed.count().alias(f"{column}_n"),
        fixed.sum().alias(f"{column}_s"),
        (fixed * fixed).sum().alias(f"{column}_q"),
    ]


def _moments(row: Mapping[str, Any], column: str) -> Moments:
    return Moments(
        n=row[f"{column}_n"],
        total=int(row[f"{column}_s"] or 0),
        total_of_squares=int(row[f"{column}_q"] or 0),
        scale=SCALE,
    )


def _rows(frame: pl.LazyFrame) -> list[Row]:
    return frame.collect(engine="streaming").to_dicts()


_REMISSION = ("remission_", "n_remitters", "remitters_")
_RESPONSE = ("response_", "n_responders", "responders_")


def _table(name: str, rows: Sequence[Row], facts: TrialFacts) -> pl.DataFrame:
    table = facts.tables[name]
    schema = polars_schema(table)
    kept = [{key: value for key, value in row.items() if key in schema} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort(table.key)


def _scan(tables: Path, name: str, facts: TrialFacts) -> pl.LazyFrame:
    """Read a subject-level table; without variants every row is of variant 1."""
    frame = scan_subjects(tables, name)
    if facts.variants:
        return frame
    return frame.with_columns(pl.lit(1, dtype=pl.Int64).alias("VARIANTN"))


def _markers(tables: Path, facts: TrialFacts) -> pl.LazyFrame:
    """Return biomarkers and concentrations, which are in tables of their own."""
    found = (_scan(tables, name, facts) for name in ("adlb", "adpc"))
    return pl.concat(found, how="diagonal")  # only biomarkers have reference ranges


def _cells(facts: TrialFacts) -> list[Cell]:
    variants = range(1, max(len(facts.variants), 1) + 1)
    return [(arm, variant) for arm in range(1, len(facts.arms) + 1) for variant in variants]


def _cell_columns(cell: Cell, facts: TrialFacts) -> Row:
    arm, variant = cell
    return {
        "arm": facts.arms[arm - 1],
        "arm_number": arm,
        "variant": _variant(cell, facts),
        "variant_number": variant,
    }


def _variant(cell: Cell, facts: TrialFacts) -> str:
    return facts.variants[cell[1] - 1] if facts.variants else ""


def _counts(tables: Path, facts: TrialFacts) -> dict[Cell, Row]:
    """Return counts per cell."""
    rows = _rows(
        _scan(tables, "adsl", facts)
        .group_by("TRT01PN", "VARIANTN")
        .agg(
            pl.len().alias("n"),
            (pl.col("RESCODE") != 0).sum().alias("n_failed"),
            (pl.col("SAFFL") == "Y").sum().alias("n_treated"),
            _fixed("TRTDURD").filter(pl.col("SAFFL") == "Y").sum().alias("exposure"),
        )
    )
    return {(row["TRT01PN"], row["VARIANTN"]): row for row in rows}


def _endpoint_values(tables: Path, facts: TrialFacts) -> pl.LazyFrame:
    """Return scores, and biomarkers that are endpoints, with what the means and shares use."""
    codes = [one.name for one in facts.definitions.endpoints if not one.is_rated]
    scores = _scan(tables, "adqs", facts).with_columns(LOGR=pl.lit(None, dtype=pl.Float64))
    kept = (
        *("TRTPN", "VARIANTN", "SUBJID", "PARAMCD", "AVISIT", "AVISITN"),
        *("AVAL", "CHG", "LOGR", "ABLFL", "ANL01FL", "DTYPE", "CRIT1FL", "CRIT2FL"),
    )
    found = scores.select(kept)
    if codes:
        nothing = {name: pl.lit(None, dtype=pl.String) for name in ("DTYPE", "CRIT1FL", "CRIT2FL")}
        ratio = pl.when(pl.col("R2BASE") > 0).then(pl.col("R2BASE").log())
        markers = (
            _markers(tables, facts)
            .filter(pl.col("PARAMCD").is_in(codes))
            .with_columns(LOGR=ratio, **nothing)
        )
        found = pl.concat([found, markers.select(kept)])
    analysed = pl.col("ANL01FL").is_not_null()
    return found.with_columns(
        pl.when(analysed).then(name).alias(name) for name in ("AVAL", "CHG", "LOGR")
    )


def _visit_rows(tables: Path, facts: TrialFacts) -> list[Row]:
    analysed = pl.col("ANL01FL").is_not_null()
    return _rows(
        _endpoint_values(tables, facts)
        .group_by("TRTPN", "VARIANTN", "PARAMCD", "AVISIT", "AVISITN")
        .agg(
            *_moment_columns("AVAL"),
            *_moment_columns("CHG"),
            *_moment_columns("LOGR"),
            (analysed & pl.col("DTYPE").is_null()).sum().alias("n_observed"),
            (pl.col("ABLFL") == "Y").sum().alias("n_baseline"),
            (pl.col("CRIT1FL") == "Y").sum().alias("n_responders"),
            (pl.col("CRIT2FL") == "Y").sum().alias("n_remitters"),
        )
    )


def outcomes_by_arm(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return means, responders and remitters per cell, endpoint and visit.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, variants and endpoints of the trial.

    Returns
    -------
    The table `outcomes_by_arm` of `pipelines.schema`.

    Examples
    --------
    >>> outcomes_by_arm.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    counts = _counts(tables, facts)
    rows = []
    for found in _visit_rows(tables, facts):
        cell = found["TRTPN"], found["VARIANTN"]
        n = counts[cell]["n"]
        value, change = _moments(found, "AVAL"), _moments(found, "CHG")
        row = {
            **_cell_columns(cell, facts),
            "endpoint": found["PARAMCD"],
            "visit": found["AVISIT"],
            "visit_week": found["AVISITN"],
            "n_randomised": n,
            "n_analysed": value.n,
            "n_observed": found["n_observed"],
            "n_missing": n - value.n,
            "n_failed": counts[cell]["n_failed"],
            "mean": value.mean,
            "sd": value.sd,
            "se": value.se,
        }
        if not found["n_baseline"]:
            row |= {
                "change_mean": change.mean,
                "change_sd": change.sd,
                "change_se": change.se,
                "ratio_to_baseline": _exponential(_moments(found, "LOGR").mean),
                "n_responders": found["n_responders"],
                "responders_percent": 100 * found["n_responders"] / n,
                "n_remitters": found["n_remitters"],
                "remitters_percent": 100 * found["n_remitters"] / n,
            }
        rows.append(_defined(row, facts))
    return _table("outcomes_by_arm", rows, facts)


def contrasts(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return every arm's outcomes minus those of the control arm, and of the first variant.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control, variants and design of the trial.

    Returns
    -------
    The table `contrasts` of `pipelines.schema`: in every variant each arm against control, paired
    in counterfactual designs only; and each arm against itself in the first variant, always paired:
    the patients of an arm are the same in all variants. Empty without a control arm and variants.

    Examples
    --------
    >>> contrasts.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    counts = _counts(tables, facts)
    found = {
        (row["TRTPN"], row["VARIANTN"], row["PARAMCD"], row["AVISIT"]): row
        for row in _visit_rows(tables, facts)
        if not row["n_baseline"]
    }
    rows = []
    for comparison in _comparisons(facts):
        cell, reference = comparison.cell, comparison.reference
        paired = _paired_rows(tables, facts, comparison) if comparison.is_paired else {}
        for (arm, variant, endpoint, visit), mine in found.items():
            if (arm, variant) != cell:
                continue
            control = found[*reference, endpoint, visit]
            row = {
                **_cell_columns(cell, facts),
                "comparison": comparison.kind,
                "control": facts.arms[reference[0] - 1],
                "control_variant": _variant(reference, facts),
                "endpoint": endpoint,
                "visit": visit,
                "visit_week": mine["AVISITN"],
                "method": "paired" if comparison.is_paired else "parallel",
            }
            if comparison.is_paired:
                row |= _paired_contrast(paired[endpoint, visit], mine, control)
            else:
                n, control_n = counts[cell]["n"], counts[reference]["n"]
                row |= _parallel_contrast(mine, control, n, control_n)
            rows.append(_defined(row, facts))
    return _table("contrasts", rows, facts)


def _comparisons(facts: TrialFacts) -> Iterator[_Comparison]:
    control = None if facts.control is None else facts.arm_number(facts.control)
    for cell in _cells(facts):
        arm, variant = cell
        if control is not None and arm != control:
            yield _Comparison(
                cell=cell, reference=(control, variant), kind="control", is_paired=facts.is_paired
            )
        if variant > 1:
            yield _Comparison(cell=cell, reference=(arm, 1), kind="first variant", is_paired=True)


def _exponential(value: float | None) -> float | None:
    return None if value is None else math.exp(value)


def _defined(row: Row, facts: TrialFacts) -> Row:
    """Return the row, without the criteria that its endpoint does not define."""
    one = next((one for one in facts.definitions.endpoints if one.name == row["endpoint"]), None)
    if one is None or one.remission_at_most is not None:
        return row
    without = _REMISSION if one.is_rated else (*_REMISSION, *_RESPONSE)
    return {name: value for name, value in row.items() if not name.startswith(without)}


def _parallel_contrast(arm: Row, control: Row, n: int, control_n: int) -> Row:
    change, control_change = _moments(arm, "CHG"), _moments(control, "CHG")
    difference = welch(change, control_change)
    smd = standardised_difference(difference, change, control_change, paired=False)
    row = _difference_columns(difference, smd, change.n, control_change.n)
    row |= _ratio_columns(welch(_moments(arm, "LOGR"), _moments(control, "LOGR")))
    for name, column in (("response", "n_responders"), ("remission", "n_remitters")):
        counts = (arm[column], n, control[column], control_n)
        row |= _risk_columns(name, newcombe(*counts), risk_ratio(*counts))
    return row


def _paired_contrast(pairs: Row, arm: Row, control: Row) -> Row:
    differences = _moments(pairs, "DIFF")
    difference = one_sample(differences)
    smd = standardised_difference(
        difference, _moments(arm, "CHG"), _moments(control, "CHG"), paired=True
    )
    row = _difference_columns(difference, smd, differences.n, differences.n)
    row |= _ratio_columns(one_sample(_moments(pairs, "LOGDIFF")))
    for name in ("response", "remission"):
        both, only_arm, only_control = (
            pairs[f"{name}_{part}"] for part in ("both", "arm", "control")
        )
        neither = pairs["n_pairs"] - both - only_arm - only_control
        row |= _risk_columns(
            name,
            newcombe_paired(both, only_arm, only_control, neither),
            risk_ratio_paired(both, only_arm, only_control),
        )
    return row


def _paired_rows(
    tables: Path, facts: TrialFacts, comparison: _Comparison
) -> dict[tuple[str, str], Row]:
    """Return sums over patients that are in both cells, for every endpoint and visit."""
    scores = (
        _endpoint_values(tables, facts)
        .filter(pl.col("ABLFL").is_null())
        .select(
            "TRTPN",
            "VARIANTN",
            "SUBJID",
            "PARAMCD",
            "AVISIT",
            "CHG",
            "LOGR",
            (pl.col("CRIT1FL") == "Y").fill_null(value=False).alias("response"),
            (pl.col("CRIT2FL") == "Y").fill_null(value=False).alias("remission"),
        )
    )

    def of(cell: Cell) -> pl.LazyFrame:
        mine = (pl.col("TRTPN") == cell[0]) & (pl.col("VARIANTN") == cell[1])
        return scores.filter(mine).drop("TRTPN", "VARIANTN")

    found: dict[tuple[str, str], Row] = {}
    for some in subject_ranges(tables):
        pairs = (
            of(comparison.cell)
            .filter(some)
            .join(
                of(comparison.reference).filter(some),
                on=["SUBJID", "PARAMCD", "AVISIT"],
                suffix="_c",
            )
            .with_columns(
                DIFF=pl.col("CHG") - pl.col("CHG_c"), LOGDIFF=pl.col("LOGR") - pl.col("LOGR_c")
            )
        )
        sums = pairs.group_by("PARAMCD", "AVISIT").agg(
            *_moment_columns("DIFF"),
            *_moment_columns("LOGDIFF"),
            pl.len().alias("n_pairs"),
            *(
                expression.sum().alias(f"{name}_{part}")
                for name in ("response", "remission")
                for part, expression in _two_by_two(name).items()
            ),
        )
        for row in _rows(sums):
            _add(found, (row["PARAMCD"], row["AVISIT"]), row)
    return found


def _add(found: dict[Key, Row], key: Key, row: Row) -> None:
    """Add the sums of further patients to those under a key; of texts keep the first in order."""
    before = found.get(key)
    if before is None:
        found[key] = row
        return
    for name, value in row.items():
        if name in _GROUPS or value is None:
            continue
        if isinstance(value, str):
            before[name] = value if before[name] is None else min(before[name], value)
        else:
            before[name] = value + (before[name] or 0)


def _two_by_two(name: str) -> dict[str, pl.Expr]:
    arm, control = pl.col(name), pl.col(f"{name}_c")
    return {"both": arm & control, "arm": arm & ~control, "control": ~arm & control}


def _difference_columns(difference: Interval, smd: Interval, n: int, control_n: int) -> Row:
    return {
        "n_arm": n,
        "n_control": control_n,
        "difference": difference.estimate,
        "difference_se": difference.standard_error,
        "degrees_of_freedom": difference.degrees_of_freedom,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "smd": smd.estimate,
        "smd_low": smd.low,
        "smd_high": smd.high,
    }


def _ratio_columns(log_ratio: Interval) -> Row:
    return {
        "ratio_to_control": _exponential(log_ratio.estimate),
        "ratio_to_control_low": _exponential(log_ratio.low),
        "ratio_to_control_high": _exponential(log_ratio.high),
    }


def _risk_columns(name: str, difference: Interval, ratio: Interval) -> Row:
    return {
        f"{name}_difference": difference.estimate,
        f"{name}_difference_low": difference.low,
        f"{name}_difference_high": difference.high,
        f"{name}_ratio": ratio.estimate,
        f"{name}_ratio_low": ratio.low,
        f"{name}_ratio_high": ratio.high,
        f"{name}_nnt": number_needed(difference.estimate),
    }


def ae_rates_by_arm(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return how many patients had which adverse event, and how that compares with control.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control and event terms of the trial.

    Returns
    -------
    The table `ae_rates_by_arm` of `pipelines.schema`, with a row for every term of the protocol
    in every arm, even where nobody had it.

    Examples
    --------
    >>> ae_rates_by_arm.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    patients = _counts(tables, facts)
    counts = _event_counts(tables, facts)
    classes = {event.term: event.organ_class for event in facts.definitions.events}
    classes |= {row["term"]: row["organ_class"] for row in counts.values()}
    classes[ANY_EVENT] = ""
    control = None if facts.control is None else facts.arm_number(facts.control)
    rows = []
    for cell in _cells(facts):
        arm, variant = cell
        for term, organ_class in classes.items():
            row = {
                **_cell_columns(cell, facts),
                "organ_class": organ_class,
                "term": term,
                **_rate_columns(counts.get((*cell, term), {}), patients[cell]),
            }
            if control is not None and arm != control:
                reference = control, variant
                row["control"] = facts.control
                row |= _harm_columns(
                    row, counts.get((*reference, term), {}), patients[reference]["n_treated"]
                )
            rows.append(row)
    return _table("ae_rates_by_arm", rows, facts)


def _event_counts(tables: Path, facts: TrialFacts) -> dict[tuple[int, int, str], Row]:
    treated = scan_subjects(tables, "adsl").filter(pl.col("SAFFL") == "Y")
    sums = (
        pl.col("USUBJID").n_unique().alias("n_with_event"),
        pl.len().alias("n_events"),
        (pl.col("AESER") == "Y").sum().alias("n_serious"),
        pl.col("AEASCERT").min().alias("ascertainment"),
    )
    found: dict[tuple[int, int, str], Row] = {}
    for some in subject_ranges(tables):
        people = treated.filter(some).select("USUBJID")
        mine = _scan(tables, "adae", facts).filter(some).join(people, on="USUBJID", how="semi")
        by_term = mine.group_by("TRTAN", "VARIANTN", "AEDECOD").agg(
            *sums, pl.col("AEBODSYS").min().alias("organ_class")
        )
        any_event = mine.group_by("TRTAN", "VARIANTN").agg(
            *sums, pl.lit("").alias("organ_class"), pl.lit(ANY_EVENT).alias("AEDECOD")
        )
        for row in (*_rows(by_term), *_rows(any_event)):
            _add(found, (row["TRTAN"], row["VARIANTN"], row["AEDECOD"]), row)
    for row in found.values():
        row["term"] = row["AEDECOD"]
    return found


def _rate_columns(found: Row, arm: Row) -> Row:
    n_with, n_events = found.get("n_with_event", 0), found.get("n_events", 0)
    share = wilson(n_with, arm["n_treated"])
    exposure = int(arm["exposure"] or 0) / SCALE
    return {
        "ascertainment": found.get("ascertainment"),
        "n_patients": arm["n_treated"],
        "n_with_event": n_with,
        "percent": _percent(share.estimate),
        "percent_low": _percent(share.low),
        "percent_high": _percent(share.high),
        "n_events": n_events,
        "n_serious": found.get("n_serious", 0),
        "exposure_days": exposure,
        "rate_per_100_patient_years": (
            100 * n_events / (exposure / _DAYS_PER_YEAR) if exposure else None
        ),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _harm_columns(row: Row, control: Row, control_n: int) -> Row:
    difference = newcombe(
        row["n_with_event"], row["n_patients"], control.get("n_with_event", 0), control_n
    )
    return {
        "risk_difference": difference.estimate,
        "risk_difference_low": difference.low,
        "risk_difference_high": difference.high,
        "nnh": number_needed(difference.estimate),
    }


def biomarkers_by_arm(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return means of the biomarkers per cell and visit.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms of the trial.

    Returns
    -------
    The table `biomarkers_by_arm` of `pipelines.schema`.

    Examples
    --------
    >>> biomarkers_by_arm.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    found = _rows(
        _markers(tables, facts)
        .group_by("TRTPN", "VARIANTN", "PARAMCD", "AVALU", "AVISIT", "AVISITN")
        .agg(*_moment_columns("AVAL"), *_moment_columns("CHG"), *_moment_columns("R2BASE"))
    )
    rows = []
    for one in found:
        value, change = _moments(one, "AVAL"), _moments(one, "CHG")
        rows.append(
            {
                **_cell_columns((one["TRTPN"], one["VARIANTN"]), facts),
                "biomarker": one["PARAMCD"],
                "unit": one["AVALU"],
                "visit": one["AVISIT"],
                "visit_week": one["AVISITN"],
                "n": value.n,
                "mean": value.mean,
                "sd": value.sd,
                "change_mean": change.mean,
                "change_sd": change.sd,
                "ratio_mean": _moments(one, "R2BASE").mean,
            }
        )
    return _table("biomarkers_by_arm", rows, facts)
