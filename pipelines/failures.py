"""What went wrong with single units: kept in the folder, so that nothing is dropped in silence.

::

    failures.json   the units that are set aside now, with every attempt; absent if there are none

A unit that fails is tried again, `N_ATTEMPTS` times in all, then set aside while the others go
on. The next run of the same command tries it afresh. Attempts that failed and then went well are
in the provenance.
"""

import json
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pipelines.files import write_json

if TYPE_CHECKING:
    from pipelines.plan import Unit

__all__ = [
    "FAILURES",
    "HUNG",
    "N_ATTEMPTS",
    "WORKER_DEATH",
    "WORKER_LEFT",
    "Failure",
    "failure_of",
    "read_failures",
    "set_aside_text",
    "write_failures",
]

FAILURES = "failures.json"
"""Name of the list of units that are set aside."""
N_ATTEMPTS = 3
"""Failed attempts after which a unit is set aside: one more than chance alone explains well."""
WORKER_DEATH = "worker death"
"""Kind of a failure that took the worker process with it."""
WORKER_LEFT = "worker left"
"""Kind of a failure where the worker's whole job or node went away, once too often."""
HUNG = "hung"
"""Kind of a failure where no result came within the time limit."""

_N_TRACEBACK_CHARACTERS = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed attempt at a unit.

    Parameters
    ----------
    kind
        `WORKER_DEATH`, `WORKER_LEFT`, `HUNG`, or the name of the exception.
    message
        What it said; one line.
    traceback
        Where it came from, shortened from the front; empty where a worker was lost.

    Examples
    --------
    >>> str(Failure(kind="ValueError", message="no", traceback=""))
    'ValueError: no'
    """

    kind: str
    message: str
    traceback: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


def failure_of(error: BaseException, where: TracebackType | None) -> Failure:
    """Return an exception as a failed attempt.

    Parameters
    ----------
    error
        What a unit raised.
    where
        Its traceback on the worker.

    Examples
    --------
    >>> failure_of(ZeroDivisionError("by zero"), None).message
    'by zero'
    """
    text = "".join(traceback.format_exception(type(error), error, where))
    return Failure(
        kind=type(error).__name__,
        message=" ".join(str(error).split()),
        traceback=text[-_N_TRACEBACK_CHARACTERS:],
    )


def write_failures(
    path: Path, units: Iterable["Unit"], failures: Mapping[str, Sequence[Failure]]
) -> None:
    """Write which units are set aside and why; none removes the file.

    Parameters
    ----------
    path
        The file.
    units
        Units that are set aside.
    failures
        Failed attempts by hash of the unit.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.plan import Unit
    >>> unit = Unit(arm="placebo", first_id=1, n_patients=2, digest="ab")
    >>> death = Failure(kind=WORKER_DEATH, message="killed", traceback="")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_failures(Path(folder, FAILURES), [unit], {"ab": [death]})
    ...     [one["arm"] for one in read_failures(Path(folder, FAILURES))]
    ['placebo']
    """
    rows = [
        {
            "unit": unit.digest,
            "arm": unit.arm,
            **({"variant": unit.variant} if unit.variant else {}),
            "first_id": unit.first_id,
            "last_id": unit.last_id,
            "n_patients": unit.n_patients,
            "attempts": [asdict(failure) for failure in failures.get(unit.digest, ())],
        }
        for unit in units
    ]
    if rows:
        write_json(path, rows)
    else:
        path.unlink(missing_ok=True)


def read_failures(path: Path) -> list[dict[str, Any]]:
    """Return the units that are set aside.

    Parameters
    ----------
    path
        The file; an absent one is empty.

    Examples
    --------
    >>> read_failures(Path("no/failures.json"))
    []
    """
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def set_aside_text(
    units: Sequence["Unit"], n_units: int, failures: Mapping[str, Sequence[Failure]]
) -> str:
    """Return one line that names how many units are set aside, the first, and its last failure.

    Parameters
    ----------
    units
        Units that are set aside; at least one.
    n_units
        Units of the run.
    failures
        Failed attempts by hash of the unit.

    Examples
    --------
    >>> from pipelines.plan import Unit
    >>> unit = Unit(arm="placebo", first_id=1, n_patients=2, digest="ab")
    >>> death = Failure(kind=WORKER_DEATH, message="killed", traceback="")
    >>> set_aside_text([unit], 9, {"ab": [death, death]})
    "1 of 9 units (2 patients) failed 2 times: arm 'placebo', ... (worker death: killed)"
    """
    first = units[0]
    attempts = failures.get(first.digest, ())
    n_patients = sum(unit.n_patients for unit in units)
    last = f" ({attempts[-1]})" if attempts else ""
    which = f"first: {first}" if len(units) > 1 else str(first)
    return (
        f"{len(units)} of {n_units} units ({n_patients:,} patients) failed "
        f"{len(attempts)} times: {which}{last}"
    )
