"""How each batch system is spoken to: options of a job, submit, query, cancel.

One entry a system in `SYSTEMS`. Commands run without a shell. What a system prints is read by one
function each. Slurm was tried; the others follow their manuals and dask-jobqueue's templates
(PBS Pro and OpenPBS, LSF 10.1, Grid Engine 8.1, HTCondor 10), and are tested on their texts.
"""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pipelines.errors import ExecutionError, InputError

if TYPE_CHECKING:
    from pipelines.cluster.profile import Profile

__all__ = [
    "SYSTEMS",
    "BatchJob",
    "QueryError",
    "System",
    "alive_jobs",
    "cancel_jobs",
    "submit_script",
]

_COMMAND_S = 120
_SLURM_NOTICE_S = 240  # Slurm may send a signal 60 s early: a quarter of the notice at most
_MEBIBYTE = 2**20
_QUEUED, _RUNNING = "queued", "running"


class QueryError(ExecutionError):
    """The batch system did not answer; nothing is known of its jobs.

    Examples
    --------
    >>> issubclass(QueryError, ExecutionError)
    True
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """What is asked of a batch system for one job, or for an array of them.

    Parameters
    ----------
    name
        Name in the queue.
    log
        File of its output without number and suffix, see `System.log_suffix`.
    cores, memory_bytes, walltime_s, gpus
        Of the job, or of each task of the array.
    n_tasks
        Tasks of an array, numbered from 1; 0 for a single job.
    after
        Job that must have ended, however, before this one starts; empty for none.
    may_requeue
        Whether the batch system may start it again by itself.
    notice_s
        How long before its walltime the job begins to close; 0 for a job that does not.

    Examples
    --------
    >>> job = BatchJob(
    ...     name="nc-1", log=Path("/r/w"), cores=1, memory_bytes=2**30, walltime_s=60
    ... )
    >>> job.memory_mib
    1024
    """

    name: str
    log: Path
    cores: int
    memory_bytes: int
    walltime_s: int
    gpus: int = 0
    n_tasks: int = 0
    after: str = ""
    may_requeue: bool = False
    notice_s: int = 0

    @property
    def memory_mib(self) -> int:
        """Memory, rounded up to whole MiB."""
        return -(-self.memory_bytes // _MEBIBYTE)

    @property
    def clock(self) -> str:
        """Walltime as hours:minutes:seconds."""
        minutes, seconds = divmod(self.walltime_s, 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One batch system.

    Parameters
    ----------
    marker
        What a line with options begins with.
    options
        Options of a job, one a line.
    submit
        Words of the command that submits; the script follows, or comes on standard input.
    reads_input
        Whether the script comes on standard input.
    job_id
        Pattern of a job's number in the answer.
    query
        Words of the command that lists the jobs of a name.
    read_jobs
        The answer as state by number; the second argument is the name.
    cancel
        Words before the numbers of the jobs to cancel.
    task_variable
        Variable with the number of the array's task, from 1.
    id_variable
        Variable with the number of the job.
    writes_log
        Whether the options name the log; else the script sends its output there.

    Examples
    --------
    >>> SYSTEMS["slurm"].marker
    '#SBATCH'
    """

    marker: str
    options: "Callable[[BatchJob, Profile], list[str]]"
    submit: tuple[str, ...]
    job_id: re.Pattern[str]
    query: Callable[[str], list[str]]
    read_jobs: Callable[[str, str], dict[str, str]]
    cancel: tuple[str, ...]
    task_variable: str
    id_variable: str
    reads_input: bool = False
    writes_log: bool = False


def _slurm_options(job: BatchJob, profile: "Profile") -> list[str]:
    number = "%A-%a" if job.n_tasks else "%j"
    options = [
        f"--job-name={job.name}",
        f"--output={_slurm_quoted(str(job.log), number)}",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={job.cores}",
        f"--mem={job.memory_mib}M",
        f"--time={job.clock}",
        "--requeue" if job.may_requeue else "--no-requeue",
    ]
    if profile.queue:
        options.append(f"--partition={profile.queue}")
    if profile.account:
        options.append(f"--account={profile.account}")
    if job.gpus:
        options.append(f"--gres=gpu:{job.gpus}")
    if job.n_tasks:
        options.append(f"--array=1-{job.n_tasks}")
    if job.after:
        options.append(f"--dependency=afterany:{job.after}")
    if job.notice_s >= _SLURM_NOTICE_S:
        # to the batch shell alone, which Python has taken the place of
        options.append(f"--signal=B:USR1@{job.notice_s // 2}")
    return options


def _slurm_quoted(path: str, number: str) -> str:
    # sbatch takes quotes and backslashes as a shell does, then '%' as the start of a pattern
    text = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}-{number}.log"'


def _pbs_options(job: BatchJob, profile: "Profile") -> list[str]:
    gpus = f":ngpus={job.gpus}" if job.gpus else ""
    options = [
        f"-N {job.name}",
        "-j oe",
        "-o /dev/null",
        f"-l select=1:ncpus={job.cores}:mem={job.memory_mib}mb{gpus}",
        f"-l walltime={job.clock}",
        f"-r {'y' if job.may_requeue else 'n'}",
    ]
    if profile.queue:
        options.append(f"-q {profile.queue}")
    if profile.account:
        options.append(f"-A {profile.account}")
    if job.n_tasks:
        options.append(f"-J 1-{job.n_tasks}")
    if job.after:
        options.append(f"-W depend=afterany:{job.after}")
    return options


def _lsf_options(job: BatchJob, profile: "Profile") -> list[str]:
    minutes = -(-job.walltime_s // 60)
    array = f"[1-{job.n_tasks}]" if job.n_tasks else ""
    options = [
        f'-J "{job.name}{array}"',
        "-o /dev/null",
        f"-n {job.cores}",
        '-R "span[hosts=1]"',
        f'-R "rusage[mem={job.memory_mib}MB]"',
        f"-M {job.memory_mib}MB",
        f"-W {minutes // 60:02d}:{minutes % 60:02d}",
        "-r" if job.may_requeue else "-rn",
    ]
    if profile.queue:
        options.append(f"-q {profile.queue}")
    if profile.account:
        options.append(f"-P {profile.account}")
    if job.gpus:
        options.append(f'-gpu "num={job.gpus}"')
    if job.after:
        options.append(f'-w "ended({job.after})"')
    return options


def _sge_options(job: BatchJob, profile: "Profile") -> list[str]:
    options = [
        f"-N {job.name}",
        "-S /bin/bash",
        "-j y",
        "-o /dev/null",
        # Grid Engine counts memory a slot
        f"-l h_vmem={-(-job.memory_mib // job.cores)}M",
        f"-l h_rt={job.clock}",
        f"-r {'y' if job.may_requeue else 'n'}",
    ]
    if job.cores > 1:
        options.append(f"-pe {profile.parallel_environment} {job.cores}")
    if profile.queue:
        options.append(f"-q {profile.queue}")
    if profile.account:
        options.append(f"-P {profile.account}")
    if job.gpus:
        options.append(f"-l gpu={job.gpus}")
    if job.n_tasks:
        options.append(f"-t 1-{job.n_tasks}")
    if job.after:
        options.append(f"-hold_jid {job.after}")
    return options


def _htcondor_options(job: BatchJob, profile: "Profile") -> list[str]:
    if job.n_tasks or job.after:
        raise InputError(
            "--mode array: HTCondor lets no job wait for another without DAGMan; 'driver' is "
            "allowed there. Use --mode driver."
        )
    options = [
        "universe = vanilla",
        f"batch_name = {job.name}",
        f"request_cpus = {job.cores}",
        f"request_memory = {job.memory_mib}",
        f"periodic_remove = (JobStatus == 2) && (time() - JobCurrentStartDate > {job.walltime_s})",
        "should_transfer_files = NO",
        "getenv = True",
    ]
    if profile.account:
        options.append(f"accounting_group = {profile.account}")
    if job.gpus:
        options.append(f"request_gpus = {job.gpus}")
    return options


def _read_slurm(text: str, name: str) -> dict[str, str]:
    # '%i %t' a line; CG, completing, is over
    states = {"R": _RUNNING, "S": _RUNNING, "CF": _QUEUED, "PD": _QUEUED, "RQ": _QUEUED}
    found = (line.split() for line in text.splitlines())
    return {words[0]: states[words[1]] for words in found if words[1:] and words[1] in states}


def _read_pbs(text: str, name: str) -> dict[str, str]:
    # 'Job id  Name  User  Time Use  S  Queue' a line; E, exiting, is over
    states = {"Q": _QUEUED, "H": _QUEUED, "W": _QUEUED, "T": _QUEUED}
    states |= {"R": _RUNNING, "B": _RUNNING, "S": _RUNNING}
    found = (line.split() for line in text.splitlines())
    return {
        words[0].partition(".")[0]: states[words[4]]  # long names of servers are cut
        for words in found
        if words[5:] and words[1] == name and words[4] in states
    }


def _read_lsf(text: str, name: str) -> dict[str, str]:
    # 'jobid stat' a line
    states = {"RUN": _RUNNING, "PEND": _QUEUED, "PSUSP": _QUEUED, "WAIT": _QUEUED}
    states |= {"USUSP": _RUNNING, "SSUSP": _RUNNING, "PROV": _RUNNING}
    found = (line.split() for line in text.splitlines())
    return {words[0]: states[words[1]] for words in found if words[1:] and words[1] in states}


def _read_sge(text: str, name: str) -> dict[str, str]:
    jobs = {}
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise QueryError(
            f"qstat: its answer is no XML ({error}); 'qstat -xml' is needed. Look at qstat."
        ) from error
    for job in root.iter("job_list"):
        found = {inner.tag: inner.text or "" for inner in job}
        if found.get("JB_name") == name and "E" not in found.get("state", ""):
            state = found.get("state", "")
            number = ".".join(filter(None, (found["JB_job_number"], found.get("tasks", ""))))
            jobs[number] = _RUNNING if "r" in state else _QUEUED
    return jobs


def _read_htcondor(text: str, name: str) -> dict[str, str]:
    # 'ClusterId ProcId JobStatus' a line: 1 idle, 2 running, 5 held, 6 transferring, 7 suspended
    states = {"1": _QUEUED, "2": _RUNNING, "6": _RUNNING, "7": _RUNNING}
    found = (line.split() for line in text.splitlines())
    return {
        f"{words[0]}.{words[1]}": states[words[2]]
        for words in found
        if words[2:] and words[2] in states
    }


SYSTEMS: Mapping[str, System] = {
    "slurm": System(
        marker="#SBATCH",
        options=_slurm_options,
        submit=("sbatch", "--parsable"),
        job_id=re.compile(r"^(\d+)", re.MULTILINE),
        query=lambda name: ["squeue", "--noheader", "--array", f"--name={name}", "--format=%i %t"],
        read_jobs=_read_slurm,
        cancel=("scancel", "--quiet"),
        task_variable="SLURM_ARRAY_TASK_ID",
        id_variable="SLURM_JOB_ID",
        writes_log=True,
    ),
    "pbs": System(
        marker="#PBS",
        options=_pbs_options,
        submit=("qsub",),
        job_id=re.compile(r"^(\d+(?:\[\])?\S*)", re.MULTILINE),
        query=lambda name: ["qstat"],
        read_jobs=_read_pbs,
        cancel=("qdel",),
        task_variable="PBS_ARRAY_INDEX",
        id_variable="PBS_JOBID",
    ),
    "lsf": System(
        marker="#BSUB",
        options=_lsf_options,
        submit=("bsub",),
        job_id=re.compile(r"Job <(\d+)>"),
        query=lambda name: ["bjobs", "-noheader", "-J", name, "-o", "jobid stat"],
        read_jobs=_read_lsf,
        cancel=("bkill",),
        task_variable="LSB_JOBINDEX",
        id_variable="LSB_JOBID",
        reads_input=True,
    ),
    "sge": System(
        marker="#$",
        options=_sge_options,
        submit=("qsub", "-terse"),
        job_id=re.compile(r"^(\d+)", re.MULTILINE),
        query=lambda name: ["qstat", "-xml"],
        read_jobs=_read_sge,
        cancel=("qdel",),
        task_variable="SGE_TASK_ID",
        id_variable="JOB_ID",
    ),
    "htcondor": System(
        marker="",
        options=_htcondor_options,
        submit=("condor_submit", "-terse"),
        job_id=re.compile(r"^(\d+)\.", re.MULTILINE),
        query=lambda name: [
            "condor_q",
            "-constraint",
            f'JobBatchName == "{name}"',
            *("-autoformat", "ClusterId", "ProcId", "JobStatus"),
        ],
        read_jobs=_read_htcondor,
        cancel=("condor_rm",),
        task_variable="",
        id_variable="_CONDOR_JOB_ID",
    ),
}
"""The batch systems by kind."""


def submit_script(kind: str, script: Path) -> str:
    """Submit a script; return the number of its job.

    Parameters
    ----------
    kind
        The batch system.
    script
        The file as `pipelines.cluster.scripts` wrote it.

    Raises
    ------
    ExecutionError
        If the batch system is not there or refuses.

    Examples
    --------
    >>> submit_script.__name__  # run by tests/slurm: it needs a batch system
    'submit_script'
    """
    system = SYSTEMS[kind]
    words = system.submit if system.reads_input else (*system.submit, str(script))
    text = script.read_text(encoding="utf-8") if system.reads_input else None
    answer = _ask(words, text)
    if answer.returncode != 0:
        raise ExecutionError(
            f"{system.submit[0]}: {_said(answer)}; a job that the batch system takes is needed. "
            f"Look at the profile's queue, account and directives, and at {script}."
        )
    found = system.job_id.search(answer.stdout)
    if found is None:
        raise ExecutionError(
            f"{system.submit[0]}: answered {answer.stdout.strip()!r}; the number of a job is "
            "needed. Look at the queue: the job may run."
        )
    return found[1]


def alive_jobs(kind: str, name: str) -> dict[str, str]:
    """Return the jobs of a name that wait or run: ``queued`` or ``running`` by number.

    Parameters
    ----------
    kind
        The batch system.
    name
        Name of the jobs.

    Raises
    ------
    QueryError
        If the batch system does not answer; that says nothing about the jobs.

    Examples
    --------
    >>> alive_jobs.__name__  # run by tests/slurm: it needs a batch system
    'alive_jobs'
    """
    system = SYSTEMS[kind]
    answer = _ask(system.query(name))
    # LSF calls it an error that there is no such job
    if answer.returncode != 0 and "is not found" not in answer.stderr:
        raise QueryError(
            f"{system.query(name)[0]}: {_said(answer)}; a batch system that answers is needed. "
            "Try again."
        )
    return system.read_jobs(answer.stdout, name)


def cancel_jobs(kind: str, numbers: Iterable[str]) -> None:
    """Cancel jobs; those that are over already are passed over.

    Parameters
    ----------
    kind
        The batch system.
    numbers
        Numbers of jobs.

    Raises
    ------
    ExecutionError
        If the batch system is not there.

    Examples
    --------
    >>> cancel_jobs("slurm", [])
    """
    found = list(numbers)
    if found:
        _ask((*SYSTEMS[kind].cancel, *found))


def _ask(words: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            list(words),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_S,
            stdin=subprocess.DEVNULL if text is None else None,
        )
    except FileNotFoundError as error:
        raise ExecutionError(
            f"{words[0]}: no such command on this machine; the commands of the batch system are "
            "needed. Go to a node that has them, or change 'kind' in the profile."
        ) from error
    except OSError as error:
        raise QueryError(
            f"{words[0]}: cannot be run ({error}); the commands of the batch system are needed. "
            "Try again."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise QueryError(
            f"{shlex.join(words)}: no answer within {_COMMAND_S} s; a batch system that answers "
            "is needed. Try again."
        ) from error


def _said(answer: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (answer.stderr or answer.stdout).splitlines() if line.strip()]
    return " ".join(lines) or f"exit code {answer.returncode}"
