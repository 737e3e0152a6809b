"""Columns of a simulated unit -> subject-level tables in CDISC ADaM names.

A worker calls `adam_tables` on what `cohort.simulate` returned. All rows of a patient are in one
unit, so flags that look at a patient's other rows need no later pass. Enters with NumPy columns,
leaves with one Polars frame a table, each with exactly the columns of `pipelines.schema`, sorted
by the table's key. NaN becomes null: a missing number is missing, in every reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.trial import Analysis
from pipelines.definitions import Definitions
from pipelines.errors import ExecutionError
from pipelines.schema import (
    CROSSED_TABLES,
    SUBJECT_TABLES,
    TABLES,
    Table,
    crossover_tables,
    polars_schema,
)
from pipelines.tipping_table import TIPPING_POINT, tipping_table

__all__ = ["Columns", "TrialFacts", "adam_tables", "study_id", "subject_identifiers"]

Columns = Mapping[str, NDArray[np.generic]]
"""One table as `cohort.simulate` returns it: equally long columns by name."""

_N_SUBJECT_DIGITS = 9
_N_ARM_DIGITS = 2
_HOURS_PER_DAY = 24.0

_SOURCE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "adsl": (
        *("patient_id", "arm", "age_y", "sex", "ancestry", "weight_kg", "height_cm", "bmi"),
        *("smoker", "crcl_ml_min", "cyp2c19", "cyp2d6", "slc6a4", "comt", "maoa"),
        *("completed", "discontinuation_reason", "discontinuation_day"),
        *("completed_treatment", "treatment_end_reason", "treatment_end_day"),
        *("rescue_day", "rescue_doses_taken", "stratum"),
        *("doses_planned", "doses_taken", "cumulative_dose_mg"),
        *("result_code", "result_message", "failure_time_h", "accepted_steps", "rejected_steps"),
    ),
    "adqs": (
        *("patient_id", "arm", "visit", "visit_number", "day", "endpoint", "value", "baseline"),
        *("change", "percent_change", "is_baseline", "on_treatment", "imputation"),
        "target_day",
    ),
    "adlb": (
        *("patient_id", "arm", "visit", "visit_number", "day", "biomarker", "unit", "value"),
        *("baseline", "change", "ratio", "on_treatment"),
    ),
    "adae": (
        *("patient_id", "arm", "term", "onset_day", "end_day", "severity", "toxicity_grade"),
        *("serious", "resulted_in_death", "life_threatening", "hospital", "disability"),
        *("medically_important", "relation", "action", "outcome", "signs", "ascertainment"),
    ),
    "trajectories": ("patient_id", "arm", "time_h", "quantity", "unit", "value"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """What every row of a trial shares.

    Parameters
    ----------
    study
        Study identifier.
    arms
        Names of the arms in the order of the protocol; numbers count from 1.
    duration_days
        Length of the trial after the first dose [d].
    definitions
        Endpoints and events.
    control
        Name of the control arm, None without one.
    is_paired
        Whether every arm holds the same patients.
    variants
        Names of the variants in the order of the protocol; empty if it has none.
    periods
        Start and end of the periods of a cross-over [week]; empty in other trials.
    sequences
        Treatments of each arm, one a period.
    analysis
        How the data are analysed.
    primary_endpoint
        Scale on which claims are made.
    seed
        Seed of the trial, for imputations.

    Examples
    --------
    >>> facts = TrialFacts(
    ...     study="A",
    ...     arms=("p", "d"),
    ...     duration_days=56.0,
    ...     definitions=Definitions(endpoints=(), events=()),
    ... )
    >>> facts.arm_number("d")
    2
    """

    study: str
    arms: tuple[str, ...]
    duration_days: float
    definitions: Definitions
    control: str | None = None
    is_paired: bool = False
    variants: tuple[str, ...] = ()
    periods: tuple[tuple[float, float], ...] = ()
    sequences: tuple[tuple[str, ...], ...] = ()
    analysis: Analysis = field(default_factory=Analysis)
    primary_endpoint: str = ""
    seed: int = 0

    def arm_number(self, arm: str) -> int:
        """Return the number of an arm, from 1."""
        return self.arms.index(arm) + 1

    def variant_number(self, variant: str) -> int:
        """Return the number of a variant, from 1; 1 in a trial without variants."""
        return self.variants.index(variant) + 1 if self.variants else 1

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables of the trial by name: with its variants, periods and tipping point, if any."""
        is_crossed = bool(self.variants)
        found = dict(CROSSED_TABLES if is_crossed else TABLES)
        if self.periods:
            found |= crossover_tables(is_crossed=is_crossed)
        if self.analysis.tipping_point:
            found[TIPPING_POINT] = tipping_table(is_crossed=is_crossed)
        return found


def study_id(protocol_name: str) -> str:
    """Return the study identifier of a protocol.

    Examples
    --------
    >>> study_id("sct-md-01")
    'SCT-MD-01'
    """
    return protocol_name.upper()


def subject_identifiers(
    study: str, arm_number: int, patient_ids: NDArray[np.int64], variant_number: int | None = None
) -> tuple[pl.Series, pl.Series]:
    """Return the columns USUBJID and SUBJID.

    Parameters
    ----------
    study
        Study identifier.
    arm_number
        Number of the arm.
    patient_ids
        Patients, shape ``(n_lane,)``.
    variant_number
        Number of the variant; None in a trial without variants.

    Returns
    -------
    USUBJID and SUBJID; both sort like the patient ids.

    Examples
    --------
    >>> both = subject_identifiers("SCT", 2, np.array([17]))
    >>> both[0][0], both[1][0]
    ('SCT-02-000000017', '000000017')
    """
    ids = pl.Series("SUBJID", patient_ids).cast(pl.String).str.zfill(_N_SUBJECT_DIGITS)
    prefix = f"{study}-{arm_number:0{_N_ARM_DIGITS}d}-"
    if variant_number is not None:
        prefix += f"{variant_number:0{_N_ARM_DIGITS}d}-"
    return (prefix + ids).alias("USUBJID"), ids


def adam_tables(
    columns: Mapping[str, Columns], arm: str, facts: TrialFacts, variant: str = ""
) -> dict[str, pl.DataFrame]:
    """Return the subject-level tables of one unit.

    Parameters
    ----------
    columns
        What the simulation returned, by table; an absent table is an empty one.
    arm
        Name of the arm.
    facts
        What every row of the trial shares.
    variant
        Name of the variant, in a trial with variants.

    Returns
    -------
    One frame for every name in `pipelines.schema.SUBJECT_TABLES`.

    Raises
    ------
    ExecutionError
        If the simulation left out a column.

    Examples
    --------
    >>> facts = TrialFacts(
    ...     study="A",
    ...     arms=("p",),
    ...     duration_days=56.0,
    ...     definitions=Definitions(endpoints=(), events=()),
    ... )
    >>> events = {
    ...     "patient_id": np.array([3]),
    ...     "arm": np.array(["p"]),
    ...     "term": np.array(["Nausea"]),
    ...     "onset_day": np.array([4]),
    ...     "end_day": np.array([np.nan]),
    ...     "severity": np.array(["MILD"]),
    ...     "toxicity_grade": np.array([1.0]),
    ...     **{name: np.array([False]) for name in ("serious", "resulted_in_death")},
    ...     **{name: np.array([False]) for name in ("life_threatening", "hospital")},
    ...     **{name: np.array([False]) for name in ("disability", "medically_important")},
    ...     "relation": np.array(["NONE"]),
    ...     "action": np.array(["DOSE NOT CHANGED"]),
    ...     "outcome": np.array(["NOT RECOVERED/NOT RESOLVED"]),
    ...     "signs": np.array([""]),
    ...     "ascertainment": np.array(["spontaneous"]),
    ... }
    >>> adam_tables({"adae": events}, "p", facts)["adae"]["AESER"].to_list()
    ['N']
    """
    makers = {
        "adsl": _adsl,
        "adqs": _adqs,
        "adlb": _adlb,
        "adae": _adae,
        "trajectories": _trajectories,
    }
    tables = {}
    for name in SUBJECT_TABLES:
        schema = polars_schema(facts.tables[name])
        if not columns.get(name) or not len(next(iter(columns[name].values()))):
            tables[name] = pl.DataFrame(schema=schema)
            continue
        source = _source_frame(name, columns[name])
        made = makers[name](source, arm, facts)
        tables[name] = (
            made.with_columns(*_identity(made, arm, facts, variant))
            .select(pl.col(column).cast(kind) for column, kind in schema.items())
            .sort(facts.tables[name].key, maintain_order=True)
        )
    return tables


def _source_frame(name: str, columns: Columns) -> pl.DataFrame:
    missing = [column for column in _SOURCE_COLUMNS[name] if column not in columns]
    if missing:
        raise ExecutionError(
            f"simulation, table {name}: the columns {', '.join(missing)} are absent; all of "
            f"{', '.join(_SOURCE_COLUMNS[name])} are needed. Return them, with NaN where unknown."
        )
    frame = pl.DataFrame({column: columns[column] for column in _SOURCE_COLUMNS[name]})
    # a blank text and a NaN both mean "nothing here"
    return frame.with_columns(
        pl.selectors.float().fill_nan(None), pl.selectors.string().replace("", None)
    )


def _identity(
    frame: pl.DataFrame, arm: str, facts: TrialFacts, variant: str
) -> list[pl.Series | pl.Expr]:
    number = facts.arm_number(arm)
    ids = frame["patient_id"].to_numpy()
    study = pl.Series("STUDYID", [facts.study] * len(frame), dtype=pl.String)
    if not facts.variants:
        return [study, *subject_identifiers(facts.study, number, ids)]
    cell = facts.variant_number(variant)
    return [
        study,
        *subject_identifiers(facts.study, number, ids, cell),
        pl.lit(variant).alias("VARIANT"),
        pl.lit(cell).alias("VARIANTN"),
    ]


def _treatment(arm: str, facts: TrialFacts, *pairs: tuple[str, str]) -> list[pl.Expr]:
    number = facts.arm_number(arm)
    return [
        column
        for name, name_n in pairs
        for column in (pl.lit(arm).alias(name), pl.lit(number).alias(name_n))
    ]


def _yes_no(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.lit("Y")).otherwise(pl.lit("N"))


def _yes(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.lit("Y"))


def _status(completed: pl.Expr) -> pl.Expr:
    return pl.when(completed).then(pl.lit("COMPLETED")).otherwise(pl.lit("DISCONTINUED"))


def _reason(failed: pl.Expr, completed: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(failed).then(pl.lit("SOLVER FAILURE")).when(~completed).then(pl.col(reason))


def _adsl(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    failed = pl.col("result_code") != 0
    completed = pl.col("completed") & ~failed
    treated = pl.col("completed_treatment") & ~failed

    def until(day: str) -> pl.Expr:
        # a patient who fails during the run-in was in the trial for no time
        failure = (pl.col("failure_time_h") / _HOURS_PER_DAY).clip(lower_bound=0.0)
        return pl.min_horizontal(pl.lit(facts.duration_days), pl.col(day), failure)

    return frame.with_columns(
        *_treatment(arm, facts, ("TRT01P", "TRT01PN"), ("TRT01A", "TRT01AN")),
        pl.lit(arm).alias("ARM"),
        pl.col("age_y").alias("AGE"),
        pl.lit("YEARS").alias("AGEU"),
        pl.col("sex").alias("SEX"),
        pl.col("ancestry").str.to_uppercase().str.replace_all("_", " ").alias("RACE"),
        pl.col("height_cm").alias("HEIGHTBL"),
        pl.col("weight_kg").alias("WEIGHTBL"),
        pl.col("bmi").alias("BMIBL"),
        _yes_no(pl.col("smoker") == "yes").alias("SMOKER"),
        pl.col("crcl_ml_min").alias("CRCL"),
        pl.col("cyp2c19").alias("CYP2C19"),
        pl.col("cyp2d6").alias("CYP2D6"),
        pl.col("slc6a4").alias("SLC6A4"),
        pl.col("comt").alias("COMT"),
        pl.col("maoa").alias("MAOA"),
        pl.lit("Y").alias("ITTFL"),
        # placebo tablets are not modelled: whoever has no planned dose took them
        _yes_no((pl.col("doses_taken") > 0) | (pl.col("doses_planned") == 0)).alias("SAFFL"),
        _yes_no(completed).alias("COMPLFL"),
        _status(completed).alias("EOSSTT"),
        _reason(failed, completed, "discontinuation_reason").alias("DCSREAS"),
        _status(treated).alias("EOTSTT"),
        _reason(failed, treated, "treatment_end_reason").alias("DCTREAS"),
        until("treatment_end_day").alias("TRTDURD"),
        pl.when(~completed).then(until("discontinuation_day")).alias("DCDAY"),
        pl.when(~treated).then(until("treatment_end_day")).alias("DCTDAY"),
        pl.col("stratum").alias("STRATAR"),
        pl.col("rescue_day").alias("RESCDAY"),
        pl.col("rescue_doses_taken").alias("RESCTKN"),
        pl.col("doses_planned").alias("DOSEPLN"),
        pl.col("doses_taken").alias("DOSETKN"),
        pl.col("cumulative_dose_mg").alias("DOSECUM"),
        pl.col("result_code").alias("RESCODE"),
        pl.col("result_message").alias("RESTXT"),
        pl.col("failure_time_h").alias("FAILTIME"),
        pl.col("accepted_steps").alias("STEPACC"),
        pl.col("rejected_steps").alias("STEPREJ"),
    )


def _records(frame: pl.DataFrame, arm: str, facts: TrialFacts, parameter: str) -> pl.DataFrame:
    """Add the columns that every basic data structure has."""
    after = ~pl.col("is_baseline")
    seen = (after & pl.col("value").is_not_null() & ~pl.col("is_imputed")).any()
    return frame.with_columns(
        *_treatment(arm, facts, ("TRTP", "TRTPN")),
        pl.col(parameter).alias("PARAMCD"),
        pl.col("visit").alias("AVISIT"),
        pl.col("visit_number").alias("AVISITN"),
        pl.col("day").alias("ADY"),
        pl.col("value").alias("AVAL"),
        pl.col("baseline").alias("BASE"),
        pl.when(after).then(pl.col("value") - pl.col("baseline")).alias("CHG"),
        _yes(pl.col("is_baseline")).alias("ABLFL"),
        _yes(pl.col("on_treatment")).alias("ONTRTFL"),
        _yes(pl.col("value").is_not_null() & seen.over("patient_id", parameter)).alias("ANL01FL"),
    )


def _adqs(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    endpoints = facts.definitions.endpoints
    criteria = pl.DataFrame(
        {
            "endpoint": [endpoint.name for endpoint in endpoints],
            "PARAM": [endpoint.label for endpoint in endpoints],
            "fall": [endpoint.responder_fall for endpoint in endpoints],
            "points": [endpoint.responder_points for endpoint in endpoints],
            "floor": [endpoint.minimum for endpoint in endpoints],
            "limit": [endpoint.remission_at_most for endpoint in endpoints],
            "CRIT1": [endpoint.response_text for endpoint in endpoints],
            "CRIT2": [endpoint.remission_text for endpoint in endpoints],
        },
        schema={
            **dict.fromkeys(("endpoint", "PARAM"), pl.String),
            **dict.fromkeys(("fall", "points", "floor", "limit"), pl.Float64),
            **dict.fromkeys(("CRIT1", "CRIT2"), pl.String),
        },
    )
    unknown = sorted(set(frame["endpoint"].unique()) - set(criteria["endpoint"]))
    if unknown:
        raise ExecutionError(
            f"simulation, table adqs: endpoint {', '.join(unknown)}; the protocol names "
            f"{', '.join(criteria['endpoint'])}. Return these only."
        )
    imputed = frame.with_columns(is_imputed=pl.col("imputation").is_not_null())
    records = _records(imputed, arm, facts, "endpoint").join(
        criteria, on="endpoint", how="left", maintain_order="left"
    )
    # value against a share of the baseline, not percent change against -50: scores are whole
    # numbers, and exactly half must count
    valued = ~pl.col("is_baseline") & pl.col("AVAL").is_not_null() & pl.col("BASE").is_not_null()
    allowed = pl.col("floor") + (1 - pl.col("fall")) * (pl.col("BASE") - pl.col("floor"))
    response = pl.col("AVAL") <= allowed - pl.col("points")
    judged = valued & pl.col("limit").is_not_null()
    return records.with_columns(
        pl.when(pl.col("BASE") != 0).then(100 * pl.col("CHG") / pl.col("BASE")).alias("PCHG"),
        pl.col("imputation").alias("DTYPE"),
        pl.col("target_day").alias("AWTARGET"),
        (pl.col("day") - pl.col("target_day")).abs().alias("AWTDIFF"),
        pl.lit("DAYS").alias("AWU"),
        pl.when(valued).then(_yes_no(response)).alias("CRIT1FL"),
        pl.when(judged).then(_yes_no(pl.col("AVAL") <= pl.col("limit"))).alias("CRIT2FL"),
    )


def _adlb(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    first = pl.col("visit_number") == pl.col("visit_number").min().over("patient_id", "biomarker")
    records = frame.with_columns(is_baseline=first, is_imputed=pl.lit(value=False))
    return _records(records, arm, facts, "biomarker").with_columns(
        pl.format("{} ({})", "biomarker", "unit").alias("PARAM"),
        pl.col("unit").alias("AVALU"),
        pl.when(~pl.col("is_baseline") & (pl.col("BASE") != 0))
        .then(pl.col("AVAL") / pl.col("BASE"))
        .alias("R2BASE"),
    )


def _adae(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    classes = {event.term: event.organ_class for event in facts.definitions.events}
    ordered = frame.sort("patient_id", "onset_day", "term", maintain_order=True)
    number = pl.int_range(1, pl.len() + 1)
    return ordered.with_columns(
        *_treatment(arm, facts, ("TRTA", "TRTAN")),
        number.over("patient_id").alias("AESEQ"),
        pl.col("term").alias("AETERM"),
        pl.col("term").alias("AEDECOD"),
        pl.col("term").replace_strict(classes, default="UNCODED").alias("AEBODSYS"),
        pl.col("onset_day").alias("ASTDY"),
        pl.col("end_day").round().alias("AENDY"),
        pl.col("severity").alias("AESEV"),
        pl.col("toxicity_grade").cast(pl.Int64).cast(pl.String).alias("AETOXGR"),
        *(
            _yes_no(pl.col(name)).alias(alias)
            for name, alias in (
                ("serious", "AESER"),
                ("resulted_in_death", "AESDTH"),
                ("life_threatening", "AESLIFE"),
                ("hospital", "AESHOSP"),
                ("disability", "AESDISAB"),
                ("medically_important", "AESMIE"),
            )
        ),
        pl.col("relation").alias("AEREL"),
        pl.col("action").alias("AEACN"),
        pl.col("outcome").alias("AEOUT"),
        pl.col("signs").alias("AESIGNS"),
        _yes(pl.col("onset_day") >= 1).alias("TRTEMFL"),
        _yes(number.over("patient_id", "term") == 1).alias("AOCCPFL"),
        pl.col("ascertainment").alias("AEASCERT"),
    )


def _trajectories(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    return frame.with_columns(
        *_treatment(arm, facts, ("ARM", "ARMN")),
        pl.col("quantity").alias("QUANTITY"),
        pl.col("unit").alias("UNIT"),
        pl.col("time_h").alias("TIME_H"),
        pl.col("value").alias("VALUE"),
    )
