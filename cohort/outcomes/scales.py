"""Rating scales: one measurement layer from latent severity to a score."""

import functools
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Declaration, PureNumber
from cohort.yaml_files import read_yaml_model

__all__ = ["Scale", "load_scale", "scale_names", "score"]


class Scale(Declaration):
    """Declare one rating scale.

    Parameters
    ----------
    name
        Short name, the parameter code of tables.
    label
        Name for people.
    minimum, maximum
        Range of the score [points].
    loading
        Points per point of latent severity [1].
    noise_sd
        Standard error of one rating [points].
    responder_fall
        Share of the baseline by which a responder's score falls at least [1].
    remission_at_most
        Highest score in remission [points].

    Examples
    --------
    >>> load_scale("MADRS").maximum
    60.0
    """

    name: str
    label: str
    minimum: float
    maximum: float
    loading: PureNumber
    noise_sd: PureNumber
    responder_fall: PureNumber
    remission_at_most: PureNumber


class _Scales(Declaration):
    scales: tuple[Scale, ...]


@functools.cache
def _scales() -> dict[str, Scale]:
    folder = resources.files("cohort.outcomes")
    with resources.as_file(folder / "scales.yaml") as path:
        scales = read_yaml_model(path, _Scales, error=ConditionError).scales
    return {scale.name: scale for scale in scales}


def scale_names() -> tuple[str, ...]:
    """Return the names of all scales.

    Examples
    --------
    >>> scale_names()
    ('HAMD17', 'HAMD24', 'MADRS')
    """
    return tuple(_scales())


def load_scale(name: str) -> Scale:
    """Return a scale by name.

    Parameters
    ----------
    name
        One of `scale_names`.

    Returns
    -------
    The scale.

    Raises
    ------
    UnknownNameError
        If there is no such scale.

    Examples
    --------
    >>> load_scale("HAMD17").remission_at_most.number("1")
    7.0
    """
    if name not in _scales():
        raise UnknownNameError("endpoint", name, scale_names(), "scale")
    return _scales()[name]


def score(
    scale: Scale, severity: NDArray[np.float64], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the rated score of a latent severity.

    Parameters
    ----------
    scale
        The scale.
    severity
        Latent severity [points of the HAM-D17], any shape.
    noise
        Standard normal numbers of the same shape.

    Returns
    -------
    Whole points within the range of the scale; NaN where severity is NaN.

    Notes
    -----
    ``clip(round(loading * severity + noise_sd * noise))``. Left out: single items.

    Examples
    --------
    >>> score(load_scale("MADRS"), np.array([20.0, 60.0]), np.zeros(2)).tolist()
    [26.0, 60.0]
    """
    exact = scale.loading.number("1") * severity + scale.noise_sd.number("1") * noise
    return np.minimum(np.maximum(np.rint(exact), scale.minimum), scale.maximum)
