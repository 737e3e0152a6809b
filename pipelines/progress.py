"""Progress on standard error: a live bar on a terminal, a plain line now and then elsewhere."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipelines.shards import Receipt

__all__ = ["RunProgress", "duration_text"]

LINE_S = 10.0
"""Seconds between two plain lines where standard error is no terminal."""

_MINUTE_S = 60
_HOUR_S = 3600


def duration_text(seconds: float) -> str:
    """Return a length of time for people.

    Examples
    --------
    >>> duration_text(8.4), duration_text(75), duration_text(3 * 3600)
    ('8 s', '1 min 15 s', '3 h 0 min')
    """
    whole = max(round(seconds), 0)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


class RunProgress:
    """Count finished patients; the rate is over those computed now.

    Parameters
    ----------
    n_patients
        Patients of the run.
    is_quiet
        Whether to say nothing.

    Examples
    --------
    >>> with RunProgress(10, is_quiet=True) as progress:
    ...     progress.n_done
    0
    """

    def __init__(self, n_patients: int, *, is_quiet: bool) -> None:
        self.n_patients = n_patients
        self.n_done = 0
        self.n_computed = 0
        self.n_failed = 0
        self.started = time.monotonic()
        self.last_line = float("-inf")  # the first unit is told at once
        self.console = Console(stderr=True, quiet=is_quiet)
        self.bar: Progress | None = None
        if self.console.is_terminal and not is_quiet:
            self.bar = Progress(
                TextColumn("patients"),
                BarColumn(),
                _State(self),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            )
            self.task = self.bar.add_task("", total=n_patients)

    def __enter__(self) -> "RunProgress":
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()
        if self.n_done and error is None:
            self._say()

    def report(self, receipt: Receipt, was_there: bool) -> None:  # noqa: FBT001 - see `Report`
        """Count a finished unit."""
        self.n_done += receipt.n_patients
        self.n_failed += receipt.n_failed
        if not was_there:
            self.n_computed += receipt.n_patients
        if self.bar is not None:
            self.bar.update(self.task, completed=self.n_done)
        elif self.n_done < self.n_patients and time.monotonic() - self.last_line > LINE_S:
            self._say()

    def tell(self, stage: str) -> None:
        """Say what begins now; a bar stays below."""
        self.console.print(stage, highlight=False, markup=False, soft_wrap=True)

    def state(self) -> str:
        """Return done, rate and time to go as text."""
        seconds = time.monotonic() - self.started
        text = f"{self.n_done:,} of {self.n_patients:,}"
        if self.n_computed:
            rate = self.n_computed / seconds
            left = (self.n_patients - self.n_done) / rate
            text += f", {rate:.1f}/s"
            text += f", {duration_text(left)} to go" if left else f" in {duration_text(seconds)}"
        if self.n_failed:
            text += f", {self.n_failed} solver failures"
        return text

    def _say(self) -> None:
        self.last_line = time.monotonic()
        self.console.print(f"patients: {self.state()}", highlight=False)


class _State(ProgressColumn):
    def __init__(self, progress: RunProgress) -> None:
        super().__init__()
        self.progress = progress

    def render(self, task: Task) -> Text:
        return Text(self.progress.state())
