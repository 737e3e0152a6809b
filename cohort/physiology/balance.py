"""Balance as an output: how far each transmitter is from this patient's own set point.

Rules only: they cost nothing unless they are observed.
"""

from collections.abc import Collection

import sympy

from cohort.model import Port, Rule, Submodel
from kernels import symbol

__all__ = ["balance"]

_SUFFIX = "_relative"
_TRANSMITTERS = (
    "serotonin",
    "dopamine",
    "noradrenaline",
    "acetylcholine",
    "glutamate",
    "gaba",
    "histamine",
)


def balance(provided: Collection[str]) -> Submodel:
    r"""Return the submodel of deviations from the set point.

    Parameters
    ----------
    provided
        Quantities that the systems in the model provide.

    Returns
    -------
    Submodel with a rule ``deviation_<transmitter>`` [1] for each that is there, 0 at rest, and
    ``imbalance`` [1], their root mean square.

    Notes
    -----
    .. math:: d_k = \ln(x_k / x_{k0}), \qquad D = \sqrt{\tfrac{1}{n} \sum_k d_k^2}

    The ratio of excitation to inhibition is a rule of `cohort.transmitters.gaba_glutamate`; the
    time that a deviation takes to fade is `cohort.outcomes.recovery_time`.

    Examples
    --------
    >>> sorted(balance(["serotonin_relative"]).rules)
    ['deviation_serotonin', 'imbalance']
    """
    present = [name for name in _TRANSMITTERS if f"{name}{_SUFFIX}" in provided]
    deviations = {f"deviation_{name}": sympy.log(symbol(f"{name}{_SUFFIX}")) for name in present}
    squares = sympy.Add(*(symbol(name) ** 2 for name in deviations))
    total = sympy.sqrt(squares / len(present)) if present else sympy.Integer(0)
    return Submodel(
        name="balance",
        ports=tuple(
            Port(f"{name}{_SUFFIX}", "1", "extracellular, relative to rest") for name in present
        ),
        rules={
            **{
                name: Rule(formula, "1", "log of extracellular level over the set point")
                for name, formula in deviations.items()
            },
            "imbalance": Rule(total, "1", "root mean square of the deviations"),
        },
        provides=("imbalance", *deviations),
    )
