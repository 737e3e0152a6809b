import shutil

import polars as pl
import pytest

from pipelines.validate import validate_tables


def test_a_finished_run_breaks_no_rule(finished, counterfactual):
    assert validate_tables(finished.folder.tables) == ()
    assert validate_tables(counterfactual.folder.tables) == ()


def set_first(column, value):
    def change(frame):
        values = frame[column].to_list()
        return frame.with_columns(
            pl.Series(column, [value, *values[1:]], dtype=frame[column].dtype)
        )

    return change


@pytest.mark.parametrize(
    ("table", "change", "rule"),
    [
        ("adsl", set_first("SAFFL", None), "SAFFL is never null"),
        ("adsl", set_first("SAFFL", "X"), "SAFFL is one of Y, N"),
        ("adsl", lambda frame: pl.concat([frame[:1], frame]), "one row a subject"),
        ("adsl", lambda frame: frame.reverse(), "rows are sorted by the key"),
        ("adsl", set_first("AGE", float("nan")), "AGE is finite or null"),
        ("adsl", lambda frame: frame.drop("SEX"), "columns and types are those of the schema"),
        ("adqs", set_first("ABLFL", "N"), "ABLFL is one of Y"),
        ("adqs", set_first("CHG", 1.0), "CHG is on post-baseline rows only"),
        ("adqs", set_first("ADY", 0), "ADY is not 0"),
        ("adqs", set_first("BASE", 99.0), "BASE is AVAL on the baseline row"),
        (
            "adqs",
            lambda frame: frame.with_columns(pl.col("CHG") + 0.5),
            "CHG = AVAL - BASE",
        ),
        (
            "adqs",
            lambda frame: frame.with_columns(CHG=pl.lit(None, pl.Float64)),
            "CHG is there after baseline",
        ),
        ("adae", set_first("USUBJID", "SCT-MD-01-01-000000000"), "every USUBJID is in ADSL"),
        ("adae", set_first("ASTDY", 0), "ASTDY is not 0"),
        ("adae", set_first("AENDY", -5), "AENDY is not before ASTDY"),
        ("adae", set_first("TRTEMFL", None), "TRTEMFL is Y from day 1 on"),
        ("adae", set_first("TRTAN", 0), "treatment is that of ADSL"),
        ("adae", set_first("AESLIFE", "Y"), "AESER is Y where a criterion of seriousness is"),
        ("adae", set_first("AESDTH", "Y"), "AEOUT is FATAL where AESDTH is Y"),
        ("adae", lambda frame: frame.with_columns(AENDY=pl.lit(None, pl.Int64)), "AENDY is there"),
    ],
)
def test_a_planted_fault_is_found(finished, tmp_path, table, change, rule):
    shutil.copytree(finished.folder.tables, tmp_path / "tables")
    path = tmp_path / "tables" / f"{table}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)
    findings = validate_tables(tmp_path / "tables")
    assert any(finding.table == table and rule in finding.rule for finding in findings), findings
