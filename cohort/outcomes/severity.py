"""Latent severity: baseline, the course on placebo, and the benefit that states bring."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition, LinkModel, PlaceboModel
from kernels.arithmetic import exp, power

__all__ = ["Severity", "drug_benefit", "held_per_point", "placebo_improvement", "relax"]

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
    held_per_point
        Share of the drift that a point of the patient's own benefit holds back [1/points]; zero
        where drugs are not assumed to modify the disease.

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
    held_per_point: float = 0.0

    def at(
        self,
        day: float,
        benefit: Floats,
        condition: Condition,
        trial_shift: float | Floats,
        expectation: float | Floats = 0.0,
        held_days: float | Floats = 0.0,
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
        held_days
            Time for which drugs have held the drift back [d]; who gets better untreated keeps
            doing so.

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
        drift = self.slope * day - np.maximum(self.slope, 0.0) * held_days
        exact = self.baseline + drift - improvement - self.sensitivity * benefit
        severity: Floats = np.maximum(exact, 0.0)
        return severity

    def held(self, benefit: Floats) -> Floats:
        """Return the share of the drift that drugs hold back on one day.

        Parameters
        ----------
        benefit
            Benefit of a patient of mean sensitivity [points], shape ``(n_lane,)``.

        Returns
        -------
        Share [1], shape ``(n_lane,)``, between 0 and 1: what does harm holds nothing back, and
        nothing turns the disease round.

        Examples
        --------
        >>> one = np.ones(1)
        >>> severity = Severity(
        ...     baseline=22.0 * one,
        ...     placebo_factor=one,
        ...     sensitivity=2.0 * one,
        ...     slope=one,
        ...     held_per_point=0.0625,
        ... )
        >>> [severity.held(points * one).tolist() for points in (-3.0, 6.0, 30.0)]
        [[0.0], [0.75], [1.0]]
        """
        share: Floats = np.clip(self.held_per_point * self.sensitivity * benefit, 0.0, 1.0)
        return share


def held_per_point(condition: Condition) -> float:
    """Return the share of the drift that a point of benefit holds back [1/points].

    Parameters
    ----------
    condition
        With or without ``severity.disease_modification``.

    Returns
    -------
    Its slowing over the benefit that it is declared at; zero if nothing is declared.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> round(held_per_point(load_condition("parkinsons_disease_early")), 4)
    0.0615
    >>> held_per_point(load_condition("major_depression"))
    0.0
    """
    declared = condition.severity.disease_modification
    if declared is None:
        return 0.0
    at = declared.at_improvement.number("1") * condition.severity.baseline_mean.number("1")
    return declared.slowing.number("1") / at


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
    [3.6, 5.5, 8.1, 9.7, 10.9]
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
