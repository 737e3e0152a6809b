"""Progress in a notebook: one output that changes in place, and stays as a line of text.

Outside of notebooks `pipelines.progress` prints on standard error. IPython is used where it runs,
and never imported: a notebook has it.
"""

import sys
import time
from contextlib import AbstractContextManager
from html import escape
from types import TracebackType
from typing import Any

from pipelines.progress import RunProgress
from pipelines.shards import Receipt

__all__ = ["AnyProgress", "NotebookProgress", "is_notebook", "run_progress"]

_PAUSE_S = 0.2
"""Least time between two changes of what is shown [s]."""


def is_notebook() -> bool:
    """Return whether this process is the kernel of a notebook.

    Examples
    --------
    >>> is_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class NotebookProgress:
    """Count finished patients in one output of a cell.

    Parameters
    ----------
    n_patients
        Patients of the run.

    Examples
    --------
    >>> progress = NotebookProgress(10)
    >>> progress.tell("starting <workers>")
    >>> progress
    starting <workers>
    >>> progress._repr_html_()
    '<div>starting &lt;workers&gt;</div>'
    """

    def __init__(self, n_patients: int) -> None:
        self.count = RunProgress(n_patients, is_quiet=True)
        self.stage = ""
        self.is_done = False
        self.shown = float("-inf")
        self.handle: Any = None

    def __enter__(self) -> "NotebookProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.is_done = True
            self.stage = ""
        self._show(at_once=True)

    def report(self, receipt: Receipt, was_there: bool) -> None:  # noqa: FBT001 - see `Report`
        """Count a finished unit."""
        self.count.report(receipt, was_there)
        self._show(at_once=False)

    def tell(self, stage: str) -> None:
        """Say what begins now."""
        self.stage = stage
        self._show(at_once=True)

    def __repr__(self) -> str:
        return ". ".join(self._lines())

    def _repr_html_(self) -> str:
        lines = "<br>".join(map(escape, self._lines()))
        if self.is_done or not self.count.n_done:
            return f"<div>{lines}</div>"
        return (
            f'<div><progress aria-label="patients" value="{self.count.n_done}" '
            f'max="{self.count.n_patients}"></progress><br>{lines}</div>'
        )

    def _lines(self) -> list[str]:
        counted = [f"patients: {self.count.state()}"] if self.count.n_done else []
        return [*counted, *([self.stage] if self.stage else [])]

    def _show(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if not is_notebook() or not (at_once or now - self.shown > _PAUSE_S):
            return
        self.shown = now
        if self.handle is None:
            self.handle = sys.modules["IPython"].display.display(self, display_id=True)
        else:
            self.handle.update(self)


AnyProgress = RunProgress | NotebookProgress


def run_progress(n_patients: int, *, is_quiet: bool) -> AbstractContextManager[AnyProgress]:
    """Return what shows progress where this process is.

    Parameters
    ----------
    n_patients
        Patients of the run.
    is_quiet
        Whether to say nothing.

    Examples
    --------
    >>> type(run_progress(10, is_quiet=True)).__name__
    'RunProgress'
    """
    if is_notebook() and not is_quiet:
        return NotebookProgress(n_patients)
    return RunProgress(n_patients, is_quiet=is_quiet)
