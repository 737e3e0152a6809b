"""Streamed counts beside the same counted a patient at a time."""

import math
from collections import Counter

import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT

from pipelines.report.counts import (
    changes,
    disposition,
    event_free,
    on_treatment,
    severities,
    spreads,
    together,
)
from pipelines.report.model_numbers import mark_counts, read_model_numbers
from pipelines.report.run_data import read_run


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished.folder.root)


@pytest.fixture(scope="module")
def subjects(run):
    return pl.read_parquet(run.root / "tables" / "adsl.parquet").to_dicts()


def test_everybody_is_counted_once_in_the_flow(run, subjects):
    found = disposition(run)
    for cell in run.cells:
        mine = [row for row in subjects if row["TRT01PN"] == cell.arm_number]
        one = found[cell.key]
        assert one["n"] == len(mine) == one["completed"] + one["left"] + one["failed"]
        assert one["failed"] == sum(row["RESCODE"] != 0 for row in mine) > 0
        assert one["treated"] == sum(row["SAFFL"] == "Y" for row in mine)
        left = [row["DCSREAS"].lower() for row in mine if row["DCSREAS"] and not row["RESCODE"]]
        assert one["reasons"] == Counter(left)
        assert sum(one["failures"].values()) == one["failed"]


def test_spreads_are_those_of_numpy(run, subjects):
    found = spreads(run.scan("adsl"), ("TRT01PN", "VARIANTN"), "AGE", run)
    for cell in run.cells:
        ages = np.array([row["AGE"] for row in subjects if row["TRT01PN"] == cell.arm_number])
        one = found[cell.key]
        assert one.mean == pytest.approx(ages.mean(), abs=FIXED_POINT)
        assert one.sd == pytest.approx(ages.std(ddof=1), abs=FIXED_POINT)
        assert (one.first, one.median, one.third) == pytest.approx(
            tuple(np.quantile(ages, [0.25, 0.5, 0.75]))
        )


def test_changes_hold_each_analysed_patient(run):
    rows = pl.read_parquet(run.root / "tables" / "adqs.parquet").filter(
        (pl.col("PARAMCD") == run.endpoint)
        & (pl.col("AVISIT") == run.visit)
        & (pl.col("ANL01FL") == "Y")
    )
    for cell in run.cells:
        mine = rows.filter(pl.col("TRTPN") == cell.arm_number)["CHG"].to_list()
        values, numbers = changes(run)[cell.key]
        assert Counter(mine) == dict(zip((values / 10).tolist(), numbers.tolist(), strict=True))


def test_curves_count_the_same_patients_as_the_tables(run, subjects):
    staying, free = on_treatment(run), event_free(run)
    events = pl.read_parquet(run.root / "tables" / "adae.parquet").filter(pl.col("TRTEMFL") == "Y")
    with_event = set(events["USUBJID"])
    worst = severities(run)
    for cell in run.cells:
        mine = [
            row for row in subjects if row["TRT01PN"] == cell.arm_number and row["SAFFL"] == "Y"
        ]
        stopped = sum(row["EOTSTT"] == "DISCONTINUED" and not row["RESCODE"] for row in mine)
        assert (staying[cell.key].n, staying[cell.key].n_events) == (len(mine), stopped)
        had = sum(row["USUBJID"] in with_event for row in mine)
        assert (free[cell.key].n, free[cell.key].n_events) == (len(mine), had)
        total = sum(worst[cell.key][name] for name in ("MILD", "MODERATE", "SEVERE"))
        everyone = {row["USUBJID"] for row in subjects if row["TRT01PN"] == cell.arm_number}
        assert total == len(everyone & with_event)


def test_two_quantities_together_are_those_of_the_same_patients(run):
    found = together(run, "SERTOCC", "EC5HT")
    rows = (
        pl.read_parquet(run.root / "tables" / "adlb.parquet")
        .filter((pl.col("AVISIT") == run.visit) & (pl.col("AVAL") > 0))
        .pivot(on="PARAMCD", index=["USUBJID", "TRTPN"], values="AVAL")
        .drop_nulls(["SERTOCC", "EC5HT"])
    )
    assert found.n == len(rows) == found.counts.sum()
    both = np.log(rows.select("SERTOCC", "EC5HT").to_numpy())
    assert found.correlations[None] == pytest.approx(np.corrcoef(both.T)[0, 1], abs=1e-8)
    for cell in run.cells:
        mine = both[(rows["TRTPN"] == cell.arm_number).to_numpy()]
        expected = np.corrcoef(mine.T)[0, 1]
        assert found.correlations[cell.key] == pytest.approx(expected, abs=1e-8)
    assert together(run, "SERTOCC", "NOTHING") is None
    assert not any(math.isnan(one) for one in found.correlations.values())


def test_numbers_of_the_model_are_all_read_with_their_marks(run):
    path = run.root / "parameters.txt"
    last = path.read_text().splitlines()[-1]
    numbers = read_model_numbers(path)
    counts = mark_counts(numbers)
    assert last == f"{len(numbers)} numbers, {counts['assumed']} of them assumed"
    assert sum(counts.values()) == len(numbers) > 0
