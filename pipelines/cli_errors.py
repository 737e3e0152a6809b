"""Errors on the command line: one line a mistake, and an exit code.

Every command group enters here; our three trees are imported when an error may come, so that help
stays quick. Anything else is a fault of this program and shows its traceback.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["EXIT_BAD_INPUT", "EXIT_FAILED", "answer", "complain"]

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2


@contextmanager
def answer(*, otherwise: int) -> Iterator[None]:
    """Turn our errors into one line a mistake and an exit code.

    Parameters
    ----------
    otherwise
        Exit code of errors that are no bad input.

    Raises
    ------
    typer.Exit
        If one of our errors came; it is on standard error by then.

    Examples
    --------
    >>> with answer(otherwise=EXIT_FAILED):
    ...     pass
    """
    from cohort.errors import CohortError, FileContentError
    from kernels.errors import KernelError
    from pipelines.errors import InputError, PipelineError

    try:
        yield
    except FileContentError as error:
        for mistake in error.mistakes:
            complain(str(mistake))
        raise typer.Exit(EXIT_BAD_INPUT) from error
    except InputError as error:
        for line in str(error).splitlines():
            complain(line)
        raise typer.Exit(EXIT_BAD_INPUT) from error
    except (KernelError, CohortError, PipelineError) as error:
        complain(" ".join((f"{type(error).__name__}: {error}", *_notes(error))))
        raise typer.Exit(otherwise) from error


def complain(text: str) -> None:
    r"""Print a message on standard error, in one line.

    Examples
    --------
    >>> complain("two\n  lines")
    """
    print(" ".join(text.split()), file=sys.stderr)


def _notes(error: BaseException) -> list[str]:
    return [f"({note})" for note in getattr(error, "__notes__", [])]
