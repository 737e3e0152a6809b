"""One share of a run, without Dask and without a driver: units straight into shards.

Tasks of a job array need only the shared file system. Each computes every n-th unit, from its own
number on; a unit whose shard is whole is passed over, so that the same array can be submitted
again. Shares write no manifest and no tables: the job that follows them does, and computes what
they left.
"""

import re
from typing import TYPE_CHECKING

from cohort.errors import CohortError
from kernels.errors import KernelError
from pipelines.errors import ExecutionError, InputError, PipelineError
from pipelines.run_trial import prepare
from pipelines.worker import run_unit

if TYPE_CHECKING:
    from pipelines.execute import Report
    from pipelines.plan import RunPlan, Unit
    from pipelines.run_trial import Request
    from pipelines.shards import Receipt

__all__ = ["parse_share", "run_share", "units_of"]


def parse_share(text: str) -> tuple[int, int]:
    """Return the number of a share and how many there are.

    Parameters
    ----------
    text
        ``i/n``, from ``1/n`` to ``n/n``.

    Raises
    ------
    InputError
        If it is no share.

    Examples
    --------
    >>> parse_share("3/8")
    (3, 8)
    """
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(
            f"--share: '{text}'; i/n with i from 1 to n is allowed. Write '1/8' for the first of 8."
        )
    return int(found[1]), int(found[2])


def units_of(plan: "RunPlan", number: int, n_shares: int) -> "list[Unit]":
    """Return the units of a share: every ``n_shares``-th, so that no share has one arm only.

    Parameters
    ----------
    plan
        All units.
    number
        Of the share, from 1.
    n_shares
        How many shares there are.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> from pipelines.plan import make_plan
    >>> plan = make_plan(load_protocol("sct-md-01"), device="numpy")
    >>> shares = [units_of(plan, number, 3) for number in (1, 2, 3)]
    >>> sum(map(len, shares)) == len(plan.units)
    True
    """
    return list(plan.units[number - 1 :: n_shares])


def run_share(request: "Request", share: str, report: "Report") -> "list[Receipt]":
    """Compute the units of a share one after the other.

    Parameters
    ----------
    request
        The whole run.
    share
        ``i/n``.
    report
        Called with every unit.

    Raises
    ------
    InputError
        If an option or the folder cannot be used.
    ExecutionError
        If units failed; the others are done.

    Examples
    --------
    >>> run_share.__name__  # run by tests/pipelines/cluster/test_share.py: it needs a run folder
    'run_share'
    """
    number, n_shares = parse_share(share)
    ready = prepare(request)
    ready.folder.root.mkdir(parents=True, exist_ok=True)
    ready.folder.begin(ready.settings, request.protocol_text)
    receipts, failures = [], []
    for unit in units_of(ready.plan, number, n_shares):
        try:
            receipt = run_unit(ready.job, unit)
        except (KernelError, CohortError, PipelineError) as error:
            failures.append(f"{unit}: {error}")
            continue
        receipts.append(receipt)
        report(receipt, False)
    if failures:
        raise ExecutionError(
            f"share {share}: {len(failures)} units failed (first: {failures[0]}); whole shards are "
            "needed. Mend the cause, then submit the run again."
        )
    return receipts
