"""The driver of a batch: its points become run folders, their summaries three tables.

1. everything is checked before anything is written: `pipelines.batch_file`, and the first point's
   options as `cohort run` does
2. the folder is created, or recognised as begun with the same points
3. the points are run, several at once, all on the same workers (`pipelines.batch_points`); one
   that fails is set aside
4. the tables are made of what is done

::

    batch.yaml           as the user gave it
    batch.json           hash of the protocol of every point
    points/0001/         run folders, as `cohort run` makes them
    cluster/             scripts and logs of a batch system's jobs
    failures/0002.txt    why a point was set aside, with its traceback
    tables/points.parquet, outcomes_by_point.parquet, sensitivity.parquet
"""

import json
import math
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cohort.trial import write_protocol
from pipelines.batch_points import Driver, PointEnd, n_open
from pipelines.batch_tables import write_batch_tables
from pipelines.batch_workers import SharedWorkers, own_workers
from pipelines.cluster.workplaces import this_machine
from pipelines.errors import FolderError
from pipelines.files import write_json, write_text
from pipelines.interruption import interruptible
from pipelines.run_folder import RunFolder, create_folder, hold
from pipelines.run_trial import Preparation, Request, prepare
from pipelines.worker import SIMULATOR

if TYPE_CHECKING:
    import polars as pl

    from pipelines.batch_file import BatchFile, Point
    from pipelines.cluster.workplaces import OpenWorkplace
    from pipelines.execute import Report

__all__ = ["BatchRequest", "BatchResult", "prepare_batch", "run_batch", "write_begun"]

Begin = Callable[["Point"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What is asked for; the options are those of `pipelines.run_trial.Request`.

    Examples
    --------
    >>> BatchRequest.__dataclass_fields__["device"].default
    'auto'
    """

    batch: "BatchFile"
    out: Path
    device: str = "auto"
    block_size: int | None = None
    n_trajectories: int | None = None
    n_workers: int | None = None
    simulator: str = SIMULATOR
    open_workplace: "OpenWorkplace | None" = None

    def of_point(self, point: "Point") -> Request:
        """Return what is asked for of one point."""
        return Request(
            protocol=point.protocol,
            protocol_text=write_protocol(point.protocol),
            out=self.out / "points" / point.folder,
            device=self.device,
            block_size=self.block_size,
            n_trajectories=self.n_trajectories,
            n_workers=self.n_workers,
            simulator=self.simulator,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch came to.

    Parameters
    ----------
    tables
        By name.
    failures
        Why points were set aside, by their number.
    n_computed, n_reused
        Units of all points that were computed now, and that were there.

    Examples
    --------
    >>> BatchResult(tables={}, failures={}, n_computed=0, n_reused=0).failures
    {}
    """

    tables: "dict[str, pl.DataFrame]"
    failures: dict[int, str]
    n_computed: int
    n_reused: int


def prepare_batch(request: BatchRequest) -> Preparation:
    """Check the options of a batch and its folder; writes nothing.

    Parameters
    ----------
    request
        What is asked for.

    Returns
    -------
    The first point, checked.

    Raises
    ------
    InputError
        If an option cannot be used, or the folder belongs to something else.

    Examples
    --------
    >>> prepare_batch.__name__  # run by tests/pipelines/test_batch.py
    'prepare_batch'
    """
    _check_folder(request)
    return prepare(request.of_point(request.batch.points[0]))


def _check_folder(request: BatchRequest) -> None:
    root, now = request.out, _hashes(request)
    begun = root / "batch.json"
    if root.is_file():
        raise FolderError(f"--out: {root} is a file; a folder is needed. Choose another name.")
    if not begun.exists():
        if (root / "settings.json").exists():
            raise FolderError(
                f"--out: {root} is the folder of a run; a folder of this batch, or a new one, is "
                "allowed. Choose another name."
            )
        return
    try:
        before: list[str] = json.loads(begun.read_text(encoding="utf-8"))["points"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(
            f"--out: {begun} cannot be read; the file that the batch began with is needed. "
            "Choose another --out."
        ) from error
    if before != now[: len(before)]:
        shared = zip(before, now, strict=False)
        at = next((i for i, (a, b) in enumerate(shared, start=1) if a != b), len(now) + 1)
        raise FolderError(
            f"--out: {root} was begun with {len(before)} points, of which point {at} is another "
            "now; the same points, or more after them, are allowed. Choose another --out, or give "
            "the batch file and the options that the folder was begun with."
        )


def _hashes(request: BatchRequest) -> list[str]:
    return [point.protocol.content_hash() for point in request.batch.points]


def run_batch(
    request: BatchRequest, begin: Begin | None = None, report: "Report | None" = None
) -> BatchResult:
    """Run every point of a batch, or resume it, and make its tables.

    Parameters
    ----------
    request
        What is asked for.
    begin
        Called with every point before it runs.
    report
        Called with every finished unit of every point.

    Returns
    -------
    What the batch came to.

    Raises
    ------
    InputError
        If an option or the folder cannot be used; nothing was written.
    LockError
        If another live batch holds the folder.
    ExecutionError
        If no workers can be had; points that are done stay, and the same request resumes.
    InterruptedRunError
        On Ctrl-C or SIGTERM; the same request resumes.

    Notes
    -----
    ``begin`` and ``report`` are called in the thread that calls this. A point that fails for
    whatever reason is set aside: its traceback is kept, and the same request tries it again.

    Examples
    --------
    >>> run_batch.__name__  # run by tests/pipelines/test_batch.py: it starts processes
    'run_batch'
    """
    ready = prepare_batch(request)
    root, points = request.out, request.batch.to_run
    counts = [_n_units(point, ready.plan.block_size) for point in points]
    failures: dict[int, str] = {}
    n_computed = n_reused = 0

    def end(ended: PointEnd) -> None:
        nonlocal n_computed, n_reused
        n_computed += ended.n_computed
        n_reused += ended.n_reused
        if ended.error is None:
            _failure(root, ended.point).unlink(missing_ok=True)
        else:
            failures[ended.point.number] = _set_aside(root, ended.point, ended.error)

    driver = Driver(
        request_of=request.of_point,
        begin=begin or _ignore,
        end=end,
        report=report or _ignore,
    )
    with interruptible():
        create_folder(root, "points")
        with hold(RunFolder(root)):
            write_begun(request)
            open_workplace = request.open_workplace or this_machine
            with open_workplace(RunFolder(root), sum(counts)) as place:
                n_workers = place.n_workers or ready.n_workers
                with SharedWorkers(
                    place.connect or own_workers,
                    n_workers=n_workers,
                    root=root,
                    are_named=place.connect is None,
                    ask=driver.wake,
                ) as workers:
                    n_threads = min(n_open(n_workers, min(counts)), len(points))
                    driver.run(points, place, n_threads, workers)
            tables = write_batch_tables(root, request.batch, failures)
    return BatchResult(
        tables=tables,
        failures=dict(sorted(failures.items())),
        n_computed=n_computed,
        n_reused=n_reused,
    )


def write_begun(request: BatchRequest) -> None:
    """Write what a batch folder is begun with.

    Examples
    --------
    >>> write_begun.__name__  # run by tests/pipelines/test_batch.py
    'write_begun'
    """
    write_text(request.out / "batch.yaml", request.batch.text)
    write_json(request.out / "batch.json", {"points": _hashes(request)})


def _ignore(*told: object) -> None:
    """Tell nobody."""


def _n_units(point: "Point", block_size: int) -> int:
    n_cells = max(len(point.protocol.variants), 1)
    return n_cells * sum(math.ceil(arm.patients / block_size) for arm in point.protocol.arms)


def _failure(root: Path, point: "Point") -> Path:
    """Return where the failure of a point is told: not in its own folder, which may not be begun.

    A run folder that is not begun may hold nothing, or it is refused as another's.
    """
    return root / "failures" / f"{point.folder}.txt"


def _set_aside(root: Path, point: "Point", error: BaseException) -> str:
    path = _failure(root, point)
    with suppress(OSError):  # a disk that refuses may be what failed
        path.parent.mkdir(exist_ok=True)
        write_text(path, "".join(traceback.format_exception(error)))
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
