"""Monoamine oxidases A and B: the pool of each enzyme and the share of it that works.

A pool is made and lost with a half-life of days (A) or weeks (B); a reversible inhibitor blocks a
share of it, an irreversible one destroys it. Transmitters read ``mao_a_activity`` and
``mao_b_activity``.
"""

from typing import Literal

from cohort.model import FRACTION, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import relaxation
from kernels import symbol

__all__ = ["monoamine_oxidase"]

_TURNOVER = {
    "a": (0.0058, Source("ln 2 over a half-life of 5 d, recalled; to be verified", "assumed")),
    "b": (0.00072, Source("ln 2 over a half-life of 40 d, recalled; to be verified", "assumed")),
}


def monoamine_oxidase(form: Literal["a", "b"] = "a") -> Submodel:
    r"""Return the submodel of one form of monoamine oxidase.

    Parameters
    ----------
    form
        ``a`` or ``b``.

    Returns
    -------
    Submodel with the state ``mao_a`` [1], relative to rest, and the rule ``mao_a_activity`` [1];
    for form B the same with ``b`` for ``a``.

    Notes
    -----
    .. math:: E' = k (c - E) - k_{irr} E, \qquad a = E (1 - u)

    The capacity :math:`c` (port ``mao_a_capacity``) is 1 in a person at their own rest; smoking or
    a genotype moves it, and the model then needs a run-in of weeks.

    Examples
    --------
    >>> monoamine_oxidase().rates["mao_a"]
    -mao_a*mao_a_inactivation + mao_a_turnover*(-mao_a + mao_a_capacity)
    """
    name, (rate, source) = f"mao_{form}", _TURNOVER[form]
    pool = symbol(name)
    turnover = relaxation(symbol(f"{name}_capacity"), pool, symbol(f"{name}_turnover"))
    return Submodel(
        name=f"monoamine_oxidase_{form}",
        species=(Species(name, symbol(f"{name}_capacity"), "1", "enzyme relative to rest"),),
        parameters=(
            Parameter(f"{name}_turnover", rate, "1/h", "loss of enzyme at rest", source, 0.2),
        ),
        ports=(
            Port(f"{name}_capacity", "1", "production of the enzyme relative to rest", 1.0),
            Port(f"{name}_inhibition", "1", "share held by a reversible inhibitor", 0.0, FRACTION),
            Port(f"{name}_inactivation", "1/h", "rate of irreversible inactivation", 0.0),
        ),
        rates={name: turnover - symbol(f"{name}_inactivation") * pool},
        rules={
            f"{name}_activity": Rule(
                pool * (1 - symbol(f"{name}_inhibition")), "1", "working enzyme relative to rest"
            )
        },
        provides=(f"{name}_activity",),
    )
