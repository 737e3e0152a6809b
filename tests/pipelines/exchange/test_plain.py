import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.exchange.contents import read_contents
from pipelines.exchange.plain import plain_table
from pipelines.schema import CROSSED_TABLES, TABLES
from pipelines.schema.plain_names import PLAIN_TABLES, PLAIN_WORDS

REAL_WORDS = {"arm", "quantity", "sex", "time_h", "unit", "value", "variant"}


def all_columns():
    for name, table in (*TABLES.items(), *CROSSED_TABLES.items()):
        for column in table.columns:
            yield name, column.name


def test_the_list_has_a_word_for_every_name_of_adam():
    missing = {
        (table, column)
        for table, column in all_columns()
        if not column.islower() and column not in PLAIN_WORDS.get(table, {})
    }
    assert not missing


@pytest.mark.parametrize("name", TABLES)
def test_words_are_plain_and_name_one_column(name):
    for table in (TABLES[name], CROSSED_TABLES[name]):
        words = list(plain_table(table).names.values())
        assert len(set(words)) == len(words)
        for word in words:
            assert word.isidentifier(), word
            assert word.islower(), word
        jargon = {one.name.lower() for one in table.columns if one.name.isupper()}
        assert not (jargon - REAL_WORDS) & set(words)


def test_no_two_tables_have_one_name():
    names = [PLAIN_TABLES.get(name, name) for name in TABLES]
    assert len(set(names)) == len(names)


@pytest.fixture(params=["plain", "plain-csv"])
def read_plain(request, in_form):
    def read(name):
        if request.param == "plain":
            return pl.read_parquet(in_form("plain") / f"{name}.parquet")
        parquet = pl.read_parquet_schema(in_form("plain") / f"{name}.parquet")
        types = {
            word: pl.String if kind in (pl.Enum, pl.Categorical) else kind
            for word, kind in parquet.items()
        }
        return pl.read_csv(in_form("plain-csv") / f"{name}.csv", schema=types)

    return read


def test_values_and_order_are_those_of_the_run(read_plain, read_table, run_root):
    for name, source in read_contents(run_root).tables.items():
        plain = plain_table(source.table)
        found, given = read_plain(plain.name), read_table(name)
        assert found.columns == list(plain.names.values())
        for column, word in plain.names.items():
            if column == "SIMFL":
                assert found[word].to_list() == [True] * len(given)
                continue
            allowed = set(source.table.column(column).allowed)
            values = given[column].to_list()
            if allowed == {"Y"}:
                values = [value == "Y" for value in values]
            elif allowed == {"Y", "N"}:
                values = [None if value is None else value == "Y" for value in values]
            kind = given[column].dtype if allowed not in ({"Y"}, {"Y", "N"}) else pl.Boolean
            assert found[word].cast(kind).to_list() == values, (name, column)


def test_categories_keep_their_order_and_fields_say_what_they_are(in_form):
    schema = pq.read_schema(in_form("plain") / "adverse_events.parquet")
    severity = schema.field("severity")
    assert pa.types.is_dictionary(severity.type)
    assert severity.type.ordered
    assert severity.metadata[b"label"] == b"Severity/Intensity"
    assert severity.metadata[b"adam_name"] == b"AESEV"
    assert b"virtual patients" in schema.metadata[b"simulated"]
    frame = pl.read_parquet(in_form("plain") / "adverse_events.parquet")
    assert frame["severity"].dtype == pl.Enum(["MILD", "MODERATE", "SEVERE"])
    assert (frame["severity"] > "MILD").sum() == (frame["severity"] == "SEVERE").sum() > 0
