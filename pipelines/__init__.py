"""The conduct of a run: many blocks of patients, files that survive, tables, the command line.

Enters with a validated protocol (`cohort.trial`), leaves with tables in a run folder. In the
order of the walk: `plan` (what would run), `execute` (Dask), `shards` (what a unit leaves
behind), `tables` and `summaries` (what analysts open), `report_text` and `cli` (what people
read). From Python: ``from pipelines import load, run``, see `pipelines.interactive`. Knows no
equations. Imports `cohort` and `kernels`; nothing imports this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.interactive import Run, load, run

__all__ = ["Run", "load", "run"]


def __getattr__(name: str) -> object:
    """Load what is for people at a prompt when it is asked for: it imports for seconds."""
    if name in __all__:
        return getattr(import_module("pipelines.interactive"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return all names, those not loaded yet as well."""
    return sorted({*globals(), *__all__})
