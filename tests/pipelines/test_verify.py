"""Verifying: one flipped bit in any file is found, and units computed again have the same bytes."""

import json
import random
import shutil
from dataclasses import replace

import polars as pl
import pytest

from pipelines.cli import main
from pipelines.errors import InputError, LockError
from pipelines.files import file_sha256, text_sha256
from pipelines.run_folder import RunFolder, hold
from pipelines.seal import SEAL, SealError, read_seal, run_files, seal_file, write_seal
from pipelines.shards import RECEIPT, Receipt
from pipelines.verify import render_verification, verify_run

STANDIN = "standin:simulate"


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run, free to be damaged."""
    return shutil.copytree(finished.folder.root, tmp_path / "run")


def flip(path, random_numbers):
    content = bytearray(path.read_bytes())
    bit = random_numbers.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def faults(found):
    return {file.path: file.state for file in found.files if file.state != "ok"}


def test_a_finished_run_is_sound_and_units_have_the_same_bytes_again(finished):
    before = {name: file_sha256(finished.folder.root / name) for name in files_of(finished)}
    found = verify_run(finished.folder.root, n_units=2, seed=3, simulator=STANDIN)
    assert (found.verdict, faults(found), found.other) == ("sound", {}, ())
    assert [unit.state for unit in found.units] == ["same", "same"]
    assert found.n_units == 12
    assert {name: file_sha256(finished.folder.root / name) for name in files_of(finished)} == before


def files_of(finished):
    return list(run_files(finished.folder.root))


def test_one_flipped_bit_in_any_file_is_found_and_only_that_file_is_named(run):
    numbers = random.Random(20261125)
    names = [name for name in run_files(run) if name != "run.lock"]
    assert len(names) == 12 * (8 + 1) + 17 + 10  # of 8 tables and a receipt a unit; tables; others
    for name in names:
        whole = (run / name).read_bytes()
        flip(run / name, numbers)
        found = verify_run(run, n_units=0)
        assert found.verdict == "unsound", name
        assert faults(found).get(name) == "damaged"
        if name != SEAL:  # with a damaged seal, files that no other witness names are unchecked
            assert set(faults(found)) == {name}
        (run / name).write_bytes(whole)
    assert verify_run(run, n_units=0).verdict == "sound"


def test_without_the_seal_receipts_and_provenance_are_witnesses(run):
    (run / SEAL).unlink()
    assert verify_run(run, n_units=0).verdict == "unfinished"
    numbers = random.Random(7)
    vouched = [name for name in run_files(run) if name.startswith(("shards/", "tables/"))]
    for name in [*numbers.sample(vouched, 12), "protocol.yaml", "settings.json"]:
        whole = (run / name).read_bytes()
        flip(run / name, numbers)
        assert faults(verify_run(run, n_units=0))[name] == "damaged"
        (run / name).write_bytes(whole)


def test_a_missing_an_extra_and_an_exported_file(run):
    (run / "tables" / "adae.parquet").unlink()
    shutil.copy(run / "tables" / "adsl.parquet", run / "tables" / "more.parquet")
    (run / "notes.txt").touch()
    (run / "exports" / "csv").mkdir(parents=True)
    (run / "exports" / "csv" / "adsl.csv").touch()
    found = verify_run(run, n_units=0)
    assert faults(found) == {
        "tables/adae.parquet": "missing",
        "tables/more.parquet": "extra",
        "notes.txt": "extra",
        "exports/csv/adsl.csv": "extra",
    }
    assert {file.path for file in found.files if file.is_fault} == {
        "tables/adae.parquet",
        "tables/more.parquet",
    }
    text = render_verification(found)
    assert "missing    tables/adae.parquet: no such file" in text
    assert text.splitlines()[-1].startswith(f"{run}: unsound. Run the command that made it again")


def forge(run, column, change):
    """Change a value in the first shard and every checksum with it, as no accident would."""
    shard = sorted((run / "shards").iterdir())[0]
    path = shard / "adsl.parquet"
    pl.read_parquet(path).with_columns(change(pl.col(column))).write_parquet(path)
    receipt = Receipt.from_json((shard / RECEIPT).read_text())
    stored = replace(receipt.files["adsl"], sha256=file_sha256(path), bytes=path.stat().st_size)
    receipt = replace(receipt, files={**receipt.files, "adsl": stored})
    (shard / RECEIPT).write_text(receipt.to_json() + "\n")
    (run / SEAL).unlink()
    write_seal(run, {})


def test_a_changed_value_whose_checksums_agree_is_found_by_computing_it_again(run):
    forge(run, "AGE", lambda age: age + 1)
    found = verify_run(run, n_units=12, simulator=STANDIN)
    assert faults(found) == {}
    assert sorted(unit.state for unit in found.units) == ["differs"] + 11 * ["same"]
    (unit,) = [unit for unit in found.units if unit.state == "differs"]
    assert unit.why == "adsl: other values in AGE"
    assert found.verdict == "unsound"


def test_where_the_code_is_other_code_a_difference_is_no_proof(run):
    forge(run, "AGE", lambda age: age + 1)
    settings = json.loads((run / "settings.json").read_text())
    settings["code"]["numpy"] = "1.0"
    (run / "settings.json").write_text(json.dumps(settings))
    provenance = json.loads((run / "provenance.json").read_text())
    provenance["kernel"]["instruction_set"] = "abacus"
    (run / "provenance.json").write_text(json.dumps(provenance))
    (run / SEAL).unlink()
    write_seal(run, {})
    found = verify_run(run, n_units=12, simulator=STANDIN)
    assert found.verdict == "undecided"
    assert sorted({unit.state for unit in found.units}) == ["same", "undecided"]
    text = render_verification(found)
    assert "other here than where the run was made: code.numpy: 1.0 then" in text
    assert "kernel.instruction_set: abacus then" in text
    assert "verify with the versions of the run to decide" in text


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("simulator", "os:abort", "simulated by 'os:abort'; 'standin:simulate' is allowed"),
        ("protocol_hash", "ab", "its protocol does not match its own hash"),
        ("device", "cuda:9", "'cuda:9' was asked for and is not there"),
        ("protocol", {"name": "x"}, "its protocol is not valid here"),
    ],
)
def test_what_cannot_be_computed_here_is_said_and_nothing_of_it_is_executed(
    run, key, value, message
):
    settings = json.loads((run / "settings.json").read_text())
    (run / "settings.json").write_text(json.dumps({**settings, key: value}))
    (run / SEAL).unlink()
    write_seal(run, {})
    found = verify_run(run, simulator=STANDIN)
    assert found.units == ()
    assert message in found.notes[0]
    assert found.verdict == "undecided"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_units": -1}, "--units: -1; 0 or more"),
        ({"device": "gpu"}, "--device: 'gpu' was asked for"),
    ],
)
def test_options_that_cannot_be_used_are_refused(finished, options, message):
    with pytest.raises(InputError, match=message):
        verify_run(finished.folder.root, simulator=STANDIN, **options)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run there"):
        verify_run(tmp_path)


def test_a_folder_that_a_live_run_holds_is_refused(run):
    with hold(RunFolder(run)), pytest.raises(LockError, match="held by process"):
        verify_run(run)


@pytest.mark.parametrize(
    "line", ["", "x\n", f"{64 * 'a'}  ../../etc/passwd\n", f"{64 * 'a'}  /etc/passwd\n", "ab  a\n"]
)
def test_a_seal_that_names_files_outside_the_folder_or_nothing_is_damaged(tmp_path, line):
    body = line or "\n"
    (tmp_path / SEAL).write_text(f"{body}# sha256 of the lines above: {text_sha256(body)}\n")
    with pytest.raises(SealError, match="does not match its own checksum"):
        read_seal(tmp_path)


def test_a_table_written_after_the_run_is_taken_into_the_seal(run):
    shutil.copy(run / "tables" / "adsl.parquet", run / "tables" / "uncertainty.parquet")
    seal_file(run, "tables/uncertainty.parquet")
    assert verify_run(run, n_units=0).verdict == "sound"


def test_the_command_answers_with_text_or_json_and_an_exit_code(run, capsys):
    def verify(*more):
        with pytest.raises(SystemExit) as left:
            main(["verify", str(run), "--units", "1", *more], simulator=STANDIN)
        return left.value.code, capsys.readouterr()

    code, printed = verify("--seed", "5")
    assert code == 0
    assert "units: 1 of 12 computed again (--seed 5): 1 same" in printed.out
    (run / "tables" / "adsl.parquet").write_bytes(b"PAR1")
    code, printed = verify("--json")
    answer = json.loads(printed.out)
    assert (code, answer["verdict"]) == (1, "unsound")
    damaged = [file for file in answer["files"] if file["state"] == "damaged"]
    assert [file["path"] for file in damaged] == ["tables/adsl.parquet"]
    code, printed = verify("--units", "-2")
    assert code == 2
    assert "--units: -2" in printed.err
