"""How many units a run is cut into and how many files that makes, without planning it.

Quotas of shared file systems count files and folders. A shard is a folder with a file a table and
its receipt, so it is the size of units that decides. What the rest of a run folder holds (tables,
provenance, scripts, logs) is allowed for with a round number.
"""

from typing import TYPE_CHECKING

from pipelines.errors import InputError
from pipelines.schema import SUBJECT_TABLES

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = ["FILES_OF_A_RUN", "FILES_OF_A_UNIT", "check_files", "count_files", "count_units"]

FILES_OF_A_UNIT = len(SUBJECT_TABLES) + 2
"""A file a table, the receipt, and the folder of the shard."""
FILES_OF_A_RUN = 200
"""Files and folders beside the shards, at most unless worker jobs are replaced by the hundred."""


def count_units(protocol: "Protocol", block_size: int) -> int:
    """Return how many units a run has.

    Parameters
    ----------
    protocol
        The trial.
    block_size
        Most patients in a unit.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> count_units(load_protocol("sct-md-01"), 10_000)
    4
    """
    n_variants = max(len(protocol.variants), 1)
    return n_variants * sum(-(-arm.patients // block_size) for arm in protocol.arms)


def count_files(protocol: "Protocol", block_size: int) -> int:
    """Return how many files and folders a run makes, those beside its shards at most.

    Parameters
    ----------
    protocol
        The trial.
    block_size
        Most patients in a unit.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> protocol = load_protocol("sct-md-01")
    >>> (count_files(protocol, 10_000) - FILES_OF_A_RUN) / FILES_OF_A_UNIT
    4.0
    """
    return FILES_OF_A_RUN + FILES_OF_A_UNIT * count_units(protocol, block_size)


def check_files(protocol: "Protocol", block_size: int, most: int | None) -> int:
    """Return how many files and folders a run makes; refuse more than are allowed.

    Parameters
    ----------
    protocol
        The trial.
    block_size
        Most patients in a unit.
    most
        Files and folders that are allowed; None for any number.

    Raises
    ------
    InputError
        If they are more, naming the block size with which they are not.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> check_files(load_protocol("sct-md-01"), 1, 1000)
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: files: ...
    """
    n_files = count_files(protocol, block_size)
    if most is None or n_files <= most:
        return n_files
    n_units = count_units(protocol, block_size)
    what = (
        f"files: {n_files:,} files and folders in {n_units:,} units of at most {block_size:,} "
        f"patients; {most:,} are allowed."
    )
    largest = max(arm.patients for arm in protocol.arms)
    fewest = count_files(protocol, largest)
    if fewest > most:
        raise InputError(f"{what} No units make fewer than {fewest:,}: ask for a larger quota.")
    raise InputError(f"{what} Use --block-size {_least_block(protocol, largest, most)} or more.")


def _least_block(protocol: "Protocol", largest: int, most: int) -> int:
    """Return the smallest block size whose files are few enough; larger ones make no more."""
    low, high = 1, largest
    while low < high:
        middle = (low + high) // 2
        if count_files(protocol, middle) <= most:
            high = middle
        else:
            low = middle + 1
    return low
