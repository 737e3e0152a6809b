"""Subject-level tables -> the analysis that the protocol names, and its intercurrent events.

Scores of one scale become an array of patients by visits, carried-forward values taken out again;
`cohort.inference` does the rest. Columns that only some trials have (a day of rescue) may be
absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.errors import CohortError
from cohort.inference.ancova import Contrasts, ancova
from cohort.inference.decisions import Sizes, adjusted_p, decide
from cohort.inference.distributions import student_quantile
from cohort.inference.estimands import STRATEGIES, IntercurrentEvents, Scores
from cohort.inference.missing import baseline_carried_forward, last_observation_carried_forward
from cohort.inference.mmrm import fit_repeated_measures
from cohort.inference.reference_based import ASSUMPTIONS, draw_imputations, rubin, tipping_point
from pipelines.adam import TrialFacts
from pipelines.periods import scan_subjects
from pipelines.roster import Roster, read_roster, scan_variant
from pipelines.schema import polars_schema
from pipelines.tipping_table import TIPPING_POINT

__all__ = ["FAILURES", "RESCUE_DAY", "analyses", "intercurrent_events", "tipping_points"]

FAILURES: Final = ("LACK OF EFFICACY", "ADVERSE EVENT")
"""Reasons for discontinuation that speak of the treatment."""

RESCUE_DAY: Final = "RESCDAY"
"""Column of ADSL with the day of rescue [d], where a trial has rescue."""

_LEVEL: Final = 0.95
_MOST_NUMBERS: Final = 20_000_000  # float64 that completed data sets may fill at once, 160 MB
_FEWEST_SETS: Final = 2
_FEWEST_VISITS: Final = 2

Floats = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Data:
    """The patients of one scale in one variant, arms one after another."""

    ids: NDArray[np.int64]
    arm: NDArray[np.int64]
    scores: Scores
    events: IntercurrentEvents
    visits: tuple[str, ...]
    weeks: tuple[float, ...]
    n_left_out: int

    def first(self, share: float) -> "_Data":
        """Return the patients of each arm who finish first: those with the lowest numbers."""
        rank = np.empty(len(self.arm), dtype=np.int64)
        n = np.empty(len(self.arm), dtype=np.int64)
        for number in np.unique(self.arm):
            mine = self.arm == number
            rank[mine], n[mine] = np.argsort(np.argsort(self.ids[mine])), mine.sum()
        keep = rank < np.ceil(share * n)
        rescue = self.events.rescue_day
        return replace(
            self,
            ids=self.ids[keep],
            arm=self.arm[keep],
            scores=replace(
                self.scores, baseline=self.scores.baseline[keep], seen=self.scores.seen[keep]
            ),
            events=IntercurrentEvents(
                left_day=self.events.left_day[keep],
                is_failure=self.events.is_failure[keep],
                rescue_day=None if rescue is None else rescue[keep],
            ),
        )


def intercurrent_events(tables: Path, facts: TrialFacts) -> pl.LazyFrame:
    """Return what came between treatment and outcome, an event a row.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms and variants of the trial.

    Returns
    -------
    The table `intercurrent_events` of `pipelines.schema`, to be collected: discontinuations, and
    rescues where ADSL has a day of rescue. Solver failures are none: they happen to the
    computation.

    Examples
    --------
    >>> intercurrent_events.__module__  # run by tests/pipelines/test_analyses.py: it reads files
    'pipelines.analyses'
    """
    subjects = scan_subjects(tables, "adsl")
    left = subjects.filter((pl.col("RESCODE") == 0) & pl.col("DCDAY").is_not_null()).with_columns(
        ICEDY=pl.col("DCDAY"), ICETYPE=pl.lit("DISCONTINUATION"), ICEREAS=pl.col("DCSREAS")
    )
    parts = [left]
    if RESCUE_DAY in subjects.collect_schema():
        parts.append(
            subjects.filter(pl.col(RESCUE_DAY).is_not_null()).with_columns(
                ICEDY=pl.col(RESCUE_DAY).cast(pl.Float64),
                ICETYPE=pl.lit("RESCUE"),
                ICEREAS=pl.lit(None, dtype=pl.String),
            )
        )
    fails = (pl.col("ICETYPE") == "RESCUE") | pl.col("ICEREAS").is_in(FAILURES)
    kinds = polars_schema(facts.tables["intercurrent_events"])
    frames = [
        part.with_columns(
            ICEFAIL=pl.when(fails.fill_null(value=False)).then(pl.lit("Y")).otherwise(pl.lit("N"))
        ).select(pl.col(name).cast(kind) for name, kind in kinds.items())
        for part in parts
    ]
    if len(frames) == 1:
        return frames[0]  # in the order of ADSL, and never whole in memory
    return pl.concat(frames).sort(facts.tables["intercurrent_events"].key)


def analyses(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return each arm against control by the analysis of the protocol.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control, design and analysis of the trial.

    Returns
    -------
    The table `analyses` of `pipelines.schema`. Claims are made for the primary endpoint at the last
    visit only; the other rows describe.

    Examples
    --------
    >>> analyses.__module__  # run by tests/pipelines/test_analyses.py: it reads files
    'pipelines.analyses'
    """
    rows: list[Row] = []
    if facts.control is not None and len(facts.arms) > 1:
        for variant in range(1, max(len(facts.variants), 1) + 1):
            for endpoint in (one.name for one in facts.definitions.endpoints):
                rows += _endpoint_rows(tables, facts, variant, endpoint)
    table = facts.tables["analyses"]
    schema = polars_schema(table)
    kept = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort(table.key)


def tipping_points(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return the result of each arm as its imputed values are made worse, shift by shift.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms, control and analysis of the trial; the analysis has shifts.

    Returns
    -------
    The table of `pipelines.tipping_table`: the primary endpoint at the last visit.

    Examples
    --------
    >>> tipping_points.__module__  # run by tests/pipelines/test_analyses.py: it reads files
    'pipelines.analyses'
    """
    rows: list[Row] = []
    if facts.control is not None and len(facts.arms) > 1:
        for variant in range(1, max(len(facts.variants), 1) + 1):
            rows += _tipping_rows(tables, facts, variant)
    table = facts.tables[TIPPING_POINT]
    schema = polars_schema(table)
    kept = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort(table.key)


def _tipping_rows(tables: Path, facts: TrialFacts, variant: int) -> Iterator[Row]:
    data = _read(tables, facts, variant, facts.primary_endpoint)
    if data is None:
        return
    assert facts.control is not None
    control = facts.arm_number(facts.control)
    values = STRATEGIES[facts.analysis.estimand](data.scores, data.events)
    is_imputed = np.isnan(values[:, -1])
    completed, remark = None, _cap_remark(data)
    try:
        if set(np.unique(data.arm)) != set(range(1, len(facts.arms) + 1)):
            remark = "an arm without patients"
        else:
            parts = _completed(values, data, facts, control)
            completed = np.concatenate([part[..., -1] for part in parts])
    except CohortError as error:
        # a trial too small for its own analysis still has its other tables
        remark = str(error)
    for column in range(len(facts.arms) - 1):
        row = {
            "endpoint": facts.primary_endpoint,
            "visit": data.visits[-1],
            "visit_week": data.weeks[-1],
            "remark": remark,
            **_arm_columns(facts, variant, column),
        }
        mine = data.arm == row["arm_number"]
        row |= {
            "n_arm": int(mine.sum()),
            "n_control": int((data.arm == control).sum()),
            "n_imputed": int((is_imputed & mine).sum()),
        }
        deltas = facts.analysis.tipping_point
        if completed is None:
            yield from ({**row, "delta": delta} for delta in deltas)
            continue
        found = tipping_point(
            completed,
            is_imputed,
            data.scores.baseline,
            data.arm,
            active=row["arm_number"],
            control=control,
            deltas=deltas,
            alpha=facts.analysis.alpha,
        )
        for delta, estimate, p in zip(deltas, found.estimate, found.p, strict=True):
            finding = "not shown"
            if p <= facts.analysis.alpha:
                finding = "better" if estimate < 0 else "worse"
            yield {
                **row,
                "delta": delta,
                "estimate": _number(float(estimate)),
                "p": _number(float(p)),
                "finding": finding if np.isfinite(p) else None,
            }


def _endpoint_rows(tables: Path, facts: TrialFacts, variant: int, endpoint: str) -> Iterator[Row]:
    data = _read(tables, facts, variant, endpoint)
    if data is None:
        return
    is_primary = endpoint == facts.primary_endpoint
    fractions = facts.analysis.plan.fractions
    found = []
    for number, share in enumerate(fractions, start=1):
        is_last = number == len(fractions)
        if not is_last and not is_primary:
            continue
        mine = data if is_last else data.first(share)
        estimated, remark = _estimate(mine, facts)
        remark = remark or _cap_remark(data)
        found.append(estimated)
        places = range(len(data.visits)) if is_last else [len(data.visits) - 1]
        decisions = _decisions(found, facts) if is_primary else None
        for place in places:
            for column in range(len(facts.arms) - 1):
                row = {
                    "endpoint": endpoint,
                    "visit": data.visits[place],
                    "visit_week": data.weeks[place],
                    "look": number,
                    "information": share,
                    "remark": remark,
                    **_arm_columns(facts, variant, column),
                    **_estimate_columns(estimated, place, column),
                }
                if decisions is not None and place == len(data.visits) - 1:
                    row |= decisions[column]
                yield row


def _cap_remark(data: _Data) -> str | None:
    if not data.n_left_out:
        return None
    return f"the first of each arm, {len(data.ids):,}; {data.n_left_out:,} further are not analysed"


def _arm_columns(facts: TrialFacts, variant: int, column: int) -> Row:
    assert facts.control is not None
    control = facts.arm_number(facts.control)
    others = [number for number in range(1, len(facts.arms) + 1) if number != control]
    return {
        "arm": facts.arms[others[column] - 1],
        "arm_number": others[column],
        "control": facts.control,
        "variant": facts.variants[variant - 1] if facts.variants else "",
        "variant_number": variant,
        "estimand": facts.analysis.estimand,
        "missing_data": facts.analysis.missing_data,
        "model": _model(facts),
    }


def _model(facts: TrialFacts) -> str:
    if facts.is_paired:
        return "paired"
    return "MMRM" if facts.analysis.missing_data == "MMRM" else "ANCOVA"


def _read(tables: Path, facts: TrialFacts, variant: int, endpoint: str) -> _Data | None:
    """Return the patients without solver failure who have a baseline; None without visits."""
    has_rescue = RESCUE_DAY in pl.scan_parquet(tables / "adsl.parquet").collect_schema()
    roster = read_roster(
        tables,
        facts,
        variant,
        pl.col("DCDAY"),
        pl.col("DCSREAS").is_in(FAILURES).fill_null(value=False).alias("is_failure"),
        *([pl.col(RESCUE_DAY)] if has_rescue else []),
        only=pl.col("RESCODE") == 0,
    )
    scores = scan_variant(tables, "adqs", facts, variant).filter(pl.col("PARAMCD") == endpoint)
    visits = _visits(scores, roster)
    if visits is None or len(visits) < _FEWEST_VISITS:
        return None
    values = np.full((len(roster), len(visits)), np.nan)
    for column, week in enumerate(visits["AVISITN"]):
        # visit by visit, so that one value a patient is in memory beside the array
        mine = scores.filter(pl.col("AVISITN") == week).select(
            "arm", "number", AVAL=pl.when(pl.col("DTYPE").is_null()).then("AVAL")
        )
        place, found = roster.placed(mine)
        values[place, column] = found["AVAL"].fill_null(np.nan).to_numpy()
    keep = np.isfinite(values[:, 0])
    who = roster.frame.filter(pl.Series(keep))
    return _Data(
        ids=who["number"].to_numpy(),
        arm=who["arm"].to_numpy(),
        scores=Scores(
            visit_days=visits["ADY"].to_numpy()[1:] - 1.0,  # study day 1 is that of the first dose
            baseline=values[keep, 0],
            seen=values[keep, 1:],
        ),
        events=IntercurrentEvents(
            left_day=_days(who["DCDAY"]),
            is_failure=who["is_failure"].to_numpy(),
            rescue_day=_days(who[RESCUE_DAY]) if has_rescue else None,
        ),
        visits=tuple(visits["AVISIT"].to_list()[1:]),
        weeks=tuple(visits["AVISITN"].to_list()[1:]),
        n_left_out=roster.n_left_out,
    )


def _visits(scores: pl.LazyFrame, roster: Roster) -> pl.DataFrame | None:
    """Return the visits of the first patient, with the days on which they were planned for him."""
    if not len(roster):
        return None
    arm, number = roster.frame["arm"][0], roster.frame["number"][0]
    return (
        scores.filter((pl.col("arm") == arm) & (pl.col("number") == number))
        .select("AVISIT", "AVISITN", "ADY")
        .sort("AVISITN")
        .collect(engine="streaming")
    )


def _days(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _estimate(data: _Data, facts: TrialFacts) -> tuple[Contrasts | None, str | None]:
    """Return contrasts (n_visit, n_contrast), or why there are none."""
    values = STRATEGIES[facts.analysis.estimand](data.scores, data.events)
    assert facts.control is not None
    control = facts.arm_number(facts.control)
    try:
        if set(np.unique(data.arm)) != set(range(1, len(facts.arms) + 1)):
            return None, "an arm without patients"
        return _by_method(values, data, facts, control), None
    except CohortError as error:
        # a trial too small for its own analysis still has its other tables
        return None, str(error)


def _by_method(values: Floats, data: _Data, facts: TrialFacts, control: int) -> Contrasts:
    analysis = facts.analysis
    baseline = data.scores.baseline
    if analysis.missing_data == "MMRM":
        return fit_repeated_measures(values, baseline, data.arm, control).contrasts
    if analysis.missing_data in ASSUMPTIONS:
        return _imputed(values, data, facts, control)
    if analysis.missing_data == "LOCF":
        values = last_observation_carried_forward(values)
    elif analysis.missing_data == "BOCF":
        values = baseline_carried_forward(values, baseline)
    return _compare(np.moveaxis(values, -1, 0), data, facts, control)


def _imputed(values: Floats, data: _Data, facts: TrialFacts, control: int) -> Contrasts:
    parts = [
        _compare(np.moveaxis(completed, -1, 1), data, facts, control)
        for completed in _completed(values, data, facts, control)
    ]
    estimate, error, freedom = rubin(
        np.concatenate([part.estimate for part in parts]),
        np.concatenate([part.standard_error for part in parts]),
        parts[0].freedom[0],
    )
    return replace(
        parts[0],
        estimate=estimate,
        standard_error=error,
        freedom=freedom,
        n_arm=parts[0].n_arm[0],
        n_control=parts[0].n_control[0],
    )


def _completed(values: Floats, data: _Data, facts: TrialFacts, control: int) -> Iterator[Floats]:
    """Yield completed data sets (n_set, n_patient, n_visit), as many at once as memory holds."""
    n_set = facts.analysis.imputations
    at_once = max(_FEWEST_SETS, _MOST_NUMBERS // max(values.size, 1))
    starts = list(range(0, n_set, at_once))
    if len(starts) > 1 and n_set - starts[-1] < _FEWEST_SETS:
        starts.pop()  # the last one joins the part before it
    for start, end in zip(starts, [*starts[1:], n_set], strict=True):
        yield draw_imputations(
            values,
            data.scores.baseline,
            data.arm,
            data.ids,
            assumption=facts.analysis.missing_data,
            reference=control,
            seed=facts.seed,
            n_imputation=end - start,
            first=start,
        )


def _compare(values: Floats, data: _Data, facts: TrialFacts, control: int) -> Contrasts:
    """Compare values (..., n_patient): different patients adjusted, the same ones by pairs."""
    if not facts.is_paired:
        return ancova(values, data.scores.baseline, data.arm, control)
    arms = np.array([number for number in range(1, len(facts.arms) + 1) if number != control])
    shape = (*values.shape[:-1], len(arms))
    estimate, error, n = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int64)
    mine = data.arm == control
    for column, number in enumerate(arms):
        theirs = data.arm == number
        _, left, right = np.intersect1d(data.ids[theirs], data.ids[mine], return_indices=True)
        change = values - data.scores.baseline
        pairs = change[..., theirs][..., left] - change[..., mine][..., right]
        known = np.isfinite(pairs)
        n[..., column] = count = known.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(known, pairs, 0.0).sum(axis=-1) / count
            squares = (np.where(known, pairs - mean[..., None], 0.0) ** 2).sum(axis=-1)
            error[..., column] = np.sqrt(squares / (count - 1.0) / count)
        estimate[..., column] = mean
    return Contrasts(
        arms=arms,
        estimate=estimate,
        standard_error=error,
        freedom=np.where(n > 1, n - 1.0, np.nan),
        n_arm=n,
        n_control=n,
    )


def _estimate_columns(found: Contrasts | None, place: int, column: int) -> Row:
    if found is None:
        return {}
    estimate, error, freedom = (
        float(part[place, column]) for part in (found.estimate, found.standard_error, found.freedom)
    )
    row: Row = {
        "n_arm": int(found.n_arm[place, column]),
        "n_control": int(found.n_control[place, column]),
        "estimate": _number(estimate),
    }
    if not (error > 0 and freedom > 0 and np.isfinite(error)):
        return row
    half = student_quantile(0.5 + _LEVEL / 2, freedom) * error
    return {
        **row,
        "standard_error": error,
        "degrees_of_freedom": freedom,
        "low": estimate - half,
        "high": estimate + half,
        "p": float(found.p[place, column]),
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _decisions(found: list[Contrasts | None], facts: TrialFacts) -> list[Row] | None:
    """Return what each arm may claim after the looks so far; None where one has no p values."""
    plan = facts.analysis.plan
    ends = [one for one in found if one is not None and np.all(np.isfinite(one.p[-1]))]
    if len(ends) < len(found):
        return None
    benefit = np.array([-one.estimate[-1] / one.standard_error[-1] for one in ends])
    p = np.array([one.p[-1] for one in ends])
    is_end = len(found) == len(plan.fractions)
    padding = [(0, len(plan.fractions) - len(found)), (0, 0)]
    last = ends[-1]
    sizes = Sizes(
        n_arm=last.n_arm[-1],
        n_control=last.n_control[-1],
        freedom=np.broadcast_to(last.freedom, last.estimate.shape)[-1],
    )
    decided = decide(np.pad(benefit, padding), np.pad(p, padding, constant_values=1.0), plan, sizes)
    level = float(plan.levels(p.shape[1])[len(found) - 1])
    adjusted = None if plan.looks else adjusted_p(benefit[-1], p[-1], plan, sizes)
    rows = []
    for column in range(p.shape[1]):
        rejected = int(decided.rejected_at[column])
        dropped = int(decided.dropped_at[column])
        dropped = dropped if dropped <= len(found) else 0
        if rejected:
            claim = "better" if decided.is_better[column] else "worse"
        elif dropped:
            claim = "futile"
        else:
            claim = "not shown" if is_end else "go on"
        rows.append(
            {
                "level": _number(level),
                "p_adjusted": None if adjusted is None else float(adjusted[column]),
                "claim": claim,
            }
        )
    return rows
