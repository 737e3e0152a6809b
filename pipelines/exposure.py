"""Exposure and response: outcomes by quartile of each compound's level and each target's occupancy.

Exposure of a person is the mean over the visits after baseline at which it was measured. Quartiles
are of all persons whose exposure is above zero, arms together; they are groups by chance and dose,
not randomised ones.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.inference.distributions import student_quantile
from pipelines.adam import TrialFacts
from pipelines.definitions import Endpoint
from pipelines.intervals import wilson
from pipelines.roster import Roster, read_roster, scan_variant
from pipelines.schema import polars_schema

__all__ = ["EXPOSURES", "exposure_response"]

EXPOSURES: Final = ("C_", "O_")
"""First letters of the codes that are exposures: concentrations, in ADPC; occupancies, in ADLB."""

ANY_EVENT: Final = "Any adverse event"
_LEVEL: Final = 0.95
_N_QUARTILE: Final = 4
_FEWEST: Final = 2
_LEAST: Final = 1e-6
"""Exposures below are of persons who take nothing of the kind, whatever the unit."""

Row = dict[str, Any]
Floats = NDArray[np.float64]


def exposure_response(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return change, response and adverse events by quartile of exposure.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Arms and variants of the trial.

    Returns
    -------
    The table `exposure_response` of `pipelines.schema`.

    Examples
    --------
    >>> exposure_response.__module__  # run by tests/pipelines/test_exposure.py: it reads files
    'pipelines.exposure'
    """
    rows: list[Row] = []
    for variant in range(1, max(len(facts.variants), 1) + 1):
        rows += _variant_rows(tables, facts, variant)
    table = facts.tables["exposure_response"]
    schema = polars_schema(table)
    kept = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort(table.key)


def _variant_rows(tables: Path, facts: TrialFacts, variant: int) -> Iterator[Row]:
    roster = read_roster(tables, facts, variant)
    shared = {
        "variant": facts.variants[variant - 1] if facts.variants else "",
        "variant_number": variant,
    }
    outcomes = [_scores(tables, facts, variant, roster, one.name) for one in _endpoints(facts)]
    events = _events(tables, facts, variant, roster)
    for code, unit, exposure in _exposures(tables, facts, variant, roster):
        exposed = np.flatnonzero(np.nan_to_num(exposure) > _LEAST)
        if len(exposed) < _N_QUARTILE:
            continue
        amounts = exposure[exposed]
        bounds = np.unique(np.quantile(amounts, [0.25, 0.5, 0.75]))
        quartiles = np.searchsorted(bounds, amounts, side="left") + 1
        for quartile in np.unique(quartiles):
            people = exposed[quartiles == quartile]
            mine = exposure[people]
            about = {
                **shared,
                "exposure": code,
                "unit": unit,
                "quartile": int(quartile),
                "exposure_low": float(mine.min()),
                "exposure_median": float(np.median(mine)),
                "exposure_high": float(mine.max()),
            }
            for row in _outcomes(people, outcomes, events, facts, len(roster)):
                yield {**about, **row}


def _endpoints(facts: TrialFacts) -> Sequence[Endpoint]:
    return facts.definitions.endpoints


def _terms(facts: TrialFacts) -> list[str]:
    """Return the terms of the trial, each once: several events may have one term."""
    return list(dict.fromkeys(one.term for one in facts.definitions.events))


def _exposures(
    tables: Path, facts: TrialFacts, variant: int, roster: Roster
) -> Iterator[tuple[str, str, Floats]]:
    """Yield code, unit and every patient's mean over visits, NaN where it was not measured."""
    is_exposure = pl.any_horizontal(pl.col("PARAMCD").str.starts_with(one) for one in EXPOSURES)
    both = (scan_variant(tables, name, facts, variant) for name in ("adlb", "adpc"))
    levels = pl.concat(both, how="diagonal").filter(
        is_exposure & pl.col("ABLFL").is_null() & pl.col("AVAL").is_not_null()
    )
    kinds = levels.select("PARAMCD", "AVALU").unique().collect(engine="streaming")
    weeks = levels.select("AVISITN").unique().collect(engine="streaming")["AVISITN"].sort()
    for code, unit in kinds.sort("PARAMCD", "AVALU").iter_rows():
        total, count = np.zeros(len(roster)), np.zeros(len(roster), dtype=np.int64)
        # visit by visit: at most one value a patient is in memory, and the order of sums is fixed
        for week in weeks:
            mine = levels.filter((pl.col("PARAMCD") == code) & (pl.col("AVISITN") == week))
            place, values = roster.placed(mine.select("arm", "number", "AVAL"))
            total[place] += values["AVAL"].to_numpy()
            count[place] += 1
        with np.errstate(invalid="ignore"):
            yield code, unit, total / np.where(count, count, np.nan)


def _scores(
    tables: Path, facts: TrialFacts, variant: int, roster: Roster, endpoint: str
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the change at the last visit, NaN where there is none, and who responded."""
    scores = (
        scan_variant(tables, "adqs", facts, variant)
        .filter(pl.col("ABLFL").is_null() & pl.col("ANL01FL").is_not_null())
        .filter(pl.col("AVISITN") == pl.col("AVISITN").max())
        .filter(pl.col("PARAMCD") == endpoint)
        .select("arm", "number", "CHG", response=(pl.col("CRIT1FL") == "Y").fill_null(value=False))
    )
    change, response = np.full(len(roster), np.nan), np.zeros(len(roster), dtype=bool)
    place, values = roster.placed(scores)
    change[place] = values["CHG"].to_numpy()
    response[place] = values["response"].to_numpy()
    return change, response


def _events(
    tables: Path, facts: TrialFacts, variant: int, roster: Roster
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who had what, each pair once: places in the roster and numbers of terms."""
    terms = _terms(facts)
    events = scan_variant(tables, "adae", facts, variant).select(
        "arm", "number", term=pl.col("AEDECOD").cast(pl.Enum(terms), strict=False).to_physical()
    )
    place, values = roster.placed(events)
    n_term = len(terms) + 1
    number = values["term"].cast(pl.Int64).fill_null(len(terms)).to_numpy()
    pairs = np.unique(place * n_term + number)
    return pairs // n_term, pairs % n_term


def _outcomes(
    people: NDArray[np.int64],
    outcomes: Sequence[tuple[Floats, NDArray[np.bool_]]],
    events: tuple[NDArray[np.int64], NDArray[np.int64]],
    facts: TrialFacts,
    n_patient: int,
) -> Iterator[Row]:
    for endpoint, (change, response) in zip(_endpoints(facts), outcomes, strict=True):
        known = change[people]
        row = _mean(known[np.isfinite(known)])
        yield {"kind": "change", "outcome": endpoint.name, **row}
        count = int(response[people].sum())
        yield {"kind": "response", "outcome": endpoint.name, **_share(count, len(people))}
    is_in = np.zeros(n_patient, dtype=bool)
    is_in[people] = True
    who, what = events
    mine = is_in[who]
    terms = _terms(facts)
    counts = [len(np.unique(who[mine])), *np.bincount(what[mine], minlength=len(terms))]
    for term, count in zip((ANY_EVENT, *terms), counts[: len(terms) + 1], strict=True):
        yield {"kind": "adverse event", "outcome": term, **_share(int(count), len(people))}


def _mean(changes: Floats) -> Row:
    n = len(changes)
    row: Row = {"n": n, "value_unit": "points", "value": float(changes.mean()) if n else None}
    if n < _FEWEST:
        return row
    half = student_quantile(0.5 + _LEVEL / 2, n - 1) * float(changes.std(ddof=1)) / np.sqrt(n)
    return {**row, "low": row["value"] - half, "high": row["value"] + half}


def _share(count: int, n: int) -> Row:
    share = wilson(count, n)
    low, middle, high = (
        None if one is None else 100 * one for one in (share.low, share.estimate, share.high)
    )
    return {"n": n, "value_unit": "%", "value": middle, "low": low, "high": high}
