"""Subject-level tables -> outcomes by arm, contrasts, adverse-event rates, biomarkers.

Scans are lazy and streaming, so memory does not grow with the number of patients. What is summed
is an integer: values in fixed point, squares in 128 bits. A float sum depends on the order in
which threads hand in their parts; an integer sum does not, so two runs give the same bytes.
Everything after the sums is `pipelines.intervals` on a few dozen rows.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from pipelines.schema import TABLES, polars_schema

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

Row = dict[str, Any]


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


def _table(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    table = TABLES[name]
    return pl.DataFrame(rows, schema=polars_schema(table)).sort(table.key)


def _arms(tables: Path) -> dict[int, Row]:
    """Return counts per arm, by number of the arm."""
    rows = _rows(
        pl.scan_parquet(tables / "adsl.parquet")
        .group_by("TRT01PN")
        .agg(
            pl.len().alias("n"),
            (pl.col("RESCODE") != 0).sum().alias("n_failed"),
            (pl.col("SAFFL") == "Y").sum().alias("n_treated"),
            _fixed("TRTDURD").filter(pl.col("SAFFL") == "Y").sum().alias("exposure"),
        )
    )
    return {row["TRT01PN"]: row for row in rows}


def _visit_rows(tables: Path) -> list[Row]:
    analysed = pl.col("ANL01FL").is_not_null()
    scores = pl.scan_parquet(tables / "adqs.parquet").with_columns(
        AVAL=pl.when(analysed).then("AVAL"), CHG=pl.when(analysed).then("CHG")
    )
    return _rows(
        scores.group_by("TRTPN", "PARAMCD", "AVISIT", "AVISITN").agg(
            *_moment_columns("AVAL"),
            *_moment_columns("CHG"),
            (analysed & pl.col("DTYPE").is_null()).sum().alias("n_observed"),
            (pl.col("ABLFL") == "Y").sum().alias("n_baseline"),
            (pl.col("CRIT1FL") == "Y").sum().alias("n_responders"),
            (pl.col("CRIT2FL") == "Y").sum().alias("n_remitters"),
        )
    )


def outcomes_by_arm(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return means, responders and remitters per arm, endpoint and visit.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms and endpoints of the trial.

    Returns
    -------
    The table `outcomes_by_arm` of `pipelines.schema`.

    Examples
    --------
    >>> outcomes_by_arm.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    arms = _arms(tables)
    rows = []
    for found in _visit_rows(tables):
        number = found["TRTPN"]
        n = arms[number]["n"]
        value, change = _moments(found, "AVAL"), _moments(found, "CHG")
        row = {
            "arm": facts.arms[number - 1],
            "arm_number": number,
            "endpoint": found["PARAMCD"],
            "visit": found["AVISIT"],
            "visit_week": found["AVISITN"],
            "n_randomised": n,
            "n_analysed": value.n,
            "n_observed": found["n_observed"],
            "n_missing": n - value.n,
            "n_failed": arms[number]["n_failed"],
            "mean": value.mean,
            "sd": value.sd,
            "se": value.se,
        }
        if not found["n_baseline"]:
            row |= {
                "change_mean": change.mean,
                "change_sd": change.sd,
                "change_se": change.se,
                "n_responders": found["n_responders"],
                "responders_percent": 100 * found["n_responders"] / n,
                "n_remitters": found["n_remitters"],
                "remitters_percent": 100 * found["n_remitters"] / n,
            }
        rows.append(_defined(row, facts))
    return _table("outcomes_by_arm", rows)


def contrasts(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return every arm's outcomes minus those of the control arm.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control and design of the trial.

    Returns
    -------
    The table `contrasts` of `pipelines.schema`; empty without a control arm.

    Examples
    --------
    >>> contrasts.__module__  # run by tests/pipelines/test_summaries.py: it reads files
    'pipelines.summaries'
    """
    if facts.control is None:
        return _table("contrasts", [])
    arms = _arms(tables)
    control_number = facts.arm_number(facts.control)
    found = {
        (row["TRTPN"], row["PARAMCD"], row["AVISIT"]): row
        for row in _visit_rows(tables)
        if not row["n_baseline"]
    }
    paired = _paired_rows(tables, facts, control_number) if facts.is_paired else {}
    rows = []
    for (number, endpoint, visit), arm in found.items():
        if number == control_number:
            continue
        control = found[control_number, endpoint, visit]
        row = {
            "arm": facts.arms[number - 1],
            "arm_number": number,
            "control": facts.control,
            "endpoint": endpoint,
            "visit": visit,
            "visit_week": arm["AVISITN"],
            "method": "paired" if facts.is_paired else "parallel",
        }
        n, control_n = arms[number]["n"], arms[control_number]["n"]
        if facts.is_paired:
            row |= _paired_contrast(paired[number, endpoint, visit], arm, control)
        else:
            row |= _parallel_contrast(arm, control, n, control_n)
        rows.append(_defined(row, facts))
    return _table("contrasts", rows)


def _defined(row: Row, facts: TrialFacts) -> Row:
    """Return the row, without remission where the scale does not define it."""
    without = {one.name for one in facts.definitions.endpoints if one.remission_at_most is None}
    if row["endpoint"] not in without:
        return row
    return {name: value for name, value in row.items() if not name.startswith(_REMISSION)}


def _parallel_contrast(arm: Row, control: Row, n: int, control_n: int) -> Row:
    change, control_change = _moments(arm, "CHG"), _moments(control, "CHG")
    difference = welch(change, control_change)
    smd = standardised_difference(difference, change, control_change, paired=False)
    row = _difference_columns(difference, smd, change.n, control_change.n)
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
    tables: Path, facts: TrialFacts, control_number: int
) -> dict[tuple[int, str, str], Row]:
    """Return sums over patients that are in an arm and in control, for every arm and visit."""
    analysed = pl.col("ANL01FL").is_not_null()
    scores = (
        pl.scan_parquet(tables / "adqs.parquet")
        .filter(pl.col("ABLFL").is_null())
        .select(
            "TRTPN",
            "SUBJID",
            "PARAMCD",
            "AVISIT",
            pl.when(analysed).then("CHG").alias("CHG"),
            (pl.col("CRIT1FL") == "Y").fill_null(value=False).alias("response"),
            (pl.col("CRIT2FL") == "Y").fill_null(value=False).alias("remission"),
        )
    )
    control = scores.filter(pl.col("TRTPN") == control_number).drop("TRTPN")
    found: dict[tuple[int, str, str], Row] = {}
    for number in range(1, len(facts.arms) + 1):
        if number == control_number:
            continue
        pairs = (
            scores.filter(pl.col("TRTPN") == number)
            .join(control, on=["SUBJID", "PARAMCD", "AVISIT"], suffix="_c")
            .with_columns(DIFF=pl.col("CHG") - pl.col("CHG_c"))
        )
        sums = pairs.group_by("PARAMCD", "AVISIT").agg(
            *_moment_columns("DIFF"),
            pl.len().alias("n_pairs"),
            *(
                expression.sum().alias(f"{name}_{part}")
                for name in ("response", "remission")
                for part, expression in _two_by_two(name).items()
            ),
        )
        found |= {(number, row["PARAMCD"], row["AVISIT"]): row for row in _rows(sums)}
    return found


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
    arms = _arms(tables)
    counts = _event_counts(tables)
    classes = {event.term: event.organ_class for event in facts.definitions.events}
    classes |= {row["term"]: row["organ_class"] for row in counts.values()}
    classes[ANY_EVENT] = ""
    control = None if facts.control is None else facts.arm_number(facts.control)
    rows = []
    for number, arm in enumerate(facts.arms, start=1):
        for term, organ_class in classes.items():
            row = {
                "arm": arm,
                "arm_number": number,
                "organ_class": organ_class,
                "term": term,
                **_rate_columns(counts.get((number, term), {}), arms[number]),
            }
            if control is not None and number != control:
                row["control"] = facts.control
                row |= _harm_columns(
                    row, counts.get((control, term), {}), arms[control]["n_treated"]
                )
            rows.append(row)
    return _table("ae_rates_by_arm", rows)


def _event_counts(tables: Path) -> dict[tuple[int, str], Row]:
    treated = pl.scan_parquet(tables / "adsl.parquet").filter(pl.col("SAFFL") == "Y")
    events = pl.scan_parquet(tables / "adae.parquet").join(
        treated.select("USUBJID"), on="USUBJID", how="semi"
    )
    sums = (
        pl.col("USUBJID").n_unique().alias("n_with_event"),
        pl.len().alias("n_events"),
        (pl.col("AESER") == "Y").sum().alias("n_serious"),
        pl.col("AEASCERT").min().alias("ascertainment"),
    )
    by_term = _rows(
        events.group_by("TRTAN", "AEDECOD").agg(*sums, pl.col("AEBODSYS").min().alias("class"))
    )
    any_event = _rows(events.group_by("TRTAN").agg(*sums))
    found = {}
    for row in by_term:
        found[row["TRTAN"], row["AEDECOD"]] = {
            **row,
            "term": row["AEDECOD"],
            "organ_class": row["class"],
        }
    for row in any_event:
        found[row["TRTAN"], ANY_EVENT] = {**row, "term": ANY_EVENT, "organ_class": ""}
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
    """Return means of the biomarkers per arm and visit.

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
        pl.scan_parquet(tables / "adlb.parquet")
        .group_by("TRTPN", "PARAMCD", "AVALU", "AVISIT", "AVISITN")
        .agg(*_moment_columns("AVAL"), *_moment_columns("CHG"), *_moment_columns("R2BASE"))
    )
    rows = []
    for one in found:
        value, change = _moments(one, "AVAL"), _moments(one, "CHG")
        rows.append(
            {
                "arm": facts.arms[one["TRTPN"] - 1],
                "arm_number": one["TRTPN"],
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
    return _table("biomarkers_by_arm", rows)
