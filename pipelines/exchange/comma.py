"""CSV: text in UTF-8, a head line, nulls as nothing, numbers with all their digits.

A CSV file says nothing of units, labels and types; the data dictionary beside it does. The
column ``SIMFL`` marks every row as simulated. An empty text is ``""``, a null one nothing.
"""

from pathlib import Path

import polars as pl

from pipelines.exchange.contents import MARK, RunTable

__all__ = ["write_comma"]


def write_comma(source: RunTable, path: Path) -> None:
    """Write one table as CSV, as a stream.

    Parameters
    ----------
    source
        A table of a run.
    path
        The file.

    Examples
    --------
    >>> write_comma.__name__  # run by tests/pipelines/exchange/test_comma.py: it reads a file
    'write_comma'
    """
    marked = source.scan().with_columns(
        pl.selectors.float().fill_nan(None), pl.lit(MARK.allowed[0]).alias(MARK.name)
    )
    marked.sink_csv(path, maintain_order=True, engine="streaming")
