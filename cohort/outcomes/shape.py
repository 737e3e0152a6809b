"""How the hazard of an adverse event depends on one driver."""

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from cohort.facts import Declaration, PureNumber
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions
from kernels.arithmetic import exp, log

__all__ = ["Shape"]

Floats = NDArray[np.float64]

_NEEDS: Final = {"linear": (), "hill": ("half_at", "hill"), "logistic": ("midpoint", "slope")}
_LOWEST: Final = 1e-300  # below it a level is 0: its logarithm is not taken


class Shape(Declaration):
    r"""The dependence of a hazard on what drives it, 0 without treatment.

    Parameters
    ----------
    kind
        ``linear``: in proportion, from 0 on. ``hill``: steeply around ``half_at``. ``logistic``:
        an S around ``midpoint``, for occupancies.
    half_at, hill
        Of ``hill``: where half is reached, a multiple of the untreated level (of a log ratio) or a
        level (of an occupancy), and the steepness [1].
    midpoint, slope
        Of ``logistic``: the driver at half, and the steepness per unit of the driver [1].

    Notes
    -----
    .. math::
        g_\text{linear}(u) = \max(u, 0), \quad
        g_\text{hill}(u) = \frac{1}{1 + e^{h(\ln u_{50} - u)}}
        \text{ or } \frac{u^h}{u^h + u_{50}^h}, \quad
        g_\text{logistic}(u) = \frac{1}{1 + e^{-s(u - m)}}

    The second Hill function is that of levels, where u is no logarithm.

    Examples
    --------
    >>> Shape(kind="linear").excess(np.array([-1.0, 0.5]), is_level=False).tolist()
    [0.0, 0.5]
    """

    kind: Literal["linear", "hill", "logistic"]
    half_at: PureNumber | None = None
    hill: PureNumber | None = None
    midpoint: PureNumber | None = None
    slope: PureNumber | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List numbers that the kind lacks, or has no use for.

        Examples
        --------
        >>> list(Shape(kind="linear").contradictions())
        []
        """
        if not is_read(self.kind) or self.kind not in _NEEDS:
            return
        for name in ("half_at", "hill", "midpoint", "slope"):
            given = getattr(self, name) is not None
            if given and name not in _NEEDS[self.kind]:
                needed = " and ".join(_NEEDS[self.kind]) or "no number"
                yield Contradiction(
                    path=(name,),
                    message=f"'{name}' was given to a shape of kind '{self.kind}', which takes "
                    f"{needed}. Delete the line, or change the kind.",
                )
            if not given and name in _NEEDS[self.kind]:
                yield Contradiction(
                    path=("kind",),
                    message=f"a shape of kind '{self.kind}' has no '{name}'; it needs one greater "
                    f"than 0. Add '{name}: {{value: ..., mark: ..., source: ...}}'.",
                )
            if given and is_read(getattr(self, name)):
                yield from _positive(self, name)

    _refuse = model_validator(mode="after")(refuse_contradictions)

    def excess(self, driver: Floats, *, is_level: bool) -> Floats:
        """Return g(u) - g(0) [1].

        Parameters
        ----------
        driver
            The driver u [1], any shape: a log ratio, or a level such as an occupancy.
        is_level
            Whether it is a level.

        Returns
        -------
        The same shape, 0 where the driver is 0.

        Examples
        --------
        >>> said = {"mark": "design", "source": "an example"}
        >>> shape = Shape(kind="hill", half_at={"value": 10, **said}, hill={"value": 6, **said})
        >>> shape.excess(np.log(np.array([1.0, 10.0])), is_level=False).round(3).tolist()
        [0.0, 0.5]
        """
        if self.kind == "linear":
            return np.maximum(driver, 0.0)
        return self.share(driver, is_level=is_level) - self.share(np.zeros(()), is_level=is_level)

    def share(self, driver: Floats, *, is_level: bool) -> Floats:
        """Return g(u) itself [1]: what an S-shaped function reaches, between 0 and 1.

        Parameters
        ----------
        driver, is_level
            As in `excess`.

        Returns
        -------
        The same shape; of a linear shape the driver where it is above 0.

        Examples
        --------
        >>> said = {"mark": "design", "source": "an example"}
        >>> shape = Shape(kind="logistic", midpoint={"value": 0.8, **said}, slope={"value": 20, **said})
        >>> shape.share(np.array([0.8]), is_level=True).tolist()
        [0.5]
        """  # noqa: E501
        if self.kind == "hill" and self.half_at and self.hill:
            half = log(np.array(self.half_at.number("1")))
            reached = log(np.maximum(driver, _LOWEST)) if is_level else driver
            return 1.0 / (1.0 + exp(self.hill.number("1") * (half - reached)))
        if self.kind == "logistic" and self.midpoint and self.slope:
            steepness, middle = self.slope.number("1"), self.midpoint.number("1")
            return 1.0 / (1.0 + exp(steepness * (middle - driver)))
        return np.maximum(driver, 0.0)


def _positive(shape: Shape, name: str) -> Iterator[Contradiction]:
    value = getattr(shape, name).number("1")
    if not value > 0.0:
        yield Contradiction(
            path=(name, "value"),
            message=f"{value:g} was given; a number greater than 0 is wanted. Change the value; a "
            "driver that acts when it falls has 'sign: -1'.",
        )
