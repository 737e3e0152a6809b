"""A whole run through a real Slurm of three simulated nodes: jobs come, go and are replaced."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.seal import SEAL

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel")
SIZE = ["--patients-per-arm", "5"]
OPTIONS = [*SIZE, "--block-size", "1"]
N_UNITS = 20
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
PATIENCE_S = 600  # on a machine that does other things as well

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


@pytest.fixture
def cohort(capsys, monkeypatch):
    """Call the command line in this process: half of its time is loading libraries."""
    monkeypatch.chdir(ROOT)  # jobs import the packages from where they were submitted

    def call(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert caught.value.code == code, said.err
        return said.out if code == 0 else said.err

    return call


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Run the same trial with a worker of this machine, in other blocks."""
    out = tmp_path_factory.mktemp("local") / "run"
    words = ["run", "sct-md-01", "--out", str(out), *SIZE, "--workers", "1", "--quiet"]
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    return out


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


def n_shards(out):
    return len(list((out / "shards").glob("[!.]*")))


def table_bytes(out):
    return {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir())}


@pytest.mark.slow
def test_a_cancelled_worker_job_is_replaced_and_the_bytes_are_those_of_a_local_run(
    slurm, cohort, local, profile, tmp_path
):
    out = tmp_path / 'it\'s a "run" of $(id) %d'
    said = cohort("submit", "sct-md-01", "--cluster", profile, "--out", out, *OPTIONS)
    assert said.startswith("submitted to slurm: driver ")
    name = json.loads((out / "cluster" / "submission.json").read_text())["name"]
    wait_until(lambda: n_shards(out) >= 2, out)
    victim = min(number for number, of in jobs().items() if of == f"{name}-w")
    subprocess.run(["scancel", victim], check=True, timeout=60)
    assert n_shards(out) < N_UNITS, "the run was over before a job could be cancelled"
    assert json.loads(cohort("status", out, "--json"))["state"] == "running"
    wait_until(lambda: (out / SEAL).exists() and not jobs(), out)
    assert cohort("status", out).endswith(f"finished, {N_UNITS} of {N_UNITS} units done\n")
    workers = {path.name for path in (out / "cluster" / "logs").glob("worker-*.log")}
    assert len(workers) == 3
    assert f"worker-{victim}.log" in workers
    assert table_bytes(out) == table_bytes(local)
    assert "not medical advice" in cohort("logs", out, "--job", "driver")
    # certificates go with the run, and its scheduler was never in the clear
    assert not list(out.rglob("*.pem"))
    assert "tls://" in (out / "cluster" / "worker.sh").read_text()


@pytest.mark.slow
def test_a_cancelled_run_leaves_no_job_and_an_array_of_shares_resumes_it_to_the_same_bytes(
    slurm, cohort, local, profile, tmp_path
):
    out = tmp_path / "run"
    words = ["submit", "sct-md-01", "--cluster", profile, "--out", out, *OPTIONS]
    cohort(*words)
    wait_until(lambda: n_shards(out) >= 2, out)
    assert "one submission a folder is allowed" in cohort(*words, code=2)
    assert "jobs cancelled" in cohort("cancel", out)
    assert jobs() == {}
    stopped = json.loads(cohort("status", out, "--json"))
    assert (stopped["state"], stopped["jobs"]) == ("stopped", {})
    assert 2 <= stopped["units_done"] < N_UNITS
    assert cohort(*words, "--mode", "array").startswith("submitted to slurm: array ")
    wait_until(lambda: (out / SEAL).exists() and not jobs(), out)
    assert table_bytes(out) == table_bytes(local)
    run = json.loads((out / "provenance.json").read_text())["runs"][-1]
    # all units were there when the job for the tables came
    assert (run["units_reused"], run["units_computed"]) == (N_UNITS, 0)


@pytest.mark.slow
def test_a_run_longer_than_its_driver_s_walltime_finishes_unattended(
    slurm, cohort, local, profile, tmp_path
):
    # no unit is handed out from the sixth second on: each driver does what its workers have
    driver = "driver: {memory: 2 GB, walltime: 10 min, notice: 595 s}"
    profile.write_text(PROFILE.replace("driver: {memory: 2 GB}", driver))
    out = tmp_path / "run"
    cohort("submit", "sct-md-01", "--cluster", profile, "--out", out, *SIZE, "--block-size", "5")
    assert "#SBATCH --signal=B:USR1@297\n" in (out / "cluster" / "driver.sh").read_text()
    wait_until(lambda: (out / SEAL).exists() and not jobs(), out)
    found = json.loads(cohort("status", out, "--json"))
    assert (found["state"], found["chain_end"]) == ("finished", "")
    assert len(found["chain"]) == len(set(found["chain"])) >= 2
    logs = {path.name for path in (out / "cluster" / "logs").glob("driver-*.log")}
    assert logs == {f"driver-{number}.log" for number in found["chain"]}
    runs = json.loads((out / "provenance.json").read_text())["runs"]
    n_more = len(found["chain"]) - 1
    assert [run["outcome"] for run in runs] == [*n_more * ["interrupted: walltime"], "finished"]
    assert sum(run["units_reused"] > 0 for run in runs) == n_more
    assert table_bytes(out) == table_bytes(local)


def test_a_partition_that_does_not_exist_is_told_before_anything_waits(
    slurm, cohort, profile, tmp_path
):
    profile.write_text(PROFILE.replace("queue: main", "queue: mian"))
    words = ["submit", "sct-md-01", "--cluster", profile, "--out", tmp_path / "run"]
    assert "invalid partition specified: mian" in cohort(*words, code=1)
