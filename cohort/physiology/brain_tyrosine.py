"""Tyrosine in brain: what dopamine and noradrenaline are made of, on the carrier of tryptophan."""

from cohort.model import POSITIVE, Derived, Parameter, Port, Reaction, Source, Species, Submodel
from kernels import symbol

__all__ = ["brain_tyrosine"]

_REST = Source("Best 2009: steady state 126 uM", "computed")
_LOSS = Source("chosen so that brain tyrosine settles in 0.8 h", "design")


def brain_tyrosine() -> Submodel:
    r"""Return the submodel of tyrosine in brain.

    Returns
    -------
    Submodel with the state ``tyr_brain`` [uM].

    Notes
    -----
    .. math:: B' = k B_0\,\frac{Y}{Y_0}\,\rho - k B

    with *Y* tyrosine in plasma and :math:`\rho` the free carrier relative to rest.

    Examples
    --------
    >>> brain_tyrosine().provides
    ('tyr_brain', 'tyr_brain_baseline')
    """
    plasma = symbol("tyr_plasma") / symbol("tyr_plasma_baseline")
    return Submodel(
        name="brain_tyrosine",
        species=(
            Species("tyr_brain", symbol("tyr_brain_baseline"), "uM", "tyrosine in brain", 126.0),
        ),
        parameters=(
            Parameter("tyr_brain_baseline", 126.0, "uM", "brain tyrosine at rest", _REST, 0.15),
            Parameter("tyr_brain_loss_rate", 1.2, "1/h", "tyrosine out of brain", _LOSS),
        ),
        derived=(
            Derived(
                "tyr_brain_flux",
                symbol("tyr_brain_loss_rate") * symbol("tyr_brain_baseline"),
                "uM/h",
                "tyrosine into brain at rest",
            ),
        ),
        ports=(
            Port("tyr_plasma", "uM", "tyrosine in plasma", 60.0),
            Port("tyr_plasma_baseline", "uM", "the same at rest", 60.0, POSITIVE),
            Port("lat1_share", "1", "free carrier relative to rest", 1.0, POSITIVE),
        ),
        reactions=(
            Reaction(
                "entry", symbol("tyr_brain_flux") * plasma * symbol("lat1_share"), {"tyr_brain": 1}
            ),
            Reaction(
                "exit", symbol("tyr_brain_loss_rate") * symbol("tyr_brain"), {"tyr_brain": -1}
            ),
        ),
        provides=("tyr_brain", "tyr_brain_baseline"),
    )
