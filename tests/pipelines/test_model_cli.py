"""`cohort model` as people type it: answers, exit codes, quick help."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kernels import Solver
from pipelines import model_run
from pipelines.cli import app

SMALL = ["--systems", "cortisol", "--days", "0.5", "--device", "numpy"]


def cohort(*words):
    return CliRunner().invoke(app, ["model", *map(str, words)], prog_name="cohort")


def test_every_command_has_help_with_exit_codes():
    assert cohort("--help").exit_code == 0
    for name in ("list", "show", "simulate", "cost"):
        assert name in cohort("--help").output
        found = cohort(name, "--help")
        assert found.exit_code == 0
        assert name == "list" or "bad input" in " ".join(found.output.split())


def test_help_imports_nothing_heavy():
    code = (
        "import sys, pipelines.cli, pipelines.model_cli; "
        "print([n for n in ('polars', 'sympy', 'numpy', 'matplotlib') if n in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "[]"


def test_systems_are_listed_one_a_line():
    lines = cohort("list").stdout.splitlines()
    assert lines[0].split() == ["name", "title", "states", "needs"]
    assert any(line.startswith("kynurenine ") and "precursors, infl" in line for line in lines)
    listed = json.loads(cohort("list", "--json").stdout)
    assert {"name", "title", "n_states", "needs", "in_whole"} == set(listed[0])
    assert not next(one for one in listed if one["name"] == "levodopa")["in_whole"]


def test_a_system_is_shown_in_three_forms():
    assert "d crh/dt = crh_turnover" in cohort("show", "cortisol").stdout
    assert (
        r"\frac{d\ \mathrm{crh}}{dt}" in cohort("show", "cortisol", "--format", "markdown").stdout
    )
    (view,) = json.loads(cohort("show", "cortisol", "--format", "json").stdout)
    assert view["states"][0]["name"] == "crh"


def test_show_follows_rhythm_meals_and_couplings():
    assert "pulse_period" in cohort("show", "cortisol", "--rhythm", "ultradian").stdout
    assert "pulse_period" not in cohort("show", "cortisol").stdout
    assert "meals are switched off" in cohort("show", "precursors").stdout
    assert "meals are switched off" not in cohort("show", "precursors", "--meals").stdout
    shown = cohort("show", "crosstalk", "--without", "gaba_on_dopamine").stdout
    assert "gaba_on_dopamine" not in shown
    assert "gaba_on_serotonin" in shown


def test_simulate_writes_a_folder_and_prints_a_table(tmp_path):
    found = cohort("simulate", "--out", tmp_path / "a", *SMALL, "--change", "2 h: stress=2")
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[0].split()[:2] == ["quantity", "unit"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "simulation.json",
        "time_courses.parquet",
        "time_courses.png",
        "time_courses.svg",
    ]


def test_simulate_answers_in_json(tmp_path):
    found = cohort("simulate", "--out", tmp_path / "a", *SMALL, "--json")
    record = json.loads(found.stdout)
    assert [row["quantity"] for row in record["quantities"]] == ["cortisol", "acth"]
    assert record["result"]["name"] == "success"


def test_a_solver_failure_is_exit_code_1_with_what_was_reached(tmp_path, monkeypatch):
    monkeypatch.setattr(model_run, "SOLVER", Solver(rtol=1e-8, atol=1e-10, max_steps=10))
    found = cohort("simulate", "--out", tmp_path, *SMALL, "--rhythm", "circadian")
    assert found.exit_code == 1
    assert "ExecutionError: the patient could not be solved beyond" in found.stderr
    assert "Traceback" not in found.output
    assert json.loads((tmp_path / "simulation.json").read_text())["result"]["code"] == 2


def test_cost_prints_a_table_or_json():
    found = cohort("cost", "--systems", "cortisol", "--device", "numpy")
    assert found.exit_code == 0
    assert found.stdout.splitlines()[1].split()[:2] == ["cortisol", "4"]
    assert "steps accepted a day" in found.stdout
    plain = json.loads(
        cohort("cost", "--systems", "cortisol", "--device", "numpy", "--json").stdout
    )
    assert plain["n_states"] == 4


def test_validate_writes_a_page_tables_and_a_picture(tmp_path):
    found = cohort("validate", "--out", str(tmp_path / "a"), "--topic", "acetylcholine")
    assert found.exit_code == 0, found.stderr
    assert "agrees" in found.stdout
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {
        "CHEMISTRY.md",
        *(f"experiments.{e}" for e in ("json", "parquet", "png", "svg")),
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "dopamin"], "Did you mean 'dopamine'"),
        (["show", "--format", "xml"], "'xml' is not one of"),
        (["show", "--rhythm", "daily"], "'daily' is not one of"),
        (["show", "--without", "a_on_b"], "unknown coupling 'a_on_b'"),
        (["list", "cortisol"], "unexpected extra argument"),
        (["simulate"], "--out"),
        (["simulate", "--out", "{out}/a", "--days", "three"], "parse string as a number"),
        (["simulate", "--out", "{out}/a", "--days", "-1"], "--days: -1 d"),
        (["simulate", "--out", "{out}/a", "--systems", "serotonn"], "Did you mean 'serotonin'"),
        (["simulate", "--out", "{out}/a", "--set", "stres=2"], "Did you mean 'stress'"),
        (["simulate", "--out", "{out}/a", "--set", "stress=-2"], "at least 0 [1] is allowed"),
        (["simulate", "--out", "{out}/a", "--change", "stress=2"], "TIME: NAME=VALUE"),
        (["simulate", "--out", "{out}/a", "--save-every", "1"], "has no unit"),
        (["simulate", "--out", "{out}/a", "--seed", "1"], "Add --patient"),
        (["simulate", "--out", "{out}/a", "--patient", "-1", *SMALL], "patient"),
        (["simulate", "--out", "{out}/a", "--patient", "1", "--seed", "-1", *SMALL], "seed"),
        (["simulate", "--out", "{out}/a", "--device", "abacus"], "--device: 'abacus'"),
        (["cost", "--systems", "cofactors"], "has no state"),
        (["cost", "--systems", "dopamin"], "Did you mean 'dopamine'"),
        (["cost", "--systems", "cortisol", "--device", "abacus"], "--device: 'abacus'"),
        (["validate"], "--out"),
        (["validate", "--out", "{out}/a", "--topic", "dopamin"], "Did you mean 'dopamine'"),
        (["validate", "--out", "{out}/a", "--topic", "no/such.yaml"], "no/such.yaml"),
        (["shwo"], "No such command"),
    ],
)
def test_bad_input_is_answered_with_exit_code_2_and_nothing_is_written(tmp_path, words, message):
    found = cohort(*(word.format(out=tmp_path) for word in words))
    text = " ".join(found.stderr.replace("│", " ").split())
    assert found.exit_code == 2, text
    assert message in text
    assert "Traceback" not in text
    assert list(tmp_path.iterdir()) == []
