"""Which patients are in which arm.

A patient is a number; with the seed it fixes who they are and their luck, so that one number in two
arms is one person treated twice. `pipelines.plan` cuts the numbers of an arm into blocks.
"""

import numpy as np
from numpy.typing import NDArray

from cohort.trial.protocol import Protocol
from cohort.trial.quantities import MAX_COUNT

__all__ = ["allocate"]


def allocate(protocol: Protocol, arm_name: str) -> NDArray[np.int64]:
    """Return the patients of one arm.

    Parameters
    ----------
    protocol
        The protocol.
    arm_name
        Name of the arm.

    Returns
    -------
    Patient ids, shape ``(n_patient,)``, int64, rising, greater than zero.

    Raises
    ------
    UnknownNameError
        If no arm has that name.

    Notes
    -----
    In a counterfactual design every arm has the patients 1, 2, 3 ... In a parallel design the first
    arm has 10000001, 10000002 ..., the second 20000001 ...: enlarging one arm leaves the
    patients of the others as they were.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> allocate(load_protocol("sct-md-01"), "escitalopram 10 mg")[:2].tolist()
    [20000001, 20000002]
    """
    arm = protocol.arm(arm_name)
    own = np.arange(1, arm.patients + 1, dtype=np.int64)
    if protocol.design == "counterfactual":
        return own
    number = 1 + [one.name for one in protocol.arms].index(arm_name)
    # MAX_COUNT patients an arm fit between two numbers, and 50 arms stay below the 2^32 of a draw
    return own + number * MAX_COUNT
