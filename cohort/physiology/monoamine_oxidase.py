"""Monoamine oxidase A: the pool of enzyme and the share of it that works.

The pool is made and lost with a half-life of days; a reversible inhibitor blocks a share of it, an
irreversible one destroys it. Transmitters read ``mao_a_activity``.
"""

from cohort.model import FRACTION, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import relaxation
from kernels import symbol

__all__ = ["monoamine_oxidase"]

_HALF_LIFE = Source("ln 2 over a half-life of 5 d, recalled; to be verified", "assumed")


def monoamine_oxidase() -> Submodel:
    r"""Return the submodel of monoamine oxidase A.

    Returns
    -------
    Submodel with the state ``mao_a`` [1], relative to rest, and the rule ``mao_a_activity`` [1].

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
    pool = symbol("mao_a")
    turnover = relaxation(symbol("mao_a_capacity"), pool, symbol("mao_a_turnover"))
    return Submodel(
        name="monoamine_oxidase",
        species=(Species("mao_a", symbol("mao_a_capacity"), "1", "enzyme relative to rest"),),
        parameters=(
            Parameter("mao_a_turnover", 0.0058, "1/h", "loss of enzyme at rest", _HALF_LIFE, 0.2),
        ),
        ports=(
            Port("mao_a_capacity", "1", "production of MAO-A relative to rest", 1.0),
            Port("mao_a_inhibition", "1", "share held by a reversible inhibitor", 0.0, FRACTION),
            Port("mao_a_inactivation", "1/h", "rate of irreversible inactivation", 0.0),
        ),
        rates={"mao_a": turnover - symbol("mao_a_inactivation") * pool},
        rules={
            "mao_a_activity": Rule(
                pool * (1 - symbol("mao_a_inhibition")), "1", "working MAO-A relative to rest"
            )
        },
        provides=("mao_a_activity",),
    )
