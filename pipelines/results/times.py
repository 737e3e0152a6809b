"""Time to event: curves by Kaplan and Meier, medians, log-rank tests and hazard ratios.

Times are study days from the first dose, which is day 1. Who leaves, or whose equations could not
be solved, is censored then, unless leaving is the event.
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from cohort.inference.survival import SurvivalCurve, hazard_ratio, kaplan_meier, log_rank
from pipelines.intervals import Interval
from pipelines.results.estimates import interval_rows
from pipelines.results.first_events import (
    EventTimes,
    event_times,
    last_days,
    people,
    person_key,
)
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.safety_groups import SAFETY_GROUPS
from pipelines.results.scope import Scope

__all__ = ["times_to_event"]

_DAYS_PER_WEEK: Final = 7
_CRITERIA: Final = {"CRIT1FL": "response", "CRIT2FL": "remission"}

Days = dict[int, dict[int, int]]
"""Persons by arm and day."""


def times_to_event(scope: Scope) -> Iterator[Row]:
    """Return curves, medians, tests and hazard ratios of every kind of event.

    Examples
    --------
    >>> times_to_event.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.times'
    """
    everyone = last_days(people(scope))
    visits = _visits(scope)
    for name, column, label in (
        ("TTDSTDY", "DCDAY", "Time to discontinuation of the study"),
        ("TTDTRT", "DCTDAY", "Time to discontinuation of the treatment"),
    ):
        kinds, ends = _departures(scope, column)
        yield from _kind_rows(scope, name, label, kinds, ends, visits, with_curve=True)
    for one in scope.facts.definitions.endpoints:
        criteria = _CRITERIA if one.remission_at_most is not None else {"CRIT1FL": "response"}
        for flag, what in criteria.items() if one.is_rated else ():
            kinds, ends = _achievements(scope, one.name, flag)
            name = f"{'TTRESP' if what == 'response' else 'TTREMIS'}, {one.name}"
            label = f"Time to first {what}, {one.name}"
            yield from _kind_rows(scope, name, label, kinds, ends, visits, with_curve=True)
    for name, label, kinds in _adverse(scope):
        yield from _kind_rows(
            scope, name, label, kinds, everyone, visits, with_curve=name in ("TTAE", "TTSAE")
        )


def _visits(scope: Scope) -> dict[str, int]:
    """Return the study day of every visit after baseline."""
    found = (
        scope.scan("adqs")
        .filter(pl.col("ABLFL").is_null())
        .select("AVISIT", "AVISITN")
        .unique()
        .collect(engine="streaming")
        .sort("AVISITN")
    )
    return {name: round(week * _DAYS_PER_WEEK) + 1 for name, week in found.iter_rows()}


def _day(column: str) -> pl.Expr:
    return (pl.col(column).clip(lower_bound=0.0).floor() + 1).cast(pl.Int64)


def _departures(scope: Scope, column: str) -> tuple[dict[int, EventTimes], Days]:
    """Return who left by day; solver failures are censored."""
    duration = scope.facts.duration_days
    frame = scope.scan("adsl").select(
        pl.col("TRT01PN").alias("arm"),
        pl.coalesce(_day(column), pl.lit(math.floor(duration) + 1)).alias("day"),
        (pl.col(column).is_not_null() & (pl.col("RESCODE") == 0)).alias("happened"),
    )
    return _by_day(_counted(frame).collect(engine="streaming"))


def _counted(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.group_by("arm", "day", "happened").agg(pl.len().cast(pl.Int64).alias("n"))


def _by_day(counted: pl.DataFrame) -> tuple[dict[int, EventTimes], Days]:
    """Return events and ends of persons with one day each."""
    ends: Days = {}
    first: Days = {}
    for arm, day, happened, count in counted.select("arm", "day", "happened", "n").iter_rows():
        ends.setdefault(arm, {}).setdefault(day, 0)
        ends[arm][day] += count
        if happened:
            first.setdefault(arm, {})[day] = count
    kinds = {
        arm: EventTimes(
            n=sum(days.values()), first_day=first.get(arm, {}), last_day=first.get(arm, {})
        )
        for arm, days in ends.items()
    }
    return kinds, ends


def _achievements(scope: Scope, endpoint: str, flag: str) -> tuple[dict[int, EventTimes], Days]:
    """Return who first met a criterion when, by observed scores; others end with their last one."""
    seen = scope.scan("adqs").filter(
        (pl.col("PARAMCD") == endpoint)
        & pl.col("ABLFL").is_null()
        & pl.col("AVAL").is_not_null()
        & pl.col("DTYPE").is_null()
    )
    everyone = scope.scan("adsl")

    def counted(some: pl.Expr) -> pl.LazyFrame:
        by_person = (
            seen.filter(some)
            .group_by(person_key("TRTPN"))
            .agg(
                pl.col("ADY").filter(pl.col(flag) == "Y").min().alias("met"),
                pl.col("ADY").max().alias("last"),
            )
        )
        return _counted(
            everyone.filter(some)
            .select(person_key("TRT01PN"), pl.col("TRT01PN").alias("arm"))
            .join(by_person, on="PERSON", how="left")
            # who was never seen again is censored on the first day
            .select(
                "arm",
                pl.coalesce("met", "last", pl.lit(1, dtype=pl.Int64)).alias("day"),
                pl.col("met").is_not_null().alias("happened"),
            )
        )

    return _by_day(scope.added(counted, ["arm", "day", "happened"]))


def _adverse(scope: Scope) -> Iterator[tuple[str, str, dict[int, EventTimes]]]:
    every = pl.lit(value=True)
    for name, label, which in (
        ("TTAE", "Time to first adverse event", every),
        ("TTSAE", "Time to first serious adverse event", pl.col("AESER") == "Y"),
    ):
        yield name, label, event_times(scope, which).get((), {})
    declared = {one.term for one in scope.facts.definitions.events}
    for name, terms in SAFETY_GROUPS.items():
        if declared.intersection(terms):
            which = pl.col("AEDECOD").is_in(list(terms))
            yield name, f"Time to first of: {name}", event_times(scope, which).get((), {})
    for (term,), kinds in sorted(event_times(scope, every, ["AEDECOD"]).items()):
        yield term, f"Time to first {term}", kinds


def _kind_rows(
    scope: Scope,
    name: str,
    label: str,
    kinds: dict[int, EventTimes],
    everyone: Days,
    visits: dict[str, int],
    *,
    with_curve: bool,
) -> Iterator[Row]:
    for arm in scope.arms:
        mine = kinds.get(arm) or EventTimes(n=sum(everyone.get(arm, {}).values()))
        if not mine.n:
            continue
        about = {
            "analysis": "time to event",
            "population": "randomised",
            **scope.arm_group(arm),
            "variable": name,
            "variable_label": label,
        }
        days, events, censored = mine.table(everyone[arm])
        curve = kaplan_meier(days, events, censored)
        yield from _curve_rows(about, mine, curve, visits, with_curve=with_curve)
        control = scope.control
        if control is None or arm == control or scope.facts.is_paired:
            continue
        theirs = kinds.get(control) or EventTimes(n=sum(everyone.get(control, {}).values()))
        if theirs.n:
            shared = {**about, "reference": scope.facts.control}
            yield from _comparison_rows(shared, mine, theirs, everyone[arm], everyone[control])


_KM: Final = "Kaplan-Meier; log(-log) interval"


def _curve_rows(
    about: Row,
    mine: EventTimes,
    curve: SurvivalCurve,
    visits: dict[str, int],
    *,
    with_curve: bool,
) -> Iterator[Row]:
    counts = {"N": mine.n, "n_event": mine.n_with, "n_censor": mine.n - mine.n_with}
    yield from statistic_rows({**about, "context": "survival"}, counts)
    middle, low, high = curve.quantile(0.5)
    yield from interval_rows(
        {**about, "group2": "prob", "group2_level": "0.5"},
        Interval(estimate=middle, low=low, high=high),
        context="survival_survfit",
        method="Kaplan-Meier; Brookmeyer-Crowley, log(-log)",
        unit="d",
        digits=0,
        fmt="xx",
        reason="not reached",
    )
    for visit, day in visits.items():
        yield from _point_rows(about, curve, ("AVISIT", visit), day)
    if with_curve:
        changes = np.flatnonzero(np.diff(curve.share, prepend=1.0))
        for day in curve.times[changes]:
            yield from _point_rows(about, curve, ("ADY", f"{day:g}"), float(day))


def _point_rows(
    about: Row, curve: SurvivalCurve, place: tuple[str, str], day: float
) -> Iterator[Row]:
    share, low, high, n = curve.at(day)
    yield from interval_rows(
        {**about, "group2": place[0], "group2_level": place[1]},
        Interval(estimate=share, low=low, high=high),
        context="survival_survfit",
        method=_KM,
        fmt="xx.x%",
        further={"n.risk": n},
        reason="everybody has the event",
    )


def _comparison_rows(
    about: Row,
    mine: EventTimes,
    theirs: EventTimes,
    everyone: dict[int, int],
    reference: dict[int, int],
) -> Iterator[Row]:
    tables = [mine.table(everyone), theirs.table(reference)]
    days = np.unique(np.concatenate([table[0] for table in tables]))
    stacked = np.zeros((2, 2, len(days)), dtype=np.int64)
    for row, (own, events, censored) in enumerate(tables):
        places = np.searchsorted(days, own)
        stacked[0, row, places], stacked[1, row, places] = events, censored
    test = log_rank(days, stacked[0], stacked[1])
    yield from statistic_rows(
        {**about, "context": "survival_survdiff", "method": "log-rank"},
        {"statistic": test.statistic, "parameter": test.freedom, "p.value": test.p},
        reason="no event in either arm",
    )
    found = hazard_ratio(days, stacked[0], stacked[1])
    error = None if math.isnan(found.standard_error) else found.standard_error
    yield from interval_rows(
        about,
        Interval(estimate=found.ratio, low=found.low, high=found.high, standard_error=error),
        context="survival_coxph",
        method="hazard ratio by Cox, ties by Efron; standard error of its logarithm",
        fmt="xx.xx",
        further={"p.value": found.p},
        reason="no event in an arm",
    )
