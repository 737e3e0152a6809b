"""The profile of a cluster: a YAML file that says how jobs are asked for and what they need.

Every value that reaches a script is checked here: names hold no character that a shell or a
batch system reads as its own, and single lines are single lines. Prologue lines are shell, run as
they are written; who writes the profile owns them.
"""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from cohort.errors import FileContentError
from cohort.yaml_files import Contradiction, is_read, parse_yaml_model, read_yaml_model

__all__ = [
    "KINDS",
    "Adaptive",
    "DriverJob",
    "Profile",
    "ProfileError",
    "TlsFiles",
    "example_profile",
    "load_profile",
    "parse_profile",
]

KINDS = ("slurm", "pbs", "lsf", "sge", "htcondor")
"""The batch systems that are spoken to."""

_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d{1,4}):([0-5]\d):([0-5]\d)")
_SECRET = re.compile(
    r"\b\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|CREDENTIALS?)\w*=(?![\"']?[$/~])\S"
    r"|\bBearer\s+(?!\$)\w|\w://[^/\s:@]+:(?!\$)[^/\s@]+@",
    re.IGNORECASE,
)
_NOTICE_S = 300
_LEAST_WORKER_MB = 256  # below it, Python with the libraries of a worker does not start
_MEBIBYTE = 2**20
_MAX_PORT = 65_535


class ProfileError(FileContentError):
    """A cluster profile holds mistakes.

    Examples
    --------
    >>> from cohort.errors import Mistake
    >>> mistake = Mistake(file="c.yaml", line=1, key_path="kind", message="'slrum'. Write 'slurm'.")
    >>> print(ProfileError([mistake]))
    c.yaml:1, kind: 'slrum'. Write 'slurm'.
    """


def _memory(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - pydantic reports a ValueError, a TypeError it lets out
            f"{value} has no unit; memory is wanted. Write '{value} GB'."
        )
    if not isinstance(value, str):
        return value
    found = _MEMORY.fullmatch(value.strip())
    if found is None or found[2] not in _BYTES:
        raise ValueError(
            f"'{value}' is no memory; a number with {', '.join(_BYTES)} is wanted. Write '8 GB'."
        )
    n_bytes = float(found[1]) * _BYTES[found[2]]
    if n_bytes < _LEAST_WORKER_MB * _MEBIBYTE:
        raise ValueError(
            f"'{value}' is too little; at least {_LEAST_WORKER_MB} MiB are wanted. Write '8 GB'."
        )
    return round(n_bytes)


def _duration(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - as in `_memory`
            f"{value} has no unit; a time is wanted. Write '{value} h' or '04:00:00'."
        )
    if not isinstance(value, str):
        return value
    if clock := _CLOCK.fullmatch(value.strip()):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        total: float = 86_400 * days + 3600 * hours + 60 * minutes + seconds
    elif (found := _DURATION.fullmatch(value.strip())) and found[2] in _SECONDS:
        total = float(found[1]) * _SECONDS[found[2]]
    else:
        raise ValueError(
            f"'{value}' is no time; hours:minutes:seconds or a number with {', '.join(_SECONDS)} "
            "is wanted. Write '04:00:00' or '4 h'."
        )
    if total < 1:
        raise ValueError(f"'{value}' is too short; at least 1 s is wanted. Write '4 h'.")
    return round(total)


def _line(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or not value.replace("\t", " ").isprintable()):
        raise ValueError(
            f"{value!r} is no line of text; printable characters in one line are wanted. "
            "Write one entry a line."
        )
    return value


def _place(value: object) -> object:
    value = _line(value)
    if isinstance(value, str) and not value.startswith("/"):
        raise ValueError(
            f"'{value}' is relative; a path from '/' on is wanted, since jobs start elsewhere. "
            f"Write '/.../{value}'."
        )
    return value


Bytes = Annotated[int, BeforeValidator(_memory), PlainSerializer(lambda n: f"{n / 2**20:.3f} MiB")]
Seconds = Annotated[int, BeforeValidator(_duration), PlainSerializer(lambda n: f"{n} s")]
Line = Annotated[str, BeforeValidator(_line)]
Place = Annotated[str, BeforeValidator(_place)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@/+-]*$", max_length=200)]
Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Adaptive(_Record):
    """How many worker jobs there may be, by the units that are left.

    Examples
    --------
    >>> Adaptive(min=1, max=20).max
    20
    """

    min: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    max: Count = Field(examples=["20"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> len(list(Adaptive(min=3, max=2).contradictions()))
        1
        """
        if self.min > self.max:
            yield Contradiction(
                path=("min",),
                message=f"{self.min} jobs at least, {self.max} at most; min must not be greater "
                "than max. Swap them.",
            )


class DriverJob(_Record):
    """What the job of the driver asks for; it schedules units and makes the tables.

    Parameters
    ----------
    cores, memory
        Of the job.
    walltime
        Of the job; that of a worker job if left out.
    notice
        How long before its walltime it hands out no more units; 5 minutes, or a tenth of a shorter
        walltime, if left out.
    resubmissions
        How often it may go on in another job, each after units were done.

    Examples
    --------
    >>> DriverJob().resubmissions
    20
    """

    cores: Count = 1
    memory: Bytes = 4 * 10**9
    walltime: Seconds | None = None
    notice: Seconds | None = None
    resubmissions: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 20


class TlsFiles(_Record):
    """Certificate files in PEM form, for both ends of every connection.

    Examples
    --------
    >>> TlsFiles(ca="/etc/ca.pem", cert="/home/me/cert.pem", key="/home/me/key.pem").ca
    '/etc/ca.pem'
    """

    ca: Place = Field(examples=["/etc/ssl/ca.pem"])
    cert: Place = Field(examples=["/home/me/cert.pem"])
    key: Place = Field(examples=["/home/me/key.pem"])


class Profile(_Record):
    r"""How jobs are asked for on a cluster, and what they need before Python starts.

    Parameters
    ----------
    kind
        The batch system.
    workers
        Worker jobs that are kept alive; or ``adaptive`` says how many there may be.
    cores, memory, walltime, gpus
        Of each worker job; one worker process a core, or one in all where ``gpus`` is 1.
    queue, account
        Queue (partition) and account (project) as the batch system names them.
    directives
        Further options, one a line, as they stand behind ``#SBATCH`` and the like.
    prologue
        Shell lines that run before Python: modules, a virtual environment.
    launcher
        Words before Python, for example ``apptainer exec image.sif``.
    python
        The interpreter on the nodes; the one that submits if left out.
    shared_folder
        A folder that every node sees; run folders must lie in it.
    scratch
        Folder on a node for temporary files; ``$TMPDIR`` or ``/tmp`` if left out.
    interface, port
        Network interface (``ib0``) and port that the scheduler listens at.
    tls
        ``auto`` makes certificates for each run, ``off`` sends everything in the clear, or files.
    driver
        What the job of the driver asks for.
    allowed_failures
        Workers that a unit may lose before it is looked at.
    no_workers_timeout
        How long a run waits while no worker is there, in the queue or otherwise.
    replacements
        How often each worker job may be replaced before another unit is done.
    poll_every
        Time between two looks at the queue.
    files
        Most files and folders that a run may make, of a quota for instance.
    parallel_environment
        Of Grid Engine, for jobs of several cores.

    Examples
    --------
    >>> parse_profile("kind: slurm\nworkers: 2\nmemory: 4 GB\nwalltime: 1 h").walltime
    3600
    """

    kind: Literal["slurm", "pbs", "lsf", "sge", "htcondor"] = Field(examples=["slurm"])
    workers: Count | None = None
    adaptive: Adaptive | None = None
    cores: Count = 1
    gpus: Annotated[int, Field(strict=True, ge=0, le=1)] = 0
    memory: Bytes = Field(examples=["8 GB"])
    walltime: Seconds = Field(examples=["04:00:00"])
    queue: Name | None = None
    account: Name | None = None
    directives: tuple[Line, ...] = ()
    prologue: tuple[Line, ...] = ()
    launcher: tuple[Line, ...] = ()
    python: Line | None = None
    shared_folder: Place | None = None
    scratch: Place | None = None
    interface: Name | None = None
    port: Annotated[int, Field(strict=True, ge=0, le=_MAX_PORT)] = 0
    tls: Literal["auto", "off"] | TlsFiles = "auto"
    driver: DriverJob = DriverJob()
    allowed_failures: Annotated[int, Field(strict=True, ge=0, le=100)] = 1
    no_workers_timeout: Seconds = 86_400
    replacements: Count = 3
    poll_every: Seconds = 10
    files: Annotated[int, Field(strict=True, ge=1)] | None = None
    parallel_environment: Name = "smp"

    @property
    def most_jobs(self) -> int:
        """Worker jobs at most."""
        return self.adaptive.max if self.adaptive is not None else self.workers or 1

    @property
    def fewest_jobs(self) -> int:
        """Worker jobs at least, while there are units for them."""
        return self.adaptive.min if self.adaptive is not None else self.workers or 1

    @property
    def processes(self) -> int:
        """Worker processes of a job."""
        return 1 if self.gpus else self.cores

    @property
    def driver_walltime(self) -> int:
        """Walltime of the driver's job [s]."""
        return self.driver.walltime or self.walltime

    @property
    def driver_notice(self) -> int:
        """How long before its walltime the driver begins to close [s]."""
        usual = min(_NOTICE_S, -(-self.driver_walltime // 10))
        return usual if self.driver.notice is None else self.driver.notice

    @property
    def most_workers(self) -> int:
        """Worker processes at most."""
        return self.most_jobs * self.processes

    def contradictions(self) -> Iterator[Contradiction]:
        r"""List what cannot stand together.

        Examples
        --------
        >>> text = "kind: htcondor\nmemory: 4 GB\nwalltime: 1 h\nqueue: long"
        >>> parse_profile(text)
        Traceback (most recent call last):
        ...
        pipelines.cluster.profile.ProfileError: text:4, queue: HTCondor has no queues. Delete it.
        """
        if self.workers is not None and is_read(self.workers) and self.adaptive is not None:
            yield Contradiction(
                path=("workers",),
                message=f"{self.workers} jobs, and 'adaptive' as well; one of the two is allowed. "
                "Delete one.",
            )
        if self.kind == "htcondor" and self.queue is not None:
            yield Contradiction(path=("queue",), message="HTCondor has no queues. Delete it.")
        least = _LEAST_WORKER_MB * _MEBIBYTE * self.processes if is_read(self.cores) else 0
        if is_read(self.memory) and self.memory < least:
            yield Contradiction(
                path=("memory",),
                message=f"{self.memory / 1e9:g} GB for {self.processes} worker processes; at least "
                f"{_LEAST_WORKER_MB} MiB each are needed. Ask for more, or for fewer cores.",
            )
        if is_read(self.driver) and is_read(self.walltime):
            notice, whole = self.driver.notice, self.driver.walltime or self.walltime
            if notice is not None and is_read(notice) and is_read(whole) and notice >= whole:
                yield Contradiction(
                    path=("driver", "notice"),
                    message=f"{notice} s, of a walltime of {whole} s; less is allowed. "
                    f"Write '{max(whole // 10, 1)} s'.",
                )
        for key, lines in (
            ("prologue", self.prologue),
            ("directives", self.directives),
            ("launcher", self.launcher),
        ):
            for index, line in enumerate(lines if is_read(lines) else ()):
                if not (is_read(line) and _SECRET.search(line)):
                    continue
                yield Contradiction(
                    path=(key, index),
                    message="holds a secret in the clear; scripts and profiles are copied into "
                    "run folders. Write it into a file that only you read, and 'source' that "
                    "in the prologue.",
                )


def load_profile(path: Path | str) -> Profile:
    """Return the profile that a file holds.

    Parameters
    ----------
    path
        A YAML file.

    Raises
    ------
    ProfileError
        If there is no such file, or it has mistakes; all of them are listed.

    Examples
    --------
    >>> load_profile("no-such.yaml")
    Traceback (most recent call last):
    ...
    pipelines.cluster.profile.ProfileError: no-such.yaml: no such file; an existing YAML file is \
wanted. Check the path.
    """
    return read_yaml_model(path, Profile, where=str(path), error=ProfileError)


def parse_profile(text: str, *, where: str = "text") -> Profile:
    """Return the profile that a YAML text holds.

    Parameters
    ----------
    text
        One YAML document.
    where
        Name of the text in messages.

    Raises
    ------
    ProfileError
        If the text has mistakes; all of them are listed.

    Examples
    --------
    >>> parse_profile(example_profile("slurm")).kind
    'slurm'
    """
    return parse_yaml_model(text, Profile, where=where, error=ProfileError)


def example_profile(kind: str = "slurm") -> str:
    """Return a profile with all its keys explained, a start for one's own.

    Parameters
    ----------
    kind
        One of `KINDS`.

    Examples
    --------
    >>> example_profile("pbs").splitlines()[3].split()[:2]
    ['kind:', 'pbs']
    """
    text = resources.files("pipelines.cluster").joinpath("example.yaml").read_text(encoding="utf-8")
    text = text.replace("kind: slurm", f"kind: {kind}", 1)
    if kind == "htcondor":
        text = text.replace("\nqueue: ", "\n# queue: ", 1)
    return text
