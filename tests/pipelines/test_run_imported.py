"""A trial of a model from a file, from the command line to its tables, report and seal."""

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import polars as pl
import pytest
from imported_trials import TRIAL, WARFARIN, trial

from cohort.sbml.short_units import short_unit
from pipelines.batch_keys import find_keys, protocol_keys
from pipelines.cli import main


@dataclass
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def run_cohort(*words):
    """Run the command line in this process."""
    printed, complaints, code = StringIO(), StringIO(), 0
    with redirect_stdout(printed), redirect_stderr(complaints):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code or 0
    return Done(code, printed.getvalue(), complaints.getvalue())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run, and what its start printed."""
    folder = tmp_path_factory.mktemp("imported")
    shutil.copy(WARFARIN, folder / "model.xml")
    text = TRIAL.replace(str(WARFARIN), str(folder / "model.xml"))
    (folder / "trial.yaml").write_text(text)
    out = folder / "run"
    done = run_cohort(
        "run", folder / "trial.yaml", "--out", out, "--workers", "1", "--block-size", "4"
    )
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_summary_shows_levels_and_nothing_of_scales_or_events(run):
    _, text = run
    assert "PCA at week 1" in text
    assert "C [mg/L]" in text
    for word in ("Response", "Remission", "Adverse events"):
        assert word not in text


def test_tables_hold_every_quantity_and_the_parameters_of_patients(run):
    out, _ = run
    rows = pl.read_parquet(out / "tables" / "adlb.parquet")
    named = dict(rows.select("PARAMCD", "PARAM").unique().iter_rows())
    assert named == {
        "C": "C: warfarin in plasma (mg/L)",
        "PCA": "PCA: prothrombin complex activity, % of normal (1)",
        "P_CL": "Parameter CL: clearance (L/h)",
        "P_V": "Parameter V: volume of distribution (L)",
    }
    assert rows.filter(pl.col("PARAMCD") == "C").height == 16 * 3
    assert rows.filter(pl.col("PARAMCD") == "P_CL").height == 16
    outcomes = pl.read_parquet(out / "tables" / "outcomes_by_arm.parquet")
    assert set(outcomes["endpoint"]) == {"C", "PCA"}
    contrast = pl.read_parquet(out / "tables" / "contrasts.parquet").row(-1, named=True)
    assert contrast["endpoint"] == "PCA"
    assert contrast["difference_high"] < 0.0


def test_the_run_is_sound_and_its_tables_are_valid(run):
    out, _ = run
    verified = run_cohort("verify", out)
    assert verified.returncode == 0
    assert "sound" in verified.stdout
    valid = run_cohort("validate-tables", out)
    assert valid.returncode == 0
    assert "no finding" in valid.stdout


def test_provenance_tells_the_file_its_copy_and_the_solver_of_this_trial(run):
    out, _ = run
    told = json.loads((out / "provenance.json").read_text())
    assert any(key.endswith("model.xml") for key in told["code"])
    assert told["kernel"]["solver"] == {"method": "rodas5p", "rtol": 1e-6, "atol": 1e-12}
    (copy,) = (out / "inputs").iterdir()
    assert copy.read_bytes() == WARFARIN.read_bytes()


def test_the_report_speaks_of_the_model_and_not_of_our_patient(run):
    out, _ = run
    assert run_cohort("report", out, "--format", "markdown").returncode == 0
    text = next((out / "report").glob("*.md")).read_text()
    assert "model model.xml" in text
    for word in ("neurotransmitters", "is better", "score", "Response", "Any adverse event"):
        assert word not in text


def test_a_changed_file_is_not_the_same_run(run):
    out, _ = run
    folder = out.parent
    changed = (folder / "model.xml").read_text().replace('value="0.13"', 'value="0.2"')
    kept = (folder / "model.xml").read_bytes()
    (folder / "model.xml").write_text(changed)
    try:
        again = run_cohort("run", folder / "trial.yaml", "--out", out)
    finally:
        (folder / "model.xml").write_bytes(kept)
    assert again.returncode == 2
    assert "model.xml" in again.stderr


def test_a_cross_over_compares_treatments_within_patients_and_a_report_finds_small_ids(tmp_path):
    renamed = WARFARIN.read_text().replace(">C<", ">c_in<").replace('"C"', '"c_in"')
    (tmp_path / "model.xml").write_text(renamed)
    arms = """\
  - name: one
    control: true
    patients: 6
    sequence: [drug, none]
    regimens: [{drug: warfarin, dose: 5 mg, stop: week 4}]
  - name: two
    patients: 6
    sequence: [none, drug]
    regimens: [{drug: warfarin, dose: 5 mg, start: week 4, stop: week 8}]
"""
    text = TRIAL.replace(str(WARFARIN), str(tmp_path / "model.xml")).replace(
        "into: C", "into: c_in"
    )
    text = text.replace("[C, PCA]", "[c_in]").replace("endpoint: PCA", "endpoint: c_in")
    text = text.replace("duration: 1 week", "duration: 8 week").replace(
        "day 3, week 1", "week 4, week 8"
    )
    start, stop = text.index("  - {name: none"), text.index("endpoints:")
    first, second = "start: week 0, stop: week 4", "start: week 4, stop: week 8"
    periods = f"periods: [{{name: a, {first}}}, {{name: b, {second}}}]\n"
    (tmp_path / "trial.yaml").write_text(text[:start] + arms + periods + text[stop:])
    out = tmp_path / "run"
    assert run_cohort("run", tmp_path / "trial.yaml", "--out", out, "--quiet").returncode == 0
    found = pl.read_parquet(out / "tables" / "crossover_contrasts.parquet").filter(measure="value")
    assert found["endpoint"].to_list() == ["CIN"]
    assert found["difference"][0] > 1.0  # 5 mg a day holds some 1.7 mg/L
    assert found["n_first"][0] + found["n_second"][0] == 12
    assert run_cohort("report", out, "--format", "markdown").returncode == 0
    assert "CIN at week 8" in next((out / "report").glob("*.md")).read_text()


@pytest.mark.parametrize("words", [("power",), ("run", "--out", "no", "--uncertainty")])
def test_what_knows_our_patient_only_says_so_at_once(run, words):
    out, _ = run
    command, *options = words
    refused = run_cohort(command, out.parent / "trial.yaml", *options)
    assert refused.returncode == 2
    assert "the patients of 'small' are the model of" in refused.stderr


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("(0.001 mole) litre^-1 second^-1", "mmol/L/s"),
        ("(1e-06 gram)", "ug"),
        ("(86400 second)^-1", "1/d"),
        ("litre^2", "L^2"),
        ("(60 second)^-1 item", "item/min"),
        ("", ""),
        ("furlong", "furlong"),
        ("(12 furlong) second", "(12 furlong) second"),
        ("(2 mole)", "(2 mole)"),
    ],
)
def test_units_are_written_short_where_they_can_be(text, short):
    assert short_unit(text) == short


def test_a_sweep_can_vary_what_a_model_is_given():
    known = protocol_keys(trial(("  variability:", "  parameters: {kout: 0.1}\n  variability:")))
    for text in ("model.parameters.kout", "model.variability[0].cv", "model.drugs[warfarin].lag"):
        (key,) = find_keys(text, known)
        assert key.text == text
