"""Rating scales: one measurement layer from latent severity to a score."""

import functools
from collections.abc import Iterator
from importlib import resources
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.yaml_files import Contradiction, is_read, read_yaml_model, refuse_contradictions

__all__ = ["Scale", "load_scale", "scale_names", "scales_of", "score"]

NotNegative = Annotated[Fact, quantity_in("1", minimum=0.0)]


class Scale(Declaration):
    """Declare one rating scale.

    Parameters
    ----------
    name
        Short name, the parameter code of tables.
    label
        Name for people.
    latent
        Scale in whose points the latent severity is that this scale reads. It measures the
        conditions whose ``severity.scale`` is this one, and no others.
    minimum, maximum
        Range of the score [points]. A latent severity of 0 is scored as the minimum.
    loading
        Points per point of latent severity [1].
    noise_sd
        Standard error of one rating [points].
    responder_fall
        Share of the baseline above the minimum by which a responder's score falls at least [1].
    responder_points
        Points by which it falls at least, where response is defined so; one of the two is there.
    remission_at_most
        Highest score in remission [points]; none where remission is not defined.

    Examples
    --------
    >>> load_scale("MADRS").maximum
    60.0
    """

    name: str
    label: str
    latent: str
    minimum: float
    maximum: float
    loading: PureNumber
    noise_sd: NotNegative
    responder_fall: NotNegative | None = None
    responder_points: NotNegative | None = None
    remission_at_most: PureNumber | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_scale("MADRS").contradictions())
        []
        """
        fall, points = self.responder_fall, self.responder_points
        if is_read(fall) and is_read(points) and (fall is None) == (points is None):
            given = "neither" if fall is None else "both"
            yield Contradiction(
                path=("name",),
                message=f"of responder_fall and responder_points {given} is there; exactly one is. "
                "Keep the one that defines response.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class _Scales(Declaration):
    scales: tuple[Scale, ...]


@functools.cache
def _scales() -> dict[str, Scale]:
    folder = resources.files("cohort.scales")
    with resources.as_file(folder / "scales.yaml") as path:
        scales = read_yaml_model(path, _Scales, error=ConditionError).scales
    return {scale.name: scale for scale in scales}


def scale_names() -> tuple[str, ...]:
    """Return the names of all scales.

    Examples
    --------
    >>> scale_names()[:3]
    ('HAMD17', 'HAMD24', 'MADRS')
    """
    return tuple(_scales())


def scales_of(latent: str) -> tuple[str, ...]:
    """Return the names of the scales that read one latent severity.

    Parameters
    ----------
    latent
        Scale in whose points the severity is, ``severity.scale`` of a condition.

    Returns
    -------
    Names in the order of the catalogue; none if nothing reads it.

    Examples
    --------
    >>> scales_of("UPDRS")
    ('UPDRS', 'UPDRS3')
    """
    return tuple(scale.name for scale in _scales().values() if scale.latent == latent)


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
    >>> load_scale("HAMD17").noise_sd.number("1")
    2.3
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
        Latent severity [points of ``scale.latent``, above its minimum], any shape.
    noise
        Standard normal numbers of the same shape.

    Returns
    -------
    Whole points within the range of the scale; NaN where severity is NaN.

    Notes
    -----
    ``clip(minimum + round(loading * severity + noise_sd * noise))``. Left out: single items.

    Examples
    --------
    >>> score(load_scale("MADRS"), np.array([20.0, 60.0]), np.zeros(2)).tolist()
    [26.0, 60.0]
    >>> score(load_scale("PANSS"), np.array([64.0]), np.zeros(1)).tolist()
    [94.0]
    """
    exact = scale.loading.number("1") * severity + scale.noise_sd.number("1") * noise
    return np.minimum(np.maximum(scale.minimum + np.rint(exact), scale.minimum), scale.maximum)
