"""Patients as numbers, and patients in parts: nothing depends on how a table is cut."""

from dataclasses import replace
from itertools import chain

import numpy as np
import polars as pl
import pytest

from pipelines import roster as rosters
from pipelines.analyses import analyses
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts
from pipelines.roster import Roster, read_roster, subject_ranges
from pipelines.summaries import ae_rates_by_arm, contrasts


@pytest.fixture(scope="module")
def facts(protocol):
    return trial_facts(protocol, read_definitions(protocol.endpoints, protocol.adverse_events))


def copy(source, target, *columns, **options):
    for name in ("adsl", "adqs", "adae", "adlb"):
        frame = pl.read_parquet(source / f"{name}.parquet").with_columns(columns)
        frame.write_parquet(target / f"{name}.parquet", **options)
    return target


@pytest.fixture(scope="module")
def cut(finished, tmp_path_factory):
    """Return the finished tables with row groups of a few rows."""
    return copy(finished.folder.tables, tmp_path_factory.mktemp("cut"), row_group_size=7)


def test_ranges_part_the_patients(cut):
    ranges = subject_ranges(cut)
    subjects = pl.read_parquet(cut / "adsl.parquet")
    parts = [subjects.filter(one)["SUBJID"].to_list() for one in ranges]
    assert len(ranges) > 2
    assert sorted(chain(*parts)) == sorted(subjects["SUBJID"])
    assert max(map(len, parts)) < len(subjects) / 2


def test_sums_of_parts_are_those_of_the_whole(cut, finished, facts):
    whole = finished.folder.tables
    for make in (ae_rates_by_arm, contrasts):
        assert make(cut, facts).equals(make(whole, facts))


def test_pairs_of_parts_are_those_of_the_whole(finished, facts, tmp_path):
    # the same numbers in all arms, as in a counterfactual design
    number = (pl.lit("00") + pl.col("SUBJID").str.slice(2)).alias("SUBJID")
    found = []
    for size in (7, 100_000):
        (tmp_path / str(size)).mkdir()
        tables = copy(finished.folder.tables, tmp_path / str(size), number, row_group_size=size)
        found.append(contrasts(tables, replace(facts, is_paired=True)))
    assert found[0].equals(found[1])
    assert found[0]["n_arm"].min() > 0


def test_a_roster_keeps_the_first_of_each_arm():
    frame = pl.DataFrame({"arm": [1] * 6 + [2] * 3, "number": [6, 5, 4, 3, 2, 1, 9, 8, 7]})
    roster = Roster.of(frame, most=3)
    assert roster.frame.rows() == [(1, 1), (1, 2), (2, 7)]
    assert roster.n_left_out == 6


def test_rows_of_others_are_left_out():
    roster = Roster.of(pl.DataFrame({"arm": [1, 1], "number": [4, 2]}))
    rows = pl.DataFrame({"arm": [1, 2, 1], "number": [4, 4, 3], "x": [1.0, 2.0, 3.0]})
    place, found = roster.placed(rows.lazy())
    assert place.tolist() == [1]
    assert found["x"].to_list() == [1.0]


def test_an_analysis_of_fewer_says_so_and_is_that_of_those(finished, facts, monkeypatch):
    tables = finished.folder.tables
    n = len(read_roster(tables, facts, 1))
    monkeypatch.setattr(rosters.Roster.of, "__defaults__", (n // 2,))
    found = analyses(tables, facts).filter(endpoint="MADRS", visit="week 8")
    assert found["remark"].str.contains("further are not analysed").all(), found["remark"]
    assert found["n_control"].max() < n / 4
    assert np.isfinite(found["estimate"].to_numpy()).all()
