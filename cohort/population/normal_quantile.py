"""Quantiles of the standard normal distribution, the same bits on every machine.

`cohort.population.draws` turns uniforms into normals here. Imports NumPy and kernels.arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from kernels.arithmetic import log, sqrt

__all__ = ["normal_quantile"]

_SPLIT_CENTRE = 0.425  # |p - 1/2| up to which the central ratio holds
_CENTRE_SQUARED = 0.180625  # 0.425 squared
_SPLIT_TAIL = 5.0  # sqrt(-ln p) up to which the middle ratio holds
_MIDDLE_OFFSET = 1.6

# Coefficients of Wichura 1988, PPND16, from the highest power down: numerator, denominator.
_CENTRE = (
    (
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ),
)
_MIDDLE = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)
_TAIL = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ),
)
Values = NDArray[np.float64]


def normal_quantile(probability: Values) -> Values:
    r"""Return the standard normal quantile of each probability.

    Parameters
    ----------
    probability
        Probabilities [1], any shape, strictly between 0 and 1.

    Returns
    -------
    Quantiles [1], same shape.

    Raises
    ------
    RangeError
        If a probability is not strictly between 0 and 1.

    Notes
    -----
    A ratio of two polynomials of degree seven in :math:`0.425^2 - (p - 1/2)^2` in the centre, in
    :math:`\sqrt{-\ln \min(p, 1-p)}` in the tails. Relative error about 1e-16 by its author.

    References
    ----------
    Wichura 1988, Algorithm AS 241, doi:10.2307/2347330, routine PPND16.

    Examples
    --------
    >>> normal_quantile(np.array([0.5, 0.975])).round(8)
    array([0.        , 1.95996398])
    """
    given = np.asarray(probability, dtype=np.float64)
    if not np.all((given > 0) & (given < 1)):
        raise RangeError(
            "normal_quantile: a probability is outside; numbers strictly between 0 and 1 are "
            "allowed. Draw them with uniforms()."
        )
    flat = np.ascontiguousarray(given).ravel()
    offset = flat - 0.5
    quantile = np.empty_like(flat)
    central = np.abs(offset) <= _SPLIT_CENTRE
    inner = offset[central]
    quantile[central] = inner * _ratio(_CENTRE, _CENTRE_SQUARED - inner * inner)
    outer = offset[~central]
    quantile[~central] = np.where(outer < 0, -1.0, 1.0) * _tail(flat[~central])
    return quantile.reshape(given.shape)


def _tail(probability: Values) -> Values:
    # 1 - p is exact: the draws are multiples of 2^-53
    depth = sqrt(-log(np.minimum(probability, 1.0 - probability)))
    size = np.empty_like(depth)
    middle = depth <= _SPLIT_TAIL
    size[middle] = _ratio(_MIDDLE, depth[middle] - _MIDDLE_OFFSET)
    size[~middle] = _ratio(_TAIL, depth[~middle] - _SPLIT_TAIL)
    return size


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], at: Values) -> Values:
    above, below = (_polynomial(terms, at) for terms in coefficients)
    return above / below


def _polynomial(terms: tuple[float, ...], at: Values) -> Values:
    total = np.full_like(at, terms[0])
    for term in terms[1:]:
        total = total * at + term
    return total
