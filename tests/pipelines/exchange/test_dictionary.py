import polars as pl
import pyarrow.parquet as pq

from pipelines.exchange.contents import read_contents
from pipelines.schema import polars_schema
from pipelines.schema.dictionary import DATA_DICTIONARY


def test_it_has_one_row_a_column_in_the_order_of_the_files(in_form, run_root):
    found = pl.read_parquet(in_form("dictionary") / "data_dictionary.parquet")
    assert dict(found.schema) == polars_schema(DATA_DICTIONARY)
    tables = read_contents(run_root).tables
    assert found.select("table", "column").rows() == [
        (name, column.name) for name, source in tables.items() for column in source.table.columns
    ]
    severity = found.row(by_predicate=pl.col("column") == "AESEV", named=True)
    assert severity["type"] == "category"
    assert severity["allowed"] == "MILD; MODERATE; SEVERE"
    assert severity["plain"] == "severity"
    age = found.row(
        by_predicate=(pl.col("table") == "adsl") & (pl.col("column") == "AGE"), named=True
    )
    assert (age["unit"], age["type"], age["cdisc"]) == ("y", "number", "AGE")
    keys = found.filter(pl.col("table") == "adsl").drop_nulls("key_position")
    assert keys.sort("key_position")["column"].to_list() == ["TRT01PN", "USUBJID"]
    said = pq.read_metadata(in_form("dictionary") / "data_dictionary.parquet").metadata
    assert b"virtual patients" in said[b"simulated"]
    as_text = pl.read_csv(in_form("dictionary") / "data_dictionary.csv", infer_schema_length=None)
    assert as_text.cast({"key_position": pl.Int64}).equals(found)


def test_markdown_has_a_heading_a_table_and_a_line_a_column(in_form, run_root):
    lines = (in_form("dictionary") / "data_dictionary.md").read_text().splitlines()
    tables = read_contents(run_root).tables
    assert sum(line.startswith("## ") for line in lines) == len(tables)
    n_columns = sum(len(source.table.columns) for source in tables.values())
    assert sum(line.startswith("| `") for line in lines) == n_columns
    assert "Simulated data: virtual patients, no person took part." in lines
    assert all(line.count("|") - line.count("\\|") in {0, 6} for line in lines)


def test_one_lies_beside_csv_and_describes_what_is_there(in_form):
    for form, ending in (("csv", "csv"), ("plain-csv", "csv"), ("plain", "parquet")):
        folder = in_form(form)
        dictionary = pl.read_csv(folder / "data_dictionary.csv", infer_schema_length=None)
        for name, part in dictionary.group_by("table", maintain_order=True):
            path = folder / f"{name[0]}.{ending}"
            read = pl.scan_csv if ending == "csv" else pl.scan_parquet
            assert part["column"].to_list() == read(path).collect_schema().names()
