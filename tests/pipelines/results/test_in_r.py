"""Statistics computed again by R from the subject-level rows: survival, and least squares by lm."""

import math

import polars as pl
import pytest
from pipelines_tolerances import QUANTILE
from r_scripts import require_r, run_r

ARM, CONTROL = "drug 40 mg", "placebo"

SCRIPT = r"""
folder <- commandArgs(trailingOnly = TRUE)[1]
library(survival)
times <- read.csv(file.path(folder, "times.csv"))
scores <- read.csv(file.path(folder, "scores.csv"))
days <- c(8, 29, 57)
of <- function(mine) {
  mine$drug <- as.integer(mine$arm == "drug 40 mg")
  curve <- summary(survfit(Surv(time, event) ~ 1, mine[mine$drug == 1, ], conf.type = "log-log"),
                   times = days, extend = TRUE)
  test <- survdiff(Surv(time, event) ~ drug, mine)
  cox <- summary(coxph(Surv(time, event) ~ drug, mine, ties = "efron"))
  list(estimate = curve$surv, low = curve$lower, high = curve$upper, risk = curve$n.risk,
       chisq = test$chisq, ratio = cox$coefficients[1, 1], error = cox$coefficients[1, 3])
}
fit <- lm(CHG ~ BASE + relevel(factor(arm), "placebo"), scores)
effects <- summary(fit)$coefficients
row <- grep("drug 40 mg", rownames(effects))
bounds <- confint(fit)[row, ]
found <- c(lapply(split(times, times$kind), of),
           list(ancova = list(estimate = effects[row, 1], error = effects[row, 2],
                              p = effects[row, 4], low = bounds[[1]], high = bounds[[2]])))
cat(jsonlite::toJSON(found, digits = NA, auto_unbox = TRUE))
"""


@pytest.fixture(scope="module")
def in_r(made, tmp_path_factory):
    """What R makes of the same rows."""
    require_r("survival", "jsonlite")
    folder = tmp_path_factory.mktemp("in_r")
    rows_of_times(made).write_csv(folder / "times.csv")
    made.read("adqs").filter(AVISIT="week 8", PARAMCD="MADRS", ANL01FL="Y").select(
        pl.col("TRTP").alias("arm"), "BASE", "CHG"
    ).write_csv(folder / "scores.csv")
    return run_r(folder, SCRIPT, folder)


def rows_of_times(made):
    """Return a row a person and kind of event: arm, time, whether it happened."""
    first = {}
    for person, day in made.read("adae").select("USUBJID", "ASTDY").iter_rows():
        first[person] = min(day, first.get(person, math.inf))
    rows = []
    for row in made.read("adsl").filter(pl.col("ARM").is_in([ARM, CONTROL])).to_dicts():
        left = row["DCDAY"] is not None
        last = math.floor(row["DCDAY"]) + 1 if left else 57
        gone = left and row["RESCODE"] == 0
        day = first.get(row["USUBJID"], math.inf)
        rows.append(("TTDSTDY", row["ARM"], last, int(gone)))
        rows.append(("TTAE", row["ARM"], min(day, last), int(day <= last)))
    return pl.DataFrame(rows, schema=["kind", "arm", "time", "event"], orient="row")


@pytest.mark.parametrize("kind", ["TTDSTDY", "TTAE"])
def test_curves_and_their_intervals_are_those_of_r(made, in_r, kind):
    where = {"analysis": "time to event", "variable": kind, "group1_level": ARM}
    for place, week in enumerate((1, 4, 8)):
        found = made.stats(group2_level=f"week {week}", **where)
        for name, theirs in (("estimate", "estimate"), ("conf.low", "low"), ("conf.high", "high")):
            assert found[name] == pytest.approx(in_r[kind][theirs][place], rel=QUANTILE), name
        assert found["n.risk"] == in_r[kind]["risk"][place]


@pytest.mark.parametrize("kind", ["TTDSTDY", "TTAE"])
def test_log_rank_and_cox_are_those_of_r(made, in_r, kind):
    where = {"analysis": "time to event", "variable": kind, "group1_level": ARM}
    test = made.stats(context="survival_survdiff", **where)
    assert test["statistic"] == pytest.approx(in_r[kind]["chisq"], rel=QUANTILE)
    cox = made.stats(context="survival_coxph", **where)
    assert math.log(cox["estimate"]) == pytest.approx(in_r[kind]["ratio"], rel=QUANTILE)
    assert cox["std.error"] == pytest.approx(in_r[kind]["error"], rel=QUANTILE)


def test_baseline_adjusted_differences_are_those_of_lm(made, in_r):
    found = made.stats(
        analysis="contrasts",
        context="ancova",
        group1_level=ARM,
        group2_level="MADRS",
        group3_level="week 8",
    )
    names = {"estimate": "estimate", "std.error": "error", "p.value": "p"}
    names |= {"conf.low": "low", "conf.high": "high"}
    for name, theirs in names.items():
        assert found[name] == pytest.approx(in_r["ancova"][theirs], rel=QUANTILE), name
