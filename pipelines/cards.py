"""Share the CUDA devices of a machine among worker processes: each works on one card."""

import sys

from kernels import devices
from pipelines.errors import InputError

__all__ = ["ALL_CARDS", "card_of", "n_cards", "worker_number"]

ALL_CARDS = "cuda"
"""Device that stands for every card of the machine."""


def n_cards() -> int:
    """Return how many CUDA devices can be used.

    Examples
    --------
    >>> n_cards() >= 0
    True
    """
    names = (report.name for report in devices() if report.is_available)
    return sum(name.startswith("cuda:") for name in names)


def worker_number() -> int:
    """Return the number of this Dask worker, 0 outside of one.

    Examples
    --------
    >>> worker_number()
    0
    """
    distributed = sys.modules.get("distributed")  # a process that has not loaded it is no worker
    if distributed is None:
        return 0
    try:
        name = distributed.get_worker().name
    except ValueError:
        return 0
    return name if isinstance(name, int) else 0


def card_of(device: str, worker: int, n_card: int) -> str:
    """Return the device that a worker uses.

    Parameters
    ----------
    device
        What the run was asked to use.
    worker
        Number of the worker.
    n_card
        Cards of the machine.

    Raises
    ------
    InputError
        If every card is asked for and this machine has none.

    Examples
    --------
    >>> [card_of("cuda", worker, 2) for worker in range(4)]
    ['cuda:0', 'cuda:1', 'cuda:0', 'cuda:1']
    >>> card_of("native", 3, 0)
    'native'
    """
    if device != ALL_CARDS:
        return device
    if n_card < 1:
        raise InputError(
            "--device: 'cuda' is every card, and none is there; look at 'cohort doctor'. "
            "Use 'native' or 'numpy'."
        )
    return f"cuda:{worker % n_card}"
