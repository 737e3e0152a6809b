"""What was published, value by value, and whether it can be judged.

The walk of `cohort validate` enters here: rows of a protocol become `PublishedValue`, each one
number of one cell. A cell is an arm in a variant with so many patients.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Final

from ruamel.yaml import YAML

from cohort.trial import Protocol, PublishedResult, ResponseRule, trial_event_names
from cohort.trial.quantities import DAY_S

__all__ = ["Cell", "PublishedValue", "published_values", "seen_values"]

SHARES: Final = {
    "response": "responders",
    "remission": "remitters",
    "dropout": "dropouts",
    "dropout_adverse_event": "dropouts_adverse_event",
}
"""Outcome, and the key of its count."""
SCORE: Final = "score"
EVENT: Final = "event: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An arm in a variant, with so many patients.

    Parameters
    ----------
    arm, variant
        Names; an empty variant is the first or only one.
    patients
        As published.

    Examples
    --------
    >>> Cell(arm="placebo", variant="", patients=127).label
    'placebo (127)'
    """

    arm: str
    variant: str
    patients: int

    @property
    def label(self) -> str:
        """Name of the cell.

        Examples
        --------
        >>> Cell(arm="placebo", variant="home exercise", patients=53).label
        'placebo, home exercise (53)'
        """
        variant = f", {self.variant}" if self.variant else ""
        return f"{self.arm}{variant} ({self.patients})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedValue:
    """One published number of one cell.

    Parameters
    ----------
    trial, condition
        Protocol and its patient group.
    cell, is_control
        Arm, and whether others are compared with it.
    pool
        Studies that were counted together; empty for the trial alone.
    visit
        Position among the visits of the protocol.
    week
        Its time [week].
    outcome
        ``score``, ``response``, ``remission``, ``dropout``, ``dropout_adverse_event`` or
        ``event: NAME``.
    statistic
        ``change``, ``end`` or ``percent`` of scores, else ``share``.
    scale
        Scale of scores and response.
    value
        The number [points, percent or 1].
    sd
        Published standard deviation of scores [points]; None if there is none.
    analyzed_only
        Whether a share is one of the analysed patients.
    observed_only
        Whether means are of observed cases.
    rule
        Rule of response or remission, where it is not that of the scale.
    mark
        How the number was obtained.
    left_out
        Why the value itself is not judged; empty if it is. Its contrasts may be.
    seen
        What used the value; empty if nothing did.
    is_last
        Whether it is the last visit of its outcome and cell.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> values = published_values(load_protocol("sct-md-01"))
    >>> values[0].trial, values[0].outcome, values[0].value
    ('sct-md-01', 'score', -7.6)
    """

    trial: str
    condition: str
    cell: Cell
    is_control: bool
    pool: str
    visit: int
    week: float
    outcome: str
    statistic: str
    scale: str
    value: float
    sd: float | None
    analyzed_only: bool
    observed_only: bool
    rule: ResponseRule | None
    mark: str
    left_out: str
    seen: str
    is_last: bool

    @property
    def is_primary(self) -> bool:
        """Whether it counts: read or computed, not seen, the last of its kind, and comparable.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> published_values(load_protocol("sct-md-01"))[0].is_primary
        True
        """
        return self.counts and not self.left_out and not self.seen

    @property
    def counts(self) -> bool:
        """Whether its contrast may count: read or computed, and the last of its kind.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> published_values(load_protocol("sct-md-01"))[0].counts
        True
        """
        return self.is_last and self.mark in ("read", "computed")


@cache
def seen_values() -> dict[tuple[str, str, str], str]:
    """Return what the simulation has seen, by trial, arm (or ``*``) and outcome.

    Returns
    -------
    What used it.

    Examples
    --------
    >>> ("elldopa", "placebo", "score") in seen_values()
    True
    """
    text = (resources.files("pipelines") / "trial_validation_seen.yaml").read_text("utf-8")
    rows = YAML(typ="safe").load(text)["seen"]
    return {(row["trial"], row["arm"], what): row["by"] for row in rows for what in row["outcomes"]}


def published_values(protocol: Protocol) -> tuple[PublishedValue, ...]:
    """Return every number that was published for the arms of a protocol.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Values in the order of the rows; biomarkers and events that are not simulated are left out.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> values = published_values(load_protocol("sct-md-01"))
    >>> sorted({value.outcome for value in values})[:3]
    ['dropout', 'dropout_adverse_event', 'remission']
    """
    found = [value for row in protocol.published for value in _of_row(protocol, row)]
    last: dict[object, float] = {}
    for value in found:
        key = _kind(value)
        last[key] = max(value.week, last.get(key, -1.0))
    return tuple(replace(value, is_last=value.week == last[_kind(value)]) for value in found)


def _kind(value: PublishedValue) -> tuple[object, ...]:
    # a row on another scale, or in percent, says the same of the same patients once more: a value
    # that was read goes before one that was recalled
    return value.cell, value.outcome, value.pool, value.mark in ("read", "computed")


def _of_row(protocol: Protocol, row: PublishedResult) -> Iterator[PublishedValue]:
    names = [visit.name for visit in protocol.visits]
    visit = names.index(row.visit)
    arm = next(arm for arm in protocol.arms if arm.name == row.arm)
    first = protocol.variants[0].name if protocol.variants else None
    variant = "" if row.variant in (None, first) else str(row.variant)
    base = PublishedValue(
        trial=protocol.name,
        condition=protocol.condition,
        cell=Cell(arm=row.arm, variant=variant, patients=row.n_randomized),
        is_control=arm.control and not variant,
        pool=row.pool or "",
        visit=visit,
        week=protocol.visits[visit].time / (7 * DAY_S),
        outcome=SCORE,
        statistic="share",
        scale=row.scale or "",
        value=0.0,
        sd=None,
        analyzed_only=False,
        observed_only=row.missing_data == "observed cases",
        rule=None,
        mark=row.mark,
        left_out="",
        seen="",
        is_last=False,
    )
    if row.scale is not None:
        yield from _scores(base, row)
    for outcome, key in SHARES.items():
        share = row.share(key)
        if share is None or (outcome in ("response", "remission") and row.scale is None):
            continue
        rules = {"response": row.response_rule, "remission": row.remission_rule}
        yield _said(
            base,
            row,
            key,
            outcome=outcome,
            value=share,
            rule=rules.get(outcome),
            analyzed_only=outcome in rules and row.denominator == "analyzed",
        )
    simulated = trial_event_names(protocol)
    for name in dict.fromkeys((*row.adverse_events, *row.percents)):
        share = row.share(name)
        if name in simulated and share is not None:
            yield _said(base, row, name, outcome=EVENT + name, value=share)


def _scores(base: PublishedValue, row: PublishedResult) -> Iterator[PublishedValue]:
    other = row.reported_on is not None and row.reported_on != row.scale
    left_out = f"published on the {row.reported_on}" if other else ""
    if row.mean_change is not None:
        yield _said(
            base,
            row,
            "mean_change",
            statistic="change",
            value=row.mean_change,
            sd=row.sd_change,
            left_out=left_out,
        )
    elif row.mean_end is not None:
        yield _said(
            base,
            row,
            "mean_end",
            statistic="end",
            value=row.mean_end,
            sd=row.sd_end,
            left_out=left_out,
        )
    elif row.mean_percent_change is not None:
        yield _said(
            base, row, "mean_percent_change", statistic="percent", value=row.mean_percent_change
        )


def _said(
    base: PublishedValue, row: PublishedResult, key: str, **changes: object
) -> PublishedValue:
    outcome = str(changes.get("outcome", base.outcome))
    seen = seen_values()
    words = (outcome, f"{EVENT}*") if outcome.startswith(EVENT) else (outcome,)
    found = [
        seen[base.trial, arm, word]
        for arm in (base.cell.arm, "*")
        for word in words
        if (base.trial, arm, word) in seen
    ]
    by = found[0] if found else ""
    return replace(base, mark=row.mark_of(key), seen=by, **changes)  # type: ignore[arg-type]
