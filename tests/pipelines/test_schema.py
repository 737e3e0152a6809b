import polars as pl
import pytest

from pipelines.schema import SUBJECT_TABLES, SUMMARY_TABLES, TABLES, arrow_schema, polars_schema


def test_tables_are_the_subject_level_and_the_summaries():
    assert tuple(TABLES) == (*SUBJECT_TABLES, *SUMMARY_TABLES[:2], *SUMMARY_TABLES[2:])


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_columns_are_unique_described_and_fit_sas_labels(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    for column in table.columns:
        assert column.label.isascii()
        assert 0 < len(column.label) <= 40, column
        assert column.meaning.endswith("."), column
        assert column.unit if column.kind == "number" else True, column
    assert len(table.label) <= 40


@pytest.mark.parametrize("name", SUBJECT_TABLES)
def test_names_of_subject_level_tables_fit_sas(name):
    assert all(len(column.name) <= 8 and column.name.isupper() for column in TABLES[name].columns)


def test_population_flags_are_never_null_and_record_flags_never_n():
    for name in ("SAFFL", "ITTFL", "COMPLFL"):
        column = TABLES["adsl"].column(name)
        assert column.allowed == ("Y", "N")
        assert not column.nullable
    for table, name in (("adqs", "ABLFL"), ("adqs", "ANL01FL"), ("adae", "TRTEMFL")):
        column = TABLES[table].column(name)
        assert column.allowed == ("Y",)
        assert column.nullable


def test_labels_and_units_reach_the_arrow_schema():
    field = arrow_schema(TABLES["adsl"]).field("AGE")
    assert field.metadata[b"label"] == b"Age"
    assert field.metadata[b"unit"] == b"y"
    assert polars_schema(TABLES["adsl"])["AGE"] is pl.Float64
