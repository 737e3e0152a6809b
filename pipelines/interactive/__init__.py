"""Runs from Python: start one, or open a finished one, and look at its tables and figures.

Enters with a protocol or a run folder, leaves with a `Run`. Does what the command line does, with
the same files on disk: `start` runs a trial as `cohort run` does, `finished` opens its folder.
What people see in a notebook is made in `glance`, `figures` and `notebook_progress`.
"""

from pipelines.interactive.figures import Figure, Figures
from pipelines.interactive.finished import Run, UnknownTableError, load
from pipelines.interactive.start import run

__all__ = ["Figure", "Figures", "Run", "UnknownTableError", "load", "run"]
