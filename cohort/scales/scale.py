"""Rating scales: one measurement layer from latent severity to a score."""

import functools
from collections.abc import Iterator
from importlib import resources
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cohort.errors import ConditionError, RangeError, UnknownNameError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.scales.items import item_model
from cohort.yaml_files import Contradiction, is_read, read_yaml_model, refuse_contradictions

__all__ = [
    "ItemGroup",
    "Items",
    "Reading",
    "Scale",
    "load_scale",
    "scale_names",
    "scales_of",
    "score",
    "score_items",
]

NotNegative = Annotated[Fact, quantity_in("1", minimum=0.0)]


class Reading(Declaration):
    """Declare how a scale reads a latent severity that is not its first.

    Parameters
    ----------
    latent
        Scale in whose points that severity is.
    loading
        Points per point of that severity [1].
    offset
        Points above the minimum at severity 0 [points]; 0 if left out.

    Examples
    --------
    >>> load_scale("ISI").also_reads[0].latent
    'HAMA'
    """

    latent: str
    loading: PureNumber
    offset: PureNumber | None = None


class ItemGroup(Declaration):
    """Declare items of one range: how many, and the highest score of each; the lowest counts as 0.

    Examples
    --------
    >>> load_scale("HAMD17").items.groups[1]
    ItemGroup(items=8, highest=2)
    """

    items: Annotated[int, Field(ge=1, le=100)]
    highest: Annotated[int, Field(ge=1, le=100)]


class Items(Declaration):
    """Declare the items of a scale.

    Parameters
    ----------
    groups
        Items of equal range; their highest scores add up to the range of the scale.
    noise_at
        Score above the minimum at which ``noise_sd`` of the scale holds [points].

    Examples
    --------
    >>> load_scale("MADRS").items.highest
    (6, 6, 6, 6, 6, 6, 6, 6, 6, 6)
    """

    groups: tuple[ItemGroup, ...]
    noise_at: NotNegative

    @property
    def highest(self) -> tuple[int, ...]:
        """Highest score of each item.

        Examples
        --------
        >>> sum(load_scale("HAMD17").items.highest)
        52
        """
        return tuple(group.highest for group in self.groups for _ in range(group.items))


class Scale(Declaration):
    """Declare one rating scale.

    Parameters
    ----------
    name
        Short name, the parameter code of tables.
    label
        Name for people.
    unit
        Unit of the score for people.
    latent
        Scale in whose points the latent severity is that this scale reads. It measures the
        conditions whose ``severity.scale`` is this one or one of ``also_reads``, and no others.
    on_request
        Whether it measures only those of these conditions that name it in ``further_scales``.
    minimum, maximum
        Range of the score [points].
    step
        Distance between two scores that can be given [points].
    loading
        Points per point of latent severity [1].
    offset
        Points above the minimum at severity 0 [points]; 0 if left out, so that severity 0 is scored
        as the minimum.
    also_reads
        How it reads severities in points of other scales.
    noise_sd
        Standard error of one rating [points].
    self_report
        Whether patients score themselves, so that no rater can be lenient.
    items
        The items that are added up; none for a scale of one item.
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
    unit: str = "points"
    latent: str
    on_request: bool = False
    minimum: float
    maximum: float
    step: Annotated[float, Field(gt=0.0)] = 1.0
    loading: PureNumber
    offset: PureNumber | None = None
    also_reads: tuple[Reading, ...] = ()
    noise_sd: NotNegative
    self_report: bool = False
    items: Items | None = None
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
        if is_read(self.items) and self.items is not None and is_read(self.items.groups):
            total = self.minimum + sum(self.items.highest)
            if total != self.maximum:
                yield Contradiction(
                    path=("items", "groups"),
                    message=f"the items add up to {total:g} points; the maximum is "
                    f"{self.maximum:g}. Change one of the two.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    @property
    def latents(self) -> tuple[str, ...]:
        """Scales in whose points the severities are that it reads, its first one first.

        Examples
        --------
        >>> load_scale("ISI").latents
        ('HAMD17', 'HAMA', 'NRS')
        """
        return (self.latent, *(one.latent for one in self.also_reads))

    def reading(self, latent: str) -> "Scale":
        """Return the scale as it reads a severity.

        Parameters
        ----------
        latent
            One of ``latents``.

        Returns
        -------
        The same scale with that ``latent`` and its ``loading`` and ``offset``.

        Raises
        ------
        UnknownNameError
            If it does not read that severity.

        Examples
        --------
        >>> load_scale("CGIS").reading("PANSS").loading.number("1")
        0.06
        """
        if latent == self.latent:
            return self
        for one in self.also_reads:
            if one.latent == latent:
                said = {"latent": latent, "loading": one.loading, "offset": one.offset}
                return self.model_copy(update=said)
        raise UnknownNameError(f"scale '{self.name}', latent", latent, self.latents, "severity")

    def expected(self, severity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is scored above the minimum before rounding, noise and bounds [points].

        Parameters
        ----------
        severity
            Latent severity [points of ``latent``, above its minimum], any shape.

        Returns
        -------
        ``offset + loading * severity``, same shape.

        Examples
        --------
        >>> load_scale("OFFTIME").expected(np.array([62.0])).tolist()
        [12.0]
        """
        offset = 0.0 if self.offset is None else self.offset.number("1")
        return offset + self.loading.number("1") * severity


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
    ('HAMD17', 'HAMD21', 'HAMD24')
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
    Names in the order of the catalogue, without those on request; none if nothing reads it.

    Examples
    --------
    >>> scales_of("UPDRS")
    ('UPDRS', 'UPDRS3', 'MDSUPDRS3')
    """
    return tuple(
        scale.name
        for scale in _scales().values()
        if latent in scale.latents and not scale.on_request
    )


def load_scale(name: str, latent: str | None = None) -> Scale:
    """Return a scale by name.

    Parameters
    ----------
    name
        One of `scale_names`.
    latent
        Severity that it is to read, ``severity.scale`` of a condition; its first if left out.

    Returns
    -------
    The scale.

    Raises
    ------
    UnknownNameError
        If there is no such scale, or it does not read that severity.

    Examples
    --------
    >>> load_scale("HAMD17").noise_sd.number("1")
    2.3
    """
    if name not in _scales():
        raise UnknownNameError("endpoint", name, scale_names(), "scale")
    scale = _scales()[name]
    return scale if latent is None else scale.reading(latent)


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
    Whole steps within the range of the scale; NaN where severity is NaN.

    Notes
    -----
    ``clip(minimum + round(offset + loading * severity + noise_sd * noise))``. Left out: single
    items.

    Examples
    --------
    >>> score(load_scale("MADRS"), np.array([20.0, 60.0]), np.zeros(2)).tolist()
    [26.0, 60.0]
    >>> score(load_scale("PANSS"), np.array([64.0]), np.zeros(1)).tolist()
    [94.0]
    """
    exact = scale.expected(severity) + scale.noise_sd.number("1") * noise
    rounded = scale.minimum + scale.step * np.rint(exact / scale.step)
    return np.minimum(np.maximum(rounded, scale.minimum), scale.maximum)


def score_items(
    scale: Scale, severity: NDArray[np.float64], chances: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the score of a latent severity as the sum of items.

    Parameters
    ----------
    scale
        The scale, with items.
    severity
        Latent severity [points of ``scale.latent``, above its minimum], shape ``(n_lane,)``.
    chances
        Uniform numbers, shape ``(n_item, n_lane)``.

    Returns
    -------
    Whole points within the range of the scale; NaN where severity is NaN.

    Raises
    ------
    RangeError
        If the scale has no items.

    Notes
    -----
    The graded response model of `cohort.scales.items`: the mean is ``offset + loading * severity``
    within the range, the standard deviation is ``noise_sd`` at ``items.noise_at``.

    Examples
    --------
    >>> score_items(load_scale("MADRS"), np.array([0.0, 60.0]), np.full((10, 2), 0.5)).tolist()
    [0.0, 60.0]
    """
    if scale.items is None:
        raise RangeError(
            f"scale '{scale.name}' has no items; a scale with items is allowed. Use score."
        )
    noise_at = scale.items.noise_at.number("1")
    model = item_model(scale.items.highest, scale.noise_sd.number("1"), noise_at)
    return scale.minimum + model.draw(model.level(scale.expected(severity)), chances)
