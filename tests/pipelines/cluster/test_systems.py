"""What batch systems print, read back: real text of Slurm, the manuals' of the others."""

import pytest

from pipelines.cluster import systems
from pipelines.cluster.systems import (
    SYSTEMS,
    QueryError,
    alive_jobs,
    cancel_jobs,
    submit_script,
)
from pipelines.errors import ExecutionError

PBS = """\
Job id            Name             User              Time Use S Queue
----------------  ---------------- ----------------  -------- - -----
1001.pbs          nc-1-w           me                00:01:02 R workq
1002.pbs          nc-1-w           me                       0 Q workq
1003.pbs          nc-1-w           me                00:03:00 E workq
1004.pbs          nc-2-w           me                00:01:02 R workq
1005[].pbs        nc-1-w           me                       0 B workq
"""
SGE = """<?xml version='1.0'?>
<job_info><queue_info>
<job_list state="running"><JB_job_number>12</JB_job_number><JB_name>nc-1-w</JB_name>
<JB_owner>me</JB_owner><state>r</state><slots>1</slots></job_list></queue_info><job_info>
<job_list state="pending"><JB_job_number>13</JB_job_number><JB_name>nc-1-w</JB_name>
<state>qw</state><slots>1</slots><tasks>1-4:1</tasks></job_list>
<job_list state="pending"><JB_job_number>14</JB_job_number><JB_name>nc-1-w</JB_name>
<state>Eqw</state><slots>1</slots></job_list>
<job_list state="pending"><JB_job_number>15</JB_job_number><JB_name>nc-1</JB_name>
<state>qw</state><slots>1</slots></job_list></job_info></job_info>
"""
ANSWERS = {
    "slurm": (
        "12 R\n13 PD\n14 CG\n15_3 R\n16 CF\n",
        {"12": "running", "13": "queued", "15_3": "running", "16": "queued"},
    ),
    "pbs": (PBS, {"1001": "running", "1002": "queued", "1005[]": "running"}),
    "lsf": ("12 RUN\n13 PEND\n14 EXIT\n15 DONE\n", {"12": "running", "13": "queued"}),
    "sge": (SGE, {"12": "running", "13.1-4:1": "queued"}),
    "htcondor": ("12 0 2\n13 0 1\n14 0 5\n", {"12.0": "running", "13.0": "queued"}),
}
RECEIPTS = {
    "slurm": [("12\n", "12"), ("12;cluster\n", "12")],
    "pbs": [("1001.pbs\n", "1001.pbs"), ("1005[].pbs\n", "1005[].pbs")],
    "lsf": [("Job <12> is submitted to queue <normal>.\n", "12")],
    "sge": [("12\n", "12"), ("12.1-4:1\n", "12")],
    "htcondor": [("12.0 - 12.0\n", "12")],
}


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Make commands that note their words and answer with a given text."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name, text="", code=0, error=""):
        (tmp_path / f"{name}.txt").write_text(text)
        (tmp_path / f"{name}.err").write_text(error)
        script = tmp_path / name
        script.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/{name}.words\n"
            f"cat {tmp_path}/{name}.txt\ncat {tmp_path}/{name}.err >&2\nexit {code}\n"
        )
        script.chmod(0o755)
        return lambda: (tmp_path / f"{name}.words").read_text().splitlines()

    return make


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_queue_is_read(kind, commands):
    text, jobs = ANSWERS[kind]
    commands(SYSTEMS[kind].query("nc-1-w")[0], text)
    assert alive_jobs(kind, "nc-1-w") == jobs


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [(kind, *answer) for kind, answers in RECEIPTS.items() for answer in answers],
)
def test_the_number_of_a_submitted_job_is_read(kind, text, number, commands, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n")
    words = commands(SYSTEMS[kind].submit[0], text)
    assert submit_script(kind, script) == number
    assert words() == [*SYSTEMS[kind].submit[1:], *([] if kind == "lsf" else [str(script)])] or [""]


@pytest.mark.parametrize("kind", SYSTEMS)
def test_cancelling_names_the_jobs(kind, commands):
    words = commands(SYSTEMS[kind].cancel[0])
    cancel_jobs(kind, ["12", "13"])
    assert words() == [*SYSTEMS[kind].cancel[1:], "12", "13"]


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_queue_that_fails_is_no_empty_queue(kind, commands):
    name = SYSTEMS[kind].query("nc-1-w")[0]
    commands(name, code=1, error="cannot contact the server")
    with pytest.raises(QueryError, match=rf"{name}: cannot contact the server"):
        alive_jobs(kind, "nc-1-w")


def test_lsf_calls_an_empty_queue_an_error(commands):
    commands("bjobs", code=255, error="Job <nc-1-w> is not found")
    assert alive_jobs("lsf", "nc-1-w") == {}


def test_grid_engine_that_answers_nonsense_is_no_empty_queue(commands):
    commands("qstat", "error: can't resolve host")
    with pytest.raises(QueryError, match="is no XML"):
        alive_jobs("sge", "nc-1-w")


def test_a_refusal_is_passed_on(commands, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text("")
    commands("sbatch", code=1, error="sbatch: error: invalid partition specified: mian")
    with pytest.raises(ExecutionError, match=r"invalid partition specified: mian.*queue, account"):
        submit_script("slurm", script)
    commands("sbatch", "ok\n")
    with pytest.raises(ExecutionError, match="answered 'ok'; the number of a job is needed"):
        submit_script("slurm", script)


def test_a_machine_without_the_batch_system_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExecutionError, match=r"squeue: no such command.*'kind' in the profile"):
        alive_jobs("slurm", "nc-1-w")


def test_a_queue_that_hangs_is_no_empty_queue(commands, tmp_path, monkeypatch):
    monkeypatch.setattr(systems, "_COMMAND_S", 0.2)
    (tmp_path / "squeue").write_text("#!/bin/sh\nexec sleep 5\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(QueryError, match=r"no answer within 0\.2 s"):
        alive_jobs("slurm", "nc-1-w")
