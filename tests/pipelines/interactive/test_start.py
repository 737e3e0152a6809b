"""A trial run from Python: as on the command line, from any script, and refused where due."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pipelines
from cohort.errors import CohortError
from cohort.trial import load_protocol
from pipelines.errors import InputError, InterruptedRunError
from pipelines.interactive import start
from pipelines.interactive.main_module import unknown_main_module
from pipelines.interactive.start import TrialWarning, run
from pipelines.plan import override
from pipelines.run_trial import run_trial

HERE = Path(__file__)
ROOT = HERE.parents[3]
STAND_IN = {"simulator": "standin:simulate", "workers": 1, "quiet": True}


def small(out, **options):
    return run("sct-md-01", out=out, patients_per_arm=10, **{**STAND_IN, **options})


def test_a_run_has_the_bytes_that_the_command_makes_and_resumes(in_process, make_request, tmp_path):
    ours = small(tmp_path / "a")
    protocol = override(load_protocol("sct-md-01"), patients_per_arm=10)
    theirs = run_trial(make_request(tmp_path / "b", protocol=protocol, n_workers=1))
    for table in theirs.tables:
        mine = (ours.folder / "tables" / f"{table.name}.parquet").read_bytes()
        assert mine == (theirs.folder.tables / f"{table.name}.parquet").read_bytes(), table.name
    given, other = (one / "protocol.yaml" for one in (ours.folder, theirs.folder.root))
    assert given.read_text() == other.read_text()
    # what a run was made with is a protocol again: the call that names it finds the folder begun
    again = run(ours.protocol, out=tmp_path / "a", **STAND_IN)
    assert [one["outcome"] for one in again.provenance["runs"]] == ["finished", "finished"]
    with pytest.raises(InputError, match="was begun with another protocol"):
        small(tmp_path / "a", seed=7)


SCRIPT = """\
from pipelines import run
made = run(
    "sct-md-01", out={out!r}, patients_per_arm=2, workers=1, block_size=1, simulator="standin:slow"
)
print(__name__, made.n_patients, __file__)
"""


def started(path):
    return subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE.parents[1])))},
    )


@pytest.mark.slow
def test_a_script_without_a_main_guard_stops_at_ctrl_c_and_resumes(tmp_path):
    path = tmp_path / "analysis.py"
    path.write_text(SCRIPT.format(out=str(tmp_path / "run")))
    process = started(path)
    for line in process.stderr:
        if line.startswith("patients"):
            break
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[1]
    assert process.returncode != 0
    last = told.strip().splitlines()[-1]
    assert last.startswith("pipelines.errors.InterruptedRunError: SIGINT: stopped.")
    assert last.endswith("run can be resumed: make the same call again.")
    with pytest.raises(InputError, match="this run is not finished"):
        pipelines.load(tmp_path / "run")
    process = started(path)
    said, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert said == f"__main__ 8 {path}\n"  # once: no worker ran the script
    assert "patients: 8 of 8" in told
    assert {one for one in told if not one.isprintable()} == {"\n"}


def test_the_script_is_known_again_whatever_ends_the_block():
    names = vars(sys.modules["__main__"])
    before = {name: names.get(name) for name in ("__file__", "__spec__")}
    with pytest.raises(KeyboardInterrupt) as left, unknown_main_module():
        raise KeyboardInterrupt(names.get("__file__"), names["__spec__"])
    assert left.value.args == (None, None)
    assert {name: names.get(name) for name in ("__file__", "__spec__")} == before


@pytest.fixture
def stopped(monkeypatch):
    """Let every run be interrupted at once."""

    def stop(*_):
        raise InterruptedRunError("SIGINT")

    monkeypatch.setattr(start, "run_trial", stop)


def test_an_interruption_says_how_to_go_on(stopped, tmp_path):
    with pytest.raises(KeyboardInterrupt, match=r"SIGINT: stopped\. .* make the same call again"):
        small(tmp_path / "a")


def test_risks_are_warnings_where_run_was_called(stopped, monkeypatch, tmp_path):
    monkeypatch.setattr(start, "trial_warnings", lambda protocol: ("a and b: together",))
    with (
        pytest.raises(KeyboardInterrupt),
        pytest.warns(TrialWarning, match="a and b: together") as told,
    ):
        run("sct-md-01", out=tmp_path / "a", quiet=True)
    assert told[0].filename == str(HERE)


NONSENSE = {
    "patients_per_arm": (0, -1, 2.5, "ten", True),
    "seed": (-1, "a", 0.5),
    "workers": (0, "all"),
    "block_size": (0, [1]),
    "trajectories": (-1, "no"),
    "unit_timeout_s": (0, -1.0, float("nan"), "1 min"),
    "device": (3, "", None),
    "simulator": (3, None),
    "out": (3, "", None),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_nonsense_is_refused_by_name_before_anything_is_written(tmp_path, name, value):
    with pytest.raises(InputError, match=f"^{name}: ") as told:
        run("sct-md-01", **{"out": tmp_path / "a", **STAND_IN, name: value})
    assert len(str(told.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ("sct-md-1", r"Did you mean 'sct-md-01'\?"),
        ("no/file.yaml", "no/file.yaml"),
        (3, "protocol: 3; a packaged name"),
        (None, "protocol: None"),
        ({}, "protocol"),
        ({"name": object()}, "protocol"),
    ],
)
def test_what_is_no_protocol_is_refused(tmp_path, protocol, message):
    with pytest.raises((InputError, CohortError), match=message):
        run(protocol, out=tmp_path / "a", **STAND_IN)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_device_is_refused(tmp_path):
    with pytest.raises(Exception, match="gpu9"):
        small(tmp_path / "a", device="gpu9")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_of_a_pool_is_told_that_it_cannot_start_workers(monkeypatch, tmp_path):
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    with pytest.raises(InputError, match="called in a worker process"):
        small(tmp_path / "a")


def test_importing_the_package_is_cheap():
    code = (
        "import sys, pipelines; "
        "print([one for one in ('numpy', 'polars', 'dask', 'cohort') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
