"""Latent severity: baseline, the course on placebo, and the benefit that states bring."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition, LinkModel, PlaceboModel
from kernels.arithmetic import exp, power

__all__ = ["Severity", "drug_benefit", "placebo_improvement", "relax"]

Floats = NDArray[np.float64]
LONGEST_PLACEBO_COURSE_D = 84.0
"""The curve is for twelve weeks at most: its linear part would eat the gain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Severity:
    """Hold what each patient brings to the trial.

    Parameters
    ----------
    baseline
        Latent severity at entry [points of the condition's scale], shape ``(n_lane,)``.
    placebo_factor
        The patient's own multiple of the mean improvement on placebo [1].
    sensitivity
        The patient's own multiple of the mean benefit [1], mean 1.
    slope
        The patient's own untreated drift [points/d].
    lead_in_days
        How long the patient had placebo before the baseline [d].

    Examples
    --------
    >>> one = np.ones(1)
    >>> Severity(
    ...     baseline=22.0 * one, placebo_factor=one, sensitivity=one, slope=0.0 * one
    ... ).baseline.tolist()
    [22.0]
    """

    baseline: Floats
    placebo_factor: Floats
    sensitivity: Floats
    slope: Floats
    lead_in_days: float = 0.0

    def at(
        self,
        day: float,
        benefit: Floats,
        condition: Condition,
        trial_shift: float | Floats,
        expectation: float | Floats = 0.0,
    ) -> Floats:
        """Return latent severity on one day.

        Parameters
        ----------
        day
            Days since the first dose [d].
        benefit
            Benefit of a patient of mean sensitivity [points], shape ``(n_lane,)``.
        condition
            Placebo course.
        trial_shift
            How much more this trial's patients improve on placebo at week 8 than in the mean
            trial [points].
        expectation
            Improvement by expectation alone, over the patient's own improvement on placebo [1].

        Returns
        -------
        Severity [points], shape ``(n_lane,)``, not below zero.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> one = np.ones(1)
        >>> severity = Severity(
        ...     baseline=22.0 * one, placebo_factor=one, sensitivity=one, slope=0.0 * one
        ... )
        >>> severity.at(56.0, 0.0 * one, load_condition("major_depression"), 0.0).round(1).tolist()
        [11.1]
        """
        placebo = condition.placebo
        since = self.lead_in_days
        gain = placebo_improvement(placebo, np.array([day + since, 56.0, since]))
        # a condition without a placebo course has nothing that trials could differ in
        shift = trial_shift / gain[1] if gain[1] else 0.0
        own = (1.0 + expectation) * self.placebo_factor
        improvement = (gain[0] - gain[2]) * (own + shift)
        exact = self.baseline + self.slope * day - improvement - self.sensitivity * benefit
        severity: Floats = np.maximum(exact, 0.0)
        return severity


def placebo_improvement(placebo: PlaceboModel, day: Floats) -> Floats:
    r"""Return the mean improvement on placebo.

    Parameters
    ----------
    placebo
        Its parameters.
    day
        Days since the first dose [d], not negative; held at 84 beyond.

    Returns
    -------
    Fall of severity [points of the condition's scale].

    Notes
    -----
    .. math:: A\,(1 - e^{-(t/t_d)^b}) - h t

    References
    ----------
    Merlo-Pich and Gomeni 2008, 2009 (parameters recalled, declared assumed).

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> days = np.array([7.0, 14.0, 28.0, 42.0, 56.0])
    >>> placebo_improvement(load_condition("major_depression").placebo, days).round(1).tolist()
    [3.6, 5.5, 8.1, 9.8, 10.9]
    """
    held = np.minimum(day, LONGEST_PLACEBO_COURSE_D)
    ratio = power(held / placebo.time.number("day"), placebo.shape.number("1"))
    rise = placebo.gain.number("1") * (1.0 - exp(-ratio))
    return rise - placebo.relapse.number("1/day") * held


def relax(slow: Floats, target: Floats, rate_per_day: float, days: float) -> Floats:
    """Return a slow process after some days of going towards a constant target.

    Parameters
    ----------
    slow, target
        Where it is and where it goes [1], same shape.
    rate_per_day
        Rate [1/d], not negative.
    days
        Time [d], not negative.

    Returns
    -------
    Where it is then; exact, whatever the length of the step.

    Examples
    --------
    >>> relax(np.array([0.0]), np.array([1.0]), 0.1, 10.0).round(3).tolist()
    [0.632]
    """
    left = exp(np.array(-rate_per_day * days))
    return target + (slow - target) * left


def drug_benefit(link: LinkModel, now: Floats, slow: Floats) -> Floats:
    r"""Return the benefit for a patient of mean sensitivity.

    Parameters
    ----------
    link
        Ceiling and fast share; the same for every drug.
    now
        Weighted log ratios of today's states [1].
    slow
        The same after the slow clinical process [1].

    Returns
    -------
    Points of the condition's scale.

    Notes
    -----
    .. math:: C \tanh(\varphi u + (1-\varphi) s)

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> link = load_condition("major_depression").link
    >>> drug_benefit(link, np.zeros(1), np.zeros(1)).tolist()
    [0.0]
    """
    share = link.fast_share.number("1")
    level = share * now + (1.0 - share) * slow
    decay = exp(-2.0 * np.abs(level))
    return link.ceiling.number("1") * np.sign(level) * (1.0 - decay) / (1.0 + decay)
