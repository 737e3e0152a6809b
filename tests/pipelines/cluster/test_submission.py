"""Submitting and following a run with a batch system that is three small scripts."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.cluster.record import read_submission, write_submission
from pipelines.run_folder import RunFolder

PROLOGUE = "source ~/private-modules"
PROFILE = f"kind: slurm\nmemory: 4 GB\nwalltime: 1 h\nworkers: 3\nprologue: ['{PROLOGUE}']\n"
SBATCH = """\
#!/bin/sh
echo "$2" >> {folder}/submitted
wc -l < {folder}/submitted | tr -d ' '
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Put commands on the path that note what is submitted and empty the queue when cancelled."""
    folder = tmp_path / "bin"
    folder.mkdir()
    texts = {
        "sbatch": SBATCH.format(folder=folder),
        "squeue": f"#!/bin/sh\ncase $* in *-w*) cat {folder}/queue ;; esac\n",
        "scancel": f'#!/bin/sh\necho "$@" > {folder}/cancelled\n: > {folder}/queue\n',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "queue").touch()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def cohort(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(PROFILE)

    def call(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert caught.value.code == code, said.err
        return said.out if code == 0 else said.err

    return call


SUBMIT = ("submit", "sct-md-01", "--cluster", "c.yaml", "--out", "run", "--device", "numpy")


@pytest.mark.parametrize("mode", ["driver", "array"])
def test_a_dry_run_prints_every_script_and_writes_nothing(cohort, tmp_path, mode):
    before = sorted(tmp_path.rglob("*"))
    said = cohort(*SUBMIT, "--seed", "7", "--mode", mode, "--dry-run")
    assert sorted(tmp_path.rglob("*")) == before
    parts = {"driver": ["driver", "worker"], "array": ["array", "tables"]}[mode]
    assert [line[7:] for line in said.splitlines() if line.startswith("# ---- ")] == parts
    assert "run sct-md-01 --device numpy --seed 7 --out" in said
    assert said.count(f"\n{PROLOGUE}\n") == 2


def test_an_array_is_followed_by_a_job_that_waits_for_it(cohort, queue, tmp_path):
    said = cohort(*SUBMIT, "--mode", "array", "--block-size", "40")
    assert "submitted to slurm: array 1, tables 2" in said
    private = tmp_path / "run" / "cluster"
    submitted = (queue / "submitted").read_text().splitlines()
    assert submitted == [str(private / "array.sh"), str(private / "tables.sh")]
    assert "#SBATCH --array=1-3\n" in (private / "array.sh").read_text()
    assert '--share "${SLURM_ARRAY_TASK_ID}/3"\n' in (private / "array.sh").read_text()
    assert "#SBATCH --dependency=afterany:1\n" in (private / "tables.sh").read_text()


def test_what_may_be_private_is_for_the_owner_only_and_in_no_record(cohort, queue, tmp_path):
    cohort(*SUBMIT)
    run = tmp_path / "run"
    for path in (run / "cluster", run / "cluster" / "driver.sh", run / "cluster" / "profile.yaml"):
        assert path.stat().st_mode & 0o077 == 0
    telling = [
        path.relative_to(run).as_posix()
        for path in sorted(run.rglob("*"))
        if path.is_file() and PROLOGUE in path.read_text()
    ]
    assert telling == ["cluster/driver.sh", "cluster/profile.yaml"]


@pytest.mark.parametrize(("n_restarts", "stays"), [(None, True), ("0", True), ("1", False)])
def test_a_driver_that_slurm_starts_again_drops_the_lock_of_the_node_that_was_lost(
    cohort, queue, tmp_path, n_restarts, stays
):
    cohort(*SUBMIT[:-3], "it's a run", *SUBMIT[-2:])
    run = tmp_path / "it's a run"
    (run / "run.lock").write_text('{"pid": 1, "host": "node-that-was-lost"}')
    lines = (run / "cluster" / "driver.sh").read_text().splitlines()
    (line,) = [line for line in lines if "SLURM_RESTART_COUNT" in line]
    environment = {} if n_restarts is None else {"SLURM_RESTART_COUNT": n_restarts}
    subprocess.run(["bash", "-euc", line], env=environment, check=True, timeout=20)
    assert (run / "run.lock").exists() == stays


def test_a_driver_started_by_hand_cancels_what_a_killed_one_left_and_refuses_other_jobs(
    cohort, queue, tmp_path
):
    words = ("run", *SUBMIT[1:], "--patients-per-arm", "5")
    cohort("submit", *words[1:])
    (queue / "queue").write_text("8 PD\n")
    assert "has 1 jobs in the queue already (8)" in cohort(*words, code=2)
    # the job itself is no other job
    name = read_submission(RunFolder(tmp_path / "run")).name
    assert (
        f"export COHORT_SUBMISSION={name}\n"
        in (tmp_path / "run" / "cluster" / "driver.sh").read_text()
    )
    folder = RunFolder(tmp_path / "run")
    write_submission(folder, replace(read_submission(folder), mode="here"))
    # the first job is refused: nothing else is to be seen here
    (queue / "sbatch").write_text("#!/bin/sh\necho closed >&2\nexit 1\n")
    (tmp_path / "c.yaml").write_text(PROFILE + "interface: lo\ntls: off\n")
    assert "sbatch: closed; a job that" in cohort(*words, code=1)
    assert (queue / "cancelled").read_text() == "--quiet 8\n"
    assert read_submission(folder).mode == "here"


def test_a_protocol_file_is_named_from_the_root_on(cohort, queue, tmp_path):
    (tmp_path / "my trial.yaml").write_text(cohort("protocols", "show", "sct-md-01"))
    cohort("submit", "my trial.yaml", *SUBMIT[2:])
    script = (tmp_path / "run" / "cluster" / "driver.sh").read_text()
    assert f"run '{tmp_path}/my trial.yaml' --device" in script


def test_a_run_is_followed_and_cancelled(cohort, queue, tmp_path):
    words = (*SUBMIT, "--patients-per-arm", "5")
    cohort(*words)
    (queue / "queue").write_text("8 PD\n9 R\n")
    found = json.loads(cohort("status", "run", "--json"))
    assert (found["state"], found["units_done"], found["units"]) == ("running", 0, 4)
    assert found["jobs"] == {"8": "queued", "9": "running"}
    assert "run has 2 jobs in the queue already (8, 9)" in cohort(*words, code=2)
    assert "2 jobs cancelled (8, 9)" in cohort("cancel", "run")
    assert (queue / "cancelled").read_text() == "--quiet 8 9\n"
    assert "stopped, 0 of 4 units done" in cohort("status", "run")
    assert (tmp_path / "run" / "cluster" / "cancelled").exists()
    cohort(*words)
    assert not (tmp_path / "run" / "cluster" / "cancelled").exists()


def test_the_status_of_ten_thousand_units_looks_into_none(cohort, queue, tmp_path, monkeypatch):
    cohort(*SUBMIT, "--patients-per-arm", "2500", "--block-size", "1")
    shards = tmp_path / "run" / "shards"
    for number in range(9_999):
        (shards / f"{number:032x}").mkdir()
    (shards / ".tmp-half").mkdir()
    real, opened = Path.open, []
    monkeypatch.setattr(
        Path, "open", lambda path, *a, **k: (opened.append(path), real(path, *a, **k))[1]
    )
    found = json.loads(cohort("status", "run", "--json"))
    assert (found["units_done"], found["units"]) == (9_999, 10_000)
    assert not any(shards.name in path.parts for path in opened)
    assert any(path.name == "submission.json" for path in opened)


def test_the_chain_of_drivers_is_shown(cohort, queue, tmp_path):
    cohort(*SUBMIT)
    folder = RunFolder(tmp_path / "run")
    assert "driver jobs" not in cohort("status", "run")
    record = replace(read_submission(folder), chain=("1", "5"), chain_end="closed. Wait.")
    write_submission(folder, record)
    said = cohort("status", "run")
    assert "driver jobs, each submitted by the one before: 1, 5\n" in said
    assert "it was not submitted again: closed. Wait.\n" in said
    assert json.loads(cohort("status", "run", "--json"))["chain"] == ["1", "5"]


def test_logs_show_the_newest_of_each_part_or_one_job(cohort, queue, tmp_path):
    cohort(*SUBMIT)
    assert "run: no log; the number or the part" in cohort("logs", "run", code=2)
    logs = tmp_path / "run" / "cluster" / "logs"
    (logs / "worker-8.log").write_text("old\n")
    (logs / "worker-9.log").write_text("new\n")
    (logs / "driver-1.log").write_text("".join(f"line {n}\n" for n in range(30)))
    said = cohort("logs", "run", "--lines", "2")
    assert said == "==> worker-9.log\nnew\n==> driver-1.log\nline 28\nline 29\n"
    assert cohort("logs", "run", "--job", "8") == "==> worker-8.log\nold\n"
    assert "no log of '7'; " in cohort("logs", "run", "--job", "7", code=2)


@pytest.mark.parametrize(
    ("words", "profile", "message"),
    [
        ((*SUBMIT, "--mode", "both"), "", "--mode: 'both'; driver or array is allowed"),
        ((*SUBMIT, "--block-size", "1"), "files: 300", "300 are allowed. Use --block-size"),
        (SUBMIT, "shared_folder: /no/such", "run is outside of /no/such"),
        (SUBMIT, "colour: red", "c.yaml:6, colour: unknown key 'colour'"),
        ((*SUBMIT, "--block-size", "0"), "", "--block-size: 0 patients"),
        (("submit", "sct-md-1", *SUBMIT[2:]), "", "Did you mean 'sct-md-01'"),
        (("run", *SUBMIT[1:], "--workers", "2"), "", "--cluster: was given with"),
        (("status", "no/run"), "", "no/run: holds no run"),
        (("cancel", "no/run"), "", "no/run: nothing was submitted from there"),
        (("cluster", "example", "slrum"), "", "'slrum'; slurm, pbs, lsf, sge, htcondor are known"),
    ],
)
def test_bad_input_is_answered_with_exit_code_2_and_nothing_is_written(
    cohort, tmp_path, words, profile, message
):
    (tmp_path / "c.yaml").write_text(PROFILE + profile)
    assert message in cohort(*words, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_htcondor_has_no_array(cohort, tmp_path):
    (tmp_path / "c.yaml").write_text(PROFILE.replace("slurm", "htcondor"))
    assert "without DAGMan" in cohort(*SUBMIT, "--mode", "array", code=2)
    said = cohort(*SUBMIT, "--dry-run")
    assert "# ---- driver, its submit description\nexecutable = EXECUTABLE\n" in said


def test_a_record_that_is_damaged_is_told(cohort, queue, tmp_path):
    cohort(*SUBMIT)
    record = tmp_path / "run" / "cluster" / "submission.json"
    assert read_submission(RunFolder(tmp_path / "run")).jobs == {"driver": "1"}
    rest = '"kind": "slurm", "mode": "driver"}'
    for text in (
        *("{", "[]", '{"name": "nc-1"}', '{"name": "nc-1", "kind": "no", "mode": "driver"}'),
        # names that a batch system would take for others' jobs as well
        *(f'{{"name": {name}, {rest}' for name in ('""', '"nc-1,x"', '"x\\" || 1", "y"', "7")),
    ):
        record.write_text(text)
        assert "submission.json: cannot be read" in cohort("status", "run", code=2)


BATCH = (
    "protocol: sct-md-01\nsweep: {method: grid, keys: {seed: [1, 2], duration: [8 week, 56 day]}}"
)


def test_a_batch_is_submitted_as_a_driver_that_runs_it(cohort, queue, tmp_path):
    (tmp_path / "seeds.yaml").write_text(BATCH)
    words = ("submit", "seeds.yaml", "--cluster", "c.yaml", "--out", "b", "--device", "numpy")
    said = cohort(*words, "--patients-per-arm", 4, "--dry-run")
    assert not (tmp_path / "b").exists()
    (line,) = [one for one in said.splitlines() if "pipelines.cli" in one]
    assert f"-m pipelines.cli batch {tmp_path}/seeds.yaml --device numpy" in line
    assert f"--out {tmp_path}/b --cluster {tmp_path}/b/cluster/profile.yaml" in line
    points = f"{tmp_path}/b/points/*"
    assert f"{points}/run.lock {points}/" in said
    assert "'array' of a batch; 'driver' is allowed" in cohort(*words, "--mode", "array", code=2)
    cohort(*words, "--patients-per-arm", 4)
    assert "b: stopped, 0 of 2 points done" in cohort("status", "b")
    assert json.loads(cohort("status", "b", "--json"))["points"] == 2
    assert (tmp_path / "b/cluster/profile.yaml").stat().st_mode & 0o077 == 0
    assert len(json.loads((tmp_path / "b/batch.json").read_text())["points"]) == 4
