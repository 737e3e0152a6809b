import numpy as np
import polars as pl
import pytest
import standin
from pipelines_tolerances import ROUND_OFF

from cohort.trial import trial_event_names
from pipelines.adam import adam_tables
from pipelines.definitions import read_definitions
from pipelines.errors import ExecutionError
from pipelines.plan import trial_facts
from pipelines.schema import TABLES, polars_schema
from pipelines.schema.subjects import REFERENCE_DATE

IDS = np.arange(1, 34)


@pytest.fixture(scope="module")
def facts(protocol):
    return trial_facts(protocol, read_definitions(protocol.endpoints, trial_event_names(protocol)))


@pytest.fixture(scope="module")
def columns(protocol):
    return standin.simulate(protocol, "placebo", IDS, trajectory_ids=frozenset({4}))


@pytest.fixture(scope="module")
def tables(columns, facts):
    return adam_tables(columns, "placebo", facts)


def test_every_table_has_exactly_the_columns_of_the_schema(tables):
    for name, frame in tables.items():
        assert dict(frame.schema) == polars_schema(TABLES[name])


def test_a_failed_patient_keeps_all_rows_and_its_code(tables):
    subjects = tables["adsl"]
    failed = subjects.filter(subjects["RESCODE"] != 0)
    assert failed["SUBJID"].to_list() == ["000000003", "000000014", "000000025"]
    assert set(failed["RESTXT"]) == {"non_finite: a state became NaN"}
    assert set(failed["DCSREAS"]) == {"SOLVER FAILURE"}
    assert set(failed["COMPLFL"]) == {"N"}
    rows = tables["adqs"].filter(tables["adqs"]["SUBJID"] == "000000003")
    assert len(rows) == 6 * 3
    assert rows["AVAL"].null_count() > 0


def test_a_trial_without_events_has_an_empty_table_of_them(columns, facts):
    for nothing in ({}, {"patient_id": np.array([], dtype=np.int64)}):
        empty = adam_tables({**columns, "adae": nothing}, "placebo", facts)["adae"]
        assert len(empty) == 0
        assert dict(empty.schema) == polars_schema(TABLES["adae"])


def test_covariates_of_people_reach_the_subjects(columns, tables):
    subjects = tables["adsl"]
    assert subjects["SMOKER"].replace({"Y": "yes", "N": "no"}).to_list() == list(
        columns["adsl"]["smoker"]
    )
    assert subjects["SMOKER"].n_unique() == 2
    assert subjects["CRCL"].to_list() == list(columns["adsl"]["crcl_ml_min"])
    assert subjects["COMT"].to_list() == list(columns["adsl"]["comt"])
    assert subjects["MAOA"].to_list() == list(columns["adsl"]["maoa"])


def test_dates_count_from_the_reference_date_and_days_from_one(tables):
    subjects, scores, events = (tables[name] for name in ("adsl", "adqs", "adae"))
    assert subjects["RANDDT"].unique().to_list() == [REFERENCE_DATE]
    treated = subjects.filter(SAFFL="Y")
    days = (treated["TRTEDT"] - treated["TRTSDT"]).dt.total_days() + 1
    assert days.to_list() == treated["TRTDURD"].to_list()
    assert subjects.filter(SAFFL="N")["TRTSDT"].null_count() == len(subjects) - len(treated)
    for frame, date, day in ((scores, "ADT", "ADY"), (events, "ASTDT", "ASTDY")):
        apart = (frame[date] - REFERENCE_DATE).dt.total_days() + 1
        assert apart.to_list() == frame[day].to_list()
        assert (frame[day] != 0).all()


def test_who_fails_before_the_first_dose_is_not_treated(columns, facts):
    subjects = dict(columns["adsl"])
    early = subjects["patient_id"] == 3
    subjects["failure_time_h"] = np.where(early, -30.0, subjects["failure_time_h"])
    tables = adam_tables({**columns, "adsl": subjects}, "placebo", facts)
    (mine,) = tables["adsl"].filter(SUBJID="000000003").to_dicts()
    assert (mine["SAFFL"], mine["ITTFL"], mine["EOSSTT"]) == ("N", "Y", "DISCONTINUED")
    assert [mine[name] for name in ("TRTSDT", "TRTEDT", "TRTDURD")] == [None] * 3
    assert mine["EOSDT"] == REFERENCE_DATE
    assert len(tables["adex"].filter(SUBJID="000000003")) == 0
    times = tables["adtte"].filter(SUBJID="000000003", PARAMCD="TTDTRT")
    assert times.select("AVAL", "CNSR", "EVNTDESC").rows() == [(1.0, 2, "SOLVER FAILURE")]


def test_a_unit_in_which_nobody_is_treated_has_no_exposure(columns, facts):
    nobody = {**columns["adsl"], "doses_taken": np.zeros(len(IDS), np.int64)}
    tables = adam_tables({**columns, "adsl": nobody}, "placebo", facts)
    assert set(tables["adsl"]["SAFFL"]) == {"N"}
    assert len(tables["adex"]) == 0
    assert tables["adae"]["TRTEMFL"].null_count() == len(tables["adae"]) > 0


@pytest.mark.parametrize(
    ("ancestry", "race", "group", "origin"),
    [
        ("white", "WHITE", "WHITE", "NOT HISPANIC OR LATINO"),
        ("black", "BLACK OR AFRICAN AMERICAN", "BLACK", "NOT HISPANIC OR LATINO"),
        ("hispanic", "UNKNOWN", "HISPANIC", "HISPANIC OR LATINO"),
        ("", None, None, None),
    ],
)
def test_race_is_a_term_of_cdisc_and_hispanic_origin_stands_apart(
    columns, facts, ancestry, race, group, origin
):
    subjects = {**columns["adsl"], "ancestry": np.full(len(IDS), ancestry)}
    frame = adam_tables({"adsl": subjects}, "placebo", facts)["adsl"]
    assert frame.select("RACE", "RACEGR1", "ETHNIC").row(0) == (race, group, origin)


def test_ages_and_body_mass_are_grouped(columns, facts):
    n = len(IDS)
    ages, masses = [17.9, 18.0, 64.9, 65.0, 80.9, 81.0], [24.9, 25.0, 29.9, 30.0]
    subjects = {
        **columns["adsl"],
        "age_y": np.array([*ages, *[40.0] * (n - 6)]),
        "bmi": np.array([*masses, *[np.nan] * (n - 4)]),
    }
    frame = adam_tables({"adsl": subjects}, "placebo", facts)["adsl"]
    expected = ["<18", "18-64", "18-64", "65-80", "65-80", ">80"]
    assert frame["AGEGR1"].to_list()[:6] == expected
    assert frame["AGEGR1N"].to_list()[:6] == [1, 2, 2, 3, 3, 4]
    assert frame["BMIBLGR1"].to_list()[:5] == ["<25", "25-<30", "25-<30", ">=30", None]


def test_codes_of_compounds_are_short_and_their_names_whole(tables):
    levels = tables["adpc"].select("PARAMCD", "PARAM", "PARAMN").unique().sort("PARAMN").rows()
    assert levels == [
        ("C_SCITAL", "Concentration of s_citalopram (ng/mL)", 1),
        ("C_RCITAL", "Concentration of r_citalopram (ng/mL)", 2),
    ]
    assert set(tables["adlb"]["PARAM"]) == {
        "Occupancy of SERT (1)",
        "Extracellular serotonin (nmol/L)",
    }


def test_laboratory_values_carry_their_reference_range_by_sex(columns, facts):
    markers = columns["adlb"]
    first = markers["biomarker"][0]
    is_first = markers["biomarker"] == first
    values = np.where(is_first, 20.0, markers["value"])  # prolactin: up to 29, in men 18 ng/mL
    low = is_first & (markers["visit_number"] > 0) & (markers["patient_id"] == 2)
    changed = {
        **markers,
        "biomarker": np.where(is_first, "PRLCTN", markers["biomarker"]),
        "unit": np.where(is_first, "ng/mL", markers["unit"]),
        "value": np.where(low, 1.9, values),
        "baseline": np.where(is_first, 20.0, markers["baseline"]),
    }
    made = adam_tables({**columns, "adlb": changed}, "placebo", facts)
    sexes = made["adsl"].select("USUBJID", "SEX")
    rows = made["adlb"].join(sexes, on="USUBJID").filter(PARAMCD="PRLCTN")
    found = rows.select("SEX", "ANRLO", "ANRHI", "BNRIND").unique().sort("SEX").rows()
    assert found == [("F", 2.0, 29.0, "NORMAL"), ("M", 2.0, 18.0, "HIGH")]
    later = rows.filter(pl.col("ABLFL").is_null(), SUBJID="000000002")
    assert set(later["ANRIND"]) == {"LOW"}
    others = made["adlb"].filter(pl.col("PARAMCD") != "PRLCTN")
    assert others["ANRIND"].null_count() == others["ANRHI"].null_count() == len(others) > 0


def test_exposure_is_counted_between_visits_and_over_the_treatment(columns, tables):
    subject = tables["adsl"].filter(SUBJID="000000001").to_dicts()[0]
    mine = tables["adex"].filter(SUBJID="000000001")
    values = dict(mine.filter(PARCAT1="OVERALL").select("PARAMCD", "AVAL").iter_rows())
    assert values["TDURD"] == subject["TRTDURD"]
    assert values["TDOSE"] == subject["DOSECUM"]
    assert values["TNDUE"] == min(subject["TRTDURD"], 56)
    assert values["TPDOSE"] == 10 * values["TNDUE"]
    assert values["AVDDSE"] == pytest.approx(values["TDOSE"] / values["TDURD"], rel=ROUND_OFF)
    between = mine.filter(PARAMCD="PLDOSE").sort("AVISITN")
    assert between["AVAL"].sum() == values["TPDOSE"]
    assert between["AENDY"].max() == subject["TRTDURD"]
    assert between["ASTDY"].to_list() == [1, *(between["AENDY"] + 1).to_list()[:-1]]
    # one patient in five had a dose changed
    questions = tables["adex"].filter(PARAMCD="TADJ")
    changed = {f"{number:09d}" for number in IDS if number % 5 == 0}
    assert set(questions.filter(AVALC="Y")["SUBJID"]) == changed & set(questions["SUBJID"])


def test_nan_is_stored_as_null(tables):
    for frame in tables.values():
        for column in frame.select(pl.selectors.float()):
            assert not column.is_nan().any()


def test_a_patient_without_an_observed_value_after_baseline_is_not_analysed(columns, facts):
    scores = dict(columns["adqs"])
    after = (scores["patient_id"] == 2) & ~scores["is_baseline"]
    scores["imputation"] = np.where(after, "LOCF", scores["imputation"])
    frame = adam_tables({"adqs": scores}, "placebo", facts)["adqs"]
    mine = frame.filter(frame["SUBJID"] == "000000002")
    assert mine["ANL01FL"].null_count() == len(mine)
    assert mine["CRIT1FL"].drop_nulls().len() > 0  # the share is of all randomised


def test_exactly_half_of_the_baseline_is_a_response(protocol, facts):
    n = 2
    scores = {
        "patient_id": np.array([1, 1]),
        "arm": np.full(n, "placebo"),
        "visit": np.array(["week 0", "week 8"]),
        "visit_number": np.array([0.0, 8.0]),
        "day": np.array([1, 55]),
        "target_day": np.array([1, 57]),
        "endpoint": np.full(n, "MADRS"),
        "value": np.array([29.0, 14.5]),
        "baseline": np.full(n, 29.0),
        "change": np.array([0.0, -14.5]),
        "percent_change": np.array([0.0, -50.0]),
        "is_baseline": np.array([True, False]),
        "on_treatment": np.array([False, True]),
        "imputation": np.full(n, ""),
    }
    frame = adam_tables({"adqs": scores}, "placebo", facts)["adqs"]
    assert frame["CRIT1FL"].to_list() == [None, "Y"]
    assert frame["CRIT2FL"].to_list() == [None, "N"]
    assert frame["CHG"].to_list() == [None, -14.5]
    assert frame["PCHG"][1] == pytest.approx(-50, rel=ROUND_OFF)
    assert frame["ADY"].to_list() == [1, 55]
    assert frame["AWTARGET"].to_list() == [1, 57]
    assert frame["AWTDIFF"].to_list() == [0, 2]


# scale, baseline, last score, whether it is a response and a remission
RULES = [
    ("PANSS", 90.0, 78.0, "Y", None),  # 20 % of 90 - 30
    ("PANSS", 90.0, 79.0, "N", None),
    ("ADASCOG", 25.0, 21.0, "Y", None),  # 4 points
    ("ADASCOG", 25.0, 22.0, "N", None),
    ("NRS", 10.0, 7.0, "Y", None),  # 30 %
    ("HAMA", 24.0, 7.0, "Y", "Y"),
    ("HAMA", 24.0, 13.0, "N", "N"),
]


@pytest.mark.parametrize(("scale", "base", "last", "response", "remission"), RULES)
def test_response_and_remission_are_as_the_scale_defines_them(
    protocol, scale, base, last, response, remission
):
    scores = {
        "patient_id": np.array([1, 1]),
        "arm": np.full(2, "placebo"),
        "visit": np.array(["week 0", "week 8"]),
        "visit_number": np.array([0.0, 8.0]),
        "day": np.array([1, 57]),
        "target_day": np.array([1, 57]),
        "endpoint": np.full(2, scale),
        "value": np.array([base, last]),
        "baseline": np.full(2, base),
        "change": np.array([0.0, last - base]),
        "percent_change": np.array([0.0, 100 * (last - base) / base]),
        "is_baseline": np.array([True, False]),
        "on_treatment": np.array([False, True]),
        "imputation": np.full(2, ""),
    }
    facts = trial_facts(protocol, read_definitions([scale], []))
    frame = adam_tables({"adqs": scores}, "placebo", facts)["adqs"]
    assert frame["CRIT1FL"].to_list() == [None, response]
    assert frame["CRIT2FL"].to_list() == [None, remission]
    said = {"PANSS": "20 % from baseline, 30 subtracted first", "ADASCOG": "4 points from baseline"}
    assert frame["CRIT1"][1].endswith(said.get(scale, "% from baseline"))


def test_events_are_numbered_by_onset_and_the_first_of_a_term_is_marked(tables):
    events = tables["adae"]
    for _, mine in events.group_by("USUBJID"):
        assert mine["AESEQ"].to_list() == list(range(1, len(mine) + 1))
        assert mine["ASTDY"].is_sorted()
        for _, term in mine.group_by("AEDECOD"):
            assert term["AOCCPFL"].to_list() == ["Y"] + [None] * (len(term) - 1)
    assert set(events["AEBODSYS"]) == {"Gastrointestinal disorders", "Psychiatric disorders"}


def test_only_sampled_patients_have_trajectories(tables):
    assert set(tables["trajectories"]["SUBJID"]) == {"000000004"}


def test_a_missing_column_is_named(columns, facts):
    short = {name: values for name, values in columns["adsl"].items() if name != "sex"}
    with pytest.raises(ExecutionError, match="table adsl: the columns sex are absent"):
        adam_tables({"adsl": short}, "placebo", facts)


def test_an_endpoint_that_the_protocol_does_not_name_is_refused(columns, facts):
    scores = dict(columns["adqs"]) | {"endpoint": np.full(len(columns["adqs"]["arm"]), "BDI")}
    with pytest.raises(ExecutionError, match="endpoint BDI; the protocol names"):
        adam_tables({"adqs": scores}, "placebo", facts)
