"""Run a trial from Python, as `cohort run` does: the same files, resumed by the same call."""

import json
import math
import multiprocessing
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cohort.protocols import protocol_names, protocol_text
from cohort.trial import Protocol, load_protocol, parse_protocol, write_protocol
from pipelines.errors import InputError, InterruptedRunError
from pipelines.interactive.finished import Run, load
from pipelines.interactive.main_module import unknown_main_module
from pipelines.interactive.notebook_progress import run_progress
from pipelines.plan import override
from pipelines.run_trial import Request, Result, run_trial
from pipelines.trial_warnings import refuse_contraindicated, trial_warnings
from pipelines.worker import SIMULATOR

__all__ = ["TrialWarning", "run"]

_CALLER: Final = 3
"""Frames between a warning and the call of `run`."""


class TrialWarning(UserWarning):
    """What should be known about a protocol or its run; nothing that is simulated depends on it.

    Examples
    --------
    >>> issubclass(TrialWarning, UserWarning)
    True
    """


def run(
    protocol: str | Path | Protocol | Mapping[str, Any],
    *,
    out: str | Path,
    patients_per_arm: int | None = None,
    seed: int | None = None,
    device: str = "auto",
    workers: int | None = None,
    block_size: int | None = None,
    trajectories: int | None = None,
    strict: bool = False,
    allow_missing: bool = False,
    unit_timeout_s: float | None = None,
    quiet: bool = False,
    simulator: str = SIMULATOR,
) -> Run:
    """Run a trial to its tables, or resume it, and open it.

    Parameters
    ----------
    protocol
        A packaged protocol by name, a YAML file, a `Protocol`, or the protocol of another run
        (``run.protocol``).
    out
        Run folder; one that was begun with the same protocol and settings is resumed.
    patients_per_arm, seed
        Instead of the protocol's.
    device
        ``auto``, or a device that `cohort doctor` lists.
    workers
        Worker processes; one a core, or a card on CUDA devices, if left out.
    block_size
        Most patients in a unit of work; tables do not depend on it.
    trajectories
        Patients of each arm whose course is kept; 3 if left out.
    strict
        Whether to refuse arms that combine contraindicated drugs.
    allow_missing
        Whether to make tables without units that failed at every attempt.
    unit_timeout_s
        Time after which the worker of a unit is replaced [s].
    quiet
        Whether to show no progress.
    simulator
        Another function that simulates, ``module:name``.

    Returns
    -------
    The finished run.

    Raises
    ------
    InputError
        If an option or the folder cannot be used; nothing was written.
    ProtocolError
        If there is no such protocol, or it has mistakes.
    LockError
        If another live run holds the folder.
    SetAsideError
        If units failed at every attempt; all others are done.
    ExecutionError
        If no unit could be computed.
    ShardError
        If the disk refuses.
    InterruptedRunError
        On Ctrl-C (a KeyboardInterrupt); the same call resumes.

    Notes
    -----
    Units are computed by processes of their own. A script that calls this needs no
    ``if __name__ == "__main__"``, see `pipelines.interactive.main_module`. To compute on a
    cluster, use the command line, then `load`.

    Examples
    --------
    >>> run("sct-md-1", out="runs/a")
    Traceback (most recent call last):
    ...
    cohort.errors.ProtocolError: sct-md-1: no packaged protocol and no file has this name; 27 are \
packaged. Did you mean 'sct-md-01'?
    """
    for name, value, least in (
        ("patients_per_arm", patients_per_arm, 1),
        ("seed", seed, 0),
        ("workers", workers, 1),
        ("block_size", block_size, 1),
        ("trajectories", trajectories, 0),
    ):
        _refuse_unless_whole(name, value, least)
    _refuse_unless_seconds(unit_timeout_s)
    _refuse_unless_text("device", device, "'auto'")
    _refuse_unless_text("simulator", simulator, repr(SIMULATOR))
    folder = _path("out", out)
    if multiprocessing.current_process().daemon:
        raise InputError(
            "run: called in a worker process, which may not start others; the main process is "
            "allowed. Call it there, or use 'cohort batch' for many runs."
        )
    given, text = _protocol(protocol)
    given = override(given, seed=seed, patients_per_arm=patients_per_arm)
    if strict:
        refuse_contraindicated(given)
    for warning in trial_warnings(given):
        _warn(warning)
    request = Request(
        protocol=given,
        protocol_text=text,
        out=folder,
        device=device,
        block_size=block_size,
        n_trajectories=trajectories,
        n_workers=workers,
        simulator=simulator,
        allow_missing=allow_missing,
        unit_timeout_s=unit_timeout_s,
    )
    result = _run(request, is_quiet=quiet)
    for damage in result.execution.damaged:
        _warn(f"computed again: {damage}")
    if result.set_aside:
        _warn(
            f"{len(result.set_aside)} units failed at every attempt; "
            f"{result.summary['n_missing']:,} patients are missing from every table, see "
            f"{result.folder.failures}."
        )
    return load(folder)


def _run(request: Request, *, is_quiet: bool) -> Result:
    protocol = request.protocol
    n_patients = sum(arm.patients for arm in protocol.arms) * max(len(protocol.variants), 1)
    try:
        with unknown_main_module(), run_progress(n_patients, is_quiet=is_quiet) as progress:
            return run_trial(request, progress.report, progress.tell)
    except InterruptedRunError as error:
        raise InterruptedRunError(
            f"{error}: stopped. {request.out} can be resumed: make the same call again."
        ) from None


def _warn(text: str) -> None:
    warnings.warn(text, TrialWarning, stacklevel=_CALLER)


def _protocol(given: object) -> tuple[Protocol, str]:
    """Return a protocol and its text as given."""
    if isinstance(given, Protocol):
        return given, write_protocol(given)
    if isinstance(given, Mapping):
        text = json.dumps(given, indent=2, default=str)
        return parse_protocol(text, where="protocol"), text
    if not isinstance(given, str | Path):
        raise InputError(
            f"protocol: {given!r}; a packaged name, the path of a YAML file, a Protocol or its "
            "plain values are allowed. 'cohort protocols list' names the packaged ones."
        )
    protocol = load_protocol(given)
    if given in protocol_names():
        return protocol, protocol_text(str(given))
    return protocol, Path(given).read_text(encoding="utf-8")


def _path(name: str, given: object) -> Path:
    if not isinstance(given, str | Path) or not str(given).strip():
        raise InputError(
            f"{name}: {given!r}; the path of a folder is allowed. Write it as {name}='runs/a'."
        )
    return Path(given).expanduser()


def _refuse_unless_whole(name: str, given: object, least: int) -> None:
    if given is None:
        return
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise InputError(
            f"{name}: {given!r}; a whole number, {least} or more, is allowed. Leave it out for the "
            "usual."
        )


def _refuse_unless_seconds(given: object) -> None:
    if given is None:
        return
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
        raise InputError(
            f"unit_timeout_s: {given!r}; seconds above 0 are allowed. Leave it out for the usual."
        )


def _refuse_unless_text(name: str, given: object, example: str) -> None:
    if not isinstance(given, str) or not given:
        raise InputError(f"{name}: {given!r}; a text is allowed. Write it as {name}={example}.")
