"""Subject-level tables -> counts of first events by day, from which rates and curves are made.

A person's time runs from the first day of treatment, study day 1, which counts; it ends with the
event, or without it on the last day in the study. The counts of all persons by day of the event and
last day are a small table whatever the number of persons.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.results.scope import Scope

__all__ = ["EventTimes", "event_times", "people", "person_key"]

SEVERITIES: Final = ("MILD", "MODERATE", "SEVERE")
_RELATED: Final = ("POSSIBLE", "PROBABLE")
_N_ARM_DIGITS: Final = 100

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTimes:
    """First events of one kind in one arm.

    Parameters
    ----------
    n
        Persons of the arm.
    n_events
        Events, repeats included.
    by_severity
        Persons by their worst event.
    n_serious, n_related, n_withdrawn
        Persons with a serious event, with one that may be due to treatment, with one for which the
        treatment was stopped.
    first_day
        Persons with the event by the day of the first one: ``{day: count}``.
    last_day
        The same persons by their last day in the study.

    Examples
    --------
    >>> one = EventTimes(n=3, first_day={2: 1}, last_day={57: 1})
    >>> one.n_with, one.table({57: 3})[0].tolist()
    (1, [2, 57])
    """

    n: int
    n_events: int = 0
    by_severity: dict[str, int] = field(default_factory=dict)
    n_serious: int = 0
    n_related: int = 0
    n_withdrawn: int = 0
    first_day: dict[int, int] = field(default_factory=dict)
    last_day: dict[int, int] = field(default_factory=dict)

    @property
    def n_with(self) -> int:
        """Persons with the event."""
        return sum(self.first_day.values())

    def table(self, everyone: dict[int, int]) -> tuple[Counts, Counts, Counts]:
        """Return days, events and censored persons by day.

        Parameters
        ----------
        everyone
            All persons of the arm by their last day in the study.

        Examples
        --------
        >>> EventTimes(n=3, first_day={2: 1}, last_day={57: 1}).table({57: 3})[2].tolist()
        [0, 2]
        """
        censored = {day: count - self.last_day.get(day, 0) for day, count in everyone.items()}
        days = sorted({*self.first_day, *(day for day, count in censored.items() if count)})
        return (
            np.array(days, dtype=np.int64),
            np.array([self.first_day.get(day, 0) for day in days], dtype=np.int64),
            np.array([censored.get(day, 0) for day in days], dtype=np.int64),
        )

    def person_days(self, everyone: dict[int, int]) -> int:
        """Return the days under observation until the event, over all persons of the arm.

        Examples
        --------
        >>> EventTimes(n=3, first_day={2: 1}, last_day={57: 1}).person_days({57: 3})
        116
        """
        days, events, censored = self.table(everyone)
        return int(np.sum(days * (events + censored)))


def person_key(arm: str) -> pl.Expr:
    """Return a number a person and arm, in place of text that joins slowly.

    Examples
    --------
    >>> frame = pl.DataFrame({"SUBJID": ["000000017"], "TRTPN": [2]})
    >>> frame.select(person_key("TRTPN"))["PERSON"][0]
    1702
    """
    return (pl.col("SUBJID").cast(pl.Int64) * _N_ARM_DIGITS + pl.col(arm)).alias("PERSON")


def people(scope: Scope, *, treated: bool = False) -> pl.LazyFrame:
    """Return persons with their arm and last day in the study.

    Examples
    --------
    >>> people.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.first_events'
    """
    frame = scope.scan("adsl")
    if treated:
        frame = frame.filter(pl.col("SAFFL") == "Y")
    duration = scope.facts.duration_days
    last = pl.min_horizontal(pl.lit(duration), pl.col("DCDAY")).clip(lower_bound=0.0)
    return frame.select(
        "SUBJID",
        person_key("TRT01PN"),
        pl.col("TRT01PN").alias("arm"),
        (last.floor() + 1).cast(pl.Int64).alias("last_day"),
    )


def last_days(persons: pl.LazyFrame) -> dict[int, dict[int, int]]:
    """Return the persons of each arm by their last day in the study.

    Examples
    --------
    >>> frame = pl.LazyFrame({"arm": [1, 1], "last_day": [57, 57]})
    >>> last_days(frame)
    {1: {57: 2}}
    """
    found: dict[int, dict[int, int]] = {}
    rows = persons.group_by("arm", "last_day").agg(pl.len()).collect(engine="streaming")
    for arm, day, count in rows.iter_rows():
        found.setdefault(arm, {})[day] = count
    return found


def event_times(
    scope: Scope, which: pl.Expr, keys: Iterable[str] = (), *, treated: bool = False
) -> dict[tuple[Any, ...], dict[int, EventTimes]]:
    """Return first events after treatment began, by what they are called and by arm.

    Parameters
    ----------
    scope
        The tables.
    which
        Condition on rows of ADAE.
    keys
        Columns of ADAE that name a kind of event; none for any event.
    treated
        Whether only treated persons count.

    Returns
    -------
    By values of the keys, then by number of the arm; kinds that nobody had are absent.

    Examples
    --------
    >>> event_times.__module__  # run by tests/pipelines/results/test_events.py: it reads files
    'pipelines.results.first_events'
    """
    names = list(keys)
    persons = people(scope, treated=treated)
    totals = {arm: sum(days.values()) for arm, days in last_days(persons).items()}
    events = scope.scan("adae").filter((pl.col("TRTEMFL") == "Y") & which)
    rows = scope.added(
        lambda some: _counted(events.filter(some), persons.filter(some), names),
        [*names, "arm", "first_day", "last_day", "severity"],
    )
    found: dict[tuple[Any, ...], dict[int, EventTimes]] = {}
    for key, part in rows.group_by(*names, "arm", maintain_order=True):
        arm = int(str(key[-1]))
        found.setdefault(key[:-1], {})[arm] = _times(part, totals[arm])
    return found


def _counted(events: pl.LazyFrame, persons: pl.LazyFrame, names: list[str]) -> pl.LazyFrame:
    """Return persons by the day of the first event, their last day and the worst severity."""
    severity = pl.col("AESEV").replace_strict(
        list(SEVERITIES), list(range(len(SEVERITIES))), return_dtype=pl.Int64
    )
    yes = ("serious", "related", "withdrawn")
    return (
        events.select(
            person_key("TRTAN"),
            *names,
            "ASTDY",
            severity.alias("severity"),
            (pl.col("AESER") == "Y").alias("serious"),
            pl.col("AEREL").is_in(list(_RELATED)).alias("related"),
            (pl.col("AEACN") == "DRUG WITHDRAWN").alias("withdrawn"),
        )
        .group_by("PERSON", *names)
        .agg(
            pl.col("ASTDY").min().alias("first_day"),
            pl.len().cast(pl.Int64).alias("n_events"),
            pl.col("severity").max(),
            *(pl.col(name).any() for name in yes),
        )
        .join(persons.drop("SUBJID"), on="PERSON")
        # an event that is reported after the last day ends the time on that day
        .with_columns(first_day=pl.min_horizontal("first_day", "last_day"))
        .group_by(*names, "arm", "first_day", "last_day", "severity")
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("n_events").sum(),
            *(pl.col(name).sum().cast(pl.Int64) for name in yes),
        )
    )


def _times(part: pl.DataFrame, n: int) -> EventTimes:
    def counts(column: str) -> Iterator[tuple[int, int]]:
        rows = part.group_by(column, maintain_order=True).agg(pl.col("n").sum()).iter_rows()
        yield from rows

    return EventTimes(
        n=n,
        n_events=int(part["n_events"].sum()),
        by_severity={SEVERITIES[place]: count for place, count in counts("severity")},
        n_serious=int(part["serious"].sum()),
        n_related=int(part["related"].sum()),
        n_withdrawn=int(part["withdrawn"].sum()),
        first_day=dict(counts("first_day")),
        last_day=dict(counts("last_day")),
    )
