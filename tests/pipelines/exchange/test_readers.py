"""The same files in DuckDB, pandas, pyarrow and Polars; R is in the tests of each form."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.exchange.contents import read_contents
from pipelines.schema import arrow_schema, polars_schema

DUCKDB_TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE"}


def python_rows(rows):
    """Rows as Python values: NaN, NaT and NA as None."""
    return [
        tuple(None if one is None or one is pd.NA or one != one else one for one in row)
        for row in rows
    ]


@pytest.fixture(scope="module")
def tables(run_root):
    return read_contents(run_root).tables


def test_polars_finds_the_types_of_the_schema(tables):
    for source in tables.values():
        assert dict(pl.read_parquet(source.path).schema) == polars_schema(source.table)


def test_duckdb_finds_the_same_types_and_rows(tables):
    for source in tables.values():
        found = duckdb.sql(f"SELECT * FROM '{source.path}'")
        assert found.columns == [column.name for column in source.table.columns]
        assert [str(kind) for kind in found.types] == [
            DUCKDB_TYPES[column.kind] for column in source.table.columns
        ]
        assert found.fetchall() == pl.read_parquet(source.path).rows()


def test_pandas_finds_the_same_rows_and_every_null(tables):
    for source in tables.values():
        expected = pl.read_parquet(source.path).rows()
        found = pd.read_parquet(source.path)
        assert python_rows(found.itertuples(index=False, name=None)) == expected
        for column in source.table.columns:
            kind = found[column.name].dtype
            if column.kind == "number":
                assert kind == "float64"
            elif column.kind == "integer":  # nulls make integers floats, but no digit is lost
                assert kind == ("float64" if found[column.name].hasnans else "int64")
            elif column.kind == "text":
                assert pd.api.types.is_string_dtype(kind) or found[column.name].isna().all()
        whole = pd.read_parquet(source.path, dtype_backend="numpy_nullable")
        for column in source.table.columns:
            if column.kind == "integer":
                assert whole[column.name].dtype == "Int64"


def test_pyarrow_finds_the_same_rows_types_labels_and_units(tables):
    for source in tables.values():
        found = pq.read_table(source.path)
        assert found.to_pylist() == pl.read_parquet(source.path).to_dicts()
        wanted = arrow_schema(source.table)
        assert found.schema.equals(wanted)
        for field in wanted:
            said = found.schema.field(field.name).metadata
            assert said[b"label"] == field.metadata[b"label"]
            assert said[b"unit"] == field.metadata[b"unit"]


def test_categories_and_flags_of_plain_tables_in_four_readers(in_form, read_table):
    path = in_form("plain") / "adverse_events.parquet"
    given = read_table("adae")
    severity = given["AESEV"].to_list()
    serious = [one == "Y" for one in given["AESER"]]
    first = [one == "Y" for one in given["AOCCPFL"]]
    polars = pl.read_parquet(path)
    assert polars["severity"].dtype == pl.Enum(["MILD", "MODERATE", "SEVERE"])
    pandas = pd.read_parquet(path)
    assert pandas["severity"].cat.ordered
    assert list(pandas["severity"].cat.categories) == ["MILD", "MODERATE", "SEVERE"]
    assert pandas["is_serious"].dtype == "bool"
    arrow = pq.read_table(path)
    assert pa.types.is_boolean(arrow.schema.field("is_serious").type)
    duck = duckdb.sql(f"SELECT severity, is_serious, is_first_of_its_kind FROM '{path}'")
    assert [str(kind) for kind in duck.types] == ["VARCHAR", "BOOLEAN", "BOOLEAN"]
    for found in (
        polars.select(duck.columns).rows(),
        list(pandas[duck.columns].itertuples(index=False, name=None)),
        [tuple(row.values()) for row in arrow.select(duck.columns).to_pylist()],
        duck.fetchall(),
    ):
        assert found == list(zip(severity, serious, first, strict=True))


def test_csv_keeps_every_digit_in_three_readers(in_form, read_table):
    for name in ("adsl", "adqs", "contrasts"):
        path = in_form("csv") / f"{name}.csv"
        given = read_table(name).with_columns(pl.lit("Y").alias("SIMFL"))
        as_text = given.with_columns(pl.selectors.date().cast(pl.String))
        texts = {one.name: "str" for one in as_text if one.dtype == pl.String}
        by_polars = pl.read_csv(path, schema=given.schema)
        assert by_polars.equals(given)
        by_pandas = pd.read_csv(path, dtype=texts)
        assert python_rows(by_pandas.itertuples(index=False, name=None)) == as_text.rows()
        types = {one.name: "VARCHAR" if one.name in texts else "DOUBLE" for one in given}
        by_duckdb = duckdb.read_csv(str(path), dtype=types).fetchall()
        assert by_duckdb == as_text.with_columns(pl.selectors.integer().cast(pl.Float64)).rows()


def test_labels_that_parquet_readers_drop_are_in_the_dictionary(in_form, tables):
    found = pl.read_parquet(in_form("dictionary") / "data_dictionary.parquet")
    labels = {(row[0], row[1]): row[2] for row in found.select("table", "column", "label").rows()}
    for name, source in tables.items():
        for column in source.table.columns:
            assert labels[name, column.name] == column.label
