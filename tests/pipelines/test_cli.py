"""The command line as processes: answers, exit codes, kills."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cohort.protocols import protocol_names, protocol_title
from pipelines.cli import app
from pipelines.shards import read_manifest

HERE = Path(__file__).parent
OPTIONS = ["--patients-per-arm", "40"]
N_UNITS = 12


def command(simulator, *arguments):
    return [sys.executable, str(HERE / "run_cohort.py"), simulator, *map(str, arguments)]


def cohort(*arguments, simulator="simulate"):
    return subprocess.run(
        command(simulator, *arguments), capture_output=True, text=True, timeout=60, check=False
    )


def run_words(out, *more):
    return ["run", "sct-md-01", "--out", out, *OPTIONS, *more]


def test_every_command_has_help_with_exit_codes_at_the_top():
    top = cohort("--help")
    assert top.returncode == 0
    assert "130 interrupted" in " ".join(top.stdout.split())
    for name in ("run", "plan", "protocols", "export", "doctor", "schema", "check"):
        assert name in top.stdout
        assert cohort(name, "--help").returncode == 0


def test_no_help_shows_the_examples_of_the_interface_for_programs():
    commands = [(command.callback, command.help) for command in app.registered_commands]
    commands += [
        (command.callback, command.help)
        for group in app.registered_groups
        for command in group.typer_instance.registered_commands
    ]
    assert len(commands) > 20
    for function, said in commands:
        assert ">>>" not in (said or function.__doc__)


def test_help_imports_nothing_heavy():
    code = (
        "import sys, pipelines.cli; "
        "print([n for n in ('polars', 'dask', 'sympy', 'numpy', 'pydantic') if n in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


def test_all_mistakes_of_a_protocol_come_at_once_one_a_line_and_nothing_is_written(tmp_path):
    text = cohort("protocols", "show", "sct-md-01").stdout
    text = text.replace("seed: 20020601", "sed: 20020601").replace("dose: 10 mg\n", "dose: 10\n", 1)
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    result = cohort("run", path, "--out", tmp_path / "run")
    assert result.returncode == 2
    reading, *lines = result.stderr.splitlines()
    assert reading == f"reading {path}"
    assert len(lines) == 2
    assert re.search(r"wrong\.yaml:\d+, sed: unknown key 'sed'.*seed", lines[0])
    assert re.search(r"wrong\.yaml:\d+, arms\..*dose: 10 has no unit", lines[1])
    assert result.stdout == ""
    assert sorted(one.name for one in tmp_path.iterdir()) == ["wrong.yaml"]
    assert cohort("check", path).returncode == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "sct-md-1", "--out", "{out}"], "Did you mean 'sct-md-01'"),
        (["run", "{out}/no.yaml", "--out", "{out}/run"], "no.yaml"),
        (["run", "sct-md-01"], "--out"),
        (["run", "sct-md-01", "--out", "{out}/run", "--wrokers", "2"], "--workers"),
        (["run", "sct-md-01", "--out", "{out}/run", "--workers", "0"], "--workers: 0; 1 or more"),
        (
            ["run", "sct-md-01", "--out", "{out}/run", "--workers", "two"],
            "should be a valid integer",
        ),
        (["run", "sct-md-01", "--out", "{out}/run", "--block-size", "0"], "--block-size: 0"),
        (["run", "sct-md-01", "--out", "{out}/run", "--device", "cuda:99"], "'cuda:99' was asked"),
        (["run", "sct-md-01", "--out", "{out}/run", "--seed", "-4"], "seed"),
        (["run", "sct-md-01", "--out", "{out}/run", "--patients-per-arm", "0"], "patients"),
        (["export", "{out}", "--csv"], "no tables there"),
        (["export", "{out}"], "--to: no form"),
        (["export", "{out}", "--to", "excel"], "--to: 'excel'; csv, plain"),
        (["protocols", "show", "sct"], "unknown protocol 'sct'"),
    ],
)
def test_bad_input_is_answered_with_exit_code_2_and_nothing_is_written(tmp_path, words, message):
    result = cohort(*(word.format(out=tmp_path) for word in words))
    assert result.returncode == 2
    assert message in " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_run_prints_a_summary_then_resumes_then_refuses_another_protocol(tmp_path):
    first = cohort(*run_words(tmp_path / "run", "--workers", "1"))
    assert first.returncode == 0, first.stderr
    assert "Difference vs control" in first.stdout
    assert "not medical advice" in first.stdout
    assert "patients: 160 of 160" in first.stderr
    again = cohort(*run_words(tmp_path / "run", "--json"))
    summary = json.loads(again.stdout)
    assert summary["n_failed"] == 16
    assert summary["arms"][0]["n"] == 40
    other = cohort(*run_words(tmp_path / "run", "--seed", "7"))
    assert other.returncode == 2
    assert "seed: 20020601 in the folder, 7 now" in other.stderr
    exported = cohort("export", tmp_path / "run", "--to", "xpt", "--csv")
    assert exported.returncode == 0, exported.stderr
    assert "xpt: left out, because names there are longer" in exported.stderr
    csv = (tmp_path / "run" / "exports" / "csv" / "adsl.csv").read_text().splitlines()
    assert len(csv) == 161


def test_quiet_says_nothing(tmp_path):
    result = cohort(*run_words(tmp_path / "run", "--workers", "1", "--quiet"))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_units_that_always_fail_are_named_with_exit_code_4_and_their_traceback_is_kept(tmp_path):
    result = cohort(*run_words(tmp_path / "run", "--workers", "1"), simulator="broken")
    assert result.returncode == 4
    assert "4 of 4 units (160 patients) failed 3 times: first: arm 'placebo'" in result.stderr
    assert "Traceback" not in result.stderr
    rows = json.loads((tmp_path / "run" / "failures.json").read_text())
    assert "ZeroDivisionError: planted" in rows[0]["attempts"][0]["traceback"]


def start_and_wait_for_shards(out, n_shards, **options):
    """Start a slow run of 12 units and wait until some are done."""
    words = run_words(out, "--workers", "2", "--block-size", "16")
    process = subprocess.Popen(
        command("slow", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    deadline = time.monotonic() + 50
    while len(read_manifest(out / "manifest.jsonl")) < n_shards:
        assert time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    return process


def resumed(out):
    """Run the same command again; return how many shards it found and the bytes of the tables."""
    result = cohort(*run_words(out, "--json"), simulator="slow")
    assert result.returncode == 0, result.stderr
    last = json.loads((out / "provenance.json").read_text())["runs"][-1]
    tables = {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir())}
    return last["units_reused"], tables


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The tables of the same command, left alone."""
    out = tmp_path_factory.mktemp("uninterrupted") / "run"
    result = cohort(*run_words(out, "--workers", "1", "--block-size", "40"))
    assert result.returncode == 0, result.stderr
    return {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir())}


def test_killed_half_way_and_run_again_gives_the_same_bytes_and_computes_nothing_twice(
    tmp_path, uninterrupted
):
    out = tmp_path / "run"
    process = start_and_wait_for_shards(out, 4)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    before = read_manifest(out / "manifest.jsonl")
    assert 4 <= len(before) < N_UNITS
    n_reused, tables = resumed(out)
    after = read_manifest(out / "manifest.jsonl")
    # at most the units in flight are lost; one of them may have been written but not yet logged
    assert n_reused >= len(before)
    assert after[: len(before)] == before
    assert len(after) == len({receipt.unit for receipt in after}) == N_UNITS
    assert tables == uninterrupted
    assert not list(out.rglob(".tmp-*"))


@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_a_signal_leaves_a_folder_that_the_same_command_resumes(tmp_path, uninterrupted, name):
    out = tmp_path / "run"
    process = start_and_wait_for_shards(out, 2)
    os.killpg(process.pid, signal.Signals[name])  # a terminal's Ctrl-C reaches the workers too
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"{name}: stopped. {out} can be resumed: run the same command again." in errors
    assert "Traceback" not in errors
    n_reused, tables = resumed(out)
    assert n_reused >= 2
    assert tables == uninterrupted


def test_a_folder_that_a_live_run_holds_is_refused(tmp_path):
    out = tmp_path / "run"
    process = start_and_wait_for_shards(out, 1)
    os.killpg(process.pid, signal.SIGSTOP)  # alive, and not done before the second command asks
    try:
        result = cohort(*run_words(out), simulator="slow")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert result.returncode == 1
    assert f"held by process {process.pid} on" in result.stderr


def test_plan_says_what_would_run_and_writes_nothing(tmp_path):
    result = cohort("plan", "sct-md-01", "--no-pilot", "--workers", "2", "--out", tmp_path / "run")
    assert result.returncode == 0
    assert "506 patients in 4 arms; 4 units of at most 128 patients on '" in result.stdout
    assert re.search(r"a unit +about \d+ s of one core and 0\.2 GB", result.stdout)
    assert "no pilot was run" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_plan_measures_a_pilot():
    outlook = json.loads(cohort("plan", "sct-md-01", *OPTIONS, "--json").stdout)
    assert outlook["pilot"]["n_patients"] == 2 * (8 + 64)
    assert outlook["estimate"]["seconds"] > 0
    assert outlook["estimate"]["memory_bytes"] > outlook["pilot"]["peak_bytes"] > 50_000_000


def test_doctor_lists_devices_with_reasons():
    result = cohort("doctor")
    assert result.returncode == 0
    assert re.search(r"numpy +there", result.stdout)
    machine = json.loads(cohort("doctor", "--json").stdout)
    assert all(device["reason"] for device in machine["devices"])


def test_protocols_are_listed_and_shown_and_the_schema_is_json():
    listed = cohort("protocols", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(protocol_names())
    assert all(line.endswith(protocol_title(line.split()[0])) for line in listed)
    assert "sct-md-01" in json.loads(cohort("protocols", "list", "--json").stdout)
    assert "name: sct-md-01" in cohort("protocols", "show", "sct-md-01").stdout
    assert json.loads(cohort("schema").stdout)["properties"]["arms"]
    assert "no mistakes; 4 arms, 506 patients, 6 visits" in cohort("check", "sct-md-01").stdout


def test_conditions_are_listed_and_shown_with_what_was_not_calibrated():
    listed = cohort("conditions", "list").stdout.splitlines()
    assert len(listed) == 10
    assert "major_depression  Major depressive disorder, adult outpatients (HAMD17" in listed[5]
    assert "not calibrated" not in listed[5]
    assert "UPDRS, UPDRS3, MDSUPDRS3; link not calibrated)" in listed[8]
    rows = json.loads(cohort("conditions", "list", "--json").stdout)
    assert [row["name"] for row in rows if row["is_calibrated"]] == [
        "alzheimers_disease",
        "fibromyalgia",
        "major_depression",
        "parkinsons_disease_advanced",
        "schizophrenia",
    ]
    assert "name: healthy" in cohort("conditions", "show", "healthy").stdout
    wrong = cohort("conditions", "show", "healty")
    assert wrong.returncode == 2
    assert "Did you mean 'healthy'?" in wrong.stderr


def variant(path, *changes):
    text = cohort("protocols", "show", "sct-md-01").stdout
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text[: text.index("published:")], encoding="utf-8")
    return path


def test_a_condition_whose_link_was_not_calibrated_is_announced_in_one_line(tmp_path):
    assert cohort("check", "sct-md-01").stderr == ""
    anxiety = variant(
        tmp_path / "anxiety.yaml",
        ("condition: major_depression", "condition: generalised_anxiety"),
        ("scale: MADRS", "scale: HAMA"),
        ("endpoints: [MADRS, HAMD24, HAMD17]", "endpoints: [HAMA]"),
        ("primary_endpoint: MADRS", "primary_endpoint: HAMA"),
    )
    checked = cohort("check", anxiety)
    assert checked.returncode == 0
    (line,) = checked.stderr.splitlines()
    assert "condition generalised_anxiety: the link of this condition has not been" in line


def test_a_run_in_healthy_people_says_that_no_drug_moves_their_scores(tmp_path):
    healthy = variant(
        tmp_path / "healthy.yaml",
        ("condition: major_depression", "condition: healthy"),
        ("at_least: 22", "at_least: 0"),
    )
    # what else is wrong is said after it, so nothing need be simulated here
    ran = cohort("run", healthy, "--out", tmp_path / "run", "--workers", "0")
    _, warning, _, mistake = ran.stderr.splitlines()
    assert "condition healthy: no state of the model acts on its scores" in warning
    assert "--workers: 0" in mistake
