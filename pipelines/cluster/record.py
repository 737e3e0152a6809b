"""What was put into a batch system for a run: one small file in its folder.

The record holds no line of the profile: prologues may name what is nobody else's business.
"""

import json
import re
import uuid
from dataclasses import asdict, dataclass, field

from pipelines.cluster.systems import SYSTEMS, alive_jobs
from pipelines.cluster.workplaces import CLUSTER, private_folder
from pipelines.errors import FolderError
from pipelines.files import write_json
from pipelines.run_folder import RunFolder

__all__ = [
    "Submission",
    "fresh_name",
    "jobs_alive",
    "read_submission",
    "worker_name",
    "write_submission",
]

_N_NAME_DIGITS = 8
_NAME = re.compile(r"nc-[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What was put into a batch system for a run.

    Parameters
    ----------
    name
        Name of the jobs; worker jobs append ``-w``.
    kind
        The batch system.
    mode
        One of `MODES`, or ``here`` for a driver that was started by hand.
    jobs
        Numbers of the jobs by their part.
    submitted
        When.
    chain
        Numbers of the drivers that went on one after another, see `pipelines.cluster.chain`.
    chain_end
        Why the last of them was not submitted again.

    Examples
    --------
    >>> one = Submission(name="nc-1", kind="slurm", mode="array", jobs={"array": "7"})
    >>> worker_name(one.name)
    'nc-1-w'
    """

    name: str
    kind: str
    mode: str
    jobs: dict[str, str] = field(default_factory=dict)
    submitted: str = ""
    chain: tuple[str, ...] = ()
    chain_end: str = ""


def fresh_name() -> str:
    """Return a name for the jobs of a run, at most 15 characters with its endings (PBS).

    Examples
    --------
    >>> len(worker_name(fresh_name()))
    13
    """
    return f"nc-{uuid.uuid4().hex[:_N_NAME_DIGITS]}"


def worker_name(name: str) -> str:
    """Return the name of the worker jobs of a run.

    Examples
    --------
    >>> worker_name("nc-1")
    'nc-1-w'
    """
    return f"{name}-w"


def write_submission(folder: RunFolder, submission: Submission) -> None:
    """Write the record of a submission.

    Parameters
    ----------
    folder
        The run folder.
    submission
        What was submitted.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = RunFolder(Path(name))
    ...     write_submission(folder, Submission(name="nc-1", kind="slurm", mode="here"))
    ...     read_submission(folder).mode
    'here'
    """
    write_json(private_folder(folder) / "submission.json", asdict(submission))


def read_submission(folder: RunFolder) -> Submission | None:
    """Return what was submitted for a run folder last; None if nothing was.

    Parameters
    ----------
    folder
        The run folder.

    Raises
    ------
    FolderError
        If the record cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_submission(RunFolder(Path("no/folder"))) is None
    True
    """
    path = folder.root / CLUSTER / "submission.json"
    if not path.exists():
        return None
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        found = Submission(**{**read, "chain": tuple(read.get("chain", ()))})
        if found.kind not in SYSTEMS:
            raise ValueError(f"unknown batch system {found.kind!r}")
        # an empty name would be that of everybody's jobs, and what is found is what is cancelled
        if not _NAME.fullmatch(str(found.name)):
            raise ValueError(f"no name of jobs: {found.name!r}")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise FolderError(
            f"{path}: cannot be read ({error}); the record that 'cohort submit' wrote is needed. "
            "Delete it once no job of this run is in the queue."
        ) from error
    return found


def jobs_alive(submission: Submission) -> dict[str, str]:
    """Return the jobs of a run that wait or run: ``queued`` or ``running`` by number.

    Parameters
    ----------
    submission
        What was submitted.

    Raises
    ------
    ExecutionError
        If the batch system does not answer.

    Examples
    --------
    >>> jobs_alive.__name__  # run by tests/slurm: it needs a batch system
    'jobs_alive'
    """
    drivers = alive_jobs(submission.kind, submission.name)
    return {**drivers, **alive_jobs(submission.kind, worker_name(submission.name))}
