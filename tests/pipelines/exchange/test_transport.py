import datetime as dt

import numpy as np
import polars as pl
import pytest
from exchange_referees import (
    READ_WITH_HAVEN,
    as_sas_days,
    expected_of,
    read_with_pandas,
    read_with_pyreadstat,
)

from pipelines.errors import InputError
from pipelines.exchange import contents
from pipelines.exchange.transport import survey, write_transport
from pipelines.exchange.transport_records import LARGEST, SMALLEST, ibm_floats
from pipelines.schema import Column, Table
from pipelines.schema.columns import count_column, date_column, number_column, text_column

MADE = "2026-01-02T03:04:05+00:00"
DATASETS = {
    **{name: name for name in ("adsl", "adqs", "adlb", "adpc", "adex", "adae", "adtte")},
    "trajectories": "adtraj",
    "intercurrent_events": "adice",
}


def small_table(*columns, name="adzz"):
    return Table(name=name, label="A table", meaning="One row.", key=(), columns=columns)


def written(source, path, version=5):
    found = survey(source, version)
    write_transport(source, found, path, made=MADE, version=version)
    return found


@pytest.mark.parametrize(("table", "dataset"), DATASETS.items(), ids=DATASETS)
def test_two_other_readers_find_the_values_and_labels_of_the_run(
    in_form, read_table, run_root, table, dataset
):
    described = contents.read_contents(run_root).tables[table].table
    expected = expected_of(read_table(table))
    path = in_form("xpt") / f"{dataset}.xpt"
    columns, labels, label, name = read_with_pyreadstat(path)
    assert columns == expected
    assert name == dataset.upper()
    assert label == described.label
    assert labels == {one.name: one.label for one in contents.with_mark(described).columns}
    by_pandas = read_with_pandas(path)
    blanks = {name: [one or "" for one in by_pandas[name]] for name, _ in _texts(read_table(table))}
    assert by_pandas | blanks == {name: as_sas_days(one) for name, one in expected.items()}


def _texts(frame):
    return [(series.name, series) for series in frame if series.dtype == pl.String]


def test_haven_in_r_finds_the_values_and_labels_of_the_run(in_form, read_table, run_root, r):
    found = r(READ_WITH_HAVEN, in_form("xpt"))
    described = contents.read_contents(run_root).tables
    for table, dataset in DATASETS.items():
        frame = read_table(table)
        one = found[dataset]
        numbers = {series.name for series in frame if series.dtype.is_numeric()}
        columns = {
            name: [None if one is None else float.fromhex(one) for one in values]
            if name in numbers
            else values
            for name, values in one["columns"].items()
        }
        expected = expected_of(frame.with_columns(pl.selectors.date().cast(pl.String)))
        for series in frame.select(pl.selectors.date()):  # a null date is no blank text
            expected[series.name] = series.cast(pl.String).to_list()
        assert columns == expected
        marked = contents.with_mark(described[table].table)
        assert {name: label[0] for name, label in one["labels"].items()} == {
            column.name: column.label for column in marked.columns
        }
        assert one["label"] == [marked.label]


def test_version_8_holds_the_summaries_with_their_long_names(exported, read_table):
    by_name = {path.name: path for path in exported["xpt8"].paths}
    for table in ("contrasts", "ae_rates_by_arm", "outcomes_by_arm", "adsl"):
        columns, _, _, name = read_with_pyreadstat(by_name[f"{table}.xpt"])
        assert columns == expected_of(read_table(table))
        assert name == table.upper()


def test_version_5_names_the_tables_that_it_leaves_out(exported):
    (note,) = exported["xpt"].notes
    assert "longer than version 5 holds: outcomes_by_arm, contrasts" in note
    assert "--to xpt8" in note
    assert not exported["xpt8"].notes


def test_every_float64_in_range_survives_bit_for_bit(as_run_table, tmp_path):
    random = np.random.default_rng(5)
    n = 4_000
    exponents = random.integers(-258, 252, n)
    values = np.ldexp(random.uniform(-1, 1, n), exponents)
    edges = [0.0, 1.0, -1.0, SMALLEST, -SMALLEST, LARGEST, -LARGEST, 0.1, 2.0**53, 16.0, 1 / 16]
    numbers = np.concatenate((np.where(np.abs(values) < SMALLEST, 1.0, values), edges))
    frame = pl.DataFrame({"AVAL": [*numbers.tolist(), None]})
    source = as_run_table(small_table(number_column("AVAL", "1", "Value", "Value.")), frame)
    assert not written(source, tmp_path / "a.xpt").notes
    columns, *_ = read_with_pyreadstat(tmp_path / "a.xpt")
    assert columns["AVAL"] == frame["AVAL"].to_list()
    expected = [0.0 if one == SMALLEST else one for one in frame["AVAL"]]  # see the referee
    assert read_with_pandas(tmp_path / "a.xpt")["AVAL"] == expected


def test_a_number_that_is_worked_out_by_hand():
    # -118.625 = -0x76.A = -0x0.76A * 16^2: sign 1, exponent 64 + 2, fraction 76A
    bits = ibm_floats(np.array([-118.625, 0.0, -0.0, np.nan]))
    assert [f"{one:016x}" for one in bits] == [
        "c276a00000000000",
        "0000000000000000",
        "0000000000000000",
        "2e00000000000000",
    ]


def test_dates_count_from_1960_and_are_shown_as_dates(as_run_table, tmp_path):
    dates = [dt.date(1960, 1, 1), dt.date(1959, 12, 31), dt.date(2026, 11, 26), None]
    source = as_run_table(
        small_table(date_column("ADT", "Analysis Date", "Date.")), pl.DataFrame({"ADT": dates})
    )
    written(source, tmp_path / "a.xpt")
    columns, *_ = read_with_pyreadstat(tmp_path / "a.xpt")
    assert columns["ADT"] == dates
    rows = (tmp_path / "a.xpt").read_bytes()[-80:]
    assert rows[:8] == bytes(8)  # day 0
    assert rows[9:17] == bytes.fromhex("c110000000000000")  # day -1


def test_numbers_that_are_too_small_are_0_and_counted(as_run_table, tmp_path):
    frame = pl.DataFrame({"AVAL": [1e-200, -1e-80, 0.5, float("nan")]})
    source = as_run_table(small_table(number_column("AVAL", "1", "Value", "Value.")), frame)
    found = written(source, tmp_path / "a.xpt")
    assert found.notes == ["table adzz, column AVAL: 2 numbers below 5.4e-79 are 0 in the file."]
    columns, *_ = read_with_pyreadstat(tmp_path / "a.xpt")
    assert columns["AVAL"] == [0.0, 0.0, 0.5, None]


TEXT = text_column("TXT", "Text", "Text.")
NUMBER = number_column("AVAL", "1", "Value", "Value.")
REFUSED = [
    (TEXT, ["x" * 201], "column TXT: a text of 201 bytes; 200 are allowed in version 5"),
    (TEXT, ["µ", "é"], "column TXT: 2 texts beyond ASCII; ASCII is allowed"),
    (TEXT, ["a ", "b"], "column TXT: 1 texts that end in a blank, which would be lost"),
    (NUMBER, [float("inf"), 1.0], "column AVAL: 1 numbers that are infinite or beyond 7.2e"),
    (NUMBER, [-1e76, 1.0], "column AVAL: 1 numbers that are infinite or beyond 7.2e"),
    (count_column("N", "N", "N."), [2**53 + 1], "column N: 1 integers beyond 2"),
    (text_column("TOO_LONG_", "Text", "Text."), ["a"], "TOO_LONG_: a name of 9 characters; 8"),
    (text_column("TXT", "L" * 41, "Text."), ["a"], "the label 'LLLL"),
    (text_column("TXT", "Größe", "Text."), ["a"], "the label 'Größe'; 40 ASCII characters"),
]


@pytest.mark.parametrize(("column", "values", "message"), REFUSED)
def test_what_the_format_cannot_hold_is_refused_by_name(
    as_run_table, tmp_path, column: Column, values, message
):
    source = as_run_table(small_table(column), pl.DataFrame({column.name: values}))
    with pytest.raises(InputError) as caught:
        written(source, tmp_path / "a.xpt")
    assert "table adzz, column" in str(caught.value)
    assert message in str(caught.value)
    assert not (tmp_path / "a.xpt").exists()


def test_every_mistake_of_a_table_is_named_at_once(as_run_table):
    frame = pl.DataFrame({"TXT": ["µ "], "AVAL": [float("-inf")]})
    found = survey(as_run_table(small_table(TEXT, NUMBER), frame), 5)
    assert len(found.mistakes) == 3


@pytest.mark.parametrize("n_rows", [0, 1, 3, 10])
def test_rows_are_found_whatever_the_last_record_is_padded_with(as_run_table, tmp_path, n_rows):
    frame = pl.DataFrame(
        {"TXT": ["ab", None, ""][:n_rows] + [None] * max(n_rows - 3, 0)}, schema={"TXT": pl.String}
    )
    source = as_run_table(small_table(TEXT), frame)
    for version in (5, 8):
        path = tmp_path / f"{version}.xpt"
        written(source, path, version)
        assert path.stat().st_size % 80 == 0
        columns, *_ = read_with_pyreadstat(path)
        assert columns == expected_of(frame)


def test_batches_and_a_second_export_give_the_same_bytes(run_root, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "N_BATCH_ROWS", 17)
    source = contents.read_contents(run_root).tables["adae"]
    assert source.n_rows > 34
    made = contents.read_contents(run_root).made
    found = survey(source, 5)
    write_transport(source, found, tmp_path / "adae.xpt", made=made, version=5)
    before = next(path for path in exported["xpt"].paths if path.name == "adae.xpt")
    assert (tmp_path / "adae.xpt").read_bytes() == before.read_bytes()
