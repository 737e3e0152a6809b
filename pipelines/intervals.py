"""Confidence intervals for means and shares, written out so that no statistics package is needed.

Every function takes counts or exact moments and returns floats; none sees a table. The level is
95 % everywhere. Tested against SciPy and against the examples printed in the papers.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from cohort.inference.distributions import student_quantile

__all__ = [
    "Interval",
    "Moments",
    "newcombe",
    "newcombe_paired",
    "number_needed",
    "one_sample",
    "risk_ratio",
    "risk_ratio_paired",
    "standardised_difference",
    "welch",
    "wilson",
]

LEVEL = 0.95
"""Level of every interval [1]."""

Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
"""Normal quantile of a two-sided interval [1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its 95 % interval; a part that does not exist is None.

    Examples
    --------
    >>> Interval(estimate=1.0, low=0.5, high=1.5).high
    1.5
    """

    estimate: float | None
    low: float | None
    high: float | None
    standard_error: float | None = None
    degrees_of_freedom: float | None = None


NOTHING = Interval(estimate=None, low=None, high=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Exact count, sum and sum of squares of numbers in fixed point.

    Parameters
    ----------
    n
        How many numbers.
    total
        Sum of ``value * scale``, an integer.
    total_of_squares
        Sum of ``(value * scale)**2``, an integer.
    scale
        Units of the fixed point, a power of two.

    Notes
    -----
    Integers add without rounding, so neither the order of the rows nor the number of threads can
    change a mean: the tables are the same bytes on every run.

    Examples
    --------
    >>> moments = Moments(n=4, total=10, total_of_squares=30, scale=1)
    >>> moments.mean, round(moments.sd, 6)
    (2.5, 1.290994)
    >>> Moments(n=0, total=0, total_of_squares=0, scale=1).mean is None
    True
    """

    n: int
    total: int
    total_of_squares: int
    scale: int

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, None without numbers."""
        return self.total / (self.n * self.scale) if self.n else None

    @property
    def sd(self) -> float | None:
        """Sample standard deviation, None for fewer than two numbers."""
        if self.n < 2:  # noqa: PLR2004 - a spread needs two numbers
            return None
        centred = self.n * self.total_of_squares - self.total**2
        return math.sqrt(centred / (self.n * (self.n - 1))) / self.scale

    @property
    def se(self) -> float | None:
        """Standard error of the mean, None for fewer than two numbers."""
        sd = self.sd
        return None if sd is None else sd / math.sqrt(self.n)


def wilson(count: int, n: int) -> Interval:
    """Return a share with Wilson's score interval.

    Parameters
    ----------
    count
        Patients with the event, between 0 and ``n``.
    n
        Patients.

    References
    ----------
    Newcombe RG, Stat Med 1998;17:857, method 3; Table I gives 81 of 263 as 0.2553 to 0.3662.

    Examples
    --------
    >>> share = wilson(81, 263)
    >>> f"{share.low:.4f} {share.high:.4f}"
    '0.2553 0.3662'
    """
    if n == 0:
        return NOTHING
    share = count / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # at the ends the bound is 0 or 1 by algebra; round-off must not move it
    low = 0.0 if count == 0 else centre - half
    high = 1.0 if count == n else centre + half
    return Interval(estimate=share, low=low, high=high)


def newcombe(count: int, n: int, control_count: int, control_n: int) -> Interval:
    """Return the difference of two independent shares with Newcombe's score interval.

    Parameters
    ----------
    count, n
        Patients with the event, and patients, in the arm.
    control_count, control_n
        The same in the control arm.

    References
    ----------
    Newcombe RG, Stat Med 1998;17:873, method 10; Table II gives 56 of 70 minus 48 of 80 as
    0.0524 to 0.3339.

    Examples
    --------
    >>> difference = newcombe(56, 70, 48, 80)
    >>> f"{difference.low:.4f} {difference.high:.4f}"
    '0.0524 0.3339'
    """
    return _square_and_add(wilson(count, n), wilson(control_count, control_n), correlation=0.0)


def newcombe_paired(both: int, only_arm: int, only_control: int, neither: int) -> Interval:
    """Return the difference of two paired shares with Newcombe's score interval.

    Parameters
    ----------
    both, only_arm, only_control, neither
        Pairs by whether the event came in the arm and in the control.

    References
    ----------
    Newcombe RG, Stat Med 1998;17:2635, method 10, with the corrected correlation.

    Examples
    --------
    >>> newcombe_paired(20, 12, 2, 16).estimate
    0.2
    """
    n = both + only_arm + only_control + neither
    arm = wilson(both + only_arm, n)
    control = wilson(both + only_control, n)
    margins = (
        (both + only_arm) * (only_control + neither) * (both + only_control) * (only_arm + neither)
    )
    correlation = 0.0
    if margins:
        product = both * neither - only_arm * only_control
        # Newcombe's continuity correction of a positive correlation, never below zero
        corrected = max(product - n / 2, 0.0) if product > 0 else float(product)
        correlation = corrected / math.sqrt(margins)
    return _square_and_add(arm, control, correlation)


def _square_and_add(arm: Interval, control: Interval, correlation: float) -> Interval:
    """Combine two score intervals into one of their difference."""
    if arm.estimate is None or control.estimate is None:
        return NOTHING
    assert arm.low is not None
    assert arm.high is not None
    assert control.low is not None
    assert control.high is not None
    difference = arm.estimate - control.estimate

    def distance(a: float, b: float) -> float:
        return math.sqrt(max(a**2 - 2 * correlation * a * b + b**2, 0.0))

    below = distance(arm.estimate - arm.low, control.high - control.estimate)
    above = distance(arm.high - arm.estimate, control.estimate - control.low)
    return Interval(estimate=difference, low=difference - below, high=difference + above)


def risk_ratio(count: int, n: int, control_count: int, control_n: int) -> Interval:
    """Return the ratio of two independent shares with Katz's log interval.

    Parameters
    ----------
    count, n
        Patients with the event, and patients, in the arm.
    control_count, control_n
        The same in the control arm. A zero count gives no ratio.

    References
    ----------
    Katz D et al., Biometrics 1978;34:469, method C.

    Examples
    --------
    >>> risk_ratio(20, 100, 10, 100).estimate
    2.0
    """
    if count == 0 or control_count == 0:
        return NOTHING
    se_log = math.sqrt(1 / count - 1 / n + 1 / control_count - 1 / control_n)
    return _log_interval((count / n) / (control_count / control_n), se_log)


def risk_ratio_paired(both: int, only_arm: int, only_control: int) -> Interval:
    """Return the ratio of two paired shares with a log interval.

    Parameters
    ----------
    both, only_arm, only_control
        Pairs by whether the event came in the arm and in the control.

    Notes
    -----
    Delta method on the multinomial of pairs:
    ``var(log ratio) = (only_arm + only_control) / ((both + only_arm) (both + only_control))``.

    Examples
    --------
    >>> risk_ratio_paired(20, 12, 2).estimate == 32 / 22
    True
    """
    count, control_count = both + only_arm, both + only_control
    if count == 0 or control_count == 0:
        return NOTHING
    se_log = math.sqrt((only_arm + only_control) / (count * control_count))
    return _log_interval(count / control_count, se_log)


def _log_interval(ratio: float, se_log: float) -> Interval:
    factor = math.exp(Z * se_log)
    return Interval(estimate=ratio, low=ratio / factor, high=ratio * factor)


def number_needed(difference: float | None) -> float | None:
    """Return 1 / risk difference, None where the difference is zero or unknown.

    Examples
    --------
    >>> number_needed(0.125), number_needed(0.0)
    (8.0, None)
    """
    return None if not difference else 1 / difference


def welch(arm: Moments, control: Moments) -> Interval:
    """Return the difference of two means with Welch's t interval.

    Parameters
    ----------
    arm, control
        Exact moments; fewer than two numbers in either give no interval.

    Examples
    --------
    >>> a = Moments(n=3, total=6, total_of_squares=14, scale=1)
    >>> b = Moments(n=3, total=3, total_of_squares=5, scale=1)
    >>> round(welch(a, b).low, 6)
    -1.266958
    """
    if arm.mean is None or control.mean is None:
        return NOTHING
    difference = arm.mean - control.mean
    if arm.se is None or control.se is None or not (arm.se or control.se):
        return Interval(estimate=difference, low=None, high=None)
    se = math.hypot(arm.se, control.se)
    freedom = se**4 / (arm.se**4 / (arm.n - 1) + control.se**4 / (control.n - 1))
    return _t_interval(difference, se, freedom)


def one_sample(differences: Moments) -> Interval:
    """Return the mean of within-patient differences with Student's t interval.

    Parameters
    ----------
    differences
        Exact moments of the differences.

    Examples
    --------
    >>> one_sample(Moments(n=3, total=6, total_of_squares=14, scale=1)).estimate
    2.0
    """
    if differences.mean is None:
        return NOTHING
    if not differences.se:
        return Interval(estimate=differences.mean, low=None, high=None)
    return _t_interval(differences.mean, differences.se, differences.n - 1)


def _t_interval(estimate: float, se: float, freedom: float) -> Interval:
    half = student_quantile(0.5 + LEVEL / 2, freedom) * se
    return Interval(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        standard_error=se,
        degrees_of_freedom=freedom,
    )


def standardised_difference(
    difference: Interval, arm: Moments, control: Moments, *, paired: bool
) -> Interval:
    """Return Hedges' g of a difference in means with its interval.

    Parameters
    ----------
    difference
        Difference of the means, from `welch` or `one_sample`.
    arm, control
        Moments of the two arms, whose pooled SD is the yardstick.
    paired
        Whether the arms hold the same patients; then the interval of the difference is put on
        the same scale, so that pairing keeps its gain.

    References
    ----------
    Hedges LV, J Educ Stat 1981;6:107: correction ``1 - 3 / (4 df - 1)``, variance
    ``(n1 + n2) / (n1 n2) + g^2 / (2 (n1 + n2))``.

    Examples
    --------
    >>> a = Moments(n=10, total=20, total_of_squares=130, scale=1)
    >>> b = Moments(n=10, total=0, total_of_squares=90, scale=1)
    >>> round(standardised_difference(welch(a, b), a, b, paired=False).estimate, 4)
    0.6057
    """
    freedom = arm.n + control.n - 2
    if difference.estimate is None or arm.sd is None or control.sd is None:
        return NOTHING
    pooled = math.sqrt(((arm.n - 1) * arm.sd**2 + (control.n - 1) * control.sd**2) / freedom)
    if pooled == 0:
        return NOTHING
    unit = (1 - 3 / (4 * freedom - 1)) / pooled
    g = difference.estimate * unit
    if paired:
        low = None if difference.low is None else difference.low * unit
        high = None if difference.high is None else difference.high * unit
        return Interval(estimate=g, low=low, high=high)
    n = arm.n + control.n
    half = Z * math.sqrt(n / (arm.n * control.n) + g**2 / (2 * n))
    return Interval(estimate=g, low=g - half, high=g + half)
