"""How a patient's body and genes move the typical value of a parameter.

A compound file declares these effects; the population room reads them and multiplies. Nothing here
knows a drug. Imports the standard library and `cohort.errors`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cohort.errors import RangeError

__all__ = ["CovariateEffect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateEffect:
    """A factor on one parameter, by the value of one covariate.

    Parameters
    ----------
    parameter
        Name of the model parameter.
    covariate
        Name of the column of the population, for example ``weight_kg`` or ``cyp2c19``.
    source
        Where the factor comes from.
    exponent
        For a number: the factor is ``(value / reference) ** exponent`` [1].
    reference
        Value of the covariate at which the factor is 1 [unit of the column], greater than zero.
    levels
        For a text: the factor of each text [1], at least zero. Empty for a number.

    Raises
    ------
    RangeError
        If it has neither levels nor a reference, has both, or a number is out of range.

    Examples
    --------
    >>> weight = CovariateEffect(
    ...     parameter="cl_sertraline", covariate="weight_kg", source="convention",
    ...     exponent=0.75, reference=70.0,
    ... )
    >>> weight.is_power
    True
    >>> sex = CovariateEffect(
    ...     parameter="cl_r_citalopram", covariate="sex", source="Akil 2016",
    ...     levels={"F": 0.83, "M": 1.2},
    ... )
    >>> sex.levels["M"]
    1.2
    """

    parameter: str
    covariate: str
    source: str
    exponent: float = 0.0
    reference: float | None = None
    levels: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"effect of {self.covariate!r} on {self.parameter!r}"
        if bool(self.levels) == (self.reference is not None):
            raise RangeError(
                f"{where}: {len(self.levels)} levels and reference {self.reference}; one of the "
                "two is allowed. Give levels for a text, a reference and exponent for a number."
            )
        if self.reference is not None and not (
            math.isfinite(self.reference) and self.reference > 0 and math.isfinite(self.exponent)
        ):
            raise RangeError(
                f"{where}: reference {self.reference:g}, exponent {self.exponent:g}; a reference "
                "greater than zero and a finite exponent are allowed. Change them."
            )
        for level, factor in self.levels.items():
            if not (math.isfinite(factor) and factor >= 0):
                raise RangeError(
                    f"{where}: factor {factor:g} [1] of level {level!r}; at least 0 is allowed. "
                    "Change it."
                )

    @property
    def is_power(self) -> bool:
        """Whether the covariate is a number and the factor a power of it.

        Examples
        --------
        >>> CovariateEffect(
        ...     parameter="v_c_x", covariate="sex", source="example", levels={"F": 1.0}
        ... ).is_power
        False
        """
        return self.reference is not None
