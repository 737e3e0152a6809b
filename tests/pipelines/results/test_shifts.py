"""Shift tables and notable values, counted again person by person."""

import polars as pl
import pytest

from pipelines.reference_ranges import NOTABLE, RANGES

ARM = "drug 40 mg"


def people(made, code, arm=ARM):
    """Return (sex, baseline, later values in order) of every treated person with both."""
    safe = made.read("adsl").filter(SAFFL="Y", ARM=arm)
    treated = dict(safe.select("USUBJID", "SEX").iter_rows())
    rows = made.read("adlb").filter(TRTP=arm, PARAMCD=code).sort("AVISITN")
    found = []
    for (person,), mine in rows.group_by("USUBJID", maintain_order=True):
        later = mine.filter(pl.col("ABLFL").is_null())["AVAL"].drop_nulls().to_list()
        if person in treated and later:
            found.append((treated[person], mine["BASE"][0], later))
    return found


def category(code, sex, value):
    normal = RANGES[code]
    high = normal.high_of_men if sex == "M" and normal.high_of_men else normal.high
    if normal.low is not None and value < normal.low:
        return "LOW"
    return "HIGH" if value > high else "NORMAL"


@pytest.mark.parametrize("code", list(RANGES))
@pytest.mark.parametrize(
    ("label", "of"),
    [("last value", lambda v: v[-1]), ("highest value", max), ("lowest value", min)],
)
def test_shifts_are_counted_by_range_of_the_sex(made, code, label, of):
    known = people(made, code)
    counts = {}
    for sex, base, later in known:
        key = category(code, sex, base), category(code, sex, of(later))
        counts[key] = counts.get(key, 0) + 1
    rows = made.rows(
        analysis="shifts", variable=code, group1_level=ARM, group3_level=label, stat_name="n"
    )
    if RANGES[code].low is None and label == "lowest value":
        assert not len(rows)
        return
    assert rows["stat"].sum() == len(known)
    for before, later, count in rows.select("group2_level", "variable_level", "stat").iter_rows():
        assert count == counts.get((before, later), 0)
    assert len([key for key in counts if counts[key]]) > 1


def test_every_range_says_where_it_is_from(made):
    rows = made.rows(analysis="shifts")
    assert rows["method"].str.contains("assumed: ").all()
    for one in (*RANGES.values(), *(rule for rules in NOTABLE.values() for rule in rules)):
        assert one.mark in ("read", "computed", "assumed", "design")
        assert len(one.source) > 10


@pytest.mark.parametrize(
    ("code", "label", "counts"),
    [
        ("WEIGHT", "Weight gain of 7 % or more", lambda base, v: max(v) - base >= 0.07 * base),
        ("QTCF", "QTcF above 450 ms", lambda base, v: max(v) > 450),
        ("QTCF", "QTcF rise of more than 30 ms", lambda base, v: max(v) - base > 30),
        ("SBPSTND", "Fall of standing systolic", lambda base, v: min(v) - base <= -20),
        ("SODIUM", "Sodium below 130", lambda base, v: min(v) < 130),
    ],
)
def test_notable_values_are_counted_in_persons(made, code, label, counts):
    known = people(made, code)
    rows = made.rows(analysis="shifts", variable=code, group1_level=ARM).filter(
        pl.col("variable_label").str.starts_with(label)
    )
    found = dict(rows.select("stat_name", "stat").iter_rows())
    assert found["N"] == len(known)
    assert found["n"] == sum(counts(base, later) for _, base, later in known)


def test_a_value_at_a_limit_is_normal():
    frame = pl.DataFrame({"x": [134.99, 135.0, 145.0, 145.01], "SEX": ["F"] * 4})
    assert frame.select(RANGES["SODIUM"].category("x"))["x"].to_list() == [
        *("LOW", "NORMAL", "NORMAL", "HIGH"),
    ]
    frame = pl.DataFrame({"x": [20.0, 20.0], "SEX": ["F", "M"]})
    assert frame.select(RANGES["PRLCTN"].category("x"))["x"].to_list() == ["NORMAL", "HIGH"]
