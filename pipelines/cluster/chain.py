"""A driver whose walltime ends before its run does puts itself into the queue again.

The same script is submitted under the same name, so `cohort status` and `cohort cancel` find
whichever job of the chain is there. The chain ends with the run; else when a job got nothing done,
when the profile's ``resubmissions`` are used up, when the run was cancelled, or when the batch
system takes no job from where the driver runs. It says which.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cluster.jobs import PART_VARIABLE, SUBMISSION_VARIABLE
from pipelines.cluster.profile import load_profile
from pipelines.cluster.record import Submission, read_submission, write_submission
from pipelines.cluster.scripts import Script
from pipelines.cluster.systems import QueryError, cancel_jobs, submit_script
from pipelines.cluster.walltime import read_deadline, stopped_in_time
from pipelines.cluster.workplaces import CANCELLED, CLUSTER
from pipelines.errors import InputError, PipelineError, WalltimeError
from pipelines.run_folder import RunFolder

if TYPE_CHECKING:
    from pipelines.cluster.walltime import Deadline

__all__ = ["chained", "own_deadline"]

_PARTS = frozenset({"driver", "tables"})
_WAITS = ("--dependency=", "-W depend=", '-w "ended(', "-hold_jid ")
_N_TRIES = 3
_PAUSE_S = 5.0


@contextmanager
def chained(out: Path) -> Iterator[None]:
    """End the block in time before this job's walltime, and submit the job again.

    Parameters
    ----------
    out
        The folder of the run or batch; it is not held when the block ends.

    Raises
    ------
    WalltimeError
        If the walltime ended the block, saying what became of the run.

    Notes
    -----
    Does nothing in a process that is no job of `cohort submit`.

    Examples
    --------
    >>> with chained(Path("no/folder")):
    ...     pass
    """
    folder = RunFolder(out)
    deadline = read_deadline()
    submission = read_submission(folder) if deadline is not None else None
    if deadline is None or submission is None or not _is_own(submission):
        yield
        return
    n_before = _n_done(out)
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGUSR1)
    try:
        try:
            with stopped_in_time(deadline):
                yield
        except WalltimeError as error:
            said = _go_on(folder, submission, n_new=_n_done(out) - n_before)
            raise WalltimeError(f"walltime; {said}") from error
    finally:
        if is_main:
            signal.signal(signal.SIGUSR1, handler)


def own_deadline(folder: RunFolder) -> "Deadline | None":
    """Return the deadline of this process if it is the driver of what was submitted for a folder.

    Parameters
    ----------
    folder
        The run folder.

    Examples
    --------
    >>> own_deadline(RunFolder(Path("no/folder"))) is None
    True
    """
    deadline = read_deadline()
    submission = None if deadline is None else read_submission(folder)
    return deadline if submission is not None and _is_own(submission) else None


def _is_own(submission: Submission) -> bool:
    return os.environ.get(SUBMISSION_VARIABLE) == submission.name


def _n_done(out: Path) -> int:
    """Return how many shards there are, of all points of a batch together."""
    folders = [RunFolder(out).shards, *(out / "points").glob("*/shards")]
    return sum(
        not entry.name.startswith(".")
        for folder in folders
        if folder.is_dir()
        for entry in os.scandir(folder)
    )


def _go_on(folder: RunFolder, submission: Submission, *, n_new: int) -> str:
    """Submit the job again if that is of use; note it, and return what was done in words."""
    part = os.environ.get(PART_VARIABLE, "")
    chain = submission.chain or (submission.jobs.get(part, "?"),)
    number = ""
    try:
        why = _reason_to_stop(folder, submission, chain, n_new)
        if not why:
            number = _submit(folder, submission, part)
            why = _reason_to_stop(folder, submission, chain, n_new)  # cancelled just now?
            if why:
                cancel_jobs(submission.kind, [number])
    except PipelineError as error:
        why = str(error)
    if why:
        _note(folder, replace(submission, chain=chain, chain_end=why))
        return f"not submitted again: {why}"
    chain = (*chain, number)
    jobs = {**submission.jobs, part: number}
    _note(folder, replace(submission, jobs=jobs, chain=chain))
    return f"{n_new:,} units were done in this job, job {number} goes on"


def _note(folder: RunFolder, submission: Submission) -> None:
    try:
        write_submission(folder, submission)
    except OSError:
        return  # the queue knows of the job by its name


def _reason_to_stop(
    folder: RunFolder, submission: Submission, chain: tuple[str, ...], n_new: int
) -> str:
    if (folder.root / CLUSTER / CANCELLED).exists():
        return "the run was cancelled. The same 'cohort submit' resumes it."
    if n_new < 1:
        return (
            f"job {chain[-1]} finished no unit within its walltime, and another like it would not "
            "either. Ask for more walltime of the driver in the profile, or for smaller units with "
            "--block-size; then submit the run again."
        )
    most = load_profile(folder.root / CLUSTER / "profile.yaml").driver.resubmissions
    if len(chain) > most:
        return (
            f"{most} resubmissions are used up, as the profile allows. Submit the run again, or "
            "raise 'resubmissions' of the driver in the profile."
        )
    return ""


def _submit(folder: RunFolder, submission: Submission, part: str) -> str:
    script = _script(folder.root.absolute() / CLUSTER, part)
    for _ in range(_N_TRIES - 1):
        try:
            return submit_script(submission.kind, script)
        except QueryError:
            time.sleep(_PAUSE_S)
    return submit_script(submission.kind, script)


def _script(private: Path, part: str) -> Path:
    """Return the script of a part; one that waited for other jobs waits no more."""
    if part not in _PARTS:
        raise InputError(
            f"{PART_VARIABLE}: '{part}'; {' or '.join(sorted(_PARTS))} is allowed, as 'cohort "
            "submit' writes it. Submit the run again."
        )
    path = private / f"{part}.sh"
    description = path.with_suffix(".sub")
    if description.exists():
        return description
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); the script that 'cohort submit' wrote is "
            "needed. Submit the run again."
        ) from error
    kept = [
        line
        for line in lines
        if not (line.startswith("#") and line.partition(" ")[2].startswith(_WAITS))
    ]
    return path if kept == lines else Script(text="".join(kept)).write(private / f"{part}-again.sh")
