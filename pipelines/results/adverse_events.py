"""Adverse events: overview, organ classes and terms, and groups of terms, of the treated.

Persons are counted, not events, unless a statistic says so. Organ classes and terms come by falling
frequency over all arms.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl
from scipy.special import gammaincinv

from pipelines.intervals import LEVEL
from pipelines.results.estimates import comparison_rows, share_rows
from pipelines.results.first_events import (
    SEVERITIES,
    EventTimes,
    event_times,
    last_days,
    people,
)
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.safety_groups import SAFETY_GROUPS
from pipelines.results.scope import Scope

__all__ = ["event_groups", "event_overview", "events_by_term", "poisson_interval"]

_DAYS_PER_100_YEARS: Final = 36_525.0
_ANY: Final = "Any adverse event"

Kinds = dict[tuple[Any, ...], dict[int, EventTimes]]


def poisson_interval(count: int, exposure: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate.

    Parameters
    ----------
    count
        Events, or persons with one.
    exposure
        Time under observation, above zero, any unit.

    References
    ----------
    Garwood F, Biometrika 1936;28:437.

    Examples
    --------
    >>> low, high = poisson_interval(10, 1.0)
    >>> round(low, 3), round(high, 3)
    (4.795, 18.39)
    """
    outside = (1 - LEVEL) / 2
    low = float(gammaincinv(count, outside)) if count else 0.0
    return low / exposure, float(gammaincinv(count + 1, 1 - outside)) / exposure


class _Counter:
    """Treated persons of each arm, and the rows of one kind of event."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.everyone = last_days(people(scope, treated=True))

    def n(self, arm: int) -> int:
        return sum(self.everyone.get(arm, {}).values())

    def of(self, kinds: Mapping[int, EventTimes], arm: int) -> EventTimes:
        return kinds.get(arm) or EventTimes(n=self.n(arm))

    def rows(self, shared: Row, kinds: Mapping[int, EventTimes], arm: int) -> Iterator[Row]:
        """Return incidence, rates, severity, seriousness and the comparison with control."""
        scope, mine = self.scope, self.of(kinds, arm)
        about = {**shared, **scope.arm_group(arm)}
        n = self.n(arm)
        yield from share_rows(about, "Y", mine.n_with, n, "hierarchical")
        yield from statistic_rows(
            {**about, "context": "hierarchical_count"}, {"n_event": mine.n_events}
        )
        for severity in SEVERITIES:
            count = mine.by_severity.get(severity, 0)
            worst = {**about, "group3": "AESEV", "group3_level": severity}
            yield from share_rows(worst, "worst", count, n, "hierarchical")
        for column, level, count in (
            ("AESER", "Y", mine.n_serious),
            ("AEREL", "POSSIBLE or PROBABLE", mine.n_related),
            ("AEACN", "DRUG WITHDRAWN", mine.n_withdrawn),
        ):
            which = {**about, "group3": column, "group3_level": level}
            yield from share_rows(which, "Y", count, n, "hierarchical")
        yield from self._rate_rows(about, mine, arm)
        control = scope.control
        if control is not None and arm != control:
            reference = self.of(kinds, control)
            yield from comparison_rows(
                {**about, "reference": scope.facts.control},
                "Y",
                *(mine.n_with, n, reference.n_with, self.n(control)),
            )

    def _rate_rows(self, about: Row, mine: EventTimes, arm: int) -> Iterator[Row]:
        days = mine.person_days(self.everyone.get(arm, {}))
        years = days / _DAYS_PER_100_YEARS
        low, high = poisson_interval(mine.n_with, years) if years else (None, None)
        stats = {
            "n": mine.n_with,
            "exposure": days,
            "rate": mine.n_with / years if years else None,
            "rate.low": low,
            "rate.high": high,
        }
        yield from statistic_rows(
            {
                **about,
                "context": "incidence_rate",
                "method": "persons with the event per 100 patient-years at risk; Garwood",
            },
            stats,
            unit="1/(100 y)",
            reason="nobody at risk",
        )


def event_overview(scope: Scope) -> Iterator[Row]:
    """Return how many treated persons had any adverse event.

    Examples
    --------
    >>> event_overview.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.adverse_events'
    """
    counter = _Counter(scope)
    found = event_times(scope, pl.lit(value=True), treated=True)
    shared = _shared("adverse events", _ANY)
    for arm in scope.arms:
        yield from counter.rows(shared, found.get((), {}), arm)


def _shared(analysis: str, variable: str, organ_class: str | None = None) -> Row:
    return {
        "analysis": analysis,
        "population": "treated",
        "group2": None if organ_class is None else "AEBODSYS",
        "group2_level": organ_class,
        "variable": variable,
        "variable_label": variable,
    }


def events_by_term(scope: Scope) -> Iterator[Row]:
    """Return the same by organ class, and by preferred term within it.

    Examples
    --------
    >>> events_by_term.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.adverse_events'
    """
    counter = _Counter(scope)
    every = pl.lit(value=True)
    classes = event_times(scope, every, ["AEBODSYS"], treated=True)
    terms = event_times(scope, every, ["AEBODSYS", "AEDECOD"], treated=True)
    for one in scope.facts.definitions.events:  # also what nobody had
        classes.setdefault((one.organ_class,), {})
        terms.setdefault((one.organ_class, one.term), {})
    for (organ_class,) in _by_frequency(classes):
        shared = _shared("adverse events by term", "AEBODSYS", organ_class)
        for arm in scope.arms:
            yield from counter.rows(
                {**shared, "variable_label": organ_class}, classes[organ_class,], arm
            )
        for key in _by_frequency({key: terms[key] for key in terms if key[0] == organ_class}):
            shared = _shared("adverse events by term", key[1], organ_class)
            for arm in scope.arms:
                yield from counter.rows(shared, terms[key], arm)


def _by_frequency(kinds: Kinds) -> list[tuple[Any, ...]]:
    totals = {key: sum(one.n_with for one in arms.values()) for key, arms in kinds.items()}
    return sorted(totals, key=lambda key: (-totals[key], key))


def event_groups(scope: Scope) -> Iterator[Row]:
    """Return the same by group of `SAFETY_GROUPS` that has a term of the trial.

    Examples
    --------
    >>> event_groups.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.adverse_events'
    """
    counter = _Counter(scope)
    declared = {one.term for one in scope.facts.definitions.events}
    for name, terms in SAFETY_GROUPS.items():
        if not declared.intersection(terms):
            continue
        found = event_times(scope, pl.col("AEDECOD").is_in(list(terms)), treated=True)
        looked_for = ", ".join(term for term in terms if term in declared)
        shared = {
            **_shared("adverse event groups", name),
            "warning": f"group of this project, not a MedDRA query; terms here: {looked_for}",
        }
        for arm in scope.arms:
            yield from counter.rows(shared, found.get((), {}), arm)
