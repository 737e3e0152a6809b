"""A driver that nears its walltime closes and goes on in another job, for as long as it helps."""

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from pipelines.cluster import chain, workplaces
from pipelines.cluster.chain import chained
from pipelines.cluster.jobs import Jobs
from pipelines.cluster.profile import parse_profile
from pipelines.cluster.record import Submission, read_submission, write_submission
from pipelines.cluster.walltime import Deadline, read_deadline, stopped_in_time
from pipelines.cluster.workplaces import Workplace, open_jobs, private_folder
from pipelines.errors import InputError, WalltimeError
from pipelines.run_folder import RunFolder
from pipelines.run_trial import run_trial

PROFILE = "kind: slurm\nmemory: 4 GB\nwalltime: 1 h\ndriver: {resubmissions: 2}\n"
WAITS = "#SBATCH --dependency=afterany:1\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder of a run whose driver, job 1 with half a second left, is this process."""
    folder = RunFolder(tmp_path / "run")
    private = private_folder(folder)
    folder.shards.mkdir()
    for part, text in {"driver": "#!/bin/bash\n", "tables": f"#!/bin/bash\n{WAITS}true\n"}.items():
        (private / f"{part}.sh").write_text(text)
    (private / "profile.yaml").write_text(PROFILE)
    write_submission(folder, Submission(name="nc-1", kind="slurm", mode="driver", jobs=JOBS))
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    submit(bin_folder / "sbatch", f'echo "$2" >> {tmp_path}/submitted\necho 2')
    submit(bin_folder / "scancel", f'echo "$2" >> {tmp_path}/cancelled')
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    own = {"SUBMISSION": "nc-1", "PART": "driver", "TIME_LEFT": "1", "NOTICE": "1"}
    for name, value in own.items():
        monkeypatch.setenv(f"COHORT_{name}", value)
    return folder


JOBS = {"driver": "1", "tables": "1"}


def submit(path, lines):
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def drive(folder, n_units):
    """Finish units, then work on until the walltime ends it; return what is said."""
    before = signal.getsignal(signal.SIGUSR1)
    with pytest.raises(WalltimeError) as caught, chained(folder.root):
        work(folder, n_units)
    assert signal.getsignal(signal.SIGUSR1) is before
    return str(caught.value)


def work(folder, n_units):
    for _ in range(n_units):
        (folder.shards / uuid.uuid4().hex).mkdir()
    (folder.shards / ".tmp-half").mkdir(exist_ok=True)  # is no unit
    time.sleep(60)


def submitted(folder):
    path = folder.root.parent / "submitted"
    return path.read_text().splitlines() if path.exists() else []


def test_each_job_goes_on_in_another_until_the_resubmissions_are_used_up(folder):
    script = str(folder.root / "cluster" / "driver.sh")
    assert drive(folder, 3) == "walltime; 3 units were done in this job, job 2 goes on"
    assert read_submission(folder).jobs["driver"] == "2"
    drive(folder, 1)
    assert submitted(folder) == [script, script]
    assert "not submitted again: 2 resubmissions are used up" in drive(folder, 1)
    assert submitted(folder) == [script, script]
    record = read_submission(folder)
    assert record.chain == ("1", "2", "2")
    assert "raise 'resubmissions'" in record.chain_end


def test_a_job_that_got_nothing_done_is_the_last(folder):
    (folder.shards / "of-before").mkdir()
    assert "job 1 finished no unit within its walltime" in drive(folder, 0)
    assert submitted(folder) == []
    assert "--block-size" in read_submission(folder).chain_end


def test_a_cancelled_run_does_not_go_on(folder):
    (folder.root / "cluster" / "cancelled").touch()
    assert "the run was cancelled" in drive(folder, 1)
    assert submitted(folder) == []


def test_a_run_that_is_cancelled_while_its_driver_goes_on_leaves_no_job(folder):
    bin_folder = folder.root.parent / "bin"
    submit(bin_folder / "sbatch", f"touch {folder.root}/cluster/cancelled\necho 2")
    assert "the run was cancelled" in drive(folder, 1)
    assert (folder.root.parent / "cancelled").read_text() == "2\n"


def test_a_queue_that_takes_no_job_is_told(folder, monkeypatch):
    submit(folder.root.parent / "bin" / "sbatch", "echo closed >&2\nexit 1")
    assert "not submitted again: sbatch: closed; a job that" in drive(folder, 1)
    assert "closed" in read_submission(folder).chain_end


def test_a_job_that_waited_for_an_array_waits_no_more(folder, monkeypatch):
    monkeypatch.setenv("COHORT_PART", "tables")
    drive(folder, 1)
    again = folder.root / "cluster" / "tables-again.sh"
    assert submitted(folder) == [str(again)]
    assert again.read_text() == "#!/bin/bash\ntrue\n"
    assert again.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("line", ["-W depend=afterany:1", '-w "ended(1)"', "-hold_jid 1"])
def test_every_batch_system_s_way_to_wait_is_left_out(folder, line):
    path = folder.root / "cluster" / "tables.sh"
    path.write_text(f"#!/bin/bash\n#X {line}\necho '{line}'\n")
    assert chain._script(path.parent, "tables").read_text() == f"#!/bin/bash\necho '{line}'\n"


def test_other_processes_are_left_alone(folder, monkeypatch):
    monkeypatch.setenv("COHORT_SUBMISSION", "nc-2")
    with chained(folder.root):
        time.sleep(0.6)
    monkeypatch.setenv("COHORT_TIME_LEFT", "soon")
    with pytest.raises(InputError, match="COHORT_TIME_LEFT: 'soon'; whole seconds"):
        read_deadline()


def test_the_batch_system_s_own_signal_ends_the_block_and_a_late_one_does_nothing():
    before = signal.getsignal(signal.SIGUSR1)
    try:
        far = time.monotonic() + 60
        with pytest.raises(WalltimeError), stopped_in_time(Deadline(soft=far, hard=far)):
            os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_script_tells_how_long_is_left_after_its_prologue(tmp_path):
    text = "kind: slurm\nmemory: 4 GB\nwalltime: 1 h\nprologue: [sleep 1.1]\n"
    text += "launcher: [apptainer, exec, /s.sif]\ndriver: {walltime: 2 h}\n"
    jobs = Jobs(
        out=tmp_path,
        profile=parse_profile(text),
        mode="driver",
        name="nc-1",
        words=["sct-md-01"],
        n_units=4,
        here=tmp_path,
    )
    script = jobs.script("driver").text
    assert "#SBATCH --signal=B:USR1@150\n" in script
    lines = [*script.splitlines()[:-1], "env"]
    ran = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=60
    )
    found = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
    assert found["COHORT_NOTICE"] == "300"
    assert found["COHORT_PART"] == found["APPTAINERENV_COHORT_PART"] == "driver"
    assert found["APPTAINERENV_COHORT_SUBMISSION"] == "nc-1"
    assert 7100 < int(found["COHORT_TIME_LEFT"]) <= 7199
    assert found["APPTAINERENV_COHORT_TIME_LEFT"] == found["COHORT_TIME_LEFT"]


def hold_unit(folder, number):
    """Begin a unit, as a file tells, and end it when another file says so."""
    Path(folder, f"begun-{number}").touch()
    while not Path(folder, "may-end").exists():
        time.sleep(0.01)
    return number


def test_units_in_flight_are_finished_and_no_more_are_begun(tmp_path):
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):
        units = [client.submit(hold_unit, str(tmp_path), n, pure=False) for n in range(4)]
        while not list(tmp_path.glob("begun-*")):
            time.sleep(0.01)
        threading.Timer(0.5, (tmp_path / "may-end").touch).start()
        workplaces._finish(client, 60)
        states = sorted(future.status for future in units)
    begun = len(list(tmp_path.glob("begun-*")))
    # the scheduler may have given its worker the next one already
    assert 1 <= begun <= 2
    assert states == [*(4 - begun) * ["cancelled"], *begun * ["finished"]]


def test_a_driver_at_its_walltime_leaves_its_outcome_and_a_folder_that_resumes(
    make_request, tmp_path, in_process
):
    def end():
        raise WalltimeError

    cut = make_request(
        tmp_path / "run",
        block_size=40,
        n_workers=1,
        open_workplace=lambda folder, n_units: nullcontext(Workplace(note_progress=end)),
    )
    with pytest.raises(WalltimeError):
        run_trial(cut)
    told = json.loads((tmp_path / "run" / "provenance.json").read_text())["runs"][-1]
    assert told["outcome"] == "interrupted: walltime"
    assert run_trial(replace(cut, open_workplace=None)).execution.n_reused == 1


def test_units_of_an_earlier_job_do_not_end_a_driver_that_has_begun_nothing(tmp_path):
    passed = Deadline(soft=0.0, hard=0.0)
    with open_jobs(
        RunFolder(tmp_path), 4, profile=parse_profile(PROFILE), name="nc-1-w", deadline=passed
    ) as place:
        place.note_progress()
