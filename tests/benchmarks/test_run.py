import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine import accuracy, catalogue, launch, measure, report, roofline, sections

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def row(label, rate, error=1e-6, *, is_ours=False, **more):
    usual = {
        "section": "sert29",
        "status": "ok",
        "label": label,
        "is_ours": is_ours,
        "device": "cpu",
        "threads": 1,
        "rtol": 1e-5,
        "per_cpu_s": rate,
        "per_s": rate,
        "error_worst": error,
        "error_median": error,
    }
    return usual | more


def run(*arguments):
    command = [sys.executable, str(BENCHMARKS / "run.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "path", sorted((BENCHMARKS / "runners").glob("*.py")), ids=lambda p: p.stem
)
def test_a_runner_parses_and_says_what_it_runs(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_entry_of_the_catalogue_has_its_runner():
    for entry in (*catalogue.all_ours(), *catalogue.PEERS):
        assert (BENCHMARKS / "runners" / entry.script).exists() or entry.refusal
    labels = [entry.label for entry in (*catalogue.all_ours(), *catalogue.PEERS)]
    assert len(set(labels)) == len(labels)
    assert set(catalogue.WORK_PRECISION_PEERS) <= set(labels)


def test_every_way_to_solve_the_chemistry_has_its_runner():
    peers = (*catalogue.CHEMISTRY_PEERS, catalogue.REFEREE, catalogue.chemistry_tight({}))
    entries = (*catalogue.chemistry_ours(), *peers)
    assert all((BENCHMARKS / "runners" / entry.script).exists() for entry in entries)
    assert len({entry.label for entry in entries}) == len(entries)


def test_help_names_every_option_and_section():
    told = run("--help")
    assert told.returncode == 0
    assert all(name in told.stdout for name in sections.SECTIONS)
    for option in ("--sections", "--rounds", "--patients", "--skip-peers", "--peers-python"):
        assert option in told.stdout


def test_a_number_of_patients_that_is_none_is_refused():
    told = run("--patients", "native-float64=many")
    assert told.returncode == 2
    assert "LABEL=N is needed" in told.stderr


def test_what_is_missing_is_a_row_and_no_crash():
    entry = next(e for e in catalogue.PEERS if e.label == "numbalsoda")
    assert catalogue.missing(entry, {"numba"}, {}) == ("not installed", "no numbalsoda")
    assert catalogue.missing(entry, {"numba", "numbalsoda"}, {}) is None
    ours = catalogue.ours("native", "float64")
    lack = catalogue.missing(ours, set(), {"native": "no compiler"})
    assert lack == ("not available", "no compiler")
    refused = next(e for e in catalogue.PEERS if e.refusal)
    assert catalogue.missing(refused, set(), {})[0] == "cannot"


def test_a_runner_that_crashes_becomes_a_row(tmp_path):
    arguments = ["--variant", "nowhere/float64/rodas5p"]
    settings = {"python": Path(sys.executable), "threads": 1, "timeout_s": 60.0}
    found = launch.run("run_neurocohort.py", arguments, cache=tmp_path / "c", **settings)
    assert found["status"] == "failed"
    assert "nowhere" in found["reason"]


def test_our_own_runner_is_right_and_timed(tmp_path):
    arguments = ["--patients", 2, "--rtol", 1e-3, "--variant", "numpy/float64/rodas4"]
    settings = {"python": Path(sys.executable), "threads": 1, "timeout_s": 60.0}
    found = launch.run("run_neurocohort.py", arguments, cache=tmp_path / "c", **settings)
    assert found["status"] == "ok", found
    assert found["is_cold"]
    assert found["n_checked"] == 2
    assert found["per_s"] > 0
    assert found["steps"] > 84


def test_a_wrong_answer_is_not_timed(monkeypatch, capsys):
    calls = []

    def solve(parameters):
        calls.append(len(parameters))
        return measure.Solved(final=accuracy.reference()["final"][: len(parameters)] * 1.1)

    monkeypatch.setattr(sys, "argv", ["run_x.py", "--patients", "2"])
    measure.measure(lambda _: measure.Runner(solve=solve))
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "wrong answer"
    assert "per_s" not in told
    assert calls == [2]  # checked, not timed


def test_the_verdict_is_the_ratio_of_medians():
    rows = [row("native-float64", rate, is_ours=True) for rate in (900.0, 1000.0, 1300.0)]
    rows += [row("slow", 1.0), *(row("fast", rate) for rate in (18.0, 20.0, 25.0))]
    (line,) = report.verdicts(rows)
    assert "**50** (36 to 72.2 over rounds)" in line
    assert "fast 20" in line


def test_equal_error_compares_the_curves_between_their_points():
    curve = {"section": "work-precision"}
    rows = [
        row("ours", 1000.0, 1e-6, is_ours=True, rtol=1e-6, **curve),
        row("ours", 4000.0, 1e-4, is_ours=True, rtol=1e-4, **curve),
        row("peer", 10.0, 1e-5, rtol=1e-5, **curve),
        row("peer", 30.0, 1e-4, rtol=1e-4, **curve),
    ]
    lines = report.verdicts(rows)
    ratios = [line.rpartition("**.")[0].rpartition("**")[2] for line in lines]
    assert ratios == ["133", "200"]  # at 1e-4 and 1e-5; at 1e-6 the peer has no point


def test_without_other_packages_there_is_no_ratio():
    rows = [row("native-float64", 1000.0, is_ours=True)]
    assert report.verdicts(rows) == ["At rtol 1e-5: no other package was measured."]


def test_the_report_is_written_from_the_lines_alone(tmp_path):
    results, text = tmp_path / "engine.jsonl", tmp_path / "RESULTS.md"
    about = dict.fromkeys(("cpu", "cores", "instructions", "memory_gb", "system"), "x")
    about |= {"python": "3", "date": "d", "commit": "c", "is_dirty": False, "peaks_from": "none"}
    about |= {"is_cold": True, "start_s": 1.0, "peak_mb": 1.0, "n": 1, "method": "m"}
    lines = [row("ours", 10.0, is_ours=True, version="1", **about)]
    lines.append({**lines[0], "label": "gone", "status": "not installed", "reason": "no gone"})
    results.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = run("--sections", "--results", results, "--report", text)
    assert told.returncode == 0, told.stderr
    assert "| **ours** | 1 | 10 |" in text.read_text()
    assert "- gone: not installed (no gone)" in text.read_text()


def test_the_share_of_the_peak_counts_divisions_apart():
    peak = roofline.Peak(fma=50.0, divide=2.0)
    step = {"flop": 1100, "div": 100, "bytes": 8000}
    found = roofline.reached(step, attempts=1e6, seconds=0.1, peak=peak)
    assert found["gflop_per_s"] == pytest.approx(11.0)
    assert found["of_fma"] == pytest.approx(0.22)
    assert found["of_bound"] == pytest.approx((100 / 2.0 + 1000 / 50.0) * 1e-3 / 0.1)


def test_a_patient_that_fails_beyond_the_checked_ones_gives_no_rate(monkeypatch, capsys):
    tight = accuracy.reference()["final"]

    def solve(parameters):
        final = np.resize(tight, (len(parameters), tight.shape[1]))
        final[len(tight) :] = np.nan
        return measure.Solved(final=final)

    monkeypatch.setattr(sys, "argv", ["run_x.py", "--patients", "30"])
    measure.measure(lambda _: measure.Runner(solve=solve))
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "wrong answer"
    assert told["reason"] == "6 of 30 patients not finite"
    assert "per_s" not in told


@pytest.mark.parametrize("bad", [np.nan, 2.0])
def test_the_trials_check_sees_what_is_not_finite_and_what_should_be_zero(monkeypatch, bad):
    monkeypatch.syspath_prepend(str(BENCHMARKS / "runners"))
    error = importlib.import_module("run_trial").error

    class Block:
        def __init__(self, value):
            class Solution(dict):
                names = ("x",)

            self.solutions = [Solution(x=np.array([[0.0, value]]))]

    assert error(Block(0.0), Block(0.0)) == 0.0
    assert not error(Block(bad), Block(0.0)) <= 1e-3
    assert not error(Block(np.nan), Block(1.0)) <= 1e-3
