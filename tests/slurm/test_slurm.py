"""A whole run through a real Slurm of three simulated nodes: jobs come, go and are replaced."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel")
OPTIONS = ["--patients-per-arm", "8", "--block-size", "1"]
PROFILE = """\
kind: slurm
workers: 2
memory: 2 GB
walltime: 00:10:00
queue: main
interface: lo       # the nodes are simulated on this machine
poll_every: 1 s
driver: {memory: 2 GB}
"""
PATIENCE_S = 240

missing = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing), reason=f"no Slurm here: {', '.join(missing)} not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's daemons need root"),
]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Start a Slurm, put its configuration into the environment, stop it at the end."""
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([HERE / "start_slurm.sh", folder, "3"], check=True, timeout=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield folder
        subprocess.run([HERE / "stop_slurm.sh", folder], check=True, timeout=60)


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text(PROFILE)
    return path


def cohort(*words):
    ran = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def jobs():
    """Return the name of every job that runs by its number."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--states=running", "--format=%i %j"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(line.split() for line in listed.stdout.splitlines())


def wait_until(is_so, out):
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            logs = [path.read_text() for path in sorted((out / "cluster" / "logs").glob("*.log"))]
            pytest.fail(f"not within {PATIENCE_S} s; logs: {logs}")
        time.sleep(0.2)


def status(out):
    return json.loads(cohort("status", out, "--json"))


def n_shards(out):
    return len(list((out / "shards").glob("[!.]*")))


def table_bytes(out):
    return {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir())}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Run the same trial with the workers of this machine, in other blocks."""
    out = tmp_path_factory.mktemp("local") / "run"
    cohort("run", "sct-md-01", "--out", out, *OPTIONS[:2], "--block-size", "4", "--quiet")
    return out


def test_a_cancelled_worker_job_is_replaced_and_the_bytes_are_those_of_a_local_run(
    slurm, local, profile, tmp_path
):
    out = tmp_path / "it's a \"run\" of $(id) %d"
    said = cohort("submit", "sct-md-01", "--cluster", profile, "--out", out, *OPTIONS)
    assert said.startswith("submitted to slurm: driver ")
    name = json.loads((out / "cluster" / "submission.json").read_text())["name"]
    wait_until(lambda: n_shards(out) >= 3, out)
    assert status(out)["state"] == "running"
    victim = min(number for number, of in jobs().items() if of == f"{name}-w")
    subprocess.run(["scancel", victim], check=True, timeout=60)
    assert n_shards(out) < 32, "the run was over before a job could be cancelled"
    wait_until((out / "provenance.json").exists, out)
    workers = {path.name for path in (out / "cluster" / "logs").glob("worker-*.log")}
    assert len(workers) == 3
    assert f"worker-{victim}.log" in workers
    wait_until(lambda: status(out)["state"] == "finished", out)
    assert table_bytes(out) == table_bytes(local)
    assert "not medical advice" in cohort("logs", out, "--job", "driver")
    # certificates go with the run, and its scheduler was never in the clear
    assert not list(out.rglob("*.pem"))
    assert "tls://" in (out / "cluster" / "worker.sh").read_text()
    assert jobs() == {}


def test_an_array_of_shares_gives_the_same_bytes(slurm, local, profile, tmp_path):
    out = tmp_path / "run"
    words = ["sct-md-01", "--cluster", profile, "--out", out, *OPTIONS]
    said = cohort("submit", *words, "--mode", "array")
    assert said.startswith("submitted to slurm: array ")
    wait_until((out / "provenance.json").exists, out)
    wait_until(lambda: status(out)["state"] == "finished", out)
    assert table_bytes(out) == table_bytes(local)
    runs = json.loads((out / "provenance.json").read_text())["runs"]
    assert (runs[0]["units_reused"], runs[0]["units_computed"]) == (32, 0)


def test_a_cancelled_run_leaves_no_job_and_is_resumed(slurm, local, profile, tmp_path):
    out = tmp_path / "run"
    words = ["sct-md-01", "--cluster", profile, "--out", out, *OPTIONS]
    cohort("submit", *words)
    wait_until(lambda: n_shards(out) >= 2, out)
    second = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "submit", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert second.returncode == 2
    assert "one submission a folder is allowed" in second.stderr
    assert "jobs cancelled" in cohort("cancel", out)
    assert jobs() == {}
    stopped = status(out)
    assert (stopped["state"], stopped["jobs"]) == ("stopped", {})
    assert 2 <= stopped["units_done"] < 32
    cohort("run", *words[:1], "--out", out, *OPTIONS, "--quiet")
    assert table_bytes(out) == table_bytes(local)


def test_a_partition_that_does_not_exist_is_told_before_anything_waits(slurm, profile, tmp_path):
    profile.write_text(PROFILE.replace("queue: main", "queue: mian"))
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pipelines.cli", "submit", "sct-md-01"),
            *("--cluster", str(profile), "--out", str(tmp_path / "run")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 1
    assert "invalid partition specified: mian" in ran.stderr
    assert "Traceback" not in ran.stderr
