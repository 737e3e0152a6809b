"""Whole runs with the stand-in, in this process: same bytes whatever the conduct."""

import json
import resource
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.errors import FolderError, InputError, SetAsideError, ShardError
from pipelines.failures import read_failures
from pipelines.report_text import NOTICE, render
from pipelines.run_folder import RunFolder
from pipelines.run_trial import prepare, run_trial
from pipelines.schema import TABLES
from pipelines.shards import read_manifest
from pipelines.tables import write_tables
from pipelines.verify import render_verification, verify_run


def table_bytes(result):
    return {path.name: path.read_bytes() for path in sorted(result.folder.tables.iterdir())}


@pytest.mark.parametrize(("n_workers", "block_size"), [(1, 7), (2, 40)])
def test_workers_and_block_size_do_not_change_a_byte(
    finished, make_request, tmp_path, n_workers, block_size
):
    other = run_trial(make_request(tmp_path / "run", n_workers=n_workers, block_size=block_size))
    assert table_bytes(other) == table_bytes(finished)


def test_a_finished_run_computes_nothing_again_and_a_damaged_shard_only_itself(
    make_request, tmp_path
):
    request = make_request(tmp_path / "run", n_workers=1, block_size=40)
    first = run_trial(request)
    before = table_bytes(first)
    again = run_trial(request)
    assert (again.execution.n_reused, again.execution.n_computed) == (4, 0)
    damaged = sorted(first.folder.shards.iterdir())[1] / "adqs.parquet"
    damaged.write_bytes(b"PAR1 and nothing else")
    third = run_trial(request)
    assert (third.execution.n_reused, third.execution.n_computed) == (3, 1)
    assert "adqs.parquet does not match its checksum" in third.execution.damaged[0]
    assert table_bytes(third) == before
    runs = json.loads(first.folder.provenance.read_text())["runs"]
    assert [run["units_computed"] for run in runs] == [4, 0, 1]


@pytest.mark.slow
def test_a_unit_that_kills_its_worker_is_set_aside_and_the_others_are_done(make_request, tmp_path):
    request = make_request(tmp_path / "run", simulator="standin:poison", n_workers=2, block_size=20)
    with pytest.raises(SetAsideError, match=r"1 of 8 units \(20 patients\) failed 3 times.*death"):
        run_trial(request)
    assert len(list((tmp_path / "run" / "shards").iterdir())) == 7
    assert not list((tmp_path / "run" / "tables").iterdir())
    (row,) = read_failures(tmp_path / "run" / "failures.json")
    assert [attempt["kind"] for attempt in row["attempts"]] == 3 * ["worker death"]


@pytest.mark.slow
def test_a_worker_that_dies_once_costs_one_unit_only(finished, make_request, tmp_path, monkeypatch):
    monkeypatch.setenv("STANDIN_MARK", str(tmp_path / "mark"))
    request = make_request(
        tmp_path / "run", simulator="standin:poison_once", n_workers=2, block_size=20
    )
    result = run_trial(request)
    assert list(result.execution.deaths.values()) == [1]
    assert table_bytes(result) == table_bytes(finished)


def test_a_unit_that_always_fails_is_set_aside_the_rest_finishes_and_the_next_run_tries_it_again(
    finished, make_request, tmp_path, monkeypatch, in_process
):
    monkeypatch.setenv("STANDIN_MARK", str(tmp_path / "mended"))
    request = make_request(
        tmp_path / "run", simulator="standin:broken_block", n_workers=1, block_size=20
    )
    with pytest.raises(
        SetAsideError,
        match=r"1 of 8 units \(20 patients\) failed 3 times: arm 'placebo', patients 10000001 to "
        r"10000020 \(ZeroDivisionError: planted\).*All other units are done.*failures\.json",
    ):
        run_trial(request)
    folder = RunFolder(tmp_path / "run")
    assert len(list(folder.shards.iterdir())) == 7
    assert not list(folder.tables.iterdir())
    (row,) = read_failures(folder.failures)
    assert (row["arm"], row["first_id"], row["n_patients"]) == ("placebo", 10000001, 20)
    assert [attempt["message"] for attempt in row["attempts"]] == 3 * ["planted"]
    assert "standin.py" in row["attempts"][0]["traceback"]
    (told,) = json.loads(folder.provenance.read_text())["runs"]
    assert told["outcome"] == "units set aside"
    assert verify_run(folder.root, n_units=0).verdict == "unfinished"

    partial = run_trial(replace(request, allow_missing=True))
    assert partial.summary["n_missing"] == 20
    assert partial.summary["n_patients"] == 140
    assert "20 patients are missing from every table" in render(partial.summary)
    for path in folder.tables.iterdir():
        assert pq.read_metadata(path).metadata[b"missing_patients"] == b"20"
    found = verify_run(folder.root, n_units=0)
    assert found.verdict == "sound"
    assert "units are set aside, see failures.json" in render_verification(found)

    (tmp_path / "mended").touch()
    whole = run_trial(request)
    assert (whole.execution.n_reused, whole.execution.n_computed) == (7, 1)
    assert "n_missing" not in whole.summary
    assert table_bytes(whole) == table_bytes(finished)
    assert not folder.failures.exists()
    assert verify_run(folder.root, n_units=0).verdict == "sound"


def test_a_unit_that_fails_twice_goes_well_at_the_third_attempt_and_is_told_of(
    finished, make_request, tmp_path, monkeypatch, in_process
):
    monkeypatch.setenv("STANDIN_MARK", str(tmp_path / "mark"))
    request = make_request(tmp_path / "run", simulator="standin:broken_twice", n_workers=1)
    result = run_trial(request)
    (attempts,) = result.execution.failures.values()
    assert [str(attempt) for attempt in attempts] == 2 * ["TimeoutError: planted"]
    assert table_bytes(result) == table_bytes(finished)
    (told,) = json.loads(result.folder.provenance.read_text())["runs"]
    assert [len(one) for one in told["failures"].values()] == [2]


def test_an_arm_of_which_nothing_is_left_gives_no_tables_even_if_missing_is_allowed(
    make_request, tmp_path, in_process
):
    request = make_request(
        tmp_path / "run", simulator="standin:broken_block", n_workers=1, allow_missing=True
    )
    with pytest.raises(SetAsideError, match="arm 'placebo' has no patient left"):
        run_trial(request)


def test_a_disk_that_is_full_ends_the_run_at_once_and_the_next_run_has_the_same_bytes(
    finished, make_request, tmp_path, in_process
):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    request = make_request(tmp_path / "run", simulator="standin:full_disk", n_workers=1)
    try:
        with pytest.raises(ShardError, match=r"shard .* cannot be written .*has room.*Make room"):
            run_trial(request)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    folder = RunFolder(tmp_path / "run")
    assert list(folder.shards.iterdir()) == []
    (told,) = json.loads(folder.provenance.read_text())["runs"]
    assert told["outcome"] == "failed: ShardError"
    assert folder.lock.read_text() == ""
    settings = json.loads(folder.settings.read_text())
    folder.settings.write_text(json.dumps({**settings, "simulator": "standin:simulate"}))
    again = run_trial(make_request(tmp_path / "run", n_workers=1))
    assert table_bytes(again) == table_bytes(finished)


def test_a_disk_that_is_full_when_tables_are_written_is_one_clear_error(
    finished, make_request, tmp_path
):
    ready = prepare(make_request(tmp_path / "run", block_size=16))
    shutil.copytree(finished.folder.shards, ready.folder.shards)
    ready.folder.tables.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(
            ShardError, match=r"table .*adsl\.parquet: cannot be written .*Make room"
        ):
            write_tables(ready.plan, ready.facts, ready.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(ready.folder.tables.iterdir()) == []


def test_the_manifest_lists_every_shard_once(finished):
    receipts = read_manifest(finished.folder.manifest)
    assert len(receipts) == len({receipt.unit for receipt in receipts}) == 12
    assert sum(receipt.n_patients for receipt in receipts) == 160


def test_provenance_tells_how_to_repeat_the_run_and_tables_do_not_tell_the_time(finished):
    found = json.loads(finished.folder.provenance.read_text())
    assert found["seed"] == 20020601
    there = [one["name"] for one in found["devices"] if one["is_available"]]
    assert found["device"] == there[0]
    assert all(one["reason"] for one in found["devices"])
    assert not set(found["devices_passed_over"]) & set(there)
    assert found["versions"]["numpy"]
    assert set(found["tables"]) == set(TABLES)
    assert len(found["shards"]) == 12
    host = found["runs"][0]["host"].encode()
    assert not any(host in content for content in table_bytes(finished).values() if len(host) > 3)


@pytest.mark.parametrize("name", TABLES)
def test_tables_carry_labels_and_fixed_row_groups(finished, name):
    file = pq.ParquetFile(finished.folder.tables / f"{name}.parquet")
    assert file.metadata.metadata[b"label"].decode() == TABLES[name].label
    for column in TABLES[name].columns:
        metadata = file.schema_arrow.field(column.name).metadata
        assert metadata[b"label"].decode() == column.label
        assert metadata[b"unit"].decode() == column.unit
    if file.metadata.num_rows:  # a table of counterfactual designs only is empty here
        assert file.metadata.num_row_groups == 1
        assert file.metadata.row_group(0).column(0).is_stats_set
    file.close()


def test_the_summary_shows_arms_outcome_events_failures_and_the_notice(finished):
    text = render(finished.summary)
    for words in ("placebo", "MADRS at week 8", "95 % CI", "Response", "Nausea", "SERTOCC"):
        assert words in text
    assert "16 of 160 patients could not be solved to the end" in text
    assert text.endswith(NOTICE)
    assert json.loads(json.dumps(finished.summary)) == finished.summary


def test_a_folder_that_cannot_be_created_is_refused(make_request, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=r"cannot be created \(Not a directory\)"):
        run_trial(make_request(tmp_path / "file" / "run"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_workers": 0}, "--workers: 0; 1 or more"),
        ({"device": "gpu"}, "--device: 'gpu' was asked for and is not there"),
        ({"device": "cuda:99"}, "--device: 'cuda:99' was asked for and is not there"),
        ({"simulator": "nothing:here"}, "simulator: 'nothing:here'"),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_anything_is_written(
    make_request, tmp_path, options, message
):
    with pytest.raises(InputError, match=message):
        run_trial(make_request(tmp_path / "run", **options))
    assert list(Path(tmp_path).iterdir()) == []
