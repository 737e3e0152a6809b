"""Follow a run in the batch system: status, logs, cancel; from any node that sees its folder."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cohort.trial import Protocol
from pipelines.cluster.record import jobs_alive, read_submission
from pipelines.cluster.systems import cancel_jobs
from pipelines.cluster.workplaces import CANCELLED, CLUSTER, private_folder
from pipelines.errors import ExecutionError, FolderError, InputError
from pipelines.file_budget import count_units
from pipelines.run_folder import RunFolder, read_settings
from pipelines.seal import SEAL

if TYPE_CHECKING:
    from pipelines.run_folder import Settings

__all__ = ["cancel_run", "log_tails", "run_status"]

BATCH = "batch.json"
"""Its presence says that a folder is that of a batch."""

_CANCEL_S = 60
_CANCEL_LOOK_S = 0.5
_TAIL_BYTES = 1 << 18


def run_status(folder: RunFolder) -> dict[str, Any]:
    """Return how far a run is, and which of its jobs wait or run.

    Parameters
    ----------
    folder
        The run folder.

    Returns
    -------
    Plain values: ``state``; ``units_done`` and ``units``, of a batch ``points_done`` and
    ``points``, equal protocols counted once; ``jobs`` by number; ``why`` where the queue does not
    answer.

    Raises
    ------
    FolderError
        If it is no run folder.

    Examples
    --------
    >>> run_status(RunFolder(Path("no/folder")))
    Traceback (most recent call last):
    ...
    pipelines.errors.FolderError: no/folder: holds no run; the folder of 'cohort run' or 'cohort \
submit' is needed. Check the path.
    """
    is_batch = (folder.root / BATCH).is_file()
    status, is_whole = _points_done(folder) if is_batch else _units_done(folder)
    status["jobs"] = {}
    submission = read_submission(folder)
    if submission is not None:
        status |= {"name": submission.name, "batch_system": submission.kind}
        status |= {"mode": submission.mode, "submitted": submission.submitted}
        status |= {"chain": list(submission.chain), "chain_end": submission.chain_end}
        try:
            status["jobs"] = jobs_alive(submission)
        except ExecutionError as error:
            status["why"] = str(error)
    holder = folder.lock.read_text(encoding="utf-8").strip() if folder.lock.exists() else ""
    status["state"] = _state(status, has_holder=bool(holder), is_finished=is_whole)
    return status


def _units_done(folder: RunFolder) -> tuple[dict[str, Any], bool]:
    """Return how many units of a run are done, and whether it is finished."""
    settings = _begun(folder)
    n_units = count_units(Protocol.model_validate(settings.protocol), settings.block_size)
    n_done = _count_shards(folder.shards)
    is_finished = (folder.root / SEAL).exists() and n_done >= n_units
    return {"units_done": n_done, "units": n_units}, is_finished


def _points_done(folder: RunFolder) -> tuple[dict[str, Any], bool]:
    """Return how many runs of a batch are done, and whether its tables are made of all."""
    path = folder.root / BATCH
    try:
        n_points = len(set(json.loads(path.read_text(encoding="utf-8"))["points"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FolderError(
            f"{path}: cannot be read ({error}); the file that the batch began with is needed. "
            "Run the batch again."
        ) from error
    n_done = sum(1 for _ in (folder.root / "points").glob(f"*/{SEAL}"))
    has_tables = (folder.tables / "points.parquet").is_file()
    return {"points_done": n_done, "points": n_points}, has_tables and n_done >= n_points


def _count_shards(shards: Path) -> int:
    """Return how many shards there are; each took its name when it was whole.

    Names are all that is read: a file system of a cluster may need a millisecond for each file
    that is looked at, and a run has ten thousand. What came to harm since, the next run finds.
    """
    try:
        with os.scandir(shards) as entries:
            return sum(not entry.name.startswith(".") for entry in entries)
    except FileNotFoundError:
        return 0


def _begun(folder: RunFolder) -> "Settings":
    settings = read_settings(folder)
    if settings is None:
        raise FolderError(
            f"{folder.root}: holds no run; the folder of 'cohort run' or 'cohort submit' is "
            "needed. Check the path."
        )
    return settings


def _state(status: dict[str, Any], *, has_holder: bool, is_finished: bool) -> str:
    if "running" in status["jobs"].values() or has_holder:
        return "running"
    if status["jobs"]:
        return "waiting"
    if is_finished:
        return "finished"
    return "unknown" if "why" in status else "stopped"


def log_tails(
    folder: RunFolder, *, n_lines: int, job: str | None = None
) -> Iterator[tuple[str, list[str]]]:
    r"""Yield the last lines of the logs of a run, oldest file first.

    Parameters
    ----------
    folder
        The run folder.
    n_lines
        Lines of each file.
    job
        Number or part (``driver``, ``worker``, ``array``, ``tables``) of the jobs to show; None
        for the newest file of each part.

    Raises
    ------
    InputError
        If there is no such log.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = RunFolder(Path(name))
    ...     _ = (private_folder(folder) / "logs" / "driver-7.log").write_text("one\ntwo\n")
    ...     list(log_tails(folder, n_lines=1))
    [('driver-7.log', ['two'])]
    """
    files = sorted(
        (folder.root / CLUSTER / "logs").glob("*.log"), key=lambda path: path.stat().st_mtime
    )
    if job is None:
        newest = {path.name.partition("-")[0]: path for path in files}
        chosen = [path for path in files if path in newest.values()]
    else:
        chosen = [path for path in files if job in path.stem.split("-")]
    if not chosen:
        what = "no log" if job is None else f"no log of '{job}'"
        there = ", ".join(path.name for path in files[-5:]) or "none"
        raise InputError(
            f"{folder.root}: {what}; the number or the part of a job that has started is needed. "
            f"There are: {there}. Look at 'cohort status {folder.root}'."
        )
    for path in chosen:
        yield path.name, _tail(path, n_lines)


def _tail(path: Path, n_lines: int) -> list[str]:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        text = stream.read().decode("utf-8", errors="replace")
    return text.splitlines()[-n_lines:]


def cancel_run(folder: RunFolder) -> list[str]:
    """Cancel every job of a run, the driver first, and wait until none is left.

    Parameters
    ----------
    folder
        The run folder.

    Returns
    -------
    Numbers of the jobs that were cancelled.

    Raises
    ------
    InputError
        If nothing was submitted.
    ExecutionError
        If jobs stay.

    Notes
    -----
    What was computed stays; the same `cohort submit` resumes.

    Examples
    --------
    >>> cancel_run.__name__  # run by tests/slurm: it needs a batch system
    'cancel_run'
    """
    submission = read_submission(folder)
    if submission is None:
        raise InputError(
            f"{folder.root}: nothing was submitted from there; the folder of 'cohort submit' is "
            "needed. Check the path."
        )
    # a driver that was started by hand, or that is slow to die, must not replace its workers
    (private_folder(folder) / CANCELLED).touch()
    cancelled: dict[str, None] = {}
    end = time.monotonic() + _CANCEL_S
    while alive := jobs_alive(submission):
        if time.monotonic() > end:
            raise ExecutionError(
                f"{folder.root}: jobs {', '.join(sorted(alive))} are still there after "
                f"{_CANCEL_S} s; cancelled jobs go. Look at the queue, then try again."
            )
        cancelled.update(dict.fromkeys(alive))
        cancel_jobs(submission.kind, alive)
        time.sleep(_CANCEL_LOOK_S)
    return list(cancelled)
