"""Scripts of jobs: options of every batch system, and nothing that a shell could misread."""

import shlex
import subprocess
from pathlib import Path

import pytest

from pipelines.cluster.profile import KINDS, parse_profile
from pipelines.cluster.scripts import ShellWord, render, worker_command
from pipelines.cluster.systems import SYSTEMS, BatchJob
from pipelines.errors import InputError

NASTY = [
    "it's",
    'a "quoted" b',
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "a && touch pwned #",
    "back\\slash",
    "two  spaces",
    "*",
    "~",
    "!x",
    "-n",
    "${HOME}",
]


def profile_of(kind="slurm", more=""):
    return parse_profile(f"kind: {kind}\nmemory: 4 GiB\nwalltime: 90 min\n{more}")


def job_of(**changes):
    values = {"name": "nc-1", "log": Path("/r/w"), "cores": 2, "memory_bytes": 2**32}
    return BatchJob(**{**values, "walltime_s": 5400, **changes})


def run_script(text, folder):
    path = folder / "job.sh"
    path.write_text(text)
    return subprocess.run(
        ["bash", str(path)], capture_output=True, text=True, check=False, timeout=20
    )


@pytest.mark.parametrize("word", NASTY)
def test_words_and_folders_reach_the_command_as_they_are(tmp_path, word):
    folder = tmp_path / f"x{word}".replace("/", "")
    folder.mkdir()
    command = ["sh", "-c", 'pwd; printf "%s\\n" "$1"', "sh", word]
    script = render(job_of(), profile_of(), command, folder=folder)
    ran = run_script(script.text, tmp_path)
    assert ran.stdout.splitlines() == [str(folder), word]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("word", NASTY)
def test_a_log_folder_of_any_name_gets_the_log(tmp_path, word):
    logs = tmp_path / f"x{word}"
    logs.mkdir()
    job = job_of(log=logs / "worker")
    script = render(job, profile_of("pbs"), ["echo", "said"], folder=tmp_path)
    ran = run_script(script.text, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert [path.read_text() for path in logs.glob("worker-*.log")] == ["said\n"]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["log", "folder", "command"])
def test_what_ends_a_line_is_refused(kind, place):
    bad = "a\n#SBATCH --uid=0"
    job = job_of(log=Path("/r") / bad) if place == "log" else job_of()
    folder = Path("/r") / bad if place == "folder" else Path("/r")
    command = [bad] if place == "command" else ["true"]
    with pytest.raises(InputError, match="ends a line"):
        render(job, profile_of(kind), command, folder=folder)


def test_only_words_of_ours_are_expanded(tmp_path):
    command = ["echo", ShellWord("${PART}/3"), "${PART}"]
    script = render(job_of(), profile_of(), command, folder=tmp_path, first_lines=["PART=2"])
    assert run_script(script.text, tmp_path).stdout == "2/3 ${PART}\n"


def test_a_prologue_that_fails_stops_the_job(tmp_path):
    profile = profile_of(more="prologue: ['false']")
    ran = run_script(render(job_of(), profile, ["echo", "x"], folder=tmp_path).text, tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")


def test_the_prologue_runs_first_and_the_launcher_before_python(tmp_path):
    more = "prologue: ['export A=1', 'B=\"$A 2\"; export B']\nlauncher: [env, 'C=it is']\n"
    profile = profile_of(more=more + "python: sh")
    words = worker_command(profile, "tcp://h:1", None)
    assert words[:3] == ["env", "C=it is", "sh"]
    script = render(job_of(), profile, [*words[:3], "-c", 'echo "$B $C"'], folder=tmp_path)
    assert run_script(script.text, tmp_path).stdout == "1 2 it is\n"


# what dask-jobqueue 0.9 writes for the same job is told apart only by site-specific options
EXPECTED = {
    "slurm": {
        "--job-name=nc-1",
        '--output="/r/w-%A-%a.log"',
        "--nodes=1",
        "--ntasks=1",
        "--cpus-per-task=2",
        "--mem=4096M",
        "--time=01:30:00",
        "--no-requeue",
        "--partition=long",
        "--account=brain",
        "--gres=gpu:1",
        "--array=1-4",
        "--dependency=afterany:7",
        "-x 1",
    },
    "pbs": {
        "-N nc-1",
        "-j oe",
        "-o /dev/null",
        "-l select=1:ncpus=2:mem=4096mb:ngpus=1",
        "-l walltime=01:30:00",
        "-r n",
        "-q long",
        "-A brain",
        "-J 1-4",
        "-W depend=afterany:7",
        "-x 1",
    },
    "lsf": {
        '-J "nc-1[1-4]"',
        "-o /dev/null",
        "-n 2",
        '-R "span[hosts=1]"',
        '-R "rusage[mem=4096MB]"',
        "-M 4096MB",
        "-W 01:30",
        "-rn",
        "-q long",
        "-P brain",
        '-gpu "num=1"',
        '-w "ended(7)"',
        "-x 1",
    },
    "sge": {
        "-N nc-1",
        "-S /bin/bash",
        "-j y",
        "-o /dev/null",
        "-l h_vmem=2048M",
        "-l h_rt=01:30:00",
        "-r n",
        "-pe smp 2",
        "-q long",
        "-P brain",
        "-l gpu=1",
        "-t 1-4",
        "-hold_jid 7",
        "-x 1",
    },
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_option_is_asked_for_as_the_batch_system_names_it(kind):
    profile = profile_of(kind, "queue: long\naccount: brain\ndirectives: ['-x 1']")
    job = job_of(gpus=1, n_tasks=4, after="7")
    text = render(job, profile, ["true"], folder=Path("/h")).text
    marker = SYSTEMS[kind].marker
    lines = [line for line in text.splitlines() if line.startswith(f"{marker} ")]
    assert {line.removeprefix(f"{marker} ") for line in lines} == EXPECTED[kind]
    # options end at the first line that is none
    assert text.splitlines()[1 : len(lines) + 1] == lines


def test_htcondor_gets_a_description_and_a_script(tmp_path):
    profile = profile_of("htcondor", "account: brain\ndirectives: ['+Site = 1']")
    script = render(job_of(gpus=1), profile, ["true"], folder=Path("/h"))
    submitted = script.write(tmp_path / "worker.sh")
    lines = submitted.read_text().splitlines()
    assert lines[0] == f"executable = {tmp_path}/worker.sh"
    assert lines[-1] == "queue"
    for line in ("request_cpus = 2", "request_memory = 4096", "request_gpus = 1", "+Site = 1"):
        assert line in lines
    with pytest.raises(InputError, match="without DAGMan"):
        render(job_of(n_tasks=4), profile, ["true"], folder=Path("/h"))


def test_scripts_are_for_their_owner_only(tmp_path):
    path = render(job_of(), profile_of(), ["true"], folder=tmp_path).write(tmp_path / "a.sh")
    assert path.stat().st_mode & 0o077 == 0


def test_a_worker_job_has_no_dashboard_one_thread_a_process_and_its_share_of_memory():
    files = {name: Path(f"/r/{name}.pem") for name in ("ca", "cert", "key")}
    words = shlex.join(worker_command(profile_of(more="cores: 4"), "tls://h:1", files))
    for part in (
        "--no-dashboard",
        "--nworkers 4 --nthreads 1 --memory-limit 1024MiB",
        "--lifetime 4860s",
        "--tls-ca-file /r/ca.pem --tls-cert /r/cert.pem --tls-key /r/key.pem",
    ):
        assert part in words
    assert "--lifetime" not in shlex.join(
        worker_command(
            parse_profile("kind: slurm\nmemory: 4 GB\nwalltime: 5 min"), "tcp://h:1", None
        )
    )
