"""Streamed counts beside the same counted a patient at a time."""

import math
from collections import Counter

import numpy as np
import polars as pl
import pytest

from pipelines.report.counts import changes, deaths, disposition, failures, together
from pipelines.report.model_numbers import mark_counts, read_model_numbers
from pipelines.report.run_data import read_run


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished.folder.root)


@pytest.fixture(scope="module")
def subjects(run):
    return pl.read_parquet(run.root / "tables" / "adsl.parquet").to_dicts()


def test_everybody_is_counted_once_in_the_flow(run, subjects):
    found, why = disposition(run), failures(run)
    for cell in run.cells:
        mine = [row for row in subjects if row["TRT01PN"] == cell.arm_number]
        one = found[cell.key]
        assert one["n"] == len(mine) == one["completed"] + one["left"] + one["failed"]
        assert one["failed"] == sum(row["RESCODE"] != 0 for row in mine) > 0
        assert one["treated"] == sum(row["SAFFL"] == "Y" for row in mine)
        left = [row["DCSREAS"].lower() for row in mine if row["DCSREAS"] and not row["RESCODE"]]
        assert one["reasons"] == Counter(left)
        stopped = [row for row in mine if row["EOTSTT"] == "DISCONTINUED" and not row["RESCODE"]]
        assert one["left_treatment"] == len(stopped)
        treated = [row for row in mine if row["SAFFL"] == "Y"]
        assert one["doses_taken"] == sum(row["DOSETKN"] for row in treated)
        assert one["doses_planned"] == sum(row["DOSEPLN"] for row in treated)
        assert why[cell.key] == Counter(row["RESTXT"] for row in mine if row["RESCODE"])


def test_the_dead_are_counted_as_patients(run):
    events = pl.read_parquet(run.root / "tables" / "adae.parquet")
    fatal = events.filter((pl.col("AEOUT") == "FATAL") & (pl.col("TRTEMFL") == "Y"))
    for cell in run.cells:
        mine = fatal.filter(pl.col("TRTAN") == cell.arm_number)
        assert deaths(run).get(cell.key, 0) == mine["USUBJID"].n_unique()


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
