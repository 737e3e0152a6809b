"""The treatment of every record of a cross-over: periods by hand, on tables of the stand-in."""

from datetime import date

import numpy as np
import polars as pl
import pytest
import standin
from adam_frames import datasets_of

from cohort.trial import Protocol, trial_event_names
from pipelines.adam import adam_tables
from pipelines.definitions import read_definitions
from pipelines.exchange.plain import plain_table
from pipelines.periods import scan_subjects
from pipelines.plan import trial_facts
from pipelines.schema import TABLES, polars_schema
from pipelines.validate_tables.validate import validate_datasets

ARMS = {"drug first": ["drug", "placebo"], "placebo first": ["placebo", "drug"]}


def crossed(protocol, second):
    """Return a cross-over whose second period starts so many weeks in, and ends with week 8."""
    record = protocol.model_dump(mode="json", exclude_none=True)
    first_end = 8 - second  # both are as long
    drug = {"drug": "citalopram", "dose": "40 mg"}
    spans = {"drug first": (0, first_end), "placebo first": (second, 8)}
    arms = [
        {
            "name": name,
            "control": name == "drug first",
            "patients": 20,
            "sequence": sequence,
            "regimens": [
                {**drug, "start": f"week {spans[name][0]}", "stop": f"week {spans[name][1]}"}
            ],
        }
        for name, sequence in ARMS.items()
    ]
    periods = [
        {"name": "one", "start": "week 0", "stop": f"week {first_end}"},
        {"name": "two", "start": f"week {second}", "stop": "week 8"},
    ]
    return Protocol.model_validate({**record, "published": [], "arms": arms, "periods": periods})


def frames_of(trial):
    definitions = read_definitions(trial.endpoints, trial_event_names(trial))
    facts = trial_facts(trial, definitions)
    parts = []
    for number, arm in enumerate(ARMS, start=1):
        columns = standin.simulate(trial, arm, np.arange(1, 21) + 100 * number)
        parts.append(adam_tables(columns, arm, facts))
    return facts, {name: pl.concat([part[name] for part in parts]) for name in parts[0]}


@pytest.fixture(scope="module", params=[4, 6], ids=["no wash-out", "wash-out"])
def trial(protocol, request):
    return (*frames_of(crossed(protocol, request.param)), request.param)


def test_a_record_carries_the_treatment_of_its_period(trial):
    _, tables, _ = trial
    second = {6.0, 8.0}  # week 4 ends the first period, week 6 starts the second after a wash-out
    for name in ("adqs", "adlb", "adpc"):
        rows = tables[name].select("TRTSEQP", "AVISITN", "APERIOD", "TRTP", "TRTPN").unique()
        assert {row["APERIOD"] for row in rows.to_dicts()} == {1, 2}
        for row in rows.to_dicts():
            period = 2 if row["AVISITN"] in second else 1
            treatment = ARMS[row["TRTSEQP"]][period - 1]
            assert (row["APERIOD"], row["TRTP"]) == (period, treatment), row
            assert row["TRTPN"] == {"drug": 1, "placebo": 2}[treatment]


def test_doses_before_a_visit_are_of_the_period_before_it(trial):
    _, tables, second = trial
    rows = tables["adex"].filter(PARAMCD="DOSE").select("AVISITN", "APERIOD").unique()
    assert {row[0] for row in rows.filter(APERIOD=1).rows()} == {
        week for week in rows["AVISITN"] if week <= second
    }
    whole = tables["adex"].filter(PARCAT1="OVERALL")
    assert whole["APERIOD"].null_count() == whole["TRTP"].null_count() == len(whole) > 0


def test_an_event_is_of_the_period_of_its_onset(trial):
    _, tables, second = trial
    events = tables["adae"]
    first_day = 7 * second + 1
    assert len(events) > 0
    for row in events.to_dicts():
        period = 2 if row["ASTDY"] >= first_day else 1
        assert row["APERIOD"] == period
        assert row["TRTA"] == ARMS[row["TRTSEQA"]][period - 1]


def test_subjects_name_both_treatments_and_their_days(trial):
    _, tables, second = trial
    first = date(2001, 1, 1).toordinal()
    start = date.fromordinal(first + 7 * second)
    for row in tables["adsl"].to_dicts():
        assert [row["TRT01P"], row["TRT02A"]] == ARMS[row["TRTSEQP"]]
        assert row["TR01SDT"] == row["TRTSDT"]
        if row["TRTEDT"] is not None and row["TRTEDT"] >= start:
            assert row["TR02SDT"] == start
            assert row["TR02EDT"] == min(row["TRTEDT"], date(2001, 2, 25))
            assert row["TR01EDT"] == date.fromordinal(first + 7 * (8 - second) - 1)
        else:
            assert row["TR02SDT"] is None
            assert row["TR02EDT"] is None


def test_all_may_be_treated_to_the_same_day(protocol):
    trial = crossed(protocol, 4)
    facts = trial_facts(trial, read_definitions(trial.endpoints, trial_event_names(trial)))
    columns = standin.simulate(trial, "drug first", np.arange(1, 21))
    stay = {**columns["adsl"], "treatment_end_day": np.full(20, np.nan)}
    stay |= {"completed_treatment": np.full(20, True), "result_code": np.zeros(20, np.int16)}
    stay |= {"failure_time_h": np.full(20, np.nan), "doses_taken": np.ones(20, np.int64)}
    subjects = adam_tables({"adsl": stay}, "drug first", facts)["adsl"]
    assert set(subjects["TR01SDT"]) == {date(2001, 1, 1)}
    assert set(subjects["TR02EDT"]) == {date(2001, 2, 25)}


def test_tables_follow_their_schema_and_the_validator_finds_nothing(trial):
    facts, tables, _ = trial
    for name, frame in tables.items():
        assert dict(frame.schema) == polars_schema(facts.tables[name])
        assert frame.equals(frame.sort(facts.tables[name].key))
    said = {name: {"table": facts.tables[name], "labels": labels(facts, name)} for name in tables}
    assert validate_datasets(datasets_of(tables, **said)) == ()


def labels(facts, name):
    return {column.name: column.label for column in facts.tables[name].columns}


def test_summaries_read_the_arm_as_treatment(trial, tmp_path):
    _, tables, _ = trial
    for name, column in (("adsl", "TRT01P"), ("adqs", "TRTP"), ("adae", "TRTA")):
        tables[name].write_parquet(tmp_path / f"{name}.parquet")
        read = scan_subjects(tmp_path, name).select(column, f"{column}N").unique().collect()
        assert set(read.rows()) == {(arm, number) for number, arm in enumerate(ARMS, start=1)}


def test_trials_without_periods_keep_their_columns():
    assert "TRTSEQP" not in [column.name for column in TABLES["adsl"].columns]


def test_plain_words_tell_the_arm_from_the_treatment(trial):
    facts, tables, _ = trial
    names = {name: plain_table(facts.tables[name]).names for name in tables}
    assert (names["adqs"]["TRTP"], names["adqs"]["TRTSEQP"]) == ("treatment", "arm")
    assert (names["adae"]["TRTA"], names["adae"]["TRTSEQA"]) == ("treatment", "arm")
    assert names["adsl"]["TRT02P"] == "period_2_treatment"
    assert names["adsl"]["TR02EDT"] == "period_2_last_date"
    for words in names.values():
        assert len(set(words.values())) == len(words)
