"""What the numbers of a published row must agree on, each rule one function.

The rules see partly read rows too: a value that could not be read is `UNREAD`, compares false
with everything, and so causes no second mistake. Imports `cohort.yaml_files` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cohort.yaml_files import Contradiction, is_read, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cohort.trial.published import BiomarkerChange, PublishedResult
    from cohort.yaml_files.contradictions import KeyPath

__all__ = [
    "COUNTED",
    "OF_RANDOMIZED",
    "SPREADS",
    "published_contradictions",
    "spread_contradictions",
]

OF_RANDOMIZED = ("responders", "remitters", "dropouts", "dropouts_adverse_event")
"""Counts that are at most the randomized patients."""
COUNTED = (*OF_RANDOMIZED, "any_adverse_event")
"""Counts of patients that have a key of their own."""
SPREADS = {"sd_change": "mean_change", "sd_end": "mean_end", "sd_baseline": "mean_baseline"}
"""Standard deviations and their means."""

_MEANS = ("mean_change", "mean_percent_change", "mean_end", "mean_baseline")
_OF_SCALE = (*_MEANS, "responders", "remitters")
_MAPPINGS = ("adverse_events", "percents", "biomarkers")
_NUMBERS = (*COUNTED, *_MEANS, *SPREADS, "n_randomized", "n_analyzed", "n_safety")
_ROUNDING = 0.005 + 1e-9  # a percentage is published as a whole one, or finer


def published_contradictions(row: PublishedResult) -> Iterator[Contradiction]:
    """List what cannot stand together in a published row.

    Parameters
    ----------
    row
        Whole or partly read row.

    Yields
    ------
    Contradictions with their key paths.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> list(published_contradictions(load_protocol("sct-md-01").published[0]))
    []
    """
    for rule in (_counts, _events, _denominator, _spreads, _scores, _percentages, _recalled):
        yield from rule(row)


def spread_contradictions(
    record: PublishedResult | BiomarkerChange, name: str
) -> Iterator[Contradiction]:
    """Refuse a standard deviation that is not greater than 0.

    Parameters
    ----------
    record
        Whole or partly read record.
    name
        Key of the standard deviation.

    Yields
    ------
    One contradiction at most.

    Examples
    --------
    >>> from cohort.trial import BiomarkerChange
    >>> record = BiomarkerChange.model_construct(sd_change=-1.0)
    >>> [one.path for one in spread_contradictions(record, "sd_change")]
    [('sd_change',)]
    """
    value = getattr(record, name)
    if value is not None and value <= 0:
        yield Contradiction(
            path=(name,),
            message=f"{value:g} was given; a standard deviation is greater than 0. "
            "Change the value or leave it out.",
        )


def _counts(row: PublishedResult) -> Iterator[Contradiction]:
    for name in ("n_analyzed", "n_safety", *OF_RANDOMIZED):
        yield from _too_many(row, (name,), getattr(row, name), row.n_randomized, "randomized")
    count = row.dropouts_adverse_event
    if row.dropouts is not None and not _is_more(row.dropouts, row.n_randomized):
        yield from _too_many(row, ("dropouts_adverse_event",), count, row.dropouts, "dropped-out")


def _events(row: PublishedResult) -> Iterator[Contradiction]:
    total, kind = row.n_randomized, "randomized"
    if row.n_safety is not None:
        total, kind = row.n_safety, "assessed"
    found = [*_too_many(row, ("any_adverse_event",), row.any_adverse_event, total, kind)]
    yield from found
    if row.any_adverse_event is not None and not found:
        total, kind = row.any_adverse_event, "affected"
    for name in row.adverse_events:
        yield from _too_many(row, ("adverse_events", name), row.adverse_events[name], total, kind)
        if name in COUNTED:
            yield Contradiction(
                path=("adverse_events", name),
                message=f"'{name}' is no adverse event but a key of the row. Move it up.",
            )


def _denominator(row: PublishedResult) -> Iterator[Contradiction]:
    if row.denominator != "analyzed" or not is_read(row.denominator):
        return
    for name in ("responders", "remitters"):
        given = getattr(row, name) is not None or name in row.percents
        if given and row.n_analyzed is None:
            yield Contradiction(
                path=("denominator",),
                message=f"{name} are a share of the analyzed patients, whose number is missing; it "
                "is needed. Add 'n_analyzed', or write 'denominator: randomized'.",
            )
            return
        if row.n_analyzed is not None and not _is_more(getattr(row, name), row.n_randomized):
            yield from _too_many(row, (name,), getattr(row, name), row.n_analyzed, "analyzed")


def _is_more(count: int | None, total: int) -> bool:
    return count is not None and count > total


def _too_many(
    row: PublishedResult, path: KeyPath, count: int | None, total: int, kind: str
) -> Iterator[Contradiction]:
    if _is_more(count, total):
        yield Contradiction(
            path=path,
            message=f"{count} of {total} {kind} patients; at most all of them are allowed. "
            "Correct one of the numbers.",
        )


def _spreads(row: PublishedResult) -> Iterator[Contradiction]:
    given = [name for name in SPREADS if getattr(row, name) is not None]
    for name in given:
        yield from spread_contradictions(row, name)
        if row.sd_provenance is None:
            yield Contradiction(
                path=(name,),
                message="a standard deviation was given without its origin; 'sd_provenance' is "
                "needed. Add the line 'sd_provenance: reported'.",
            )
        if getattr(row, SPREADS[name]) is None:
            yield Contradiction(
                path=(name,),
                message=f"a standard deviation was given without its mean; '{SPREADS[name]}' is "
                "needed. Add the mean or delete the line.",
            )
    if row.sd_provenance is not None and is_read(row.sd_provenance) and not given:
        yield Contradiction(
            path=("sd_provenance",),
            message="the origin of a standard deviation was given without one; both or neither "
            "are allowed. Delete the line.",
        )


def _scores(row: PublishedResult) -> Iterator[Contradiction]:
    if row.mean_change is not None and row.mean_end is not None:
        yield Contradiction(
            path=("mean_end",),
            message="a change and an end score were given; a row has the one that was published. "
            "Delete the one that was computed, or write a second row for the other scale or visit.",
        )
    if row.scale is not None:
        return
    for name in (*_OF_SCALE, "reported_on"):
        if getattr(row, name) is not None or (name in COUNTED and name in row.percents):
            yield Contradiction(
                path=(name,) if getattr(row, name) is not None else ("percents", name),
                message=f"'{name}' was given without a scale; it belongs to one. Add 'scale'.",
            )


def _percentages(row: PublishedResult) -> Iterator[Contradiction]:
    if not is_read(row.adverse_events):
        return
    for name, percent in dict(row.percents).items():
        count, total = row.count(name), row.denominator_of(name)
        if count is None or not total or not is_read(count) or count > total:
            continue
        if abs(count / total - percent) > _ROUNDING:
            yield Contradiction(
                path=("percents", name),
                message=f"{100 * percent:g} % was given; {count} of {total} patients are "
                f"{100 * count / total:.1f} %. Correct one of the numbers.",
            )


def _recalled(row: PublishedResult) -> Iterator[Contradiction]:
    if not all(is_read(getattr(row, name)) for name in _MAPPINGS):
        return
    known = {name for name in _NUMBERS if getattr(row, name) is not None}
    known.update(*(getattr(row, name) for name in _MAPPINGS))
    for position, name in enumerate(row.recalled):
        if is_read(name) and name not in known:
            yield Contradiction(
                path=("recalled", position),
                message=f"'{name}' is no number of this row; what was recalled is one of them. "
                f"{nearest_hint(name, known)}",
            )
