"""Simulate published trials and set them beside what was published: `cohort validate`.

1. published values of each packaged trial (`pipelines.trial_validation_values`)
2. links without the trial, and without the trial and its drugs (`pipelines.trial_validation_fits`)
3. bodies once, then replicates of the trial at its own size (`pipelines.trial_validation_predict`)
4. a record for each value and contrast (`pipelines.trial_validation_judge`)
5. table, report and picture (`pipelines.trial_validation_report`)

Trials are shared out over processes; the records do not depend on how many there are.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl

from cohort.errors import CohortError
from cohort.protocols import protocol_names
from cohort.replicate import doses_follow_outcomes
from cohort.simulate import trial_condition
from cohort.trial import Protocol, load_protocol
from pipelines.errors import InputError
from pipelines.trial_scores import JointTest
from pipelines.trial_validation_fits import FitSource, JudgingLink
from pipelines.trial_validation_judge import Record, judge
from pipelines.trial_validation_predict import (
    CellDraws,
    cell_drugs,
    cell_pool,
    predict,
    trial_spread,
)
from pipelines.trial_validation_values import PublishedValue, published_values

__all__ = ["SEED", "WAYS", "Request", "TrialResult", "ValidationResult", "judgeable", "validate"]

SEED: Final = 20261125
WAYS: Final = ("trial", "drug")
"""What is left out: the trial; the trial and the drugs of the arm."""

_FEWEST_REPLICATES: Final = 40  # a 95 % interval has an end a replicate beyond its quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Say what is validated.

    Parameters
    ----------
    trials
        Names of packaged protocols; all that can be judged if empty.
    replicates, patients
        Replicates of each trial, and bodies in its pool.
    ways
        What is left out, of `WAYS`.
    workers, device, cache_folder
        Processes; device of the chemistry; where pools of the fits are kept.

    Examples
    --------
    >>> Request().replicates
    500
    """

    trials: tuple[str, ...] = ()
    replicates: int = 500
    patients: int = 300
    ways: tuple[str, ...] = WAYS
    workers: int = 1
    device: str = "auto"
    cache_folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """Hold the records of one trial.

    Parameters
    ----------
    trial
        Name of the protocol.
    records
        One a value and way of leaving out.
    joint
        Joint test of the contrasts of scores, by way.
    seconds
        Pools, and everything.

    Examples
    --------
    >>> TrialResult(trial="a", records=[], joint={}, seconds=(1.0, 2.0)).seconds
    (1.0, 2.0)
    """

    trial: str
    records: list[Record]
    joint: dict[str, JointTest]
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationResult:
    """Hold the records of all trials.

    Parameters
    ----------
    request
        What was asked for.
    trials
        By order of name.
    seconds
        Wall time of all.
    failed
        Why a trial could not be simulated, by name.

    Examples
    --------
    >>> ValidationResult(request=Request(), trials=[], seconds=0.0).table.height
    0
    """

    request: Request
    trials: list[TrialResult]
    seconds: float
    seed: int = field(default=SEED)
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> pl.DataFrame:
        """Every record.

        Examples
        --------
        >>> ValidationResult(request=Request(), trials=[], seconds=0.0).table.height
        0
        """
        records = [record for trial in self.trials for record in trial.records]
        return pl.DataFrame(records, infer_schema_length=None)


def judgeable() -> tuple[str, ...]:
    """Return the packaged protocols with published values that can be judged.

    Returns
    -------
    Names, sorted.

    Examples
    --------
    >>> "sct-md-01" in judgeable()
    True
    """
    return tuple(name for name in protocol_names() if published_values(load_protocol(name)))


def validate(
    request: Request, report: Callable[[TrialResult], None] = lambda result: None
) -> ValidationResult:
    """Simulate trials and judge them.

    Parameters
    ----------
    request
        What is validated.
    report
        Called with each trial that is done.

    Returns
    -------
    Records of all trials.

    Raises
    ------
    InputError
        If there is no such trial, a trial has nothing to judge, or a number is out of its range.

    Examples
    --------
    >>> validate(Request(trials=("nothing",)))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: trial 'nothing': no packaged protocol has that name; ...
    """
    start = time.perf_counter()
    protocols = _checked(request)
    jobs = _jobs(request, protocols)
    failed: dict[str, str] = {}
    if request.workers == 1 or len(jobs) == 1:
        done = []
        for job in jobs:
            done.append(_one_trial(*job))
            report(done[-1])
    else:
        with ProcessPoolExecutor(request.workers, mp_context=get_context("spawn")) as executor:
            waiting = [executor.submit(_one_trial, *job) for job in jobs]
            done = []
            names = {future: job[1] for future, job in zip(waiting, jobs, strict=True)}
            for future in as_completed(waiting):
                try:
                    done.append(future.result())
                except CohortError as error:  # the others are not lost with it
                    failed[names[future]] = str(error)
                else:
                    report(done[-1])
    trials = sorted(done, key=lambda result: result.trial)
    seconds = time.perf_counter() - start
    return ValidationResult(request=request, trials=trials, seconds=seconds, failed=failed)


def _checked(request: Request) -> list[Protocol]:
    known = protocol_names()
    for name in request.trials:
        if name not in known:
            raise InputError(
                f"trial '{name}': no packaged protocol has that name; {', '.join(known)} have. "
                "Use one of them."
            )
    for what, number, least in (
        ("replicates", request.replicates, _FEWEST_REPLICATES),
        ("patients of a pool", request.patients, 2),
        ("workers", request.workers, 1),
    ):
        if number < least:
            raise InputError(f"{what}: {number}; at least {least} is allowed. Use more.")
    for way in request.ways:
        if way not in WAYS:
            raise InputError(f"way of leaving out: '{way}'; {' and '.join(WAYS)} are allowed.")
    protocols = [load_protocol(name) for name in dict.fromkeys(request.trials)]
    for protocol in protocols:
        if not published_values(protocol):
            raise InputError(
                f"trial '{protocol.name}': its protocol has no published values; trials with some "
                f"are {', '.join(judgeable())}. Use one of them."
            )
    return protocols or [load_protocol(name) for name in judgeable()]


_Job = tuple[Request, str, dict[str, dict[str, JudgingLink]]]


def _jobs(request: Request, protocols: Sequence[Protocol]) -> list[_Job]:
    """Return what each process needs: the links of every cell in every way of leaving out."""
    sources: dict[str, FitSource] = {}
    jobs = []
    for protocol in protocols:
        condition = trial_condition(protocol)
        source = sources.setdefault(
            protocol.condition,
            FitSource(
                condition,
                n=request.replicates,
                seed=SEED,
                workers=request.workers,
                device=request.device,
                cache_folder=request.cache_folder,
            ),
        )
        drugs = _drugs(protocol, published_values(protocol))
        links = {
            way: {
                label: source.link((protocol.name,), taken if way == "drug" else ())
                for label, taken in drugs.items()
            }
            for way in request.ways
        }
        jobs.append((request, protocol.name, links))
    # long ones first, so that no process waits for one of them at the end
    by_name = {protocol.name: protocol for protocol in protocols}
    return sorted(jobs, key=lambda job: -_size(by_name[job[1]]))


def _size(protocol: Protocol) -> int:
    return sum(arm.patients for arm in protocol.arms) * protocol.visits[-1].time


def _drugs(protocol: Protocol, values: Sequence[PublishedValue]) -> dict[str, tuple[str, ...]]:
    return {value.cell.label: cell_drugs(protocol, value.cell) for value in values}


def _one_trial(
    request: Request, name: str, links: dict[str, dict[str, JudgingLink]]
) -> TrialResult:
    start = time.perf_counter()
    protocol = load_protocol(name)
    values = published_values(protocol)
    cells = list(dict.fromkeys(value.cell for value in values))
    patients = request.patients
    if doses_follow_outcomes(protocol):  # nobody is in a replicate twice: the pool holds two
        patients = max(patients, 2 * sum(cell.patients for cell in cells))
    pool = cell_pool(protocol, cells, patients, device=request.device)
    pooled = time.perf_counter() - start
    drugs = _drugs(protocol, values)
    records: list[Record] = []
    joint: dict[str, JointTest] = {}
    known: dict[tuple[int, int], CellDraws] = {}
    for way, of_cells in links.items():
        # a cell without drugs is the same whatever the link
        keys = [
            (place, id(of_cells[value.cell.label]) if drugs[value.cell.label] else 0)
            for place, value in enumerate(values)
        ]
        new = [place for place, key in enumerate(keys) if key not in known]
        if new:
            some = [values[place] for place in new]
            draws = predict(pool, some, of_cells, request.replicates, SEED, cells)
            known |= dict(zip([keys[place] for place in new], draws, strict=True))
        spread = trial_spread(pool.condition, next(iter(of_cells.values())))
        found, test = judge(values, [known[key] for key in keys], of_cells, spread, drugs, SEED)
        records += [{"left_out_is": way, **record} for record in found]
        if test is not None:
            joint[way] = test
    seconds = (pooled, time.perf_counter() - start)
    return TrialResult(trial=name, records=records, joint=joint, seconds=seconds)
