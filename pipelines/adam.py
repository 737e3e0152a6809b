"""Columns of a simulated unit -> subject-level tables in CDISC ADaM form.

A worker calls `adam_tables` on what `cohort.simulate` returned. All rows of a patient are in one
unit, so flags that look at a patient's other rows need no later pass. Enters with NumPy columns,
leaves with one Polars frame a table, each with exactly the columns of `pipelines.schema`, sorted
by the table's key. NaN becomes null: a missing number is missing, in every reader.

1. `adam_subjects`: ADSL, which the others copy from
2. `adam_records`: ADQS, ADLB, ADPC; `adam_exposure`: ADEX; `adam_events`: ADAE
3. `adam_times`: ADTTE, from the finished tables
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.adam_events import adae
from pipelines.adam_exposure import adex
from pipelines.adam_records import adlb, adpc, adqs
from pipelines.adam_subjects import adsl
from pipelines.adam_times import adtte
from pipelines.errors import ExecutionError
from pipelines.periods import by_arm, with_periods
from pipelines.schema import SUBJECT_TABLES, Table, polars_schema
from pipelines.trial_facts import TrialFacts

__all__ = ["Columns", "TrialFacts", "adam_tables", "study_id", "subject_identifiers"]

Columns = Mapping[str, NDArray[np.generic]]
"""One table as `cohort.simulate` returns it: equally long columns by name."""

_N_SUBJECT_DIGITS = 9
_N_ARM_DIGITS = 2
_COPIED = ("TRTSDT", "TRTEDT", "TRTDURD", "SAFFL", "ITTFL", "AGE", "RACE", "SEX")
"""Columns of ADSL that other tables copy or need."""

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
    "adpc": (
        *("patient_id", "arm", "visit", "visit_number", "day", "biomarker", "unit", "value"),
        *("baseline", "change", "ratio", "on_treatment"),
    ),
    "adex": (
        *("patient_id", "arm", "visit", "visit_number", "start_day", "end_day"),
        *("planned_mg", "taken_mg", "due", "adjusted"),
    ),
    "adae": (
        *("patient_id", "arm", "term", "onset_day", "end_day", "severity", "toxicity_grade"),
        *("serious", "resulted_in_death", "life_threatening", "hospital", "disability"),
        *("medically_important", "relation", "action", "outcome", "signs", "ascertainment"),
    ),
    "trajectories": ("patient_id", "arm", "time_h", "quantity", "unit", "value"),
}


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
    One frame for every name in `pipelines.schema.SUBJECT_TABLES`. Without ``adsl`` what the others
    copy from it is null, and ADEX and ADTTE are empty.

    Raises
    ------
    ExecutionError
        If the simulation left out a column.

    Examples
    --------
    >>> from pipelines.definitions import Definitions
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
    unit = _Unit(arm, facts, variant)
    sources = {
        name: _source_frame(name, columns[name])
        for name in _SOURCE_COLUMNS
        if columns.get(name) and len(next(iter(columns[name].values())))
    }
    tables = {name: unit.empty(name) for name in SUBJECT_TABLES}
    subjects = _no_subjects()
    if "adsl" in sources:
        made = adsl(sources["adsl"], sources.get("adae"), arm, facts)
        subjects = made.select("patient_id", *_COPIED, "DOSETKN", "DOSECUM")
        tables["adsl"] = unit.finished("adsl", made)
    makers: Mapping[str, Callable[[pl.DataFrame, str, TrialFacts], pl.DataFrame]] = {
        "adqs": adqs,
        "adlb": adlb,
        "adpc": adpc,
        "adex": adex,
        "adae": adae,
        "trajectories": _trajectories,
    }
    for name, make in makers.items():
        if name in sources and (name != "adex" or (subjects["SAFFL"] == "Y").any()):
            source = sources[name].join(
                subjects, on="patient_id", how="left", maintain_order="left"
            )
            tables[name] = unit.finished(name, make(source, arm, facts))
    if "adsl" in sources:
        times = adtte(by_arm(tables["adsl"]), tables["adqs"], tables["adae"], facts)
        tables["adtte"] = unit.shaped("adtte", times)
    return tables


class _Unit:
    """What every table of a unit is finished with."""

    def __init__(self, arm: str, facts: TrialFacts, variant: str) -> None:
        self.arm, self.facts, self.variant = arm, facts, variant

    def empty(self, name: str) -> pl.DataFrame:
        return pl.DataFrame(schema=polars_schema(self.facts.tables[name]))

    def finished(self, name: str, made: pl.DataFrame) -> pl.DataFrame:
        return self.shaped(name, made.with_columns(*self._identity(made)))

    def shaped(self, name: str, made: pl.DataFrame) -> pl.DataFrame:
        table: Table = self.facts.tables[name]
        schema = polars_schema(table)
        marked = made.with_columns(pl.lit("Y").alias("SIMFL"))
        if self.facts.periods:
            marked = with_periods(name, marked, self.arm, self.facts)
        ordered = marked.sort(table.key, maintain_order=True)
        if "ASEQ" in schema:
            number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
            ordered = ordered.with_columns(number.over("USUBJID").alias("ASEQ"))
        return ordered.select(pl.col(column).cast(kind) for column, kind in schema.items())

    def _identity(self, frame: pl.DataFrame) -> list[pl.Series | pl.Expr]:
        facts = self.facts
        number = facts.arm_number(self.arm)
        ids = frame["patient_id"].to_numpy()
        study = pl.Series("STUDYID", [facts.study] * len(frame), dtype=pl.String)
        if not facts.variants:
            return [study, *subject_identifiers(facts.study, number, ids)]
        cell = facts.variant_number(self.variant)
        return [
            study,
            *subject_identifiers(facts.study, number, ids, cell),
            pl.lit(self.variant).alias("VARIANT"),
            pl.lit(cell).alias("VARIANTN"),
        ]


def _no_subjects() -> pl.DataFrame:
    kinds: dict[str, type[pl.DataType]] = {
        "patient_id": pl.Int64,
        "TRTSDT": pl.Date,
        "TRTEDT": pl.Date,
        "TRTDURD": pl.Int64,
        **dict.fromkeys(("SAFFL", "ITTFL"), pl.String),
        "AGE": pl.Float64,
        **dict.fromkeys(("RACE", "SEX"), pl.String),
        "DOSETKN": pl.Int64,
        "DOSECUM": pl.Float64,
    }
    return pl.DataFrame(schema=kinds)


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


def _trajectories(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(arm).alias("ARM"),
        pl.lit(facts.arm_number(arm)).alias("ARMN"),
        pl.col("quantity").alias("QUANTITY"),
        pl.col("unit").alias("UNIT"),
        pl.col("time_h").alias("TIME_H"),
        pl.col("value").alias("VALUE"),
    )
