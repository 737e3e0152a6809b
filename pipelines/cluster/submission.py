"""Put a whole run into the batch system.

::

    RUN/cluster/submission.json   name of the jobs, batch system, mode, numbers, when
    RUN/cluster/*.sh              what was submitted, readable by the owner only
    RUN/cluster/profile.yaml      the profile that the driver uses, readable by the owner only
    RUN/cluster/logs/             one file a job
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cohort.trial import Protocol
from pipelines.cluster.chain import own_deadline
from pipelines.cluster.jobs import MODES, SUBMISSION_VARIABLE, Jobs
from pipelines.cluster.profile import load_profile
from pipelines.cluster.record import (
    Submission,
    fresh_name,
    jobs_alive,
    read_submission,
    worker_name,
    write_submission,
)
from pipelines.cluster.systems import cancel_jobs, submit_script
from pipelines.cluster.workplaces import CANCELLED, open_jobs, private_folder
from pipelines.errors import InputError
from pipelines.file_budget import check_files
from pipelines.provenance import timestamp
from pipelines.run_folder import RunFolder, hold, read_settings
from pipelines.run_trial import prepare
from pipelines.shards import clean_temporary

if TYPE_CHECKING:
    from pipelines.cluster.profile import Profile
    from pipelines.cluster.scripts import Script
    from pipelines.cluster.workplaces import OpenWorkplace, Workplace
    from pipelines.run_trial import Request

__all__ = ["check_shared", "open_profile", "submit_jobs", "submit_run"]


def submit_run(
    request: "Request", profile_path: Path, *, mode: str, words: Sequence[str], is_dry: bool = False
) -> "tuple[Submission, dict[str, Script]]":
    """Put a run into the batch system.

    Parameters
    ----------
    request
        The run; it is checked and planned before anything is written.
    profile_path
        The cluster's profile.
    mode
        One of `MODES`.
    words
        Protocol and options of `cohort run` as a job gets them.
    is_dry
        Whether to return the scripts only; writes nothing.

    Returns
    -------
    What was submitted, and the scripts by their part.

    Raises
    ------
    InputError
        If an option, the profile or the folder cannot be used.
    ExecutionError
        If the batch system refuses.

    Examples
    --------
    >>> submit_run.__name__  # run by tests/slurm: it needs a batch system
    'submit_run'
    """
    if mode not in MODES:
        raise InputError(f"--mode: '{mode}'; {' or '.join(MODES)} is allowed. Correct it.")
    profile = load_profile(profile_path)
    check_shared(request.out, profile)
    ready = prepare(replace(request, n_places=profile.most_workers))
    jobs = Jobs(
        out=request.out.absolute(),
        profile=profile,
        mode=mode,
        name=fresh_name(),
        words=words,
        n_units=len(ready.plan.units),
        here=Path.cwd(),
    )
    check_files(request.protocol, ready.plan.block_size, profile.files)
    submission = Submission(
        name=jobs.name, kind=profile.kind, mode=mode, submitted=timestamp(), jobs={}
    )
    # before anything is written: a script may refuse a path
    scripts = {
        part: jobs.script(part, after="NUMBER" if part == "tables" else "") for part in jobs.parts
    }
    if mode == "driver":
        scripts["worker"] = jobs.worker_script()
    if is_dry:
        return submission, scripts

    def begin() -> None:
        ready.folder.begin(ready.settings, request.protocol_text)
        # shares run side by side and cannot tell what is theirs from what a killed run left
        clean_temporary(ready.folder.shards)

    submit_jobs(ready.folder, jobs, submission, profile_path, begin)
    return submission, scripts


def submit_jobs(
    folder: RunFolder,
    jobs: Jobs,
    submission: Submission,
    profile_path: Path,
    begin: Callable[[], None],
) -> None:
    """Submit the jobs of a run or of a batch, and note their numbers.

    Parameters
    ----------
    folder
        Its folder.
    jobs
        Its jobs.
    submission
        The record of it, which gets the numbers.
    profile_path
        The cluster's profile, of which the driver reads a copy.
    begin
        Writes what the folder is begun with; called while it is held.

    Raises
    ------
    InputError
        If jobs of the folder are in the queue.
    ExecutionError
        If the batch system refuses.

    Examples
    --------
    >>> submit_jobs.__name__  # run by tests/slurm: it needs a batch system
    'submit_jobs'
    """
    _refuse_second(folder)
    folder.root.mkdir(parents=True, exist_ok=True)
    with hold(folder):
        begin()
    private = private_folder(folder)
    _copy_private(profile_path, jobs.profile_copy)
    (private / CANCELLED).unlink(missing_ok=True)
    number = ""
    for part in jobs.parts:
        script = jobs.script(part, after=number).write(private / f"{part}.sh")
        number = submit_script(jobs.profile.kind, script)
        submission.jobs[part] = number
        write_submission(folder, submission)


def check_shared(out: Path, profile: "Profile") -> None:
    """Refuse a run folder that nodes do not see.

    Parameters
    ----------
    out
        The run folder.
    profile
        The cluster.

    Raises
    ------
    InputError
        If the profile names a shared folder and the run folder is not in it.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> text = "{kind: slurm, memory: 4 GB, walltime: 1 h, shared_folder: /shared}"
    >>> check_shared(Path("/shared/runs/a"), parse_profile(text))
    >>> check_shared(Path("/home/me/a"), parse_profile(text))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --out: /home/me/a is outside of /shared, which the profile says \
that every node sees. Choose a folder in it.
    """
    if profile.shared_folder is None:
        return
    shared = Path(profile.shared_folder).resolve()
    if not out.absolute().resolve().is_relative_to(shared):
        raise InputError(
            f"--out: {out} is outside of {profile.shared_folder}, which the profile says that "
            "every node sees. Choose a folder in it."
        )


def _copy_private(source: Path, copy: Path) -> None:
    if copy.exists() and source.samefile(copy):
        return
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    shutil.copyfile(source, copy)


def _refuse_second(folder: RunFolder) -> None:
    before = read_submission(folder)
    alive = {} if before is None else jobs_alive(before)
    if alive:
        raise InputError(
            f"--out: {folder.root} has {len(alive)} jobs in the queue already "
            f"({', '.join(sorted(alive)[:3])}); one submission a folder is allowed. Look at "
            f"'cohort status {folder.root}', or call 'cohort cancel {folder.root}' first."
        )


def _clear_queue(folder: RunFolder, before: Submission) -> None:
    """Cancel workers of a driver that was started by hand and killed; refuse other jobs."""
    if before.mode == "here":
        cancel_jobs(before.kind, jobs_alive(before))
    else:
        _refuse_second(folder)


def open_profile(path: Path, out: Path) -> "OpenWorkplace":
    """Return the workplace of a driver that runs here, with worker jobs of a profile.

    Parameters
    ----------
    path
        The cluster's profile.
    out
        The run folder.

    Raises
    ------
    ProfileError
        If the profile has mistakes.
    InputError
        If nodes do not see the run folder.

    Examples
    --------
    >>> open_profile.__name__  # run by tests/slurm: it needs a batch system
    'open_profile'
    """
    profile = load_profile(path)
    check_shared(out, profile)

    @contextmanager
    def opened(folder: RunFolder, n_units: int) -> Iterator["Workplace"]:
        # a driver that is itself a job keeps the name under which it was submitted
        _check_budget(folder, profile)
        submission = read_submission(folder)
        if submission is None or not _is_job_of(submission):
            if submission is not None:
                _clear_queue(folder, submission)
            submission = Submission(
                name=fresh_name(), kind=profile.kind, mode="here", submitted=timestamp()
            )
            write_submission(folder, submission)
            (private_folder(folder) / CANCELLED).unlink(missing_ok=True)
        with open_jobs(
            folder,
            n_units,
            profile=profile,
            name=worker_name(submission.name),
            deadline=own_deadline(folder),
        ) as place:
            yield place

    return opened


def _check_budget(folder: RunFolder, profile: "Profile") -> None:
    if profile.files is None or not folder.settings.exists():
        return  # the folder of a batch has no settings; its runs have
    settings = read_settings(folder)
    if settings is not None:
        protocol = Protocol.model_validate(settings.protocol)
        check_files(protocol, settings.block_size, profile.files)


def _is_job_of(submission: Submission) -> bool:
    return os.environ.get(SUBMISSION_VARIABLE) == submission.name
