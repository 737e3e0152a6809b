import json
import shutil

import polars as pl
import pytest

from pipelines.cli import main
from pipelines.errors import InputError
from pipelines.validate_tables import RULES, findings_frame, read_datasets, validate_tables


def test_a_finished_run_breaks_no_rule(finished, counterfactual):
    for run in (finished, counterfactual):
        assert [str(finding) for finding in validate_tables(run.folder.root)] == []


def cohort(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["validate-tables", *map(str, arguments)])
    return left.value.code, *capsys.readouterr()


def test_the_command_says_what_is_broken_and_fails(finished, tmp_path, capsys):
    code, said, _ = cohort(capsys, finished.folder.root)
    assert code == 0
    assert "no finding; 8 datasets (ADAE, ADEX, ADLB, ADPC, ADQS, ADSL, ADTTE, TRAJ" in said
    shutil.copytree(finished.folder.tables, tmp_path / "tables")
    path = tmp_path / "tables" / "adsl.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(pl.lit("Q").alias("SEX")).write_parquet(path)
    code, said, _ = cohort(capsys, tmp_path, "--json", "--out", tmp_path / "found.csv")
    assert code == 1
    found = json.loads(said)
    rules = {one["rule"] for one in found["findings"] if one["variable"] == "SEX"}
    assert {"NC030", "NC153"} <= rules
    assert {one["rule"] for one in found["findings"]} >= {"NC151", "NC152"}  # labels, mark are gone
    assert len(pl.read_csv(tmp_path / "found.csv")) == found["n_findings"]


def test_the_command_lists_its_rules(capsys):
    code, said, _ = cohort(capsys, "--rules")
    assert code == 0
    assert len(said.splitlines()) == len(RULES)
    assert said.startswith("NC001  SAS V5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "validate-tables: no folder; a run folder"),
        (["nowhere"], "nowhere: no folder of that name"),
        ([".", "--out", "found.txt"], ".csv and .parquet are allowed. Rename it"),
    ],
)
def test_the_command_refuses_what_it_cannot_check(capsys, arguments, message):
    code, _, complaint = cohort(capsys, *arguments)
    assert code == 2
    assert message in complaint


def test_a_folder_of_other_files_is_read(tmp_path):
    pl.DataFrame({"USUBJID": ["a", "a"]}).write_parquet(tmp_path / "adsl.parquet")
    found = findings_frame(validate_tables(tmp_path))
    assert {"NC005", "NC040"} <= set(found["rule"])
    assert found.filter(pl.col("rule") == "NC040")["n_rows"].to_list() == [1]


def test_transport_files_are_read_with_labels_and_dates(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat", reason="reads transport files")
    import pandas as pd

    frame = pd.DataFrame({"STUDYID": ["S"], "USUBJID": ["a"], "TRTSDT": [15_000.0], "SEX": [""]})
    pyreadstat.write_xport(
        frame,
        str(tmp_path / "adsl.xpt"),
        file_label="Subject Level",
        column_labels=["Study", "Subject", "Start", "Sex"],
        table_name="ADSL",
        file_format_version=5,
        variable_format={"TRTSDT": "DATE9."},
    )
    dataset = read_datasets(tmp_path)["ADSL"]
    assert dataset.label == "Subject Level"
    assert dataset.labels["TRTSDT"] == "Start"
    assert dataset.schema["TRTSDT"] == pl.Date
    assert dataset.frame.collect()["SEX"].to_list() == [None]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no dataset there"),
        ({"adsl.parquet": b"not a table"}, "cannot be read"),
    ],
)
def test_a_folder_without_whole_datasets_is_refused(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_datasets(tmp_path)
