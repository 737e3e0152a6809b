"""Every rule of the validator finds the fault it is for; valid tables break none."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from adam_frames import Fault, datasets_of, drop, put, twice, valid_frames

from pipelines.schema import TABLES
from pipelines.validate_tables import RULES, validate_datasets

FIRST = date(2001, 1, 1)
BEFORE = date(2000, 12, 31)
after = pl.col("ABLFL").is_null()
known = pl.col("AVAL").is_not_null()
base = pl.col("ABLFL") == "Y"
event = pl.col("CNSR") == 0
ended = pl.col("AENDT").is_not_null()
treated = pl.col("SAFFL") == "Y"


def changed(name, expression):
    return lambda frame: frame.with_columns(expression.alias(name))


def without_baseline(frame):
    """Take the flag of the baseline from the first subject and parameter."""
    first = (pl.col("USUBJID") == frame["USUBJID"][0]) & (pl.col("PARAMCD") == frame["PARAMCD"][0])
    return frame.with_columns(pl.when(first).then(None).otherwise(pl.col("ABLFL")).alias("ABLFL"))


def labels(table, **others):
    return {"labels": {one.name: one.label for one in TABLES[table].columns} | others}


def swapped(frame):
    names = frame.columns
    return frame.select(names[1], names[0], *names[2:])


def unlike_code(frame):
    """Give one question an answer that others do not have for the same number."""
    return put("AVALC", "N", (pl.col("PARAMCD") == "ADJ") & (pl.col("AVAL") == 1.0))(frame)


FAULTS = [
    Fault("NC001", "adsl", "", said={"name": "subject_level"}),
    Fault("NC002", "adsl", "", said={"label": ""}),
    Fault("NC002", "adae", "", said={"label": "Adverse events of all patients and arms of it"}),
    Fault("NC003", "adsl", "sex", lambda frame: frame.rename({"SEX": "sex"}), foreign=True),
    Fault("NC003", "adlb", "R2BASELINE", changed("R2BASELINE", pl.lit(1.0)), foreign=True),
    Fault("NC004", "adsl", "AGE", said=labels("adsl", AGE="")),
    Fault("NC004", "adqs", "CHG", said=labels("adqs", CHG="x" * 41)),
    Fault("NC005", "adsl", "SEX", drop("SEX"), foreign=True),
    Fault("NC005", "adqs", "PARAM", drop("PARAM", "PARAMN"), foreign=True),
    Fault("NC005", "adae", "AEDECOD", drop("AEDECOD"), foreign=True),
    Fault("NC006", "adsl", "STUDYID", put("STUDYID", None)),
    Fault("NC006", "adqs", "PARAMCD", put("PARAMCD", None)),
    Fault("NC007", "adsl", "TRTSDT", drop("TRTSDT"), foreign=True),
    Fault("NC008", "adqs", "AVAL", drop("AVAL"), foreign=True),
    Fault("NC009", "adqs", "PARAMN", drop("PARAM"), foreign=True),
    Fault("NC009", "adqs", "CRIT1FL", drop("CRIT1"), foreign=True),
    Fault("NC010", "adqs", "ADT", changed("ADT", pl.col("ADT").cast(pl.String)), foreign=True),
    Fault("NC011", "adsl", "TRTSDTM", changed("TRTSDTM", pl.lit("2001-01-01T08:00")), foreign=True),
    Fault("NC012", "adsl", "SAFFL", changed("SAFFL", pl.lit(1)), foreign=True),
    Fault("NC013", "adqs", "AVAL", changed("AVAL", pl.col("AVAL").cast(pl.String)), foreign=True),
    Fault("NC014", "adqs", "TRTP", drop("TRTP", "TRTPN"), foreign=True),
    Fault("NC020", "adsl", "COMPLFL", put("COMPLFL", "X")),
    Fault("NC020", "adae", "TRTEMFL", put("TRTEMFL", "yes")),
    Fault("NC021", "adsl", "SAFFN", changed("SAFFN", pl.lit(2)), foreign=True),
    Fault("NC022", "adsl", "ITTFN", changed("ITTFN", pl.lit(0)), foreign=True),
    Fault("NC023", "adsl", "SAFFL", put("SAFFL", None)),
    Fault("NC023", "adsl", "ITTFL", put("ITTFL", None)),
    Fault("NC024", "adqs", "ABLFL", put("ABLFL", "N", after)),
    Fault("NC024", "adqs", "ANL01FL", put("ANL01FL", "N")),
    Fault("NC024", "adsl", "DTHFL", put("DTHFL", "N")),
    Fault("NC025", "adsl", "RESTXT", put("RESTXT", "x" * 201)),
    Fault("NC026", "adsl", "STRATAR", put("STRATAR", "Männer")),
    Fault("NC027", "adsl", "AGE", put("AGE", float("nan"))),
    Fault("NC027", "adlb", "AVAL", put("AVAL", float("inf"))),
    Fault("NC028", "adqs", "ADY", put("ADY", 0)),
    Fault("NC028", "adae", "ASTDY", put("ASTDY", 0)),
    Fault("NC029", "adqs", "ADY", changed("ADY", pl.col("ADY") + 0.5), foreign=True),
    Fault("NC030", "adsl", "SEX", put("SEX", "female")),
    Fault("NC030", "adae", "AEOUT", put("AEOUT", "CURED")),
    Fault("NC031", "adsl", "AGEGR1N", put("AGEGR1N", 4)),
    Fault("NC031", "adqs", "AVISITN", put("AVISITN", 3.5)),
    Fault("NC032", "adsl", "AGEGR1N", put("AGEGR1N", None)),
    Fault("NC040", "adsl", "USUBJID", twice),
    Fault("NC041", "adsl", "TRTEDT", put("TRTEDT", BEFORE, treated)),
    Fault("NC042", "adsl", "TRTDURD", put("TRTDURD", pl.col("TRTDURD") + 1, treated)),
    Fault("NC043", "adsl", "TRTSDT", put("TRTSDT", None, pl.col("SAFFL") == "Y")),
    Fault("NC044", "adsl", "DCSREAS", put("DCSREAS", "OTHER", pl.col("EOSSTT") == "COMPLETED")),
    Fault("NC044", "adsl", "DCTREAS", put("DCTREAS", None, pl.col("EOTSTT") == "DISCONTINUED")),
    Fault("NC045", "adsl", "EOSDT", put("EOSDT", BEFORE, treated)),
    Fault("NC046", "adsl", "AGEU", put("AGEU", None)),
    Fault("NC047", "adsl", "AGE", put("AGE", 200.0)),
    Fault("NC048", "adsl", "BMIBL", put("BMIBL", 99.0)),
    Fault("NC049", "adsl", "TRT01P", put("TRT01P", None)),
    Fault("NC050", "adae", "USUBJID", put("USUBJID", "SCT-MD-01-01-000000000")),
    Fault("NC051", "adqs", "AGE", put("AGE", 17.0)),
    Fault("NC051", "adtte", "TRTSDT", put("TRTSDT", date(2001, 2, 1))),
    Fault("NC052", "adqs", "TRTP", put("TRTP", "another drug")),
    Fault("NC052", "adae", "TRTAN", put("TRTAN", 9)),
    Fault("NC053", "adqs", "STUDYID", put("STUDYID", "OTHER")),
    Fault("NC054", "adae", "DTHFL", put("AESDTH", "Y"), found_in="ADSL"),
    Fault("NC060", "adlb", "PARAMCD", put("PARAMCD", "C_escitalopram")),
    Fault("NC061", "adqs", "PARAM", put("PARAM", "Another scale")),
    Fault("NC062", "adqs", "CHG", put("CHG", pl.col("CHG") + 0.5, pl.col("CHG").is_not_null())),
    Fault("NC063", "adqs", "PCHG", put("PCHG", pl.col("PCHG") + 1, pl.col("PCHG").is_not_null())),
    Fault("NC064", "adlb", "R2BASE", put("R2BASE", 7.0, after & known)),
    Fault("NC104", "adlb", "ANRIND", put("ANRIND", "LOW", known)),
    Fault("NC105", "adlb", "BNRIND", put("BNRIND", "HIGH", base)),
    Fault("NC065", "adqs", "BASE", put("BASE", pl.col("BASE") + 1, after)),
    Fault("NC066", "adqs", "BASE", put("BASE", pl.col("BASE") + 1, base)),
    Fault("NC067", "adqs", "ABLFL", put("ABLFL", "Y", after)),
    Fault("NC068", "adqs", "ABLFL", without_baseline),
    Fault("NC069", "adqs", "CHG", put("AVAL", None, pl.col("CHG").is_not_null())),
    Fault("NC070", "adqs", "DTYPE", put("AVAL", None, pl.col("DTYPE").is_not_null())),
    Fault("NC071", "adqs", "ANL01FL", put("AVAL", None, pl.col("ANL01FL") == "Y")),
    Fault("NC072", "adqs", "AWTDIFF", put("AWTARGET", None)),
    Fault("NC073", "adqs", "AWTDIFF", put("AWTDIFF", 5)),
    Fault("NC074", "adqs", "AWU", put("AWU", None)),
    Fault("NC075", "adqs", "CRIT1FL", put("CRIT1", None, pl.col("CRIT1FL").is_not_null())),
    Fault("NC076", "adqs", "CRIT1", put("CRIT1", "Another definition")),
    Fault("NC077", "adqs", "ADY", put("ADY", pl.col("ADY") + 1, pl.col("TRTSDT").is_not_null())),
    Fault("NC078", "adqs", "ASEQ", put("ASEQ", 2)),
    Fault("NC079", "adlb", "AVALU", put("AVALU", "mol/L")),
    Fault("NC080", "adex", "AVALC", unlike_code),
    Fault("NC081", "adqs", "ADY", put("ADY", 1, pl.col("AVISITN") == 2)),
    Fault("NC090", "adtte", "CNSR", put("CNSR", -1)),
    Fault("NC091", "adtte", "ADT", put("ADT", BEFORE)),
    Fault("NC092", "adtte", "AVAL", put("AVAL", pl.col("AVAL") + 1)),
    Fault("NC093", "adtte", "AVAL", put("AVAL", -1.0)),
    Fault("NC094", "adtte", "EVNTDESC", put("EVNTDESC", None, event)),
    Fault("NC095", "adtte", "CNSDTDSC", put("CNSDTDSC", "END OF STUDY", event)),
    Fault("NC096", "adtte", "PARAMCD", twice),
    Fault("NC097", "adtte", "SRCVAR", put("SRCDOM", None)),
    Fault("NC098", "adtte", "STARTDT", put("STARTDT", None)),
    Fault("NC110", "adae", "AENDT", put("AENDT", BEFORE, ended)),
    Fault("NC111", "adae", "ASTDY", put("ASTDY", pl.col("ASTDY") + 1)),
    Fault("NC112", "adae", "AENDY", put("AENDY", pl.col("AENDY") + 1, ended)),
    Fault("NC113", "adae", "ADURN", put("ADURN", pl.col("ADURN") + 1, ended)),
    Fault("NC114", "adae", "ADURU", put("ADURU", None, ended)),
    Fault("NC115", "adae", "TRTEMFL", put("ASTDT", BEFORE, pl.col("TRTEMFL") == "Y")),
    Fault("NC116", "adae", "AESER", put("AESLIFE", "Y", pl.col("AESER") == "N")),
    Fault("NC117", "adae", "AEOUT", put("AESDTH", "Y")),
    Fault("NC118", "adae", "AOCCFL", put("AOCCFL", "Y", pl.col("AOCCFL").is_null())),
    Fault("NC119", "adae", "AESEQ", changed("AESEQ", pl.lit(1, pl.Int64))),
    Fault("NC120", "adae", "ASEVN", put("ASEVN", 9)),
    Fault("NC121", "adae", "AENDT", put("AENDT", date(2001, 3, 1), ~ended)),
    Fault("NC122", "adae", "AOCCFL", put("AOCCFL", None, pl.col("AOCCFL") == "Y")),
    Fault("NC123", "adae", "TRTEMFL", put("TRTEMFL", None, pl.col("TRTEMFL") == "Y")),
    Fault("NC130", "adex", "AENDT", put("AENDT", BEFORE)),
    Fault("NC131", "adex", "AVAL", put("AVAL", 12_345.0, pl.col("PARAMCD") == "TDOSE")),
    Fault("NC132", "adex", "AVAL", put("AVAL", 1.0, (pl.col("PARAMCD") == "TDOSINT") & known)),
    Fault("NC133", "adex", "AVAL", put("AVAL", 999.0, pl.col("PARAMCD") == "TDURD")),
    Fault("NC134", "adex", "AVAL", put("AVAL", -5.0)),
    Fault("NC135", "adex", "AVALC", put("AVALC", "Y", pl.col("AVALC") == "N")),
    Fault("NC150", "adsl", "", drop("SEX")),
    Fault("NC150", "adqs", "", swapped),
    Fault("NC150", "adlb", "", changed("ADY", pl.col("ADY").cast(pl.Int32))),
    Fault("NC151", "adsl", "AGE", said=labels("adsl", AGE="Age at Entry")),
    Fault("NC152", "adsl", "", said={"metadata": {"study": "A"}}),
    Fault("NC153", "adsl", "SMOKER", put("SMOKER", "sometimes")),
    Fault("NC153", "adsl", "SIMFL", put("SIMFL", "N")),
    Fault("NC154", "adsl", "EOSSTT", put("EOSSTT", None)),
    Fault("NC155", "adsl", "SUBJID", put("SUBJID", "0" * 10)),
    Fault("NC156", "adqs", "AVISITN", twice),
    Fault("NC157", "adsl", "TRT01PN", lambda frame: frame.reverse()),
    Fault("NC157", "trajectories", "ARMN", lambda frame: frame.reverse()),
    Fault("NC158", "adqs", "CHG", put("CHG", None, pl.col("CHG").is_not_null())),
    Fault("NC159", "adqs", "CRIT1FL", put("CRIT1FL", "N", base)),
]  # fmt: skip


@pytest.fixture(scope="module")
def frames(protocol):
    return valid_frames(protocol)


@pytest.fixture(scope="module")
def datasets(frames):
    return datasets_of(frames)


def test_valid_tables_break_no_rule(datasets):
    assert [str(finding) for finding in validate_datasets(datasets)] == []


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_found_by_its_rule(frames, datasets, fault):
    frame = frames[fault.table] if fault.change is None else fault.change(frames[fault.table])
    said = {**fault.said, **({"table": None} if fault.foreign else {})}
    name = said.pop("name", fault.table)
    spoiled = datasets_of({fault.table: frame}, **{fault.table: said})
    if name != fault.table:
        spoiled = {name.upper(): replace(spoiled[fault.table.upper()], name=name.upper())}
    checked = fault.found_in or name.upper()
    found = validate_datasets({**datasets, **spoiled}, only=checked, rules={fault.rule})
    mine = [one for one in found if one.variable == fault.variable]
    assert mine, [str(one) for one in found]
    assert mine[0].rule.id == fault.rule
    assert mine[0].dataset == checked
    assert mine[0].allowed
    assert mine[0].first_rows


def test_every_rule_has_a_planted_fault():
    assert {rule.id for rule in RULES} == {fault.rule for fault in FAULTS}
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len(FAULTS) >= 60
