"""Exposure and response: outcomes by quartile of each compound's level and each target's occupancy.

Exposure of a person is the mean over the visits after baseline at which it was measured. Quartiles
are of all persons whose exposure is above zero, arms together; they are groups by chance and dose,
not randomised ones.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.inference.distributions import student_quantile
from pipelines.adam import TrialFacts
from pipelines.intervals import wilson
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


def _scan(tables: Path, name: str, facts: TrialFacts, variant: int) -> pl.LazyFrame:
    frame = pl.scan_parquet(tables / f"{name}.parquet")
    return frame.filter(pl.col("VARIANTN") == variant) if facts.variants else frame


def _variant_rows(tables: Path, facts: TrialFacts, variant: int) -> Iterator[Row]:
    is_exposure = pl.any_horizontal(pl.col("PARAMCD").str.starts_with(one) for one in EXPOSURES)
    levels = (
        pl.concat(_scan(tables, name, facts, variant) for name in ("adlb", "adpc"))
        .filter(is_exposure & pl.col("ABLFL").is_null() & pl.col("AVAL").is_not_null())
        .select("USUBJID", "PARAMCD", "AVALU", "AVISITN", "AVAL")
        .sort("PARAMCD", "USUBJID", "AVISITN")
        .collect(engine="streaming")
    )
    scores = (
        _scan(tables, "adqs", facts, variant)
        .filter(pl.col("ABLFL").is_null() & pl.col("ANL01FL").is_not_null())
        .filter(pl.col("AVISITN") == pl.col("AVISITN").max())
        .select("USUBJID", "PARAMCD", "CHG", response=pl.col("CRIT1FL") == "Y")
        .collect(engine="streaming")
    )
    events = (
        _scan(tables, "adae", facts, variant)
        .select("USUBJID", "AEDECOD")
        .unique()
        .collect(engine="streaming")
    )
    shared = {
        "variant": facts.variants[variant - 1] if facts.variants else "",
        "variant_number": variant,
    }
    for (code, unit), mine in levels.group_by("PARAMCD", "AVALU", maintain_order=True):
        exposed = (
            mine.group_by("USUBJID", maintain_order=True)
            .agg(pl.col("AVAL").mean())
            .filter(pl.col("AVAL") > _LEAST)
            .sort("USUBJID")
        )
        if len(exposed) < _N_QUARTILE:
            continue
        for quartile, part in _quartiles(exposed):
            amounts = part["AVAL"].to_numpy()
            about = {
                **shared,
                "exposure": code,
                "unit": unit,
                "quartile": quartile,
                "exposure_low": float(amounts.min()),
                "exposure_median": float(np.median(amounts)),
                "exposure_high": float(amounts.max()),
            }
            for row in _outcomes(part, scores, events, facts):
                yield {**about, **row}


def _quartiles(exposed: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    amounts = exposed["AVAL"].to_numpy()
    bounds = np.unique(np.quantile(amounts, [0.25, 0.5, 0.75]))
    place = np.searchsorted(bounds, amounts, side="left") + 1
    for quartile in np.unique(place):
        yield int(quartile), exposed.filter(pl.Series(place == quartile))


def _outcomes(
    part: pl.DataFrame, scores: pl.DataFrame, events: pl.DataFrame, facts: TrialFacts
) -> Iterator[Row]:
    people = part.select("USUBJID")
    mine = scores.join(people, on="USUBJID", how="semi").sort("USUBJID")
    for endpoint in (one.name for one in facts.definitions.endpoints):
        found = mine.filter(pl.col("PARAMCD") == endpoint)
        yield {"kind": "change", "outcome": endpoint, **_mean(found["CHG"].to_numpy())}
        count = int(found["response"].fill_null(value=False).sum())
        yield {"kind": "response", "outcome": endpoint, **_share(count, len(people))}
    had = events.join(people, on="USUBJID", how="semi")
    terms = [one.term for one in facts.definitions.events]
    for term in (ANY_EVENT, *terms):
        rows = had if term == ANY_EVENT else had.filter(pl.col("AEDECOD") == term)
        yield {
            "kind": "adverse event",
            "outcome": term,
            **_share(rows["USUBJID"].n_unique(), len(people)),
        }


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
