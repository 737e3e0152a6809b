"""Times to events: each subject's own rows say when, and why not."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import standin

from cohort.trial import trial_event_names
from pipelines.adam import adam_tables
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts
from pipelines.schema.subjects import REFERENCE_DATE

IDS = np.arange(1, 67)


@pytest.fixture(scope="module")
def facts(protocol):
    return trial_facts(protocol, read_definitions(protocol.endpoints, trial_event_names(protocol)))


@pytest.fixture(scope="module")
def tables(protocol, facts):
    arm = protocol.arms[-1].name
    return adam_tables(standin.simulate(protocol, arm, IDS), arm, facts)


def times(tables, code):
    return {row["USUBJID"]: row for row in tables["adtte"].filter(PARAMCD=code).to_dicts()}


def test_every_subject_has_every_time_and_its_date(tables):
    rows = tables["adtte"]
    codes = {"TTDTRT", "TTDSTDY", "TTAE", "TTSAE", "TTRESP", "TTREMIS"}
    assert set(rows["PARAMCD"]) == codes  # no rescue in this trial
    assert len(rows) == len(codes) * len(IDS)
    for row in rows.to_dicts():
        assert row["STARTDT"] == REFERENCE_DATE
        assert row["ADT"] == REFERENCE_DATE + timedelta(days=row["AVAL"] - 1)
        assert (row["CNSR"] == 0) == (row["CNSDTDSC"] is None)


def test_times_to_discontinuation_are_the_last_days_of_treatment_and_study(tables):
    treatment, study = times(tables, "TTDTRT"), times(tables, "TTDSTDY")
    for subject in tables["adsl"].to_dicts():
        mine, trial = treatment[subject["USUBJID"]], study[subject["USUBJID"]]
        failed, left = subject["RESCODE"] != 0, subject["EOTSTT"] == "DISCONTINUED"
        expected = 2 if failed else 0 if left else 1
        assert mine["CNSR"] == trial["CNSR"] == expected
        if subject["SAFFL"] == "Y":
            assert mine["ADT"] == subject["TRTEDT"]
        assert trial["ADT"] == subject["EOSDT"]
        if not failed and left:
            assert mine["EVNTDESC"] == f"TREATMENT DISCONTINUED: {subject['DCTREAS']}"


@pytest.mark.parametrize(("code", "serious"), [("TTAE", False), ("TTSAE", True)])
def test_time_to_the_first_adverse_event_is_that_of_adae(tables, code, serious):
    found = times(tables, code)
    n_events = 0
    for who, row in found.items():
        mine = tables["adae"].filter(pl.col("USUBJID") == who, pl.col("TRTEMFL") == "Y")
        if serious:
            mine = mine.filter(AESER="Y")
        if len(mine):
            first = mine.sort("AESEQ").row(0, named=True)
            assert (row["CNSR"], row["AVAL"]) == (0, first["ASTDY"])
            assert (row["SRCDOM"], row["SRCSEQ"]) == ("ADAE", first["AESEQ"])
            n_events += 1
        else:
            assert row["CNSR"] in (1, 2)
            assert (row["SRCDOM"], row["SRCVAR"]) == ("ADSL", "EOSDT")
    assert n_events > 0


@pytest.mark.parametrize(("code", "flag"), [("TTRESP", "CRIT1FL"), ("TTREMIS", "CRIT2FL")])
def test_time_to_response_reads_observed_scores_of_the_primary_scale(tables, facts, code, flag):
    assert facts.primary_endpoint == "MADRS"
    for who, row in times(tables, code).items():
        seen = tables["adqs"].filter(
            pl.col("USUBJID") == who,
            pl.col("PARAMCD") == "MADRS",
            pl.col("DTYPE").is_null(),
            pl.col("ABLFL").is_null(),
            pl.col("AVAL").is_not_null(),
        )
        met = seen.filter(pl.col(flag) == "Y").sort("ADY")
        if len(met):
            assert (row["CNSR"], row["AVAL"]) == (0, met["ADY"][0])
            assert row["SRCSEQ"] == met["ASEQ"][0]
        else:
            last = seen["ADY"].max() if len(seen) else 1
            assert row["AVAL"] == last
            assert row["CNSR"] > 0


def test_blocks_do_not_show(protocol, facts, tables):
    arm = protocol.arms[-1].name
    parts = [
        adam_tables(standin.simulate(protocol, arm, part), arm, facts)
        for part in (IDS[:7], IDS[7:40], IDS[40:])
    ]
    for name in ("adsl", "adqs", "adlb", "adpc", "adex", "adae", "adtte"):
        assert pl.concat([part[name] for part in parts]).equals(tables[name]), name
