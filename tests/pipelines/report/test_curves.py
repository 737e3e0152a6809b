"""Curves of the report beside those of statsmodels, made of the tables a patient at a time."""

import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import ROUND_OFF
from statsmodels.duration.survfunc import SurvfuncRight

from pipelines.report.curves import Kind, curve_pictures, read_curve, times_table, visit_days
from pipelines.report.draw_efficacy import ForestLine, draw_forest
from pipelines.report.run_data import read_run


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished.folder.root)


def stopping(run, cell):
    """Return the day on which each patient of an arm stopped treatment or was last seen."""
    adsl = pl.read_parquet(run.root / "tables" / "adsl.parquet")
    mine = adsl.filter(pl.col("TRT01PN") == cell.arm_number)
    end = visit_days(run)[run.visit]
    day = mine.select(pl.col("DCTDAY").floor() + 1).to_series().fill_null(end).to_numpy()
    happened = mine["DCTDAY"].is_not_null() & (mine["RESCODE"] == 0)
    return day, happened.to_numpy()


def test_a_curve_is_the_product_limit_with_its_patients_at_risk(run):
    days = visit_days(run)
    for cell in run.cells:
        day, happened = stopping(run, cell)
        curve = read_curve(run, cell, "TTDTRT", days)
        assert (curve.n, curve.n_events) == (len(day), happened.sum())
        referee = SurvfuncRight(day, happened)
        known = dict(zip(referee.surv_times, referee.surv_prob, strict=True))
        events = [one for one in referee.surv_times if one in day[happened]]
        assert list(curve.days[1:]) == events
        assert curve.survival[1:] == pytest.approx([known[one] for one in events], rel=ROUND_OFF)
        assert all(
            low <= one <= high
            for low, one, high in zip(curve.low, curve.survival, curve.high, strict=True)
        )
        assert dict(curve.at_risk) == {one: int((day >= one).sum()) for one in days.values()}


def test_a_curve_holds_between_its_days(run):
    curve = read_curve(run, run.cells[0], "TTDTRT", visit_days(run))
    for place, day in enumerate(curve.days[:-1]):
        assert curve.at(day) == curve.at(curve.days[place + 1] - 0.5)
    assert curve.at(10_000)[0] == curve.survival[-1]


def test_an_event_that_nobody_had_and_one_that_is_unknown_are_not_drawn(run):
    kind = Kind(name="TTNONE", key="a", title="A", what="with it", is_falling=False)
    assert list(curve_pictures(run, kind)) == []
    assert times_table(run, "a", "A", {"TTNONE": "None"}) is None


def test_the_table_says_what_the_results_say(run):
    table = times_table(run, "a", "A", {"TTAE": "Any adverse event"})
    rows = pl.read_parquet(run.root / "tables" / "results.parquet").filter(
        (pl.col("analysis") == "time to event") & (pl.col("variable") == "TTAE")
    )
    for cell, line in zip(run.cells, table.rows[1:], strict=True):
        mine = rows.filter(pl.col("group1_level") == cell.arm)
        (events,) = mine.filter(pl.col("stat_name") == "n_event")["stat"]
        assert line.cells[:2] == ("40", f"{events:.0f}")
        ratio = mine.filter(pl.col("context") == "survival_coxph")
        named = dict(ratio.select("stat_name", "stat").iter_rows())
        expected = "control" if cell.is_control else (
            f"{named['estimate']:.2f} ({named['conf.low']:.2f} to {named['conf.high']:.2f})"
        )  # fmt: skip
        assert line.cells[3] == expected
    assert np.isfinite(rows["stat"].drop_nulls().to_numpy()).all()


def test_an_interval_of_two_patients_does_not_make_all_others_unreadable():
    usual = [ForestLine(label=str(n), value=-2.0, low=-5.0, high=1.0) for n in range(8)]
    far = ForestLine(label="few", value=-30.0, low=-70.0, high=10.0)
    axis = draw_forest([*usual, far], axis_label="points").axes[0]
    assert axis.get_xlim()[1] < 15
    arrows = [one.get_marker() for one in axis.get_lines() if one.get_marker() in ("<", ">")]
    assert arrows == ["<", ">"]
    everybody = draw_forest(usual, axis_label="points").axes[0]
    assert everybody.get_xlim()[1] > 5
    assert not [one for one in everybody.get_lines() if one.get_marker() in ("<", ">")]
